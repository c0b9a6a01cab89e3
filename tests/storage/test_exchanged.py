"""The list of what a company sent and received, at 20,000 documents."""

from __future__ import annotations

from typing import Any

import pytest

from fakturahub.model import Kind
from fakturahub.storage import exchanged
from fakturahub.storage.database import Database
from fakturahub.storage.exchanged import COUNTED, Source, Wish
from tests.storage.test_plans import COMPANIES, NEWEST, big, big_url, id_of

__all__ = ["big", "big_url"]


def wish(company: str = "busy", **conditions: Any) -> Wish:
    asked = {"sources": frozenset({Source.SENT, Source.INBOX, Source.PUSHED}), "dialect": "pagero", **conditions}
    return Wish(company=COMPANIES[company], **asked)


async def test_all_kinds_of_rows_come_in_one_order(big: Database) -> None:
    rows, total = await exchanged.page(big, wish(), 0, 6)
    # ids of entries and of documents begin with the same instants; entries have the greater ends here
    assert [one.id for one in rows] == [id_of(kind, 20_000 - n) for n in range(3) for kind in (6, 2)]
    assert [one.source for one in rows] == [Source.INBOX, Source.SENT] * 3
    assert total == COUNTED
    later, _ = await exchanged.page(big, wish(), 3, 3)
    assert later == rows[3:]
    assert (await exchanged.page(big, wish(), COUNTED, 1))[1] == COUNTED


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        (wish("silent"), 0),
        # it sent 20, of which 10 found no receiver and 5 were rejected; 10 came for it, long ago, into no inbox
        (wish("quiet"), 15),
        (wish("quiet", sources=frozenset({Source.ACKNOWLEDGEMENT})), 20),
        (wish("quiet", sources=frozenset({Source.ACKNOWLEDGEMENT}), fetched=True), 0),
        (wish("quiet", fetched=True), 0),
        (wish("quiet", kinds=frozenset({Kind.REMINDER})), 0),
        (wish("quiet", kinds=frozenset({Kind.INVOICE, Kind.REMINDER}), modes=frozenset({"prod"})), 15),
        (wish("quiet", modes=frozenset({"test"})), 0),
        (wish("quiet", number="12"), 1),
        (wish("quiet", answered="12"), 0),
        (wish("busy", file=id_of(1, 15_000)), 1),
        (wish("sender", file=id_of(1, 15_000)), 0),
        (wish("reader", fetched=False, sources=frozenset({Source.INBOX})), 15),
        (wish("reader", fetched=True, sources=frozenset({Source.INBOX})), 2_475),
    ],
)
async def test_how_many_there_are(big: Database, asked: Wish, total: int) -> None:
    rows, counted = await exchanged.page(big, asked, 0, 10)
    assert (len(rows), counted) == (min(total, 10), total)


async def test_ids_of_others_are_none(big: Database) -> None:
    mine, entry, other = id_of(2, 15_000), id_of(6, 15_000), id_of(2, 9_000)
    found = await exchanged.rows_of(big, wish(), [mine, entry, other, id_of(6, 8_000)])
    assert {one.id for one in found} == {mine, entry}


async def test_an_acknowledgement_is_fetched_once(big: Database) -> None:
    asked = wish("sender", sources=frozenset({Source.ACKNOWLEDGEMENT}), file=id_of(1, 9_998))
    (row,), _ = await exchanged.page(big, asked, 0, 10)
    assert row.fetched_at is None
    for _ in range(2):
        await exchanged.mark_acknowledgements(big, [row.document_id], NEWEST)
    (row,), _ = await exchanged.page(big, asked, 0, 10)
    assert row.fetched_at == NEWEST
