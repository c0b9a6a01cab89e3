"""Reading UBL whole: where each kind of value goes, and what is reported."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest

from fakturahub import formats
from fakturahub.errors import UnknownDocument, UnreadableAttachment
from fakturahub.formats.ubl import supporting
from fakturahub.intake.limits import AttachmentLimits
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import (
    Classification,
    DirectDebit,
    Note,
    PaymentInstructions,
    Period,
    PrecedingInvoice,
    SupportingDocument,
)
from tests.unit.formats.prove import unaccounted, unheard
from tests.unit.formats.ubl.corpus import documents, prescribed, read
from tests.unit.formats.ubl.parts import NAMESPACES, UBL, amount, document, invoice_in, losses_in, party

EXAMPLES = Path(__file__).parents[4] / "examples"


def line(content: str) -> str:
    return f"<cac:InvoiceLine><cbc:ID>1</cbc:ID>{content}</cac:InvoiceLine>"


def reference(identifier: str, content: str = "") -> str:
    return f"<cac:AdditionalDocumentReference><cbc:ID>{identifier}</cbc:ID>{content}</cac:AdditionalDocumentReference>"


@pytest.mark.parametrize("name", ["invoice.xml", "credit-note.xml", "invoice-with-attachment.xml"])
def test_the_examples_lose_nothing(name: str) -> None:
    data = (EXAMPLES / name).read_bytes()
    reading = read(data)
    assert reading.losses == ()
    assert reading.findings == ()
    assert unaccounted(data, reading, prescribed=prescribed) == []
    assert unheard(data, read) == []


def test_every_shared_document_is_accounted_for(shared: Path) -> None:
    count = 0
    for one in documents(shared):
        if one.readable:
            assert unaccounted(one.data, read(one.data), prescribed=prescribed) == [], one.path
            count += 1
    assert count >= 145


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        ("#AAI#Mind the gap", Note(subject="AAI", text="Mind the gap")),
        ("#REG#\n first\nsecond ", Note(subject="REG", text="first\nsecond")),
        ("#17 and #18#", Note(text="#17 and #18#")),
        ("#AAI#", Note(text="#AAI#")),
        ("#aai#x", Note(text="#aai#x")),
        ("two\nlines", Note(text="two\nlines")),
    ],
)
def test_the_subject_of_a_note_stands_in_its_text(stated: str, note: Note) -> None:
    assert invoice_in(document(f"<cbc:Note>{stated}</cbc:Note><cbc:Note> </cbc:Note>")).notes == (note,)


def test_payment_terms_keep_their_lines() -> None:
    terms = "#SKONTO#TAGE=7#PROZENT=2.00#\n#SKONTO#TAGE=14#PROZENT=1.00#\n"
    data = document(f"<cac:PaymentTerms><cbc:Note>{terms}</cbc:Note></cac:PaymentTerms>")
    assert invoice_in(data).payment_terms == terms.strip()


def test_the_period_and_the_code_of_the_tax_point() -> None:
    found = invoice_in(
        document(
            "<cac:InvoicePeriod><cbc:StartDate>2026-10-01</cbc:StartDate><cbc:EndDate>2026-10-31</cbc:EndDate>"
            "<cbc:DescriptionCode>35</cbc:DescriptionCode></cac:InvoicePeriod>"
        )
    )
    assert found.period == Period(start=date(2026, 10, 1), end=date(2026, 10, 31))
    assert found.tax_point_code == "35"


@pytest.mark.parametrize(
    ("order", "sales_order", "read_as"),
    [("PO-1", "SO-1", "PO-1"), ("NA", "SO-1", None), ("NA", None, "NA")],
)
def test_no_order_of_the_buyers(order: str, sales_order: str | None, read_as: str | None) -> None:
    sales = f"<cbc:SalesOrderID>{sales_order}</cbc:SalesOrderID>" if sales_order else ""
    found = invoice_in(document(f"<cac:OrderReference><cbc:ID>{order}</cbc:ID>{sales}</cac:OrderReference>"))
    assert (found.order, found.sales_order) == (read_as, sales_order)


def test_preceding_invoices() -> None:
    def one(content: str) -> str:
        inside = f"<cac:InvoiceDocumentReference>{content}</cac:InvoiceDocumentReference>"
        return f"<cac:BillingReference>{inside}</cac:BillingReference>"

    data = document(one("<cbc:ID>41</cbc:ID><cbc:IssueDate>2026-09-22</cbc:IssueDate>") + one("<cbc:ID>42</cbc:ID>"))
    assert invoice_in(data).preceding == (
        PrecedingInvoice(number="41", issue_date=date(2026, 9, 22)),
        PrecedingInvoice(number="42"),
    )
    without = document(one("<cbc:IssueDate>2026-09-22</cbc:IssueDate>"))
    assert read(without).noun.preceding == ()  # type: ignore[attr-defined]
    assert losses_in(without) == [
        ("Invoice/BillingReference/InvoiceDocumentReference/IssueDate", "2026-09-22", "not-understood")
    ]


class TestParties:
    def test_registrations_by_their_scheme(self) -> None:
        def registration(number: str, scheme: str) -> str:
            return (
                f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID><cac:TaxScheme><cbc:ID>{scheme}</cbc:ID>"
                "</cac:TaxScheme></cac:PartyTaxScheme>"
            )

        both = registration("Godkänd för F-skatt", "TAX") + registration("SE556161803301", "VAT")
        seller = invoice_in(document(party(both))).seller
        assert (seller.vat_id, seller.tax_registration) == ("SE556161803301", "Godkänd för F-skatt")
        # A word for the other scheme that says more than that it is not VAT, and a buyer's, who has none.
        assert losses_in(document(party(registration("1", "GST")))) == [
            ("Invoice/AccountingSupplierParty/Party/PartyTaxScheme/TaxScheme/ID", "GST", "not-understood")
        ]
        buyers = losses_in(document(party(registration("1", "TAX"), "AccountingCustomerParty")))
        assert [value for _, value, _ in buyers] == ["1", "TAX"]
        twice = losses_in(document(party(registration("1", "VAT") + registration("2", "VAT"))))
        assert [(value, why) for _, value, why in twice] == [("2", "cardinality"), ("VAT", "cardinality")]

    def test_a_trading_name_alone_is_the_name(self) -> None:
        reading = read(document(party("<cac:PartyName><cbc:Name>Skog</cbc:Name></cac:PartyName>")))
        seller = reading.noun.seller  # type: ignore[attr-defined]
        assert (seller.name, seller.trading_name) == ("Skog", None)
        assert [(one.rule, one.severity) for one in reading.findings] == [("missing-term", "information")]

    def test_identifiers_and_the_creditor_among_them(self) -> None:
        def identified(value: str, scheme: str = "") -> str:
            attribute = f' schemeID="{scheme}"' if scheme else ""
            return f"<cac:PartyIdentification><cbc:ID{attribute}>{value}</cbc:ID></cac:PartyIdentification>"

        sellers = party(identified("1") + identified("SE97", "SEPA") + identified("2", "0088"))
        found = invoice_in(document(sellers))
        assert found.seller.identifiers == (Identifier("1"), Identifier("2", "0088"))
        assert found.payment == PaymentInstructions(direct_debit=DirectDebit(creditor_id="SE97"))
        payees = f"<cac:PayeeParty>{identified('SE98', 'SEPA')}{identified('3')}</cac:PayeeParty>"
        reading = read(document(sellers + payees))
        noun = reading.noun
        assert noun.payee.identifier == Identifier("3")  # type: ignore[attr-defined]
        assert noun.payment.direct_debit.creditor_id == "SE98"  # type: ignore[attr-defined]
        assert [(loss.term, loss.value, loss.why) for loss in reading.losses] == [("BT-90", "SE97", "cardinality")]

    def test_a_scheme_without_a_value_is_not_passed_over(self) -> None:
        assert losses_in(document(party('<cbc:EndpointID schemeID="0088"/>'))) == [
            ("Invoice/AccountingSupplierParty/Party/EndpointID @schemeID", "0088", "not-understood")
        ]


class TestReferences:
    def test_by_their_type_code(self) -> None:
        code = "<cbc:DocumentTypeCode>{}</cbc:DocumentTypeCode>"
        metered = (
            '<cac:AdditionalDocumentReference><cbc:ID schemeID="ABT">M1</cbc:ID>'
            f"{code.format(130)}</cac:AdditionalDocumentReference>"
        )
        content = metered + reference("P1", code.format(50)) + reference("T1")
        credit = invoice_in(document(content, "CreditNote"))
        assert (credit.object_id, credit.project) == (Identifier("M1", "ABT"), "P1")
        assert credit.supporting == (SupportingDocument(reference="T1"),)
        reading = read(document(content))
        assert reading.noun.supporting == (  # type: ignore[attr-defined]
            SupportingDocument(reference="P1"),
            SupportingDocument(reference="T1"),
        )
        assert [(loss.value, loss.why) for loss in reading.losses] == [("50", "cardinality")]

    def test_attachments_are_decoded(self) -> None:
        embedded = (
            "<cbc:DocumentDescription>Hours</cbc:DocumentDescription><cac:Attachment><cbc:EmbeddedDocumentBinaryObject "
            'mimeCode="text/csv" filename="{}">YWJj</cbc:EmbeddedDocumentBinaryObject><cac:ExternalReference>'
            "<cbc:URI>https://a.example</cbc:URI></cac:ExternalReference></cac:Attachment>"
        )
        (one,) = invoice_in(document(reference("ts-1", embedded.format("h.csv")))).supporting
        assert one == SupportingDocument(
            reference="ts-1",
            description="Hours",
            uri="https://a.example",
            attachment=Attachment("h.csv", "text/csv", b"abc", "Hours"),
        )
        twice = document(reference("1", embedded.format("../h.csv")) + reference("2", embedded.format("H.csv")))
        names = [one.attachment.name for one in read(twice).noun.supporting]  # type: ignore[attr-defined]
        assert names == ["h.csv", "H-2.csv"]
        assert losses_in(twice) == [("BT-125", "../h.csv", "recomputed"), ("BT-125", "H.csv", "recomputed")]

    def test_an_object_with_a_file_is_both(self) -> None:
        content = (
            "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode><cac:Attachment><cac:ExternalReference><cbc:URI>u:1</cbc:URI>"
            "</cac:ExternalReference></cac:Attachment>"
        )
        found = invoice_in(document(reference("M1", content)))
        assert found.object_id == Identifier("M1")
        assert found.supporting == (SupportingDocument(reference="M1", uri="u:1"),)

    def test_the_number_of_attachments_is_limited(self) -> None:
        embedded = reference(
            "1",
            "<cac:Attachment><cbc:EmbeddedDocumentBinaryObject>YWJj</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>",
        )
        with mock.patch.object(supporting, "ATTACHMENT", AttachmentLimits(one=100, count=2)):
            assert len(invoice_in(document(embedded * 2)).supporting) == 2
            with pytest.raises(UnreadableAttachment, match="more than"):
                read(document(embedded * 3))


class TestLines:
    def test_the_object_of_a_line_needs_no_type_code(self) -> None:
        def of(code: str) -> str:
            stated = f"<cbc:DocumentTypeCode>{code}</cbc:DocumentTypeCode>" if code else ""
            return line(f"<cac:DocumentReference><cbc:ID>O1</cbc:ID>{stated}</cac:DocumentReference>")

        for code in ("130", ""):
            assert invoice_in(document(of(code))).lines[0].object_id == Identifier("O1")
        assert [value for _, value, _ in losses_in(document(of("916")))] == ["O1", "916"]

    def test_prices_and_quantities(self) -> None:
        price = (
            '<cbc:InvoicedQuantity unitCode="C62" unitCodeListID="UNECERec20">2500</cbc:InvoicedQuantity><cac:Price>'
            f'{amount("PriceAmount", "12.5000")}<cbc:BaseQuantity unitCode="C62">100</cbc:BaseQuantity>'
            f"<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>{amount('Amount', '0.5')}"
            f"{amount('BaseAmount', '13')}</cac:AllowanceCharge></cac:Price>"
        )
        (one,) = invoice_in(document(line(price))).lines
        assert (one.quantity, one.unit) == (2500, "C62")
        assert str(one.price.net) == "12.5000"
        assert (one.price.base_quantity, one.price.base_unit) == (100, "C62")
        assert (one.price.discount, one.price.gross) == (Decimal("0.5"), 13)

    def test_a_unit_without_a_quantity_is_reported(self) -> None:
        assert losses_in(document(line('<cbc:InvoicedQuantity unitCode="C62"/>'))) == [
            ("Invoice/InvoiceLine/InvoicedQuantity @unitCode", "C62", "not-understood")
        ]

    def test_items(self) -> None:
        item = (
            "<cac:Item><cbc:Description>a\nb</cbc:Description><cac:CommodityClassification><cbc:ItemClassificationCode "
            'listID="STI" listVersionID="2">09348023</cbc:ItemClassificationCode></cac:CommodityClassification>'
            "<cac:AdditionalItemProperty><cbc:Name>Colour</cbc:Name></cac:AdditionalItemProperty></cac:Item>"
        )
        data = document(line(item))
        (one,) = read(data).noun.lines  # type: ignore[attr-defined]
        assert one.item.description == "a\nb"
        assert one.item.classifications == (Classification(code="09348023", list_id="STI", list_version="2"),)
        assert [value for _, value, _ in losses_in(data)] == ["Colour"]

    def test_second_values_and_what_ubl_has_beyond(self) -> None:
        data = document(
            line("<cbc:Note>1</cbc:Note><cbc:Note>2</cbc:Note><cbc:Note>1</cbc:Note><cbc:UUID>u</cbc:UUID>")
        )
        assert losses_in(data) == [
            ("BT-127", "2", "cardinality"),
            ("Invoice/InvoiceLine/UUID", "u", "not-understood"),
        ]


def test_halves_of_two_are_not_mixed() -> None:
    data = document(
        "<cac:PaymentTerms/><cac:Delivery><cbc:ActualDeliveryDate>2026-11-01</cbc:ActualDeliveryDate></cac:Delivery>"
        "<cac:Delivery><cac:DeliveryLocation><cbc:ID>L2</cbc:ID></cac:DeliveryLocation></cac:Delivery>"
    )
    assert read(data).noun.delivery.location is None  # type: ignore[attr-defined]
    assert [(value, why) for _, value, why in losses_in(data)] == [("L2", "cardinality")]


def test_texts_between_elements_are_reported() -> None:
    data = document(
        "a<cac:OrderReference>b<cbc:ID>c<x>d</x>e</cbc:ID></cac:OrderReference><cac:Delivery>f</cac:Delivery>"
    )
    reading = formats.read(data)
    assert sorted(loss.value for loss in reading.losses) == ["a", "b", "c", "d", "e", "f"]
    assert reading.noun.order == "c"  # type: ignore[attr-defined]


def test_the_type_code_of_a_credit_note() -> None:
    reading = read(document("", "CreditNote"))
    assert reading.noun.type_code == "381"  # type: ignore[attr-defined]
    assert [one.severity for one in reading.findings] == ["information"]
    wrong = read(document("<cbc:CreditNoteTypeCode>380</cbc:CreditNoteTypeCode>", "CreditNote"))
    assert wrong.noun.type_code == "380"  # type: ignore[attr-defined]
    assert [one.severity for one in wrong.findings] == ["warning"]


def test_documents_that_are_only_passed_on_say_so() -> None:
    order = f'<Order xmlns="{UBL}Order-2" {NAMESPACES}><cbc:ID>1</cbc:ID></Order>'.encode()
    with pytest.raises(UnknownDocument, match=r"ubl-order.*passed on"):
        read(order)
