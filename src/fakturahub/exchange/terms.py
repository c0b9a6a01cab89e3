"""Terms of a document by name, for settings that take a value from it: header fields that go along with it.

A name is one of

* a dotted path of the model, such as ``number``, ``seller.name``, ``totals.payable``, ``buyer.address.city``, with the
  short ones of the heading that every list shows: ``payable``, ``seller.business_id``;
* the number of a business term of EN 16931, such as ``BT-1``;
* ``xpath:`` and an XPath 1.0 into the document as it came, see ``formats.pick``.

Of what a document states several times the first counts. Dates are ISO 8601; amounts have the digits that the sender
wrote; an electronic address is ``scheme:value``, other identifiers are their value alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache

import msgspec

from fakturahub import formats
from fakturahub.errors import FakturahubError
from fakturahub.formats import pick
from fakturahub.model import Attachment, Heading, Identifier
from fakturahub.model.invoice import Classification
from fakturahub.model.terms import TERM

XPATH = "xpath:"

#: the term of EN 16931 -> where the heading has it
_IN_HEADING = {
    "BT-1": "number",
    "BT-2": "issue_date",
    "BT-5": "currency",
    "BT-9": "due_date",
    "BT-10": "buyer_reference",
    "BT-13": "order_reference",
    "BT-14": "seller_reference",
    "BT-27": "seller.name",
    "BT-29": "seller.identifiers",
    "BT-30": "seller.business_id",
    "BT-31": "seller.vat_id",
    "BT-34": "seller.endpoint",
    "BT-40": "seller.country",
    "BT-44": "buyer.name",
    "BT-46": "buyer.identifiers",
    "BT-47": "buyer.business_id",
    "BT-48": "buyer.vat_id",
    "BT-49": "buyer.endpoint",
    "BT-55": "buyer.country",
    "BT-58": "buyer_email",
    "BT-83": "payment_reference",
    "BT-84": "account",
    "BT-112": "total",
    "BT-115": "payable",
}
#: those that the heading has no number for
_HEADING = frozenset({*_IN_HEADING.values(), "kind"})
_PATH_OF = {number: path for path, number in TERM.items()}


def fault_in(name: str) -> str | None:
    """What is wrong with *name* as the name of a term, None where it is one."""
    if name.startswith(XPATH):
        return pick.fault_in(name.removeprefix(XPATH))
    return None if name in _HEADING or name in TERM or name in _PATH_OF else "is no term of a document"


def in_heading(names: Iterable[str]) -> bool:
    """Whether all of these are in the heading of a document, and nothing has to be read for them."""
    return all(_heading_path(name) is not None for name in names)


def terms_of(names: Iterable[str], heading: Heading, data: bytes) -> Mapping[str, str | None]:
    """The terms of these names of a document, by their names; None for those that it does not state.

    The document is read only where the heading does not have them all: that takes as long as converting it.
    """
    found: dict[str, str | None] = {}
    noun: list[msgspec.Struct | None] = []
    for name in names:
        path = _heading_path(name)
        if path is not None:
            found[name] = _first(heading, path)
        elif name.startswith(XPATH):
            found[name] = _picked(data, name.removeprefix(XPATH))
        else:
            noun = noun or [_noun(data)]
            found[name] = _first(noun[0], _PATH_OF.get(name, name))
    return found


@cache
def _heading_path(name: str) -> str | None:
    if name in _HEADING:
        return name
    return _IN_HEADING.get(TERM.get(name, name))


def _picked(data: bytes, expression: str) -> str | None:
    try:
        return pick.pick(data, expression)
    except FakturahubError:
        return None  # it is no XML: there is no such place in it


def _noun(data: bytes) -> msgspec.Struct | None:
    """The whole document; None for one that is passed on without being read."""
    try:
        return formats.read(data).noun
    except FakturahubError:
        return None


def _first(noun: object, path: str) -> str | None:
    """The first value at *path* that is stated, as text."""
    values = [noun]
    for step in path.split("."):
        inner = [getattr(value, step, None) for value in values]
        values = [one for value in inner for one in (value if isinstance(value, tuple) else (value,))]
    texts = (_text(value, path) for value in values)
    return next((text for text in texts if text), None)


def _text(value: object, path: str) -> str | None:
    match value:
        case None:
            return None
        case Identifier():
            return str(value) if path.endswith("endpoint") else value.value
        case Enum():
            return str(value.value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case Attachment():
            return value.name
        case Classification():
            return value.code
        case str():
            return value
        case _:
            return None
