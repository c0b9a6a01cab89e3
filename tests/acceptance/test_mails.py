"""Documents that leave by mail, from their submission to the mail server: parts that work together, none pretended."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from fakturahub.channels.email import EmailChannel
from fakturahub.exchange import verbs
from fakturahub.exchange.contents import Contents
from fakturahub.exchange.contents_mail import MailContents
from fakturahub.exchange.dispatch import Dispatcher
from fakturahub.exchange.renditions import Renditions
from fakturahub.exchange.sending import Sender
from fakturahub.exchange.ways import Ways
from fakturahub.identity.stored_settings import protected
from fakturahub.outbound.smtp import SmtpClient, Times
from fakturahub.render import pictures
from fakturahub.storage.companies import Changes, SettingRow
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from tests.acceptance.test_letters import KEY, Post
from tests.peers.mail import DROP, MailPeer, always, closed_port, mail_server, once
from tests.running import COMPANIES, invoice, running_hub
from tests.storage.conftest import empty_url
from tests.storage.engine import busy
from tests.storage.rows import NOW, query
from tests.unit.config.sections import COMPANY, read

__all__ = ["empty_url"]


class MailPost(Post):
    """A hub with one sender, whose documents go by mail."""

    def mail(self, port: int, more: str = "") -> None:
        section = read(
            f"[mail]\nurl = 'smtp://127.0.0.1:{port}?tls=none'\nsender = 'Hub <hub@hub.example>'\n{more}{COMPANY}"
        ).mail
        assert section is not None
        self.version += 1
        stored = protected(section, None, master_key=KEY).settings
        self.companies.apply(Changes(self.version, [], [SettingRow("mail", "", stored)]))

    @asynccontextmanager
    async def node(self, name: str = "node-1") -> AsyncIterator[None]:
        contents = MailContents(Renditions(self.database, self.payloads, self.clock))
        async with SmtpClient(Times(connect=2, command=2, data=2, whole=5)) as client:
            sender = Sender(
                Ways(self.companies, KEY, self.folder),
                Contents({"email": contents.content_of}),
                {"email": EmailChannel(client)},
                {},
                self.clock,
                name,
                lambda: 0.5,
            )
            dispatcher = Dispatcher(self.database, sender, self.clock, name)
            task = asyncio.create_task(dispatcher.run())
            try:
                async with asyncio.timeout(30):
                    while await busy(self.database, self.clock.at):  # noqa: ASYNC110 - the database tells nobody
                        await asyncio.sleep(0.01)
                yield
            finally:
                dispatcher.stop()
                await task

    async def run_at(self, later: timedelta, name: str = "node-1") -> None:
        self.clock.at = NOW + later
        async with self.node(name):
            pass


@pytest.fixture
async def post(empty_url: str, tmp_path: Path) -> AsyncIterator[MailPost]:
    database = Database(empty_url)
    yield MailPost(database, tmp_path / "data")
    await database.close()


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with mail_server() as running:
        yield running


async def test_from_the_submission_to_the_mail_server(post: MailPost, peer: MailPeer) -> None:
    post.mail(peer.port)
    delivery = await post.submit(invoice("M-1"))
    assert await post.row(delivery, "channel, state, target") == ("email", "pending", "email")
    await post.run_at(timedelta())
    (arrived,) = peer.received
    assert arrived.id == f"<{delivery.hex}@hub.example>"
    assert arrived.recipients == ("laskut@virta.example",)
    assert arrived.message["Subject"] == "Lasku M-1 – Skog & Såg AB", "in the receiver's language"
    assert str(arrived.message["From"]) == "Skog & Såg AB <hub@hub.example>"
    (page,) = arrived.message.iter_attachments()
    assert page.get_filename() == "Lasku M-1.pdf"
    assert pictures.count(page.get_content()) == 1
    receipt = f"hub+{delivery.hex}@hub.example"
    assert await post.row(delivery, "state, receipt") == ("delivered", receipt)
    assert arrived.sender == receipt
    (detail,) = await query(post.database, "SELECT detail FROM attempt")
    assert "RCPT TO:<laskut@virta.example>" in json.dumps(detail)


async def test_greylisted_and_taken_later(post: MailPost, peer: MailPeer) -> None:
    post.mail(peer.port)
    delivery = await post.submit(invoice("M-1"))
    peer.behaviours["RCPT"] = once("451 4.7.1 greylisted")
    await post.run_at(timedelta())
    assert await post.row(delivery, "state") == "retrying"
    assert "greylisted" in await post.row(delivery, "last_error")
    await post.run_at(timedelta(hours=1))
    assert await post.row(delivery, "state, attempts") == ("delivered", 2)
    assert len(peer.received) == 1


async def test_an_answer_that_was_lost_is_the_same_mail_again(post: MailPost, peer: MailPeer) -> None:
    post.mail(peer.port)
    delivery = await post.submit(invoice("M-1"))
    peer.behaviours["READ"] = once(DROP)
    await post.run_at(timedelta())
    # By another node, which makes it anew: pages that are kept may be thrown away at any time.
    await query(post.database, "DELETE FROM rendered RETURNING 1")
    await post.run_at(timedelta(hours=1), "node-2")
    assert await post.row(delivery, "state") == "delivered"
    first, second = peer.received
    assert first.id == second.id
    assert first.content == second.content


async def test_a_mailbox_that_is_not_there_is_final(post: MailPost, peer: MailPeer) -> None:
    post.mail(peer.port)
    delivery = await post.submit(invoice("M-1"))
    peer.behaviours["RCPT"] = always("550 5.1.1 no such user")
    await post.run_at(timedelta())
    assert await post.row(delivery, "state, attempts") == ("failed", 1)
    assert "no such user" in await post.row(delivery, "last_error")


async def test_a_mail_server_that_was_away_for_a_day(post: MailPost) -> None:
    """No document is judged by it, and each arrives once."""
    port = closed_port()
    post.mail(port)
    deliveries = [await post.submit(invoice(f"M-{number}")) for number in range(12)]
    for hours in (0, 1, 6, 24):
        await post.run_at(timedelta(hours=hours))
    states = {await post.row(one, "state") for one in deliveries}
    assert states <= {"retrying", "pending"}
    (error,) = await query(post.database, "SELECT last_error FROM target WHERE key = 'email'")
    assert "refused the connection" in error
    with mail_server(port=port) as peer:
        for hours in (25, 26, 30):
            await post.run_at(timedelta(hours=hours))
    assert {await post.row(one, "state") for one in deliveries} == {"delivered"}
    assert sorted(peer.ids()) == sorted(f"<{one.hex}@hub.example>" for one in deliveries)


async def test_a_key_that_cannot_be_used_holds_mails_until_it_is_put_right(post: MailPost, peer: MailPeer) -> None:
    post.mail(peer.port, "dkim_domain = 'hub.example'\ndkim_selector = 's'\ndkim_key = 'no key'\n")
    delivery = await post.submit(invoice("M-1"))
    await post.run_at(timedelta())
    assert await post.row(delivery, "state") == "held"
    assert "`dkim_key`" in await post.row(delivery, "last_error")
    post.mail(peer.port)
    await verbs.release(post.database, delivery, Word("ops", post.clock.now(), "the key is out"))
    await post.run_at(timedelta(minutes=1))
    assert await post.row(delivery, "state") == "delivered"


async def test_without_a_mail_server_mails_lie_in_the_data_folder(post: MailPost) -> None:
    delivery = await post.submit(invoice("M-1"))
    await post.run_at(timedelta())
    assert (post.folder / "mail" / f"{delivery.hex}.eml").is_file()
    assert await post.row(delivery, "state") == "delivered"
    (detail,) = await query(post.database, "SELECT detail ->> 'why' FROM attempt")
    assert "There is no mail server" in detail


# --- a whole hub ----------------------------------------------------------------------------------------------------


def companies_with_mail(tmp_path: Path, port: int) -> Path:
    """The example's companies without the one that the example's invoice is for, and a mail server."""
    text = COMPANIES.read_text(encoding="utf-8")
    before, _, after = text.partition('[[company]]\nkey = "virta"')
    assert after
    file = tmp_path / "companies.toml"
    mail = f'[mail]\nurl = "smtp://127.0.0.1:{port}?tls=none"\nsender = "Hub <hub@hub.example>"\n'
    rest = after.partition("[[company]]")
    file.write_text(f"{before}{rest[1]}{rest[2]}\n{mail}", encoding="utf-8")
    return file


def test_a_hub_sends_what_was_posted(database: str, tmp_path: Path) -> None:
    with mail_server() as peer:
        hub_folder = tmp_path / "hub"
        with running_hub(hub_folder, database=database, companies=companies_with_mail(tmp_path, peer.port)) as hub:
            posted = hub.post(invoice("M-77"), key="m-77")
            assert posted.status < 300, posted
            until = time.monotonic() + 20
            while time.monotonic() < until:
                (state,) = {one["state"] for one in hub.documents()}
                if state == "delivered":
                    break
                time.sleep(0.2)
            (arrived,) = peer.received
            assert arrived.message["Subject"] == "Lasku M-77 – Skog & Såg AB"
            (delivery,) = hub.document_by_number("M-77")["deliveries"]  # type: ignore[misc]
            assert UUID(delivery["id"]).hex in arrived.id
            assert (delivery["channel"], delivery["state"]) == ("email", "delivered")
            assert "the mail address of its buyer is laskut@virta.example" in delivery["why"]
