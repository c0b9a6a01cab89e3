"""Reading a Cross Industry Invoice: what is in the noun, what is in the report, what is refused."""

from __future__ import annotations

import base64
from datetime import date

import pytest

from fakturahub.errors import BadValue, UnreadableAttachment
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Identifier
from fakturahub.model.invoice import PrecedingInvoice
from tests.unit.formats.cii.documents import document, invoice_of, line, lost, read, reference, tax
from tests.unit.formats.prove import unheard

PDF = base64.b64encode(b"%PDF-1.7 small").decode()


def attached(name: str) -> str:
    content = f'mimeCode="application/pdf" filename="{name}">{PDF}'
    return f"<ram:AttachmentBinaryObject {content}</ram:AttachmentBinaryObject>"


def date_time(name: str, value: str, code: str = ' format="102"') -> str:
    return f"<ram:{name}><udt:DateTimeString{code}>{value}</udt:DateTimeString></ram:{name}>"


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [' format="102"', "", ' format=" 102 "'])
def test_a_date(code: str) -> None:
    data = document(
        settlement=f"<ram:SpecifiedTradePaymentTerms>{date_time('DueDateDateTime', ' 20261220 ', code)}"
        "</ram:SpecifiedTradePaymentTerms>"
    )
    assert invoice_of(data).due_date == date(2026, 12, 20)
    assert lost(data) == []


@pytest.mark.parametrize(("value", "code"), [("202612", "610"), ("202650", "616"), ("202612201200", "203")])
def test_a_date_of_another_format_is_reported(value: str, code: str) -> None:
    data = document(exchanged="").replace(b'format="102">20261120', f'format="{code}">{value}'.encode())
    assert invoice_of(data).issue_date is None
    assert lost(data) == [(code, "not-understood"), (value, "not-understood")]


@pytest.mark.parametrize("value", ["2026-11-20", "20261131", "2026112", "٢٠٢٦١١٢٠", "20261120Z", "x"])
def test_a_date_that_is_none_is_refused_with_its_term(value: str) -> None:
    with pytest.raises(BadValue) as refusal:
        read(document().replace(b"20261120", value.encode()))
    assert refusal.value.term == "BT-2"
    assert refusal.value.place is not None
    assert "IssueDateTime" in refusal.value.place


def test_the_tax_point_stands_with_the_taxes_and_once_in_the_model() -> None:
    point = '<ram:TaxPointDate><udt:DateString format="102">20261101</udt:DateString></ram:TaxPointDate>'
    other = point.replace("20261101", "20261102")
    category = "<ram:CategoryCode>S</ram:CategoryCode>"
    data = document(settlement=tax(category + point) + tax(category + point) + tax(category + other))
    assert invoice_of(data).tax_point_date == date(2026, 11, 1)
    assert len(invoice_of(data).vat) == 3
    assert lost(data) == [("2026-11-02", "cardinality")]


@pytest.mark.parametrize(("stated", "code"), [("5", "3"), ("29", "35"), ("72", "432"), ("35", None)])
def test_the_code_of_the_tax_point_is_translated(stated: str, code: str | None) -> None:
    data = document(settlement=tax(f"<ram:DueDateTypeCode>{stated}</ram:DueDateTypeCode>"))
    assert invoice_of(data).tax_point_code == code
    assert lost(data) == ([] if code else [(stated, "not-understood")])


# --- references -------------------------------------------------------------------------------------------------------


def test_what_a_reference_is_stands_in_its_type_code() -> None:
    data = document(
        agreement=reference("<ram:IssuerAssignedID>LOT 7</ram:IssuerAssignedID><ram:TypeCode>50</ram:TypeCode>")
        + reference(
            "<ram:IssuerAssignedID>METER 1</ram:IssuerAssignedID><ram:TypeCode>130</ram:TypeCode>"
            "<ram:ReferenceTypeCode>AVE</ram:ReferenceTypeCode>"
        )
        + reference(
            "<ram:IssuerAssignedID>ts-1</ram:IssuerAssignedID><ram:TypeCode>916</ram:TypeCode>"
            f"<ram:Name>Time sheet</ram:Name>{attached('ts.pdf')}"
        )
        + reference("<ram:IssuerAssignedID>web</ram:IssuerAssignedID><ram:URIID>https://example.com/</ram:URIID>")
    )
    invoice = invoice_of(data)
    assert invoice.tender == "LOT 7"
    assert invoice.object_id == Identifier("METER 1", "AVE")
    sheet, web = invoice.supporting
    assert (sheet.reference, sheet.description) == ("ts-1", "Time sheet")
    assert sheet.attachment is not None
    assert (sheet.attachment.name, sheet.attachment.content) == ("ts.pdf", b"%PDF-1.7 small")
    assert (web.reference, web.uri, web.attachment) == ("web", "https://example.com/", None)
    assert lost(data) == []


def test_a_second_tender_and_what_a_tender_does_not_have_is_reported() -> None:
    tender = "<ram:IssuerAssignedID>LOT {}</ram:IssuerAssignedID><ram:TypeCode>50</ram:TypeCode>{}"
    data = document(
        agreement=reference(tender.format(1, "<ram:Name>Extra</ram:Name>")) + reference(tender.format(2, ""))
    )
    assert invoice_of(data).tender == "LOT 1"
    assert [value for value, _ in lost(data)] == ["Extra", "LOT 2", "50"]


def test_another_type_of_document_is_a_supporting_one_and_its_type_is_reported() -> None:
    data = document(
        agreement=reference("<ram:IssuerAssignedID>A</ram:IssuerAssignedID><ram:TypeCode>71</ram:TypeCode>")
    )
    assert [one.reference for one in invoice_of(data).supporting] == ["A"]
    assert lost(data) == [("71", "not-understood")]


def test_a_file_name_that_is_not_safe_is_mended_and_reported() -> None:
    data = document(agreement=reference(attached("../a.pdf")))
    (one,) = invoice_of(data).supporting
    assert one.attachment is not None
    assert "/" not in one.attachment.name
    assert lost(data) == [("../a.pdf", "recomputed")]


@pytest.mark.parametrize("content", ["", "%%%", "JVBERi0x"[:-2] + "\u00e9"])
def test_an_attachment_that_is_no_base64_is_refused(content: str) -> None:
    with pytest.raises(UnreadableAttachment):
        read(document(agreement=reference(f"<ram:AttachmentBinaryObject>{content}</ram:AttachmentBinaryObject>")))


def test_too_many_attachments_are_refused() -> None:
    with pytest.raises(UnreadableAttachment, match="1,000"):
        read(document(agreement=reference("<ram:IssuerAssignedID>A</ram:IssuerAssignedID>") * (ATTACHMENT.count + 1)))


def test_the_name_of_a_project_is_a_filler_or_reported() -> None:
    project = (
        "<ram:SpecifiedProcuringProject><ram:ID>P1</ram:ID><ram:Name>{}</ram:Name></ram:SpecifiedProcuringProject>"
    )
    for name, losses in (("Project reference", []), ("P1", []), ("New bridge", [("New bridge", "not-understood")])):
        data = document(agreement=project.format(name))
        assert invoice_of(data).project == "P1"
        assert lost(data) == losses


def test_all_preceding_invoices_are_read() -> None:
    preceding = "".join(
        f"<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>{number}</ram:IssuerAssignedID>"
        f'<ram:FormattedIssueDateTime><qdt:DateTimeString format="102">2026010{number}</qdt:DateTimeString>'
        "</ram:FormattedIssueDateTime></ram:InvoiceReferencedDocument>"
        for number in (1, 2)
    )
    assert invoice_of(document(settlement=preceding)).preceding == (
        PrecedingInvoice(number="1", issue_date=date(2026, 1, 1)),
        PrecedingInvoice(number="2", issue_date=date(2026, 1, 2)),
    )


# --- parties ----------------------------------------------------------------------------------------------------------


def test_identifiers_with_and_without_a_scheme() -> None:
    data = document(seller='<ram:ID>55</ram:ID><ram:GlobalID schemeID="0088">4000001000005</ram:GlobalID>')
    assert invoice_of(data).seller.identifiers == (Identifier("55"), Identifier("4000001000005", "0088"))
    assert lost(data) == []


def test_too_many_identifiers_are_refused() -> None:
    with pytest.raises(BadValue, match="identifiers"):
        read(document(buyer="<ram:ID>1</ram:ID>" * (TEXT.identifiers + 1)))


def test_registrations_by_scheme() -> None:
    registration = '<ram:SpecifiedTaxRegistration><ram:ID schemeID="{}">{}</ram:ID></ram:SpecifiedTaxRegistration>'
    both = registration.format("VA", "DE1") + registration.format("FC", "201/113")
    seller = invoice_of(document(seller=both + registration.format("XX", "9"))).seller
    assert (seller.vat_id, seller.tax_registration) == ("DE1", "201/113")
    assert lost(document(seller=both + registration.format("XX", "9"))) == [
        ("XX", "not-understood"),
        ("9", "not-understood"),
    ]
    # EN 16931 has no other registration of the buyer.
    assert lost(document(buyer=both)) == [("FC", "not-understood"), ("201/113", "not-understood")]


def test_the_contact_is_a_person_or_a_department() -> None:
    contact = "<ram:DefinedTradeContact>{}</ram:DefinedTradeContact>"
    department = "<ram:DepartmentName>Sales</ram:DepartmentName>"
    alone = invoice_of(document(seller=contact.format(department))).seller.contact
    assert alone is not None
    assert alone.name == "Sales"
    data = document(seller=contact.format(f"<ram:PersonName>Kim</ram:PersonName>{department}"))
    both = invoice_of(data).seller.contact
    assert both is not None
    assert both.name == "Kim"
    assert lost(data) == [("Sales", "cardinality")]


# --- texts and the rest ---------------------------------------------------------------------------------------------


def test_line_breaks_of_notes_and_terms_stay() -> None:
    terms = "#SKONTO#TAGE=14#PROZENT=2.25#\n#SKONTO#TAGE=28#PROZENT=1.00#"
    data = document(
        exchanged="<ram:IncludedNote><ram:Content>one\ntwo</ram:Content></ram:IncludedNote>",
        settlement=f"<ram:SpecifiedTradePaymentTerms><ram:Description>{terms}\n</ram:Description></ram:SpecifiedTradePaymentTerms>",
    )
    assert invoice_of(data).notes[0].text == "one\ntwo"
    assert invoice_of(data).payment_terms == terms


def test_a_long_note_is_read_and_a_long_number_refused() -> None:
    note = "x" * 100_000
    data = document(exchanged=f"<ram:IncludedNote><ram:Content>{note}</ram:Content></ram:IncludedNote>")
    assert invoice_of(data).notes[0].text == note
    with pytest.raises(BadValue, match="characters"):
        read(document(number=f"<ram:ID>{'1' * (TEXT.identifier + 1)}</ram:ID>"))


def test_what_en_16931_does_not_have_is_reported_with_its_place() -> None:
    data = document(settlement="<ram:InvoiceIssuerReference>ABC</ram:InvoiceIssuerReference>")
    (loss,) = read(data).losses
    assert loss.value == "ABC"
    assert loss.place is not None
    assert loss.place.startswith("CrossIndustryInvoice/SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement/Inv")


def test_every_leaf_of_a_crowded_document_is_heard() -> None:
    data = document(
        seller='between<ram:Name languageID="de">A</ram:Name><ram:Name>B</ram:Name><ram:URIUniversalCommunication>'
        '<ram:URIID schemeID="EM"> </ram:URIID></ram:URIUniversalCommunication>',
        buyer='<ram:ID schemeID="0088" schemeAgencyID="9"> </ram:ID>',
        agreement=reference("<ram:TypeCode>130</ram:TypeCode><ram:Name>N</ram:Name>")
        + reference("<ram:TypeCode>916</ram:TypeCode><ram:ReferenceTypeCode>AAJ</ram:ReferenceTypeCode>")
        + "<ram:BuyerTradeParty><ram:Name>Second</ram:Name></ram:BuyerTradeParty>",
        delivery="<ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>20261120</ram:OccurrenceDateTime>"
        "</ram:ActualDeliverySupplyChainEvent>",
        lines=line(
            product="<ram:ApplicableProductCharacteristic><ram:Value>7</ram:Value></ram:ApplicableProductCharacteristic>"
            "<ram:DesignatedProductClassification>between<ram:ClassCode listID='IB' name='n'>1</ram:ClassCode>"
            "</ram:DesignatedProductClassification>",
            delivery='<ram:BilledQuantity unitCode="C62"/>'
            '<ram:BilledQuantity unitCode="H87" unitCodeListID="6">1</ram:BilledQuantity>',
        ),
        settlement="<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator>true</ram:ChargeIndicator>"
        "</ram:SpecifiedTradeAllowanceCharge>",
    )
    # A text between elements is looked for by formats.read, for every syntax.
    silent = [leaf for leaf in unheard(data, read) if leaf.value.strip() != "between"]
    assert silent == []


def test_elements_in_no_namespace_are_unknown() -> None:
    data = document(buyer="<Name xmlns=''>Ghost</Name>")
    assert invoice_of(data).buyer.name is None
    assert ("Ghost", "not-understood") in lost(data)
