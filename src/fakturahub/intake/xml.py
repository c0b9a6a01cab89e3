"""Foreign XML made safe: the only place that parses XML from outside.

What is refused, and by what:

========================================  =============================================================
entity bombs, external and parameter      any DOCTYPE is refused before the parser sees the document
entities, DTDs fetched from somewhere     (a bare one may be cut out unread for readers whose senders
                                          write it); the parser would not load or resolve them either
UTF-7 and other sets with markup of       the list of character sets in ``charsets``
their own
deep nesting, texts of more than 10 MB    libxml2's own limits: ``huge_tree`` is never set
a million elements or attributes          counted in the bytes, before a tree is built
names that fill the parser's name table   large documents are parsed apart, see ``_read_apart``
========================================  =============================================================

Comments and processing instructions are left out of the tree: business documents carry nothing in them, and a text
interrupted by one (``<ID>a<!-- -->b</ID>``) then stands in one piece, as XML means it.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from lxml import etree

from fakturahub.errors import (
    DoctypeRefused,
    FakturahubError,
    NotWellFormed,
    Overloaded,
    TooDeep,
    TooLarge,
    TooManyParts,
)
from fakturahub.intake import charsets
from fakturahub.intake.limits import XML
from fakturahub.intake.sniff import Doctype, Sniffed, sniff

__all__ = ["Doctype", "Sniffed", "parse", "refuse_internal_subset", "sniff"]

# The shortest element, ``<a/>``, has four bytes: below this size there cannot be too many.
_SHORTEST_PART = 4
# The shortest attribute, `` a=""``, has five.
_LONG_TAG = re.compile(rb"<[^<]{%d,}" % (5 * XML.attributes))
_ATTRIBUTE = re.compile(rb"\s[^\s<>/=\"']+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_TAG = re.compile(rb"<(?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+")
_VISIBLE = re.compile(rb"[^\r\n]")
# libxml2 says the place twice.
_PLACE_IN_MESSAGE = re.compile(r"[\s,]*line \d+, column \d+.*\Z", re.DOTALL)


def parse(data: bytes | Sniffed, *, allow_external_doctype: bool = False, whole: bool = False) -> etree._Element:
    """The root element of a foreign document; ``sniff`` first where its result is wanted, too.

    With *allow_external_doctype* a document type declaration without an internal subset is cut out unread. Comments and
    processing instructions are left out, but for *whole*: no reader wants them, yet rules tell a text that one divides
    from a text that none does.

    Raises, besides what ``sniff`` raises: ``DoctypeRefused``; ``NotWellFormed`` with line and column; ``WrongCharset``
    with the byte; ``TooDeep``, ``TooManyParts`` and ``TooLarge`` with the limit of ``limits.XML``. ``Overloaded`` when
    the machine has no thread left for a large document. Lines and columns count from the start of the transfer.
    """
    sniffed = data if isinstance(data, Sniffed) else sniff(data)
    text = sniffed.text
    if sniffed.begin:
        # An XML declaration may stand at the very start only. All it says is known by now.
        text = _blanked(text, 0, sniffed.prolog)
    if sniffed.doctype is not None:
        if sniffed.doctype.internal_subset or not allow_external_doctype:
            raise _doctype_refused(sniffed, sniffed.doctype)
        text = _blanked(text, sniffed.doctype.start, sniffed.doctype.end)
    if sniffed.codec != "utf-8":
        # Python's own tables decide what a byte means, not those of the system that the parser was built for.
        text = charsets.decode(text, sniffed.codec, offset=sniffed.mark).encode("utf-8")
    try:
        if len(text) <= XML.small:
            root = _read(text, whole)
        else:
            _count(text)
            root = _read_apart(text, whole)
    except etree.LxmlError as fault:
        raise _refusal(fault, text, sniffed) from None
    if root.getroottree().docinfo.internalDTD is not None:
        # The look at the prolog finds every DOCTYPE; should it ever miss one, nothing of it gets further than here.
        raise DoctypeRefused("The document has a DOCTYPE.")
    return root


def refuse_internal_subset(sniffed: Sniffed) -> None:
    """Raise ``DoctypeRefused`` if the document has a DOCTYPE with declarations of its own, which no reader takes."""
    if sniffed.doctype is not None and sniffed.doctype.internal_subset:
        raise _doctype_refused(sniffed, sniffed.doctype)


def _doctype_refused(sniffed: Sniffed, doctype: Doctype) -> DoctypeRefused:
    what = "a DOCTYPE with declarations of its own" if doctype.internal_subset else "a DOCTYPE"
    line = sniffed.text.count(b"\n", 0, doctype.start) + 1
    return DoctypeRefused(f"The document has {what}.", place=f"line {line}")


def _blanked(text: bytes, start: int, end: int) -> bytes:
    """*text* with blanks from *start* to *end*: what follows stays in its line and column."""
    return text[:start] + _VISIBLE.sub(b" ", text[start:end]) + text[end:]


def _read(text: bytes, whole: bool) -> etree._Element:
    # A parser of its own for each document: it costs a microsecond, and one must not be shared between threads.
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says: that was settled before
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not whole,
        remove_pis=not whole,
        collect_ids=False,
    )
    return etree.fromstring(text, parser)


def _read_apart(text: bytes, whole: bool) -> etree._Element:
    """Parse in a thread that ends with it.

    lxml keeps every name it has met in a table of the thread, for as long as the thread lives: documents of made-up
    names would fill the memory for good. The table of a thread of its own goes with the document. It costs 0.15 ms,
    too much for small documents, whose names cannot take more than their own size.
    """
    try:
        with ThreadPoolExecutor(1, "xml") as thread:
            return thread.submit(_read, text, whole).result()
    except RuntimeError:
        raise Overloaded("There is no thread left to parse a large document in.") from None


def _count(text: bytes) -> None:
    """Raise ``TooManyParts`` before a tree is built. Every element needs a ``<``, every attribute a ``=``."""
    equal_signs = text.count(b"=")
    if len(text) > _SHORTEST_PART * XML.parts:
        parts = text.count(b"<") - text.count(b"</") + equal_signs
        if parts > XML.parts:
            raise TooManyParts(f"The document has {parts:,} elements and attributes; the limit is {XML.parts:,}.")
    if equal_signs <= XML.attributes:
        return
    for long in _LONG_TAG.finditer(text):
        # Mostly a short tag with a long text, such as an embedded attachment; the tag alone is then looked at.
        if text.count(b"=", long.start(), long.end()) <= XML.attributes:
            continue
        tag = _TAG.match(text, long.start())
        end = tag.end() if tag else long.end()
        for count, _ in enumerate(_ATTRIBUTE.finditer(text, long.start(), end), 1):
            if count > XML.attributes:
                raise TooManyParts(f"An element has more than {XML.attributes:,} attributes.")


def _refusal(fault: etree.LxmlError, text: bytes, sniffed: Sniffed) -> FakturahubError:
    """What the parser complained about, in the hub's own terms."""
    message = _PLACE_IN_MESSAGE.sub("", str(getattr(fault, "msg", None) or fault)).strip()
    line, column = getattr(fault, "position", (0, 0))
    place = f"line {line}, column {column}" if line else None
    code = getattr(fault, "code", None)
    if code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        if "depth" in message:
            return TooDeep(f"The document is nested more than {XML.depth} elements deep.", place=place)
        return TooLarge(
            f"A text or a tag in the document has more than {XML.text:,} bytes. An embedded attachment "
            f"of more than about 7.5 MB is too long a text.",
            place=place,
        )
    if code == etree.ErrorTypes.ERR_NAME_TOO_LONG:
        return TooLarge("A name in the document is too long.", place=place)
    if sniffed.codec == "utf-8":
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as bad:
            # Cut off within a character is cut off, not in another set.
            if bad.end < len(text) or bad.reason != "unexpected end of data":
                return charsets.wrong(text, "utf-8", at=bad.start, offset=sniffed.mark)
    return NotWellFormed(f"The XML is not well-formed: {message[:200] or 'it cannot be read'}.", place=place)
