"""What a Cross Industry Invoice carries embedded (BG-24, BT-125), decoded."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.cii.names import RAM, RSM
from fakturahub.formats.embedded import attachment, too_many
from fakturahub.formats.values import text_of
from fakturahub.intake.filenames import FlatNames
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment

_REFERENCES = f"{RSM}SupplyChainTradeTransaction/{RAM}ApplicableHeaderTradeAgreement/{RAM}AdditionalReferencedDocument"


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """The embedded attachments of *root* in their order; those that only have an address are in the heading.

    They are called what `embedded.file_names` says. Raises ``UnreadableAttachment`` for content that is no base64,
    empty or too large, and for too many attachments.
    """
    found: list[Attachment] = []
    taken = FlatNames()
    for reference in root.iterfind(_REFERENCES):
        content = reference.find(f"{RAM}AttachmentBinaryObject")
        if content is None:
            continue
        if len(found) == ATTACHMENT.count:
            raise too_many(content)
        number = text_of(reference.find(f"{RAM}IssuerAssignedID"), "BT-122", TEXT.text)
        description = (reference.findtext(f"{RAM}Name") or "").strip() or None
        found.append(attachment(content, number, description, taken))
    return tuple(found)
