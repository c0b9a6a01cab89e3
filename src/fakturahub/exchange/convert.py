"""Converting a document into the syntax that its receiver wants, and saying what was lost on the way. Pure.

What refuses a strict conversion is a value that the sender stated and the receiver can no longer find in the document:
one that the reader did not understand, and one that the writer could not carry or had to round or cut. Everything else
that a reader or writer tells is a remark, which the report holds beside the losses and which refuses nothing:

- ``as-text``: the value stands in a note or a free text, behind its name;
- ``recomputed``: it stands in another form that says the same (a figure of the other sign, a price by the hundred, an
  account as its IBAN, a VAT number for a business id), or the target demands a figure that follows from others and was
  made anew (the bar code);
- ``frame``: it was no value of the document: addresses of operators, identifiers and times of messages, checksums;
- the process and the specification that the document was written by (BT-23, BT-24): the written document names its own.

Whether losses are allowed is the caller's policy; the report is made either way and travels with the delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fakturahub import formats
from fakturahub.errors import ConversionLoss
from fakturahub.model import Attachment, Finding, Loss, Recognition

#: the ``why`` of what is still there, or never was a value of the document
REMARKS = frozenset({"as-text", "recomputed", "frame"})
_OF_THE_SYNTAX = frozenset({"BT-23", "BT-24"})
#: the wish that leaves every document as it came
ORIGINAL = "original"

_ONE_SPECIFICATION = {"peppol-bis-3", "ehf-3"}
_PEPPOL_BIS_3 = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
#: terms that the message of a refusal names
_NAMED = 8


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion did, in a form that JSON takes; kept with the delivery.

    Each entry of ``not_read``, ``not_written`` and ``remarks`` is an object of ``term`` (BT or BG number, or a path in
    the source), ``value``, ``why`` (the words stand at `Loss`) and, where known, ``place``.
    """

    #: names of syntaxes
    source: str
    target: str
    #: whether the bytes are those that came in
    unchanged: bool = False
    #: what the reader did not understand: lost
    not_read: tuple[Loss, ...] = ()
    #: what the writer could not carry: lost
    not_written: tuple[Loss, ...] = ()
    #: what is there in another form, or was no value of the document: not lost; what the reader says comes first
    remarks: tuple[Loss, ...] = ()
    #: differences in what the sender stated
    findings: tuple[Finding, ...] = ()
    #: names of the files that travel beside the document
    files: tuple[str, ...] = ()

    @property
    def losses(self) -> tuple[Loss, ...]:
        """All that was lost, what was not read first; what is only remarked is not among it."""
        return self.not_read + self.not_written

    def as_data(self) -> dict[str, Any]:
        """The report as objects of JSON."""
        data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return data


class Converted(msgspec.Struct, frozen=True):
    """A document in the syntax that was asked for."""

    data: bytes
    report: Report
    #: files that travel beside the document: those that came beside it and those its syntax has no place for
    files: tuple[Attachment, ...] = ()


def deliverable(recognition: Recognition, wanted: str) -> bool:
    """Whether a document can be had in the syntax *wanted*: as it is, or converted, whatever is lost then.

    Where it cannot (an order for a receiver of invoices in Finvoice, a payslip), the delivery passes it on as it came:
    a receiver's wish is for the documents that can be written so. ``convert`` refuses such a pair.
    """
    if is_as_wanted(recognition, wanted):
        return True
    source, target = formats.NAMES.get(recognition.syntax), formats.NAMES.get(wanted)
    return source is not None and target is not None and source.read and target.write and source.noun == target.noun


def convert(data: bytes, to: str, *, allow_loss: bool, files: Sequence[Attachment] = ()) -> Converted:
    """*data*, a document or a ZIP envelope with one, in the syntax *to*; *files* lie beside it.

    ``original`` and the syntax that the document is in already give its bytes unchanged. With *allow_loss* false
    anything lost refuses the conversion, however small: what is unimportant is the receiver's to say. What is told as a
    remark is not lost and never refuses.

    Raises ``UnwritableDocument`` for a name that is not written, a document that is not read whole and one of another
    kind than the syntax holds; ``ConversionLoss`` with the report; ``SeveralDocuments``; what ``formats.read`` raises.
    """
    enclosed = formats.enclosed(data)
    if files:
        enclosed = msgspec.structs.replace(enclosed, files=(*enclosed.files, *files))
    recognition = formats.recognise(enclosed.data)
    if is_as_wanted(recognition, to):
        # It is passed on as it is, and so it must be one document and readable as what it says it is.
        formats.open_document(enclosed.data)
        return _unchanged(enclosed, recognition)
    formats.check_writable(to)
    reading = formats.read(enclosed.data)
    noun, beside = formats.with_files(reading.noun, enclosed.files)
    writing = formats.write(noun, to)
    left_beside = (*writing.files, *beside)
    report = Report(
        source=recognition.syntax,
        target=to,
        not_read=tuple(loss for loss in reading.losses if not is_remark(loss)),
        not_written=tuple(loss for loss in writing.losses if not is_remark(loss)),
        remarks=tuple(loss for loss in reading.losses + writing.losses if is_remark(loss)),
        findings=reading.findings,
        files=tuple(file.name for file in left_beside),
    )
    if report.losses and not allow_loss:
        raise ConversionLoss(_sentence(report), report=report.as_data())
    return Converted(writing.data, report, left_beside)


def is_remark(loss: Loss) -> bool:
    """Whether what *loss* tells is still in the written document, or was no value of the one that came."""
    return loss.why in REMARKS or loss.term in _OF_THE_SYNTAX


def _unchanged(enclosed: formats.Enclosed, recognition: Recognition) -> Converted:
    names = tuple(file.name for file in enclosed.files)
    report = Report(source=recognition.syntax, target=recognition.syntax, unchanged=True, files=names)
    return Converted(enclosed.data, report, enclosed.files)


def is_as_wanted(recognition: Recognition, wanted: str) -> bool:
    """Whether a document is in the syntax *wanted* as it is, and goes on as it came."""
    if wanted in (ORIGINAL, recognition.syntax):
        return True
    # EHF Billing 3 is Peppol BIS Billing 3, under the same identifier; only extensions of it have others.
    return {wanted, recognition.syntax} == _ONE_SPECIFICATION and recognition.profile == _PEPPOL_BIS_3


def _sentence(report: Report) -> str:
    """What would be lost, by terms and places; the values are in the report only."""
    terms = list(dict.fromkeys(loss.term for loss in report.losses))
    named = ", ".join(term[:100] for term in terms[:_NAMED])
    count = "1 value" if len(report.losses) == 1 else f"{len(report.losses):,} values"
    more = f" and {len(terms) - _NAMED:,} more" if len(terms) > _NAMED else ""
    return f"Writing {report.source} as {report.target} would lose {count}: {named}{more}."
