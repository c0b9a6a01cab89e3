"""Markup of the Cross Industry Invoice, one element a line, made as text and not as a tree: a writer must be quick.

A function gives nothing for a value that is missing or empty, and a container of nothing but such is nothing itself:
empty elements are never written.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from fakturahub.errors import UnwritableDocument
from fakturahub.model import Identifier

_SPECIAL = re.compile(r"[&<>\r]")
# A carriage return would come back as a line feed (XML 1.0, 2.11).
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_SPECIAL_IN_ATTRIBUTE = re.compile(r"[&<>\"\t\n\r]")
# Blanks of an attribute would come back as spaces (3.3.3).
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
# What is no character of XML 1.0 (2.2): control characters, surrogates, U+FFFE and U+FFFF.
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escaped(value: str) -> str:
    return value.translate(_IN_TEXT) if _SPECIAL.search(value) else value


def attribute(name: str, value: str | None) -> str:
    """`` name="value"``, with the blank before it."""
    if not value:
        return ""
    return f' {name}="{value.translate(_IN_ATTRIBUTE) if _SPECIAL_IN_ATTRIBUTE.search(value) else value}"'


def leaf(name: str, value: str | None, attributes: str = "") -> str:
    """An element with a text."""
    return f"<ram:{name}{attributes}>{escaped(value)}</ram:{name}>\n" if value else ""


def identified(name: str, identifier: Identifier | None) -> str:
    """An identifier with its scheme."""
    return leaf(name, identifier.value, attribute("schemeID", identifier.scheme)) if identifier is not None else ""


def number(name: str, value: Decimal | None, attributes: str = "") -> str:
    """A price, a quantity or a percentage, as stated."""
    return f"<ram:{name}{attributes}>{value:f}</ram:{name}>\n" if value is not None else ""


def amount(name: str, value: Decimal | None, attributes: str = "") -> str:
    """An amount as stated, but for zeros after its second decimal, which EN 16931 does not take (BR-DEC)."""
    if value is None:
        return ""
    text = f"{value:f}"
    point = text.find(".")
    if point >= 0:
        text = text[: point + 3] + text[point + 3 :].rstrip("0")
    return f"<ram:{name}{attributes}>{text}</ram:{name}>\n"


def day(name: str, value: date | None, string: str = "udt:DateTimeString") -> str:
    """A date in the format 102, which is CCYYMMDD."""
    if value is None:
        return ""
    text = value.isoformat().replace("-", "")
    return f'<ram:{name}>\n<{string} format="102">{text}</{string}>\n</ram:{name}>\n'


def container(name: str, *inner: str) -> str:
    """An element of elements; nothing when all of them are."""
    content = "".join(inner)
    return f"<ram:{name}>\n{content}</ram:{name}>\n" if content else ""


def always(name: str, *inner: str) -> str:
    """An element that the schema requires, empty if need be."""
    return f"<ram:{name}>\n{''.join(inner)}</ram:{name}>\n"


def encoded(text: str) -> bytes:
    """*text* in UTF-8. Raises ``UnwritableDocument`` for a character that no XML document can hold."""
    bad = _NO_CHARACTER.search(text)
    if bad is not None:
        around = text[max(bad.start() - 40, 0) : bad.start()].rpartition("\n")[2]
        raise UnwritableDocument(
            f"A value holds the character U+{ord(bad[0]):04X}, which XML cannot carry.", place=f"after {around!r}"
        )
    return text.encode("utf-8")
