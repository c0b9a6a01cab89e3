"""What the measurements share: a hub with many companies, its database, and a verdict on each figure."""

from __future__ import annotations

import base64
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.running import INVOICE, Hub, running_hub

COMPANIES = 20

_COMPANY = """
[[company]]
key = "{role}-{number}"
name = "{role} {number} Oy"
country = "FI"
business_id = "{business}"
addresses = ["{scheme}:{business}"]
contracts = ["send", "receive"]
receive_as = "original"
validation = "{validation}"
"""
_PAGERO = """
[company.pagero]
username = "seller-{number}"
password = "password-{number}"
client_id = "client-{number}"
client_secret = "secret-{number}"
"""
_APIX = '[company.apix]\ntransfer_id = "transfer-{number}"\ntransfer_key = "key-{number}"\n'


def companies(folder: Path, validation: str) -> Path:
    """A provisioning file with `COMPANIES` sellers that speak Pagero and as many buyers that speak Apix."""
    parts = []
    for number in range(COMPANIES):
        one = {"number": number, "validation": validation}
        parts.append(_COMPANY.format(role="seller", scheme="0007", business=5_000_000_000 + number, **one))
        parts.append(_PAGERO.format(number=number))
        parts.append(_COMPANY.format(role="buyer", scheme="0216", business=3_700_000_000 + number, **one))
        parts.append(_APIX.format(number=number))
    path = folder / "companies.toml"
    path.write_text("".join(parts))
    return path


@contextmanager
def bench_hub(*arguments: str, validation: str = "off") -> Iterator[Hub]:
    """A hub on a fresh private database, without rate limits; *validation* is what every company has.

    What is promised of submitting, storing and delivering is measured without rules: they have promises of their own.
    """
    with tempfile.TemporaryDirectory(prefix="fakturahub-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_hub(
            folder / "data",
            companies=companies(folder, validation),
            arguments=("--account-rate", "0", "--address-rate", "0", *arguments),
        ) as hub:
            yield hub


class Requests:
    """Interchange requests, each with a number and key of its own, from the sellers to the buyers in turn."""

    def __init__(self, tokens: Sequence[str] | None = None) -> None:
        """With *tokens*, an access token for each seller, on the path for them; else with user name and password."""
        self._pieces = _pieces(INVOICE.read_bytes())
        self._counter = itertools.count(1 if tokens is None else 500_000_001)
        self._path = b"/pagero/incoming/default" if tokens is None else b"/pagero/incoming/tokenauth/default"
        self._credentials = [
            b"Basic " + base64.b64encode(f"seller-{one}:password-{one}".encode())
            if tokens is None
            else b"Bearer " + tokens[one].encode()
            for one in range(COMPANIES)
        ]

    @property
    def size(self) -> int:
        return len(self.body(1))

    def body(self, number: int) -> bytes:
        """The invoice with this number."""
        company = number % COMPANIES
        return self._pieces.fill(
            b"B-%09d" % number, b"%d" % (5_000_000_000 + company), b"%d" % (3_700_000_000 + company)
        )

    def __iter__(self) -> Iterator[bytes]:
        for number in self._counter:
            body = self.body(number)
            yield (
                b"POST %b/invoice/prod HTTP/1.1\r\nhost: localhost\r\nauthorization: %b\r\n"
                b"x-interchange-id: bench-%d\r\ncontent-type: application/xml\r\ncontent-length: %d\r\n\r\n%b"
                % (self._path, self._credentials[number % COMPANIES], number, len(body), body)
            )


@dataclass
class _Pieces:
    """The example invoice cut where its number and its parties' addresses stand."""

    before: bytes
    seller: bytes
    buyer: bytes
    after: bytes

    def fill(self, number: bytes, seller: bytes, buyer: bytes) -> bytes:
        return b"".join((self.before, number, self.seller, seller, self.buyer, buyer, self.after))


def _pieces(template: bytes) -> _Pieces:
    number = template.index(b"<cbc:ID>") + 8
    number_end = template.index(b"<", number)
    seller = template.index(b"5561618033</cbc:EndpointID>")
    buyer = template.index(b"003727901319</cbc:EndpointID>")
    return _Pieces(
        template[:number],
        template[number_end:seller],
        template[seller + 10 : buyer],
        template[buyer + 12 :],
    )


def resident(hub: Hub) -> int:
    """Bytes of memory that the hub's own processes hold, the database's excepted."""
    root = psutil.Process(hub.process.pid)
    family = [root, *(one for one in root.children(recursive=True) if "postgres" not in one.name())]
    return sum(one.memory_info().rss for one in family)


class Verdicts:
    """Figures with what was promised of them."""

    def __init__(self) -> None:
        self.kept = True

    def at_least(self, what: str, figure: float, promised: float, unit: str) -> None:
        self._say(what, figure, f"at least {promised:g}", unit, figure >= promised)

    def at_most(self, what: str, figure: float, promised: float, unit: str) -> None:
        self._say(what, figure, f"at most {promised:g}", unit, figure <= promised)

    def _say(self, what: str, figure: float, promised: str, unit: str, kept: bool) -> None:
        self.kept &= kept
        print(f"  {'ok  ' if kept else 'MISS'} {what}: {figure:,.4g} {unit} (promised {promised})", flush=True)


def say(text: str) -> None:
    print(f"       {text}", flush=True)
