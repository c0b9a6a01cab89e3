"""Mails to companies whose documents lie in their inboxes unreceived, after as many days as each of them wants.

Source: Apix, "DaysBeforeEmail: 0-5. Where 0 means; do not send email (DEFAULT) and 1 means the same day, 2 next day and
so on" (specs/apix.md, 5.6). At which time of the day is not said: it is from `HOUR` on, on the company's calendar, so
that a program that fetches a few times a day comes first; what arrives later, on a day that is the same day, is told of
as it comes. A company gets at most one mail in `PAUSE`, and is told of each entry once, however many there are.

A mail is stored before it is sent. One that the mail server does not take for now is tried again, with growing pauses
and with the same Message-ID, until `PATIENCE` is over.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from fakturahub import telemetry
from fakturahub.clock import new_id
from fakturahub.errors import FakturahubError
from fakturahub.exchange.retention import kept_since
from fakturahub.exchange.ways_mail import MailWays
from fakturahub.identity.companies import Companies, Company
from fakturahub.model import Channel, Clock, Content, Fault, Heading, Kind, Outcome, Parcel, Result
from fakturahub.model.ways import MailWay
from fakturahub.render import labels
from fakturahub.render.mail import Words, lying
from fakturahub.storage import inbox_mails as stored
from fakturahub.storage.database import Database
from fakturahub.storage.inbox_mails import MOST_COUNTED, InboxMail, Told, Wish

#: of the company's day, from which on it is told
HOUR = 16
#: between two mails to a company
PAUSE = timedelta(hours=1)
#: entries younger than this are left for the next look: a transaction that is still running may put one before them
SETTLED = timedelta(minutes=5)
#: how long a mail is one node's; an attempt takes at most 10 minutes (`outbound.smtp`)
CLAIM = timedelta(minutes=15)
#: pauses between attempts: the first, and the longest
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=10), timedelta(hours=4)
#: after which a mail that nobody took is given up
PATIENCE = timedelta(days=3)
#: how long what was told stays on record
KEPT = timedelta(days=90)

log = telemetry.logger("exchange.inbox_mails")


def told_before(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    """What arrived before this instant is to be told of: its day is *days* - 1 days ago, on the calendar of *zone*."""
    local = now.astimezone(zone)
    last = local.date() if local.hour >= HOUR else local.date() - timedelta(days=1)
    return min(datetime.combine(last - timedelta(days=days - 2), time(), zone), now - SETTLED)


class InboxMails:
    """The mails about inboxes, for one node. `make` and `send` are chores: any node may do them, at any time."""

    def __init__(
        self, database: Database, companies: Companies, ways: MailWays, channel: Channel[MailWay], clock: Clock
    ) -> None:
        self._database = database
        self._companies = companies
        self._ways = ways
        self._channel = channel
        self._clock = clock

    async def make(self) -> int:
        """Make the mails that are to be sent; returns how many. Mails that were sent long ago are forgotten."""
        await stored.forget(self._database, self._clock.now() - KEPT)
        made = 0
        wishes = await stored.wishes(self._database)
        while wishes:
            for wish in wishes:
                made += await self._make(wish)
            wishes = await stored.wishes(self._database, wishes[-1].company_id)
        return made

    async def _make(self, wish: Wish) -> bool:
        company, now = self._companies.get(wish.company_id), self._clock.now()
        if company is None or "receive" not in company.contracts:
            return False
        if wish.told_at is not None and now - wish.told_at < PAUSE:
            return False
        before = told_before(now, company.zone, wish.days)
        told = await stored.lying(self._database, wish, kept_since(now), before)
        if not told.count:
            return False
        email = wish.email or company.settings.get("email")
        if not email:
            log.warning("nobody to tell what lies in the inbox", company=company.key, entries=told.count)
            return False
        known = company.language in labels.LANGUAGES
        language = company.language if known else labels.language_of(company.country)
        said = await asyncio.to_thread(_words, company, told, language)
        mail = InboxMail(new_id(now), company.id, email, language, told.count, said.subject, said.text, said.html, now)
        return await stored.put(self._database, wish, mail, before)

    async def send(self) -> int:
        """Send the mails that are due; returns how many were taken. Ends where the mail server is in trouble."""
        taken = 0
        while (mail := await stored.claim(self._database, self._clock.now(), CLAIM)) is not None:
            outcome = await self._tried(mail)
            await self._settle(mail, outcome)
            taken += outcome.result is Result.DELIVERED
            if outcome.fault is not Fault.NONE:
                break
        return taken

    async def _tried(self, mail: InboxMail) -> Outcome:
        said = Words(mail.subject, mail.body, mail.html)
        try:
            way = self._ways.own_way(mail.email, said, language=mail.language, begun=mail.created_at)
            parcel = Parcel(
                delivery_id=mail.id,
                document_id=mail.id,
                attempt=mail.attempts,
                at=self._clock.now(),
                way=way,
                content=Content(b"", "", ""),
                heading=Heading(Kind.LETTER),
            )
            return await self._channel.send(parcel)
        except FakturahubError as error:
            return Outcome(Result.RETRY, error.reason, fault=Fault.OURS)

    async def _settle(self, mail: InboxMail, outcome: Outcome) -> None:
        now = self._clock.now()
        if outcome.result is Result.DELIVERED:
            await stored.settle(self._database, mail, "sent", now, now)
        elif outcome.result is Result.FAILED or now - mail.created_at > PATIENCE:
            log.error("mail about an inbox given up", mail=str(mail.id), why=outcome.detail)
            await stored.settle(self._database, mail, "failed", now, now, outcome.detail)
        else:
            log.warning("mail about an inbox put off", mail=str(mail.id), attempt=mail.attempts, why=outcome.detail)
            pause = min(FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10), LONGEST_PAUSE)
            await stored.settle(self._database, mail, "open", now + pause, now, outcome.detail)


def _words(company: Company, told: Told, language: str) -> Words:
    entries = [
        lying.Entry(msgspec.convert(one.heading, Heading), one.arrived_at.astimezone(company.zone).date())
        for one in told.oldest
    ]
    count = min(told.count, MOST_COUNTED)
    return lying.words(company.name, count, entries, language=language, more=told.count > MOST_COUNTED)
