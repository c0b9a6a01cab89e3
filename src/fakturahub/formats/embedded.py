"""What documents carry embedded (BG-24, BT-125): how it is decoded, and the names that it gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from fakturahub.errors import UnreadableAttachment
from fakturahub.formats.values import attribute_of, place_of
from fakturahub.intake import base64
from fakturahub.intake.filenames import UNKNOWN_TYPE, FlatNames, extension_of
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment, AttachmentHeading

_AS_STATED: Mapping[str, str] = {}


def attachment(
    content: etree._Element,
    number: str | None,
    description: str | None,
    taken: FlatNames,
    mime_of: Mapping[str, str] = _AS_STATED,
) -> Attachment:
    """What *content*, a binary object of UBL or CII, holds, under a safe name that none of those *taken* is.

    *number* is the identifier of the reference (BT-122); *mime_of* corrects types that senders write and that are
    none. Raises ``UnreadableAttachment`` for content that is no base64, empty or too large.
    """
    mime = (attribute_of(content, "mimeCode", "BT-125") or UNKNOWN_TYPE).lower()
    mime = mime_of.get(mime, mime)
    stated = attribute_of(content, "filename", "BT-125", TEXT.text)
    return Attachment(
        name=taken.of(stated or _made_of(number, mime)),
        mime=mime,
        content=base64.decode(content.text or "", term="BT-125", place=place_of(content)),
        description=description,
    )


def file_names(attachments: Iterable[AttachmentHeading]) -> tuple[str, ...]:
    """The names that the embedded ones of *attachments* have when they are decoded, in their order.

    Each is safe and unique in the document: the stated one, else made of the identifier of the reference (BT-122) and
    the usual extension of the MIME type.
    """
    taken = FlatNames()
    return tuple(
        taken.of(one.name or _made_of(one.id, one.mime or UNKNOWN_TYPE)) for one in attachments if one.embedded
    )


def _made_of(number: str | None, mime: str) -> str:
    # An identifier such as 2026/17 is no folder.
    return (number or "attachment").replace("/", "-").replace("\\", "-") + extension_of(mime)


def too_many(element: etree._Element) -> UnreadableAttachment:
    """What is raised at the supporting document that is one too many."""
    return UnreadableAttachment(
        f"The document has more than {ATTACHMENT.count:,} attachments.", term="BG-24", place=place_of(element)
    )
