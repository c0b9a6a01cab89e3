"""Mails about what lies in inboxes, to a mail server: once for each entry, at the time that its company asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from fakturahub import app
from fakturahub.channels.email import EmailChannel
from fakturahub.exchange import inbox_mails
from fakturahub.exchange.inbox_mails import InboxMails, told_before
from fakturahub.exchange.notices import Notice, Notices
from fakturahub.exchange.ways_mail import MailWays
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import protected
from fakturahub.outbound.smtp import SmtpClient, Times
from fakturahub.storage import inbox
from fakturahub.storage.companies import changing
from fakturahub.storage.database import Database
from fakturahub.work.chores import Chore
from tests.peers.mail import DROP, MailPeer, always, closed_port, mail_server, once
from tests.running import COMPANIES, TRANSFER_ID, TRANSFER_KEY, invoice, running_hub
from tests.storage.conftest import empty_url
from tests.storage.engine import SetClock
from tests.storage.rows import NOW, deliver, query, store, submission
from tests.unit.config.sections import COMPANY, read
from tests.wire.apix.terminal import joined, put, request, signed

__all__ = ["empty_url"]

KEY = MasterKey(bytes(32))
HELSINKI = ZoneInfo("Europe/Helsinki")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def finnish(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=HELSINKI).astimezone(UTC)


#: a Friday, two in the afternoon in Finland
assert finnish("2026-11-20", 14) == NOW


HEADING = {"payable": "77.10", "seller": {"name": "Skog & Såg <AB>"}}


class Inboxes:
    """A hub with one company, and what tells it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.clock = SetClock(NOW)
        self.companies = Companies({})
        self.company = UUID(int=0)
        self.notices = Notices(database, self.clock)

    async def provision(self, port: int | None, **settings: object) -> None:
        values = {
            "name": "Virta Oy",
            "country": "FI",
            "language": "fi",
            "email": "laskut@virta.example",
            "contracts": ["receive"],
            **settings,
        }
        async with changing(self.database, NOW) as change:
            await change.put_company("virta", {k: v for k, v in values.items() if v is not None}, [], [])
            if port is not None:
                section = read(
                    f"[mail]\nurl = 'smtp://127.0.0.1:{port}?tls=none'\nsender = 'Hub <hub@hub.example>'\n{COMPANY}"
                ).mail
                assert section is not None
                await change.put_setting("mail", "", protected(section, None, master_key=KEY).settings)
        await refresh(self.database, self.companies)
        (self.company,) = (one.id for one in self.companies)

    async def arrives(self, *numbers: str, at: datetime, kind: str = "invoice") -> list[UUID]:
        rows = [
            submission(
                uuid4(),
                receiver=self.company,
                number=number,
                facts=json.dumps(
                    {"recognition": {"syntax": "ubl-2.1"}, "heading": {**HEADING, "kind": kind, "number": number}}
                ),
            )
            for number in numbers
        ]
        await store(self.database, *rows)
        await deliver(self.database, rows, at)
        entries: list[UUID] = await query(self.database, "SELECT id FROM inbox ORDER BY id")
        return entries[-len(numbers) :]

    async def tell(self, at: datetime) -> tuple[int, int]:
        """Both chores at that instant; how many mails were made, and how many taken."""
        self.clock.at = at
        async with SmtpClient(Times(connect=2, command=2, data=2, whole=5)) as client:
            ways = MailWays(self.companies, KEY, self.folder)
            mails = InboxMails(self.database, self.companies, ways, EmailChannel(client), self.clock)
            return await mails.make(), await mails.send()


@pytest.fixture
async def inboxes(empty_url: str, tmp_path: Path) -> AsyncIterator[Inboxes]:
    database = Database(empty_url)
    yield Inboxes(database, tmp_path / "data")
    await database.close()


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with mail_server() as running:
        yield running


# --- when -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "days", "before"),
    [
        (finnish("2026-11-20", 15, 59), 1, finnish("2026-11-20", 0)),
        (finnish("2026-11-20", 16), 1, finnish("2026-11-20", 15, 55)),
        (finnish("2026-11-20", 23, 59), 1, finnish("2026-11-20", 23, 54)),
        (finnish("2026-11-20", 15, 59), 2, finnish("2026-11-19", 0)),
        (finnish("2026-11-20", 16), 2, finnish("2026-11-20", 0)),
        (finnish("2026-11-20", 16), 5, finnish("2026-11-17", 0)),
        (finnish("2026-10-26", 16), 2, finnish("2026-10-26", 0)),  # the day before had 25 hours
    ],
)
def test_what_is_told_of_at_a_time(now: datetime, days: int, before: datetime) -> None:
    assert told_before(now, HELSINKI, days) == before


async def test_the_same_day_in_the_afternoon_and_the_next_ones_by_their_number(
    inboxes: Inboxes, peer: MailPeer
) -> None:
    await inboxes.provision(peer.port)
    await inboxes.arrives("A-1", at=NOW - 2 * HOUR)
    assert await inboxes.tell(NOW + 8 * HOUR) == (0, 0), "nobody asked for it"
    await inboxes.notices.put(inboxes.company, Notice(None, 0))
    assert await inboxes.tell(NOW + 8 * HOUR) == (0, 0), "nor with 0"
    await inboxes.notices.put(inboxes.company, Notice("toinen@virta.example", 3))
    for at in (NOW + 8 * HOUR, NOW + DAY + 8 * HOUR, NOW + 2 * DAY):
        assert await inboxes.tell(at) == (0, 0)
    assert await inboxes.tell(finnish("2026-11-22", 16)) == (1, 1)
    (mail,) = peer.received
    assert mail.recipients == ("toinen@virta.example",)


# --- what -----------------------------------------------------------------------------------------------------------


async def test_the_mail_says_what_lies_there_and_each_entry_is_told_of_once(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", "{receiver}", at=NOW - HOUR)
    (fetched,) = await inboxes.arrives("A-3", at=NOW - HOUR / 2)
    await inbox.mark_received(inboxes.database, [fetched], NOW)
    await inboxes.arrives("S-4", at=NOW, kind="payslip")
    afternoon = finnish("2026-11-20", 16, 10)
    assert await inboxes.tell(afternoon) == (1, 1)
    (mail,) = peer.received
    assert mail.recipients == ("laskut@virta.example",)
    assert str(mail.message["From"]) == "Hub <hub@hub.example>"
    assert mail.message["Subject"] == "3 asiakirjaa odottaa noutamista"
    (id_,) = await query(inboxes.database, "SELECT id FROM inbox_mail WHERE state = 'sent'")
    assert mail.id == f"<{id_.hex}@hub.example>"
    assert not list(mail.message.iter_attachments())
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Vastaanottajalle Virta Oy on saapunut 3 asiakirjaa" in text
    assert "Skog & Såg <AB>: A-1 · 20.11.2026" in text.splitlines()
    assert "Skog & Såg <AB>: {receiver} · 20.11.2026" in text.splitlines()
    assert "Palkkalaskelma: 20.11.2026" in text.splitlines()
    for unsaid in ("A-3", "S-4", "77"):
        assert unsaid not in text
    html = mail.message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Skog &amp; Såg &lt;AB&gt;" in html
    # nothing is told of twice, and what comes after is
    for at in (afternoon, afternoon + HOUR, afternoon + DAY, afternoon + 2 * DAY):
        assert await inboxes.tell(at) == (0, 0)
    await inboxes.arrives("A-5", at=afternoon + 2 * DAY)
    assert await inboxes.tell(afternoon + 2 * DAY + 10 * inbox_mails.SETTLED) == (1, 1)
    assert peer.received[-1].message["Subject"] == "Asiakirja odottaa noutamista"
    events = await query(
        inboxes.database, "SELECT data ->> 'entries' FROM event WHERE kind = 'inbox.told' ORDER BY at, id"
    )
    assert events == ["3", "1"]


async def test_many_are_counted_to_a_bound_and_the_oldest_are_named(
    inboxes: Inboxes, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await inboxes.provision(peer.port, language="en")
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives(*(f"A-{number:02}" for number in range(25)), at=NOW)
    assert await inboxes.tell(finnish("2026-11-20", 17)) == (1, 1)
    message = peer.received[-1].message
    assert message["Subject"] == "25 documents wait in your inbox"
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.count("Skog") == 20
    assert "and 5 more" in text


async def test_at_most_one_mail_an_hour(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    evening = finnish("2026-11-20", 18)
    for minute in range(0, 120, 10):
        at = evening + timedelta(minutes=minute)
        await inboxes.arrives(f"A-{minute}", at=at - inbox_mails.SETTLED)
        await inboxes.tell(at)
    assert len(peer.received) == 2


@pytest.mark.parametrize("settings", [{"contracts": ["send"]}, {"email": None}])
async def test_who_does_not_receive_or_has_no_address_is_not_told(
    inboxes: Inboxes, peer: MailPeer, settings: dict[str, object]
) -> None:
    await inboxes.provision(peer.port, **settings)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    assert await inboxes.tell(NOW + 8 * HOUR) == (0, 0)


async def test_what_cannot_be_fetched_any_more_is_not_told_of(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.arrives("A-1", at=NOW - 100 * DAY)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    assert await inboxes.tell(NOW + 8 * HOUR) == (0, 0)


# --- trouble --------------------------------------------------------------------------------------------------------


async def test_two_nodes_at_once_send_one_mail(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    at = NOW + 8 * HOUR
    told = await asyncio.gather(*(inboxes.tell(at) for _ in range(4)))
    assert sum(made for made, _ in told) == 1
    assert len(peer.received) == 1


async def test_a_mail_server_that_is_away_gets_it_later_and_is_asked_once_in_a_while(inboxes: Inboxes) -> None:
    port = closed_port()
    await inboxes.provision(port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    at = NOW + 8 * HOUR
    assert await inboxes.tell(at) == (1, 0)
    assert await inboxes.tell(at + timedelta(minutes=9)) == (0, 0)
    (attempts,) = await query(inboxes.database, "SELECT attempts FROM inbox_mail")
    assert attempts == 1
    with mail_server(port=port) as peer:
        assert await inboxes.tell(at + timedelta(minutes=10)) == (0, 1)
        assert len(peer.received) == 1


async def test_an_answer_that_was_lost_is_the_same_mail_again(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    peer.behaviours["READ"] = once(DROP)
    at = NOW + 8 * HOUR
    assert await inboxes.tell(at) == (1, 0)
    assert await inboxes.tell(at + HOUR) == (0, 1)
    first, second = peer.received
    assert first.id == second.id
    assert first.content == second.content


async def test_a_node_that_was_killed_while_it_sent_leaves_it_to_another(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    peer.behaviours["DATA"] = always("451 not now")
    at = NOW + 8 * HOUR
    await inboxes.tell(at)
    taken = await inbox_mails.stored.claim(inboxes.database, at + HOUR, inbox_mails.CLAIM)
    assert taken is not None
    peer.behaviours.clear()
    assert await inboxes.tell(at + HOUR + timedelta(minutes=14)) == (0, 0)
    assert await inboxes.tell(at + HOUR + inbox_mails.CLAIM) == (0, 1)
    # the first one comes back late: what it found counts for nothing
    assert not await inbox_mails.stored.settle(inboxes.database, taken, "open", at, at, "late")
    assert await query(inboxes.database, "SELECT state FROM inbox_mail") == ["sent"]


async def test_a_mailbox_that_is_not_there_is_final_and_told(inboxes: Inboxes, peer: MailPeer) -> None:
    await inboxes.provision(peer.port)
    await inboxes.notices.put(inboxes.company, Notice("poissa@virta.example", 1))
    await inboxes.arrives("A-1", at=NOW)
    peer.behaviours["RCPT"] = always("550 5.1.1 no such user")
    assert await inboxes.tell(NOW + 8 * HOUR) == (1, 0)
    peer.behaviours.clear()
    assert await inboxes.tell(NOW + DAY) == (0, 0)
    (error,) = await query(inboxes.database, "SELECT data ->> 'error' FROM event WHERE kind = 'inbox.not_told'")
    assert "no such user" in error


async def test_it_is_given_up_after_days_and_forgotten_after_months(inboxes: Inboxes) -> None:
    await inboxes.provision(closed_port())
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    at = NOW + 8 * HOUR
    for hours in range(0, 100):
        await inboxes.tell(at + hours * HOUR)
    ((state, attempts, error),) = await query(inboxes.database, "SELECT state, attempts, last_error FROM inbox_mail")
    assert state == "failed"
    # pauses of 10, 20, 40, 80 and 160 minutes, then of 4 hours, as they fall due in looks an hour apart
    assert 15 < attempts < 30
    assert "refused the connection" in error
    await inboxes.tell(at + inbox_mails.KEPT)
    assert await query(inboxes.database, "SELECT count(*) FROM inbox_mail") == [1]
    await inboxes.tell(at + inbox_mails.PATIENCE + inbox_mails.KEPT + DAY)
    assert await query(inboxes.database, "SELECT count(*) FROM inbox_mail") == [0]


async def test_without_a_mail_server_it_lies_in_the_data_folder(inboxes: Inboxes) -> None:
    await inboxes.provision(None)
    await inboxes.notices.put(inboxes.company, Notice(None, 1))
    await inboxes.arrives("A-1", at=NOW)
    assert await inboxes.tell(NOW + 8 * HOUR) == (1, 1)
    (file,) = (inboxes.folder / "mail").iterdir()
    assert "X-Envelope-To: <laskut@virta.example>" in file.read_text()


# --- a whole hub ----------------------------------------------------------------------------------------------------


async def test_what_a_program_asks_for_is_what_the_hubs_chores_do(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for over HTTP, an invoice delivered by the hub; then its own chores, a day later by their clock."""
    with mail_server() as peer:
        companies = tmp_path / "companies.toml"
        mail = f'[mail]\nurl = "smtp://127.0.0.1:{peer.port}?tls=none"\nsender = "Hub <hub@hub.example>"\n'
        companies.write_text(f"{COMPANIES.read_text(encoding='utf-8')}\n{mail}", encoding="utf-8")
        folder = tmp_path / "hub"
        with running_hub(folder, database=database, companies=companies) as hub:
            given = signed("email", TRANSFER_KEY, {"uid": TRANSFER_ID})
            asked = request({"Email": "talous@virta.example", "DaysBeforeEmail": "2"})
            assert b"<Status>OK</Status>" in put(hub, f"email?{joined(given)}", asked).body
            assert hub.post(invoice("M-78")).status == 200
            hub.storage_of("M-78")
        chores: list[Chore] = []

        async def collected(chore: Chore) -> None:
            chores.append(chore)

        monkeypatch.setattr(app, "keep_up", collected)
        tomorrow = (datetime.now(HELSINKI) + DAY).replace(hour=16, minute=30)
        monkeypatch.setattr(app, "SystemClock", lambda: SetClock(tomorrow.astimezone(UTC)))
        node = app.NodeSettings(database=database, payloads=str(folder / "payloads"), data=str(folder))
        async with app.working(node):
            await asyncio.sleep(0)
            ours = [one for one in chores if one.name.startswith("mails about inboxes")]
            assert [await one.do() for one in ours] == [1, 1]
            assert [await one.do() for one in ours] == [0, 0]
        (arrived,) = peer.received
        assert arrived.recipients == ("talous@virta.example",)
        assert arrived.message["Subject"] == "Asiakirja odottaa noutamista"
        assert "Skog & Såg AB: M-78" in str(arrived.message.get_body(("plain",)).get_content())  # type: ignore[union-attr]
