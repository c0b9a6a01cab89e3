"""Crossed round trips over some real invoices and some made ones; tests/conformance has them all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st

from fakturahub import formats
from fakturahub.model import Loss
from fakturahub.model.invoice import Invoice
from fakturahub.model.terms import stated
from tests.unit.formats.front.crossing import OF_THE_SYNTAX, TERMS, cross, crossed_whole, losses_of
from tests.unit.formats.invoices import INVOICES, addressed

WRITTEN = sorted(name for name, can in formats.NAMES.items() if can.write and can.noun == "invoice")
FILES = (
    "samples/ehf/peppol-base-example.xml",
    "samples/ehf/peppol-base-creditnote-correction.xml",
    "samples/ehf/ehf-3-faktura-1.xml",
    "samples/finvoice/gobl_invoice_3.0.xml",
    "samples/finvoice/gobl_credit_note_1.3.xml",
    "corpora/en16931/examples/cii/CII_example5.xml",
)


@pytest.mark.parametrize("through", WRITTEN)
@pytest.mark.parametrize("name", FILES)
def test_real_invoices(shared: Path, name: str, through: str) -> None:
    data = (shared / name).read_bytes()
    noun = formats.read(data).noun
    assert isinstance(noun, Invoice)
    back = formats.recognise(data).syntax
    # An older version is read only; the way back is in the newest of its family.
    crossed = cross(noun, through, back if formats.NAMES[back].write else "finvoice-3.0")
    assert crossed.vanished == []
    assert crossed.made_up == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(INVOICES, st.sampled_from(WRITTEN), st.sampled_from(WRITTEN))
def test_made_invoices(invoice: Invoice, through: str, back: str) -> None:
    if not crossed_whole(invoice, through, back):
        reject()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(INVOICES)
def test_writing_is_the_same_each_time(invoice: Invoice) -> None:
    invoice = addressed(invoice)
    for name in WRITTEN:
        written = formats.write(invoice, name)
        assert written == formats.write(invoice, name)
        assert not written.data.startswith(b"\xef\xbb\xbf")


class Enough(Exception):  # noqa: N818 - it is no error
    """Every term was met."""


def test_the_made_invoices_state_nearly_every_term() -> None:
    met: set[str] = set()

    @seed(1)
    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(INVOICES)
    def meet(invoice: Invoice) -> None:
        met.update(one.term for one in stated(invoice))
        if TERMS - met <= OF_THE_SYNTAX:
            raise Enough

    with suppress(Enough):
        meet()
    # The process and the specification are the syntax's own.
    assert TERMS - met == OF_THE_SYNTAX


def test_the_harness_sees_what_vanishes_and_what_is_made_up(shared: Path) -> None:
    noun = formats.read((shared / FILES[0]).read_bytes()).noun
    assert isinstance(noun, Invoice)
    without = msgspec.structs.replace(noun, number=None, buyer_reference="made up")
    vanished, made_up = losses_of(noun, without, [])
    assert {one.term for one in vanished} >= {"BT-1"}
    assert [one.value for one in made_up] == ["made up"]
    vanished, _ = losses_of(noun, without, [Loss("BT-1", str(noun.number), "no-place", "number")])
    assert "BT-1" not in {one.term for one in vanished}
    swapped = msgspec.structs.replace(noun, lines=noun.lines[:-1])
    vanished, _ = losses_of(noun, swapped, [Loss("BT-153", "another line", "no-place", "lines[0].item.name")])
    assert "BT-131" in {one.term for one in vanished}
