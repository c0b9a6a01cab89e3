"""How a Finvoice is to be paid: payment terms, EpiDetails, accounts, card, direct debit (BT-9, BT-20, BG-16 to 19)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lxml import etree

from fakturahub.formats.finvoice.leaves import (
    NO_PLACE,
    RECOMPUTED,
    Document,
    Found,
    Step,
    Steps,
    date_in,
    day,
    inside,
    money,
    stated,
    text,
    words,
)
from fakturahub.formats.finvoice.parties import FILLERS
from fakturahub.formats.values import text_of
from fakturahub.formats.walk import REPEATED
from fakturahub.model.barcodes import virtual_bar_code
from fakturahub.model.checkdigits import is_finnish_reference, is_iban, is_rf_reference
from fakturahub.model.invoice import CreditTransfer, DirectDebit, PaymentCard, PaymentInstructions

_ACCOUNT_SCHEME = "IdentificationSchemeName"
# What a payer's bank charges is shared (SHA) or as the service says (SLEV): the rule in the SEPA area.
_USUAL_CHARGES = frozenset({"SHA", "SLEV"})
#: Something in the place of a bank's BIC that names a clearing system, as BT-86 has it in Sweden and Denmark.
NATIONAL_PROVIDER = re.compile(r"[A-Z]{2}:[A-Z]+|[0-9]{3,8}")


def account_step(key: str, term: str) -> Step:
    """An account, IBAN or national; blanks that group its digits are dropped, fillers are nothing."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, _ACCOUNT_SCHEME)
        value = text_of(element, term)
        if value is None or value in FILLERS or not value.strip("0"):
            return
        account = value.replace(" ", "")
        if (element.get(_ACCOUNT_SCHEME) or "").strip() == "IBAN" and not is_iban(account):
            doc.find(element, "check-digit", f"The account {account[:40]} is no IBAN by its check digits.", term)
        doc.put(element, into, key, account, term)

    return step


def _bic(key: str) -> Step:
    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, _ACCOUNT_SCHEME)
        value = text_of(element, "BT-86")
        if value is not None:
            doc.put(element, into, key, value, "BT-86")

    return step


def _reference(doc: Document, element: etree._Element, into: Found) -> None:
    """The remittance information: zeros fill a Finnish reference up, and nothing but zeros is no reference."""
    doc.leaf(element, _ACCOUNT_SCHEME)
    value = text_of(element, "BT-83")
    if value is None:
        return
    value = value.replace(" ", "")
    if value.isdigit():
        value = value.lstrip("0")
        if not value:
            return
        right = is_finnish_reference(value)
    else:
        right = is_rf_reference(value)
    if not right:
        doc.find(element, "check-digit", f"The reference {value[:40]} is none by its check digits.", "BT-83")
    doc.put(element, into, "remittance", value, "BT-83")


def _later(key: str) -> Step:
    """An element whose value repeats another one that may not be read yet: looked at when all is known."""

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element, "Format", "ChargeOption")
        if key in into:
            doc.unknown(element, REPEATED)
        else:
            into[key] = element

    return step


def _charge(doc: Document, element: etree._Element, into: Found) -> None:
    if {(element.get("ChargeOption") or "").strip(), stated(element) or ""} - {""} - _USUAL_CHARGES:
        doc.keep(element, NO_PLACE)
    else:
        doc.leaf(element, "ChargeOption")


def _payable(doc: Document, element: etree._Element, into: Found) -> None:
    value = money(doc, element, "BT-115")
    if value is not None:
        doc.put(element, into, "payable", value, "BT-115")


EPI: Steps = {
    "EpiIdentificationDetails": inside(
        {"EpiDate": _later("epi_date"), "EpiReference": _later("epi_reference")},
    ),
    "EpiPartyDetails": inside(
        {
            "EpiBfiPartyDetails": inside({"EpiBfiIdentifier": _bic("provider"), "EpiBfiName": _later("epi_bank")}),
            "EpiBeneficiaryPartyDetails": inside(
                {
                    "EpiNameAddressDetails": _later("epi_name"),
                    "EpiBei": _later("epi_bei"),
                    "EpiAccountID": account_step("account", "BT-84"),
                }
            ),
        }
    ),
    "EpiPaymentInstructionDetails": inside(
        {
            "EpiRemittanceInfoIdentifier": _reference,
            "EpiInstructedAmount": _payable,
            "EpiCharge": _charge,
            "EpiDateOptionDate": _later("epi_due"),
            "EpiPaymentMeansCode": text("means_code", "BT-81"),
            "EpiPaymentMeansText": text("means_text", "BT-82"),
        }
    ),
}

SELLER_ACCOUNT: Steps = {
    "SellerAccountID": account_step("account", "BT-84"),
    "SellerBic": _bic("provider"),
    "SellerAccountName": text("account_name", "BT-85"),
}
CARD: Steps = {"PrimaryAccountNumber": text("number", "BT-87"), "CardHolderName": text("holder", "BT-88")}
DIRECT_DEBIT: Steps = {
    "MandateReference": text("mandate", "BT-89"),
    "CreditorIdentifier": text("creditor_id", "BT-90"),
    "DebitedAccountID": account_step("debited_account", "BT-91"),
}


TERMS: Steps = {
    "PaymentTermsFreeText": words("payment_terms", 70, "BT-20"),
    "InvoiceDueDate": day("due_date", "BT-9"),
}


def status(doc: Document, element: etree._Element, into: Found) -> None:
    """PaymentStatusDetails: a status that the amounts tell as well says nothing."""
    if "status" in into:
        doc.keep(element, REPEATED)
    else:
        into["status"] = element


def bar_code(doc: Document, element: etree._Element, into: Found) -> None:
    """The virtual bar code, compared when the payment is known."""
    doc.leaf(element)
    if "bar_code" in into:
        doc.unknown(element, REPEATED)
    else:
        into["bar_code"] = element


def payment_of(
    doc: Document, found: Found, names: tuple[str | None, ...], legal_id: str | None
) -> PaymentInstructions | None:
    """The payment instructions of all that was found; *names* are those of seller and payee.

    What only repeats (the date and the party of the Epi part, the bar code, the status) is reported where it differs.
    """
    epi: Found = found.get("epi", {})
    transfers = _transfers(doc, epi, found.get("accounts", []), names)
    _repeated_date(doc, epi.pop("epi_date", None), found.get("issue_date"))
    due = epi.pop("epi_due", None)
    if due is not None:
        if found.get("due_date") is None and (value := stated(due)) is not None:
            date_of = date_in(doc, due, value, "BT-9")
            # Epi asks for a date; without a due date it is that of the invoice.
            if date_of != found.get("issue_date"):
                found["due_date"] = date_of
        else:
            _repeated_date(doc, due, found.get("due_date"))
    _epi_reference(doc, epi)
    if (bei := epi.pop("epi_bei", None)) is not None and stated(bei) not in (None, legal_id):
        doc.keep(bei, NO_PLACE)
    remittance = epi.get("remittance")
    if (element := found.get("bar_code")) is not None:
        _compare_bar_code(doc, element, transfers, epi.get("payable"), remittance, found.get("due_date"))
    _compare_status(doc, found)
    card, debit = found.get("card"), found.get("direct_debit")
    made = PaymentInstructions(
        means_code=epi.get("means_code"),
        means_text=epi.get("means_text"),
        remittance=remittance,
        transfers=transfers,
        card=PaymentCard(**card) if card and "number" in card else None,
        direct_debit=DirectDebit(**debit) if debit else None,
    )
    return None if made == PaymentInstructions() else made


def _transfers(
    doc: Document, epi: Found, accounts: list[Found], names: tuple[str | None, ...]
) -> tuple[CreditTransfer, ...]:
    name, bank = epi.pop("epi_name", None), epi.pop("epi_bank", None)
    bank_name = stated(bank) if bank is not None else None
    if bank_name is not None and "provider" not in epi and NATIONAL_PROVIDER.fullmatch(bank_name):
        epi["provider"], bank = bank_name, None
    parts: list[Found] = [{key: epi[key] for key in ("account", "provider") if key in epi}]
    parts += [{key: value for key, value in each.items() if key != "element"} for each in accounts]
    merged: dict[str, Found] = {}
    for part, element in zip(parts, [name, *(each["element"] for each in accounts)], strict=True):
        if "account" not in part:
            if part and element is not None:
                doc.unknown(element, NO_PLACE)
            continue
        known = merged.setdefault(part["account"], {})
        for key, value in part.items():
            if known.setdefault(key, value) != value and element is not None:
                # One account under two banks or two names: what is said of it last is kept whole.
                if not doc.kept.take(element):
                    doc.loss(element, value, REPEATED, term="BT-86")
                break
    if bank is not None and bank_name is not None and _no_account_of(merged, bank_name):
        doc.keep(bank, NO_PLACE)
    value = stated(name) if name is not None else None
    if name is not None and value is not None and not _is_named(value, names):
        first = next(iter(merged.values()), None)
        if first is None or first.setdefault("account_name", value) != value:
            doc.keep(name, NO_PLACE)
    return tuple(CreditTransfer(**part) for part in merged.values())


def _no_account_of(merged: dict[str, Found], name: str) -> bool:
    return all(name != account.get("account_name") for account in merged.values())


def _is_named(value: str, names: tuple[str | None, ...]) -> bool:
    """Whether *value*, of 35 characters at most, is one of the *names*, which are longer."""
    if value in FILLERS:
        return True
    folded = " ".join(value.split()).casefold()
    return any(name is not None and " ".join(name.split())[:35].strip().casefold() == folded for name in names)


def _repeated_date(doc: Document, element: etree._Element | None, other: date | None) -> None:
    value = stated(element) if element is not None else None
    if element is not None and value is not None and date_in(doc, element, value, "BT-9") != other:
        doc.keep(element, NO_PLACE)


def _epi_reference(doc: Document, epi: Found) -> None:
    element = epi.pop("epi_reference", None)
    value = stated(element) if element is not None else None
    if value is None or element is None or value in FILLERS or not value.strip("0"):
        return
    # A foreign reference has no other place: only Finnish and RF references are remittance information.
    if epi.setdefault("remittance", value) != value and epi["remittance"] != value.lstrip("0"):
        doc.keep(element, REPEATED)


def _compare_bar_code(
    doc: Document,
    element: etree._Element,
    transfers: tuple[CreditTransfer, ...],
    payable: Decimal | None,
    reference: str | None,
    due: date | None,
) -> None:
    value = stated(element)
    made = virtual_bar_code(transfers[0].account, payable, reference, due) if transfers else None
    if value is not None and value != made:
        doc.loss(element, value, RECOMPUTED)
        if made is not None and value[:1] == made[:1]:
            # Versions before 4 have another form and no IBAN.
            doc.find(element, "bar-code", "The bar code says another payment than the document does.", "BG-16")


def _compare_status(doc: Document, found: Found) -> None:
    element = found.get("status")
    if element is None:
        return
    paid, payable = found.get("paid"), found.get("epi", {}).get("payable")
    told = "PAID" if payable == 0 else "PARTLYPAID" if paid else "NOTPAID"
    parts = list(element)
    if element.attrib or any(part.tag != "PaymentStatusCode" or stated(part) != told for part in parts):
        doc.keep(element, NO_PLACE)
    else:
        for part in parts:
            doc.leaf(part)
