"""A document checked as one of a shape that is new to the engine, and as one of a shape that it knows well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lxml.etree import _Element

from fakturahub.rules import engine
from fakturahub.rules.outcome import Outcome
from fakturahub.rules.pack import Pack


def checked(root: _Element, packs: Sequence[Pack]) -> list[Outcome]:
    """What the engine says; the same in both ways."""
    with _shapes_known_after(1_000):
        new = engine.check(root, packs)
    with _shapes_known_after(0):
        known = engine.check(root, packs)
    assert new == known, "what is known of a document's shape changes what is found"
    return known


@contextmanager
def _shapes_known_after(documents: int) -> Iterator[None]:
    before, engine.OFTEN = engine.OFTEN, documents
    try:
        yield
    finally:
        engine.OFTEN = before
