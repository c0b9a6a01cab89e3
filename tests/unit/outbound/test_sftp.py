"""A file on its way to a real SFTP server: whole or not at all, once, and every trouble an outcome in words."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from fakturahub.config import Secret
from fakturahub.model import Fault, Outcome, Result
from fakturahub.outbound import sftp
from fakturahub.outbound.sftp import AT_ONCE, BLOCK, put
from fakturahub.outbound.sftp_line import Times
from fakturahub.outbound.ssh_keys import fingerprint
from tests.peers.sftp import PASSWORD, USER, DroppedError, PrintHouse, key, print_house, private, talker

NAME = "letters.zip"
DATA = os.urandom(5 * BLOCK + 17)
QUICK = Times(connect=5, answer=0.5, whole=20)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PrintHouse]:
    with print_house(tmp_path) as opened:
        yield opened


def at(
    operation: str, error: Exception | None = None, *, times: int = 1, seconds: float = 0.0
) -> Callable[[str, str], Awaitable[None] | None]:
    """A fault at *operation*, that often."""
    left = [times]

    def fault(what: str, name: str) -> Awaitable[None] | None:
        if what != operation or not left[0]:
            return None
        left[0] -= 1
        if error is not None:
            raise error
        return asyncio.sleep(seconds)

    return fault


def kept(outcome: Outcome) -> str:
    assert outcome.record is not None
    whole = f"{outcome.detail}\n{outcome.record.request}\n{outcome.record.answer}\n{outcome.record.to}"
    assert PASSWORD not in whole
    assert "PRIVATE" not in whole
    return whole


# --- delivered ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK * AT_ONCE + 1])
async def test_a_file_is_put_whole(house: PrintHouse, size: int) -> None:
    data = os.urandom(size)
    outcome = await put(house.server(), NAME, data)
    assert outcome.result is Result.DELIVERED, outcome
    assert house.files() == {NAME: data}
    assert outcome.receipt == NAME
    assert outcome.record is not None
    assert outcome.record.to == f"sftp://127.0.0.1:{house.port}/inbox/{NAME}"
    assert outcome.record.sent == size
    assert set(outcome.record.timings) == {"connect", "send", "rename"}
    assert "RENAME" in kept(outcome)


async def test_nobody_sees_it_under_its_name_before_it_is_whole(house: PrintHouse) -> None:
    seen: list[list[str]] = []

    def look(operation: str, name: str) -> None:
        if operation == "block":
            seen.append(list(house.files()))

    house.fault = look
    assert (await put(house.server(), NAME, DATA)).result is Result.DELIVERED
    assert seen
    assert all(names == [f".{NAME}.1.part"] for names in seen)


@pytest.mark.parametrize(
    ("folder", "there"), [("/inbox", "inbox"), ("/inbox/", "inbox"), ("/", ""), ("~/inbox", "inbox"), ("~/", "")]
)
async def test_folders(house: PrintHouse, folder: str, there: str) -> None:
    assert (await put(house.server(folder=folder), NAME, DATA)).result is Result.DELIVERED
    assert (house.folder / there / NAME).read_bytes() == DATA


async def test_let_in_by_key_by_password_and_by_either(house: PrintHouse) -> None:
    ours = Secret(private(key("hub")))
    by_key = house.server(password=None, key=ours)
    assert (await put(by_key, "1.zip", DATA)).result is Result.DELIVERED
    house.passwords = {}
    assert (await put(house.server(key=ours), "2.zip", DATA)).result is Result.DELIVERED
    house.authorized, house.passwords = [], {USER: PASSWORD}
    assert (await put(house.server(key=ours), "3.zip", DATA)).result is Result.DELIVERED


async def test_the_server_is_known_by_its_fingerprint(house: PrintHouse) -> None:
    server = house.server(host_keys=fingerprint(house.host_key))
    assert (await put(server, NAME, DATA)).result is Result.DELIVERED


async def test_a_server_that_cannot_sync_or_measure(house: PrintHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cannot(*_: object) -> None:
        raise asyncssh.SFTPOpUnsupported("no")

    monkeypatch.setattr(asyncssh.SFTPServer, "fsync", cannot)
    monkeypatch.setattr(asyncssh.SFTPServer, "fstat", cannot)
    assert (await put(house.server(), NAME, DATA)).result is Result.DELIVERED


# --- tried again ----------------------------------------------------------------------------------------------------


async def test_what_is_there_already_is_not_put_again(house: PrintHouse) -> None:
    await put(house.server(), NAME, DATA)
    again = await put(house.server(), NAME, DATA, attempt=2)
    assert (again.result, again.receipt) == (Result.DELIVERED, NAME)
    assert "earlier attempt" in again.detail
    assert house.arrived == [NAME]


@pytest.mark.parametrize("content", [b"short", bytes(len(DATA)), DATA + b"!"])
async def test_another_file_of_the_name_is_left_alone(house: PrintHouse, content: bytes) -> None:
    (house.inbox / NAME).write_bytes(content)
    outcome = await put(house.server(), NAME, DATA)
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.RECEIVER)
    assert "another file" in outcome.detail
    assert house.files() == {NAME: content}


@pytest.mark.parametrize(("content", "result"), [(DATA, Result.DELIVERED), (DATA + b"!", Result.HELD)])
async def test_a_server_that_tells_no_sizes(
    house: PrintHouse, monkeypatch: pytest.MonkeyPatch, content: bytes, result: Result
) -> None:
    (house.inbox / NAME).write_bytes(content)
    for operation in ("stat", "fstat"):
        monkeypatch.setattr(asyncssh.SFTPServer, operation, lambda *_: asyncssh.SFTPAttrs(permissions=0o644))
    assert (await put(house.server(), NAME, DATA)).result is result
    assert (await put(house.server(), "new.zip", DATA)).result is Result.DELIVERED
    assert house.files()["new.zip"] == DATA


async def test_a_folder_that_shows_nothing_is_believed_by_the_size(house: PrintHouse) -> None:
    await put(house.server(), NAME, DATA)
    house.fault = at("read", asyncssh.SFTPPermissionDenied("write only"))
    assert (await put(house.server(), NAME, DATA, attempt=2)).result is Result.DELIVERED
    house.fault = at("stat", asyncssh.SFTPPermissionDenied("write only"), times=9)
    assert (await put(house.server(), "other.zip", DATA)).result is Result.DELIVERED
    # It cannot tell that this one is there, but the rename replaces nothing.
    third = await put(house.server(), NAME, DATA, attempt=3)
    assert third.result is Result.RETRY
    assert house.arrived == [NAME, "other.zip"]


async def test_the_answer_to_the_rename_is_lost(house: PrintHouse) -> None:
    house.fault = at("rename done", DroppedError())
    outcome = await put(house.server(), NAME, DATA)
    assert outcome.result is Result.DELIVERED, outcome
    assert "answer to it was lost" in outcome.detail
    assert house.files() == {NAME: DATA}
    assert house.connections == 2


async def test_the_line_breaks_before_the_rename_is_done(house: PrintHouse) -> None:
    house.fault = at("rename", DroppedError())
    first = await put(house.server(), NAME, DATA)
    assert (first.result, first.fault) == (Result.RETRY, Fault.RECEIVER)
    assert house.files() == {f".{NAME}.1.part": DATA}
    second = await put(house.server(), NAME, DATA, attempt=2)
    assert second.result is Result.DELIVERED
    assert house.files() == {NAME: DATA}, "what the first attempt left behind is gone"


async def test_the_server_is_gone_when_it_is_asked_about_the_rename(house: PrintHouse) -> None:
    async def gone() -> None:
        house._end.set()
        await asyncio.sleep(60)

    house.fault = lambda operation, name: gone() if operation == "rename done" else None
    outcome = await put(house.server(), NAME, DATA, times=QUICK)
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert house.files() == {NAME: DATA}


async def test_of_two_at_once_one_gets_through(house: PrintHouse) -> None:
    outcomes = await asyncio.gather(*(put(house.server(), NAME, DATA, attempt=one) for one in (1, 2, 2, 3)))
    assert house.arrived == [NAME]
    assert house.files()[NAME] == DATA
    delivered = [one for one in outcomes if one.result is Result.DELIVERED]
    assert delivered
    assert {one.result for one in outcomes} <= {Result.DELIVERED, Result.RETRY}


# --- trouble --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["stat", "write", "block", "rename"])
async def test_the_line_breaks(house: PrintHouse, operation: str) -> None:
    house.fault = at(operation, DroppedError())
    outcome = await put(house.server(), NAME, DATA)
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER), outcome
    assert NAME not in house.files()
    assert "broke" in kept(outcome)
    gc.collect()  # a task whose exception nobody took would be told of now, and fail the test


@pytest.mark.parametrize("operation", ["stat", "write", "block", "rename"])
async def test_a_server_that_falls_silent(house: PrintHouse, operation: str) -> None:
    house.fault = at(operation, seconds=60, times=99)
    outcome = await put(house.server(), NAME, DATA, times=QUICK)
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "no answer within 0.5 seconds" in kept(outcome)
    gc.collect()


async def test_a_slow_server_is_slow_within_its_time(house: PrintHouse) -> None:
    house.fault = at("block", seconds=0.05, times=99)
    assert (await put(house.server(), NAME, DATA, times=QUICK)).result is Result.DELIVERED
    slow = await put(house.server(), "b.zip", os.urandom(BLOCK * 40), times=Times(answer=5, whole=0.3))
    assert slow.result is Result.RETRY
    assert "longer than 0.3 seconds" in slow.detail


@pytest.mark.parametrize(
    ("operation", "error", "result", "words"),
    [
        ("write", asyncssh.SFTPNoSuchFile("no folder"), Result.HELD, "have it made"),
        ("write", asyncssh.SFTPPermissionDenied("no"), Result.HELD, "right to write"),
        ("rename", asyncssh.SFTPPermissionDenied("no"), Result.HELD, "right to write and rename"),
        ("block", asyncssh.SFTPNoSpaceOnFilesystem("full"), Result.RETRY, "refused"),
        ("block", asyncssh.SFTPFailure("full"), Result.RETRY, "a block of the file: Failure"),
        ("rename", asyncssh.SFTPFailure("no"), Result.RETRY, "RENAME"),
        ("stat", asyncssh.SFTPFailure("no"), Result.RETRY, "STAT"),
        ("rename", asyncssh.SFTPNoSuchFile("somebody took it"), Result.RETRY, "RENAME"),
    ],
)
async def test_refusals(
    house: PrintHouse, operation: str, error: asyncssh.SFTPError, result: Result, words: str
) -> None:
    house.fault = at(operation, error)
    outcome = await put(house.server(), NAME, DATA)
    assert (outcome.result, outcome.fault) == (result, Fault.RECEIVER)
    assert words in kept(outcome)
    assert NAME not in house.files()
    again = await put(house.server(), NAME, DATA, attempt=2)
    assert again.result is Result.DELIVERED


async def test_a_folder_that_is_not_there(house: PrintHouse) -> None:
    outcome = await put(house.server(folder="/elsewhere"), NAME, DATA)
    assert outcome.result is Result.HELD
    assert "/elsewhere" in outcome.detail


async def test_a_server_that_lost_some_of_it(house: PrintHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncssh.SFTPServer, "write", lambda self, file, offset, data: len(data))
    outcome = await put(house.server(), NAME, DATA)
    assert outcome.result is Result.RETRY
    assert f"0 of the {len(DATA):,} bytes" in outcome.detail
    assert NAME not in house.files()


# --- who is who -----------------------------------------------------------------------------------------------------


async def test_a_server_with_another_key(house: PrintHouse) -> None:
    for pinned in (key("other").export_public_key().decode(), fingerprint(key("other"))):
        outcome = await put(house.server(host_keys=pinned), NAME, DATA)
        assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
        assert fingerprint(house.host_key) in outcome.detail
        assert not house.files()
    assert not house.operations


async def test_a_server_with_a_key_of_another_kind(house: PrintHouse) -> None:
    pinned = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    # Both sides find out at once, and the server's end of the line may be seen first: then it is tried again.
    for _ in range(20):
        outcome = await put(house.server(host_keys=pinned), NAME, DATA)
        assert outcome.result is not Result.DELIVERED
        if outcome.result is Result.HELD:
            break
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
    assert "host_key" in outcome.detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host_keys": None}, "empty"),
        ({"host_keys": "nonsense"}, "Line 1"),
        ({"key": Secret("nonsense")}, "private key cannot be read"),
        ({"password": Secret("wrong")}, "by its password"),
        ({"password": None}, "without a key or a password"),
        ({"password": None, "key": Secret(private(key("stranger")))}, "by its key"),
        ({"password": Secret("wrong"), "key": Secret(private(key("stranger")))}, "by its key and its password"),
        ({"user": "nobody"}, "does not let nobody in"),
    ],
)
async def test_settings_that_a_person_has_to_put_right(
    house: PrintHouse, changes: dict[str, object], words: str
) -> None:
    outcome = await put(house.server(**changes), NAME, DATA)
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS), outcome
    assert words in kept(outcome)
    assert "release the deliveries" in outcome.detail


async def test_a_server_that_repeats_our_password(house: PrintHouse) -> None:
    house.fault = at("write", asyncssh.SFTPFailure(f"{PASSWORD} \x1b[31m\n is what you said"))
    said = kept(await put(house.server(), NAME, DATA))
    assert "… [31m is what you said" in said
    assert "\x1b" not in said


# --- no server ------------------------------------------------------------------------------------------------------


async def test_nobody_listens(house: PrintHouse) -> None:
    server = house.server()
    house.stop()
    outcome = await put(server, NAME, DATA)
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "refused the connection" in outcome.detail


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\0" * 100_000, b"SSH-1.5-old\r\n"])
async def test_what_is_no_ssh(house: PrintHouse, says: bytes) -> None:
    with talker(says) as port:
        outcome = await put(house.server(port=port), NAME, DATA, times=QUICK)
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER), outcome
    kept(outcome)


async def test_a_server_that_never_speaks(house: PrintHouse) -> None:
    with talker(None) as port:
        outcome = await put(house.server(port=port), NAME, DATA, times=Times(connect=0.3))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "within 0.3 seconds" in outcome.detail


async def test_a_name_that_is_none(house: PrintHouse) -> None:
    outcome = await put(house.server(host="printhouse.invalid"), NAME, DATA)
    assert outcome.result is Result.RETRY
    assert "printhouse.invalid" in outcome.detail


async def test_cancelled_it_leaves_no_line_open(house: PrintHouse) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fault(operation: str, name: str) -> Awaitable[None] | None:
        if operation != "block":
            return None
        loop.call_soon_threadsafe(begun.set)
        return asyncio.sleep(60)

    house.fault = fault
    task = asyncio.create_task(put(house.server(), NAME, DATA))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gc.collect()  # an open socket would be told of now, and fail the test
    assert NAME not in house.files()


def test_the_users_own_files_have_no_say(house: PrintHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that sends every connection elsewhere, and a known_hosts that knows the server."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("Host *\n  Hostname 192.0.2.1\n  User somebody\n")
    line = house.host_key.export_public_key().decode()
    (home / ".ssh" / "known_hosts").write_text(f"* {line}")
    (home / ".ssh" / "id_ed25519").write_text(private(key("hub")))
    (home / ".ssh" / "id_ed25519").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    assert asyncio.run(put(house.server(), NAME, DATA)).result is Result.DELIVERED
    other = key("other").export_public_key().decode()
    assert asyncio.run(put(house.server(host_keys=other), "b.zip", DATA)).result is Result.HELD
    assert asyncio.run(put(house.server(password=None), "c.zip", DATA)).result is Result.HELD


def test_its_limits_are_those_of_the_page() -> None:
    assert (Times().connect, Times().answer, Times().whole) == (45, 60, 840)
    assert (sftp.BLOCK, sftp.AT_ONCE) == (32_768, 32)
