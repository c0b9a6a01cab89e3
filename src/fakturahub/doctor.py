"""``fakturahub doctor``: is everything in order, and if not, what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from fakturahub import certificate, printing, provision
from fakturahub.channels.email.verdicts import refusal
from fakturahub.clock import SystemClock
from fakturahub.config import Company, Letters, Mail
from fakturahub.errors import FakturahubError
from fakturahub.exchange import breaker, credits, ways_mail, ways_print
from fakturahub.exchange.overview import Overview
from fakturahub.exchange.rulebook import Rulebooks
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.oauth.keys import ROTATED_AFTER, Keys
from fakturahub.identity.stored_settings import revealed
from fakturahub.model import Result
from fakturahub.opened import Opened, Place, Running, existing, opened
from fakturahub.outbound import dkim_signing, sftp
from fakturahub.outbound.sftp_line import Times as LineTimes
from fakturahub.outbound.smtp import SmtpClient, Times, host_and_port
from fakturahub.outbound.smtp_talk import Stage
from fakturahub.start import tls_files
from fakturahub.storage import health, oauth_keys, schema, targets
from fakturahub.storage.accounts import plain
from fakturahub.storage.data_folder import DataFolder
from fakturahub.storage.pack_cache import PackCache

#: free bytes below which the disk is called nearly full
LEAST_DISK = 2 * 1024**3
#: seconds by which the clocks of hub and database may differ
MOST_SKEW = 5.0
#: seconds a delivery may be due before the workers count as stuck
MOST_WAIT = 300.0
#: how long the mail server is waited for, in seconds
MAIL_TIMES = Times(connect=5, command=5, whole=15)
#: the same of the print house's server
LETTER_TIMES = LineTimes(connect=10, answer=5)
#: how late a signing key may get its successor: the chore comes round every hour while a hub runs
LATE = timedelta(days=1)
#: targets that are looked at, and those of them in trouble that are named
TARGETS, NAMED = 1000, 3
#: the oldest PostgreSQL the statements were written for
LEAST_SERVER = 140_000


class Examined(msgspec.Struct, frozen=True):
    """One thing that was looked at. What is in order has an advice where there is something to do elsewhere."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def examine(
    place: Place, say: Callable[[str], None], tls_cert: Path | None = None, tls_key: Path | None = None
) -> list[Examined]:
    """Look at everything that can be looked at; what cannot be is among the findings, not an exception."""
    findings: list[Examined] = []
    try:
        if place.database is None:
            existing(place.data)
        with Running(place, say) as running:
            warnings = "; ".join(running.folder.warnings)
            findings.append(Examined("data folder", True, f"{running.folder.path} {warnings}".strip()))
            free = running.folder.free_bytes()
            findings.append(
                Examined(
                    "disk",
                    free >= LEAST_DISK,
                    f"{free / 1024**3:.1f} GiB free",
                    "" if free >= LEAST_DISK else "Make room: a full disk stops every acceptance.",
                )
            )
            findings += asyncio.run(_examine_running(running, partial(_certificate, tls_cert, tls_key)))
    except FakturahubError as error:
        findings.append(_bad("set-up", error))
    return findings


def _bad(name: str, error: FakturahubError) -> Examined:
    return Examined(name, False, printing.reason(error), printing.advice(error))


async def _examine_running(
    running: Running, certificate_look: Callable[[Opened], Awaitable[Examined]]
) -> list[Examined]:
    findings: list[Examined] = []
    failed: set[str] = set()
    async with opened(running, check=False) as all_of_it:
        # Each with what has to be in order before it can be looked at: one fault is told once.
        for name, look, needs in (
            ("database", _database, ()),
            ("schema", _schema, ("database",)),
            ("clock", _clock, ("database",)),
            ("payloads", _payloads, ()),
            ("keys", _keys, ("database", "schema")),
            ("configuration", _configuration, ("database", "schema")),
            ("rules", _rules, ("database", "schema")),
            ("deliveries", _deliveries, ("database", "schema")),
            ("targets", _targets, ("database", "schema")),
            ("credits", _credits, ("database", "schema")),
            ("mail", _mail, ("database", "schema", "keys")),
            ("letters", _letters, ("database", "schema", "keys")),
            ("signing keys", _signing_keys, ("database", "schema", "keys")),
            ("certificate", certificate_look, ()),
        ):
            if failed.isdisjoint(needs):
                try:
                    findings.append(await look(all_of_it))
                except FakturahubError as error:
                    failed.add(name)
                    findings.append(_bad(name, error))
    return findings


async def _database(all_of_it: Opened) -> Examined:
    server = await health.server(all_of_it.database)
    kind = "the private server of the data folder" if all_of_it.place.database is None else "a server of your own"
    detail = f"PostgreSQL {server.version}, {kind}, {server.connections} of {server.most_connections} connections"
    if server.number < LEAST_SERVER:
        return Examined("database", False, detail, "Use PostgreSQL 14 or newer.")
    if server.encoding != "UTF8":
        return Examined(
            "database", False, f"{detail}, encoding {server.encoding}", "Make the database with encoding UTF8."
        )
    if not server.durable:
        return Examined(
            "database",
            False,
            f"{detail}; fsync, synchronous_commit or full_page_writes is off",
            "Turn them on: without them an acknowledged document can be lost.",
        )
    return Examined("database", True, detail)


async def _schema(all_of_it: Opened) -> Examined:
    await schema.check(all_of_it.database)
    return Examined("schema", True, f"{schema.newest_revision()}, which is this program's")


async def _clock(all_of_it: Opened) -> Examined:
    before = SystemClock().now()
    started = time.perf_counter()
    theirs = await health.now(all_of_it.database)
    middle = (time.perf_counter() - started) / 2
    skew = (theirs - before).total_seconds() - middle
    detail = f"{skew:+.3f} s between the database's clock and the hub's"
    if abs(skew) > MOST_SKEW:
        return Examined("clock", False, detail, "Let both machines take their time from NTP.")
    return Examined("clock", True, detail)


async def _payloads(all_of_it: Opened) -> Examined:
    await all_of_it.payloads().check()
    return Examined("payloads", True, f"written, read and deleted a probe in {all_of_it.place.payload_target}")


async def _keys(all_of_it: Opened) -> Examined:
    key = all_of_it.place.key()
    known = await health.key_fingerprint(all_of_it.database)
    if known is not None and known != key.fingerprint():
        raise provision.wrong_key()
    companies = await _companies(all_of_it)
    for company in companies:
        revealed(
            Company,
            company.settings,
            master_key=key,
            context=f"company/{company.key}",
            sections=provision.SECTIONS,
        )
    return Examined("keys", True, f"master key {key.id} opens the secrets of {len(companies)} companies")


async def _companies(all_of_it: Opened) -> Companies:
    companies = Companies(provision.CREDENTIAL_NAMES)
    await refresh(all_of_it.database, companies)
    return companies


async def _configuration(all_of_it: Opened) -> Examined:
    companies = await _companies(all_of_it)
    if not len(companies):
        return Examined("configuration", False, "no company is known", "Apply a file: fakturahub apply companies.toml")
    silent = [one.key for one in companies if not one.addresses and "receive" in one.contracts]
    detail = f"{len(companies)} companies, settings version {companies.version}"
    if silent:
        return Examined(
            "configuration",
            False,
            f"{detail}; without an electronic address: {', '.join(silent[:10])}",
            "Give each company that receives an entry in `addresses`.",
        )
    return Examined("configuration", True, detail)


async def _rules(all_of_it: Opened) -> Examined:
    rulebooks = Rulebooks(PackCache(DataFolder(all_of_it.place.data).cache))
    await rulebooks.refresh(all_of_it.database)
    rulebook = rulebooks.current
    for broken in rulebook.broken:
        return Examined(
            "rules",
            False,
            f"the rule pack {broken.name} cannot be used: {broken.reason}",
            "Install it again, or remove it: until then documents of its profile are refused with 503.",
        )
    count = sum(len(one.pack.checks) for one in rulebook)
    return Examined("rules", True, f"{count:,} rules; the packs {', '.join(one.name for one in rulebook)} are in order")


async def _deliveries(all_of_it: Opened) -> Examined:
    backlog = await Overview(all_of_it.database, SystemClock()).backlog()
    detail = f"{backlog.open} open, the oldest due for {backlog.oldest:.0f} s"
    if backlog.oldest > MOST_WAIT:
        return Examined("deliveries", False, detail, "See whether `fakturahub serve` runs, and what its log says.")
    return Examined("deliveries", True, detail)


async def _targets(all_of_it: Opened) -> Examined:
    """Which targets take nothing. That is told and is no fault: a receiver that is down does not make the hub wrong."""
    now = SystemClock().now()
    listed = await targets.listed(all_of_it.database, TARGETS)
    shut = [
        one
        for one in listed
        if one.breaker is not None and (one.breaker.open_until is not None or breaker.is_down(one.breaker, now))
    ]
    if not shut:
        return Examined("targets", True, f"deliveries wait for {sum(one.waiting > 0 for one in listed)}, none is shut")
    named = [
        f"{one.key}, {one.waiting} waiting, since {one.breaker.failing_since or now:%Y-%m-%d %H:%M} UTC: "
        f"{printing.visible(one.breaker.last_error or 'no answer')[:300]}"
        for one in shut[:NAMED]
        if one.breaker is not None
    ]
    more = f"; and {len(shut) - NAMED} more" if len(shut) > NAMED else ""
    return Examined(
        "targets",
        True,
        f"{len(shut)} {'takes' if len(shut) == 1 else 'take'} no deliveries: {'; '.join(named)}{more}",
        "See `fakturahub targets`. Each is tried again by itself; its owner may have to put it right.",
    )


async def _credits(all_of_it: Opened) -> Examined:
    wrong = await credits.discrepancies(all_of_it.database)
    if wrong:
        one = wrong[0]
        return Examined(
            "credits",
            False,
            f"the account of {one.company} is not the sum of its ledger: {plain(one.balance)} credits, entered "
            f"{plain(one.entered)}; {plain(one.reserved)} reserved, entered {plain(one.held)}",
            "Somebody changed the tables by hand, or the hub has a defect. Compare `fakturahub credits` with a backup.",
        )
    before, empty = await credits.used_up(all_of_it.database)
    detail = (
        f"every account is the sum of its ledger; {before} {'company pays' if before == 1 else 'companies pay'} before"
    )
    if empty:
        detail += f"; nothing left to spend: {', '.join(empty)}"
    return Examined("credits", True, detail)


async def _mail(all_of_it: Opened) -> Examined:
    """The mail server lets the hub in, and what mails are signed with is a key; no mail is sent."""
    stored = (await _companies(all_of_it)).setting(ways_mail.SECTION)
    if stored is None:
        return Examined("mail", True, f"no mail server; mails are written into {DataFolder(all_of_it.place.data).mail}")
    settings = revealed(Mail, stored, master_key=all_of_it.place.key(), context=ways_mail.SECTION)
    server, signing = ways_mail.server_of(settings), ways_mail.signing_of(settings)
    if signing is not None:
        dkim_signing.signed(b"From: <probe>\r\n\r\n", signing, SystemClock().now())
    async with SmtpClient(MAIL_TIMES) as client:
        handover = await client.look_in(server, settings.sender.rpartition("@")[2].rstrip("> "))
    if handover.stage is not Stage.DONE:
        return Examined(
            "mail", False, refusal(handover, host_and_port(server)), "Put `[mail]` right, and apply the file again."
        )
    unsigned = "" if signing else "; mails are not signed"
    login = "" if server.username else " without a login"
    encrypted = "" if server.tls == "none" else ", encrypted"
    return Examined("mail", True, f"{host_and_port(server)} lets the hub in{login}{encrypted}{unsigned}")


async def _letters(all_of_it: Opened) -> Examined:
    """The print house lets the hub in and has the folder that letters are put into; none is put there."""
    stored = (await _companies(all_of_it)).setting(ways_print.SECTION)
    settings = (
        None
        if stored is None
        else revealed(Letters, stored, master_key=all_of_it.place.key(), context=ways_print.SECTION)
    )
    server = None if settings is None else ways_print.server_of(settings)
    if server is None:
        return Examined("letters", True, f"no print house; letters go into {DataFolder(all_of_it.place.data).print}")
    seen = await sftp.look(server, LETTER_TIMES)
    good = seen.result is Result.DELIVERED
    return Examined("letters", good, seen.detail, "" if good else "Put `[print]` right, and apply the file again.")


async def _signing_keys(all_of_it: Opened) -> Examined:
    """The keys of access tokens are opened by the master key, and change in time."""
    now = SystemClock().now()
    await Keys(all_of_it.database, all_of_it.place.key(), SystemClock()).refresh()
    rows = await oauth_keys.listed(all_of_it.database)
    if not rows:
        return Examined("signing keys", True, "none yet; the hub makes one when it starts")
    newest = max(row.created_at for row in rows)
    due = newest + ROTATED_AFTER
    detail = f"{len(rows)} published, the newest is {(now - newest).days} days old, the next is due on {due:%Y-%m-%d}"
    if due + LATE < now:
        return Examined(
            "signing keys",
            False,
            detail,
            "A running hub makes it: see whether `fakturahub serve` runs, or say `fakturahub signing-keys --rotate`.",
        )
    return Examined("signing keys", True, detail)


async def _certificate(cert: Path | None, key: Path | None, _: Opened) -> Examined:
    """What callers are shown can be shown, and is good for a while yet."""
    files = tls_files(cert, key)
    if files is None:
        return Examined("certificate", True, "none is named; the hub speaks plain HTTP, or a proxy speaks TLS")
    shown = certificate.read(files)
    faults = shown.faults(SystemClock().now(), files)
    names = ", ".join(shown.names) or "no host"
    detail = " ".join([f"for {names}, until {shown.ends:%Y-%m-%d %H:%M} UTC", *(f"· {one}" for one in faults)])
    advice = "Renew it: a running hub takes the new one up by itself. Keep the key to the hub's user." if faults else ""
    return Examined("certificate", not faults, detail, advice)
