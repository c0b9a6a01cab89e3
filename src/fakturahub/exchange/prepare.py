"""What a delivery hands over where its receiver wants another syntax than the document came in. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fakturahub import formats
from fakturahub.errors import ConversionLoss, DocumentRefused
from fakturahub.exchange.convert import Report, convert, deliverable
from fakturahub.formats.envelope import name_beside
from fakturahub.model import Attachment, AttachmentHeading, Heading, Recognition


class Written(msgspec.Struct, frozen=True):
    """A document as it was written for its receiver."""

    data: bytes
    recognition: Recognition
    #: with the files beside it among the attachments, so that lists name them as they are handed over
    heading: Heading
    files: tuple[Attachment, ...]


class Preparation(msgspec.Struct, frozen=True):
    #: kept with the delivery
    report: Report
    #: None: it is handed over as it came, or not at all
    written: Written | None = None
    #: why it cannot be handed over
    refusal: DocumentRefused | None = None


def prepare(data: bytes, wanted: str, *, allow_loss: bool, files: Sequence[Attachment] = ()) -> Preparation:
    """*data*, one document as it came with *files* beside it, for a receiver that wants it in the syntax *wanted*.

    What is not written in that syntax (an order for a receiver of invoices in Finvoice) is handed over as it came.
    With *allow_loss* false a conversion that would lose something is refused, and so is one of a document whose values
    cannot be read: neither is changed by trying again, but by another policy, or by the sender.
    """
    recognition = formats.recognise(data)
    if not deliverable(recognition, wanted):
        return Preparation(Report(source=recognition.syntax, target=wanted, unchanged=True))
    try:
        converted = convert(data, wanted, allow_loss=allow_loss, files=files)
        if converted.report.unchanged:
            return Preparation(converted.report)
        opened = formats.open_document(converted.data)
    except ConversionLoss as loss:
        return Preparation(msgspec.convert(loss.report, Report), refusal=loss)
    except DocumentRefused as refusal:
        return Preparation(Report(source=recognition.syntax, target=wanted), refusal=refusal)
    heading = with_files(opened.heading, converted.files)
    return Preparation(converted.report, Written(converted.data, opened.recognition, heading, converted.files))


def with_files(heading: Heading, files: Sequence[Attachment]) -> Heading:
    """*heading* with *files* among its attachments; one that the document names stands there already.

    A document names a file by ``file://`` or, such as a payslip, by its name alone.
    """
    if not files:
        return heading
    waiting = {file.name.casefold(): file for file in files}
    attachments = []
    for one in heading.attachments:
        name = name_beside(one)
        file = None if name is None else waiting.pop(name.casefold(), None)
        attachments.append(one if file is None else _named(one, file))
    attachments += [_named(AttachmentHeading(), file) for file in waiting.values()]
    return msgspec.structs.replace(heading, attachments=tuple(attachments))


def _named(heading: AttachmentHeading, file: Attachment) -> AttachmentHeading:
    return msgspec.structs.replace(heading, name=file.name, mime=file.mime, beside=True)
