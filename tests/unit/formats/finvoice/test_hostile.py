"""Damaged bytes: an error of the hub's own, soon, and never anything else."""

from __future__ import annotations

import random
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakturahub.errors import FakturahubError, UnwritableDocument
from fakturahub.formats.finvoice import SYNTAX
from fakturahub.formats.finvoice.write import write_bare
from tests.unit.formats.finvoice.documents import FRAME, ROW, amount, finvoice, opened, reading

_VALUES = (
    b"",
    b" ",
    b"NaN",
    b"1e400",
    b"-0",
    b"9" * 60,
    b"20260230",
    b"&#1;",
    b"&lt;",
    b"\xff",
    b"1,00",
    b"</a>",
    b"<a>",
)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    end = at + chance.randint(1, 300)
    match chance.randrange(5):
        case 0:
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[end:]
        case 3:
            return data[:end] + data[at:end] * chance.randint(1, 9) + data[end:]
        case _:
            start = data.find(b">", at) + 1
            stop = data.find(b"<", start)
            return data[:start] + chance.choice(_VALUES) + data[stop if stop > 0 else start :]


@pytest.mark.parametrize("seed", range(4))
def test_damaged_documents(shared: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ["samples/finvoice/gobl_invoice_3.0.xml", "samples/finvoice/gobl_soap_framed_3.0.xml"]
    names += ["samples/finvoice/rfinvoice_1.2.xml", "corpora/finvoice/test-files/3.0/finvoice_30_example.xml"]
    data = (shared / names[seed]).read_bytes()
    read = refused = 0
    for _ in range(150):
        copy = _damaged(_damaged(data, chance), chance)
        begin = time.process_time()
        try:
            root, recognition = opened(copy)
            SYNTAX.heading(root, recognition)
            write_bare(reading(copy).noun)
            read += 1
        except FakturahubError:
            refused += 1
        except AssertionError:
            # `opened` says that it is no Finvoice any more.
            refused += 1
        assert time.process_time() - begin < 1
    assert read
    assert refused


@pytest.mark.parametrize(
    "data",
    [
        finvoice(details="<VatSpecificationDetails/>" * 2000),
        finvoice(details="<InvoiceFreeText>x</InvoiceFreeText>" * 2000),
        finvoice(tail="<InvoiceUrlText>x</InvoiceUrlText>" * 900),
        finvoice(row=ROW * 1000),
        finvoice(row="<InvoiceRow><SubInvoiceRow><a/></SubInvoiceRow></InvoiceRow>" * 2000),
        finvoice(head="<AnyPartyDetails><AnyPartyText AnyPartyCode='PaymentReceiver'/></AnyPartyDetails>" * 2000),
        finvoice(row=ROW.replace("100,00", "9" * 30)),
        finvoice(totals=("9" * 30, "0", "9" * 15)),
        finvoice(details=amount("InvoicePaidAmount", "0," + "9" * 29)),
    ],
    ids=range(9),
)
def test_much_of_one_thing(data: bytes) -> None:
    begin = time.process_time()
    # Amounts of thirty digits are read and not written.
    with pytest.raises(UnwritableDocument) if b"9" * 30 in data else nullcontext():
        write_bare(reading(data).noun)
    assert time.process_time() - begin < 3


def test_cost_grows_with_the_lines_and_not_with_their_square() -> None:
    def cost(lines: int) -> float:
        data = finvoice(row=ROW * lines)
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            write_bare(reading(data).noun)
            best = min(best, time.process_time() - begin)
        return best

    # Eight times the lines: 64 times the cost would be quadratic.
    assert cost(1600) < 24 * cost(200)


@pytest.mark.parametrize("head", [b"", FRAME.encode()])
def test_every_beginning_of_a_document(head: bytes) -> None:
    data = head + finvoice()
    for end in range(0, len(data) - 12, 41):
        with pytest.raises((FakturahubError, AssertionError)):
            reading(data[:end])
