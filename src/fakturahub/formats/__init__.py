"""Documents in, nouns out: recognise a document, read its heading and its attachments, whatever its syntax.

Each syntax family is a folder with ``detect.py`` and ``read.py`` and stands in ``SYNTAXES``; nothing outside this room
names a folder. All functions take the bytes as they came and raise the errors of ``intake.xml`` for bytes that are no
safe XML document.
"""

from __future__ import annotations

import msgspec
from lxml import etree

from fakturahub.errors import UnknownDocument
from fakturahub.formats import ubl
from fakturahub.formats.syntax import Syntax
from fakturahub.intake.xml import Sniffed, parse, refuse_internal_subset, sniff
from fakturahub.model import Attachment, Heading, Recognition

__all__ = ["SYNTAXES", "Opened", "Syntax", "attachments", "open_document", "read_heading", "recognise"]

#: asked in this order; the first that knows the document has it
SYNTAXES: tuple[Syntax, ...] = (ubl.SYNTAX,)


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


def recognise(data: bytes) -> Recognition:
    """What *data* is, without parsing it. Raises ``UnknownDocument`` with the root element and namespace found."""
    return _recognise(sniff(data))[1]


def open_document(data: bytes) -> Opened:
    """Recognise, parse and read the heading, each once. Raises ``UnknownDocument``, ``MissingTerm``, ``BadValue``.

    What is no readable XML is told as that before it is told to be unknown: the one is a transfer to be sent again, the
    other a document that was received.
    """
    sniffed = sniff(data)
    try:
        syntax, recognition = _recognise(sniffed)
    except UnknownDocument:
        parse(sniffed)
        raise
    root = parse(sniffed, allow_external_doctype=syntax.allows_doctype)
    return Opened(recognition, syntax.heading(root, recognition), root, syntax)


def read_heading(data: bytes) -> Heading:
    """The heading of *data*; see ``open_document``."""
    return open_document(data).heading


def attachments(data: bytes) -> tuple[Attachment, ...]:
    """What is embedded in *data*, decoded, with safe and unique file names. Raises ``UnreadableAttachment``."""
    sniffed = sniff(data)
    syntax, _ = _recognise(sniffed)
    return syntax.attachments(parse(sniffed, allow_external_doctype=syntax.allows_doctype))


def _recognise(sniffed: Sniffed) -> tuple[Syntax, Recognition]:
    refuse_internal_subset(sniffed)
    for syntax in SYNTAXES:
        recognition = syntax.detect(sniffed)
        if recognition is not None:
            return syntax, recognition
    where = f"in the namespace {sniffed.namespace[:200]!r}" if sniffed.namespace else "without a namespace"
    raise UnknownDocument(f"The root element is {sniffed.root[:100]!r} {where}; no known document begins like this.")
