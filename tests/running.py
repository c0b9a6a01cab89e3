"""Hubs for tests: real processes, real sockets, a real PostgreSQL, and the clients of the two dialects."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
COMPANIES = ROOT / "examples" / "companies.toml"
INVOICE = ROOT / "examples" / "invoice.xml"

TRANSFER_ID = "e4fb42c4-2e72-4e8c-80aa-3724e402c0a8"
TRANSFER_KEY = "de6b8d40-f81b-4d51-b977-c998510b51bb"


@dataclass
class Answer:
    """An HTTP answer as it stood on the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def text(self) -> str:
        return self.body.decode("latin-1")


@dataclass
class Hub:
    """A running ``fakturahub serve``."""

    data: Path
    database: str | None
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    output: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        wait: float = 30,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=wait)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def post(
        self,
        body: bytes,
        *,
        key: str | None = None,
        mode: str = "prod",
        kind: str = "invoice",
        user: str = "skog",
        password: str = "skog-password",
        headers: Mapping[str, str] | None = None,
        prefix: str = "/pagero",
    ) -> Answer:
        """Post a document to the Pagero Interchange."""
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        sent = {"Authorization": f"Basic {token}", "Content-Type": "application/xml", **(headers or {})}
        if key is not None:
            sent["x-interchange-id"] = key
        return self.request("POST", f"{prefix}/incoming/default/{kind}/{mode}", body, sent)

    def apix(
        self,
        path: str,
        *,
        digest: tuple[str, ...],
        secret: str = TRANSFER_KEY,
        query: Mapping[str, str],
        prefix: str = "/apix",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the Apix terminal; *digest* names the parameters whose values are hashed, in order."""
        value = hashlib.sha256("+".join([*(query[name] for name in digest), secret]).encode()).hexdigest()
        text = "&".join(f"{name}={quote(one, safe='')}" for name, one in {**query, "d": f"SHA-256:{value}"}.items())
        return self.request("GET", f"{prefix}/{path}?{text}", headers=headers)

    def list2(self, transfer_id: str = TRANSFER_ID, transfer_key: str = TRANSFER_KEY) -> list[dict[str, str]]:
        """The storages that list2 shows."""
        answer = self.apix(
            "list2", digest=("TraID", "t"), secret=transfer_key, query={"TraID": transfer_id, "t": stamp()}
        )
        assert answer.status == 200, answer
        return storages(answer.body)

    def download(self, storage_id: str, storage_key: str, mark: str | None = None) -> Answer:
        query = {"SID": storage_id, "t": stamp()}
        if mark is None:
            return self.apix("download", digest=("SID", "t"), secret=storage_key, query=query)
        return self.apix(
            "download",
            digest=("markreceived", "SID", "t"),
            secret=storage_key,
            query={**query, "markreceived": mark},
        )

    def receive(self, transfer_id: str = TRANSFER_ID, transfer_key: str = TRANSFER_KEY) -> Answer:
        return self.apix(
            "receive",
            digest=("soft", "ver", "TraID", "t"),
            secret=transfer_key,
            query={"TraID": transfer_id, "t": stamp(), "soft": "Standard", "ver": "1.0"},
        )

    def storage_of(self, number: str, *, wait: float = 20) -> dict[str, str]:
        """The storage of the invoice with this number, once it is delivered."""
        until = time.monotonic() + wait
        while time.monotonic() < until:
            for one in self.list2():
                if one["DocumentID"] == number:
                    return one
            time.sleep(0.05)
        raise AssertionError(f"invoice {number} was not delivered within {wait} s; log: {self.log}")

    def command(self, *arguments: str, status: int = 0) -> str:
        """Run a command on this hub's data; returns what it printed."""
        where = ["--data", str(self.data)] + (["--database", self.database] if self.database else [])
        done = subprocess.run(
            [sys.executable, "-m", "fakturahub", *arguments, *where],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **self.environment},
            check=False,
        )
        assert done.returncode == status, f"{arguments} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def documents(self, *arguments: str) -> list[dict[str, object]]:
        listed: list[dict[str, object]] = json.loads(self.command("documents", "--json", *arguments))
        return listed

    def document_by_number(self, number: str) -> dict[str, object]:
        found = [one for one in self.documents("--limit", "1000") if one["number"] == number]
        assert len(found) == 1, found
        whole: dict[str, object] = json.loads(self.command("document", "--json", str(found[0]["id"])))
        return whole

    def stop(self) -> int:
        """Ask the hub to stop; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(60)

    def kill(self) -> None:
        """SIGKILL to the supervisor and all processes of its group: what a power cut leaves of the hub itself."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self._ended(30)

    def kill_supervisor(self) -> None:
        """SIGKILL to the supervising process alone; the others notice, finish and end by themselves."""
        self.process.kill()
        self._ended(30)

    def _ended(self, wait: float) -> int:
        status = self.process.wait(wait)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def logged(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


def storages(body: bytes) -> list[dict[str, str]]:
    """The groups of an Apix response."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(body)  # noqa: S314 - our own hub's answer
    return [{value.get("type", ""): value.text or "" for value in group} for group in root.iter("Group")]


def stamp(at: datetime | None = None) -> str:
    """A time stamp as Apix wants it."""
    return f"{at or datetime.now(UTC):%Y%m%d%H%M%S}"


def invoice(number: str, source: Path = INVOICE) -> bytes:
    """The example invoice under another number."""
    text = source.read_bytes()
    changed, count = re.subn(rb"(<cbc:ID>)[^<]*(</cbc:ID>)", rb"\g<1>" + number.encode() + rb"\g<2>", text, count=1)
    assert count == 1
    return changed


def to_nobody(number: str) -> bytes:
    """The example invoice under another number, for a receiver whom no way leads to."""
    text = invoice(number)
    for old, new in (
        (b"003727901319", b"000000000000"),
        (b"2790131-9", b"0000000-0"),
        (b"FI27901319", b"FI00000000"),
        (b"<cbc:ElectronicMail>laskut@virta.example</cbc:ElectronicMail>", b""),
        (b"<cbc:StreetName>Sinikalliontie 9</cbc:StreetName>", b""),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def start_hub(
    data: Path,
    *,
    database: str | None = None,
    companies: Path | None = COMPANIES,
    port: int | None = None,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    wait: float = 60,
    cwd: Path = ROOT,
) -> Hub:
    """Start a hub and wait until it answers. Its log is ``serve.log`` beside the data folder."""
    port = port or free_port()
    log = data.parent / f"{data.name}.log"
    where = ["--data", str(data), "--port", str(port)] + (["--database", database] if database else [])
    where += ["--companies", str(companies)] if companies else []
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "fakturahub", "serve", *where, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    hub = Hub(data, database, port, log, process, environment=dict(environment or {}))
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    until = time.monotonic() + wait
    while time.monotonic() < until and "Try it" not in hub.output:
        assert process.poll() is None, f"the hub ended with {process.returncode}: {log.read_text()}"
        hub.output += (process.stdout.read() or b"").decode()
        time.sleep(0.02)
    assert "Try it" in hub.output, f"the hub was not ready within {wait} s: {log.read_text()}"
    return hub


@contextmanager
def running_hub(data: Path, **options: object) -> Iterator[Hub]:
    hub = start_hub(data, **options)  # type: ignore[arg-type]
    try:
        yield hub
    finally:
        if hub.process.poll() is None:
            try:
                hub.stop()
            except subprocess.TimeoutExpired:
                hub.kill()
