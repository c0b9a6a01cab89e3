"""What a written UBL document cannot carry is told, however odd the invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from fakturahub.formats.ubl.write import WRITERS
from fakturahub.model import Identifier
from fakturahub.model.invoice import AllowanceCharge, Invoice, Note, Party
from tests.unit.formats.ubl.corpus import read
from tests.unit.formats.ubl.parts import LEAST


def through(invoice: Invoice, name: str) -> tuple[list[tuple[str, str, str | None]], Invoice]:
    """The report of writing *invoice* in *name*, and what is read again."""
    writing = WRITERS[name](invoice)
    reading = read(writing.data)
    assert reading.losses == ()
    assert isinstance(reading.noun, Invoice)
    return [(loss.term, loss.value, loss.place) for loss in writing.losses], reading.noun


@pytest.mark.parametrize("name", WRITERS)
def test_what_only_a_seller_has(name: str) -> None:
    buyer = Party(name="Virta Oy", tax_registration="F-skatt", legal_information="Osakeyhtiö")
    told, _ = through(replace(LEAST, buyer=buyer), name)
    assert told == [
        ("BG-7", "F-skatt", "buyer.tax_registration"),
        ("BG-7", "Osakeyhtiö", "buyer.legal_information"),
    ]


@pytest.mark.parametrize("name", WRITERS)
def test_what_only_allowances_of_the_document_have(name: str) -> None:
    one = AllowanceCharge(amount=Decimal(1), reason="a", vat_category="S", vat_rate=Decimal("25.5"))
    line = replace(LEAST.lines[0], allowances=(one,), charges=(one,))
    told, back = through(replace(LEAST, lines=(line,)), name)
    assert told == [
        ("BG-27", "S", "lines[0].allowances[0].vat_category"),
        ("BG-27", "25.5", "lines[0].allowances[0].vat_rate"),
        ("BG-28", "S", "lines[0].charges[0].vat_category"),
        ("BG-28", "25.5", "lines[0].charges[0].vat_rate"),
    ]
    plain = replace(one, vat_category=None, vat_rate=None)
    assert (back.lines[0].allowances, back.lines[0].charges) == ((plain,), (plain,))


@pytest.mark.parametrize("name", WRITERS)
def test_an_identifier_of_a_party_does_not_become_one_of_a_creditor(name: str) -> None:
    seller = Party(name="Skog AB", identifiers=(Identifier("17", "SEPA"),))
    told, back = through(replace(LEAST, seller=seller), name)
    assert told == [("BT-29", "SEPA", "seller.identifiers[0]")]
    assert back.seller.identifiers == (Identifier("17"),)
    assert back.payment is None


@pytest.mark.parametrize("name", ["puf-billing-2.0", "vrbl"])
def test_a_subject_that_is_no_code_does_not_become_text(name: str) -> None:
    told, back = through(
        replace(LEAST, notes=(Note(text="a", subject="Delivery"), Note(text="b", subject="AAI"))), name
    )
    assert told == [("BT-21", "Delivery", "notes[0].subject")]
    assert back.notes == (Note(text="a"), Note(text="b", subject="AAI"))


@pytest.mark.parametrize("name", ["peppol-bis-3", "ehf-3"])
def test_equal_notes_are_joined_and_none_of_them_is_dropped(name: str) -> None:
    _, back = through(replace(LEAST, notes=(Note(text="a"), Note(text="a"), Note(text="b"))), name)
    assert back.notes == (Note(text="a\na\nb"),)


def test_names_of_any_length_are_read_again() -> None:
    item = replace(LEAST.lines[0].item, name="x" * 5_000)
    long = replace(LEAST, lines=(replace(LEAST.lines[0], item=item),))
    assert through(long, "ubl-2.1")[1].lines[0].item.name == item.name
