"""Reading a reminder of the UBL family whole: EHF Reminder 3, and the document type Reminder of UBL 2.

EHF Reminder is an invoice of Peppol BIS 3 with a customisation of its own: BG-3 names the invoices that are reminded
of, the lines repeat theirs, and fees are charges of the document. Source: the guide of EHF Reminder 3.0 and its rules.

The Reminder of UBL has a ReminderLine for each invoice. Those of Denmark (OIOUBL 2) give the house number an element of
its own, the reference of the payment in PaymentNote, a code (63) for the tax scheme VAT, and words for its categories;
these are understood. Codes of OIOUBL's other lists stay as they are.
Source: the OIOUBL guideline of the class Reminder.

What the noun has no room for is reported, as in an invoice (`read`).
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree
from msgspec.structs import replace

from fakturahub.formats.syntax import Reading
from fakturahub.formats.ubl.binding import DOCUMENTS
from fakturahub.formats.ubl.containers import Inside, Part, seal, steps_of
from fakturahub.formats.ubl.leaves import amount, day, number, prose, text
from fakturahub.formats.ubl.names import CAC, CBC
from fakturahub.formats.ubl.parties import ADDRESS, BUYER, SELLER, TaxRegistrations
from fakturahub.formats.ubl.payment import Means, instructions
from fakturahub.formats.ubl.references import PERIOD
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step, Steps
from fakturahub.formats.values import decimal_of
from fakturahub.formats.walk import REPEATED, UNKNOWN
from fakturahub.model import Recognition
from fakturahub.model.invoice import Period, PostalAddress, Totals
from fakturahub.model.reminder import Claim, Reminder

#: the names of the documents that are read here
REMINDERS = frozenset({"ehf-reminder", "ubl-reminder"})

# What a reminder has no field for.
_NOT_OF_A_REMINDER = frozenset(
    f"{space}{name}"
    for space, name in (
        (CBC, "TaxPointDate"),
        (CAC, "DespatchDocumentReference"),
        (CAC, "ReceiptDocumentReference"),
        (CAC, "OriginatorDocumentReference"),
        (CAC, "TaxRepresentativeParty"),
        (CAC, "Delivery"),
    )
)
#: the tax scheme VAT in OIOUBL
_OIOUBL_VAT = "63"
#: OIOUBL's categories of VAT (urn:oioubl:id:taxcategoryid)
_OIOUBL_CATEGORIES = {"StandardRated": "S", "ZeroRated": "Z", "ReverseCharge": "AE"}
# The register of Danish VAT numbers.
_SE_NUMBER: Restated = frozenset({("schemeID", "DK:SE")})
#: reminders that a sender counts; a larger number is none
_MOST_LEVELS = 99


def read_reminder(root: etree._Element, recognition: Recognition) -> Reading:
    """The reminder *root* as the noun ``Reminder``. Raises ``BadValue`` and ``UnreadableAttachment``."""
    walk = Reader(root, mime_of={})
    found = walk.fields(root, _READING[walk.root_name], {})
    if walk.taxes:
        found["totals"] = replace(found.get("totals") or Totals(), **walk.taxes)
    payment = instructions(walk)
    if payment is not None:
        found["payment"] = payment
    _categories(found)
    return Reading(Reminder(**seal(found), extensions=tuple(walk.extensions)), tuple(walk.losses), tuple(walk.findings))


def _categories(found: Found) -> None:
    """The VAT categories of OIOUBL as those of EN 16931 (UNTDID 5305)."""
    for field, name in (("vat", "category"), ("allowances", "vat_category"), ("charges", "vat_category")):
        if field in found:
            found[field] = [
                replace(one, **{name: _OIOUBL_CATEGORIES.get(getattr(one, name), getattr(one, name))})
                for one in found[field]
            ]


def _within(steps: Steps) -> Step:
    """An element that the model does not have, whose values belong to what it stands in."""

    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        walk.fields(element, steps, found)

    return step


def _claims(steps: Mapping[str, Step]) -> Step:
    """Each such element is a claim; one that says nothing is none."""

    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        values = walk.fields(element, steps, {})
        if values:
            found.setdefault("claims", []).append(Claim(**values))

    return step


def _level(walk: Reader, element: etree._Element, found: Found) -> None:
    walk.beside(element)
    value = decimal_of(element, "ReminderSequenceNumeric")
    if value is None:
        return
    if "level" in found:
        if found["level"] != value:
            walk.loss(element, str(value), REPEATED)
    elif value == int(value) and 1 <= value <= _MOST_LEVELS:
        found["level"] = int(value)
    else:
        walk.loss(element, str(value), UNKNOWN)


# --- parties as OIOUBL writes them ------------------------------------------------------------------------------------


def _address(walk: Reader, element: etree._Element, found: Found) -> None:
    """A PostalAddress; the number of the house goes behind the street."""
    if "address" in found:
        walk.unknown(element, REPEATED)
        return
    values = walk.fields(element, _ADDRESS, {})
    house = values.pop("house", None)
    if house is not None:
        values["line1"] = f"{values['line1']} {house}" if "line1" in values else house
    if values:
        found["address"] = PostalAddress(**values)


_ADDRESS: dict[str, Step] = {
    **steps_of(ADDRESS, "seller.address", CAC),
    f"{CBC}BuildingNumber": text("BuildingNumber", "house").reading("BuildingNumber"),
}


def _tax_registration(who: str) -> Step:
    """A PartyTaxScheme; the scheme 63 is VAT."""
    plain = TaxRegistrations(other=who == "seller").step(who, CAC)
    danish: Steps = {
        f"{CBC}CompanyID": text("CompanyID", "vat_id", restated=_SE_NUMBER).reading("CompanyID"),
        f"{CAC}TaxScheme": _within({f"{CBC}ID": _vat_of_denmark}),
    }

    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        word = (element.findtext(f"{CAC}TaxScheme/{CBC}ID") or "").strip()
        if word == _OIOUBL_VAT:
            walk.fields(element, danish, found)
        else:
            plain(walk, element, found)

    return step


def _vat_of_denmark(walk: Reader, element: etree._Element, found: Found) -> None:
    walk.beside(element)
    word = (element.text or "").strip()
    if word != _OIOUBL_VAT:
        walk.loss(element, word, UNKNOWN)


def _party(plain: Inside, who: str) -> Step:
    """AccountingSupplierParty or AccountingCustomerParty, by the table of an invoice but for what is Danish."""
    (inside,) = plain.table
    if not isinstance(inside, Part):
        raise TypeError(f"the table of {plain.name} has no party")
    steps: dict[str, Step] = {
        **steps_of(inside.table, who, CAC),
        f"{CAC}PostalAddress": _address,
        f"{CAC}PartyTaxScheme": _tax_registration(who),
    }
    noun, finish = inside.noun, inside.finish

    def party(walk: Reader, element: etree._Element, found: Found) -> None:
        if who in found:
            walk.unknown(element, REPEATED)
            return
        values = walk.fields(element, steps, {})
        if finish is not None:
            finish(walk, element, values)
        if values:
            found[who] = noun(**seal(values))

    return _within({f"{CAC}Party": party})


# --- the tables ------------------------------------------------------------------------------------------------------

_INVOICE: Steps = {
    f"{CBC}ID": text("ID", "number").reading("BT-25"),
    f"{CBC}IssueDate": day("IssueDate", "issue_date").reading("BT-26"),
}


def _of_an_invoice(walk: Reader, element: etree._Element, found: Found) -> None:
    """The InvoiceDocumentReference of a claim, or the CreditNoteDocumentReference of one that takes something off."""
    if "number" in found or "issue_date" in found:
        walk.unknown(element, REPEATED)
    else:
        walk.fields(element, _INVOICE, found)


_LINE: dict[str, Step] = {
    f"{CBC}ID": text("ID", "id").reading("ReminderLine/ID"),
    f"{CBC}Note": prose("Note", "note").reading("ReminderLine/Note"),
    f"{CBC}DebitLineAmount": amount("DebitLineAmount", "open").reading("DebitLineAmount"),
    f"{CBC}CreditLineAmount": amount("CreditLineAmount", "credited").reading("CreditLineAmount"),
    f"{CBC}PenaltySurchargePercent": number("PenaltySurchargePercent", "interest_rate").reading(
        "PenaltySurchargePercent"
    ),
    f"{CAC}BillingReference": _within(
        {
            f"{CAC}InvoiceDocumentReference": _of_an_invoice,
            f"{CAC}CreditNoteDocumentReference": _of_an_invoice,
        }
    ),
}


def _written_as(root: str) -> dict[str, Step]:
    """What reads a reminder that is written as the document type *root* of EN 16931."""
    steps = {
        entry.key(CAC): entry.step("", CAC) for entry in DOCUMENTS[root] if entry.key(CAC) not in _NOT_OF_A_REMINDER
    }
    steps[f"{CAC}InvoicePeriod"] = Part("InvoicePeriod", "period", Period, PERIOD).step("", CAC)
    steps[f"{CAC}BillingReference"] = _claims({f"{CAC}InvoiceDocumentReference": _of_an_invoice})
    return steps


def _reminder() -> dict[str, Step]:
    """What reads the Reminder of UBL: as an invoice where it is alike."""
    steps = _written_as("Invoice")
    for name in ("DueDate", "InvoiceTypeCode", "BuyerReference"):
        del steps[f"{CBC}{name}"]
    for name in ("InvoicePeriod", "OrderReference", "BillingReference", "ContractDocumentReference", "InvoiceLine"):
        del steps[f"{CAC}{name}"]
    del steps[f"{CAC}ProjectReference"]
    return steps | {
        f"{CBC}ReminderTypeCode": text("ReminderTypeCode", "type_code").reading("ReminderTypeCode"),
        f"{CBC}ReminderSequenceNumeric": _level,
        f"{CAC}ReminderPeriod": Part("ReminderPeriod", "period", Period, PERIOD).step("", CAC),
        f"{CAC}AccountingSupplierParty": _party(SELLER, "seller"),
        f"{CAC}AccountingCustomerParty": _party(BUYER, "buyer"),
        f"{CAC}PaymentMeans": Means(noted=True).step("", CAC),
        f"{CAC}ReminderLine": _claims(_LINE),
    }


_READING = {
    "Invoice": _written_as("Invoice"),
    "CreditNote": _written_as("CreditNote"),
    "Reminder": _reminder(),
}
