"""The character sets that foreign documents come in.

The byte order mark decides, then the first bytes, then the XML declaration, then UTF-8 (XML 1.0, appendix F). Only
the sets listed here are read: a set whose markup characters lie elsewhere than in ASCII (UTF-7, EBCDIC, ISO-2022)
would let a document look harmless here and mean something else to another reader.
"""

from __future__ import annotations

from fakturahub.errors import UnknownCharset, WrongCharset

#: label in an XML declaration, in lower case and without ``-`` and ``_`` -> its preferred IANA name, in lower case
_LABELS = {
    "utf8": "utf-8",
    "usascii": "us-ascii",
    "ascii": "us-ascii",
    "utf16": "utf-16",
    "utf16le": "utf-16le",
    "utf16be": "utf-16be",
    "utf32": "utf-32",
    "utf32le": "utf-32le",
    "utf32be": "utf-32be",
    "latin1": "iso-8859-1",
    # There is no ISO-8859-12.
    **{f"iso8859{part}": f"iso-8859-{part}" for part in range(1, 17) if part != 12},
    **{f"{prefix}125{digit}": f"windows-125{digit}" for prefix in ("windows", "cp") for digit in range(9)},
}

# The longer mark first: the UTF-16 mark is the beginning of the UTF-32 one.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32le"),
    (b"\x00\x00\xfe\xff", "utf-32be"),
    (b"\xff\xfe", "utf-16le"),
    (b"\xfe\xff", "utf-16be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_FIRST_BYTES = (
    (b"<\x00\x00\x00", "utf-32le"),
    (b"\x00\x00\x00<", "utf-32be"),
    (b"<\x00", "utf-16le"),
    (b"\x00<", "utf-16be"),
)

#: sets of two or four bytes a character; a document in one of them is turned into UTF-8 before it is looked at
WIDE = frozenset({"utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be"})


def by_mark(data: bytes) -> tuple[str, int] | None:
    """The set that a byte order mark at the start of *data* names, and the length of the mark."""
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return charset, len(mark)
    return None


def by_first_bytes(data: bytes) -> str | None:
    """The wide set that *data* is in when its first character is ``<`` and there is no mark."""
    for start, charset in _FIRST_BYTES:
        if data.startswith(start):
            return charset
    return None


def by_label(label: str) -> str:
    """The IANA name, in lower case, of what an XML declaration calls *label*; ``UnknownCharset`` if it is not read."""
    charset = _LABELS.get(label.lower().replace("-", "").replace("_", ""))
    if charset is None:
        raise UnknownCharset(f"The XML declaration names the character set {label[:40]!r}, which is not supported.")
    return charset


def decode(data: bytes, charset: str, *, offset: int = 0) -> str:
    """*data* as text. *offset* is where in the transfer it begins, for the message.

    Raises ``WrongCharset`` with the offset of the first byte that is not *charset*.
    """
    try:
        return data.decode(charset)
    except UnicodeDecodeError as fault:
        raise wrong(data, charset, at=fault.start, offset=offset) from None


def wrong(data: bytes, charset: str, *, at: int, offset: int = 0) -> WrongCharset:
    """The refusal of *data*, whose byte at *at* does not belong to *charset*; it names the set that would fit."""
    return WrongCharset(
        f"The document counts as {charset.upper()}, but byte {at + offset} (0x{data[at]:02X}) does not belong to it; "
        f"{_likely(data, charset)}.",
        place=f"byte {at + offset}",
    )


def _likely(data: bytes, charset: str) -> str:
    if charset in WIDE:
        return "the bytes may be cut off, or in a set of one byte a character"
    if charset != "utf-8":
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return "the bytes are UTF-8"
    # The bytes 0x80 to 0x9F are characters in windows-125x and controls in ISO-8859-x.
    if any(0x80 <= byte <= 0x9F for byte in data[:65536]):
        return "the bytes look like WINDOWS-1252"
    return "the bytes look like ISO-8859-1 or ISO-8859-15"
