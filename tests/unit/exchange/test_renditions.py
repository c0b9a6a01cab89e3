"""Pages of stored documents: made once, kept by content and look, and for the right language."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from fakturahub.errors import RenderingFailed, UnrenderableDocument
from fakturahub.exchange import render, renditions
from fakturahub.exchange.render import Look, Page
from fakturahub.exchange.renditions import Renditions
from fakturahub.render import pictures
from fakturahub.render.parts import Style
from fakturahub.storage import companies
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from tests.running import invoice
from tests.storage.conftest import empty_url
from tests.storage.rows import query, run, store, submission

__all__ = ["empty_url"]

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Town:
    """A database with one invoice in it, and how often something was drawn."""

    def __init__(self, database: Database, payloads: PayloadStore) -> None:
        self.database, self.payloads, self.clock = database, payloads, Clock()
        self.renditions = self.node()
        self.drawn: list[str] = []
        #: set when the first drawing has begun
        self.begun = asyncio.Event()
        self.document = UUID(int=0)
        self.delivery = UUID(int=0)
        self.receiver = uuid4()

    def node(self) -> Renditions:
        return Renditions(self.database, self.payloads, self.clock)

    async def store(self, data: bytes) -> None:
        rows = submission(uuid4(), receiver=self.receiver)
        await store(self.database, rows)
        self.document, self.delivery = rows.documents[0].id, rows.deliveries[0].id
        kept = await self.payloads.keep(data)
        await run(
            self.database,
            "UPDATE document SET sha256 = :sha, size = :size, encoding = :encoding, payload = :payload WHERE id = :id",
            id=self.document,
            sha=kept.sha256,
            size=kept.size,
            encoding=kept.encoding,
            payload=kept.payload,
        )


@pytest.fixture
async def town(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    database = Database(empty_url)
    made = Town(database, PayloadStore.open(tmp_path / "payloads"))
    loop = asyncio.get_running_loop()
    for name in ("pdf_of", "html_of", "picture_of"):
        real = getattr(render, name)

        def counted(*given: Any, name: str = name, real: Any = real, **named: Any) -> Any:
            made.drawn.append(name)
            loop.call_soon_threadsafe(made.begun.set)
            return real(*given, **named)

        monkeypatch.setattr(render, name, counted)
    await made.store(invoice("R-1"))
    yield made
    await database.close()


async def test_a_page_is_made_once_and_kept(town: Town) -> None:
    first = await town.renditions.rendition(town.document, "pdf")
    assert first is not None
    assert (first.mime, first.pages, first.own) == ("application/pdf", pictures.count(first.data), False)
    assert first.data.startswith(b"%PDF-")
    assert await town.renditions.rendition(town.document, "pdf") == first
    assert await town.node().rendition(town.delivery, "pdf") == first, "another process, and what was delivered"
    assert town.drawn == ["pdf_of"]


async def style(town: Town, settings: dict[str, Any], logo: bytes = b"") -> None:
    """Make *settings* the style of the company that sent the town's document."""
    (sender,) = await query(town.database, "SELECT company_id FROM document")
    async with companies.changing(town.database, NOW) as change:
        await change.put_company("sender", {"name": "x", "style": settings}, [], [])
        if logo:
            await change.put_logo(hashlib.sha256(logo).hexdigest(), logo)
        await change.drop_logos()
    await run(town.database, "UPDATE company SET id = :id WHERE key = 'sender'", id=sender)


async def test_a_page_is_in_the_style_of_the_sender_and_another_style_is_another_page(town: Town) -> None:
    usual = await town.renditions.rendition(town.document, "html")
    logo = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><rect width="4" height="2"/></svg>'
    await style(town, {"colour": "#0b6623", "footer": ["Foot of our own"]})
    green = await town.renditions.rendition(town.document, "html")
    assert usual is not None
    assert green is not None
    assert (b"#0b6623" in usual.data, b"#0b6623" in green.data, b"Foot of our own" in green.data) == (False, True, True)
    await style(town, {"colour": "#0b6623", "logo": hashlib.sha256(logo).hexdigest()}, logo)
    drawn = await town.renditions.rendition(town.document, "html")
    assert drawn is not None
    assert base64.b64encode(logo) in drawn.data
    assert await town.node().rendition(town.delivery, "html") == drawn, "what was delivered, too"
    await style(town, {})
    assert await town.renditions.rendition(town.document, "html") == usual
    assert town.drawn == ["html_of"] * 3, "each once; the first one was kept"


async def test_a_style_that_is_asked_for_goes_before_that_of_the_sender(town: Town) -> None:
    await style(town, {"colour": "#0b6623"})
    asked = await town.renditions.rendition(town.document, "html", Look(style=Style(accent="#aa3300")))
    assert asked is not None
    assert (b"#aa3300" in asked.data, b"#0b6623" in asked.data) == (True, False)


async def test_a_logo_that_is_replaced_at_that_moment_makes_no_page_without_one(town: Town) -> None:
    await style(town, {"logo": "ab" * 32})
    with pytest.raises(RenderingFailed, match="replaced"):
        await town.renditions.rendition(town.document, "pdf")
    assert await query(town.database, "SELECT count(*) FROM rendered") == [0]


async def test_two_at_once_wait_for_one_making(town: Town) -> None:
    made = await asyncio.gather(*(town.renditions.rendition(town.document, "jpg") for _ in range(5)))
    assert town.drawn == ["pdf_of", "picture_of"]
    assert len({one.data for one in made if one is not None}) == 1
    assert await query(town.database, "SELECT count(*) FROM rendered") == [2], "the PDF that it was drawn from, too"


async def test_one_who_goes_away_leaves_the_page_to_the_others(town: Town) -> None:
    gone = asyncio.create_task(town.renditions.rendition(town.document, "pdf"))
    stays = asyncio.create_task(town.renditions.rendition(town.document, "pdf"))
    await town.begun.wait()
    gone.cancel()
    assert (await stays) is not None
    assert gone.cancelled()
    assert town.drawn == ["pdf_of"]


async def test_every_look_is_a_page_of_its_own(town: Town) -> None:
    looks = [Look(), Look(language="nb"), Look(style=Style(accent="#990000")), Look(ours=True)]
    made = [await town.renditions.rendition(town.document, "html", look) for look in looks]
    texts = [one.data for one in made if one is not None]
    assert texts[0] == texts[3], "HTML is always the hub's own"
    assert len(set(texts)) == 3
    assert town.drawn == ["html_of"] * 3
    pdfs = [await town.renditions.rendition(town.document, "pdf", one) for one in (Look(), Look(factur_x=True))]
    assert len({one.data for one in pdfs if one is not None}) == 2


async def test_the_language_is_the_receivers(town: Town) -> None:
    async def lang() -> bytes:
        made = await town.renditions.rendition(town.document, "html")
        assert made is not None
        return made.data.partition(b'<html lang="')[2][:2]

    assert await lang() == b"fi", "that of the country where the receiver states none"
    await run(
        town.database,
        """INSERT INTO company (id, key, settings, version, created_at)
           VALUES (:id, 'receiver', '{"language": "no"}', 1, now())""",
        id=town.receiver,
    )
    assert await lang() == b"nb"


async def test_pages_of_pictures(town: Town) -> None:
    made = await town.renditions.rendition(town.document, "png", page=1)
    assert made is not None
    assert made.data.startswith(b"\x89PNG")
    for _ in range(2):
        with pytest.raises(UnrenderableDocument, match=f"no page {made.pages + 1}"):
            await town.renditions.rendition(town.document, "png", page=made.pages + 1)
    with pytest.raises(UnrenderableDocument, match="docx"):
        await town.renditions.rendition(town.document, "docx")


async def test_nothing_under_an_id_is_nothing(town: Town) -> None:
    assert await town.renditions.rendition(uuid4(), "pdf") is None


async def test_what_has_no_page_says_so_every_time(town: Town, shared: Path) -> None:
    await town.store((shared / "samples/oioubl/OIOUBL_Invoice_v2.1.xml").read_bytes())
    for _ in range(2):
        with pytest.raises(UnrenderableDocument):
            await town.renditions.rendition(town.document, "pdf")
    assert await query(town.database, "SELECT count(*) FROM rendered") == [0]


async def test_a_large_page_lies_in_the_payload_store(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"%PDF-" + bytes(400_000)
    monkeypatch.setattr(render, "pdf_of", lambda *_, **__: Page(large, 1))
    for _ in range(2):
        made = await town.renditions.rendition(town.document, "pdf")
        assert made is not None
        assert made.data == large
    assert await query(town.database, "SELECT encoding FROM rendered") == ["store"]


async def test_a_newer_template_draws_anew(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.renditions.rendition(town.document, "pdf")
    monkeypatch.setattr(renditions, "TEMPLATE_VERSION", renditions.TEMPLATE_VERSION + 1)
    await town.renditions.rendition(town.document, "pdf")
    await town.renditions.rendition(town.document, "pdf")
    assert town.drawn == ["pdf_of"] * 2


async def test_the_sweep_takes_old_pages(town: Town) -> None:
    await town.renditions.rendition(town.document, "html")
    town.clock.at += renditions.KEPT_FOR - timedelta(seconds=1)
    assert await town.renditions.sweep() == 0
    town.clock.at += timedelta(seconds=2)
    assert await town.renditions.sweep() == 1
    assert await town.renditions.rendition(town.document, "html") is not None
    assert town.drawn == ["html_of"] * 2
