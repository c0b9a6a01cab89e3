"""Which files are letters, and how many there are in one: in one element around them, or one after another."""

from __future__ import annotations

import re

from lxml import etree

from fakturahub.errors import NotWellFormed
from fakturahub.intake.xml import Sniffed, parse
from fakturahub.model import Recognition

NAME = "letters-1.0"

_VERSION = re.compile(rb"\sVersion\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
# What is no markup is passed over whole, to its end or to that of the file, so that one scan is enough.
_TAG = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<(/?)Letter(?=[\s/>])[^<>]*>", re.DOTALL
)


def detect(sniffed: Sniffed) -> Recognition | None:
    """The letters that *sniffed* holds: elements ``Letter`` without a namespace, alone, in a row, or in ``Letters``."""
    if sniffed.namespace is not None or sniffed.root not in ("Letter", "Letters"):
        return None
    count = len(_letters(sniffed.text))
    found = _VERSION.search(sniffed.text, sniffed.text.rfind(b"<", 0, sniffed.body), sniffed.body)
    version = (found[1] or found[2] or b"").decode(sniffed.codec, "replace").strip()[:40] if found else ""
    return Recognition(
        syntax=NAME,
        version=version or None,
        charset=sniffed.charset,
        documents=max(count, 1),
        why=f"Print metadata; the root element is {sniffed.root} without a namespace.",
    )


def split(sniffed: Sniffed) -> tuple[bytes, ...]:
    """Each letter as a document of its own. Raises the errors of ``intake.xml`` for what is no whole letter."""
    if sniffed.root == "Letters":
        around = parse(sniffed)
        return tuple(
            etree.tostring(letter, encoding="UTF-8", xml_declaration=True, with_tail=False)
            for letter in around.iterchildren("Letter")
        )
    pieces = []
    begin = sniffed.begin
    for _, end in _letters(sniffed.text):
        piece = sniffed.text[begin:end].lstrip()
        if sniffed.codec != "utf-8" and not piece.startswith(b"<?xml"):
            # A letter behind another in the same file is in the character set that the first one declares.
            piece = b'<?xml version="1.0" encoding="%b"?>' % sniffed.codec.encode() + piece
        pieces.append(piece)
        begin = end
    if sniffed.text[begin:].strip():
        raise NotWellFormed("After the last letter something follows that is none.", place=f"byte {begin}")
    return tuple(pieces)


def _letters(text: bytes) -> list[tuple[int, int]]:
    """Where each letter begins and ends; a letter that does not end is none."""
    found = []
    start = None
    for tag in _TAG.finditer(text):
        if tag[1] is None:
            continue
        if not tag[1]:
            start = tag.start() if start is None else start
            if not tag[0].endswith(b"/>"):
                continue
        if start is not None:
            found.append((start, tag.end()))
            start = None
    return found
