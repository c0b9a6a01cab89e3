"""Commands run in this process, over databases that were filled through the hub's own doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from fakturahub import cli, start, telemetry
from fakturahub.clock import new_id
from fakturahub.exchange.deliver import Deliverer
from fakturahub.exchange.rulebook import bundled
from fakturahub.exchange.submit import Exchange
from fakturahub.identity.companies import Companies, refresh
from fakturahub.model import Answer, Mode, Submission
from fakturahub.opened import Place
from fakturahub.provision import CREDENTIAL_NAMES
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.submissions import SubmissionWriter
from tests.running import COMPANIES, invoice, to_nobody
from tests.storage.conftest import create, empty_url, template_of, url_of

__all__ = ["empty_url"]


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def fakturahub(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command as the shell would, without the second that a process takes to start."""
    # Logging is set up once for a process, and this one goes on.
    monkeypatch.setattr(telemetry, "set_up_logs", lambda *_, **__: None)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FAKTURAHUB_DATA", "FAKTURAHUB_DATABASE", "FAKTURAHUB_PAYLOADS", "FAKTURAHUB_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        status = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = left.code if isinstance(left.code, int) else 1
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run


@dataclass(frozen=True)
class Filled:
    """A hub's data: documents by the number they have."""

    data: Path
    database: str
    documents: dict[str, UUID]
    deliveries: dict[str, UUID]

    @property
    def where(self) -> tuple[str, str, str, str]:
        return ("--data", str(self.data), "--database", self.database)


@pytest.fixture
def empty(empty_url: str, tmp_path: Path) -> tuple[str, str, str, str]:
    """The options that name a data folder and a database with the schema and nothing in it."""
    return ("--data", str(tmp_path / "data"), "--database", empty_url)


@pytest.fixture(scope="session")
def filled(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A hub with the companies of the README and a document in each state."""
    url = url_of(postgres, create(postgres, template_of(postgres)))
    hub = Filled(tmp_path_factory.mktemp("filled") / "data", url, {}, {})
    start.apply(Place(hub.data, hub.database), COMPANIES, lambda _: None)
    asyncio.run(_fill(hub))
    return hub


class Standing:
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


async def _fill(hub: Filled) -> None:
    database = Database(hub.database)
    companies = Companies(CREDENTIAL_NAMES)
    await refresh(database, companies)
    writer = SubmissionWriter(database)
    writer.start()
    payloads = PayloadStore.open(hub.data / "payloads")
    exchange = Exchange(companies, writer, payloads, bundled)
    sender = companies.by_credential("pagero", "skog")
    assert sender is not None
    begin = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    sent = {
        "delivered": invoice("delivered"),
        "waiting": invoice("waiting"),
        "failed": invoice("failed"),
        "nobody": to_nobody("nobody"),
        "menu": b'<Menu xmlns="urn:kitchen">[bold]Soup[/bold] \xc3\xa4</Menu>',
        "test": invoice("test"),
    }
    for number, (name, data) in enumerate(sent.items()):
        at = begin + timedelta(minutes=number)
        mode = Mode.TEST if name == "test" else Mode.PROD
        submission = Submission(new_id(at), sender.id, "pagero", data, mode, at, f"key-{name}", request_id=f"r-{name}")

        def compose(accepted: object, name: str = name) -> Answer:
            hub.documents[name] = accepted.documents[0].id  # type: ignore[attr-defined]
            return Answer(200, "text/plain", b"")

        await exchange.submit(submission, sender, compose)
    async with database.begin() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT o.number, d.id FROM delivery d JOIN document o ON o.id = d.document_id"
        )
        hub.deliveries.update({row[0]: row[1] for row in rows})
        await connection.exec_driver_sql(
            "UPDATE delivery SET state = 'failed', last_error = 'no [such] inbox' WHERE id = $1",
            (hub.deliveries["failed"],),
        )
    worker = Deliverer(database, payloads, Standing(begin + timedelta(hours=1)))
    worker.start()
    await worker.deliver(hub.deliveries["delivered"])
    await worker.stop()
    await writer.stop()
    await database.close()


def parsed(done: Done) -> object:
    """The JSON that a command printed."""
    assert done.status == 0, done
    return msgspec.json.decode(done.out)
