"""Reading a Cross Industry Invoice whole, into the terms of EN 16931.

Paths are those of the EN 16931 binding to UN/CEFACT CII D16B (CEN/TS 16931-3-3). What that binding does not have —
the further elements of D16B, of Factur-X EXTENDED and of later libraries — is reported.
"""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.cii.leaves import Found, Steps, day, inside, prose, ram, several, text, under
from fakturahub.formats.cii.lines import account, allowances, line, period
from fakturahub.formats.cii.names import RAM, RSM
from fakturahub.formats.cii.parties import BUYER, PAYEE, REPRESENTATIVE, SELLER, SHIP_TO
from fakturahub.formats.cii.references import referenced
from fakturahub.formats.cii.settlement import (
    TOTALS,
    payment_instructions,
    payment_means,
    totals_by_currency,
    vat_breakdown,
)
from fakturahub.formats.syntax import Reading
from fakturahub.formats.walk import UNKNOWN, Step, Walk
from fakturahub.intake.limits import TEXT
from fakturahub.model import Recognition
from fakturahub.model.invoice import Delivery, Invoice, Note, PrecedingInvoice

#: SpecifiedProcuringProject needs a name, EN 16931 has none; this is what the binding says to write
PROJECT_NAME = "Project reference"


def _project_name(walk: Walk, element: etree._Element, into: Found) -> None:
    walk.leaf(element)
    name = (element.text or "").strip()
    if name not in ("", PROJECT_NAME, into.get("project")):
        walk.loss(element, name, UNKNOWN)


def _document(key: str, term: str) -> Step[Found]:
    return inside(ram({"IssuerAssignedID": text(key, term)}))


_AGREEMENT: Steps = ram(
    {
        "BuyerReference": text("buyer_reference", "BT-10"),
        "SellerTradeParty": SELLER,
        "BuyerTradeParty": BUYER,
        "SellerTaxRepresentativeTradeParty": REPRESENTATIVE,
        "SellerOrderReferencedDocument": _document("sales_order", "BT-14"),
        "BuyerOrderReferencedDocument": _document("order", "BT-13"),
        "ContractReferencedDocument": _document("contract", "BT-12"),
        "AdditionalReferencedDocument": referenced,
        "SpecifiedProcuringProject": inside(ram({"ID": text("project", "BT-11"), "Name": _project_name})),
    }
)

_DELIVERY: Steps = ram(
    {
        "ShipToTradeParty": under("delivery", SHIP_TO),
        "ActualDeliverySupplyChainEvent": under(
            "delivery", inside(ram({"OccurrenceDateTime": day("actual_date", "BT-72")}))
        ),
        "DespatchAdviceReferencedDocument": _document("despatch_advice", "BT-16"),
        "ReceivingAdviceReferencedDocument": _document("receiving_advice", "BT-15"),
    }
)

_SETTLEMENT: Steps = ram(
    {
        "CreditorReferenceID": under("payment", text("creditor_id", "BT-90")),
        "PaymentReference": under("payment", text("remittance", "BT-83")),
        "TaxCurrencyCode": text("accounting_currency", "BT-6"),
        "InvoiceCurrencyCode": text("currency", "BT-5", TEXT.identifier),
        "PayeeTradeParty": PAYEE,
        "SpecifiedTradeSettlementPaymentMeans": under("payment", payment_means),
        "ApplicableTradeTax": vat_breakdown,
        "BillingSpecifiedPeriod": period("BT-73", "BT-74"),
        "SpecifiedTradeAllowanceCharge": allowances("BT-92", "BT-93", "BT-94", "BT-97", "BT-98", document=True),
        "SpecifiedTradePaymentTerms": inside(
            ram(
                {
                    "Description": prose("payment_terms", "BT-20"),
                    "DueDateDateTime": day("due_date", "BT-9"),
                    "DirectDebitMandateID": under("payment", text("mandate", "BT-89")),
                }
            )
        ),
        "SpecifiedTradeSettlementHeaderMonetarySummation": under("totals", inside(TOTALS)),
        "InvoiceReferencedDocument": several(
            "preceding",
            ram({"IssuerAssignedID": text("number", "BT-25"), "FormattedIssueDateTime": day("issue_date", "BT-26")}),
            PrecedingInvoice,
            "number",
        ),
        "ReceivableSpecifiedTradeAccountingAccount": account("BT-19"),
    }
)

_ROOT: Steps = {
    f"{RSM}ExchangedDocumentContext": inside(
        ram(
            {
                "BusinessProcessSpecifiedDocumentContextParameter": inside(
                    ram({"ID": text("business_process", "BT-23")})
                ),
                "GuidelineSpecifiedDocumentContextParameter": inside(ram({"ID": text("specification", "BT-24")})),
            }
        )
    ),
    f"{RSM}ExchangedDocument": inside(
        ram(
            {
                "ID": text("number", "BT-1", TEXT.identifier),
                "TypeCode": text("type_code", "BT-3"),
                "IssueDateTime": day("issue_date", "BT-2"),
                "IncludedNote": several(
                    "notes",
                    ram({"Content": prose("text", "BT-22"), "SubjectCode": text("subject", "BT-21")}),
                    Note,
                    "text",
                ),
            }
        )
    ),
    f"{RSM}SupplyChainTradeTransaction": inside(
        ram(
            {
                "IncludedSupplyChainTradeLineItem": line,
                "ApplicableHeaderTradeAgreement": inside(_AGREEMENT),
                "ApplicableHeaderTradeDelivery": inside(_DELIVERY),
                "ApplicableHeaderTradeSettlement": inside(_SETTLEMENT),
            }
        )
    ),
}

_CURRENCY = f"{RSM}SupplyChainTradeTransaction/{RAM}ApplicableHeaderTradeSettlement/{RAM}InvoiceCurrencyCode"
_LISTS = ("notes", "preceding", "allowances", "charges", "vat", "supporting", "lines")


def read(root: etree._Element, recognition: Recognition) -> Reading:
    """The invoice or credit note *root* and all of it that the terms of EN 16931 do not have.

    Raises ``BadValue`` for a date or a number that is none and for values that are too long;
    ``UnreadableAttachment`` for attachments.
    """
    # EN 16931 has no currency at single amounts (CII-DT-031); senders of earlier versions write that of the document.
    currency = (root.findtext(_CURRENCY) or "").strip()
    walk = Walk(*[("currencyID", currency)] if currency else ())
    found: Found = walk.children(root, _ROOT, {})
    found.pop("file names", None)
    for key in _LISTS:
        if key in found:
            found[key] = tuple(found[key])
    totals = found.pop("totals", None)
    if totals:
        found["totals"] = totals_by_currency(walk, totals, found)
    payment = found.pop("payment", None)
    if payment:
        found["payment"] = payment_instructions(payment)
    delivery = found.pop("delivery", None)
    if delivery:
        found["delivery"] = Delivery(**delivery)
    return Reading(Invoice(**found), tuple(walk.losses))
