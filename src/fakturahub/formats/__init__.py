"""Documents in, nouns out: recognise a document, read and write it, whatever its syntax.

Each syntax family is a folder with ``detect.py`` and ``read.py`` and stands in ``SYNTAXES``; nothing outside this room
names a folder. All functions take the bytes as they came and raise the errors of ``intake.xml`` for bytes that are no
safe XML document, those of ``intake.zip`` for a ZIP archive that is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec
from lxml import etree

from fakturahub.errors import (
    DocumentRefused,
    FakturahubError,
    SeveralDocuments,
    TransferUnreadable,
    UnknownDocument,
    UnwritableDocument,
)
from fakturahub.formats import cii, finvoice, letters, payslip, ubl
from fakturahub.formats.embedded import file_names
from fakturahub.formats.envelope import (
    Enclosed,
    Envelope,
    Found,
    enclose,
    files_named,
    looks_like_xml,
    names_of_files,
    with_files,
)
from fakturahub.formats.in_words import in_words
from fakturahub.formats.syntax import Name, Reading, Syntax, Writing, names_of
from fakturahub.formats.ubl.documents import OTHER_DOCUMENTS
from fakturahub.formats.walk import stray
from fakturahub.intake.xml import Sniffed, parse, refuse_internal_subset, sniff
from fakturahub.intake.zip import Archive, Member, is_zip, open_zip
from fakturahub.model import Attachment, Heading, Recognition
from fakturahub.model.invoice import Noun

__all__ = [
    "NAMES",
    "SYNTAXES",
    "Enclosed",
    "Envelope",
    "Name",
    "Opened",
    "Parsed",
    "Reading",
    "Syntax",
    "Writing",
    "attachments",
    "check_writable",
    "documents",
    "enclosed",
    "file_names",
    "has_marks",
    "open_document",
    "open_envelope",
    "parsed",
    "pieces",
    "read",
    "read_heading",
    "recognise",
    "unframed",
    "with_files",
    "write",
]

#: asked in this order; the first that knows the document has it
SYNTAXES: tuple[Syntax, ...] = (ubl.SYNTAX, cii.SYNTAX, finvoice.SYNTAX, letters.SYNTAX, payslip.SYNTAX)

#: every name that ``recognise`` gives and ``write`` takes, and what can be done with it
NAMES: Mapping[str, Name] = names_of(SYNTAXES, OTHER_DOCUMENTS)

# How a comment and a processing instruction begin, in character sets of one byte and of two.
_MARK = re.compile(rb"<(?:\?|!--)")
_WIDE_MARK = re.compile(rb"<\0(?:\?\0|!\0-\0-)")


class Opened(msgspec.Struct, frozen=True):
    """A document that was looked at, recognised and parsed once."""

    recognition: Recognition
    heading: Heading
    #: the parsed document, for whoever has to read more of it
    root: etree._Element
    syntax: Syntax

    def attachments(self) -> tuple[Attachment, ...]:
        """What is embedded in the document, decoded. Raises ``UnreadableAttachment``."""
        return self.syntax.attachments(self.root)

    def read(self) -> Reading:
        """The whole document as a noun; see ``formats.read``."""
        return _read(self.syntax, self.root, self.recognition)


class Parsed(msgspec.Struct, frozen=True):
    """A document of which nothing was read yet."""

    #: None: XML that no syntax here knows
    recognition: Recognition | None
    root: etree._Element


def recognise(data: bytes) -> Recognition:
    """What *data* is, without parsing it. Raises ``UnknownDocument`` with the root element and namespace found.

    Of a ZIP envelope: what the first document in it is, how many documents there are in all, and that it is a ZIP.
    """
    if is_zip(data):
        return _recognise_envelope(open_zip(data))
    return _recognise(sniff(data))[1]


def documents(data: bytes) -> tuple[bytes, ...]:
    """The documents in *data*, each whole and with its frame if it has one; *data* itself when it is one.

    Of a ZIP envelope: the documents in it, without the files beside them; see ``open_envelope``.
    """
    if is_zip(data):
        return tuple(document.data for document in open_envelope(data).documents)
    return _split(data)


def pieces(data: bytes) -> tuple[bytes, ...]:
    """What stands one after another in the file *data*, as `documents` gives it, be it known or not.

    Where the first document is none that is known, those behind it may be: a file of Finvoice is cut all the same.
    """
    sniffed = sniff(data)
    try:
        return _split(data)
    except UnknownDocument:
        return finvoice.split(sniffed) if sniffed.root in ("Finvoice", "Envelope") else (data,)


def open_document(data: bytes) -> Opened:
    """Recognise, parse and read the heading, each once.

    Raises ``UnknownDocument``, ``MissingTerm``, ``BadValue``, ``SeveralDocuments``. What is no readable XML is told
    as that before it is told to be unknown: the one is a transfer to be sent again, the other a document that came.
    """
    sniffed = sniff(data)
    try:
        syntax, recognition, root = _parse(sniffed)
    except UnknownDocument:
        parse(sniffed)
        raise
    return Opened(recognition, syntax.heading(root, recognition), root, syntax)


def parsed(data: bytes, *, unknown: bool = False) -> Parsed:
    """Recognise and parse, whatever the values in it are; with *unknown* any XML, several documents in one file, too.

    The tree is whole: comments and processing instructions stand in it, which readers do not want and rules may see.

    Raises ``UnknownDocument`` and ``SeveralDocuments``, with *unknown* neither.
    """
    sniffed = sniff(data)
    try:
        _, recognition, root = _parse(sniffed, whole=True)
    except (UnknownDocument, SeveralDocuments):
        if not unknown:
            raise
        return Parsed(None, parse(sniffed, allow_external_doctype=True, whole=True))
    return Parsed(recognition, root)


def has_marks(data: bytes) -> bool:
    """Whether there is a comment or a processing instruction behind the XML declaration of *data*, in any charset."""
    if _MARK.search(data, 4) is not None:
        return True
    return b"\0" in data and _WIDE_MARK.search(data, 4) is not None


def open_envelope(data: bytes, *, as_sent: bool = False) -> Envelope:
    """The documents in the ZIP envelope *data*, each with the files that belong to it; *as_sent*: see ``enclose``.

    Raises ``UnknownDocument`` when there is none; an XML file that would be the document and is refused says why.
    """
    archive = open_zip(data)
    found: list[Found] = []
    for member, content, _ in _members(archive):
        found.extend(Found(member, one, _names_in(one)) for one in _split(content))
    named = {name.rpartition("/")[2].casefold() for one in found for name in one.names}
    # An invoice that another one names as its attachment is an attachment.
    kept = [one for one in found if one.member.name.casefold() not in named]
    return enclose(archive, kept or found, as_sent=as_sent)


def xml_members(data: bytes) -> tuple[Enclosed, ...]:
    """All XML in the ZIP archive *data*, documents that the hub knows or not; raises ``UnknownDocument`` for none."""
    archive = open_zip(data)
    found = [Enclosed(one.name, archive.content(one)) for one in archive.members if looks_like_xml(archive, one)]
    if not found:
        raise UnknownDocument("There is no XML in the ZIP archive.")
    return tuple(found)


def enclosed(data: bytes) -> Enclosed:
    """The one document in *data*, with the files beside it where *data* is a ZIP envelope.

    Raises ``SeveralDocuments`` for an envelope of more than one, and what ``open_envelope`` raises.
    """
    if not is_zip(data):
        return Enclosed("", data)
    found = open_envelope(data).documents
    if len(found) != 1:
        raise SeveralDocuments(f"The ZIP archive holds {len(found):,} documents; one is asked for.")
    return found[0]


def unframed(data: bytes) -> bytes:
    """*data*, one document, without the transmission frame and the blanks before it: well-formed XML by itself.

    It says its character set where it needs to. A document without a frame, and a frame with nothing behind it, stay
    as they are.
    """
    sniffed = sniff(data)
    syntax, _ = _recognise(sniffed)
    bare = None if syntax.unframed is None else syntax.unframed(sniffed)
    return data if bare is None else bare


def read_heading(data: bytes) -> Heading:
    """The heading of *data*; see ``open_document``."""
    return open_document(data).heading


def attachments(data: bytes) -> tuple[Attachment, ...]:
    """What is embedded in *data*, decoded, with safe and unique file names. Raises ``UnreadableAttachment``."""
    syntax, _, root = _parse(sniff(data))
    return syntax.attachments(root)


def read(data: bytes) -> Reading:
    """The whole document *data* as a noun of the model, with all that is not in it as losses.

    Raises ``UnwritableDocument`` for a document that is only recognised and passed on as it came (``NAMES`` tells
    them), ``SeveralDocuments`` for a file that holds more than one, and ``MissingTerm``, ``BadValue``,
    ``UnreadableAttachment`` for what no reader can make sense of.
    """
    syntax, recognition, root = _parse(sniff(data))
    return _read(syntax, root, recognition)


def write(noun: Noun, name: str) -> Writing:
    """*noun* in the syntax *name*, with all that is not in the document as losses.

    Raises ``UnwritableDocument`` for a name that is not written or not known, and for a noun of another kind than the
    syntax holds.
    """
    writer = _writer(name)
    noun, losses = in_words(noun, NAMES[name].family)
    writing = writer(noun)
    return msgspec.structs.replace(writing, losses=losses + writing.losses) if losses else writing


def check_writable(name: str) -> None:
    """Raise ``UnwritableDocument`` for a name that ``write`` does not take, with those that it does."""
    _writer(name)


def _writer(name: str) -> Callable[[Noun], Writing]:
    for syntax in SYNTAXES:
        writer = syntax.writers.get(name)
        if writer is not None:
            return writer
    written = ", ".join(sorted(known for known, can in NAMES.items() if can.write))
    if name in NAMES:
        raise UnwritableDocument(f"Documents in {name} are not written; these are: {written}.")
    raise UnwritableDocument(f"There is no syntax {name[:100]!r} to write; there are: {written}.")


def _recognise(sniffed: Sniffed) -> tuple[Syntax, Recognition]:
    refuse_internal_subset(sniffed)
    for syntax in SYNTAXES:
        recognition = syntax.detect(sniffed)
        if recognition is not None:
            return syntax, recognition
    where = f"in the namespace {sniffed.namespace[:200]!r}" if sniffed.namespace else "without a namespace"
    raise UnknownDocument(f"The root element is {sniffed.root[:100]!r} {where}; no known document begins like this.")


def _parse(sniffed: Sniffed, *, whole: bool = False) -> tuple[Syntax, Recognition, etree._Element]:
    syntax, recognition = _recognise(sniffed)
    if recognition.documents > 1:
        raise SeveralDocuments(f"The file holds {recognition.documents:,} documents; one is asked for.")
    if syntax.parse is not None:
        return syntax, recognition, syntax.parse(sniffed)
    return syntax, recognition, parse(sniffed, allow_external_doctype=syntax.allows_doctype, whole=whole)


def _read(syntax: Syntax, root: etree._Element, recognition: Recognition) -> Reading:
    can = NAMES.get(recognition.syntax)
    if syntax.read is None or can is None or not can.read:
        raise UnwritableDocument(
            f"Documents in {recognition.syntax} are recognised and passed on as they came; they are not read whole."
        )
    reading = syntax.read(root, recognition)
    between = stray(root)
    if not between:
        return reading
    # A text that was taken for a value has been told where the value was.
    told = {(loss.place, loss.value) for loss in reading.losses}
    rest = tuple(loss for loss in between if (loss.place, loss.value) not in told)
    return msgspec.structs.replace(reading, losses=reading.losses + rest)


def _split(data: bytes) -> tuple[bytes, ...]:
    sniffed = sniff(data)
    syntax, recognition = _recognise(sniffed)
    if recognition.documents == 1 or syntax.split is None:
        return (data,)
    return syntax.split(sniffed)


def _members(archive: Archive) -> list[tuple[Member, bytes, Recognition]]:
    """The members of *archive* that are documents; never none."""
    found = []
    refused: list[tuple[Member, FakturahubError]] = []
    for member in archive.members:
        if looks_like_xml(archive, member):
            content = archive.content(member)
            try:
                found.append((member, content, _recognise(sniff(content))[1]))
            except FakturahubError as refusal:
                refused.append((member, refusal))
    if found:
        # What is refused beside a document is a file that belongs to it.
        return found
    if len(refused) == 1:
        raise refused[0][1]
    names = ", ".join(repr(member.name[:60]) for member in archive.members[:10]) or "nothing"
    raise UnknownDocument(f"There is no business document in the ZIP archive; it holds {names}.")


def _recognise_envelope(archive: Archive) -> Recognition:
    found = _members(archive)
    # An invoice that another one names as its attachment is no document of the envelope. The names are looked for in
    # the bytes: nothing is parsed here.
    named = {name for _, content, _ in found for name in files_named(content)}
    kept = [one for one in found if one[0].name.casefold() not in named]
    member, _, recognition = (kept or found)[0]
    count = len(archive.members)
    return msgspec.structs.replace(
        recognition,
        documents=sum(one[2].documents for one in kept or found),
        why=f"A ZIP archive of {count} {'file' if count == 1 else 'files'}; in {member.name}: {recognition.why}",
    )


def _names_in(data: bytes) -> tuple[str, ...]:
    """The files that a document names; none of one that cannot be read, which is told when it is opened."""
    try:
        return names_of_files(open_document(data).heading)
    except (DocumentRefused, TransferUnreadable):
        return ()
