"""Damaged documents of every syntax: a reading or an error of the hub's own, within a second, and nothing else."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import BadValue, FakturahubError

SAMPLES = (
    "samples/ehf/ehf-3-faktura-1.xml",
    "samples/ehf/peppol-base-creditnote-correction.xml",
    "samples/puf/PUF_Invoice_with_extension.xml",
    "samples/puf/PUF-InvoiceResponse-APPROVED_AP_RECEIVE.xml",
    "corpora/en16931/examples/cii/CII_example1.xml",
    "samples/finvoice/gobl_invoice_3.0.xml",
    "samples/finvoice/gobl_soap_framed_3.0.xml",
    "samples/finvoice/finvoice12_ffi_pullin_musiikki.xml",
    "samples/finvoice/letter_1.0_apix.xml",
    "samples/finvoice/payslip_2.0_valid.xml",
    "samples/finvoice/apix_send_invoice_zip_example.zip",
)
#: damaged copies of each
COPIES = 30
#: seconds; a document of these sizes takes some milliseconds
LONGEST = 1.0

#: values that are none of a date, a number, a code
ODD = (
    b"",
    b" ",
    b"NaN",
    b"Infinity",
    b"1e400",
    b"-0",
    b"9" * 60,
    b"9" * 5000,
    b"1.2.3",
    b"1,5",
    b"1 000,00",
    b"2026-02-30",
    b"20260230",
    b"0000-00-00",
    b"-2026-11-20",
    b"2026-11-20T10:00:00",
    b"99999999",
    b"&#0;",
    b"&#xD;",
    b"&lt;a&gt;",
    b"<![CDATA[x]]>",
    "\u0663\u0661".encode(),
    "\u202e".encode(),
    b"\xff\xfe",
    b"x" * 3000,
)


def _flip(data: bytes, chance: random.Random) -> bytes:
    copy = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        copy[chance.randrange(len(copy))] = chance.randrange(256)
    return bytes(copy)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _drop(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 400) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    end = at + chance.randint(1, 400)
    return data[:end] + data[at:end] * chance.randint(1, 20) + data[end:]


def _value(data: bytes, chance: random.Random) -> bytes:
    at = data.find(b">", chance.randrange(len(data)))
    end = data.find(b"<", at)
    return data if at < 0 or end < 0 else data[: at + 1] + chance.choice(ODD) + data[end:]


def _attribute(data: bytes, chance: random.Random) -> bytes:
    at = data.find(b'="', chance.randrange(len(data)))
    end = data.find(b'"', at + 2)
    odd = chance.choice(ODD).replace(b"<", b"").replace(b'"', b"")
    return data if at < 0 or end < 0 else data[: at + 2] + odd + data[end:]


def _element(data: bytes, chance: random.Random) -> bytes:
    """One element without its content and children."""
    start = data.find(b"<", chance.randrange(len(data)))
    end = data.find(b"</", start)
    close = data.find(b">", end)
    return data if min(start, end, close) < 0 else data[:start] + data[close + 1 :]


def _recode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")), "replace")


def _declare(data: bytes, chance: random.Random) -> bytes:
    label = chance.choice((b"UTF-16", b"ISO-8859-15", b"US-ASCII", b"windows-1252", b"EBCDIC", b"utf-7"))
    return data.replace(b"UTF-8", label, 1).replace(b"utf-8", label, 1)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip,
    _cut,
    _drop,
    _repeat,
    _value,
    _value,
    _attribute,
    _element,
    _recode,
    _declare,
)


def judge(data: bytes) -> bool:
    """Ask everything of *data* that can be asked; whether it was refused at some point."""
    refusals: list[FakturahubError] = []
    for ask in (formats.recognise, formats.documents, formats.open_document, formats.attachments, formats.read):
        started = time.perf_counter()
        try:
            ask(data)
        except FakturahubError as refusal:
            refusals.append(refusal)
        taken = time.perf_counter() - started
        assert taken < LONGEST, f"{ask.__name__}: {taken:.2f} s"
    assert all(refusal.reason and len(str(refusal)) < 3000 for refusal in refusals)
    return bool(refusals)


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged(shared: Path, name: str) -> None:
    data = (shared / name).read_bytes()
    chance = random.Random(name)
    refused = 0
    for damage in DAMAGES:
        for copy in range(COPIES):
            damaged = damage(data, chance)
            try:
                refused += judge(damaged)
            except Exception as fault:
                raise AssertionError(f"{name}, {damage.__name__}, copy {copy}: {damaged[:60]!r}") from fault
    # Some damage is none: a changed letter in a name.
    assert refused > len(DAMAGES) * COPIES // 5


@pytest.mark.parametrize("name", SAMPLES[:-1])
def test_a_value_that_is_refused_is_told_with_its_place(shared: Path, name: str) -> None:
    """Each value in turn becomes one that is no date and no number and too long for a code."""
    data = (shared / name).read_bytes()
    refusals: list[FakturahubError] = []
    for value in re.finditer(rb">([^<>]*[^<>\s][^<>]*)<", data[data.index(b"?>") + 2 :] if b"?>" in data else data):
        damaged = data.replace(value[0], b">" + b"20260230" * 400 + b"<", 1)
        try:
            formats.open_document(damaged)
            formats.read(damaged)
        except FakturahubError as refusal:
            refusals.append(refusal)
    values = [refusal for refusal in refusals if isinstance(refusal, BadValue)]
    assert len(values) >= 3
    assert all(refusal.place and refusal.term for refusal in values)
    assert all(len(str(refusal)) < 1000 for refusal in refusals)


def test_bytes_of_any_kind() -> None:
    chance = random.Random(3)
    for length in (0, 1, 2, 3, 10, 100, 5_000, 500_000):
        assert judge(chance.randbytes(length))
        assert judge(b"<" + chance.randbytes(length))
        assert judge(b"PK\3\4" + chance.randbytes(length))


@pytest.mark.parametrize(
    "data",
    [
        b"<Finvoice Version='3.0'>" * 200_000,
        b"<Letter>" * 200_000,
        b"<Letters>" + b"<Letter/>" * 200_000 + b"</Letters>",
        b"<Letters>" + b"<!--" * 500_000,
        b"<Payslips xmlns='http://www.tieke.fi/schema/payslipxml/2.0'>" + b"<Payslip" * 400_000,
        b"<Payslips xmlns='http://www.tieke.fi/schema/payslipxml/2.0'>" + b"<![CDATA[" * 400_000,
        b"<?xml version='1.0'?>" * 100_000,
    ],
)
def test_long_files_of_nothing(data: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(FakturahubError):
        formats.open_document(data)
    assert time.perf_counter() - started < LONGEST
