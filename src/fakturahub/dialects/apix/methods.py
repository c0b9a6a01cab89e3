"""``method`` and the older ``pricing``: which way a document would go, and at what price (specification 6.4).

Here is what a question states and how an answer is written; the decision is the exchange's.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

import msgspec

from fakturahub.dialects.apix.balance import in_credits
from fakturahub.dialects.apix.requests import Stated
from fakturahub.dialects.apix.wire import UNKNOWN, Group
from fakturahub.errors import BadRequest

#: what a message is unless it is said
MESSAGE_TYPE = "eInvoice"
#: where a receiver is unless it is said, ISO 3166-1
COUNTRY = "FI"

_PAGES = re.compile(r"[1-9][0-9]{0,3}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class Asked(msgspec.Struct, frozen=True):
    """One question. Answers are matched by their place: numbers of documents may repeat or be missing."""

    document_id: str | None
    sender_name: str | None
    sender_ytunnus: str | None
    receiver_name: str | None
    #: ISO 3166-1
    receiver_country: str
    #: these three win over the name, whatever it says, in this order: the address, the OVT, the business id
    address: str | None
    ovt: str | None
    ytunnus: str | None
    message_type: str | None
    #: of the letter, where it would be one
    pages: int | None


class Way(msgspec.Struct, frozen=True):
    """What was decided for a question."""

    #: None: there is no way
    channel: Literal["eInvoice", "Paper", "email", "EDI", "Netpost", "e-lasku", "Suoramaksu"] | None
    #: None: it is not told, as in the operator's example of an e-invoice
    cost: Decimal | None = None
    #: of the receiver that was found, for eInvoice and EDI
    receiver_ytunnus: str | None = None
    #: the next four are told of letters only
    pages: int = 1
    postal_class: Literal[1, 2] = 2
    colour: bool = False
    country: Literal["FI", "EU", "OTHER"] = "FI"
    #: why there is no way
    remark: str | None = None


def asked(stated: Stated) -> Asked:
    """What a group of the message asks, in the words of either call; a question may state next to nothing.

    Raises `BadRequest` for pages and a country that are none.
    """
    pages = stated.get("LetterPages") or None
    country = (stated.get("ReceiverCountryCode") or COUNTRY).upper()
    if pages is not None and not _PAGES.fullmatch(pages):
        raise BadRequest("LetterPages is a number from 1 to 9999.")
    if not _COUNTRY.fullmatch(country):
        raise BadRequest("ReceiverCountryCode is a code of ISO 3166-1, such as FI.")
    return Asked(
        document_id=stated.get("DocumentID") or None,
        sender_name=stated.get("SenderName") or stated.get("Sender") or None,
        sender_ytunnus=stated.get("SenderYtunnus") or None,
        receiver_name=stated.get("ReceiverName") or stated.get("Receiver") or None,
        receiver_country=country,
        # both spellings: the page's own, and what it must have meant
        address=stated.get("ReceivereInvoiceAddress") or stated.get("ReceiverEInvoiceAddress") or None,
        ovt=stated.get("ReceiverOVT") or None,
        ytunnus=stated.get("ReceiverYtunnus") or None,
        message_type=stated.get("MessageType") or None,
        pages=None if pages is None else int(pages),
    )


def answered(question: Asked, way: Way) -> Group:
    """The group of an answer, its values in the order of the operator's examples.

    ``AccountingCopy`` is in all of them, and what it means nobody says; it is written as it stands there.
    """
    letter = way.channel == "Paper"
    return [
        ("DocumentID", question.document_id or ""),
        ("LetterClass", str(way.postal_class) if letter else ""),
        ("CostInCredits", "" if way.cost is None else in_credits(way.cost)),
        ("LetterPages", str(way.pages) if letter else ""),
        ("ReceiverYtunnus", (way.receiver_ytunnus or "") if way.channel in ("eInvoice", "EDI") else ""),
        ("AccountingCopy", "YES"),
        ("SenderYtunnus", question.sender_ytunnus or UNKNOWN),
        ("LetterCountry", way.country if letter else ""),
        ("ChannelName", way.channel or ""),
        ("LetterPrintColor", ("COLOR" if way.colour else "BW") if letter else ""),
        ("SenderName", question.sender_name or UNKNOWN),
        ("ReceiverName", question.receiver_name or UNKNOWN),
        ("MessageType", question.message_type or ""),
        ("ValidateText", way.remark or ""),
    ]
