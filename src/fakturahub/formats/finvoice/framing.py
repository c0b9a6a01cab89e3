"""A file of Finvoice as what it is: documents one after another, each with a SOAP frame before it or without.

The transmission frame of the banks is an envelope of its own, written before the invoice and not around it (Finvoice
implementation guidelines, chapter on the message structure); several documents follow one another in one file (Apix:
"written one after another in the same file"). Such a file is no XML document, so it is cut before anything parses it.

The cut is by end tags: ``</Finvoice>`` and ``</…:Envelope>`` outside comments, CDATA sections and instructions. In an
attribute value neither can stand, for XML allows no ``<`` there. What the scanner does not know is nesting: a Finvoice
within a Finvoice is cut at the first end tag, and both halves are refused as malformed by the parser. It runs over the
bytes once, and not at all over a file that has one end tag, at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter

import msgspec
from lxml import etree

from fakturahub.errors import TooManyParts
from fakturahub.intake import charsets
from fakturahub.intake.xml import Sniffed, parse, refuse_internal_subset, sniff

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EBXML = "http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd"
ENVELOPE = f"{{{SOAP}}}Envelope"

_HEADER = EBXML.encode()
# How far into an envelope the namespace of its header is looked for.
_LOOK = 8_192
_BLANK = b" \t\r\n"
_UTF_8_MARK = b"\xef\xbb\xbf"
# What begins something in which no tag stands, and what ends it; unfinished, it goes on to the end of the file.
_ASIDES = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
# How many of them are looked at in a file: a file of many documents has a few for each.
_STEPS = 100_000
_INVOICE_END, _ENVELOPE = b"</Finvoice", b"Envelope"
_REST_OF_TAG = re.compile(rb"\s*>")
_OPENING = re.compile(rb"</(?:[^\s<>/:=\"'!?&]{1,64}:)?\Z")
_ASIDE = re.compile(rb"(?:\s|<!--.*?-->|<\?.*?\?>)*+\Z", re.DOTALL)
_BEGINS_WITH_ENVELOPE = re.compile(
    rb"(?:\s|<!--.*?-->|<\?.*?\?>)*+<(?:[^\s<>/:=\"'!?&]{1,64}:)?Envelope[\s>]", re.DOTALL
)
_LAST_TAG = re.compile(rb"</Finvoice\s*>\s*\Z")


class Part(msgspec.Struct, frozen=True):
    """One document of a file; offsets in ``Sniffed.text``. ``frame`` is where its frame begins, if it has one."""

    start: int
    end: int
    frame: int | None = None


def is_frame(sniffed: Sniffed) -> bool:
    """Whether the document is or begins with a SOAP 1.1 envelope with an ebXML message header."""
    if sniffed.root != "Envelope" or sniffed.namespace != SOAP:
        return False
    # The header is the first thing in the envelope; its namespace may be declared on the envelope or on itself.
    return _HEADER in sniffed.text[sniffed.begin : sniffed.body + _LOOK]


def parts(sniffed: Sniffed) -> tuple[Part, ...]:
    """The documents of the file. What follows the last one and is more than comments is a part of its own.

    Raises ``TooManyParts`` for a file of comments, in which finding the documents would take long.
    """
    text = sniffed.text
    if sniffed.root == "Finvoice" and text.find(b"</Finvoice", sniffed.body) == text.rfind(b"</Finvoice"):
        # The usual file. Whatever is wrong with it, it is one document.
        last = _LAST_TAG.search(text, max(text.rfind(b"</Finvoice"), 0))
        if last is not None:
            return (Part(sniffed.begin, len(text)),)
    found: list[Part] = []
    start = sniffed.begin
    frame: int | None = None
    for name, end in _end_tags(text, start):
        if name == _INVOICE_END:
            found.append(Part(start, end, frame))
            frame = None
        elif frame is None and _is_frame_at(sniffed, start, end):
            frame = start
        else:
            # The end of an envelope within a document of another kind.
            continue
        start = _skip(text, end)
    if _ASIDE.match(text, start) is None:
        found.append(Part(start, len(text), frame))
    elif frame is not None:
        found.append(Part(start, start, frame))
    return tuple(found) or (Part(sniffed.begin, len(text)),)


def _end_tags(text: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """The end tags of invoices and envelopes from *at* on that are tags, each with the offset behind it.

    Each of the words is looked for from where it was found last, so that the file is passed once for each.
    """
    found = {word: text.find(word, at) for word in (*_ASIDES, _INVOICE_END, _ENVELOPE)}
    for _ in range(_STEPS):
        word, here = min(
            ((word, where) for word, where in found.items() if where >= 0), key=itemgetter(1), default=(b"", -1)
        )
        if here < 0:
            return
        end = here + len(word)
        if word in _ASIDES:
            closing = text.find(_ASIDES[word], end)
            if closing < 0:
                return
            end = closing + len(_ASIDES[word])
        elif (rest := _REST_OF_TAG.match(text, end)) and (word == _INVOICE_END or _is_end_tag(text, here)):
            yield word, rest.end()
        for other, where in found.items():
            if 0 <= where < end:
                found[other] = text.find(other, end)
    raise TooManyParts(f"The file has more than {_STEPS:,} comments, CDATA sections, instructions and documents.")


def _is_end_tag(text: bytes, at: int) -> bool:
    opening = text.rfind(b"</", max(at - 70, 0), at)
    return opening >= 0 and _OPENING.match(text, opening, at) is not None


def _skip(text: bytes, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _is_frame_at(sniffed: Sniffed, start: int, end: int) -> bool:
    if start == sniffed.begin:
        return is_frame(sniffed)
    head = sniffed.text[start : min(start + _LOOK, end)]
    return _BEGINS_WITH_ENVELOPE.match(head) is not None and _HEADER in head


def split(sniffed: Sniffed) -> tuple[bytes, ...]:
    """The documents of the file as bytes, each with its frame; one document as it came."""
    found = parts(sniffed)
    if len(found) == 1:
        return (sniffed.text,)
    # Turned into UTF-8 when it was looked at, or marked as UTF-8: the declarations in it say something else.
    mark = _UTF_8_MARK if sniffed.mark or sniffed.charset in charsets.WIDE else b""
    return tuple(mark + sniffed.text[part.start if part.frame is None else part.frame : part.end] for part in found)


def unframed(sniffed: Sniffed) -> bytes | None:
    """The document behind the frame, well-formed by itself; None without a frame, or with nothing behind it.

    Bytes that were turned into UTF-8 say so: what they declared is no longer true.
    """
    found = parts(sniffed)
    part = found[0]
    if len(found) > 1 or part.frame is None or part.start >= part.end:
        return None
    text = sniffed.text[part.start :]  # nothing but blanks and comments follow the only document
    if not sniffed.mark and sniffed.charset not in charsets.WIDE:
        return text
    inner = sniff(text)
    return b'<?xml version="1.0" encoding="UTF-8"?>' + inner.text[inner.prolog :]


def invoice_of(sniffed: Sniffed, part: Part) -> Sniffed | None:
    """The invoice of *part* looked at for itself; None for a frame with nothing behind it.

    Lines and bytes are counted from the start of the file.
    """
    if part.frame is None and part.start == sniffed.begin and part.end == len(sniffed.text):
        return sniffed
    if part.start >= part.end:
        return None
    inner = sniff(sniffed.text[part.start : part.end])
    # As many lines as stand before it, so that places in it are places in the file.
    lines = sniffed.text.count(b"\n", 0, part.start)
    doctype = inner.doctype
    if doctype is not None:
        doctype = msgspec.structs.replace(doctype, start=lines + doctype.start, end=lines + doctype.end)
    moved = msgspec.structs.replace(
        inner,
        text=b"\n" * lines + inner.text,
        begin=lines + inner.begin,
        prolog=lines + inner.prolog,
        body=lines + inner.body,
        doctype=doctype,
        mark=sniffed.mark + part.start - lines,
    )
    if sniffed.mark or sniffed.charset in charsets.WIDE:
        return msgspec.structs.replace(moved, charset=sniffed.charset, codec=sniffed.codec)
    return moved


def parse_document(sniffed: Sniffed) -> etree._Element:
    """The tree of a file of one document: the invoice, with its frame as the first child of the root if it has one.

    A frame with no invoice behind it is the root itself. Raises what ``intake.xml.parse`` raises.
    """
    part = parts(sniffed)[0]
    invoice = invoice_of(sniffed, part)
    if invoice is not None:
        refuse_internal_subset(invoice)
    if invoice is None or (part.frame is not None and invoice.root != "Finvoice"):
        # Another message in a frame (an acknowledgement, attachments) is routed by the frame and passed on as it came.
        return _frame(sniffed, part, invoice)
    root = parse(invoice, allow_external_doctype=True)
    if part.frame is not None:
        root.insert(0, _frame(sniffed, part, invoice))
    return root


def _frame(sniffed: Sniffed, part: Part, invoice: Sniffed | None) -> etree._Element:
    # The frame has no XML declaration of its own; it was written by the program that wrote the invoice.
    known = sniffed if invoice is None or sniffed.declared_charset else invoice
    cut = msgspec.structs.replace(sniffed, text=sniffed.text[: part.start], codec=known.codec, charset=known.charset)
    return parse(cut, allow_external_doctype=True)
