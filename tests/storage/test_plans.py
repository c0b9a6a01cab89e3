"""What a list costs does not grow with what is stored: the server's own account of how it finds the rows.

The statements are those that the functions send; each is explained with the values it was sent with. No table that
grows may be read from end to end, and no list may look at many more rows than it gives, wherever they lie.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa

from fakturahub.storage import deliveries, documents, exchanged, file_parts, inbox, inbox_mails
from fakturahub.storage.database import Database
from tests.storage.conftest import create, template_of, url_of

#: documents in the big database, and how many of each kind of rarity lie at its old end
MANY, FEW = 20_000, 10
#: tables that grow with every document
GROWING = {"submission", "document", "delivery", "attempt", "event", "inbox"}
#: the instant of the oldest document; they are a second apart
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NEWEST = FIRST + timedelta(seconds=MANY)


def id_of(kind: int, number: int) -> UUID:
    milliseconds = int(FIRST.timestamp() * 1000) + number * 1000
    return UUID(hex=f"{milliseconds:012x}70008000{kind:012x}")


COMPANIES = {name: id_of(9, number) for number, name in enumerate(("sender", "reader", "quiet", "silent", "busy"), 1)}

# An id of the hub begins with the milliseconds of its time; the rest only has to differ from table to table.
FILL = """
CREATE FUNCTION id_of(kind int, n int) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM timestamptz '2026-01-01 00:00Z') * 1000)::bigint + n * 1000), 12, '0')
            || '70008000' || lpad(to_hex(kind), 12, '0'))::uuid
$$;
INSERT INTO company
SELECT id_of(9, n), (ARRAY['sender', 'reader', 'quiet', 'silent', 'busy'])[n], '{}', 1, now()
FROM generate_series(1, 5) n;
CREATE TEMP TABLE n AS
SELECT n, timestamptz '2026-01-01 00:00Z' + n * interval '1 s' AS at,
       -- one stopped sending half-way, one sent a few of the oldest only, one nothing, the busy one all the time
       CASE WHEN n <= 20 THEN id_of(9, 3) WHEN n <= 10000 AND n % 2 = 0 THEN id_of(9, 1) ELSE id_of(9, 5) END AS sender,
       -- the oldest found no receiver, many of the older ones were rejected
       CASE WHEN n <= 10 OR n <= 4000 AND n % 2 = 1 THEN NULL WHEN n <= 40 THEN id_of(9, 3)
            WHEN n <= 10000 AND n % 4 = 0 THEN id_of(9, 2) ELSE id_of(9, 5) END AS receiver
FROM generate_series(1, 20000) n;
INSERT INTO submission
SELECT id_of(1, n), sender, 'pagero', n::text, '', 'prod', 'accepted', 200, '', '', '{}', at FROM n;
INSERT INTO document
SELECT id_of(2, n), id_of(1, n), sender, receiver, 'prod',
       CASE WHEN n <= 10 THEN 'unroutable' WHEN receiver IS NULL THEN 'rejected' ELSE 'delivered' END,
       'ubl-2.1', 'invoice', n::text, NULL, 'EUR', 1, '{"heading": {"kind": "invoice"}}', sha256(n::text::bytea), 1,
       'identity', '', at, at
FROM n;
INSERT INTO delivery
SELECT id_of(3, n), id_of(2, n), sender, receiver, 'inbox', '0216:1',
       CASE WHEN n <= 30 THEN 'pending' WHEN n <= 10000 AND n % 10 = 0 THEN 'failed' ELSE 'delivered' END,
       'known', 'original', 'ubl-2.1', 1, at, NULL, at, at
FROM n WHERE receiver IS NOT NULL;
INSERT INTO attempt SELECT id_of(4, n), id_of(3, n), at, 0.1, 'delivered', '{}'
FROM n WHERE receiver IS NOT NULL AND n > 40;
INSERT INTO event SELECT id_of(5, n), pg_current_xact_id(), sender, id_of(2, n), NULL, 'document.received', at, '{}'
FROM n;
INSERT INTO inbox
SELECT id_of(6, n), receiver, id_of(2, n), id_of(3, n), at,
       -- the reader received all but the oldest, the busy one nothing but the oldest
       CASE WHEN receiver = id_of(9, 2) AND n > 100 OR receiver = id_of(9, 5) AND n <= 5000 THEN at END
FROM n WHERE receiver IS NOT NULL AND n > 40;
ANALYZE
"""


@pytest.fixture(scope="module")
def big_url(postgres: str) -> str:
    """A database with 20,000 documents, where whatever is rare lies at the old end."""
    url = url_of(postgres, create(postgres, template_of(postgres)))

    async def fill() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(FILL)
        finally:
            await connection.close()

    asyncio.run(fill())
    return url


@pytest.fixture
async def big(big_url: str) -> AsyncIterator[Database]:
    database = Database(big_url)
    yield database
    await database.close()


class Sent:
    """The statements that were sent, with their values."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []

    def __call__(self, _: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        self.statements.append((statement, parameters))


@contextmanager
def listening(database: Database) -> Iterator[Sent]:
    sent = Sent()
    engine = database._engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", sent)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", sent)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def looked_at(node: dict[str, Any]) -> float:
    """Rows that a scan looked at, those it passed over included."""
    rows = sum(
        float(node.get(name, 0)) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    return rows * float(node["Actual Loops"])


async def plans(database: Database, sent: Sent) -> list[dict[str, Any]]:
    explained = []
    for statement, parameters in sent.statements:
        async with database._engine.connect() as connection:
            result = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            text = result.scalar_one()
            explained.append((json.loads(text) if isinstance(text, str) else text)[0]["Plan"])
            await connection.rollback()
    return explained


Ask = Callable[[Database], Awaitable[Any]]
LIMIT = 50


def _newest(company: str, since: timedelta, most: int = LIMIT) -> Ask:
    return lambda database: inbox.newest(database, COMPANIES[company], NEWEST - since, most)


def _told(company: str, told_to: UUID | None = None) -> Ask:
    wish = inbox_mails.Wish(COMPANIES[company], None, 1, told_to, None)
    return lambda database: inbox_mails.lying(database, wish, NEWEST - YEAR, NEWEST + timedelta(days=1))


def _lease(company: str) -> Ask:
    return lambda database: inbox.lease_oldest_unreceived(database, COMPANIES[company], NEWEST, timedelta(minutes=2))


def _documents(**filters: Any) -> Ask:
    return functools.partial(documents.newest, most=LIMIT, **filters)


def _deliveries(**filters: Any) -> Ask:
    return functools.partial(documents.newest_deliveries, most=LIMIT, **filters)


def _exchanged(company: str, **conditions: Any) -> Ask:
    asked = {"sources": frozenset(exchanged.Source), "dialect": "pagero", **conditions}
    wish = exchanged.Wish(company=COMPANIES[company], **asked)
    return lambda database: exchanged.page(database, wish, 0, LIMIT)


async def _of_one_page(database: Database) -> None:
    """What is asked of the rows of a page."""
    sent = [id_of(2, number) for number in range(9_000, 9_000 + 2 * LIMIT, 2)]
    rows = [exchanged.Row(one, exchanged.Source.SENT, one, NEWEST, None) for one in sent]
    assert len(await exchanged.known(database, rows)) == LIMIT
    assert len(await exchanged.events_of(database, sent)) == LIMIT
    await exchanged.channels_of(database, sent)


def _some(*ids: UUID) -> Ask:
    wish = exchanged.Wish(company=COMPANIES["busy"], sources=frozenset(exchanged.Source), dialect="pagero")
    return lambda database: exchanged.rows_of(database, wish, ids)


YEAR = timedelta(days=365)
MIDDLE = {"before": id_of(2, 9_000)}
LISTS: dict[str, tuple[Ask, int]] = {
    "inbox, a few unreceived and many received": (_newest("reader", YEAR), LIMIT),
    "inbox, all unreceived": (_newest("busy", YEAR), LIMIT),
    "inbox, of a short time": (_newest("busy", timedelta(seconds=20)), LIMIT),
    "inbox, of a time when nothing came": (_newest("reader", timedelta(seconds=20)), LIMIT),
    "inbox, of a company with little": (_newest("quiet", YEAR), LIMIT),
    "inbox, of a company with nothing": (_newest("silent", YEAR), LIMIT),
    "inbox, a single one": (_newest("reader", YEAR, 1), 1),
    "inbox, the next one": (_lease("reader"), 1),
    "inbox, the next one of many": (_lease("busy"), 1),
    "inbox, the next one of nothing": (_lease("silent"), 1),
    "documents": (_documents(), LIMIT),
    "documents, a later page": (_documents(**MIDDLE), LIMIT),
    "documents of a company": (_documents(company_key="sender"), LIMIT),
    "documents of a company, a later page": (_documents(company_key="sender", **MIDDLE), LIMIT),
    "documents of a company that sends": (_documents(company_key="busy"), LIMIT),
    "documents of a company that sent a few, long ago": (_documents(company_key="quiet"), LIMIT),
    "documents of a company that sent nothing": (_documents(company_key="silent"), LIMIT),
    "documents of nobody": (_documents(company_key="unknown"), LIMIT),
    "unroutable documents": (_documents(state="unroutable"), LIMIT),
    "rejected documents": (_documents(state="rejected"), LIMIT),
    "rejected documents, a later page": (_documents(state="rejected", before=id_of(2, 15)), LIMIT),
    "unroutable documents of a company": (_documents(state="unroutable", company_key="quiet"), LIMIT),
    "unroutable documents of a company without one": (_documents(state="unroutable", company_key="sender"), LIMIT),
    "unroutable documents of a company with rejected ones": (
        _documents(state="unroutable", company_key="busy"),
        LIMIT,
    ),
    "rejected documents of a company": (_documents(state="rejected", company_key="busy"), LIMIT),
    "rejected documents of a company with a few": (_documents(state="rejected", company_key="quiet"), LIMIT),
    "deliveries": (_deliveries(), LIMIT),
    "deliveries, a later page": (_deliveries(before=id_of(3, 9_000)), LIMIT),
    "failed deliveries": (_deliveries(state="failed"), LIMIT),
    "delivered deliveries": (_deliveries(state="delivered"), LIMIT),
    "delivered deliveries, a later page": (_deliveries(state="delivered", before=id_of(3, 9_000)), LIMIT),
    "held deliveries": (_deliveries(state="held"), LIMIT),
    "the backlog": (lambda database: deliveries.backlog(database, NEWEST), FEW),
    "deliveries without a job": (lambda database: deliveries.enqueue_orphaned(database, NEWEST, most=LIMIT), LIMIT),
    "inbox, what to tell of a few": (_told("reader"), inbox_mails.MOST_NAMED),
    "inbox, what to tell of many": (_told("busy"), inbox_mails.MOST_COUNTED),
    "inbox, what to tell of those that came since": (_told("busy", id_of(6, 2 * MANY)), inbox_mails.MOST_NAMED),
    "inbox, what to tell of nothing": (_told("silent"), 1),
    "one document": (lambda database: documents.whole(database, id_of(2, 9_000)), 1),
    "one entry": (lambda database: inbox.find(database, id_of(6, 9_000)), 1),
    "one payload": (lambda database: inbox.payload_of(database, id_of(2, 9_000)), 1),
    "sent and received, and how much": (_exchanged("busy"), exchanged.COUNTED),
    "sent, and how much": (_exchanged("sender", sources=frozenset({exchanged.Source.SENT})), exchanged.COUNTED),
    "acknowledgements": (
        _exchanged("sender", sources=frozenset({exchanged.Source.ACKNOWLEDGEMENT}), fetched=True),
        exchanged.COUNTED,
    ),
    "received and not fetched, a few": (
        _exchanged("reader", fetched=False, sources=frozenset({exchanged.Source.INBOX, exchanged.Source.PUSHED})),
        LIMIT,
    ),
    "sent and received by a company with little": (_exchanged("quiet"), LIMIT),
    "sent and received by a company with nothing": (_exchanged("silent"), 1),
    "what was made of a file": (_exchanged("busy", file=id_of(1, 15_000)), 1),
    "some documents, sent or received": (_some(id_of(2, 15_000), id_of(6, 15_000), id_of(3, 15_000)), 3),
    "what is shown of a page": (_of_one_page, LIMIT),
    "the parts of a file": (
        lambda database: file_parts.parts_of(database, COMPANIES["busy"], "pagero", id_of(1, 15_000)),
        1,
    ),
    "one part of a file": (
        lambda database: file_parts.part(database, COMPANIES["busy"], "pagero", id_of(2, 15_000)),
        1,
    ),
    "what the payload store still holds": (
        lambda database: documents.stored_hashes(database, [bytes(32), bytes(range(32))]),
        2,
    ),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_looks_at_about_as_many_rows_as_it_gives(big: Database, name: str) -> None:
    ask, most = LISTS[name]
    with listening(big) as sent:
        await ask(big)
    assert sent.statements
    for plan in await plans(big, sent):
        for node in nodes(plan):
            if node.get("Relation Name") in GROWING or "Index Name" in node:
                assert node["Node Type"] != "Seq Scan", json.dumps(plan, indent=1)
                assert looked_at(node) <= 2 * most + FEW, json.dumps(plan, indent=1)


@pytest.mark.parametrize(
    ("ask", "numbers"),
    [
        (_documents(), range(MANY, MANY - LIMIT, -1)),
        (_documents(**MIDDLE), range(8_999, 8_999 - LIMIT, -1)),
        (_documents(company_key="sender"), range(10_000, 10_000 - 2 * LIMIT, -2)),
        (_documents(company_key="sender", before=id_of(2, 30)), (28, 26, 24, 22)),
        (_documents(company_key="quiet"), range(20, 0, -1)),
        (_documents(company_key="silent"), ()),
        (_documents(company_key="unknown"), ()),
        (_documents(state="unroutable"), range(10, 0, -1)),
        (_documents(state="unroutable", before=id_of(2, 4)), (3, 2, 1)),
        (_documents(state="unroutable", company_key="quiet"), range(10, 0, -1)),
        (_documents(state="unroutable", company_key="busy"), ()),
        (_documents(state="rejected"), range(3_999, 3_999 - 2 * LIMIT, -2)),
        (_documents(state="rejected", before=id_of(2, 15)), (13, 11)),
        (_documents(state="rejected", company_key="quiet"), (19, 17, 15, 13, 11)),
        (_documents(state="rejected", company_key="quiet", before=id_of(2, 15)), (13, 11)),
        (_documents(state="rejected", company_key="sender"), ()),
        (_documents(state="rejected", company_key="unknown"), ()),
    ],
)
async def test_documents_are_listed_the_newest_first(big: Database, ask: Ask, numbers: Sequence[int]) -> None:
    assert [one.number for one in await ask(big)] == [str(number) for number in numbers]


@pytest.mark.parametrize(
    ("ask", "numbers"),
    [
        (_deliveries(), range(MANY, MANY - LIMIT, -1)),
        (_deliveries(before=id_of(3, 46)), (*range(44, 10, -2),)),
        (_deliveries(state="failed"), range(10_000, 10_000 - 10 * LIMIT, -10)),
        (_deliveries(state="pending"), range(30, 10, -2)),
        (_deliveries(state="delivered", before=id_of(3, 60)), (58, 56, 54, 52, 48, 46, 44, 42, 38, 36, 34, 32)),
        (_deliveries(state="held"), ()),
    ],
)
async def test_deliveries_are_listed_the_newest_first(big: Database, ask: Ask, numbers: Sequence[int]) -> None:
    assert [one.id for one in await ask(big)] == [id_of(3, number) for number in numbers]
