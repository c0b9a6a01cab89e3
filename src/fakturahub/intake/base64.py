"""Base64 as documents embed it (RFC 4648, section 4; ``xs:base64Binary``)."""

from __future__ import annotations

import binascii

from fakturahub.errors import AttachmentTooLarge, EmptyAttachment, UnreadableAttachment
from fakturahub.intake.limits import ATTACHMENT


def decode(text: str, *, limit: int = ATTACHMENT.one, term: str | None = None, place: str | None = None) -> bytes:
    """The bytes that *text* stands for.

    White space is allowed anywhere, as senders break the lines; nothing else is: no other alphabet, no missing
    padding, no data after it, so that a content cut short or wrapped in something else is noticed. *limit* is the
    largest result in bytes, checked before anything is decoded.

    Raises ``UnreadableAttachment``, of its kinds ``EmptyAttachment`` and ``AttachmentTooLarge``.
    """
    # Four characters make three bytes; line breaks may add to them, so the packed length decides below.
    if len(text) > limit // 3 * 4 + 4:
        text = "".join(text.split())
        if len(text) > limit // 3 * 4 + 4:
            raise AttachmentTooLarge(_too_large(len(text) // 4 * 3, limit), term=term, place=place)
    try:
        packed = text.encode("ascii")
    except UnicodeEncodeError as fault:
        character = text[fault.start]
        raise UnreadableAttachment(
            f"The attachment is not base64: U+{ord(character):04X} does not belong to its alphabet.",
            term=term,
            place=place,
        ) from None
    packed = packed.translate(None, b" \t\r\n")
    if not packed:
        raise EmptyAttachment("The attachment is empty.", term=term, place=place)
    try:
        content = binascii.a2b_base64(packed, strict_mode=True)
    except binascii.Error as fault:
        raise UnreadableAttachment(f"The attachment is not base64: {fault}.", term=term, place=place) from None
    if len(content) > limit:
        raise AttachmentTooLarge(_too_large(len(content), limit), term=term, place=place)
    return content


def _too_large(size: int, limit: int) -> str:
    return f"The attachment has {size:,} bytes; the limit is {limit:,}."
