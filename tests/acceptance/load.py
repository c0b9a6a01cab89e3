"""Load on a hub as real clients make it: several connections at once, each sending again until it is answered."""

from __future__ import annotations

import base64
import http.client
import io
import random
import re
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from xml.etree import ElementTree

from tests.acceptance.town import SKOG, VIRTA, Receiver, Sender, bill
from tests.running import Hub

#: what a connection raises when the other end goes away or does not answer
LINE_TROUBLE = (OSError, http.client.HTTPException)

#: as it stands in a Finvoice, which is what the receivers of the town ask for, and in the invoices of those who do not
_NUMBER = re.compile(rb"<(?:InvoiceNumber|cbc:ID)>([^<]*)</")


@dataclass
class Sent:
    """One invoice: what was sent, and the answer that ended the sending."""

    key: str
    body: bytes
    answer: bytes | None = None
    tries: int = 0


@dataclass
class Load:
    """Connections that post invoices with numbers and keys of their own until `stop`; each is sent again, with its
    key, until it is answered with 200."""

    #: the ports of the hubs; a connection that fails goes on with the next
    ports: list[int]
    sender: Sender = SKOG
    receivers: tuple[Receiver, ...] = (VIRTA,)
    connections: int = 6
    prefix: str = "L"
    #: seconds between two invoices of a connection, at the most
    think: float = 0.03
    #: seconds after which an invoice that got no answer is a fault
    patience: float = 90
    sent: dict[str, Sent] = field(default_factory=dict)
    answered: int = 0
    statuses: Counter[int | str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    #: seconds that the slowest try took
    slowest: float = 0.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing new; return when everything that was sent is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def more(self, count: int, *, wait: float = 60) -> None:
        """Wait until *count* more were answered."""
        goal = self.answered + count
        until(lambda: self.answered >= goal or bool(self.faults), wait, f"{count} more answers")
        assert not self.faults, self.faults

    def _run(self, number: int) -> None:
        post = Poster(self.ports, self.sender, start=number)
        chance = random.Random(number)
        serial = 0
        while not self._stopping.is_set() and not self.faults:
            serial += 1
            name = f"{self.prefix}-{number}-{serial}"
            one = Sent(f"key-{name}", bill(name, self.receivers[serial % len(self.receivers)]))
            self.sent[name] = one
            self._until_answered(post, name, one)
            time.sleep(chance.uniform(0, self.think))
        post.close()

    def _until_answered(self, post: Poster, name: str, one: Sent) -> None:
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            one.tries += 1
            began = time.monotonic()
            outcome, body = post.once(one.body, one.key)
            with self._lock:
                self.statuses[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
            if outcome == 503 and post.retry_after is None:
                self.faults.append(f"{name}: 503 without Retry-After")
                return
            if outcome == 200:
                one.answer = body
                with self._lock:
                    self.answered += 1
                return
            if isinstance(outcome, int) and outcome != 503:
                self.faults.append(f"{name}: {outcome} {body!r}")
                return
            time.sleep(0.05)
        self.faults.append(f"{name}: no answer within {self.patience} s")


class Poster:
    """One connection to the Interchange, opened anew after trouble, to the next of *ports*."""

    def __init__(self, ports: list[int], sender: Sender = SKOG, *, start: int = 0, wait: float = 30) -> None:
        self._ports = ports
        self._turn = start
        self._wait = wait
        self._authorization = "Basic " + base64.b64encode(f"{sender.user}:{sender.password}".encode()).decode()
        self._connection: http.client.HTTPConnection | None = None
        #: the Retry-After of the last answer
        self.retry_after: str | None = None

    def once(self, body: bytes, key: str) -> tuple[int | str, bytes]:
        """Post once: the status and the body, or the name of the trouble."""
        try:
            if self._connection is None:
                port = self._ports[self._turn % len(self._ports)]
                self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self._wait)
            fields = {
                "Authorization": self._authorization,
                "Content-Type": "application/xml",
                "x-interchange-id": key,
            }
            self._connection.request("POST", "/pagero/incoming/default/invoice/prod", body, fields)
            response = self._connection.getresponse()
            self.retry_after = response.getheader("retry-after")
            return response.status, response.read()
        except LINE_TROUBLE as trouble:
            self.close()
            self._turn += 1
            return type(trouble).__name__, b""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Lister:
    """A receiver as an ERP is one: lists, fetches what it does not have yet, and keeps it by its storage id."""

    hub: Callable[[], Hub]
    receiver: Receiver
    #: storage id -> the number of the invoice in it
    got: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def once(self) -> int:
        """List and fetch; how many unreceived storages there were."""
        hub = self.hub()
        listed = hub.list2(self.receiver.transfer_id, self.receiver.transfer_key)
        waiting = [one for one in listed if one["StorageStatus"] == "UNRECEIVED"]
        for one in waiting:
            answer = hub.download(one["StorageID"], one["StorageKey"])
            if answer.status == 503:
                continue
            number = number_in(answer.body)
            if number != one["DocumentID"]:
                self.faults.append(f"{one['StorageID']}: {number} in place of {one['DocumentID']}")
            known = self.got.setdefault(one["StorageID"], number)
            if known != number:
                self.faults.append(f"{one['StorageID']}: {number}, before it was {known}")
        return len(waiting)

    def drain(self) -> None:
        """Until nothing is unreceived."""
        while self.once():
            continue


@dataclass
class Taker:
    """A receiver as old clients are one: calls ``/receive`` until the answer is empty."""

    hub: Callable[[], Hub]
    receiver: Receiver
    #: number of the invoice -> how often it came
    got: Counter[str] = field(default_factory=Counter)

    def once(self) -> int:
        answer = self.hub().receive(self.receiver.transfer_id, self.receiver.transfer_key)
        if answer.status != 200 or not answer.body:
            return 0
        self.got[number_in(answer.body)] += 1
        return 1


class Running:
    """Calls ``once`` of a receiver again and again in a thread of its own; trouble of the line is waited out."""

    def __init__(self, receiver: Lister | Taker, pause: float = 0.1) -> None:
        self._receiver = receiver
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._receiver.once():
                    continue
            except LINE_TROUBLE:
                pass
            except AssertionError as fault:  # list2 was answered, but not with 200
                if "status=503" not in str(fault):
                    self.faults.append(str(fault))
            except (zipfile.BadZipFile, ElementTree.ParseError, KeyError) as fault:
                self.faults.append(f"{type(fault).__name__}: {fault}")
            self._stopping.wait(self._pause)


def number_in(archive: bytes) -> str:
    """The number of the invoice in a storage's ZIP."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        found = _NUMBER.search(opened.read("invoice.xml"))
    assert found is not None
    return found[1].decode()


def until(true: Callable[[], object], wait: float, what: str, *, pause: float = 0.05) -> float:
    """Wait until *true*; the seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + wait, f"{what}: not within {wait} s"
        time.sleep(pause)
    return time.monotonic() - began


def say(text: str) -> None:
    """Print a figure that was seen; pytest shows it with ``-s``, and where a test fails."""
    sys.stdout.write(f"{text}\n")


def answers(hub: Hub) -> bool:
    """Whether the hub is ready at this moment."""
    with suppress(*LINE_TROUBLE):
        return hub.request("GET", "/readyz", wait=10).status == 200
    return False
