"""Pages of stored documents: made when they are asked for, once, and kept for as long as they are worth it.

What a page was made of, how it looks and the version of the template are its key, so that a page that is found is the
one that would be made. Two requests of this process for the same page wait for one making; of two processes each may
make it, and the first one's is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID

import msgspec

from fakturahub.exchange import render
from fakturahub.exchange.render import MIME, Look, Page
from fakturahub.model import Attachment, Clock
from fakturahub.render import html
from fakturahub.render.page import TEMPLATE_VERSION
from fakturahub.storage import rendered as stored
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore

#: how long a page is kept after it was made
KEPT_FOR = timedelta(days=30)
#: bytes of all pages together, over which the oldest go
MOST_BYTES = 4 * 1024**3
#: pages that one process makes at a time; each takes a processor
AT_ONCE = 2


class Rendition(msgspec.Struct, frozen=True):
    """A page of a stored document."""

    data: bytes
    mime: str
    #: how many pages there are; of JPEG and PNG this is one of them
    pages: int
    #: whether it is, or was made of, the document's own picture
    own: bool


class Renditions:
    """The pages of this hub's documents, for one process."""

    def __init__(self, database: Database, payloads: PayloadStore, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)
        self._making: dict[tuple[bytes, str], asyncio.Task[Page]] = {}

    async def rendition(self, any_id: UUID, form: str, look: Look | None = None, *, page: int = 1) -> Rendition | None:
        """The document *any_id*, or what the delivery *any_id* hands over, as ``pdf``, ``jpg``, ``png`` or ``html``.

        The language is that of *look*, else the receiving company's, else that of the receiver's country. *page*
        chooses the page of a JPEG or PNG. None where there is no such document or delivery.

        Raises ``UnrenderableDocument`` for a form or page that there is not, ``RenderingFailed``, and what
        ``exchange.render.pdf_of`` and ``PayloadStore.load`` raise.
        """
        render.check_form(form)
        source = await stored.source_of(self._database, any_id)
        if source is None:
            return None
        asked = look or Look()
        if asked.language is None:
            asked = msgspec.structs.replace(asked, language=render.language_of(source.language))
        made = await self._page(source, form, asked, page if form in ("jpg", "png") else 1)
        return Rendition(made.data, MIME[form], made.pages, made.own)

    async def document(self, any_id: UUID) -> tuple[bytes, list[Attachment]] | None:
        """What pages of *any_id* are made of: the document's bytes, and the files beside it.

        None where there is no such document or delivery. Raises what ``PayloadStore.load`` raises.
        """
        source = await stored.source_of(self._database, any_id)
        return None if source is None else await self._loaded(source)

    async def _loaded(self, source: stored.Source) -> tuple[bytes, list[Attachment]]:
        files = [
            Attachment(file.name, file.mime, await self._payloads.load(file.kept), file.description)
            for file in source.files
        ]
        return await self._payloads.load(source.kept), files

    async def _page(self, source: stored.Source, form: str, look: Look, number: int) -> Page:
        """The page as it is kept, else as somebody is making it, else made."""
        key = (_hash_of(source), _variant(form, look, number))
        making = self._making.get(key)
        if making is None:
            making = asyncio.create_task(self._found_or_made(source, form, look, number, key), name="make a page")
            self._making[key] = making
            making.add_done_callback(lambda done: self._made(key, done))
        # One who goes away does not take the page from the others who wait for it.
        return await asyncio.shield(making)

    def _made(self, key: tuple[bytes, str], done: asyncio.Task[Page]) -> None:
        del self._making[key]
        if not done.cancelled():
            # Looked at, for all who asked may have gone away meanwhile.
            done.exception()

    async def _found_or_made(
        self, source: stored.Source, form: str, look: Look, number: int, key: tuple[bytes, str]
    ) -> Page:
        found = await stored.find(self._database, *key, TEMPLATE_VERSION)
        if found is not None:
            return Page(await self._payloads.load(found.kept), found.pages, found.own)
        made = await self._make(source, form, look, number)
        row = stored.Rendered(await self._payloads.keep(made.data), made.pages, made.own)
        await stored.keep(self._database, *key, TEMPLATE_VERSION, source.document_id, row, self._clock.now())
        return made

    async def _make(self, source: stored.Source, form: str, look: Look, number: int) -> Page:
        if form in ("jpg", "png"):
            whole = await self._page(source, "pdf", look, 1)
            async with self._room:
                picture = await asyncio.to_thread(render.picture_of, whole, form, number)
            return Page(picture, whole.pages, whole.own)
        data, files = await self._loaded(source)
        draw = render.pdf_of if form == "pdf" else render.html_of
        async with self._room:
            return await asyncio.to_thread(draw, data, look, at=source.at, files=files)

    async def sweep(self) -> int:
        """Throw away what is old or too much; how many pages went."""
        before = self._clock.now() - KEPT_FOR
        return await stored.sweep(self._database, template=TEMPLATE_VERSION, before=before, most_bytes=MOST_BYTES)


def _hash_of(source: stored.Source) -> bytes:
    """What the page is made of: the document, the files beside it, and the day that it came, which a letter shows."""
    made_of = hashlib.sha256(source.kept.sha256)
    for file in source.files:
        made_of.update(file.kept.sha256)
        made_of.update(f"{file.name}\0{file.mime}\0{file.description}\0".encode())
    made_of.update(source.at.date().isoformat().encode())
    return made_of.digest()


def _variant(form: str, look: Look, number: int) -> str:
    """How the page looks, in words that differ where the page does."""
    style = hashlib.sha256(msgspec.msgpack.encode(look.style)).hexdigest()[:16]
    whose = "letter-" if look.letter else ""
    whose += "own" if form == "html" or not (look.ours or look.factur_x) else "factur-x" if look.factur_x else "ours"
    template = f" {html.VERSION}" if form == "html" else ""
    return f"{form} {number} {look.language or '-'} {whose} {style}{template}"
