"""The wiring: which parts a process is made of, and which surface answers which address. One screen to see it all."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from fakturahub import api, console, telemetry
from fakturahub.api import payslips, validate
from fakturahub.api.routes import Check
from fakturahub.clock import SystemClock, new_id
from fakturahub.dialects.apix import routes as apix
from fakturahub.dialects.pagero import acknowledgement as pagero_acknowledgement
from fakturahub.dialects.pagero import routes as pagero
from fakturahub.dialects.surface import Parts, Surface
from fakturahub.errors import FakturahubError, PermissionDenied
from fakturahub.exchange import payslip_pages
from fakturahub.exchange.archive import Archive
from fakturahub.exchange.credits import Balances
from fakturahub.exchange.deliver import Deliverer
from fakturahub.exchange.files import Files
from fakturahub.exchange.inbox import Inbox
from fakturahub.exchange.notices import Notices
from fakturahub.exchange.overview import Overview
from fakturahub.exchange.payslip_pages import PayslipPages
from fakturahub.exchange.payslips import Payslips
from fakturahub.exchange.registrations import Registrations
from fakturahub.exchange.renditions import Renditions
from fakturahub.exchange.retention import expire
from fakturahub.exchange.rulebook import Rulebooks
from fakturahub.exchange.rulebook import keep_fresh as keep_rules_fresh
from fakturahub.exchange.submit import Exchange
from fakturahub.identity.companies import Companies, keep_fresh, refresh
from fakturahub.identity.oauth.authority import Authority
from fakturahub.identity.oauth.metadata import PATHS as OAUTH_PATHS
from fakturahub.identity.oauth.metadata import at_the_root
from fakturahub.identity.passwords import PasswordCheck
from fakturahub.identity.rates import Rates
from fakturahub.identity.sealing import MasterKey
from fakturahub.provision import CLIENT_DIALECTS, CREDENTIAL_NAMES, OTHER_NAMES
from fakturahub.proxies import THROUGH, Proxies
from fakturahub.rules import xsd
from fakturahub.storage import deliveries, documents, schema, targets
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.database import Database
from fakturahub.storage.jobs import DELIVER
from fakturahub.storage.pack_cache import PackCache
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submissions import SubmissionWriter
from fakturahub.work.chores import Chore, keep_up
from fakturahub.work.workers import Workers

#: every dialect that is served: its prefix, and what makes its surface
DIALECTS = {"pagero": pagero.surface, "apix": apix.surface}

#: dialects whose senders are told by a message what became of a document: what makes it
ACKNOWLEDGED = {"pagero": pagero_acknowledgement.of_stored}

#: answered to this machine only, until the console brings sign-in
LOOPBACK_ONLY = frozenset({"/", "/metrics", validate.PATH})

log = telemetry.logger("app")


class NodeSettings(msgspec.Struct, frozen=True):
    """What one process is told by the one that starts it."""

    database: str
    #: folder or URL of the payload store
    payloads: str
    data: str
    #: the master key where it was given, else it is in the data folder
    master_key: str | None = None
    #: requests per minute of one account, of one address, and of one address that fails to sign in
    account_rate: int = 6_000
    address_rate: int = 60_000
    failure_rate: int = 60
    log_level: str = "info"
    #: where the hub is reached as long as no public_url says otherwise
    url: str = "http://127.0.0.1:8080"
    #: the networks that declared proxies call from
    proxies: tuple[str, ...] = ()

    def key(self) -> MasterKey:
        """The master key. Raises `MasterKeyError`."""
        if self.master_key is not None:
            return MasterKey.from_text(self.master_key)
        return MasterKey.kept_in(Path(self.data), create=False)


class Hub:
    """The ASGI application: gives every request an id and hands it to the surface that its host or path names."""

    def __init__(
        self, surfaces: dict[str, Surface], companies: Companies, pages: Starlette, proxies: Proxies | None = None
    ) -> None:
        self._proxies = proxies or Proxies(())
        self._surfaces = surfaces
        self._companies = companies
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._pages(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        scope = self._proxies.seen_through(scope)
        if scope["path"].startswith("/.well-known/"):
            hub = self._companies.setting("hub") or {}
            scope = {**scope, "path": at_the_root(scope["path"], hub.get("public_url") or "")}
        request_id = new_id().hex
        token = telemetry.request_id.set(request_id)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            # the OAuth2 server is that of the whole hub: clients look for it beside their dialect, too
            surface, path = (None, "") if scope["path"] in OAUTH_PATHS else self._find(scope)
            if surface is not None:
                await surface({**scope, "path": path}, receive, named)
            elif scope["path"] in LOOPBACK_ONLY and not _from_here(scope):
                await _elsewhere(scope["path"])(scope, receive, named)
            else:
                await self._page(scope, receive, named)
        finally:
            telemetry.request_id.reset(token)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One of the hub's own pages; what is asked for and is none is logged, it may be a client's wrong address."""
        status = 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._pages(scope, receive, seen)
        level = log.info if status in (404, 405) else log.debug
        level("page", method=scope["method"], path=scope["path"], status=status)

    def _find(self, scope: Scope) -> tuple[Surface | None, str]:
        path: str = scope["path"]
        _, first, *rest = path.split("/", 2) if path.count("/") > 1 else (*path.split("/", 1), "")
        surface = self._surfaces.get(first.lower())
        if surface is not None:
            return surface, "/" + rest[0]
        if path == payslip_pages.PATH:  # whichever host ``public_url`` names
            return None, path
        dialect = self._companies.dialect_of_host(Headers(scope=scope).get("host", ""))
        return (self._surfaces.get(dialect), path) if dialect else (None, path)


def _elsewhere(path: str) -> Response:
    """The answer to a request for a path that is answered to this machine only, and came from another."""
    if path == validate.PATH:
        return validate.refusal(PermissionDenied("This path is answered on the hub's own machine only."))
    return PlainTextResponse("This page is shown on the hub's own machine only.\n", 403)


def _from_here(scope: Scope) -> bool:
    """Whether a request comes from this machine, asked for by a name of this machine, and not through a proxy on it.

    The name keeps a web page elsewhere from reading ours by pointing its own name at the loopback address.
    """
    headers = Headers(scope=scope)
    if THROUGH in scope or any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")):
        return False
    host = headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    client = scope.get("client")
    return client is not None and _is_loopback(client[0]) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def serving(settings: NodeSettings) -> AsyncIterator[Hub]:
    """The application of a process that serves HTTP, ready to answer; on leaving it finishes what is in hand."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        companies = Companies(CREDENTIAL_NAMES, OTHER_NAMES)
        await refresh(database, companies)
        fresh = asyncio.create_task(keep_fresh(database, companies), name="keep settings fresh")
        stack.push_async_callback(_ended, fresh)
        rulebooks = Rulebooks(PackCache(DataFolder(Path(settings.data)).cache), settings.key())
        await rulebooks.refresh(database)
        fresh_rules = asyncio.create_task(keep_rules_fresh(database, rulebooks), name="keep rules fresh")
        stack.push_async_callback(_ended, fresh_rules)
        await asyncio.to_thread(xsd.prepare)
        passwords = PasswordCheck()
        stack.callback(passwords.close)
        writer = SubmissionWriter(database)
        writer.start()
        stack.push_async_callback(writer.stop)
        payloads = PayloadStore.open(settings.payloads, clock=clock)
        rates = Rates(settings.account_rate, settings.address_rate, settings.failure_rate)
        authority = Authority(database, companies, CLIENT_DIALECTS, settings.key(), settings.url, clock)
        await authority.prepare()
        fresh_tokens = asyncio.create_task(authority.keep_fresh(), name="keep keys and revocations fresh")
        stack.push_async_callback(_ended, fresh_tokens)
        exchange = Exchange(companies, writer, payloads, lambda: rulebooks.current, ACKNOWLEDGED)
        parts = Parts(
            companies=companies,
            exchange=exchange,
            balances=Balances(database),
            inbox=Inbox(database, payloads, clock),
            files=Files(database, payloads, companies, exchange, clock),
            archive=Archive(database, payloads, clock),
            notices=Notices(database, clock),
            registrations=Registrations(database, clock),
            payslips=Payslips(database, payloads, clock),
            passwords=passwords,
            tokens=authority.verifier,
            master_key=settings.key(),
            rates=rates,
            clock=clock,
        )
        overview = Overview(database, clock)
        opening = PayslipPages(database, payloads, Renditions(database, payloads, clock), settings.key(), clock)

        async def ready() -> list[Check]:
            return [
                await _checked("database", schema.check(database)),
                await _checked("payloads", payloads.check()),
                await _checked("rules", rulebooks.check()),
            ]

        validating = validate.route(lambda: rulebooks.current, parts.rates.address, lambda: clock.now().date())
        pages = Starlette(
            routes=[
                *api.routes(ready=ready, overview=overview),
                validating,
                payslips.route(opening, parts.rates.address),
                *authority.routes(passwords, rates),
                *console.routes(overview, lambda: len(companies)),
            ]
        )
        surfaces = {name: surface(parts) for name, surface in DIALECTS.items()}
        yield Hub(surfaces, companies, pages, Proxies(settings.proxies))


@asynccontextmanager
async def working(settings: NodeSettings) -> AsyncIterator[Workers]:
    """The workers of a process that does deliveries and chores; the caller runs them, and stops them before leaving."""
    # Only workers reach out and take jobs; what that needs is a third of what a start loads, which others are spared.
    from fakturahub.leaving import dispatching, telling
    from fakturahub.storage.queue_worker import QueueWorker, trim_log

    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = Database(settings.database, pool_size=2)
        stack.push_async_callback(database.close)
        companies = Companies(CREDENTIAL_NAMES)
        await refresh(database, companies)
        fresh = asyncio.create_task(keep_fresh(database, companies), name="keep settings fresh")
        stack.push_async_callback(_ended, fresh)
        payloads = PayloadStore.open(settings.payloads, clock=clock)
        renditions = Renditions(database, payloads, clock)
        data = Path(settings.data)
        mails = await stack.enter_async_context(telling(database, companies, settings.key(), data, clock))
        deliverer = Deliverer(database, payloads, clock)
        deliverer.start()
        stack.push_async_callback(deliverer.stop)
        authority = Authority(database, companies, CLIENT_DIALECTS, settings.key(), settings.url, clock)
        chores = (
            Chore(
                "deliveries without a job",
                timedelta(minutes=1),
                lambda: deliveries.enqueue_orphaned(database, clock.now()),
            ),
            Chore("targets without trouble", timedelta(minutes=10), lambda: targets.forget(database, clock.now())),
            Chore("keys that tokens are signed with", timedelta(hours=1), authority.rotate),
            Chore("codes and grants that have ended", timedelta(hours=1), authority.sweep),
            Chore("log of the job queue", timedelta(minutes=10), lambda: trim_log(database)),
            Chore("mails about inboxes, made", timedelta(minutes=10), mails.make),
            Chore("mails about inboxes, sent", timedelta(minutes=1), mails.send),
            Chore("storages that expired", timedelta(hours=1), lambda: expire(database, clock)),
            Chore("pages that are old or too many", timedelta(hours=1), renditions.sweep),
            Chore(
                "payloads that no document names",
                timedelta(hours=6),
                lambda: payloads.sweep(
                    lambda hashes: documents.stored_hashes(database, hashes), older_than=timedelta(days=1)
                ),
            ),
        )
        for chore in chores:
            stack.push_async_callback(_ended, asyncio.create_task(keep_up(chore), name=chore.name))
        dispatcher = await stack.enter_async_context(
            dispatching(database, payloads, companies, renditions, settings.key(), data, clock)
        )
        yield Workers([QueueWorker(database, {DELIVER: deliverer.deliver}), dispatcher])


async def _checked(name: str, check: object) -> Check:
    try:
        await check  # type: ignore[misc]
    except FakturahubError as error:
        return Check(name, False, str(error))
    return Check(name, True, "ok")


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
