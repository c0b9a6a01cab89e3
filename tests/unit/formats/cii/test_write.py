"""Writing a Cross Industry Invoice: every term goes into the document or into the report."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from lxml import etree

from fakturahub.errors import UnwritableDocument
from fakturahub.formats import cii
from fakturahub.formats.cii.names import RAM
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    Classification,
    CreditTransfer,
    DirectDebit,
    Extension,
    Invoice,
    Item,
    Line,
    Note,
    Noun,
    Party,
    Payee,
    PaymentCard,
    PaymentInstructions,
    PrecedingInvoice,
    Price,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from fakturahub.model.terms import TERM, stated
from tests.unit.formats.cii.documents import at_random, every_term, invoice_of, read, stating

MEANS = "SpecifiedTradeSettlementPaymentMeans"
WRITE = cii.SYNTAX.writers["cii"]


def written(invoice: Invoice) -> etree._Element:
    return etree.fromstring(WRITE(invoice).data)


def losses(invoice: Invoice) -> list[tuple[str, str, str, str | None]]:
    return [(loss.term, loss.value, loss.why, loss.place) for loss in WRITE(invoice).losses]


def test_every_term_of_en_16931_comes_back() -> None:
    invoice = msgspec.structs.replace(every_term(), preceding=every_term().preceding[:1])
    assert {one.term for one in stated(invoice)} == set(TERM.values())
    writing = WRITE(invoice)
    assert writing.losses == ()
    assert writing.files == ()
    reading = read(writing.data)
    assert reading.losses == ()
    assert reading.noun == invoice


def test_each_term_is_in_the_document_or_in_the_report() -> None:
    seen = lost = 0
    for invoice in at_random(150):
        writing = WRITE(invoice)
        reading = read(writing.data)
        assert isinstance(reading.noun, Invoice)
        assert reading.losses == ()
        back = {(one.path, one.value) for one in stated(reading.noun)}
        values = {one.value for one in stated(reading.noun)}
        reported = {loss.place for loss in writing.losses}
        for one in stated(invoice):
            # Identifiers without a scheme come before those with one, and the rest moves up behind a classification
            # that is left out; nothing else may change places.
            moved = one.term in ("BT-29", "BT-46", "BT-158") and one.value in values
            assert (one.path, one.value) in back or moved or one.path in reported, one
            seen += 1
        lost += len(writing.losses)
    # Both have to come up, or the test shows nothing.
    assert seen > 5_000
    assert lost > 50


def test_the_bytes_are_the_same_each_time_and_plain_utf_8() -> None:
    data = WRITE(every_term()).data
    assert data == WRITE(every_term()).data
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<rsm:CrossIndustryInvoice ')
    assert b"\r" not in data


def test_no_element_and_no_attribute_is_empty() -> None:
    for invoice in at_random(50):
        for element in written(invoice).iter(etree.Element):
            required = etree.QName(element).localname in {
                "SellerTradeParty",
                "BuyerTradeParty",
                "ApplicableHeaderTradeAgreement",
                "ApplicableHeaderTradeDelivery",
                "ApplicableHeaderTradeSettlement",
                "SpecifiedTradeSettlementHeaderMonetarySummation",
                "AssociatedDocumentLineDocument",
                "SpecifiedTradeProduct",
                "SpecifiedLineTradeAgreement",
                "SpecifiedLineTradeDelivery",
                "SpecifiedLineTradeSettlement",
                "ExchangedDocument",
            }
            assert len(element) or (element.text or "").strip() or required, element.tag
            assert all(element.attrib.values()), element.tag


def test_empty_texts_are_left_out() -> None:
    root = written(stating(number="1", buyer_reference="", notes=(Note(text="", subject=""),)))
    assert root.find(f".//{RAM}BuyerReference") is None
    assert root.find(f".//{RAM}IncludedNote") is None


@pytest.mark.parametrize("text", ["a\rb", "tab\there", "&#13;", "]]>", "<a/>", "line\nline", "a\u2028\U0001f600"])
def test_any_text_comes_back(text: str) -> None:
    invoice = stating(number="1", notes=(Note(text=text),), payee=Payee(legal_id=Identifier("1", "0192")))
    assert invoice_of(WRITE(invoice).data).notes[0].text == text


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\uffff"])
def test_a_character_that_xml_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(UnwritableDocument, match=f"U\\+{ord(character):04X}"):
        WRITE(stating(number="1", buyer_reference=f"a{character}b"))


def test_another_noun_is_refused() -> None:
    with pytest.raises(UnwritableDocument, match="Payee"):
        WRITE(Payee(name="Kim"))
    assert issubclass(Payee, Noun)


# --- what changes on the way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [("1.000000", "1.00"), ("1.0", "1.0"), ("1.005", "1.005"), ("7", "7"), ("1.2300", "1.23"), ("-0.500", "-0.50")],
)
def test_an_amount_is_written_as_stated_without_needless_zeros(stated_as: str, expected: str) -> None:
    root = written(stating(totals=Totals(paid=Decimal(stated_as))))
    assert root.findtext(f".//{RAM}TotalPrepaidAmount") == expected


def test_a_price_keeps_its_digits_and_never_has_an_exponent() -> None:
    line = Line(price=Price(net=Decimal("0.00000010")), quantity=Decimal("1E+3"))
    root = written(stating(lines=(line,)))
    assert root.findtext(f".//{RAM}NetPriceProductTradePrice/{RAM}ChargeAmount") == "0.00000010"
    assert root.findtext(f".//{RAM}BilledQuantity") == "1000"


@pytest.mark.parametrize(
    ("specification", "expected"),
    [
        (None, "urn:cen.eu:en16931:2017"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", None),
        ("urn:factur-x.eu:1p0:minimum", None),
        ("EN16931", "urn:cen.eu:en16931:2017"),
        ("OIOUBL-2.02", "urn:cen.eu:en16931:2017"),
    ],
)
def test_the_specification_is_kept_unless_it_is_another_syntax_s(
    specification: str | None, expected: str | None
) -> None:
    invoice = stating(specification=specification, business_process="urn:fdc:peppol.eu:2017:poacc:billing:01:1.0")
    back = invoice_of(WRITE(invoice).data)
    assert back.specification == (expected or specification)
    assert back.business_process == invoice.business_process
    changed = specification is not None and expected is not None
    assert losses(invoice) == ([("BT-24", specification, "recomputed", "specification")] if changed else [])


def test_payment_terms_by_line_end_with_a_line_break() -> None:
    terms = "#SKONTO#TAGE=14#PROZENT=2.25#"
    assert written(stating(payment_terms=terms)).findtext(f".//{RAM}Description") == f"{terms}\n"
    assert written(stating(payment_terms="net")).findtext(f".//{RAM}Description") == "net"


def test_each_account_has_a_payment_means_of_the_same_code() -> None:
    transfers = (
        CreditTransfer(account="FI2112345600000785", provider="NDEAFIHH"),
        CreditTransfer(account="16071990021", account_name="Main"),
    )
    payment = PaymentInstructions(means_code="30", means_text="transfer", transfers=transfers)
    root = written(stating(payment=payment))
    assert [one.findtext(f"{RAM}TypeCode") for one in root.iter(f"{RAM}{MEANS}")] == ["30", "30"]
    assert [one.text for one in root.iter(f"{RAM}IBANID")] == ["FI2112345600000785"]
    assert [one.text for one in root.iter(f"{RAM}ProprietaryID")] == ["16071990021"]
    assert invoice_of(WRITE(stating(payment=payment)).data).payment == payment


@pytest.mark.parametrize(
    ("payment", "code"),
    [
        (PaymentInstructions(transfers=(CreditTransfer(account="1"),)), "30"),
        (PaymentInstructions(card=PaymentCard(number="6789")), "48"),
        (PaymentInstructions(direct_debit=DirectDebit(debited_account="1")), "49"),
        (PaymentInstructions(means_text="later"), "1"),
    ],
)
def test_a_payment_without_a_code_gets_that_of_its_kind(payment: PaymentInstructions, code: str) -> None:
    root = written(stating(payment=payment))
    assert root.findtext(f".//{RAM}{MEANS}/{RAM}TypeCode") == code
    assert losses(stating(payment=payment)) == [("BT-81", code, "recomputed", "payment.means_code")]


def test_a_reference_alone_needs_no_payment_means() -> None:
    invoice = stating(payment=PaymentInstructions(remittance="RF0812344"))
    assert written(invoice).find(f".//{RAM}{MEANS}") is None
    assert losses(invoice) == []
    assert invoice_of(WRITE(invoice).data).payment == invoice.payment


def test_a_discount_alone_gets_its_gross_price() -> None:
    line = Line(price=Price(net=Decimal("10.00"), discount=Decimal("2.50")))
    assert losses(stating(lines=(line,))) == [("BT-148", "12.50", "recomputed", "lines[0].price.gross")]
    (back,) = invoice_of(WRITE(stating(lines=(line,))).data).lines
    assert back.price == Price(net=Decimal("10.00"), discount=Decimal("2.50"), gross=Decimal("12.50"))


# --- what is reported -----------------------------------------------------------------------------------------------


def test_one_preceding_invoice_has_room() -> None:
    first = PrecedingInvoice(number="1", issue_date=date(2026, 1, 1))
    second = PrecedingInvoice(number="2", issue_date=date(2026, 1, 2))
    invoice = stating(preceding=(first, second, PrecedingInvoice(number="3")))
    assert losses(invoice) == [
        ("BT-25", "2", "cardinality", "preceding[1].number"),
        ("BT-26", "2026-01-02", "cardinality", "preceding[1].issue_date"),
        ("BT-25", "3", "cardinality", "preceding[2].number"),
    ]
    assert invoice_of(WRITE(invoice).data).preceding == (first,)


def test_a_picture_of_the_invoice_travels_beside_it() -> None:
    picture = Attachment("invoice.pdf", "application/pdf", b"%PDF", "Invoice")
    shown = SupportingDocument(reference="I1", description="Invoice", attachment=picture, is_picture=True)
    writing = WRITE(stating(supporting=(shown,)))
    assert writing.files == (picture,)
    assert [(loss.term, loss.value) for loss in writing.losses] == [("BT-122", "I1")]
    assert b"AdditionalReferencedDocument" not in writing.data


def test_extensions_of_other_syntaxes_have_no_place() -> None:
    extension = Extension(family="ubl", name="PUF", place="seller", content="<a>1</a>")
    assert losses(stating(extensions=(extension,))) == [("PUF", "<a>1</a>", "no-place", "seller")]


def test_words_of_other_syntaxes_are_no_schemes() -> None:
    party = Party(
        identifiers=(Identifier("1", "NO:ORGNR"), Identifier("2", "0192")),
        legal_id=Identifier("3", "DK:CVR"),
        endpoint=Identifier("4", "X"),
    )
    item = Item(standard_id=Identifier("5"), classifications=(Classification(code="7"),))
    invoice = stating(seller=party, lines=(Line(item=item),))
    assert losses(invoice) == [
        ("BT-157", "5", "code-unknown", "lines[0].item.standard_id"),
        ("BT-158", "7", "code-unknown", "lines[0].item.classifications[0]"),
        ("BT-29", "NO:ORGNR", "code-unknown", "seller.identifiers[0]"),
        ("BT-30", "DK:CVR", "code-unknown", "seller.legal_id"),
        ("BT-34", "X:4", "code-unknown", "seller.endpoint"),
    ]
    back = invoice_of(WRITE(invoice).data)
    assert back.seller == Party(identifiers=(Identifier("1"), Identifier("2", "0192")), legal_id=Identifier("3"))


def test_what_the_model_has_and_cii_does_not() -> None:
    vat = AllowanceCharge(amount=Decimal(1), vat_category="S", vat_rate=Decimal(25))
    invoice = stating(
        tax_point_code="99",
        tax_point_date=date(2026, 1, 1),
        buyer=Party(tax_registration="F", legal_information="L"),
        totals=Totals(vat_accounting=Decimal(5)),
        lines=(
            Line(
                unit="C62",
                allowances=(vat,),
                price=Price(discount=Decimal(2), base_unit="H87"),
            ),
        ),
    )
    assert losses(invoice) == [
        ("BG-27", "S", "no-place", "lines[0].allowances[0].vat_category"),
        ("BG-27", "25", "no-place", "lines[0].allowances[0].vat_rate"),
        ("BT-130", "C62", "no-place", "lines[0].unit"),
        ("BT-150", "H87", "no-place", "lines[0].price.base_unit"),
        ("BT-147", "2", "no-place", "lines[0].price.discount"),
        ("BG-7", "F", "no-place", "buyer.tax_registration"),
        ("BG-7", "L", "no-place", "buyer.legal_information"),
        ("BT-8", "99", "code-unknown", "tax_point_code"),
        ("BT-7", "2026-01-01", "no-place", "tax_point_date"),
        ("BT-111", "5", "no-place", "totals.vat_accounting"),
    ]


def test_the_tax_point_stands_at_the_first_category() -> None:
    vat = (VatBreakdown(category="S", rate=Decimal(25)), VatBreakdown(category="Z", rate=Decimal(0)))
    root = written(stating(vat=vat, tax_point_date=date(2026, 1, 1), tax_point_code="432"))
    assert [one.text for one in root.iter(f"{RAM}DueDateTypeCode")] == ["72"]
    assert len(list(root.iter(f"{RAM}TaxPointDate"))) == 1


def test_codes_that_are_in_no_list_of_en_16931_are_left_out_and_reported() -> None:
    sheet = SupportingDocument(attachment=Attachment("a.docx", "application/msword", b"word"))
    invoice = stating(
        notes=(Note(text="n", subject="XYZ"),),
        object_id=Identifier("o", "??"),
        allowances=(AllowanceCharge(amount=Decimal(1), reason_code="FC"),),
        charges=(AllowanceCharge(amount=Decimal(1), reason_code="95", reason="Fee"),),
        supporting=(sheet,),
    )
    writing = WRITE(invoice)
    assert [(loss.term, loss.value, loss.place) for loss in writing.losses] == [
        ("BT-21", "XYZ", "notes[0].subject"),
        ("BT-18", "??", "object_id"),
        ("BT-125", "a.docx (application/msword, 4 bytes)", "supporting[0].attachment"),
        ("BT-98", "FC", "allowances[0].reason_code"),
        ("BT-105", "95", "charges[0].reason_code"),
    ]
    assert writing.files == (sheet.attachment,)
    back = invoice_of(writing.data)
    assert [one.reason for one in (*back.allowances, *back.charges)] == ["Discount", "Fee"]
    # An extension of EN 16931 may have codes of its own.
    extended = msgspec.structs.replace(invoice, specification="urn:cen.eu:en16931:2017#conformant#urn:example")
    assert WRITE(extended).losses == ()
    assert WRITE(extended).files == ()


@pytest.mark.parametrize(
    ("field", "term"), [("number", "BT-1"), ("issue_date", "BT-2"), ("currency", "BT-5"), ("lines", "BG-25")]
)
def test_what_nobody_but_the_sender_can_say_is_asked_for(field: str, term: str) -> None:
    invoice = msgspec.structs.replace(stating(), **{field: () if field == "lines" else None})
    with pytest.raises(UnwritableDocument) as refusal:
        WRITE(invoice)
    assert refusal.value.term == term


def test_amounts_that_are_asked_for() -> None:
    for invoice, term in (
        (msgspec.structs.replace(stating(), totals=Totals()), "BT-115"),
        (msgspec.structs.replace(stating(), lines=(Line(),)), "BT-131"),
    ):
        with pytest.raises(UnwritableDocument) as refusal:
            WRITE(invoice)
        assert refusal.value.term == term
    nothing = msgspec.structs.replace(stating(), totals=Totals(payable=Decimal(0)))
    assert invoice_of(WRITE(nothing).data).totals.payable == 0


def test_what_is_filled_in() -> None:
    bare = msgspec.structs.replace(stating(), type_code=None, lines=(Line(amount=Decimal(1)), Line(amount=Decimal(1))))
    back = invoice_of(WRITE(bare).data)
    assert (back.type_code, [line.id for line in back.lines]) == ("380", ["1", "2"])
    assert losses(bare) == [("BT-3", "380", "recomputed", "type_code")]
    named = stating(supporting=(SupportingDocument(attachment=Attachment("a.pdf", "application/pdf", b"%PDF")),))
    assert [one.reference for one in invoice_of(WRITE(named).data).supporting] == ["a.pdf"]


def test_an_accounting_currency_that_is_the_currency_says_nothing() -> None:
    invoice = stating(accounting_currency="EUR", totals=Totals(vat=Decimal(1), vat_accounting=Decimal(2)))
    assert losses(invoice) == [
        ("BT-6", "EUR", "no-place", "accounting_currency"),
        ("BT-111", "2", "cardinality", "totals.vat_accounting"),
    ]
    assert invoice_of(WRITE(invoice).data).accounting_currency is None
