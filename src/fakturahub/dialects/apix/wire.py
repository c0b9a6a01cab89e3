"""The terminal's wire messages: response envelopes, the list of storages, and the ZIP of one storage."""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from fakturahub import formats
from fakturahub.exchange.inbox import Content, Entry
from fakturahub.intake.filenames import safe_member_name
from fakturahub.model import Attachment, AttachmentHeading, Heading, Kind

#: All that clients were seen to take: with a charset, or any other type, one or the other of them breaks on a name that
#: is not ASCII (specification 1.1, measured). Bodies are ASCII with numeric references.
CONTENT_TYPE = "text/xml"

#: Months are those of the operator's country.
ZONE = ZoneInfo("Europe/Helsinki")

#: The name clients import; some take no other (specification 7.2).
DOCUMENT_NAME = "invoice.xml"

#: What the list shows for what is not known. An empty value breaks a client (specification 2.2).
UNKNOWN = "N/A"

Group = list[tuple[str, str]]

# what XML 1.0 cannot carry, not even as a reference
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(text: str) -> str:
    if text.isalnum():  # most values of a long list: nothing to look for
        return text
    return escape(_UNWRITABLE.sub("\ufffd", text))


@functools.cache
def _opening(name: str) -> str:
    return f"<Value type={quoteattr(name)}>"


def envelope(status: str, code: str, texts: list[str], groups: list[Group]) -> bytes:
    """A Response message (specification 2.2), in ASCII.

    ``<Status>`` is written so that a search for its literal bytes finds it; values that are empty are left out.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
        '<Response version="1.0">',
        f"<Status>{status}</Status>",
        f"<StatusCode>{code}</StatusCode>",
        *(f'<FreeText language="en">{_escaped(text)}</FreeText>' for text in texts),
    ]
    if groups:
        lines.append("<Content>")
        for group in groups:
            lines.append("<Group>")
            lines += [f"{_opening(name)}{_escaped(value)}</Value>" for name, value in group if value]
            lines.append("</Group>")
        lines.append("</Content>")
    else:
        lines.append("<Content/>")
    lines.append("</Response>\n")
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace")


def start_of_previous_month(now: datetime) -> datetime:
    """Where the list begins: it shows the current and the previous calendar month of the operator's country."""
    local = now.astimezone(ZONE)
    year, month = (local.year, local.month - 1) if local.month > 1 else (local.year - 1, 12)
    return datetime(year, month, 1, tzinfo=ZONE).astimezone(UTC)


def listed(entry: Entry, storage_key: str, now: datetime) -> Group:
    """One storage as ``list2`` shows it, its values in the order of the operator's example (specification 7.1).

    A storage on its way to a reader counts as received: who has its last byte finds it so, however soon he asks.
    """
    heading = entry.heading
    seller, buyer = heading.seller, heading.buyer
    amount = amount_to_pay(heading)
    received = entry.handed_out(now)
    return [
        ("DocumentID", heading.number or UNKNOWN),
        ("DueDate", _day(heading.due_date)),
        ("SellerReference", heading.seller_reference or UNKNOWN),
        ("SenderVAT", seller.vat_id or UNKNOWN),
        ("DocumentDate", _day(heading.issue_date)),
        ("PaymentStatus", payment_status(amount)),
        ("PaymentReference", heading.payment_reference or UNKNOWN),
        ("SenderName", seller.name or UNKNOWN),
        ("TransferStatus", "RETRIEVED" if received else "NEW"),
        ("ReceiverVAT", buyer.vat_id or UNKNOWN),
        ("DocumentName", DOCUMENT_NAME),
        ("ImageName", image_name(heading.attachments)),
        ("AmountToPay", UNKNOWN if amount is None else f"{amount:f}"),
        ("ReceiverId", buyer.business_id.value if buyer.business_id else UNKNOWN),
        ("CreatedDate", _day(entry.arrived_at.astimezone(ZONE).date())),
        ("ApprovalStatus", "NEUTRAL"),
        ("BankAccount", heading.account or UNKNOWN),
        ("OrderReference", heading.order_reference or UNKNOWN),
        ("Currency", heading.currency or UNKNOWN),
        ("ReceiverName", buyer.name or UNKNOWN),
        ("StorageKey", storage_key),
        ("StorageID", str(entry.id)),
        ("StorageStatus", "RECEIVED" if received else "UNRECEIVED"),
        ("DocumentOrigin", "eInvoice"),
    ]


def _day(day: date | None) -> str:
    return UNKNOWN if day is None else f"{day:%Y%m%d}"


def amount_to_pay(heading: Heading) -> Decimal | None:
    """AmountToPay: what the receiver owes.

    A credit note states what it gives back as a positive figure (EN 16931); here it is negative, as everywhere in
    Finvoice, or a client would pay it.
    """
    amount = heading.payable
    # copy_negate, because a minus sign would round to the context's precision
    return amount.copy_negate() if amount and heading.kind is Kind.CREDIT_NOTE else amount


def payment_status(amount: Decimal | None) -> str:
    """PaymentStatus: the syntaxes read so far do not state it, so the amount to pay decides [our choice]."""
    if amount is None or amount < 0:
        return UNKNOWN
    return "NOTPAID" if amount else "PAID"


def member_names(names: Sequence[str]) -> list[str]:
    """The names of attachments inside the ZIP: flat, and none of them twice or the document's own.

    Names as the document states them and names that are made safe already come out the same.
    """
    among: set[str] = set()
    safe = [safe_member_name(name, among) for name in names]
    taken = {DOCUMENT_NAME}
    return [safe_member_name(name, taken) for name in safe]


def image_name(attachments: Sequence[AttachmentHeading]) -> str:
    """ImageName: the first PDF in the ZIP, under the name it has there; unknown where the document gives it none."""
    inside = [one for one in attachments if one.embedded]
    beside = [one for one in attachments if one.beside]
    names = member_names([*formats.file_names(inside), *(one.name or UNKNOWN for one in beside)])
    images = (number for number, one in enumerate(inside + beside) if (one.mime or "").lower() == "application/pdf")
    first = next(images, None)
    return UNKNOWN if first is None else names[first]


def zipped(content: Content) -> bytes:
    """The ZIP of a storage: the document as ``invoice.xml`` and its attachments beside it, without folders.

    The same storage gives the same bytes each time.
    """
    made = content.entry.arrived_at.astimezone(ZONE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, DOCUMENT_NAME, content.data, made)
        for name, attachment in _named(content.attachments):
            _add(archive, name, attachment.content, made)
    return buffer.getvalue()


def _named(attachments: tuple[Attachment, ...]) -> list[tuple[str, Attachment]]:
    names = member_names([one.name for one in attachments])
    return list(zip(names, attachments, strict=True))


def _add(archive: zipfile.ZipFile, name: str, data: bytes, made: datetime) -> None:
    member = zipfile.ZipInfo(name, (made.year, made.month, made.day, made.hour, made.minute, made.second))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)
