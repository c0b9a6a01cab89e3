"""The links of a Finvoice or a letter: which files lie beside it, and as what (specification 6.1).

All ``InvoiceUrlNameText`` stand before all ``InvoiceUrlText``, and the n-th name belongs to the n-th text. They are
looked for in the bytes: the document is parsed elsewhere, and on the way out nothing else of it may change.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

import msgspec

from fakturahub.intake import charsets
from fakturahub.intake.filenames import safe_member_name

#: what a document calls its picture and its attachments; an operator that passes one on writes the second name
PICTURE, ATTACHMENT = "APIX_PDFFILE", "APIX_ATTACHMENT"
PICTURES = frozenset({PICTURE, "PDFFILE"})
FILE = "file://"

# What is no markup is passed over whole, to its end or to that of the file, so that one scan is enough.
_LINK = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)"
    rb"|<InvoiceUrl(?P<what>NameText|Text)(?:\s[^<>]*)?(?:(?<=/)>|>(?P<text>[^<]*)</InvoiceUrl(?P=what)\s*>)",
    re.DOTALL,
)


class Element(msgspec.Struct, frozen=True):
    """An element of a link: where it stands in the bytes, and its text."""

    start: int
    end: int
    text: str


class Link(msgspec.Struct, frozen=True):
    """A link to a file beside the document."""

    #: as what the document names it; empty where it says nothing
    role: str
    #: the name as it is stated, its folders included
    stated: str
    #: stated without ``file://``, and not as one of ours
    is_bare: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The forms of its name under which a file may lie there, the likeliest first."""
        return tuple(dict.fromkeys(key for one in (self.stated, unquote(self.stated)) if (key := key_of(one))))


def key_of(name: str) -> str:
    """The form in which two spellings of a file name are the same: without folders, whatever the case."""
    return safe_member_name(name, set()).casefold()


def elements(data: bytes, codec: str) -> tuple[list[Element], list[Element]]:
    """The names and the texts of the links, in the order in which they stand; *codec* is the document's."""
    names: list[Element] = []
    texts: list[Element] = []
    for match in _LINK.finditer(data):
        if match["what"] is not None:
            text = unescape((match["text"] or b"").decode(codec, "replace")).strip()
            (names if match["what"] == b"NameText" else texts).append(Element(match.start(), match.end(), text))
    return names, texts


def file_of(text: str) -> str | None:
    """The file that a text names: ``file://<name>``, or the bare name; None for an address elsewhere and for none."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text or None
    return rest or None if scheme.casefold() == "file" else None


def links(data: bytes, charset: str) -> list[Link]:
    """The links to files beside the document in *charset*, in their order."""
    if charset in charsets.WIDE:
        data, charset = data.decode(charset, "replace").encode(), "utf-8"
    names, texts = elements(data, charset)
    found = []
    for place, element in enumerate(texts):
        stated = file_of(element.text)
        if stated is not None:
            role = names[place].text if place < len(names) else ""
            ours = role.upper() in PICTURES or role.upper() == ATTACHMENT
            found.append(Link(role, stated, is_bare="://" not in element.text and not ours))
    return found
