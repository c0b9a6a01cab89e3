"""Headings: whose word counts for an address, and what a list shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fakturahub.errors import BadValue, MissingTerm
from fakturahub.formats.headings import heading_of
from fakturahub.model import AttachmentHeading, Identifier, Kind
from fakturahub.model.invoice import Invoice
from tests.unit.formats.finvoice.documents import FRAME, finvoice, heading, reading, real_files, transmission


def test_what_a_list_shows() -> None:
    found = heading(finvoice())
    assert (found.kind, found.number, found.currency) == (Kind.INVOICE, "1001", "EUR")
    assert (found.issue_date, found.due_date) == (date(2026, 9, 1), date(2026, 9, 15))
    assert (found.total, found.payable) == (Decimal("125.50"), Decimal("125.50"))
    assert (found.account, found.payment_reference) == ("FI2112345600000785", "12344")
    assert found.seller.name == "Myyjä Oy"
    assert found.seller.business_id == Identifier("0112038-9", "0212")


def test_the_frame_wins_over_the_transmission_details_and_they_over_the_unit_numbers() -> None:
    head = transmission("003711111111", "003722222222")
    assert heading(finvoice()).seller.endpoint == Identifier("003701120389", "0216")
    assert heading(finvoice(head=head)).seller.endpoint == Identifier("003711111111", "0216")
    framed = heading(FRAME.encode() + finvoice(head=head))
    assert (framed.seller.endpoint, framed.buyer.endpoint) == (
        Identifier("003700000001", "0216"),
        Identifier("003700000002", "0216"),
    )


@pytest.mark.parametrize(
    ("value", "scheme", "address"),
    [
        ("003712345678", "0037", Identifier("003712345678", "0216")),
        ("00371234567890001", "X", Identifier("00371234567890001", "0216")),
        ("FI2112345600000785", "X", Identifier("FI2112345600000785", "9918")),
        ("FI2112345600000786", "", Identifier("FI2112345600000786")),
        ("TE003712345678", "", Identifier("TE003712345678", "0215")),
        ("7300010000002", "", Identifier("7300010000002")),
        ("7300010000001", "", Identifier("7300010000001", "0088")),
        ("974761076", "0192", Identifier("974761076", "0192")),
        ("laskut@yritys.example", "", Identifier("laskut@yritys.example")),
        ("laskut@yritys.example", "EM", Identifier("laskut@yritys.example", "EM")),
    ],
)
def test_the_scheme_of_an_address(value: str, scheme: str, address: Identifier) -> None:
    data = finvoice(head=transmission(value, value, scheme))
    assert heading(data).buyer.endpoint == address


def test_print_is_no_address() -> None:
    data = finvoice(head=transmission("003711111111", "TULOSTUS"))
    assert heading(data).buyer.endpoint == Identifier("003745678907", "0216")


def test_a_credit_note_has_positive_amounts() -> None:
    found = heading(finvoice(code="INV02", totals=("-100,00", "-25,50", "-125,50")))
    assert (found.kind, found.total, found.payable) == (Kind.CREDIT_NOTE, Decimal("125.50"), Decimal("125.50"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INV08", Kind.REMINDER),
        ("ORD01", Kind.ORDER),
        ("REC01", Kind.OTHER),
        ("SEI12", Kind.INVOICE),
        ("INV00", Kind.INVOICE),
    ],
)
def test_the_kind_of_other_documents(code: str, kind: Kind) -> None:
    assert heading(finvoice(code=code)).kind is kind


def test_links_and_files_are_paired_by_their_order() -> None:
    tail = (
        "<InvoiceUrlNameText>APIX_PDFFILE</InvoiceUrlNameText><InvoiceUrlNameText>Portal</InvoiceUrlNameText>"
        "<InvoiceUrlText>file://lasku 1.pdf</InvoiceUrlText><InvoiceUrlText>https://portal.example</InvoiceUrlText>"
        "<InvoiceUrlText>https://no.name.example</InvoiceUrlText>"
    )
    assert heading(finvoice(tail=tail)).attachments == (
        AttachmentHeading(name="lasku 1.pdf", description="APIX_PDFFILE", uri="file://lasku 1.pdf"),
        AttachmentHeading(description="Portal", uri="https://portal.example"),
        AttachmentHeading(uri="https://no.name.example"),
    )


def test_the_reference_without_zeros_and_not_of_zeros_alone() -> None:
    assert heading(finvoice(reference="00000000000000012344")).payment_reference == "12344"
    assert heading(finvoice(reference="00000000000000000000")).payment_reference is None


def test_refusals_name_the_term() -> None:
    with pytest.raises(MissingTerm) as missing:
        heading(finvoice(number=""))
    assert missing.value.term == "BT-1"
    with pytest.raises(BadValue) as bad:
        heading(finvoice(totals=("1", "1", "1.000")))
    assert bad.value.term == "BT-112"


def test_the_heading_agrees_with_the_reading(shared: Path) -> None:
    seen = 0
    for file in real_files(shared):
        if file.name == "finvoice2csv_lasku.xml":
            continue  # has no number
        data = file.read_bytes()
        found, noun = heading(data), reading(data).noun
        payment = noun.payment
        transfers = payment.transfers if payment else ()
        assert (found.number, found.issue_date, found.due_date) == (noun.number, noun.issue_date, noun.due_date), file
        assert (found.total, found.payable) == (noun.totals.with_vat, noun.totals.payable), file
        assert (found.currency, found.kind is Kind.CREDIT_NOTE) == (noun.currency, noun.is_credit_note), file
        assert found.payment_reference == (payment.remittance if payment else None), file
        assert found.account == (transfers[0].account if transfers else None), file
        for party, whole in ((found.seller, noun.seller), (found.buyer, noun.buyer)):
            assert (party.endpoint, party.business_id, party.vat_id) == (whole.endpoint, whole.legal_id, whole.vat_id)
            assert party.identifiers == whole.identifiers, file
        assert [each.uri for each in found.attachments] == [each.uri for each in noun.supporting], file
        assert isinstance(noun, Invoice)
        whole_heading = heading_of(noun)
        assert found.buyer_email == whole_heading.buyer_email, file
        assert found.buyer_address == whole_heading.buyer_address, file
        seen += 1
    assert seen == 22
