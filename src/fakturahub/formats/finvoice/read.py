"""A Finvoice of any version as an invoice of the model, with what of it has no term (mapping 2.1).

The places are those of Finance Finland's data list for 3.0, which names the terms of EN 16931; what older versions had
elsewhere is read from there. A credit note (INV02) has negative figures, the model positive ones.
"""

from __future__ import annotations

import decimal
from typing import Any

from lxml import etree

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.finvoice import codes
from fakturahub.formats.finvoice.details import DETAILS, allowances_of, breakdown_of, notes_of, sum_of_lines
from fakturahub.formats.finvoice.framing import ENVELOPE
from fakturahub.formats.finvoice.leaves import (
    CODE_UNKNOWN,
    CURRENCY,
    FRAME,
    NO_PLACE,
    SCHEME,
    Document,
    Found,
    Step,
    Steps,
    day,
    identifier,
    inside,
    lost,
    several,
    stated,
    text,
    under,
    words,
)
from fakturahub.formats.finvoice.parties import (
    address_of,
    address_steps,
    any_party,
    contact_steps,
    keep_names,
    party_of,
    party_steps,
)
from fakturahub.formats.finvoice.payment import (
    CARD,
    DIRECT_DEBIT,
    EPI,
    SELLER_ACCOUNT,
    bar_code,
    payment_of,
    status,
)
from fakturahub.formats.finvoice.routing import address, chosen, frame, specification_of, transmission
from fakturahub.formats.finvoice.rows import line_of, row
from fakturahub.formats.finvoice.sums import compare
from fakturahub.formats.syntax import Reading
from fakturahub.formats.values import attribute_of
from fakturahub.formats.walk import REPEATED
from fakturahub.model import Identifier, Kind, Recognition, Severity
from fakturahub.model.invoice import Delivery, Invoice, Payee, Period, PrecedingInvoice, SupportingDocument, Totals

#: names of the picture of the invoice itself among its links: Apix, and operators that deliver for it
PICTURES = frozenset({"APIX_PDFFILE", "PDFFILE"})
#: the name that Apix gives to all other files beside the document
ATTACHMENTS = frozenset({"APIX_ATTACHMENT"})
# 30 digits by 30 digits, and what a division adds.
_EXACT = decimal.Context(prec=100)


def _factoring(doc: Document, element: etree._Element, into: Found) -> None:
    """Who buys the claim is the payee; the whole agreement is kept beside that."""
    doc.keep(element, NO_PLACE)
    name, party = element.find("FactoringPartyName"), element.find("FactoringPartyIdentifier")
    factor = into.setdefault("factor", {})
    if name is not None and stated(name) is not None:
        factor["name"] = stated(name)
    if party is not None and (value := stated(party)) is not None:
        factor["legal_id"] = Identifier(value, attribute_of(party, SCHEME, "BT-61"))


def _url(key: str) -> Step:
    def step(doc: Document, element: etree._Element, into: Found) -> None:
        doc.leaf(element)
        # An empty one keeps its place: names and addresses are paired by their order.
        into.setdefault(key, []).append((element, stated(element)))

    return step


def _fallback(key: str, term: str) -> Step:
    take = text(key, term)

    def step(doc: Document, element: etree._Element, into: Found) -> None:
        found = into.setdefault("fallback", {})
        if key in found:
            doc.keep(element, REPEATED)
            return
        take(doc, element, found)
        if key in found:
            found[f"{key} element"] = element

    return step


_INFORMATION: Steps = {
    "SellerTaxRegistrationText": under("seller", text("tax_registration", "BT-32")),
    "SellerAdditionalLegalInfo": under("seller", text("legal_information", "BT-33")),
    "SellerPhoneNumber": under("seller", _fallback("telephone", "BT-42")),
    "SellerCommonEmailaddressIdentifier": under("seller", _fallback("email", "BT-43")),
    "SellerAccountDetails": several("accounts", SELLER_ACCOUNT),
}

_DELIVERY_PARTY: Steps = {
    "DeliveryOrganisationName": words("names", 35, "BT-70"),
    "DeliveryPostalAddressDetails": under("address", inside(address_steps("Delivery", "PostofficeBoxIdentifier"))),
}

_DELIVERY: Steps = {
    "DeliveryDate": under("delivery", day("actual_date", "BT-72")),
    "WaybillIdentifier": text("receiving_advice", "BT-15"),
    "DeliveryNoteIdentifier": text("despatch_advice", "BT-16"),
    "FinalDestinationName": under("delivery", identifier("location", "BT-71")),
}

ROOT: Steps = {
    ENVELOPE: frame,
    "MessageTransmissionDetails": transmission,
    "SellerPartyDetails": under("seller", inside(party_steps("Seller"))),
    "SellerOrganisationUnitNumber": address("from_unit"),
    **{name: under("seller", step) for name, step in contact_steps("Seller").items()},
    "SellerInformationDetails": inside(_INFORMATION),
    "InvoiceRecipientOrganisationUnitNumber": address("to_recipient"),
    "BuyerPartyDetails": under("buyer", inside(party_steps("Buyer"))),
    "BuyerOrganisationUnitNumber": address("to_unit"),
    **{name: under("buyer", step) for name, step in contact_steps("Buyer").items()},
    "DeliveryPartyDetails": under("delivery", inside(_DELIVERY_PARTY)),
    "DeliveryDetails": inside(_DELIVERY),
    "AnyPartyDetails": any_party,
    "InvoiceDetails": inside(DETAILS),
    "PaymentCardInfo": under("card", inside(CARD)),
    "DirectDebitInfo": under("direct_debit", inside(DIRECT_DEBIT)),
    "PaymentStatusDetails": status,
    "FactoringAgreementDetails": _factoring,
    "VirtualBankBarcode": bar_code,
    "InvoiceRow": row,
    "EpiDetails": under("epi", inside(EPI)),
    "InvoiceUrlNameText": _url("url_names"),
    "InvoiceUrlText": _url("urls"),
    "ControlChecksum": lost(FRAME),
    "MessageChecksum": lost(FRAME),
}


def read(root: etree._Element, recognition: Recognition) -> Reading:
    """The invoice or credit note *root* whole; ``root`` is what ``framing.parse_document`` gave.

    Raises ``BadValue`` for an amount or date that is none; ``UnwritableDocument`` for a document that is no invoice
    (a reminder, an order, a receipt, a frame without an invoice), which is passed on as it came.
    """
    code = _at(root, "InvoiceDetails/InvoiceTypeCode") or ""
    if root.tag != "Finvoice" or codes.kind_of(code) not in (Kind.INVOICE, Kind.CREDIT_NOTE):
        what = f"InvoiceTypeCode {code[:20]!r}" if root.tag == "Finvoice" else "a frame without an invoice"
        raise UnwritableDocument(f"{what} is no invoice; such a document is passed on as it came.", term="BT-3")
    with decimal.localcontext(_EXACT):
        return _read(root, recognition, code)


def _read(root: etree._Element, recognition: Recognition, code: str) -> Reading:
    total = root.find("InvoiceDetails/InvoiceTotalVatIncludedAmount")
    currency = (total.get(CURRENCY) or "").strip() or None if total is not None else None
    flip = _is_flipped(code, total)
    doc = Document(currency, flip, amounts=flip or not codes.is_credit(code))
    doc.attributes(root, "Version")
    found: Found = {}
    for child in root:
        step = ROOT.get(child.tag)  # type: ignore[arg-type]
        if step is None:
            doc.keep(child)
        else:
            step(doc, child, found)
    noun = _invoice(doc, root, found, code)
    compare(doc, root, noun)
    if total is not None and noun.is_credit_note and not doc.flip:
        doc.find(total, "sign", "A credit note (INV02) has negative amounts; these are read as stated.", "BT-112")
    return Reading(noun, tuple(doc.losses), tuple(doc.findings))


def _at(root: etree._Element, path: str) -> str | None:
    element = root.find(path)
    return None if element is None else stated(element)


def _is_flipped(code: str, total: etree._Element | None) -> bool:
    """Whether the figures are negative because it is a credit note; some senders write positive ones."""
    value = (stated(total) or "") if total is not None else ""
    return codes.is_credit(code) and (value.startswith("-") or not value.strip("0,. "))


def _invoice(doc: Document, root: etree._Element, found: Found, code: str) -> Invoice:
    get = found.get
    type_code = _type_code(doc, found, code)
    _seller_fallbacks(doc, found)
    seller_found, buyer_found = found.setdefault("seller", {}), found.setdefault("buyer", {})
    from_, to = get("from", []), get("to", [])
    seller_found["endpoint"] = chosen(doc, from_ + get("from_unit", []), "BT-34")
    buyer_found["endpoint"] = chosen(doc, to + get("to_recipient", []) + get("to_unit", []), "BT-49")
    seller, buyer = party_of(doc, seller_found, root, "Seller"), party_of(doc, buyer_found, root, "Buyer")
    payee: Payee | None = get("payee")
    if payee is None and "factor" in found:
        payee = Payee(**found["factor"])
    found["paid"] = get("totals", {}).get("paid")
    names = (seller.name, payee.name if payee else None)
    payment = payment_of(doc, found, names, seller.legal_id.value if seller.legal_id else None)
    lines = tuple(line_of(fields, place) for place, fields in enumerate(get("lines", ()), 1))
    totals = _totals(doc, root, found, [line.amount for line in lines])
    first = get("first_preceding")
    preceding = ([first] if first and "number" in first else []) + get("preceding", [])
    period = get("period")
    delivery = _delivery(doc, root, get("delivery"))
    allowances, charges = (allowances_of(doc, get(key, [])) for key in ("discounts", "charges"))
    vat, supporting = breakdown_of(doc, get("vat", [])), _supporting(doc, found)
    return Invoice(
        number=get("number"),
        issue_date=get("issue_date"),
        type_code=type_code,
        currency=doc.currency,
        accounting_currency=get("accounting_currency"),
        tax_point_date=get("tax_point_date"),
        tax_point_code=get("tax_point_code"),
        due_date=get("due_date"),
        buyer_reference=get("buyer_reference"),
        project=get("project"),
        contract=get("contract"),
        order=get("order"),
        sales_order=get("sales_order"),
        receiving_advice=get("receiving_advice"),
        despatch_advice=get("despatch_advice"),
        tender=get("tender"),
        object_id=get("object_id"),
        buyer_accounting=get("buyer_accounting"),
        payment_terms=_terms(found),
        notes=notes_of(found),
        business_process=get("business_process"),
        specification=specification_of(get("specification")),
        preceding=tuple(PrecedingInvoice(**each) for each in preceding),
        seller=seller,
        buyer=buyer,
        payee=payee,
        tax_representative=get("tax_representative"),
        delivery=delivery,
        period=Period(**period) if period else None,
        payment=payment,
        allowances=allowances,
        charges=charges,
        totals=totals,
        vat=vat,
        supporting=supporting,
        lines=lines,
        # Last of all: whatever is found to say more than its repetition is kept while the parts are made.
        extensions=tuple(doc.kept.made),
    )


def _type_code(doc: Document, found: Found, code: str) -> str:
    stated_un = found.get("type_un")
    type_code = codes.type_code_of(code, stated_un)
    element = found.get("type_element")
    if element is None:
        return type_code
    if stated_un is not None and stated_un != type_code:
        doc.loss(element, stated_un, CODE_UNKNOWN, term="BT-3")
    if code and not codes.is_told(code, type_code):
        doc.keep(element, CODE_UNKNOWN)
    return type_code


def _seller_fallbacks(doc: Document, found: Found) -> None:
    """Telephone and mail of the company stand in for those of a contact that has none."""
    fallback = found.get("seller", {}).pop("fallback", None)
    if not fallback:
        return
    contact = found["seller"].setdefault("contact", {})
    for key in ("telephone", "email"):
        if key in fallback and contact.setdefault(key, fallback[key]) != fallback[key]:
            doc.keep(fallback[f"{key} element"], REPEATED)


def _terms(found: Found) -> str | None:
    return "\n".join(line.strip() for line in found.get("payment_terms", [])) or None


def _totals(doc: Document, root: etree._Element, found: Found, amounts: list[decimal.Decimal | None]) -> Totals:
    totals: dict[str, Any] = dict(found.get("totals", {}))
    if "payable" in found.get("epi", {}):
        totals["payable"] = found["epi"]["payable"]
    if "lines" not in totals:
        totals["lines"] = sum_of_lines(amounts)
        if totals["lines"] is not None:
            doc.find(
                root, "derived", "The sum of the lines is not stated; it was added up.", "BT-106", Severity.INFORMATION
            )
    return Totals(**totals)


def _delivery(doc: Document, root: etree._Element, found: Found | None) -> Delivery | None:
    if not found:
        return None
    names = [name.strip() for name in found.get("names", ()) if name.strip() != "--"]
    keep_names(doc, root, "DeliveryPartyDetails/DeliveryOrganisationName", names[1:], "BT-70")
    made = Delivery(
        party_name=names[0] if names else None,
        location=found.get("location"),
        actual_date=found.get("actual_date"),
        address=address_of(found.get("address")),
    )
    return None if made == Delivery() else made


def _supporting(doc: Document, found: Found) -> tuple[SupportingDocument, ...]:
    """The links of the document; the n-th name is that of the n-th address (Apix 6.1)."""
    names, made = found.get("url_names", []), []
    for place, (_, uri) in enumerate(found.get("urls", [])):
        name = names[place][1] if place < len(names) else None
        if uri is not None:
            # Apix and who delivers for it name not the file but what it is for.
            described = None if name in PICTURES or name in ATTACHMENTS else name
            made.append(SupportingDocument(description=described, uri=uri, is_picture=name in PICTURES))
        elif name is not None:
            doc.loss(names[place][0], name, NO_PLACE, term="BT-123")
    for element, name in names[len(found.get("urls", [])) :]:
        if name is not None:
            doc.loss(element, name, NO_PLACE, term="BT-123")
    return tuple(made)
