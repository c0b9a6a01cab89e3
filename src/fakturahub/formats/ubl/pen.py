"""The pen that UBL is written with: text made fit for XML, the indentation, and what could not be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fakturahub.model import Attachment, Identifier, Loss
from fakturahub.model.invoice import Extension, Invoice

# XML 1.0, production 2: what no document may hold, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile('[&<>"\r\n\t]')
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}

# BR-DEC: the amounts of EN 16931 have two decimals; zeros after them say nothing.
_EXCESS_ZEROS = re.compile(r"(\.[0-9]{2})0+\Z")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one of the names that users type asks of a document."""

    name: str
    #: BT-24, and BT-23 where the profile has one; a document's own stays where ``own_…`` matches it
    specification: str
    own_specification: re.Pattern[str]
    process: str | None
    own_process: re.Pattern[str]
    #: Pagero's document types and aggregates
    puf: bool = False
    #: Vertex's extension, and credit notes as Invoice
    vrbl: bool = False
    #: Peppol's: one note (PEPPOL-EN16931-R002), self-billing as a specification of its own, OVT as 0216
    peppol: bool = False
    #: name of a code list -> the codes it has; a list that is not there has them all
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: MIME types that may be embedded; None: all
    mime: frozenset[str] | None = None

    @property
    def core(self) -> bool:
        """Whether it is a profile of EN 16931 proper, whose rules a document has to obey."""
        return not self.puf and not self.vrbl


class Pen:
    """One document being written."""

    def __init__(self, profile: Profile, invoice: Invoice, root_name: str) -> None:
        self.profile = profile
        self.invoice = invoice
        #: Invoice or CreditNote
        self.root_name = root_name
        #: BT-24, BT-23 and BT-3 as this profile has them
        self.specification: str = profile.specification
        self.process: str | None = None
        self.type_code: str | None = invoice.type_code
        self.currency = f' currencyID="{attribute(invoice.currency or "")}"'
        self.out: list[str] = []
        self.losses: list[Loss] = []
        self.files: list[Attachment] = []
        #: extensions by the place that they belong to; taken out as they are written
        self.extensions: dict[str, list[Extension]] = {}
        self._line = "\n  "

    def leaf(self, tag: str, text: str, attributes: str = "") -> None:
        """An element with a text; nothing for an empty one, which PEPPOL-EN16931-R008 forbids."""
        written = content(text)
        if written:
            self.out.append(f"{self._line}<{tag}{attributes}>{written}</{tag}>")

    def day(self, tag: str, value: date) -> None:
        self.out.append(f"{self._line}<{tag}>{value.isoformat()}</{tag}>")

    def amount(self, tag: str, value: Decimal, attributes: str | None = None) -> None:
        """An amount of money as it was stated, but for zeros beyond the second decimal."""
        text = _EXCESS_ZEROS.sub(r"\1", plain(value))
        self.out.append(f"{self._line}<{tag}{self.currency if attributes is None else attributes}>{text}</{tag}>")

    def number(self, tag: str, value: Decimal, attributes: str = "") -> None:
        self.out.append(f"{self._line}<{tag}{attributes}>{plain(value)}</{tag}>")

    def identifier(self, tag: str, value: Identifier) -> None:
        self.leaf(tag, value.value, f' schemeID="{attribute(value.scheme)}"' if value.scheme else "")

    def raw(self, xml: str) -> None:
        self.out.append(f"{self._line}{xml}")

    def open(self, tag: str) -> int:
        """Begin an element; what comes back goes to `close`."""
        self.out.append(f"{self._line}<{tag}>")
        self._line += "  "
        return len(self.out)

    def close(self, tag: str, mark: int, *, always: bool = False, last: str = "") -> None:
        """End the element begun at *mark*, *last* before its end; one without content is not written."""
        outer = self._line[:-2]
        if len(self.out) > mark or always:
            if last:
                self.out.append(f"{self._line}{last}")
            if len(self.out) > mark:
                self.out.append(f"{outer}</{tag}>")
            else:
                self.out[-1] = f"{outer}<{tag}/>"
        else:
            self.out.pop()
        self._line = outer

    def allows(self, codes: str, scheme: str | None) -> bool:
        """Whether the list *codes* of the profile has *scheme*."""
        allowed = self.profile.lists.get(codes)
        return allowed is None or scheme in allowed

    def lose(self, term: str, value: object, why: str, place: str) -> None:
        self.losses.append(Loss(term, plain(value) if isinstance(value, Decimal) else str(value), why, place))


def plain(value: Decimal) -> str:
    """A number with all digits it was stated with and never an exponent."""
    return format(value, "f")


def content(text: str) -> str:
    """*text* as the content of an element."""
    if not text.isprintable():
        text = _FORBIDDEN.sub("", text)
        if "\r" in text:
            return "&#13;".join(content(part) for part in text.split("\r"))
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


def attribute(text: str) -> str:
    """*text* as the value of an attribute in double quotes."""
    return _SPECIAL.sub(lambda special: _ENTITY[special[0]], _FORBIDDEN.sub("", text))
