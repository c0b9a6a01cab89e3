"""Damaged documents of every syntax: a reading or an error of the hub's own, within a second, and nothing else."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import BadValue, FakturahubError
from tests.unit.formats.front.damage import DAMAGES

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


def judge(data: bytes) -> bool:
    """Ask everything of *data* that can be asked; whether it was refused at some point."""
    refusals: list[FakturahubError] = []
    for ask in (formats.recognise, formats.documents, formats.open_document, formats.attachments, formats.read):
        started = time.process_time()
        try:
            ask(data)
        except FakturahubError as refusal:
            refusals.append(refusal)
        taken = time.process_time() - started
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
    started = time.process_time()
    with pytest.raises(FakturahubError):
        formats.open_document(data)
    assert time.process_time() - started < LONGEST
