"""Requests to the terminal: the digests of the specification, worked out here and not by the hub."""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from tests.running import Hub, stamp, storages
from tests.wire.companies import Reader
from tests.wire.raw import RawAnswer, exchange, head

#: endpoint -> the parameters whose values are hashed, in order (specification, section 3)
SIGNED = {
    "authuser": ("uid", "t"),
    "app-transferID": ("id", "idq", "uid", "ts"),
    "getcompanyinfo": ("TraID", "t"),
    "email": ("uid", "t"),
    "addressquery": ("uid", "t"),
    "invoices": ("soft", "ver", "TraID", "t"),
    "print": ("soft", "ver", "TraID", "t"),
    "sendpayslip": ("TraID", "t"),
    "method": ("uid", "t"),
    "pricing": ("uid", "t"),
    "senderpayslip": ("TraID", "hash", "date", "t"),
    "metadata": ("SID", "TraID", "t"),
    "list": ("TraID", "t"),
    "list2": ("TraID", "t"),
    "receive": ("soft", "ver", "TraID", "t"),
    "download": ("SID", "t"),
}


def hashed(*values: str) -> str:
    return hashlib.sha256("+".join(values).encode()).hexdigest()


def password_hash(password: str) -> str:
    """What a user signs with."""
    return hashed(password)


def signed(endpoint: str, secret: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a call with their digest; the time where none is *given*."""
    names = SIGNED[endpoint]
    full = {name: given.get(name, stamp() if name in ("t", "ts") else "") for name in names}
    return {**full, **given, "d": f"SHA-256:{hashed(*full.values(), secret)}"}


def request(*groups: Mapping[str, str]) -> bytes:
    """A Request message as clients write it, with blanks inside."""
    inner = "".join(
        "    <Group>\n"
        + "".join(f"      <Value type={quoteattr(name)}>{escape(value)}</Value>\n" for name, value in group.items())
        + "    </Group>\n"
        for group in groups
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Request version="1.0">\n  <Content>\n'
        f"{inner}  </Content>\n</Request>"
    ).encode()


def put(hub: Hub, target: str, body: bytes, *fields: str, source: str = "127.0.0.1", host: str = "") -> RawAnswer:
    """Put *body* as curl and others do: with its length, and with no type of content unless *fields* have one.

    At the root of *host* where one is named.
    """
    path = target if host else f"apix/{target}"
    line = head(f"PUT /{path} HTTP/1.1", f"Content-Length: {len(body)}", *fields, host=host or "127.0.0.1")
    return exchange(hub.port, line + body, to="PUT", source=source)


def later(**span: float) -> str:
    """A time stamp so far from now."""
    return stamp(datetime.now(UTC) + timedelta(**span))


def joined(parameters: Mapping[str, str] | Sequence[tuple[str, str]], *, safe: str = "") -> str:
    """A query string, percent-encoded but for the characters in *safe*."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    return "&".join(f"{name}={quote(value, safe=safe)}" for name, value in pairs)


@dataclass(frozen=True)
class Terminal:
    """The terminal as one reader calls it."""

    hub: Hub
    reader: Reader
    prefix: str = "/apix"
    source: str = "127.0.0.1"

    def get(self, target: str, *fields: str, method: str = "GET") -> RawAnswer:
        """Ask for *target*, which is a path and a query as they are to be sent."""
        request = head(f"{method} {self.prefix}/{target} HTTP/1.1", *fields)
        return exchange(self.hub.port, request, to=method, source=self.source)

    def parameters(self, endpoint: str, **also: str) -> dict[str, str]:
        """The right parameters of a call; *also* sets some, before the digest is worked out."""
        known = {"soft": "Standard", "ver": "1.0", "TraID": self.reader.transfer_id, "t": stamp()}
        values = {name: also.get(name, known.get(name, "")) for name in SIGNED[endpoint]}
        return {**values, **also, "d": f"SHA-256:{hashed(*values.values(), self.reader.transfer_key)}"}

    def list2(self) -> RawAnswer:
        return self.get(f"list2?{joined(self.parameters('list2'))}")

    def listed(self) -> list[dict[str, str]]:
        answer = self.list2()
        assert b"<Status>OK</Status>" in answer.body, answer.text
        return storages(answer.body)

    def waiting(self, count: int, *, wait: float = 20) -> list[dict[str, str]]:
        """What is listed once *count* storages are there, the newest first."""
        until = time.monotonic() + wait
        while len(found := self.listed()) != count:
            assert time.monotonic() < until, f"{len(found)} storages instead of {count}"
            time.sleep(0.03)
        return found

    def receive(self) -> RawAnswer:
        return self.get(f"receive?{joined(self.parameters('receive'))}")

    def download_target(self, storage: Mapping[str, str], mark: str | None = None, name: str = "markreceived") -> str:
        now = stamp()
        signed = [storage["StorageID"], now] if mark is None else [mark, storage["StorageID"], now]
        given = [("SID", storage["StorageID"]), ("t", now), ("d", f"SHA-256:{hashed(*signed, storage['StorageKey'])}")]
        return f"download?{joined(given if mark is None else [*given, (name, mark)])}"

    def download(self, storage: Mapping[str, str], mark: str | None = None) -> RawAnswer:
        return self.get(self.download_target(storage, mark))

    def status(self, storage: Mapping[str, str]) -> str:
        """The StorageStatus of a storage by now."""
        (found,) = (one for one in self.listed() if one["StorageID"] == storage["StorageID"])
        return found["StorageStatus"]


def members(data: bytes) -> dict[str, bytes]:
    """What a ZIP holds; that no name is there twice is checked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names), names
        return {name: archive.read(name) for name in names}


def number_in(data: bytes) -> str:
    """The number of the invoice in a ZIP."""
    found = re.search(rb"<cbc:ID>([^<]*)</cbc:ID>", members(data)["invoice.xml"])
    assert found is not None
    return found[1].decode()


def texts(answer: RawAnswer) -> list[str]:
    """The FreeTexts of an answer."""
    return re.findall(r'<FreeText language="en">(.*?)</FreeText>', answer.text)
