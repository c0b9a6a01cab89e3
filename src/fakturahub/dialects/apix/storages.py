"""What a storage shows of itself: in the lists, its files, the ZIP that they are fetched in (specification 7)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from fakturahub import formats
from fakturahub.dialects.apix.delivered import as_delivered
from fakturahub.dialects.apix.wire import UNKNOWN, Group
from fakturahub.exchange.inbox import Content, Entry, Origin
from fakturahub.exchange.retention import ZONE, kept_since
from fakturahub.intake.filenames import safe_member_name
from fakturahub.model import AttachmentHeading, Heading, Kind

#: The name clients import; some take no other (specification 7.2).
DOCUMENT_NAME = "invoice.xml"

#: StorageStatus -> the word of the older list (specification 7, "Received or Unreceived")
SHORT = {"UNRECEIVED": "Unreceived", "RECEIVED": "Received", "DELETED": "Deleted"}

_STAMP = "%Y%m%d%H%M%S"


def is_gone(entry: Entry, now: datetime) -> bool:
    """Whether a storage can no longer be fetched, though the chore that removes it may not have come round yet."""
    return entry.removed_at is not None or entry.arrived_at < kept_since(now)


def status_of(entry: Entry, now: datetime) -> tuple[str, str]:
    """StorageStatus and TransferStatus.

    A storage on its way to a reader counts as received: who has its last byte finds it so, however soon he asks. `NEW`
    (still being created) does not occur: a storage is there from the moment on that it is whole.
    """
    if is_gone(entry, now):
        return "DELETED", UNKNOWN
    return ("RECEIVED", "RETRIEVED") if entry.handed_out(now) else ("UNRECEIVED", "NEW")


def start_of_previous_month(now: datetime) -> datetime:
    """Where the list begins: it shows the current and the previous calendar month of the operator's country."""
    local = now.astimezone(ZONE)
    year, month = (local.year, local.month - 1) if local.month > 1 else (local.year - 1, 12)
    return datetime(year, month, 1, tzinfo=ZONE).astimezone(UTC)


def listed(entry: Entry, storage_key: str, now: datetime) -> Group:
    """One storage as ``list2`` shows it, its values in the order of the operator's example (specification 7.1)."""
    heading = entry.heading
    seller, buyer = heading.seller, heading.buyer
    amount = amount_to_pay(heading)
    storage_status, transfer_status = status_of(entry, now)
    return [
        ("DocumentID", heading.number or UNKNOWN),
        ("DueDate", _day(heading.due_date)),
        ("SellerReference", heading.seller_reference or UNKNOWN),
        ("SenderVAT", seller.vat_id or UNKNOWN),
        ("DocumentDate", _day(heading.issue_date)),
        ("PaymentStatus", payment_status(amount)),
        ("PaymentReference", heading.payment_reference or UNKNOWN),
        ("SenderName", seller.name or UNKNOWN),
        ("TransferStatus", transfer_status),
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
        ("StorageStatus", storage_status),
        ("DocumentOrigin", "eInvoice"),
    ]


def listed_in_short(entry: Entry, storage_key: str, now: datetime) -> Group:
    """One storage as the older ``list`` shows it; both spellings of its id are in use (specification 7)."""
    return [
        ("StorageID", str(entry.id)),
        ("StorageId", str(entry.id)),
        ("StorageKey", storage_key),
        ("Status", SHORT[status_of(entry, now)[0]]),
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


def files_of(content: Content, *, framed: bool = False) -> list[tuple[str, bytes]]:
    """The members of a storage's ZIP: the document first, then its attachments, without folders.

    *framed*: its company wants the frame before a Finvoice, which is taken away otherwise.
    """
    names = member_names([one.name for one in content.attachments])
    beside = {one.name: name for one, name in zip(content.attachments, names, strict=True)}
    document = as_delivered(content.data, content.entry.recognition.syntax, beside, framed=framed)
    contents = (one.content for one in content.attachments)
    return [(DOCUMENT_NAME, document), *zip(names, contents, strict=True)]


def zipped(content: Content, *, framed: bool = False) -> bytes:
    """The ZIP of a storage, as `files_of` gives it. The same storage gives the same bytes each time."""
    made = content.entry.arrived_at.astimezone(ZONE)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files_of(content, framed=framed):
            _add(archive, name, data, made)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, made: datetime) -> None:
    member = zipfile.ZipInfo(name, (made.year, made.month, made.day, made.hour, made.minute, made.second))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)


def described(
    content: Content, origin: Origin | None, email: str | None, now: datetime, *, framed: bool = False
) -> list[Group]:
    """The groups of ``metadata``: the storage, then each of its files in the order of the ZIP (specification 7.4).

    The names of keys are free; ``email`` is the operator's own example, the others are [our choice].
    """
    entry, heading = content.entry, content.entry.heading
    seller = heading.seller
    storage: Group = [
        ("email", email or UNKNOWN),
        ("StorageID", str(entry.id)),
        ("StorageStatus", status_of(entry, now)[0]),
        ("CreatedDate", f"{entry.arrived_at:{_STAMP}}"),
        ("SenderName", seller.name or UNKNOWN),
        ("SenderYtunnus", seller.business_id.value if seller.business_id else UNKNOWN),
        ("BatchID", str(origin.submission_id) if origin is not None else UNKNOWN),
        ("ChannelName", "eInvoice"),
        ("OriginalSyntax", entry.original_syntax or UNKNOWN),
    ]
    if entry.received_at is not None:
        storage.append(("ReceivedDate", f"{entry.received_at:{_STAMP}}"))
    groups = [storage]
    for place, (name, data) in enumerate(files_of(content, framed=framed)):
        mime = "application/xml" if place == 0 else content.attachments[place - 1].mime
        group = [("FileName", name), ("Size", str(len(data))), ("SHA-256", hashlib.sha256(data).hexdigest())]
        group.append(("Syntax", entry.recognition.syntax if place == 0 else UNKNOWN))
        groups.append([*group, ("MimeType", mime)])
    return groups
