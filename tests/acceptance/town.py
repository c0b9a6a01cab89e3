"""A town of four invented companies: two that send through Pagero, two that receive through Apix.

Every secret in it is a string that stands nowhere else, so that a test can look for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.running import COMPANIES, invoice


@dataclass(frozen=True)
class Sender:
    key: str
    user: str
    password: str


@dataclass(frozen=True)
class Receiver:
    key: str
    transfer_id: str
    transfer_key: str
    #: as it stands in an invoice: electronic address, VAT id, business id
    endpoint: str
    vat_id: str
    business_id: str


SKOG = Sender("skog", "skog", "skog-password")
LUND = Sender("lund", "lund", "lund-gehaim-7f3a")
VIRTA = Receiver(
    "virta",
    "e4fb42c4-2e72-4e8c-80aa-3724e402c0a8",
    "de6b8d40-f81b-4d51-b977-c998510b51bb",
    "003727901319",
    "FI27901319",
    "2790131-9",
)
KOSKI = Receiver(
    "koski",
    "5a1f0c77-9d0e-4c58-8a27-0d6a41c1b9f2",
    "91c7be30-60aa-4f0b-a3a5-7e2f5c1d84e6",
    "003719876544",
    "FI19876544",
    "1987654-4",
)

_MORE = f"""
[[company]]
key = "lund"
name = "Lund Verktyg AB"
country = "SE"
business_id = "556677-8899"
vat_id = "SE556677889901"
addresses = ["0007:5566778899"]
email = "faktura@lund.example"
contracts = ["send", "receive"]
credits = "postpaid"

  [company.pagero]
  username = "{LUND.user}"
  password = "{LUND.password}"

[[company]]
key = "koski"
name = "Koski Vesi Oy"
country = "FI"
business_id = "{KOSKI.business_id}"
vat_id = "{KOSKI.vat_id}"
addresses = ["0216:{KOSKI.endpoint}"]
email = "laskut@koski.example"
contracts = ["send", "receive"]
credits = "postpaid"

  [company.apix]
  transfer_id = "{KOSKI.transfer_id}"
  transfer_key = "{KOSKI.transfer_key}"
"""


def companies(folder: Path, *, also: str = "", converting: bool = True) -> Path:
    """The provisioning file of the town in *folder*: the example's two companies, two more, and *also*.

    Virta gets its documents as Finvoice where *converting*, else as they came.
    """
    folder.mkdir(exist_ok=True)
    file = folder / "town.toml"
    example = COMPANIES.read_text(encoding="utf-8")
    if not converting:
        wish = 'receive_as = "finvoice-3.0"'
        assert example.count(wish) == 1
        example = example.replace(wish, 'receive_as = "original"')
    file.write_text(example + _MORE + also, encoding="utf-8")
    return file


def bill(number: str, to: Receiver = VIRTA) -> bytes:
    """The example invoice under another number, addressed to *to*."""
    text = invoice(number)
    for was, now in (
        (VIRTA.endpoint, to.endpoint),
        (VIRTA.vat_id, to.vat_id),
        (VIRTA.business_id, to.business_id),
    ):
        assert text.count(f">{was}<".encode()) == 1, was
        text = text.replace(f">{was}<".encode(), f">{now}<".encode())
    return text
