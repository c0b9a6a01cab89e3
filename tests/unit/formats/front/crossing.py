"""A document through another syntax and back: what of it is gone, and whether somebody said so.

The way is A → model → B → model → A → model. Each term that the first model states must be in the last, or stand in
one of the reports of losses on the way. Nothing may be in the last that was not in the first, either: it would be made
up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from fakturahub import formats
from fakturahub.errors import MissingTerm
from fakturahub.formats import Writing
from fakturahub.model import Attachment, Identifier, Loss
from fakturahub.model.invoice import Invoice
from fakturahub.model.terms import TERM, Stated, stated
from tests.unit.formats.invoices import addressed

#: BT-24 and BT-23 say which specification a document is written by; each syntax has its own
OF_THE_SYNTAX = frozenset({"BT-23", "BT-24"})
#: group of EN 16931 -> the path of the model that holds its terms, for losses that name a whole group
GROUPS = {
    "BG-1": ("notes",),
    "BG-3": ("preceding",),
    "BG-10": ("payee",),
    "BG-11": ("tax_representative",),
    "BG-13": ("delivery",),
    "BG-14": ("period",),
    "BG-15": ("delivery.address",),
    "BG-16": ("payment",),
    "BG-17": ("payment.transfers",),
    "BG-18": ("payment.card",),
    "BG-19": ("payment.direct_debit",),
    "BG-20": ("allowances",),
    "BG-21": ("charges",),
    "BG-23": ("vat",),
    "BG-24": ("supporting",),
    "BG-26": ("lines.period",),
    "BG-27": ("lines.allowances",),
    "BG-28": ("lines.charges",),
    "BG-32": ("lines.item.attributes",),
}


#: they may be made up, and not vanish
TRADING_NAMES = frozenset({"BT-28", "BT-45"})


class Crossed(NamedTuple):
    """What became of a document."""

    #: stated before, not after, and in no report
    vanished: list[Stated]
    #: stated after and not before
    made_up: list[Stated]
    #: all losses on the way
    losses: list[Loss]


def cross(invoice: Invoice, through: str, back: str) -> Crossed:
    """*invoice*, as it was read from a document in *back*, written in *through*, read, written in *back*, and read."""
    losses: list[Loss] = []
    noun = invoice
    for name in (through, back):
        noun = there(noun, name, losses)
    vanished, made_up = losses_of(invoice, noun, losses)
    return Crossed(vanished, made_up, losses)


def losses_of(before: Invoice, after: Invoice, losses: list[Loss]) -> tuple[list[Stated], list[Stated]]:
    """What *before* states and neither *after* nor *losses* do; and what *after* states and *before* does not."""
    first, last = _counted(before), _counted(after)
    told = _Told(losses)
    vanished = [
        one
        for one in _each(before, first - last)
        if not _joined(one, after)
        and not (one.term not in TRADING_NAMES and _restated(one, before))
        and not told.covers(one)
    ]
    # A value that is reported as carried in another form is gone in one place and new in another.
    made_up = [
        one
        for one in _each(after, last - first)
        if not _joined(one, before) and not _restated(one, after) and not told.may_have_moved(one)
    ]
    return vanished, made_up


def _restated(one: Stated, where: Invoice) -> bool:
    """Whether *one* says nothing that *where* does not say without it.

    A trading name that is the registered name (PUF cannot do without one). One of net price, discount and gross price
    beside the other two: gross is net and discount (BT-148, PEPPOL-EN16931-R046), and some syntaxes have a place for
    the one only with the other, with a discount of nothing if need be.
    """
    if one.term in TRADING_NAMES:
        return one.value == (where.seller if one.term == "BT-28" else where.buyer).name
    if one.term in ("BT-147", "BT-148"):
        price = where.lines[int(one.path.split("[")[1].partition("]")[0])].price
        net, discount = price.net or 0, price.discount or 0
        if one.term == "BT-148":
            return one.value == net + discount
        return one.value == 0 or one.value == (price.gross or net) - net
    return False


def _joined(one: Stated, other: Invoice) -> bool:
    """Whether *one* is a note that is in *other* as lines of a note or has notes of it as its lines.

    Peppol BIS 3 has room for one note (BT-22, BR rule PEPPOL-EN16931-R002); no character is lost by joining them.
    """
    # What is said in words joins the terms of payment (BT-20) and the note of a line (BT-127), too.
    said = {
        "BT-20": lambda: [other.payment_terms or ""],
        "BT-22": lambda: [note.text for note in other.notes],
        "BT-127": lambda: [line.note or "" for line in other.lines],
    }
    if one.term not in said:
        return False
    texts = said[one.term]()
    lines = {line for text in texts for line in _lines(text)}
    return lines.issuperset(_lines(str(one.value)))


def _lines(text: str) -> set[str]:
    # A subject (BT-21) stands before its text where the syntax has no place of its own: #REG#text.
    return {re.sub(r"\A#[A-Z]{3}#", "", _plain(line)) for line in text.split("\n")}


def there(noun: Invoice, name: str, losses: list[Loss]) -> Invoice:
    """*noun* written in *name* and read again, with the files beside the document; losses of both are added."""
    writing = formats.write(noun, name)
    losses.extend(writing.losses)
    return again(writing, losses)


def again(writing: Writing, losses: list[Loss]) -> Invoice:
    """What was written, read."""
    reading = formats.read(writing.data)
    losses.extend(reading.losses)
    noun, beside = formats.with_files(reading.noun, writing.files)
    assert not beside
    assert isinstance(noun, Invoice)
    return noun


class _Told:
    """What the reports say is lost. A report of one value excuses one value."""

    def __init__(self, losses: Iterable[Loss]) -> None:
        self.losses = list(losses)
        self.terms = Counter(loss.term for loss in self.losses)
        self.places = {loss.place for loss in self.losses if loss.place}
        self.values = Counter(_plain(loss.value) for loss in self.losses)

    def covers(self, one: Stated) -> bool:
        if one.term in OF_THE_SYNTAX:
            return True
        if any(place == one.path or one.path.startswith((f"{place}.", f"{place}[")) for place in self.places):
            return True
        for text in _texts(one.value):
            if self.values[_plain(text)]:
                self.values[_plain(text)] -= 1
                return True
        if self.terms[one.term]:
            self.terms[one.term] -= 1
            return True
        key = re.sub(r"\[[0-9]+\]", "", one.path)
        return any(key.startswith(inside) for group in self.terms.keys() & GROUPS for inside in GROUPS[group])

    def may_have_moved(self, one: Stated) -> bool:
        if one.term in OF_THE_SYNTAX or one.term in self.terms:
            return True
        if isinstance(one.value, Attachment) and any(loss.why == "recomputed" for loss in self.losses):
            # Two files of one name: the second got another, and a report says so.
            return True
        if not isinstance(one.value, str):
            return False
        # A text that is told is new where it went, and so is the part of a long one that another line took.
        text = _plain(one.value)
        return any(
            (loss.why == "as-text" and _plain(loss.value) in text) or (len(text) > 3 and text in _plain(loss.value))
            for loss in self.losses
        )


def crossed_whole(invoice: Invoice, through: str, back: str) -> bool:
    """Assert that a made *invoice* comes back from *through* as the reports say; False where no frame takes it."""
    told: list[Loss] = []
    if "finvoice-3.0-soap" in (through, back):
        invoice = addressed(invoice)
    first = there(invoice, back, told)
    assert losses_of(invoice, first, told) == ([], [])
    try:
        crossed = cross(first, through, back)
    except MissingTerm as refusal:
        # An address that one syntax could not carry, as its report says, is what a frame cannot do without.
        assert refusal.term in ("BT-34", "BT-49")  # noqa: PT017
        assert back == "finvoice-3.0-soap"
        return False
    assert crossed.vanished == []
    assert crossed.made_up == []
    return True


def _counted(invoice: Invoice) -> Counter[tuple[str, object]]:
    return Counter((one.term, _value(one)) for one in stated(invoice))


def _each(invoice: Invoice, wanted: Counter[tuple[str, object]]) -> Iterator[Stated]:
    left = Counter(wanted)
    for one in stated(invoice):
        key = (one.term, _value(one))
        if left[key] > 0:
            left[key] -= 1
            yield one


def _value(one: Stated) -> object:
    """The value in a form to compare: numbers by value, texts without differences of blanks."""
    if isinstance(one.value, str):
        return _plain(one.value)
    if isinstance(one.value, Attachment):
        # Its description is a term of its own (BT-123).
        return msgspec.structs.replace(one.value, description=None)
    return one.value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Identifier):
        yield value.value
        yield str(value)
    elif isinstance(value, Attachment):
        yield value.name
    else:
        yield str(value)


def _plain(text: str) -> str:
    return " ".join(text.split())


#: every term that the model can state, so that a test can tell which of them it has met
TERMS = frozenset(TERM.values())
