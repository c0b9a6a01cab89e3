"""Writing UBL: the order of the schema, what profiles ask for, and what is reported."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.syntax import Writing
from fakturahub.formats.ubl.write import WRITERS
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Classification,
    Contact,
    CreditTransfer,
    DirectDebit,
    Extension,
    Invoice,
    Item,
    Line,
    Note,
    Party,
    Payee,
    PaymentInstructions,
    PostalAddress,
    Price,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from tests.unit.formats.ubl.corpus import documents, read
from tests.unit.formats.ubl.parts import LEAST

CORE = ("ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3")
PDF = Attachment("a.pdf", "application/pdf", b"%PDF-1.4")


def texts(writing: Writing, path: str) -> list[str]:
    """The texts at *path*, in local names."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return [element.text or "" for element in etree.fromstring(writing.data).xpath(steps)]


def told(writing: Writing) -> list[tuple[str, str, str, str | None]]:
    return [(loss.term, loss.value, loss.why, loss.place) for loss in writing.losses]


def again(writing: Writing) -> Invoice:
    """What was written, read: nothing of it may be unknown."""
    reading = read(writing.data)
    assert reading.losses == ()
    assert isinstance(reading.noun, Invoice)
    return reading.noun


def test_every_shared_document_comes_back_as_it_was(shared: Path) -> None:
    count = 0
    for one in documents(shared):
        if one.readable:
            noun = read(one.data).noun
            writing = WRITERS[one.recognition.syntax](noun)
            assert told(writing) == [], one.path
            assert again(writing) == noun, one.path
            assert WRITERS[one.recognition.syntax](noun).data == writing.data
            count += 1
    assert count >= 145


@pytest.mark.parametrize("name", WRITERS)
def test_the_least(name: str) -> None:
    writing = WRITERS[name](LEAST)
    assert writing.losses == ()
    assert writing.data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice xmlns="')
    back = replace(again(writing), specification=None, business_process=None)
    # PUF cannot do without a trading name.
    names = {"trading_name": "Skog AB"}, {"trading_name": "Virta Oy"}
    seller, buyer = names if name == "puf-billing-2.0" else ({}, {})
    assert back == replace(LEAST, seller=replace(LEAST.seller, **seller), buyer=replace(LEAST.buyer, **buyer))


@pytest.mark.parametrize(
    ("field", "term"),
    [("number", "BT-1"), ("issue_date", "BT-2"), ("currency", "BT-5")],
)
def test_what_only_the_sender_can_say_is_asked_for(field: str, term: str) -> None:
    with pytest.raises(UnwritableDocument) as refused:
        WRITERS["peppol-bis-3"](replace(LEAST, **{field: None}))
    assert refused.value.term == term


def test_lines_and_totals_are_asked_for() -> None:
    for changed, term in (
        (replace(LEAST, lines=()), "BG-25"),
        (replace(LEAST, lines=(Line(id="1"),)), "BT-131"),
        (replace(LEAST, totals=Totals()), "BT-115"),
        (replace(LEAST, vat=(VatBreakdown(category="S", rate=Decimal(25)),)), "BT-117"),
    ):
        with pytest.raises(UnwritableDocument) as refused:
            WRITERS["ubl-2.1"](changed)
        assert refused.value.term == term


def test_another_kind_of_noun_is_refused() -> None:
    with pytest.raises(UnwritableDocument, match="Note is no invoice"):
        WRITERS["ubl-2.1"](Note(text="x"))


def test_numbers_are_written_as_they_were_stated() -> None:
    line = Line(
        id="1",
        quantity=Decimal("1E+3"),
        unit="C62",
        amount=Decimal("100.00000"),
        price=Price(net=Decimal("0.0000001"), base_quantity=Decimal("1.50")),
    )
    writing = WRITERS["peppol-bis-3"](replace(LEAST, lines=(line,)))
    assert texts(writing, "InvoiceLine/InvoicedQuantity") == ["1000"]
    assert texts(writing, "InvoiceLine/LineExtensionAmount") == ["100.00"]
    assert texts(writing, "InvoiceLine/Price/PriceAmount") == ["0.0000001"]
    assert texts(writing, "InvoiceLine/Price/BaseQuantity") == ["1.50"]
    odd = replace(LEAST, lines=(replace(line, amount=Decimal("1.005")),))
    assert texts(WRITERS["peppol-bis-3"](odd), "InvoiceLine/LineExtensionAmount") == ["1.005"]


def test_markup_and_what_no_document_may_hold() -> None:
    text = 'a & b < c > d "e" \x00\x0b\ufffe\r\n]]>'
    writing = WRITERS["ubl-2.1"](replace(LEAST, notes=(Note(text=text),), number='"&<'))
    assert texts(writing, "Note") == ['a & b < c > d "e" \r\n]]>']
    assert texts(writing, "ID") == ['"&<']


class TestCreditNotes:
    CREDIT = replace(
        LEAST,
        type_code="381",
        due_date=date(2026, 12, 2),
        project="P-1",
        tender="T-1",
        payment=PaymentInstructions(
            means_code="30", transfers=(CreditTransfer(account="A"), CreditTransfer(account="B"))
        ),
    )

    @pytest.mark.parametrize("name", [*CORE, "puf-billing-2.0"])
    def test_are_a_document_of_their_own(self, name: str) -> None:
        writing = WRITERS[name](self.CREDIT)
        root = etree.fromstring(writing.data)
        assert etree.QName(root).localname == "CreditNote"
        assert texts(writing, "PaymentMeans/PaymentDueDate") == ["2026-12-02"] * 2
        assert texts(writing, "CreditNoteLine/LineExtensionAmount") == ["100.00"]
        back = again(writing)
        assert (back.due_date, back.project, back.tender) == (date(2026, 12, 2), "P-1", "T-1")

    def test_vertex_has_none(self) -> None:
        writing = WRITERS["vrbl"](self.CREDIT)
        assert etree.QName(etree.fromstring(writing.data)).localname == "Invoice"
        assert texts(writing, "DueDate") == ["2026-12-02"]
        assert texts(writing, "InvoiceTypeCode") == ["381"]
        assert again(writing).is_credit_note

    def test_a_due_date_needs_means_of_payment(self) -> None:
        writing = WRITERS["ubl-2.1"](replace(self.CREDIT, payment=None))
        assert told(writing) == [("BT-81", "1", "recomputed", "payment.means_code")]
        assert again(writing).due_date == date(2026, 12, 2)


class TestProfiles:
    @pytest.mark.parametrize(
        ("name", "own", "written"),
        [
            ("ubl-2.1", None, "urn:cen.eu:en16931:2017"),
            ("ubl-2.1", "urn:cen.eu:en16931:2017#compliant#urn:x", "urn:cen.eu:en16931:2017#compliant#urn:x"),
            ("ubl-2.1", "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", "urn:cen.eu:en16931:2017"),
        ],
    )
    def test_plain_ubl(self, name: str, own: str | None, written: str) -> None:
        writing = WRITERS[name](replace(LEAST, specification=own))
        assert texts(writing, "CustomizationID") == [written]
        assert texts(writing, "ProfileID") == []
        assert bool(writing.losses) is (own not in (None, written))

    def test_peppol(self) -> None:
        base = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
        norway = f"{base}#conformant#urn:fdc:anskaffelser.no:2019:ehf:forward-billing:3.0"
        stated = replace(LEAST, specification=norway, business_process="urn:fdc:peppol.eu:2017:poacc:billing:05:1.0")
        ehf, peppol = WRITERS["ehf-3"](stated), WRITERS["peppol-bis-3"](stated)
        assert texts(ehf, "CustomizationID") == [norway]
        assert told(ehf) == []
        assert texts(peppol, "CustomizationID") == [base]
        assert texts(peppol, "ProfileID") == ["urn:fdc:peppol.eu:2017:poacc:billing:05:1.0"]
        assert told(peppol) == [("BT-24", norway, "no-place", "specification")]

    def test_a_self_billed_invoice_has_a_specification_of_its_own(self) -> None:
        writing = WRITERS["peppol-bis-3"](replace(LEAST, type_code="389"))
        assert texts(writing, "CustomizationID")[0].endswith(":selfbilling:3.0")
        assert texts(writing, "ProfileID") == ["urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"]

    @pytest.mark.parametrize("name", ["puf-billing-2.0", "vrbl", "xrechnung-3"])
    def test_what_only_names_another_syntax_is_no_loss(self, name: str) -> None:
        stated = replace(LEAST, specification="EN16931", business_process="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
        assert told(WRITERS[name](stated)) == []
        said = WRITERS[name](replace(stated, specification="urn:our:own"))
        assert told(said) == [("BT-24", "urn:our:own", "no-place", "specification")]

    def test_peppol_has_one_note_unless_both_are_german(self) -> None:
        notes = (Note(text="a", subject="AAI"), Note(text="b"), Note(text="c", subject="REG"))
        writing = WRITERS["peppol-bis-3"](replace(LEAST, notes=notes))
        assert texts(writing, "Note") == ["#AAI#a\nb\nc"]
        assert told(writing) == [("BT-21", "REG", "cardinality", "notes[2].subject")]
        german = Party(name="A", address=PostalAddress(country="DE"))
        writing = WRITERS["peppol-bis-3"](replace(LEAST, notes=notes, seller=german, buyer=german))
        assert texts(writing, "Note") == ["#AAI#a", "b", "#REG#c"]
        assert texts(WRITERS["ubl-2.1"](replace(LEAST, notes=notes)), "Note") == ["#AAI#a", "b", "#REG#c"]

    def test_a_finnish_address_of_the_old_scheme(self) -> None:
        buyer = Party(name="A", endpoint=Identifier("003727901319", "0037"))
        stated = replace(LEAST, buyer=buyer)
        assert again(WRITERS["peppol-bis-3"](stated)).buyer.endpoint == Identifier("003727901319", "0216")
        assert again(WRITERS["ubl-2.1"](stated)).buyer.endpoint == Identifier("003727901319", "0037")


class TestCodes:
    def test_schemes_that_the_list_does_not_have(self) -> None:
        seller = Party(
            name="A",
            endpoint=Identifier("1", "NO:ORGNR"),
            identifiers=(Identifier("2", "ZZZ"), Identifier("3", "0088")),
            legal_id=Identifier("4", "DK:CVR"),
        )
        item = Item(
            name="x",
            standard_id=Identifier("5", "EAN"),
            classifications=(Classification(code="6", list_id="STI"), Classification(code="7")),
        )
        line = Line(id="1", amount=Decimal(1), item=item, object_id=Identifier("8", "ABT"))
        stated = replace(LEAST, seller=seller, lines=(line,), object_id=Identifier("9", "nope"))
        writing = WRITERS["peppol-bis-3"](stated)
        assert sorted(told(writing)) == [
            ("BT-157", "EAN:5", "code-unknown", "lines[0].item.standard_id"),
            ("BT-158", "7", "code-unknown", "lines[0].item.classifications[1]"),
            ("BT-18", "nope", "code-unknown", "object_id"),
            ("BT-29", "ZZZ", "code-unknown", "seller.identifiers[0]"),
            ("BT-30", "DK:CVR", "code-unknown", "seller.legal_id"),
            ("BT-34", "NO:ORGNR:1", "code-unknown", "seller.endpoint"),
        ]
        back = again(writing)
        assert back.seller.endpoint is None
        assert back.seller.identifiers == (Identifier("2"), Identifier("3", "0088"))
        assert back.seller.legal_id == Identifier("4")
        # PUF and VRBL have the lists of whoever they are for.
        for name in ("puf-billing-2.0", "vrbl"):
            assert told(WRITERS[name](stated)) == []

    def test_reasons_that_the_list_does_not_have(self) -> None:
        allowance = AllowanceCharge(amount=Decimal(1), reason_code="ZZZ")
        charge = AllowanceCharge(amount=Decimal(1), reason_code="FC", reason="Freight")
        writing = WRITERS["ubl-2.1"](replace(LEAST, allowances=(allowance,), charges=(charge,)))
        assert told(writing) == [("BT-98", "ZZZ", "code-unknown", "allowances[0].reason_code")]
        assert texts(writing, "AllowanceCharge/AllowanceChargeReason") == ["Discount", "Freight"]
        assert texts(writing, "AllowanceCharge/AllowanceChargeReasonCode") == ["FC"]

    def test_a_buyer_has_one_identifier(self) -> None:
        buyer = Party(name="A", identifiers=(Identifier("1"), Identifier("2")))
        writing = WRITERS["ehf-3"](replace(LEAST, buyer=buyer))
        assert told(writing) == [("BT-46", "2", "cardinality", "buyer.identifiers[1]")]
        assert told(WRITERS["puf-billing-2.0"](replace(LEAST, buyer=buyer))) == []


class TestFiles:
    @pytest.mark.parametrize("name", CORE)
    def test_a_picture_travels_beside(self, name: str) -> None:
        document = SupportingDocument(reference="1", description="Ours", attachment=PDF, is_picture=True)
        writing = WRITERS[name](replace(LEAST, supporting=(document,)))
        assert writing.files == (PDF,)
        assert [(loss.term, loss.value) for loss in writing.losses] == [("BT-122", "1"), ("BT-123", "Ours")]
        named = replace(document, reference=PDF.name, description=None)
        assert WRITERS[name](replace(LEAST, supporting=(named,))).losses == ()
        assert b"AdditionalDocumentReference" not in writing.data

    def test_types_that_may_not_be_embedded_travel_beside_and_are_reported(self) -> None:
        word = Attachment("a.docx", "application/msword", b"abc")
        documents = (SupportingDocument(reference="1", description="Offer", attachment=word),)
        writing = WRITERS["peppol-bis-3"](replace(LEAST, supporting=documents))
        assert writing.files == (word,)
        lost = "a.docx (application/msword, 3 bytes)"
        assert told(writing) == [("BT-125", lost, "no-place", "supporting[0].attachment")]
        assert again(writing).supporting == (SupportingDocument(reference="1", description="Offer"),)
        assert WRITERS["vrbl"](replace(LEAST, supporting=documents)).files == ()

    def test_a_file_without_a_number_is_known_by_its_name(self) -> None:
        jpg = Attachment("a.jpg", "image/jpg", b"abc")
        documents = (SupportingDocument(attachment=jpg), SupportingDocument(uri="https://a.example"))
        back = again(WRITERS["ubl-2.1"](replace(LEAST, supporting=documents))).supporting
        assert [one.reference for one in back] == ["a.jpg", "2"]
        assert back[0].attachment == Attachment("a.jpg", "image/jpeg", b"abc")
        assert back[1].uri == "https://a.example"


class TestMadeUp:
    """What the schema asks for and nobody stated."""

    def test_the_sum_of_vat(self) -> None:
        vat = (
            VatBreakdown(category="S", rate=Decimal(25), taxable=Decimal(100), tax=Decimal(25)),
            VatBreakdown(category="Z", rate=Decimal(0), taxable=Decimal(1)),
        )
        writing = WRITERS["ubl-2.1"](replace(LEAST, vat=vat))
        assert told(writing) == [
            ("BT-110", "25", "recomputed", "totals.vat"),
            ("BT-117", "0.00", "recomputed", "vat[1].tax"),
        ]

    def test_vat_in_the_currency_of_accounting_needs_one(self) -> None:
        totals = replace(LEAST.totals, vat=Decimal(1), vat_accounting=Decimal(2))
        assert told(WRITERS["ubl-2.1"](replace(LEAST, totals=totals))) == [
            ("BT-111", "2", "no-place", "totals.vat_accounting")
        ]
        assert told(WRITERS["ubl-2.1"](replace(LEAST, totals=totals, accounting_currency="EUR"))) == [
            ("BT-111", "2", "cardinality", "totals.vat_accounting")
        ]
        both = WRITERS["ubl-2.1"](replace(LEAST, totals=totals, accounting_currency="SEK"))
        assert again(both).totals.vat_accounting == 2

    def test_a_gross_price_without_a_discount(self) -> None:
        def priced(net: int | None) -> Writing:
            price = Price(net=None if net is None else Decimal(net), gross=Decimal(10))
            return WRITERS["ubl-2.1"](replace(LEAST, lines=(replace(LEAST.lines[0], price=price),)))

        assert again(priced(10)).lines[0].price == Price(net=Decimal(10), gross=Decimal(10), discount=Decimal(0))
        assert told(priced(9)) == [("BT-148", "10", "no-place", "lines[0].price.gross")]
        assert told(priced(None)) == [("BT-148", "10", "no-place", "lines[0].price.gross")]

    def test_lines_without_a_number_get_their_place(self) -> None:
        lines = (Line(amount=Decimal(1)), Line(amount=Decimal(2)))
        assert [line.id for line in again(WRITERS["ubl-2.1"](replace(LEAST, lines=lines))).lines] == ["1", "2"]

    def test_the_code_of_the_means_follows_what_there_is(self) -> None:
        for payment, code in (
            (PaymentInstructions(transfers=(CreditTransfer(account="A"),)), "30"),
            (PaymentInstructions(direct_debit=DirectDebit(mandate="M")), "49"),
            (PaymentInstructions(remittance="1"), "1"),
        ):
            writing = WRITERS["ubl-2.1"](replace(LEAST, payment=payment))
            assert texts(writing, "PaymentMeans/PaymentMeansCode") == [code]
            assert told(writing) == [("BT-81", code, "recomputed", "payment.means_code")]

    def test_the_creditor_stands_with_the_payee_else_with_the_seller(self) -> None:
        stated = replace(LEAST, payment=PaymentInstructions(direct_debit=DirectDebit(creditor_id="SE97")))
        path = "AccountingSupplierParty/Party/PartyIdentification/ID"
        assert texts(WRITERS["ubl-2.1"](stated), path) == ["SE97"]
        with_payee = replace(stated, payee=Payee(name="B", identifier=Identifier("7")))
        writing = WRITERS["ubl-2.1"](with_payee)
        assert texts(writing, path) == []
        assert texts(writing, "PayeeParty/PartyIdentification/ID") == ["7", "SE97"]
        back = again(writing)
        assert back.payee == Payee(name="B", identifier=Identifier("7"))
        assert back.payment == stated.payment


def test_cash_discounts_end_with_a_line_break() -> None:
    terms = "Net 30 days\n#SKONTO#TAGE=7#PROZENT=2.00#"
    writing = WRITERS["xrechnung-3"](replace(LEAST, payment_terms=terms))
    assert texts(writing, "PaymentTerms/Note") == [f"{terms}\n"]
    assert again(writing).payment_terms == terms


def test_extensions_of_others_are_reported() -> None:
    extension = Extension(family="ubl", name="puf:PartyExtension", place="seller", content="<a/>")
    other = Extension(family="finvoice", name="SpecificationDetails", place="", content="<b/>")
    writing = WRITERS["peppol-bis-3"](replace(LEAST, extensions=(extension, other)))
    assert told(writing) == [
        ("puf:PartyExtension", "<a/>", "no-place", "seller"),
        ("SpecificationDetails", "<b/>", "no-place", ""),
    ]


def test_empty_parts_are_not_written() -> None:
    seller = Party(name="A", address=PostalAddress(), contact=Contact(), endpoint=Identifier("", "0088"))
    data = WRITERS["ubl-2.1"](replace(LEAST, seller=seller, payment=PaymentInstructions())).data
    for element in etree.fromstring(data).iter():
        assert len(element) or (element.text or "").strip(), element.tag
