"""Documents that leave on paper, from their submission to the print house: parts that work together, none pretended."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fakturahub import formats
from fakturahub.channels.print import PrintChannel
from fakturahub.clock import new_id
from fakturahub.exchange import verbs
from fakturahub.exchange.contents import Contents
from fakturahub.exchange.contents_print import PrintContents
from fakturahub.exchange.dispatch import Dispatcher
from fakturahub.exchange.renditions import Renditions
from fakturahub.exchange.rulebook import Rulebook
from fakturahub.exchange.sending import Sender
from fakturahub.exchange.submit import Accepted, Exchange
from fakturahub.exchange.ways import Ways
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import protected
from fakturahub.model import Answer, Attachment, Mode, Part, Submission
from fakturahub.model.letter import Letter
from fakturahub.render import pictures
from fakturahub.storage.companies import Changes, CompanyRow, SettingRow
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submissions import SubmissionWriter
from tests.peers.sftp import USER, DroppedError, PrintHouse, print_house, public
from tests.running import invoice
from tests.storage.conftest import empty_url
from tests.storage.engine import SetClock, busy
from tests.storage.rows import NOW, query
from tests.unit.config.sections import read
from tests.unit.exchange.test_letters import of_width

__all__ = ["empty_url"]

KEY = MasterKey(bytes(32))
SKOG = UUID("0192a000-0000-7000-8000-000000000001")
#: 15:00 in Stockholm, where the sender is
CUT_OFF = NOW + timedelta(hours=2)


def without_mail(number: str) -> bytes:
    data = invoice(number)
    assert b"laskut@virta.example" in data
    return data.replace(b"laskut@virta.example", b"")


class Post:
    """A hub with one sender, whose documents find nobody here."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.clock = SetClock(NOW)
        self.payloads = PayloadStore.open(folder / "payloads")
        self.companies = Companies({})
        settings = {
            "name": "Skog & Såg AB",
            "country": "SE",
            "business_id": "556161-8033",
            "street": "Storgatan 1",
            "post_code": "903 26",
            "city": "Umeå",
            "contracts": ["send"],
            "validation": "off",
        }
        prices = [{"channel": "print", "pages": 1, "credits": "1"}, {"channel": "print", "credits": "2.75"}]
        rows = [CompanyRow(SKOG, "skog", settings)]
        self.companies.apply(Changes(1, rows, [SettingRow("price", "", prices)]))
        self.version = 1

    def provision(self, table: str) -> None:
        letters = read(f"[print]\n{table}").letters
        assert letters is not None
        self.version += 1
        stored = protected(letters, None, master_key=KEY).settings
        self.companies.apply(Changes(self.version, [], [SettingRow("print", "", stored)]))

    async def submit(self, data: bytes, **more: Any) -> UUID:
        """The delivery of *data*."""
        writer = SubmissionWriter(self.database)
        writer.start()
        exchange = Exchange(self.companies, writer, self.payloads, Rulebook)  # type: ignore[arg-type]
        sender = self.companies.get(SKOG)
        assert sender is not None
        at = self.clock.now()
        submission = Submission(new_id(at), SKOG, "pagero", data, Mode.PROD, at, **more)

        def compose(accepted: Accepted) -> Answer:
            return Answer(200, "text/plain", accepted.documents[0].id.bytes)

        try:
            answer, _ = await exchange.submit(submission, sender, compose)
        finally:
            await writer.stop()
        (delivery,) = await query(
            self.database, "SELECT id FROM delivery WHERE document_id = :document", document=UUID(bytes=answer.body)
        )
        found: UUID = delivery
        return found

    @asynccontextmanager
    async def node(self, name: str = "node-1") -> AsyncIterator[None]:
        renditions = Renditions(self.database, self.payloads, self.clock)
        contents = PrintContents(renditions, self.payloads, self.companies)
        sender = Sender(
            Ways(self.companies, KEY, self.folder),
            Contents({"print": contents.content_of}),
            {},
            {"print": PrintChannel()},
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

    async def row(self, delivery: UUID, columns: str) -> Any:
        statement = f"SELECT {columns} FROM delivery WHERE id = :id"  # noqa: S608 - names of ours
        (found,) = await query(self.database, statement, id=delivery)
        return found


@pytest.fixture
async def post(empty_url: str, tmp_path: Path) -> AsyncIterator[Post]:
    database = Database(empty_url)
    yield Post(database, tmp_path / "data")
    await database.close()


@pytest.fixture
def house(post: Post, tmp_path: Path) -> Any:
    with print_house(tmp_path / "house") as opened:
        server = opened.server()
        assert server.password is not None
        post.provision(
            "cut_offs = ['10:00', '15:00']\n"
            f"url = 'sftp://{USER}:{server.password.reveal()}@127.0.0.1:{opened.port}/inbox'\n"
            f"host_key = '{public(opened.host_key).strip()}'\n"
        )
        yield opened


def archived(house: PrintHouse) -> dict[str, dict[str, bytes]]:
    found = {}
    for name, data in house.files().items():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found[name] = {member: archive.read(member) for member in archive.namelist()}
    return found


async def test_from_the_submission_to_the_print_house(post: Post, house: PrintHouse) -> None:
    plain = await post.submit(without_mail("L-1"))
    post.clock.forward(seconds=1)
    terms = Attachment("terms.pdf", "application/pdf", of_width(300))
    longer = await post.submit(b"the whole", parts=(Part(without_mail("L-2"), (terms,)),))
    assert await post.row(plain, "channel, state, due_at, cost") == ("print", "pending", CUT_OFF, Decimal(1))
    assert (await post.row(longer, "details ->> 'pages', cost"))[1] == Decimal("2.75")

    async with post.node():
        assert not house.files(), "not before the cut-off"
    post.clock.at = CUT_OFF
    async with post.node():
        pass
    ((name, members),) = archived(house).items()
    assert name.startswith("20261120T1400Z-class2-bw-duplex-eu-")
    assert list(members) == ["letters.xml", f"{plain}.pdf", f"{longer}.pdf"]
    for delivery in (plain, longer):
        pages = int(await post.row(delivery, "details ->> 'pages'"))
        assert pictures.count(members[f"{delivery}.pdf"]) == pages, "what was priced is what is printed"
        assert await post.row(delivery, "state, receipt") == ("delivered", name.removesuffix(".zip"))
    (first, second) = (formats.read(one).noun for one in formats.documents(members["letters.xml"]))
    assert isinstance(first, Letter)
    assert isinstance(second, Letter)
    assert (first.number, second.number) == (str(plain), str(longer))
    assert first.recipient.names == ("Virta Sähkö Oy",)
    assert first.sender.names == ("Skog & Såg AB",)
    assert await query(post.database, "SELECT name || '.zip', letters FROM batch") == [(name, 2)]


async def test_a_letter_is_cancelled_before_its_cut_off(post: Post, house: PrintHouse) -> None:
    goes, stays = await post.submit(without_mail("L-1")), await post.submit(without_mail("L-2"))
    await verbs.cancel(post.database, stays, Word("ops", post.clock.now(), "a wrong price"))
    post.clock.at = CUT_OFF
    async with post.node():
        pass
    (members,) = archived(house).values()
    assert list(members) == ["letters.xml", f"{goes}.pdf"]
    assert await post.row(stays, "state") == "cancelled"


async def test_an_answer_that_was_lost_and_a_node_that_died(post: Post, house: PrintHouse) -> None:
    """The print house has the letters; neither the node that asked nor the one after it knows."""
    letters = [await post.submit(without_mail(f"L-{number}")) for number in range(3)]
    dead = [DroppedError(), DroppedError()]

    def fault(operation: str, name: str) -> None:
        # the answer is lost, and so is that to the question whether it is there
        if operation == "rename done" or (operation == "stat" and house.arrived and dead):
            raise dead.pop()

    house.fault = fault
    post.clock.at = CUT_OFF
    async with post.node("node-1"):
        pass
    assert {await post.row(one, "state") for one in letters} == {"retrying"}
    first = house.files()
    # by another node, which makes them anew: pages that are kept may be thrown away at any time
    await query(post.database, "DELETE FROM rendered RETURNING 1")
    post.clock.at = CUT_OFF + timedelta(hours=1)
    async with post.node("node-2"):
        pass
    assert {await post.row(one, "state") for one in letters} == {"delivered"}
    assert len(house.arrived) == 1
    assert house.files() == first
    (why,) = await query(post.database, "SELECT DISTINCT detail ->> 'why' FROM attempt WHERE outcome = 'delivered'")
    assert "from an earlier attempt" in why


async def test_another_key_holds_all_letters_until_somebody_looked(post: Post, house: PrintHouse) -> None:
    letters = [await post.submit(without_mail(f"L-{number}")) for number in range(2)]
    right = post.companies.setting("print")
    post.provision(
        f"url = 'sftp://{USER}:swordfish@127.0.0.1:{house.port}/inbox'\n"
        "host_key = 'SHA256:FtjXCP1p9WWeSImdjbUOKs3Xjr7pQuxnNRWSwBVJlkg'\n"
    )
    post.clock.at = CUT_OFF
    async with post.node():
        pass
    assert {await post.row(one, "state") for one in letters} == {"held"}
    assert "another key" in await post.row(letters[0], "last_error")
    assert not house.files()
    post.companies.apply(Changes(9, [], [SettingRow("print", "", right)]))
    await verbs.release(post.database, letters[0], Word("ops", post.clock.now(), "the key is right now"))
    async with post.node():
        pass
    assert {await post.row(one, "state") for one in letters} == {"delivered"}, "a batch goes on as a whole"
    assert len(house.arrived) == 1


async def test_without_a_print_house_letters_lie_in_the_data_folder(post: Post) -> None:
    delivery = await post.submit(without_mail("L-1"))
    async with post.node():
        pass
    receipt = await post.row(delivery, "receipt")
    assert (post.folder / "print" / f"{receipt}.zip").is_file()
    assert await post.row(delivery, "state") == "delivered"
