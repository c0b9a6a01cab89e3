"""The Cross Industry Invoices that EN 16931 and XRechnung publish are recognised, read without a silent loss, and come
back from writing as they were. tests/conformance/test_cii_written.py holds them against schema and rules.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakturahub.errors import FakturahubError
from fakturahub.formats import cii
from fakturahub.formats.headings import heading_of
from fakturahub.intake.xml import parse, sniff
from tests.unit.formats.cii.documents import invoice_of, read
from tests.unit.formats.prove import unaccounted, unheard

FOLDERS = ("corpora/en16931/examples/cii", "corpora/xrechnung-testsuite")
#: bytes of a document that is quick to read once per leaf
SMALL = 10_000
#: seconds that a damaged document may take on a busy machine
LONGEST = 1.0


def documents(shared: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in FOLDERS:
        for path in sorted((shared / folder).rglob("*.xml")):
            data = path.read_bytes()
            if sniff(data).root == "CrossIndustryInvoice":
                yield path, data


def prescribed(path: str, value: str) -> bool:
    """What the syntax prescribes, so that it need not be in the model: `unheard` shows that it is read all the same."""
    *_, group, name = path.rsplit("/", 2)
    return (
        (name == "@format" and value == "102")
        or (name == "TypeCode" and group.endswith("TradeTax") and value == "VAT")
        or (name == "TypeCode" and group == "AdditionalReferencedDocument" and value in {"50", "130", "916"})
        or (path.endswith("SpecifiedTaxRegistration/ID/@schemeID") and value in {"VA", "FC"})
        or path.endswith("ChargeIndicator/Indicator")
        or (path.endswith("SpecifiedProcuringProject/Name") and value == "Project reference")
        # UNTDID 2475 there, 2005 here
        or (name == "DueDateTypeCode" and value in {"5", "29", "72"})
    )


def test_all_are_recognised_and_their_heading_is_that_of_the_whole(shared: Path) -> None:
    seen = 0
    for path, data in documents(shared):
        sniffed = sniff(data)
        recognition = cii.detect(sniffed)
        assert recognition is not None, path
        assert recognition.profile, path
        root = parse(sniffed)
        invoice = invoice_of(data)
        assert cii.heading(root, recognition) == heading_of(invoice), path
        embedded = [one.attachment for one in invoice.supporting if one.attachment is not None]
        assert list(cii.attachments(root)) == embedded, path
        seen += 1
    assert seen >= 47


def test_no_leaf_is_lost_in_silence(shared: Path) -> None:
    for path, data in documents(shared):
        assert unaccounted(data, read(data), prescribed=prescribed) == [], path


def test_no_leaf_of_a_small_document_is_unheard(shared: Path) -> None:
    seen = 0
    for path, data in documents(shared):
        if len(data) < SMALL:
            assert unheard(data, read) == [], path
            seen += 1
    assert seen >= 12


def test_what_is_not_understood_is_little(shared: Path) -> None:
    """A reader that reported everything would lose nothing in silence, either."""
    lost = {path.name: len(losses) for path, data in documents(shared) if (losses := read(data).losses)}
    assert sum(lost.values()) <= 9, lost


def test_writing_and_reading_gives_the_same_invoice(shared: Path) -> None:
    for path, data in documents(shared):
        invoice = invoice_of(data)
        writing = cii.write(invoice)
        assert writing.losses == (), path
        assert invoice_of(writing.data) == invoice, path
        assert read(writing.data).losses == (), path


def damaged(data: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return data[: chance.randrange(len(data))]
    copy = bytearray(data)
    if kind == 1:
        for _ in range(chance.randint(1, 8)):
            copy[chance.randrange(len(copy))] = chance.randrange(256)
    elif kind == 2:
        at = chance.randrange(len(copy))
        del copy[at : at + chance.randint(1, 300)]
    else:
        at = data.find(b">", chance.randrange(len(data)))
        values = (b"", b"9" * 60, b"1e400", b"NaN", b"20260230", b"&#1;", b"\xd9\xa3", b"<ram:ID>x</ram:ID>", b"=")
        end = data.find(b"<", at)
        if 0 <= at < end:
            copy[at + 1 : end] = chance.choice(values)
    return bytes(copy)


@pytest.mark.parametrize("name", ["CII_example5.xml", "01.01a-INVOICE_uncefact.xml", "03.06a-INVOICE_uncefact.xml"])
def test_a_damaged_document_is_read_or_refused(shared: Path, name: str) -> None:
    (data,) = (data for path, data in documents(shared) if path.name == name)
    good = refused = 0
    for seed in range(300):
        hostile = damaged(data, random.Random(f"{name} {seed}"))
        started = time.process_time()
        try:
            sniffed = sniff(hostile)
            recognition = cii.detect(sniffed)
            if recognition is not None:
                root = parse(sniffed)
                cii.heading(root, recognition)
                cii.attachments(root)
                reading = cii.read(root, recognition)
                cii.write(reading.noun)
            good += 1
        except FakturahubError:
            refused += 1
        assert time.process_time() - started < LONGEST, seed
    assert good > 30
    assert refused > 100
