"""A reminder and a collection notice as nouns, for tests: no syntax of the hub's holds a collection notice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fakturahub.model import Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Contact,
    CreditTransfer,
    Note,
    Party,
    PaymentInstructions,
    PostalAddress,
    Totals,
)
from fakturahub.model.reminder import Claim, CollectionNotice, Demand, Reminder

SENDER = Party(
    name="Fjordlys Elektro AS",
    legal_id=Identifier("923609016", "0192"),
    vat_id="NO923609016MVA",
    tax_registration="Foretaksregisteret",
    address=PostalAddress(line1="Strandgata 4", city="Bodø", post_code="8006", country="NO"),
    contact=Contact(telephone="75 12 34 56", email="faktura@fjordlys.example"),
)
DEBTOR = Party(
    name="Nordvik Brygge AS",
    legal_id=Identifier("974760673", "0192"),
    address=PostalAddress(line1="Bryggeveien 12", city="Tromsø", post_code="9008", country="NO"),
)
CLAIMS = (
    Claim(
        id="1",
        number="10231",
        issue_date=date(2026, 8, 14),
        due_date=date(2026, 8, 28),
        amount=Decimal("12437.50"),
        paid=Decimal("2437.50"),
        open=Decimal("10000.00"),
        interest_rate=Decimal("12.25"),
        interest=Decimal("268.49"),
        fee=Decimal("35.00"),
    ),
    Claim(
        id="2",
        number="10277",
        issue_date=date(2026, 9, 4),
        due_date=date(2026, 9, 18),
        amount=Decimal("3912.00"),
        open=Decimal("3912.00"),
        interest=Decimal("78.77"),
        note="Service 1. september, bestilt av drift.",
    ),
)
LEGAL = (
    "Betales kravet ikke innen fristen, kan det bli sendt til inkasso etter inkassoloven § 9. "
    "Innsigelser mot kravet bes meldt oss innen samme frist."
)
COMMON: dict[str, Any] = {
    "number": "P-2043",
    "issue_date": date(2026, 11, 20),
    "due_date": date(2026, 12, 4),
    "currency": "NOK",
    "seller": SENDER,
    "buyer": DEBTOR,
    "claims": CLAIMS,
    "charges": (AllowanceCharge(amount=Decimal("35.00"), reason="Purregebyr"),),
    "totals": Totals(lines=Decimal("13912.00"), charges=Decimal("417.26"), payable=Decimal("14329.26")),
    "notes": (Note(text=LEGAL),),
    "payment": PaymentInstructions(
        means_code="30",
        remittance="1234567897",
        transfers=(CreditTransfer(account="NO9386011117947", provider="DNBANOKKXXX"),),
    ),
}


def reminder(**changed: Any) -> Reminder:
    """A Norwegian reminder of two invoices with a partial payment, a fee and interest."""
    return Reminder(**{**COMMON, "level": 2, **changed})


def collection_notice(**changed: Any) -> CollectionNotice:
    """The notice of an agency that collects the same claims for their creditor."""
    agency = Party(
        name="Kyst Inkasso AS",
        legal_id=Identifier("982463718", "0192"),
        address=PostalAddress(line1="Havnegata 1", city="Oslo", post_code="0150", country="NO"),
        contact=Contact(name="Saksbehandler inkasso", telephone="21 00 00 00"),
    )
    stated = {"number": "K-881", "seller": agency, "creditor": SENDER, "case": "2026/4471"}
    return CollectionNotice(**{**COMMON, **stated, **changed})


def amounts(demand: Demand) -> list[Decimal]:
    """Every amount of *demand* that a page shows; those of VAT where there is some."""
    fields = ("amount", "paid", "credited", "open", "interest", "fee")
    found = [getattr(one, field) for one in demand.claims for field in fields]
    found += [one.amount for one in demand.charges]
    found += [value for one in demand.vat for value in (one.taxable, one.tax)]
    totals = demand.totals
    found += [totals.lines, totals.charges, totals.paid, totals.payable]
    return [value for value in found if value is not None]


def days(demand: Demand) -> list[date]:
    """Every date of *demand*, but for those of its period and its lines."""
    found = [value for one in demand.claims for value in (one.issue_date, one.due_date)]
    return [value for value in (*found, demand.issue_date, demand.due_date) if value is not None]
