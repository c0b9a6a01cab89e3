"""Hostile requests over the wire: each is refused clearly and soon, memory stays flat, and nothing of it is stored."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance import raw, stored, town
from tests.acceptance.attacks import DOCUMENT, Attack, requests, terminal, transfers
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.load import say, until
from tests.acceptance.processes import children, show_errors
from tests.acceptance.town import bill
from tests.conftest import _make_database
from tests.running import Answer, Hub, running_hub

#: seconds within which a refusal has to come; the promise is one, the machine may be busy
REFUSED_WITHIN = 2.0
ROUNDS = 20
#: bytes by which the memory of the process that answers may have grown after all rounds
GROWTH = 60 * 1024 * 1024
#: seconds within which a client that trickles its header is turned out: 20 by the hub's rule
TRICKLE = 25.0


@pytest.fixture(scope="module")
def hub(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with running_hub(
        folder / "data",
        database=_make_database(postgres),
        companies=town.companies(folder, converting=False),
        arguments=UNLIMITED,
    ) as running:
        assert running.post(bill("BEFORE"), key="before").status == 200
        at_rest(running)
        yield running
        show_errors(running)
        assert not [line for line in running.logged() if line.get("level") in ("error", "critical")]
        assert b'reason="internal-fault"' not in running.request("GET", "/metrics").body


def sent(hub: Hub, attack: Attack) -> tuple[Answer, float]:
    """Send an attack, stop where the answer comes before its end: the answer, and how long it took to come."""
    came = threading.Event()

    def send(sock: socket.socket) -> None:
        try:
            for piece in attack.pieces:
                if came.is_set():
                    return
                sock.sendall(piece)
        except OSError:  # the server has said what it had to say and closed
            return

    with raw.connect(hub) as sock:
        began = time.monotonic()
        sender = threading.Thread(target=send, args=(sock,))
        sender.start()
        try:
            answer = raw.answer(sock)
            seconds = time.monotonic() - began
        finally:
            came.set()
            with suppress(OSError):  # the server may have closed already
                sock.shutdown(socket.SHUT_RDWR)
            sender.join()
    return answer, seconds


def refused(hub: Hub, attack: Attack) -> float:
    answer, seconds = sent(hub, attack)
    shown = (attack.name, answer.status, answer.text[:500])
    assert answer.status == attack.status, shown
    assert attack.says in answer.text, shown
    assert "root:" not in answer.text, shown
    assert "Traceback" not in answer.text, shown
    assert seconds < REFUSED_WITHIN, (attack.name, seconds)
    if answer.status == 401:
        assert answer.header("www-authenticate"), shown
    if answer.status == 405:
        assert answer.header("allow"), shown
    return seconds


def memory(hub: Hub) -> int:
    (process,) = children(hub)["http"]
    size: int = process.memory_info().rss
    return size


def at_rest(hub: Hub) -> None:
    """Everything is delivered, and the queue of jobs empty."""
    until(lambda: stored.not_delivered(stored.url_of(hub)) == 0, 20, "the deliveries")
    until(lambda: stored.counts(stored.url_of(hub))["pgqueuer"] == 0, 20, "an empty queue")


def serves(hub: Hub, number: str) -> None:
    assert hub.post(bill(number)).status == 200
    hub.storage_of(number)
    at_rest(hub)


@pytest.mark.parametrize("make", [requests, terminal], ids=["requests", "terminal"])
def test_hostile_requests(hub: Hub, make: Callable[[], list[Attack]]) -> None:
    before = stored.counts(stored.url_of(hub))
    for attack in make():
        say(f"{refused(hub, attack):.3f} s  {attack.name}")
    assert stored.counts(stored.url_of(hub)) == before


@pytest.mark.timeout(120)
def test_hostile_bodies_twenty_times(hub: Hub) -> None:
    attacks = transfers()
    url = stored.url_of(hub)
    before, rows = memory(hub), stored.counts(url)
    slowest = dict.fromkeys((attack.name for attack in attacks), 0.0)
    sizes = []
    for _ in range(ROUNDS):
        for attack in attacks:
            slowest[attack.name] = max(slowest[attack.name], refused(hub, attack))
        sizes.append(memory(hub))
    after = memory(hub)
    for name, seconds in slowest.items():
        say(f"{seconds:.3f} s  {name}")
    say(f"memory: {before / 2**20:.0f} MiB before, after each round {[size // 2**20 for size in sizes]}")
    assert after - before < GROWTH
    assert stored.counts(url) == rows
    serves(hub, "AFTER-BODIES")


def test_bodies_that_never_end(hub: Hub) -> None:
    """Cut off in the middle, with a length or in chunks, or not in the form announced: nothing is stored."""
    url = stored.url_of(hub)
    rows = stored.counts(url)
    half = DOCUMENT[: len(DOCUMENT) // 2]
    whole = raw.head({**raw.basic(), "Content-Length": str(len(DOCUMENT))})
    pieces = raw.head({**raw.basic(), "Transfer-Encoding": "chunked"})
    for request in (whole + half, pieces + b"%x\r\n" % len(DOCUMENT) + half, pieces + b"zz\r\n" + DOCUMENT, whole):
        with raw.connect(hub) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            # or closed without a word: there is nobody left who could read one
            with suppress(http.client.HTTPException, OSError):
                assert raw.answer(sock).status >= 400
    serves(hub, "AFTER-CUT-OFF")
    now = stored.counts(url)
    assert now["submission"] - rows["submission"] == now["document"] - rows["document"] == 1


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-be", "iso-8859-15", "windows-1252"])
def test_honest_charsets_are_read(hub: Hub, charset: str) -> None:
    """A byte order mark, UTF-16 and the sets of one byte are no attack: read, and delivered as they came."""
    number = f"HONEST-{charset}"
    text = bill(number).decode().replace('"UTF-8"', f'"{charset.removesuffix("-sig")}"', 1)
    data = (b"\xfe\xff" if charset == "utf-16-be" else b"") + text.encode(charset)
    assert hub.post(data).status == 200
    storage = hub.storage_of(number)
    assert storage["SenderName"] == "Skog & Såg AB"
    fetched = hub.download(storage["StorageID"], storage["StorageKey"])
    with zipfile.ZipFile(io.BytesIO(fetched.body)) as archive:
        assert archive.read("invoice.xml") == data
    at_rest(hub)


def test_hundreds_of_silent_connections(hub: Hub) -> None:
    """Connections that say nothing, or half a header, keep nobody else from being served."""
    socks = [raw.connect(hub) for _ in range(300)]
    try:
        for sock in socks[::2]:
            sock.sendall(b"POST /pagero/incoming/default/invoice/prod HTTP/1.1\r\nHost:")
        began = time.monotonic()
        serves(hub, "AMONG-SILENT")
        assert time.monotonic() - began < 10
    finally:
        for sock in socks:
            sock.close()


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("piece", [1, 8])
def test_a_trickling_header_is_turned_out(hub: Hub, piece: int) -> None:
    """One byte, or a whole field, every half second."""
    header = b"POST /pagero/incoming/default/invoice/prod HTTP/1.1\r\n" + b"X-A: b\r\n" * 200
    with raw.connect(hub) as sock:
        sock.settimeout(0.5)
        began = time.monotonic()
        for start in range(0, len(header), piece):
            try:
                sock.sendall(header[start : start + piece])
                if sock.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        seconds = time.monotonic() - began
    say(f"turned out after {seconds:.1f} s")
    assert 5 < seconds < TRICKLE
    serves(hub, f"AFTER-TRICKLE-{piece}")


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_a_trickling_body_is_turned_out(hub: Hub) -> None:
    with raw.connect(hub, wait=100) as sock:
        sock.sendall(raw.head({**raw.basic(), "Content-Length": str(len(DOCUMENT))}))
        began = time.monotonic()

        def trickle() -> None:
            try:
                for one in range(len(DOCUMENT)):
                    sock.sendall(DOCUMENT[one : one + 1])
                    time.sleep(0.5)
            except OSError:
                return

        sender = threading.Thread(target=trickle, daemon=True)
        sender.start()
        answer = raw.answer(sock)
        seconds = time.monotonic() - began
        sock.shutdown(socket.SHUT_RDWR)
        sender.join()
    say(f"refused after {seconds:.1f} s")
    assert answer.status == 400
    assert seconds < 70
    serves(hub, "AFTER-TRICKLED-BODY")
