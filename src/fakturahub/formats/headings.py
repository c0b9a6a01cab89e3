"""The heading of an invoice that was read whole, for syntaxes without a faster way to it.

It agrees with what ``ubl.read.heading`` takes from a UBL document of the same content.
"""

from __future__ import annotations

from fakturahub.errors import MissingTerm
from fakturahub.model import AttachmentHeading, Heading, Kind, PartyHeading
from fakturahub.model.invoice import Invoice, Party, SupportingDocument


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
    )


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
