"""Every field of the model has a business term, or the group that it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints

import msgspec

from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import AllowanceCharge, Classification, Extension, Invoice, Line, Party
from fakturahub.model.terms import GROUP, TERM, stated

#: one value of the model although they have parts
WHOLE = (Identifier, Attachment, Classification)


def fields(noun: Any, path: str = "") -> Iterator[str]:
    """The path of every value that *noun* can hold."""
    for name, hint in get_type_hints(noun).items():
        here = f"{path}.{name}".lstrip(".")
        (kind,) = {one for one in (get_args(hint) or (hint,)) if one not in (NoneType, ...)}
        if kind in (Extension, bool):
            continue
        if issubclass(kind, msgspec.Struct) and kind not in WHOLE:
            yield from fields(kind, here)
        else:
            assert kind in (str, Decimal, date, *WHOLE), here
            yield here


def test_every_field_has_a_term_or_a_group() -> None:
    found = set(fields(Invoice))
    assert found == TERM.keys() | GROUP.keys()
    assert not TERM.keys() & GROUP.keys()
    assert len(set(TERM.values())) == len(TERM)
    assert all(re.fullmatch(r"BT-[0-9]+", term) for term in TERM.values())
    assert all(re.fullmatch(r"BG-[0-9]+", group) for group in GROUP.values())


def test_what_has_no_term_is_stated_by_its_group() -> None:
    allowance = AllowanceCharge(amount=Decimal(1), vat_category="S")
    invoice = Invoice(buyer=Party(legal_information="AS"), lines=(Line(allowances=(allowance,)),))
    assert [(one.term, one.path, one.value) for one in stated(invoice)] == [
        ("BG-7", "buyer.legal_information", "AS"),
        ("BT-136", "lines[0].allowances[0].amount", Decimal(1)),
        ("BG-27", "lines[0].allowances[0].vat_category", "S"),
    ]
