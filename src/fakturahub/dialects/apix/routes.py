"""The paths of the Apix terminal: listing and fetching what was received."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fakturahub import telemetry
from fakturahub.dialects.apix import auth, wire
from fakturahub.dialects.apix.auth import Query
from fakturahub.dialects.apix.errors import refuse
from fakturahub.dialects.apix.provision import ApixHub
from fakturahub.dialects.surface import Parts, Route, Surface, call_of
from fakturahub.errors import BadRequest, InternalFault, NoContract, NotAuthenticated, Refused
from fakturahub.exchange.inbox import Content, Entry
from fakturahub.identity.companies import Company
from fakturahub.identity.stored_settings import revealed

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


def surface(parts: Parts) -> Surface:
    """The dialect, ready to be mounted under ``/apix`` and at the root of its hosts."""
    terminal = Terminal(parts)
    return Surface(
        "apix",
        [
            Route("GET", "/list2", terminal.list2),
            Route("GET", "/receive", terminal.receive),
            Route("GET", "/download", terminal.download),
        ],
        refuse,
        parts,
        path_form=lambda path: path.removesuffix("/"),
    )


class Terminal:
    """The three calls."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stored: object = None
        self._hub = ApixHub()
        self._keys = auth.StorageKeys(parts.master_key.derive("apix storage key"))

    async def list2(self, request: Request) -> Response:
        """``GET /list2?TraID&t&d``: the storages of this and the previous month, unreceived first."""
        company = self._company(request, ())
        now = self._parts.clock.now()
        entries = await self._parts.inbox.newest(company.id, wire.start_of_previous_month(now), LIST_LIMIT)
        entries.sort(key=lambda entry: (not entry.handed_out(now), entry.id), reverse=True)
        groups = [wire.listed(entry, self._keys.of(entry.id), now) for entry in entries]
        return Response(wire.envelope("OK", "2700", [], groups), 200, {"content-type": wire.CONTENT_TYPE})

    async def receive(self, request: Request) -> Response:
        """``GET /receive?TraID&t&soft&ver&d``: the next unreceived storage, or nothing."""
        company = self._company(request, ("soft", "ver"))
        inbox = self._parts.inbox
        broken: list[Entry] = []
        try:
            while len(broken) < PASSED_OVER and (entry := await inbox.lease_next(company.id)) is not None:
                try:
                    data = await _zip(await inbox.content(entry))
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
        sid, stamp = query.get("SID"), query.get("t", "ts")
        mark = query.find("markreceived", "markReceived")
        if mark is not None and mark.form not in ("yes", "no"):
            raise BadRequest("markreceived is yes or no.")
        entry = await self._entry(sid.form)
        signed = (sid, stamp) if mark is None else (mark, sid, stamp)
        auth.check_digest(query, signed, None if entry is None else self._keys.of(entry.id))
        auth.check_clock(stamp, self._parts.clock.now(), self._window())
        company = None if entry is None else self._parts.companies.get(entry.company_id)
        if entry is None or company is None:
            raise NotAuthenticated("There is no such storage.")
        call_of(request).authenticated(company, self._parts.rates)
        data = await _zip(await self._parts.inbox.content(entry))
        if mark is not None and mark.form == "no":
            return Response(data, 200, ZIP)
        if entry.received_at is not None:
            return Response(data, 200, ZIP)
        await self._parts.inbox.lease(entry)
        return self._receipted(data, entry)

    def _receipted(self, data: bytes, entry: Entry) -> Receipted:
        inbox = self._parts.inbox
        return Receipted(data, sent=partial(inbox.mark_received, entry.id), unsent=partial(inbox.give_back, entry.id))

    def _company(self, request: Request, leading: tuple[str, ...]) -> Company:
        """The company that calls; *leading* names the parameters that the digest starts with.

        Raises `NotAuthenticated`, `ClockSkew`, `BadRequest`, and `NoContract` where it may not receive.
        """
        query = Query(request.scope["query_string"])
        transfer_id, stamp = query.get("TraID"), query.get("t", "ts")
        company = self._parts.companies.by_credential("apix", transfer_id.form)
        signed = (*(query.get(name) for name in leading), transfer_id, stamp)
        auth.check_digest(query, signed, None if company is None else self._transfer_key(company))
        auth.check_clock(stamp, self._parts.clock.now(), self._window())
        if company is None:
            raise NotAuthenticated("There is no such TransferID.")
        call_of(request).authenticated(company, self._parts.rates)
        if "receive" not in company.contracts:
            raise NoContract(f"{company.name} has no contract for receiving.")
        return company

    def _transfer_key(self, company: Company) -> str:
        sealed = company.section("apix")["transfer_key"]
        return self._parts.master_key.unseal(sealed, f"company/{company.key}/apix.transfer_key")

    async def _entry(self, storage_id: str) -> Entry | None:
        try:
            return await self._parts.inbox.find(UUID(storage_id))
        except ValueError:
            return None

    def _window(self) -> timedelta:
        stored = self._parts.companies.setting("dialects", "apix")
        if stored is not self._stored:
            self._stored = stored
            self._hub = revealed(ApixHub, stored, master_key=self._parts.master_key, context="apixhub")
        return self._hub.clock_window


async def _zip(content: Content) -> bytes:
    if len(content.data) > ZIP_IN_THREAD:
        return await asyncio.to_thread(wire.zipped, content)
    return wire.zipped(content)


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
