"""``/receive``: the next unreceived storage, to one reader, and nothing where there is none (specification 7.3)."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from fakturahub.dialects.apix.terminal import PIECE, Receipted
from tests.running import Hub, stamp
from tests.wire.apix.terminal import Terminal, hashed, joined, later, members, number_in
from tests.wire.companies import MUTE, Reader, bill, with_attachments
from tests.wire.raw import Wire, head
from tests.wire.stored import rows

# Failed calls are counted by address; this one is used here only.
SOURCE = "127.0.0.45"

NOTHING = """\
HTTP/1.1 200 OK
date: DATE
content-length: 0
x-request-id: REQUEST

"""
QUOTAS = 'ratelimit-policy: "account";q=6000;w=60\nratelimit: "account";r=LEFT;t=SECONDS\n'


def send(hub: Hub, reader: Reader, *numbers: str) -> Terminal:
    """Send bills one after the other; returns the terminal once all are there."""
    terminal = Terminal(hub, reader)
    for count, number in enumerate(numbers, 1):
        assert hub.post(bill(number, reader)).status == 200
        terminal.waiting(count)
    return terminal


def received(terminal: Terminal) -> list[str]:
    """What a client gets that asks until there is nothing."""
    numbers = []
    while body := terminal.receive().body:
        numbers.append(number_in(body))
        assert len(numbers) < 1000
    return numbers


def test_the_whole_answers(big_hub: Hub, reader: Reader) -> None:
    terminal = send(big_hub, reader, "AR-1")
    answer = terminal.receive()
    assert members(answer.body) == {"invoice.xml": bill("AR-1", reader)}
    assert answer.shown.partition("\n\n")[0] == (
        "HTTP/1.1 200 OK\n"
        "date: DATE\n"
        "content-type: application/zip\n"
        f"content-length: {len(answer.body)}\n"
        f"{QUOTAS}"
        "x-request-id: REQUEST"
    )
    assert terminal.receive().shown == NOTHING.replace("x-request-id", f"{QUOTAS}x-request-id")


def test_the_client_that_asks_until_nothing_comes_gets_each_once_the_oldest_first(big_hub: Hub, reader: Reader) -> None:
    numbers = [f"AR-2-{number}" for number in range(7)]
    terminal = send(big_hub, reader, *numbers)
    assert received(terminal) == numbers
    assert received(terminal) == []
    assert {one["StorageStatus"] for one in terminal.listed()} == {"RECEIVED"}


def test_two_readers_at_once_never_get_the_same(big_hub: Hub, reader: Reader) -> None:
    numbers = [f"AR-3-{number}" for number in range(40)]
    for number in numbers:
        assert big_hub.post(bill(number, reader)).status == 200
    terminal = Terminal(big_hub, reader)
    terminal.waiting(len(numbers))
    with ThreadPoolExecutor(6) as threads:
        shares = list(threads.map(received, [terminal] * 6))
    assert sorted(number for share in shares for number in share) == sorted(numbers)


@pytest.mark.parametrize(
    ("soft", "ver", "query"),
    [
        ("Pupesoft", "1.0", "TraID={TraID}&t={t}&soft=Pupesoft&ver=1.0&d=SHA-256:{d}"),
        ("PupesoftEDI", "1.1", "d=SHA-256%3A{d}&ver=1.1&soft=PupesoftEDI&t={t}&TraID={TraID}"),
        # A plus sign is itself for clients that do not encode, and a blank for those that encode as forms do.
        ("A+B", "1", "TraID={TraID}&t={t}&soft=A+B&ver=1&d={d}"),
        ("A B", "1", "TraID={TraID}&t={t}&soft=A+B&ver=1&d={d}"),
        ("A+B", "1", "TraID={TraID}&t={t}&soft=A%2BB&ver=1&d={d}"),
        ("A B", "1", "TraID={TraID}&t={t}&soft=A%20B&ver=1&d={d}"),
        ("Ähkio", "2.0", "TraID={TraID}&t={t}&soft=%C3%84hkio&ver=2.0&d={d}"),
    ],
)
def test_any_software_name_in_any_order(big_hub: Hub, reader: Reader, soft: str, ver: str, query: str) -> None:
    terminal = send(big_hub, reader, "AR-4")
    now = stamp()
    digest = hashed(soft, ver, reader.transfer_id, now, reader.transfer_key)
    answer = terminal.get("receive?" + query.format(TraID=reader.transfer_id, t=now, d=digest))
    assert list(members(answer.body)) == ["invoice.xml"]


def test_every_failure_is_nothing(big_hub: Hub, reader: Reader) -> None:
    """The client asks until nothing comes; an error in words would make it ask for ever."""
    terminal = send(big_hub, reader, "AR-5")
    given = terminal.parameters("receive")
    stranger = Terminal(big_hub, reader, source=SOURCE)
    for query in (
        {},
        *({name: value for name, value in given.items() if name != missing} for missing in given),
        {**given, "d": "SHA-256:0"},
        {**given, "TraID": "nobody"},
        # the digest of list2, without soft and ver
        {**given, "d": f"SHA-256:{hashed(given['TraID'], given['t'], reader.transfer_key)}"},
        terminal.parameters("receive", t="yesterday"),
        terminal.parameters("receive", t=later(days=-2)),
    ):
        assert stranger.get(f"receive?{joined(query)}").shown == NOTHING, query
    mute = Terminal(big_hub, MUTE).receive()
    assert mute.shown == NOTHING.replace("x-request-id", f"{QUOTAS}x-request-id")
    assert received(terminal) == ["AR-5"]


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD"])
def test_another_method_is_refused_without_a_word_and_marks_nothing(big_hub: Hub, reader: Reader, method: str) -> None:
    terminal = send(big_hub, reader, "AR-6")
    answer = terminal.get(f"receive?{joined(terminal.parameters('receive'))}", method=method)
    assert answer.shown == (
        "HTTP/1.1 405 Method Not Allowed\ndate: DATE\nallow: GET\ncontent-length: 0\nx-request-id: REQUEST\n\n"
    )
    assert received(terminal) == ["AR-6"]


def test_held_off_or_not_the_body_is_empty(big_hub: Hub) -> None:
    answers = []
    while len(answers) < 1000 and (not answers or answers[-1].status == 200):
        answers.append(Terminal(big_hub, MUTE, source="127.0.0.46").get("receive?TraID=x&t=1&soft=a&ver=1&d=0"))
    assert len(answers) > 60
    assert (answers[-1].status, answers[-1].field("retry-after") is not None) == (429, True)
    assert {one.body for one in answers} == {b""}


# --- readers that go away --------------------------------------------------------------------------------------------


def _large(hub: Hub, reader: Reader, number: str) -> Terminal:
    """A storage of more bytes than all buffers between the hub and its reader hold, which is about 4 MB."""
    content = base64.b64encode(random.Random(7).randbytes(7_000_000)).decode()
    assert hub.post(with_attachments(bill(number, reader), ("application/pdf", "a.pdf", content))).status == 200
    terminal = Terminal(hub, reader)
    terminal.waiting(1)
    return terminal


def _part_of(terminal: Terminal, target: str) -> Wire:
    """A reader with small hands that has taken the beginning of an answer and stopped."""
    wire = Wire(terminal.hub.port, receive_buffer=65536)
    wire.send(head(f"GET /apix/{target} HTTP/1.1"))
    assert wire.read_some(100_000).startswith(b"HTTP/1.1 200 OK\r\n")
    return wire


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_reader_that_goes_away_midway_gets_it_again(big_hub: Hub, reader: Reader, end: str) -> None:
    terminal = _large(big_hub, reader, "AR-7")
    wire = _part_of(terminal, f"receive?{joined(terminal.parameters('receive'))}")
    assert terminal.receive().body == b""  # nobody else gets it meanwhile
    getattr(wire, end)()
    until = time.monotonic() + 20
    while not (body := terminal.receive().body):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert number_in(body) == "AR-7"
    assert len(members(body)["a.pdf"]) == 7_000_000
    assert received(terminal) == []


def test_a_download_that_was_broken_off_is_not_received(big_hub: Hub, reader: Reader) -> None:
    terminal = _large(big_hub, reader, "AR-8")
    (storage,) = terminal.listed()
    wire = _part_of(terminal, terminal.download_target(storage))
    wire.reset()
    until = time.monotonic() + 20
    while terminal.status(storage) != "UNRECEIVED":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert received(terminal) == ["AR-8"]


async def test_an_answer_that_the_server_dropped_at_its_very_end_is_not_received() -> None:
    """What a server sends for a client that went away it drops without a word, the last piece as well."""
    told = []

    async def note(what: str) -> None:
        told.append(what)

    async def play(pieces: int | None) -> list[str]:
        """What is noted where the client goes away after so many pieces; None for one that stays."""
        told.clear()
        sent, gone = 0, asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal sent
            sent += message["type"] == "http.response.body"
            if pieces is not None and sent > pieces:
                gone.set()
                await asyncio.sleep(0)  # it waits for its buffer to empty, and learns that there is nobody any more

        answer = Receipted(b"x" * (3 * PIECE), sent=partial(note, "received"), unsent=partial(note, "given back"))
        if pieces is None:
            await answer({"type": "http"}, receive, send)
        else:
            with pytest.raises(ClientDisconnect):
                await answer({"type": "http"}, receive, send)
        return list(told)

    assert await play(None) == ["received"]
    for pieces in range(3):
        assert await play(pieces) == ["given back"], pieces


# --- storages that cannot be delivered -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "payload", "status", "code"),
    [
        # taken in by an earlier version, which did not look
        ("identity", b"no base64!", 400, "unreadable-attachment: The attachment is not base64"),
        # restored without its payloads
        ("store", None, 500, "payload-corrupt: "),
    ],
)
def test_a_storage_that_cannot_be_delivered_keeps_nobody_from_the_next(
    big_hub: Hub, reader: Reader, encoding: str, payload: bytes | None, status: int, code: str
) -> None:
    terminal = Terminal(big_hub, reader)
    good = b"bm8gYmFzZTY0IQ=="
    body = with_attachments(bill("AR-9", reader), ("application/pdf", "a.pdf", good.decode()))
    assert big_hub.post(body).status == 200
    (broken,) = terminal.waiting(1)
    assert big_hub.post(bill("AR-9-next", reader)).status == 200
    terminal.waiting(2)
    (was,) = rows(big_hub, "SELECT id, encoding, payload, sha256 FROM document WHERE sha256 = sha256($1)", body)
    change = "UPDATE document SET encoding = $2, payload = $3, sha256 = $4 WHERE id = $1 RETURNING id"
    rows(big_hub, change, was["id"], encoding, payload and body.replace(good, payload), b"\0" * 32)
    assert received(terminal) == ["AR-9-next"]
    assert terminal.status(broken) == "UNRECEIVED"
    answer = terminal.download(broken)
    assert answer.status == status
    assert answer.text.startswith(code)
    logged = [one for one in big_hub.logged() if one.get("storage") == broken["StorageID"]]
    assert {one["event"] for one in logged} == {"storage cannot be delivered"}
    rows(big_hub, change, was["id"], was["encoding"], was["payload"], was["sha256"])
    assert received(terminal) == ["AR-9"]
