"""Demands for payment: what they hold, and that they are no invoices."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from fakturahub import formats
from fakturahub.errors import UnwritableDocument
from fakturahub.model import Billed, Claim, CollectionNotice, Reminder
from fakturahub.model.invoice import Invoice
from tests.unit.render.demands import collection_notice, reminder


@pytest.mark.parametrize("noun", [reminder(), reminder(level=None, before_collection=True), collection_notice()])
def test_a_demand_keeps_all_it_holds(noun: Reminder | CollectionNotice) -> None:
    kept = msgspec.json.decode(msgspec.json.encode(noun), type=type(noun))
    assert kept == noun
    assert isinstance(noun, Billed)
    assert not isinstance(noun, Invoice)


def test_what_is_not_stated_is_missing() -> None:
    claim = Claim(number="1", open=Decimal("10"))
    assert msgspec.to_builtins(claim) == {"number": "1", "open": "10"}
    assert msgspec.to_builtins(CollectionNotice(case="7", claims=(claim,))) == {
        "case": "7",
        "claims": ({"number": "1", "open": "10"},),
    }


def test_a_claim_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        reminder().claims[0].open = Decimal(0)  # type: ignore[misc]


@pytest.mark.parametrize("name", [name for name, can in formats.NAMES.items() if can.write])
@pytest.mark.parametrize("noun", [reminder(), collection_notice()], ids=["reminder", "collection-notice"])
def test_no_syntax_takes_a_demand_for_something_else(noun: Reminder | CollectionNotice, name: str) -> None:
    with pytest.raises(UnwritableDocument):
        formats.write(noun, name)
