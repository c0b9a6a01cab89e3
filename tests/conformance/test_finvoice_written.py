"""Written Finvoice against the schema of Finance Finland: from every readable document of samples and corpora.

Beside the schema: what was read from another syntax is in the written document or in a report, and the bytes are the
same each time.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from fakturahub import formats
from fakturahub.errors import ConversionLoss, FakturahubError, MissingTerm
from fakturahub.exchange.convert import convert
from fakturahub.formats.envelope import with_files
from fakturahub.formats.finvoice.write import write_bare, write_framed
from fakturahub.model.invoice import Invoice
from fakturahub.model.reminder import Reminder
from tests.unit.formats.finvoice.documents import reading, real_files, schema
from tests.unit.formats.front.crossing import losses_of
from tests.unit.formats.invoices import INVOICES

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]


def _invoices(shared: Path) -> list[tuple[str, Invoice]]:
    """Every document that is read as an invoice, whatever its syntax."""
    found = []
    for file in sorted([*(shared / "samples").rglob("*.xml"), *(shared / "corpora").rglob("*.xml")]):
        if "finvoice" in file.parts:
            continue
        try:
            noun = formats.read(file.read_bytes()).noun
        except FakturahubError:
            # No invoice, or none that is read: what is recognised is shown elsewhere.
            continue
        if isinstance(noun, Invoice):
            found.append((str(file), noun))
    for file in real_files(shared):
        noun = reading(file.read_bytes()).noun
        assert isinstance(noun, Invoice)
        if noun.number is not None:
            found.append((str(file), noun))
    return found


def test_every_readable_document_is_written_validly_and_without_silent_losses(shared: Path) -> None:
    valid, wrong, count = schema(shared), {}, 0
    for name, noun in _invoices(shared):
        if None in (noun.number, noun.issue_date, noun.currency, noun.totals.with_vat):
            # What the schema requires and cannot be made up.
            with pytest.raises(MissingTerm):
                write_bare(noun)
            continue
        writing = write_bare(noun)
        count += 1
        if not valid.validate(etree.fromstring(writing.data)):
            wrong[name] = str(valid.error_log.last_error)
            continue
        after = reading(writing.data)
        noun_again, beside = with_files(after.noun, writing.files)
        assert isinstance(noun_again, Invoice)
        vanished, made_up = losses_of(noun, noun_again, [*writing.losses, *after.losses])
        # A number that is cut, as a report says, stands whole in a text (mapping 2.1).
        made_up = [one for one in made_up if one.value != f"Invoice number {noun.number}"]
        if vanished or made_up or beside:
            wrong[name] = repr((vanished, made_up, beside))
        assert write_bare(noun) == writing
    assert wrong == {}
    assert count > 200


def test_every_framed_document_is_valid_and_says_the_same(shared: Path) -> None:
    valid, count = schema(shared), 0
    for name, noun in _invoices(shared):
        try:
            writing = write_framed(noun)
        except MissingTerm:
            continue
        count += 1
        at = writing.data.index(b"<?xml")
        valid.assertValid(etree.fromstring(writing.data[at:]))
        etree.fromstring(writing.data[:at])
        assert reading(writing.data).noun == reading(write_bare(noun).data).noun, name
    assert count > 100


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(noun=INVOICES)
def test_generated_invoices(shared: Path, noun: Invoice) -> None:
    writing = write_bare(noun)
    schema(shared).assertValid(etree.fromstring(writing.data))
    after = reading(writing.data)
    found, beside = with_files(after.noun, writing.files)
    assert isinstance(found, Invoice)
    assert not beside
    assert losses_of(noun, found, [*writing.losses, *after.losses]) == ([], [])


def test_most_real_invoices_become_a_finvoice_without_a_loss(shared: Path) -> None:
    """A strict conversion has to go through for what Finvoice has room for, as a text if need be."""
    went, asked, lost = 0, 0, Counter[str]()
    for folder in ("en16931", "peppol-bis3", "xrechnung-testsuite", "ehf"):
        for file in sorted((shared / "corpora" / folder).rglob("*.xml")):
            data = file.read_bytes()
            try:
                noun = formats.read(data).noun
            except FakturahubError:
                continue
            if isinstance(noun, Reminder):  # Finvoice has none
                continue
            asked += 1
            try:
                convert(data, "finvoice-3.0", allow_loss=False)
            except ConversionLoss as refused:
                lost.update({str(loss["why"]) for loss in refused.report["not_written"]})  # type: ignore[attr-defined]
            else:
                went += 1
    assert asked > 100
    assert went / asked > 0.9, lost
