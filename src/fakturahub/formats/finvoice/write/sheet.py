"""The page a Finvoice is written on: elements in their order, in the forms of the schema, and what did not fit.

Values that are longer than the schema allows are cut and reported; where the spec has a place for the rest, the caller
puts it there. Nothing is reported for a value that was written whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from fakturahub.errors import UnwritableDocument
from fakturahub.model import Identifier, Loss
from fakturahub.model.terms import TERM

NO_PLACE, TOO_LONG, CODE_UNKNOWN = "no-place", "too-long", "code-unknown"
CARDINALITY, RECOMPUTED, AS_TEXT, ROUNDED = "cardinality", "recomputed", "as-text", "rounded"
#: how much a free text of the document or of a row takes; there may be any number of them
TEXT_WIDTH = 512
#: what stands where the schema asks for a text and there is none
FILLER = "--"

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE_ESCAPES = {**_ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}
_MARKUP = re.compile(r"[&<>\r]")
_PLACES = re.compile(r"\[[0-9]+\]")
# Characters that XML 1.0 cannot carry at all.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CODE = re.compile(r"[A-Z0-9]{1,3}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_ICD = re.compile(r"[0-9]{4}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
#: digits before and behind the comma that an amount has at most
_DIGITS, _DECIMALS = 15, 5


def escaped(text: str) -> str:
    """*text* as the content of an element."""
    return text.translate(_ESCAPES) if _MARKUP.search(text) else text


def attribute(name: str, value: str | None) -> str:
    """One attribute, with a blank before it; nothing for None."""
    return "" if value is None else f' {name}="{value.translate(_ATTRIBUTE_ESCAPES)}"'


def is_currency(value: str) -> bool:
    """Whether *value* is what the schema takes as a currency."""
    return _CURRENCY.fullmatch(value) is not None


class Sheet:
    """One document being written. ``sign`` is -1 for a credit note, whose amounts and quantities Finvoice negates."""

    def __init__(self, currency: str, sign: int) -> None:
        self.out: list[str] = []
        self.losses: list[Loss] = []
        self.currency = currency
        self.sign = sign
        #: texts that had no other place, for InvoiceFreeText or, while a row is written, for its RowFreeText
        self.spill: list[str] = []
        #: texts that stand among the free texts anyway
        self.said: frozenset[str] = frozenset()
        self._outside: tuple[list[str], int, frozenset[str]] | None = None
        self._texts_at = 0
        self._money = attribute("AmountCurrencyIdentifier", currency)

    def lose(self, place: str, value: object, why: str) -> None:
        """Report *value* of the model's field at *place*."""
        key = _PLACES.sub("", place)
        self.losses.append(Loss(TERM.get(key, key), said(value), why, place))

    def lose_all(self, values: Mapping[str, object], place: str, why: str = NO_PLACE) -> None:
        """Report each of *values*, by field, that is stated."""
        for field, value in values.items():
            if value is not None and value != ():
                self.lose(f"{place}.{field}".lstrip("."), value, why)

    def say(self, place: str, value: object, text: str | None = None) -> None:
        """Put *value*, which has no place of its own, among the free texts: *text*, or behind the name of its field."""
        self.lose(place, value, AS_TEXT)
        if text is None:
            name = _PLACES.sub("", place.rpartition("].")[2] if place.startswith("lines[") else place)
            text = f"{name.replace('.', ' ').replace('_', ' ').capitalize()}: {said(value)}"
        self.spill.append(text)

    def say_all(self, values: Mapping[str, object], place: str) -> None:
        """Put each of *values*, by field, that is stated among the free texts."""
        for field, value in values.items():
            if value is not None and value != ():
                self.say(f"{place}.{field}".lstrip("."), value)

    def texts_here(self) -> None:
        """What is put among the free texts, until ``texts_done``, comes to stand here."""
        self._texts_at = len(self.out)

    def texts_done(self, tag: str) -> None:
        """Write the free texts, as *tag*, where they come to stand."""
        end = len(self.out)
        for text in dict.fromkeys(self.spill):
            if text not in self.said:
                self.pieces(tag, text, "notes.text", TEXT_WIDTH)
        made = self.out[end:]
        del self.out[end:]
        self.out[self._texts_at : self._texts_at] = made
        self.spill = []

    def row_begins(self, note: str | None) -> None:
        """What is put among the free texts from now on is the row's, whose own text is *note*."""
        self._outside = self.spill, self._texts_at, self.said
        self.spill, self.said = [], frozenset((note or "").split("\n"))

    def row_ends(self) -> None:
        """Write the free texts of the row; from now on they are the document's again."""
        self.texts_done("RowFreeText")
        if self._outside is not None:
            (self.spill, self._texts_at, self.said), self._outside = self._outside, None

    def open(self, tag: str) -> int:
        """Begin an element; what ``close`` needs to take it back if it stays empty."""
        self.out.append(f"<{tag}>")
        return len(self.out)

    def close(self, tag: str, mark: int) -> None:
        """End an element, or take its start back when nothing is in it: Finvoice leaves out what is empty."""
        if len(self.out) == mark:
            self.out.pop()
        else:
            self.out.append(f"</{tag}>")

    def raw(self, tag: str, text: str, attributes: str = "") -> None:
        """An element with *text*, which fits."""
        self.out.append(f"<{tag}{attributes}>{escaped(text)}</{tag}>")

    def text(self, tag: str, value: str | None, place: str, limit: int, minimum: int = 1, attributes: str = "") -> None:
        """A text of *minimum* to *limit* characters; a longer one is cut and stands whole among the free texts."""
        if value is None or not value.strip():
            return
        if len(value) > limit:
            self.say(place, value)
            value = value[:limit].rstrip()
        self.raw(tag, self.filled(value, place, minimum), attributes)

    def filled(self, value: str, place: str, minimum: int) -> str:
        """*value* with a point behind it where the schema wants two characters."""
        if len(value) >= minimum:
            return value
        self.lose(place, value, RECOMPUTED)
        return f"{value}."

    def pieces(
        self, tag: str, value: str | None, place: str, width: int, count: int | None = None, minimum: int = 1
    ) -> None:
        """A text in as many elements of *width* characters as it needs, at most *count*."""
        if value is None or not (value := value.strip()):
            return
        parts = [value[at : at + width] for at in range(0, len(value), width)]
        if count is not None and len(parts) > count:
            self.say(place, value)
            parts = parts[:count]
        for part in parts:
            # A piece of blanks alone says nothing and is read as nothing.
            if not part.isspace():
                self.raw(tag, self.filled(part, place, minimum))
        if width == TEXT_WIDTH and len(parts[-1]) == width:
            # A text that fills its element goes on in the next one; this one does not.
            self.raw(tag, "")

    def code(self, tag: str, value: str | None, place: str, *, in_words: bool = True) -> None:
        """A code of one to three capitals and digits (the UNTDID lists); any other is a text, or lost."""
        if value is None:
            return
        if _CODE.fullmatch(value):
            self.raw(tag, value)
        elif in_words:
            self.say(place, value)
        else:
            self.lose(place, value, CODE_UNKNOWN)

    def country(self, value: str | None, place: str) -> None:
        """CountryCode, two letters."""
        if value is None:
            return
        if _COUNTRY.fullmatch(value):
            self.raw("CountryCode", value)
        else:
            self.say(place, value)

    def day(self, tag: str, value: date | None) -> None:
        """A date."""
        if value is not None:
            self.out.append(f'<{tag} Format="CCYYMMDD">{value.year:04d}{value.month:02d}{value.day:02d}</{tag}>')

    def icd(self, scheme: str | None, place: str, value: Identifier) -> str:
        """``@SchemeID`` with an ICD of four digits; with any other scheme the identifier is a text, too."""
        if scheme is None:
            return ""
        if _ICD.fullmatch(scheme):
            return attribute("SchemeID", scheme)
        self.say(place, value)
        return ""

    def identifier(self, tag: str, value: Identifier | None, place: str, limit: int) -> None:
        """An identifier with the ICD of its scheme."""
        if value is not None:
            self.text(tag, value.value, place, limit, 1, self.icd(value.scheme, place, value))

    def object_id(self, tag: str, value: Identifier | None, place: str) -> None:
        """An invoiced object (BT-18, BT-128) with a scheme of UNTDID 1153."""
        if value is None:
            return
        scheme = ""
        if value.scheme is not None:
            if _CODE.fullmatch(value.scheme):
                scheme = attribute("SchemeID", value.scheme)
            else:
                self.say(place, value)
        self.text(tag, value.value, place, 70, 1, scheme)

    def amount(self, tag: str, value: Decimal | None, place: str, *, currency: str | None = None) -> None:
        """An amount with the sign of the document."""
        if value is not None:
            money = self._money if currency is None else attribute("AmountCurrencyIdentifier", currency)
            signed = -value if self.sign < 0 else value
            self.out.append(f"<{tag}{money}>{self.figure(signed, place)}</{tag}>")

    def price(self, tag: str, value: Decimal | None, place: str, attributes: str = "") -> None:
        """A unit price, which has the same sign in a credit note."""
        if value is not None:
            self.out.append(f"<{tag}{self._money}{attributes}>{self.figure(value, place)}</{tag}>")

    def figure(self, value: Decimal, place: str) -> str:
        """*value* with a comma and two to five decimals; more are rounded and reported."""
        text = f"{value:f}"
        whole, _, decimals = text.partition(".")
        if len(decimals) > _DECIMALS and decimals[_DECIMALS:].strip("0"):
            self.lose(place, value, ROUNDED)
            text = f"{value.quantize(Decimal('0.00001'), ROUND_HALF_UP):f}"
            whole, _, decimals = text.partition(".")
        if len(whole.lstrip("-")) > _DIGITS:
            raise UnwritableDocument(
                f"The amount {text[:40]} has more than {_DIGITS} digits before the comma.", place=place
            )
        if not value:
            whole = whole.lstrip("-")
        return f"{whole},{decimals[:_DECIMALS].ljust(2, '0')}"

    def percent(self, tag: str, value: Decimal | None, place: str) -> None:
        """A percentage from 0 to 999 with up to three decimals; one that is none of that is reported."""
        if value is None:
            return
        if value < 0 or value >= 1000:
            self.lose(place, value, NO_PLACE)
            return
        rounded = value.quantize(Decimal("0.001"), ROUND_HALF_UP)
        if rounded != value:
            self.lose(place, value, ROUNDED)
        whole, _, decimals = f"{rounded if rounded != value else value:f}".lstrip("-").partition(".")
        if len(decimals) > 3:
            decimals = decimals[:3]
        self.raw(tag, f"{whole.lstrip('0') or '0'},{decimals}" if decimals else whole.lstrip("0") or "0")

    def quantity(self, tag: str, value: Decimal | None, place: str, attributes: str, *, signed: bool = True) -> bool:
        """A quantity, which the schema has as a text of 14 characters at most; whether it is written."""
        if value is None:
            return False
        if signed and self.sign < 0:
            value = -value
        text = f"{value:f}".replace(".", ",")
        if len(text) > 14 and "," in text:
            text = text.rstrip("0").rstrip(",")
        if len(text) > 14:
            self.lose(place, value, TOO_LONG)
            if "," not in text[:14]:
                return False
            text = text[:14].rstrip(",")
        self.raw(tag, text if value else text.lstrip("-"), attributes)
        return True

    def text_of_all(self) -> str:
        """What was written. Raises ``UnwritableDocument`` for characters that XML cannot carry."""
        text = "".join(self.out)
        bad = _NO_XML.search(text)
        if bad is not None:
            raise UnwritableDocument(f"The character U+{ord(bad[0]):04X} cannot be written in XML.")
        return text


def said(value: object) -> str:
    """*value* as text for the report."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
