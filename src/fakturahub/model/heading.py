"""The heading of a document: what is needed to list, route and account for it, without reading it whole.

Reading a whole document costs many times what reading its heading does, and the exchange reads a heading for every
submission. The whole noun is read where a document is converted, rendered or shown.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from fakturahub.model.party import PartyHeading, PostalHeading


class Kind(StrEnum):
    """What a document is in business terms, whatever its syntax."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit-note"
    REMINDER = "reminder"
    RESPONSE = "response"
    ORDER = "order"
    LETTER = "letter"
    PAYSLIP = "payslip"
    OTHER = "other"


class AttachmentHeading(msgspec.Struct, frozen=True, omit_defaults=True):
    """BG-24, an additional supporting document, without its content."""

    #: BT-122
    id: str | None = None
    #: file name of an embedded attachment (BT-125-2)
    name: str | None = None
    #: MIME type of an embedded attachment (BT-125-1)
    mime: str | None = None
    #: BT-123
    description: str | None = None
    #: BT-124, the place of an attachment that is not embedded
    uri: str | None = None
    #: whether the content travels inside the document (BT-125)
    embedded: bool = False
    #: whether the content travels beside the document, as a file of that name
    beside: bool = False


class Heading(msgspec.Struct, frozen=True, omit_defaults=True):
    """The terms of a document that lists show and routing uses, as the sender stated them."""

    kind: Kind
    #: BT-1
    number: str | None = None
    #: BT-2
    issue_date: date | None = None
    #: BT-9
    due_date: date | None = None
    #: BT-5, ISO 4217
    currency: str | None = None
    #: BT-109, total without VAT
    net: Decimal | None = None
    #: BT-112, total with VAT
    total: Decimal | None = None
    #: BT-115, amount due for payment
    payable: Decimal | None = None
    #: BG-4
    seller: PartyHeading = PartyHeading()
    #: BG-7
    buyer: PartyHeading = PartyHeading()
    #: BT-83, remittance information
    payment_reference: str | None = None
    #: BT-84, the account to pay to (IBAN or national)
    account: str | None = None
    #: BT-10
    buyer_reference: str | None = None
    #: BT-13
    order_reference: str | None = None
    #: BT-14, the seller's own order reference
    seller_reference: str | None = None
    #: of a response the number of the document that it answers, and its code (UBL ``cbc:ResponseCode``)
    answered: str | None = None
    response: str | None = None
    #: BG-24
    attachments: tuple[AttachmentHeading, ...] = ()
    #: BT-58, e-mail addresses of the buyer's contact
    buyer_email: str | None = None
    #: BG-8; of a letter or a payslip the address of who gets it
    buyer_address: PostalHeading | None = None
    #: the document is addressed to a print service (Finvoice ``TULOSTUS``), or is a letter
    on_paper: bool = False


class Recognition(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file is, from its bytes alone."""

    #: the name as users type it: ``peppol-bis-3``, ``ubl-2.1``, ``finvoice-3.0`` ...
    syntax: str
    #: the syntax's own version
    version: str | None = None
    #: the customisation or profile the document claims (BT-24), as stated
    profile: str | None = None
    #: the character set the bytes are in, in lower case
    charset: str = "utf-8"
    #: how many documents the file holds
    documents: int = 1
    #: one sentence for a person: what in the bytes decided
    why: str = ""


class Attachment(msgspec.Struct, frozen=True):
    """An attachment with its content decoded."""

    #: a file name without folders, unique within its document
    name: str
    mime: str
    content: bytes
    description: str | None = None
