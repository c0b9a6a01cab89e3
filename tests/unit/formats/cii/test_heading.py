"""The heading of a Cross Industry Invoice, and the one made of an invoice read whole."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from fakturahub import formats
from fakturahub.errors import BadValue, MissingTerm, UnreadableAttachment
from fakturahub.formats import cii
from fakturahub.formats.headings import heading_of
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.intake.xml import parse, sniff
from fakturahub.model import Heading, Identifier, Kind
from fakturahub.model.invoice import Invoice
from tests.unit.formats.cii.documents import at_random, document, every_term, invoice_of, reference


def heading(data: bytes) -> Heading:
    sniffed = sniff(data)
    recognition = cii.detect(sniffed)
    assert recognition is not None
    return cii.heading(parse(sniffed), recognition)


def test_it_says_what_the_whole_invoice_says() -> None:
    for invoice in (every_term(), *at_random(40)):
        invoice = msgspec.structs.replace(invoice, number=invoice.number or "1")
        data = cii.write(invoice).data
        assert heading(data) == heading_of(invoice_of(data))


def test_a_heading() -> None:
    found = heading(
        document(
            seller="<ram:ID>7</ram:ID><ram:Name>A</ram:Name>"
            '<ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">9</ram:ID>'
            '</ram:SpecifiedTaxRegistration><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE1</ram:ID>'
            "</ram:SpecifiedTaxRegistration>",
            buyer="<ram:SpecifiedLegalOrganization><ram:TradingBusinessName>Shop</ram:TradingBusinessName>"
            "</ram:SpecifiedLegalOrganization>",
        )
    )
    assert (found.kind, found.number, found.currency) == (Kind.INVOICE, "471102", "EUR")
    assert (found.total, found.payable) == (Decimal("119.00"), Decimal("99.00"))
    assert (found.seller.name, found.seller.vat_id, found.seller.identifiers) == ("A", "DE1", (Identifier("7"),))
    assert found.buyer.name == "Shop"


def test_a_credit_note_by_its_type_code() -> None:
    assert heading(document().replace(b">380<", b">381<")).kind is Kind.CREDIT_NOTE
    assert heading_of(Invoice(number="1", type_code="381")).kind is Kind.CREDIT_NOTE


def test_without_a_number_there_is_no_heading() -> None:
    for number in ("", "<ram:ID> </ram:ID>"):
        with pytest.raises(MissingTerm) as refusal:
            heading(document(number=number))
        assert refusal.value.term == "BT-1"
    with pytest.raises(MissingTerm):
        heading_of(Invoice())


def test_a_guideline_that_the_recognition_did_not_see_is_refused() -> None:
    second = (
        b"</rsm:ExchangedDocumentContext><rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>"
        b"<ram:ID>urn:other</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>"
    )
    assert heading(document(guideline="urn:a")).number
    data = document(guideline="").replace(b"</rsm:ExchangedDocumentContext>", second)
    with pytest.raises(BadValue, match="urn:other"):
        heading(data)


def test_limits_hold() -> None:
    with pytest.raises(BadValue, match="identifiers"):
        heading(document(seller="<ram:ID>1</ram:ID>" * (TEXT.identifiers + 1)))
    reference = "<ram:AdditionalReferencedDocument><ram:URIID>u</ram:URIID></ram:AdditionalReferencedDocument>"
    assert len(heading(document(agreement=reference * ATTACHMENT.count)).attachments) == ATTACHMENT.count
    with pytest.raises(UnreadableAttachment):
        heading(document(agreement=reference * (ATTACHMENT.count + 1)))


def test_the_names_of_files_are_those_they_have_when_they_are_decoded() -> None:
    one = "<ram:IssuerAssignedID>2026/17</ram:IssuerAssignedID><ram:TypeCode>916</ram:TypeCode>"
    content = '<ram:AttachmentBinaryObject mimeCode="application/pdf"{}>YWJj</ram:AttachmentBinaryObject>'
    named = (content.format(""), content.format(' filename="a.pdf"'), "", content.format(' filename="A.pdf"'))
    data = document(agreement="".join(reference(one + each) for each in named))
    given = formats.file_names(heading(data).attachments)
    assert given == ("2026-17.pdf", "a.pdf", "A-2.pdf")
    assert given == tuple(each.name for each in formats.attachments(data))
