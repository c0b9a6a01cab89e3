"""The cheap look at a foreign XML document, before anything parses it.

``sniff`` reads the prolog and the start tag of the root element, exactly as far as XML 1.0 allows them to stand, and
nothing else: it never copies a UTF-8 document and costs a fraction of parsing it.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from fakturahub.errors import EmptyBody, NotWellFormed, NotXml, TooLarge, TooManyParts
from fakturahub.intake import charsets
from fakturahub.intake.limits import XML

_BLANK = b" \t\r\n"
_ENCODING = re.compile(rb"[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*[\"']([A-Za-z0-9._:-]*)[\"']")
_BLANKS = re.compile(rb"[ \t\r\n]*")
_LITERAL = rb"(?:\"[^\"]*\"|'[^']*')"
# A document type declaration that names a root element and, perhaps, an external DTD, and holds nothing itself.
_BARE_DOCTYPE = re.compile(
    rb"<!DOCTYPE\s+[^\s\[>\"']+(?:\s+(?:SYSTEM|PUBLIC\s+%b)\s+%b)?\s*>" % (_LITERAL, _LITERAL),
)
_ROOT = re.compile(rb"<(?:([^\s<>/:=\"'!?&]+):)?([^\s<>/:=\"'!?&]+)(?=[\s/>])")
# Attributes are read one by one and whole, so that nothing inside a value is taken for a declaration.
_ATTRIBUTE = re.compile(rb"\s+([^\s<>/=\"'&]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_ROOT_END = re.compile(rb"\s*/?>")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));")
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ASIDE = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)

_LOOKS_LIKE = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"--", "a multipart form"),
    (b"UNA", "EDIFACT"),
    (b"UNB", "EDIFACT"),
    (b"PD94", "XML in base64"),
    (b"PEl", "XML in base64"),
    (b"77u/", "XML in base64"),
    (b"%3C", "percent-encoded XML"),
    (b"%3c", "percent-encoded XML"),
    (b"&lt;", "escaped XML"),
)
_HTML = re.compile(rb"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)


class Doctype(msgspec.Struct, frozen=True):
    """Where a document type declaration stands in ``Sniffed.text``, and whether it has declarations of its own."""

    start: int
    end: int
    internal_subset: bool


class Sniffed(msgspec.Struct, frozen=True):
    """What the first bytes of an XML document say. Offsets count in ``text``."""

    #: the document without byte order mark, in a set whose markup is ASCII: as sent, or else turned into UTF-8
    text: bytes
    #: the set that the document came in: its IANA name in lower case
    charset: str
    #: the set that ``text`` is in; not ``charset`` where that was one of the wide ones
    codec: str
    #: as the XML declaration puts it, None without one
    declared_charset: str | None
    #: length of the byte order mark that was cut off, in bytes; 0 without one
    mark: int
    #: offset of the first ``<``: blank lines before the XML declaration are no XML, but real
    begin: int
    #: offset after the XML declaration; ``begin`` when there is none
    prolog: int
    doctype: Doctype | None
    #: local name of the root element; empty behind a document type declaration with an internal subset, which is
    #: not read
    root: str
    #: its namespace, None when it has none
    namespace: str | None
    #: offset of what follows the start tag of the root element
    body: int

    def __repr__(self) -> str:
        # The document itself has no business in a log.
        return f"Sniffed(root={self.root!r}, namespace={self.namespace!r}, charset={self.charset!r})"

    def first_text(self, name: bytes, *, behind: bytes | None = None) -> str | None:
        """The text of the first element with the local name *name* in the first ``XML.look`` bytes of the content.

        When the first element of the content is *behind*, the look starts at its end, however far that is. References
        are resolved, comments passed over, blanks around the text removed. None when there is no such element, or
        nothing in it. Raises ``WrongCharset``.
        """
        at = self.body
        if behind is not None and _comes_first(behind).match(self.text, at, at + XML.look):
            at = max(at, _tag(self.text, b"</", behind, at))
        window = self._without_asides(at)
        found = _element(name).search(window)
        if found is None or found[1].endswith(b"/"):
            return None
        return _plain(_decode(found[2], self.text, self.codec, self.mark)).strip() or None

    def first_element(self, name: bytes) -> bytes | None:
        """What stands inside the first element with the local name *name*, wherever it begins; at most ``XML.look``.

        A look, not a reading: it is meant for elements that occur once.
        """
        at = _tag(self.text, b"<", name, self.body)
        if at < 0:
            return None
        window = self._without_asides(at)
        end = window.find(name, len(name))
        return window if end < 0 else window[:end]

    def _without_asides(self, at: int) -> bytes:
        """``XML.look`` bytes from the offset *at* on, without comments and instructions, and CDATA as plain text."""
        window = self.text[at : at + XML.look]
        # One byte is found ten times as fast as two where the first of the two is everywhere.
        if b"!" in window or b"?" in window:
            return _ASIDE.sub(_as_text, window)
        return window


def sniff(data: bytes) -> Sniffed:
    """Look at *data*: character set, document type declaration, name and namespace of the root element.

    A byte order mark and blank lines before the document are accepted, as real senders write them. UTF-16 and UTF-32
    are turned into UTF-8. A declaration that says UTF-16 in a document of one byte a character is not believed
    (seen in the wild: .NET programs that write a string to a UTF-8 file).

    Raises ``EmptyBody``, ``TooLarge``, ``NotXml``, ``UnknownCharset``, ``WrongCharset``, ``NotWellFormed`` and
    ``TooManyParts``. A document type declaration is found here and refused by ``xml.parse``.
    """
    if len(data) > XML.bytes:
        raise TooLarge(f"The document has {len(data):,} bytes; the limit is {XML.bytes:,}.")
    if data[:1] == b"<" and data[1:2] != b"\0":
        text, charset, mark, begin = data, None, 0, 0
    else:
        text, charset, mark, begin = _unwrap(data)
    if _HTML.match(text, begin):
        raise NotXml("The body looks like an HTML page.")

    declared = None
    prolog = begin
    if text.startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n"), begin):
        prolog = _after(text, b"?>", begin + 5, "XML declaration")
        label = _ENCODING.search(text, begin + 5, prolog)
        declared = label[1].decode("ascii") if label else None
    if charset is None:
        charset = charsets.by_label(declared) if declared else "utf-8"
        if charset in charsets.WIDE:
            charset = "utf-8"
    codec = "utf-8" if charset in charsets.WIDE else charset

    body, doctype = _prolog(text, prolog)
    root, namespace = "", None
    if doctype is None or not doctype.internal_subset:
        root, namespace, body = _root(text, body, codec, mark)
    return Sniffed(text, charset, codec, declared, mark, begin, prolog, doctype, root, namespace, body)


def _unwrap(data: bytes) -> tuple[bytes, str | None, int, int]:
    """*data* without byte order mark, in UTF-8 if it was in a wide set; its set; the length of the mark; its begin."""
    charset, mark = charsets.by_mark(data) or (charsets.by_first_bytes(data), 0)
    text = data[mark:] if mark else data
    if charset in charsets.WIDE:
        text = charsets.decode(text, charset, offset=mark).encode("utf-8")
    begin = len(text) - len(text.lstrip(_BLANK))
    if begin == len(text):
        raise EmptyBody("The body holds nothing but white space." if text else "The body is empty.")
    if not text.startswith(b"<", begin):
        raise NotXml(_what(text[begin : begin + 16]))
    return text, charset, mark, begin


def _what(data: bytes) -> str:
    for start, what in _LOOKS_LIKE:
        if data.startswith(start):
            return f"The body looks like {what}; an XML document begins with '<'."
    # One byte says enough; more could be the beginning of somebody's password form.
    return f"The body begins with the byte 0x{data[0]:02X}; an XML document begins with '<'."


def _prolog(text: bytes, at: int) -> tuple[int, Doctype | None]:
    """The offset of the root element and the document type declaration before it."""
    doctype = None
    while True:
        blanks = _BLANKS.match(text, at)
        at = blanks.end() if blanks else at
        if at > XML.prolog:
            raise TooLarge(f"The root element begins after {at:,} bytes; the limit is {XML.prolog:,}.")
        if text.startswith(b"<!--", at):
            at = _after(text, b"-->", at + 4, "comment")
        elif text.startswith(b"<?", at):
            at = _after(text, b"?>", at + 2, "processing instruction")
        elif text.startswith(b"<!DOCTYPE", at):
            if doctype is not None:
                raise _malformed(text, at, "There is a second DOCTYPE.")
            bare = _BARE_DOCTYPE.match(text, at, at + XML.prolog)
            if bare is None:
                return at, Doctype(at, at, internal_subset=True)
            doctype = Doctype(at, bare.end(), internal_subset=False)
            at = bare.end()
        else:
            return at, doctype


def _after(text: bytes, end: bytes, at: int, what: str) -> int:
    found = text.find(end, at, at + XML.prolog)
    if found >= 0:
        return found + len(end)
    if len(text) - at > XML.prolog:
        raise TooLarge(f"The {what} at offset {at:,} is longer than {XML.prolog:,} bytes.")
    raise _malformed(text, at, f"The {what} before the root element does not end.")


def _root(text: bytes, start: int, codec: str, mark: int) -> tuple[str, str | None, int]:
    """Local name and namespace of the element that begins at *start*, and the offset after its start tag."""
    name = _ROOT.match(text, start)
    if name is None:
        if start >= len(text):
            raise _malformed(text, start, "The document ends before its root element.")
        raise _malformed(text, start, "There is no root element where one has to begin.")
    wanted = b"xmlns:" + name[1] if name[1] else b"xmlns"
    namespace = None
    at = name.end()
    for _ in range(XML.attributes + 1):
        attribute = _ATTRIBUTE.match(text, at)
        if attribute is None:
            break
        at = attribute.end()
        if attribute[1] == wanted:
            namespace = attribute[2] if attribute[2] is not None else attribute[3]
    else:
        raise TooManyParts(f"The root element has more than {XML.attributes:,} attributes.")
    end = _ROOT_END.match(text, at)
    if end is None:
        raise _malformed(text, start, "The start tag of the root element is malformed or cut off.")
    uri = _plain(_decode(namespace, text, codec, mark)).strip() if namespace else ""
    return _decode(name[2], text, codec, mark), uri or None, end.end()


def _malformed(text: bytes, at: int, reason: str) -> NotWellFormed:
    line = text.count(b"\n", 0, at) + 1
    column = at - text.rfind(b"\n", 0, at)
    return NotWellFormed(reason, place=f"line {line}, column {column}")


def _decode(part: bytes, text: bytes, codec: str, mark: int) -> str:
    try:
        return part.decode(codec)
    except UnicodeDecodeError:
        # Decoding the whole raises as well, and names the place in the document.
        return charsets.decode(text, codec, offset=mark)


@lru_cache(maxsize=64)
def _element(name: bytes) -> re.Pattern[bytes]:
    """An element with the local name *name*: group 1 is the rest of its start tag, group 2 its text."""
    return re.compile(
        rb"<(?:[^\s<>/:=\"'!?]+:)?" + re.escape(name) + rb"((?:[\s/](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)?)>([^<]*)<"
    )


@lru_cache(maxsize=64)
def _comes_first(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:\s|<!--.*?-->|<\?.*?\?>)*+<(?:[^\s<>/:=\"'!?]+:)?" + re.escape(name) + rb"[\s>]", re.DOTALL)


def _tag(text: bytes, opening: bytes, name: bytes, at: int) -> int:
    """The offset of *name* in the first tag after *at* that begins with *opening* and perhaps a prefix; -1 if none.

    Looks at so many occurrences of the name and no more: a document may consist of nothing else.
    """
    for _ in range(1_000):
        at = text.find(name, at)
        if at < 0:
            break
        bracket = text.rfind(b"<", max(at - 64, 0), at)
        before, prefix = text[bracket : bracket + len(opening)], text[bracket + len(opening) : at]
        if before == opening and (not prefix or (prefix.endswith(b":") and not prefix.startswith(b"/"))):
            return at
        at += len(name)
    return -1


def _as_text(aside: re.Match[bytes]) -> bytes:
    return (aside[1] or b"").replace(b"&", b"&amp;").replace(b"<", b"&lt;")


def _plain(text: str) -> str:
    """*text* with its character references and predefined entities resolved (XML 1.0, 4.1 and 4.6)."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return _PREDEFINED[reference[3]]
    number = int(reference[1]) if reference[1] else int(reference[2], 16)
    # Not a character: left as it stands, the parser refuses it.
    return chr(number) if 0 < number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else reference[0]
