"""The heading of a document: by a walk over the elements that hold it and no others, or of an invoice read whole.

UBL and CII walk: the tables of what is looked for are theirs, the walk and what is made of a party and of an attachment
is here. Both ways give the same heading; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm
from fakturahub.formats.values import attribute_of, identifier_of, place_of, text_of
from fakturahub.intake.limits import TEXT
from fakturahub.model import AttachmentHeading, Heading, Kind, PartyHeading, PostalHeading
from fakturahub.model.invoice import Invoice, Party, PostalAddress, SupportingDocument

#: what a walk found: a name of ours -> the first element of that meaning with a text, or a list for what may repeat
Found = dict[str, Any]
#: takes one element into what was found
Take = Callable[[etree._Element, Found], None]
#: a qualified name -> what the element is: a name in `Found`, a table for its children, or a function that takes it
Table = dict[str, "str | Table | Take"]

#: name, electronic address, identifiers, legal registration, VAT number, country
SELLER_TERMS = ("BT-27", "BT-34", "BT-29", "BT-30", "BT-31", "BT-40")
BUYER_TERMS = ("BT-44", "BT-49", "BT-46", "BT-47", "BT-48", "BT-55")


def look(element: etree._Element, table: Table, found: Found, *only: str) -> Found:
    """Take the children of *element* that *table* names into *found*; with *only*, pass over all but those."""
    for child in element.iterchildren(*only) if only else element:
        # The parser left comments out; were there any, their tag would be no key of a table.
        step = table.get(child.tag)  # type: ignore[arg-type]
        if step is None:
            continue
        if type(step) is str:
            if step not in found or not (found[step].text or "").strip():
                found[step] = child
        elif type(step) is dict:
            look(child, step, found)
        else:
            step(child, found)  # type: ignore[operator]
    return found


def identification(element: etree._Element, found: Found) -> None:
    """Take *element* as one of the further identifiers of a party (BT-29, BT-46)."""
    identifications = found.setdefault("identifications", [])
    if len(identifications) == TEXT.identifiers:
        raise BadValue(
            f"A party has more than {TEXT.identifiers} identifiers.", term="BT-29 or BT-46", place=place_of(element)
        )
    identifications.append(element)


def party_of(
    found: Found | None, name: str, endpoint: str, identifier: str, business_id: str, vat: str, country: str
) -> PartyHeading:
    """The party that was *found*; the others are its terms, such as ``SELLER_TERMS``."""
    if found is None:
        return PartyHeading()
    get = found.get
    stated = [identifier_of(element, identifier) for element in get("identifications", ())]
    return PartyHeading(
        name=text_of(get("name"), name, TEXT.text) or text_of(get("trading_name"), name, TEXT.text),
        endpoint=identifier_of(get("endpoint"), endpoint),
        identifiers=tuple(one for one in stated if one is not None),
        business_id=identifier_of(get("business_id"), business_id),
        vat_id=text_of(get("vat"), vat),
        country=text_of(get("country"), country),
    )


def postal_of(found: Found | None) -> PostalHeading | None:
    """The postal address (BG-8) that was *found* with the buyer, under the names of the fields of ``PostalAddress``."""
    if found is None or "postal" not in found:
        return None
    get = found["postal"].get
    lines = [text_of(get(name), "BT-50", TEXT.text) for name in ("line1", "line2", "line3")]
    house = text_of(get("house"), "BT-50")
    if house is not None:
        lines[0] = house if lines[0] is None else f"{lines[0]} {house}"
    return postal_heading(
        lines,
        text_of(get("city"), "BT-52", TEXT.text),
        text_of(get("post_code"), "BT-53", TEXT.text),
        text_of(get("subdivision"), "BT-54", TEXT.text),
    )


def postal_heading(
    lines: Iterable[str | None], city: str | None, post_code: str | None, subdivision: str | None = None
) -> PostalHeading | None:
    """A postal address of what there is of it; None where there is nothing."""
    stated = tuple(line for line in lines if line)
    if not (stated or city or post_code or subdivision):
        return None
    return PostalHeading(stated, city, post_code, subdivision)


def email_of(found: Found | None) -> str | None:
    """The e-mail address of the buyer's contact (BT-58) that was *found* with the buyer."""
    return None if found is None else text_of(found.get("email"), "BT-58", TEXT.text)


def attachment_of(found: Found) -> AttachmentHeading:
    """The supporting document (BG-24) that was *found*."""
    get = found.get
    embedded = get("embedded")
    return AttachmentHeading(
        id=text_of(get("id"), "BT-122"),
        name=None if embedded is None else attribute_of(embedded, "filename", "BT-125", TEXT.text),
        mime=None if embedded is None else attribute_of(embedded, "mimeCode", "BT-125"),
        description=text_of(get("description"), "BT-123", TEXT.text)
        or text_of(get("old_description"), "BT-123", TEXT.text),
        uri=text_of(get("uri"), "BT-124", TEXT.text),
        embedded=embedded is not None,
    )


def heading_of(invoice: Invoice) -> Heading:
    """The heading of *invoice*: a credit note by its type code (BT-3), the first account, all supporting documents.

    Raises ``MissingTerm`` without a number (BT-1), which no document can be listed without.
    """
    if invoice.number is None:
        raise MissingTerm("The document has no number.", term="BT-1")
    payment = invoice.payment
    transfers = payment.transfers if payment is not None else ()
    return Heading(
        kind=Kind.CREDIT_NOTE if invoice.is_credit_note else Kind.INVOICE,
        number=invoice.number,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        net=invoice.totals.without_vat,
        total=invoice.totals.with_vat,
        payable=invoice.totals.payable,
        seller=_party(invoice.seller),
        buyer=_party(invoice.buyer),
        payment_reference=payment.remittance if payment is not None else None,
        account=transfers[0].account if transfers else None,
        buyer_reference=invoice.buyer_reference,
        order_reference=invoice.order,
        seller_reference=invoice.sales_order,
        attachments=tuple(_attachment(document) for document in invoice.supporting),
        buyer_email=invoice.buyer.contact.email if invoice.buyer.contact is not None else None,
        buyer_address=_postal(invoice.buyer.address),
    )


def _postal(address: PostalAddress | None) -> PostalHeading | None:
    if address is None:
        return None
    lines = (address.line1, address.line2, address.line3)
    return postal_heading(lines, address.city, address.post_code, address.subdivision)


def _party(party: Party) -> PartyHeading:
    return PartyHeading(
        name=party.name or party.trading_name,
        endpoint=party.endpoint,
        identifiers=party.identifiers,
        business_id=party.legal_id,
        vat_id=party.vat_id,
        country=party.address.country if party.address is not None else None,
    )


def _attachment(document: SupportingDocument) -> AttachmentHeading:
    attached = document.attachment
    return AttachmentHeading(
        id=document.reference,
        name=attached.name if attached is not None else None,
        mime=attached.mime if attached is not None else None,
        description=document.description,
        uri=document.uri,
        embedded=attached is not None,
    )
