"""The heading of a Finvoice, by one walk over the elements that hold it and no others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lxml import etree

from fakturahub.errors import MissingTerm, UnreadableAttachment
from fakturahub.formats.finvoice import codes
from fakturahub.formats.finvoice.addresses import (
    PRINT,
    business_id_scheme,
    first_address,
    is_business_id_form,
    vat_id_of,
)
from fakturahub.formats.finvoice.framing import ENVELOPE
from fakturahub.formats.finvoice.leaves import CURRENCY, SCHEME, date_in, decimal, negated, stated
from fakturahub.formats.finvoice.parties import FILLERS
from fakturahub.formats.finvoice.routing import frame_parties, message_id
from fakturahub.formats.headings import postal_heading
from fakturahub.formats.values import attribute_of, place_of, text_of
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import AttachmentHeading, Heading, Identifier, Kind, PartyHeading, PostalHeading, Recognition

_Found = dict[str, Any]
_Table = dict[str, "str | _Table"]

_FILE = "file://"


def _party(who: str) -> _Table:
    return {
        f"{who}PartyIdentifier": f"{who} id",
        f"{who}OrganisationName": f"{who} name",
        f"{who}OrganisationTradingName": f"{who} trading name",
        f"{who}OrganisationTaxCode": f"{who} vat",
        f"{who}Code": f"{who} code",
        f"{who}PostalAddressDetails": {"CountryCode": f"{who} country"},
    }


_DOCUMENT: _Table = {
    "MessageTransmissionDetails": {
        "MessageSenderDetails": {"FromIdentifier": "from"},
        "MessageReceiverDetails": {"ToIdentifier": "to"},
    },
    "SellerPartyDetails": _party("Seller"),
    "SellerOrganisationUnitNumber": "from unit",
    "InvoiceRecipientOrganisationUnitNumber": "to recipient",
    "BuyerPartyDetails": {
        **_party("Buyer"),
        "BuyerPostalAddressDetails": {
            "BuyerStreetName": "streets",
            "BuyerTownName": "town",
            "BuyerPostCodeIdentifier": "post_code",
            "BuyerCountrySubdivision": "subdivision",
            "BuyerPostOfficeBoxIdentifier": "box",
            "CountryCode": "Buyer country",
        },
    },
    "BuyerCommunicationDetails": {"BuyerEmailaddressIdentifier": "email"},
    "BuyerOrganisationUnitNumber": "to unit",
    "InvoiceDetails": {
        "InvoiceTypeCode": "type",
        "InvoiceNumber": "number",
        "InvoiceDate": "issue_date",
        "OrderIdentifier": "order",
        "SellerReferenceIdentifier": "seller_reference",
        "BuyerReferenceIdentifier": "buyer_reference",
        "BuyersSellerIdentifier": "Seller number",
        "SellersBuyerIdentifier": "Buyer number",
        "InvoiceTotalVatExcludedAmount": "net",
        "InvoiceTotalVatIncludedAmount": "total",
        "PaymentTermsDetails": {"InvoiceDueDate": "due_date"},
    },
    "EpiDetails": {
        "EpiIdentificationDetails": {"EpiReference": "other_reference"},
        "EpiPartyDetails": {"EpiBeneficiaryPartyDetails": {"EpiAccountID": "account"}},
        "EpiPaymentInstructionDetails": {
            "EpiRemittanceInfoIdentifier": "reference",
            "EpiInstructedAmount": "payable",
            "EpiDateOptionDate": "epi_date",
        },
    },
    "InvoiceUrlNameText": "url_names",
    "InvoiceUrlText": "urls",
}
# What may occur more than once.
_LISTS = frozenset({"Seller code", "streets", "url_names", "urls"})


def _walk(element: etree._Element, table: _Table, found: _Found) -> _Found:
    for child in element:
        step = table.get(child.tag)  # type: ignore[arg-type]
        if step is None:
            continue
        if not isinstance(step, str):
            _walk(child, step, found)
        elif step in _LISTS:
            found.setdefault(step, []).append(child)
        elif step not in found or not stated(found[step]):
            found[step] = child
    return found


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """The heading of *root*, as its sender stated it; a credit note's negative amounts are positive.

    A frame without an invoice has parties and the number of its message. Raises ``MissingTerm`` without a number
    (BT-1); ``BadValue`` for a date or amount that is none and a value that is too long; ``UnreadableAttachment`` for
    too many links.
    """
    if root.tag == ENVELOPE:
        return _frame_heading(root)
    found = _walk(root, _DOCUMENT, {})
    get = found.get
    number = text_of(get("number"), "BT-1")
    if number is None:
        raise MissingTerm("The document has no number.", term="BT-1", place="Finvoice/InvoiceDetails/InvoiceNumber")
    kind = codes.kind_of(text_of(get("type"), "BT-3") or "")
    total, payable = get("total"), get("payable")
    with_vat = _amount(total, "BT-112")
    flip = kind is Kind.CREDIT_NOTE and (with_vat is None or with_vat <= 0)
    issued, due = _date(get("issue_date"), "BT-2"), _date(get("due_date"), "BT-9")
    if due is None:
        epi_date = _date(get("epi_date"), "BT-9")
        due = epi_date if epi_date != issued else None
    frame = root[0] if len(root) and root[0].tag == ENVELOPE else None
    sender, receiver = (_frame_party(frame, role) for role in ("Sender", "Receiver"))
    return Heading(
        kind=kind,
        number=number,
        issue_date=issued,
        due_date=due,
        currency=attribute_of(total, CURRENCY, "BT-5") if total is not None else None,
        net=_signed(_amount(get("net"), "BT-109"), flip),
        total=negated(with_vat) if flip and with_vat is not None else with_vat,
        payable=_signed(_amount(payable, "BT-115"), flip),
        seller=_party_heading(found, "Seller", _address((sender, get("from"), get("from unit")), "BT-34")),
        buyer=_party_heading(
            found, "Buyer", _address((receiver, get("to"), get("to recipient"), get("to unit")), "BT-49")
        ),
        payment_reference=_reference(get("reference"), get("other_reference")),
        account=_account(get("account")),
        buyer_reference=text_of(get("buyer_reference"), "BT-10"),
        order_reference=text_of(get("order"), "BT-13"),
        seller_reference=text_of(get("seller_reference"), "BT-14"),
        attachments=_attachments(get("url_names", []), get("urls", [])),
        buyer_email=text_of(get("email"), "BT-58", TEXT.text),
        buyer_address=_postal(found),
        on_paper=any((stated(to) or "").upper() == PRINT for to in (receiver, get("to")) if to is not None),
    )


def _frame_heading(root: etree._Element) -> Heading:
    sender, receiver = (_frame_party(root, role) for role in ("Sender", "Receiver"))
    return Heading(
        kind=Kind.OTHER,
        number=message_id(root),
        seller=PartyHeading(endpoint=_address((sender,), "BT-34")),
        buyer=PartyHeading(endpoint=_address((receiver,), "BT-49")),
    )


def _frame_party(frame: etree._Element | None, role: str) -> etree._Element | None:
    parties = frame_parties(frame, role) if frame is not None else []
    return parties[0][0] if parties else None


def _address(elements: tuple[etree._Element | None, ...], term: str) -> Identifier | None:
    return first_address(
        (value, attribute_of(element, SCHEME, term))
        for element in elements
        if element is not None and (value := text_of(element, term)) is not None
    )


def _postal(found: _Found) -> PostalHeading | None:
    """The buyer's address without fillers; a post office box is a line of it, as where the invoice is read whole."""

    def part(name: str, term: str) -> str | None:
        value = text_of(found.get(name), term, TEXT.text)
        return None if value in FILLERS else value

    streets = [text_of(element, "BT-50", TEXT.text) for element in found.get("streets", ())]
    lines = [line for line in streets if line is not None][:3]
    box = text_of(found.get("box"), "BT-50", TEXT.text)
    if box is not None and box not in lines and len(lines) < 3:
        lines.append(box)
    return postal_heading(
        (line for line in lines if line not in FILLERS),
        part("town", "BT-52"),
        part("post_code", "BT-53"),
        part("subdivision", "BT-54"),
    )


def _party_heading(found: _Found, who: str, address: Identifier | None) -> PartyHeading:
    get = found.get
    terms = _TERMS[who]
    name = text_of(get(f"{who} name"), terms[0], TEXT.text) or text_of(get(f"{who} trading name"), terms[0], TEXT.text)
    vat_id = text_of(get(f"{who} vat"), terms[3])
    codes_of = get(f"{who} code", [])
    identifiers = codes_of if isinstance(codes_of, list) else [codes_of]
    numbers = [element for element in (*identifiers, get(f"{who} number")) if element is not None]
    return PartyHeading(
        name=None if name in FILLERS else name,
        endpoint=address,
        identifiers=tuple(_identifier(element, terms[1]) for element in numbers if stated(element) is not None),
        business_id=_business_id(get(f"{who} id"), terms[2]),
        vat_id=vat_id_of(vat_id) if vat_id is not None and is_business_id_form(vat_id) else vat_id,
        country=text_of(get(f"{who} country"), terms[4]),
    )


_TERMS = {
    "Seller": ("BT-27", "BT-29", "BT-30", "BT-31", "BT-40"),
    "Buyer": ("BT-44", "BT-46", "BT-47", "BT-48", "BT-55"),
}


def _business_id(element: etree._Element | None, term: str) -> Identifier | None:
    value = text_of(element, term)
    if element is None or value is None:
        return None
    return Identifier(value, attribute_of(element, SCHEME, term) or business_id_scheme(value))


def _identifier(element: etree._Element, term: str) -> Identifier:
    scheme = attribute_of(element, SCHEME, term) or attribute_of(element, "IdentifierType", term)
    return Identifier(text_of(element, term) or "", scheme)


def _amount(element: etree._Element | None, term: str) -> Decimal | None:
    text = stated(element) if element is not None else None
    return decimal(text, element, term) if text is not None and element is not None else None


def _signed(value: Decimal | None, flip: bool) -> Decimal | None:
    return negated(value) if flip and value is not None else value


def _date(element: etree._Element | None, term: str) -> Any:
    text = stated(element) if element is not None else None
    return date_in(None, element, text, term) if text is not None and element is not None else None


def _reference(element: etree._Element | None, other: etree._Element | None) -> str | None:
    for candidate in (element, other):
        value = (text_of(candidate, "BT-83") or "").replace(" ", "")
        value = value.lstrip("0") if value.isdigit() else value
        if value and value not in FILLERS:
            return value
    return None


def _account(element: etree._Element | None) -> str | None:
    value = (text_of(element, "BT-84") or "").replace(" ", "")
    return value if value.strip("0") and value not in FILLERS else None


def _attachments(names: list[etree._Element], urls: list[etree._Element]) -> tuple[AttachmentHeading, ...]:
    """The links, each with the name in its place; a file beside the document is one by ``file://``."""
    if len(urls) > ATTACHMENT.count:
        raise UnreadableAttachment(
            f"The document has more than {ATTACHMENT.count} attachments.", term="BG-24", place=place_of(urls[0])
        )
    made = []
    for place, element in enumerate(urls):
        uri = text_of(element, "BT-124", TEXT.text)
        if uri is None:
            continue
        name = text_of(names[place], "BT-123", TEXT.text) if place < len(names) else None
        file = uri.removeprefix(_FILE) if uri.startswith(_FILE) else None
        made.append(AttachmentHeading(name=file or None, description=name, uri=uri))
    return tuple(made)
