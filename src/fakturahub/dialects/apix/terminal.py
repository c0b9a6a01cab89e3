"""The terminal: listing and fetching what was received (specification 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fakturahub import telemetry
from fakturahub.dialects.apix import auth, storages, wire
from fakturahub.dialects.apix.auth import Query
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.surface import Parts, call_of
from fakturahub.errors import BadRequest, InternalFault, NotAuthenticated, NotFound, Refused
from fakturahub.exchange.inbox import SHOWN_REMOVED, Content, Entry
from fakturahub.exchange.retention import kept_since
from fakturahub.identity.companies import Company

#: most storages in one list (specification 7)
LIST_LIMIT = 500
#: most storages that a reader is led past because they cannot be delivered
PASSED_OVER = 50
#: bytes above which a ZIP is made in a thread
ZIP_IN_THREAD = 64 * 1024
#: bytes sent at a time; between two of them a client that went away is noticed
PIECE = 64 * 1024

ZIP = {"content-type": "application/zip"}

log = telemetry.logger("dialects.apix")


class Terminal:
    """The calls of the terminal."""

    def __init__(self, parts: Parts, callers: Callers) -> None:
        self._parts = parts
        self._callers = callers
        self._keys = auth.StorageKeys(parts.master_key.derive("apix storage key"))

    async def list2(self, request: Request) -> Response:
        """``GET /list2?TraID&t&d``: the storages of this and the previous month, unreceived first."""
        company, _ = self._callers.company(request, contract="receive")
        now = self._parts.clock.now()
        entries = await self._parts.inbox.newest(company.id, storages.start_of_previous_month(now), LIST_LIMIT)
        entries.sort(key=lambda entry: (not entry.handed_out(now), entry.id), reverse=True)
        return wire.ok("2700", [storages.listed(entry, self._keys.of(entry.id), now) for entry in entries], texts=())

    async def list(self, request: Request) -> Response:
        """``GET /list?TraID&t&d``, the older one: id, key and status of all storages that are kept."""
        company, _ = self._callers.company(request, contract="receive")
        now = self._parts.clock.now()
        # those that expired are shown as such for a while; the chore that removes them comes round every hour
        entries = await self._parts.inbox.newest(company.id, kept_since(now - 2 * SHOWN_REMOVED), LIST_LIMIT)
        entries.sort(key=lambda entry: (not entry.handed_out(now), entry.id), reverse=True)
        groups = [storages.listed_in_short(entry, self._keys.of(entry.id), now) for entry in entries]
        return wire.ok("2700", groups, texts=())

    async def receive(self, request: Request) -> Response:
        """``GET /receive?TraID&t&soft&ver&d``: the next unreceived storage, or nothing."""
        company, _ = self._callers.company(request, contract="receive")
        inbox, since = self._parts.inbox, kept_since(self._parts.clock.now())
        broken: list[Entry] = []
        try:
            while len(broken) < PASSED_OVER and (entry := await inbox.lease_next(company.id, since)) is not None:
                try:
                    data = await _zip(await inbox.content(entry), company)
                except (Refused, InternalFault) as error:
                    # One that cannot be made must not keep its reader from those behind it: a client that is given
                    # nothing takes the terminal for empty.
                    log.error("storage cannot be delivered", storage=str(entry.id), code=error.code, reason=str(error))
                    broken.append(entry)
                except BaseException:
                    await inbox.give_back(entry.id)
                    raise
                else:
                    return self._receipted(data, entry)
            return Response(b"", 200)
        finally:
            for one in broken:
                await inbox.give_back(one.id)

    async def download(self, request: Request) -> Response:
        """``GET /download?SID&t&d[&markreceived=yes|no]``: one storage, proven by its own key."""
        query = Query(request.scope["query_string"])
        values = auth.signed(query, "/download")
        sid = values[0]
        mark = query.find("markreceived", "markReceived")
        if mark is not None and mark.form not in ("yes", "no"):
            raise BadRequest("markreceived is yes or no.")
        entry = await self._entry(sid.form)
        auth.check_digest(
            query, values if mark is None else (mark, *values), None if entry is None else self._keys.of(entry.id)
        )
        self._callers.check_clock(values[-1])
        company = None if entry is None else self._parts.companies.get(entry.company_id)
        if entry is None or company is None:
            raise NotAuthenticated("There is no such storage.")
        call_of(request).authenticated(company, self._parts.rates)
        data = await _zip(await self._parts.inbox.content(entry), company)
        if mark is not None and mark.form == "no":
            return Response(data, 200, ZIP)
        if entry.received_at is not None:
            return Response(data, 200, ZIP)
        await self._parts.inbox.lease(entry)
        return self._receipted(data, entry)

    async def metadata(self, request: Request) -> Response:
        """``GET /metadata?TraID&SID&t&d``: all about a storage, and about each file in it."""
        company, query = self._callers.company(request, contract="receive")
        entry = await self._entry(query.get("SID").form)
        if entry is None or entry.company_id != company.id:
            raise NotFound("There is no such storage.")
        inbox = self._parts.inbox
        origin, notice = await inbox.origin(entry), await self._parts.notices.of(company.id)
        content = await inbox.content(entry)
        email, now = notice.email or company.settings.get("email"), self._parts.clock.now()
        groups = await asyncio.to_thread(storages.described, content, origin, email, now, framed=_wants_frame(company))
        return wire.ok("2A00", groups, texts=())

    def _receipted(self, data: bytes, entry: Entry) -> Receipted:
        inbox = self._parts.inbox
        return Receipted(data, sent=partial(inbox.mark_received, entry.id), unsent=partial(inbox.give_back, entry.id))

    async def _entry(self, storage_id: str) -> Entry | None:
        """A storage that is kept, whosever it is."""
        try:
            entry = await self._parts.inbox.find(UUID(storage_id))
        except ValueError:
            return None
        return None if entry is None or storages.is_gone(entry, self._parts.clock.now()) else entry


async def _zip(content: Content, company: Company) -> bytes:
    framed = _wants_frame(company)
    if len(content.data) > ZIP_IN_THREAD:
        return await asyncio.to_thread(storages.zipped, content, framed=framed)
    return storages.zipped(content, framed=framed)


def _wants_frame(company: Company) -> bool:
    return company.receive_as.endswith("-soap")


class Receipted(Response):
    """A ZIP that counts as received once it was sent to the end, and not where the client went away before."""

    def __init__(
        self,
        data: bytes,
        *,
        sent: Callable[[], Awaitable[None]],
        unsent: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(data, 200, ZIP)
        self._sent = sent
        self._unsent = unsent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        body = bytes(self.body)
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(body), PIECE):
                await asyncio.sleep(0)
                piece = body[start : start + PIECE]
                await send({"type": "http.response.body", "body": piece, "more_body": start + PIECE < len(body)})
                # A server drops what is for a client that went away, and says nothing. Asked at once: a step later the
                # end of the answer looks the same.
                if gone.done():
                    raise ClientDisconnect
        except BaseException:
            await self._unsent()
            raise
        finally:
            gone.cancel()
        await self._sent()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
