"""Reading: the worked examples of the mapping, older versions, and what real senders write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fakturahub.errors import BadValue, UnwritableDocument
from fakturahub.model import Identifier
from fakturahub.model.invoice import Invoice, Note, Period, PrecedingInvoice, Price
from tests.unit.formats.finvoice.documents import (
    FRAME,
    ROW,
    amount,
    finvoice,
    in_another,
    invoice,
    reading,
    transmission,
)


def _row(*parts: str) -> str:
    return f"<InvoiceRow>{''.join(parts)}</InvoiceRow>"


def _losses(data: bytes) -> set[tuple[str, str]]:
    return {(loss.value, loss.why) for loss in reading(data).losses}


def test_the_example_of_the_energy_companies(shared: Path) -> None:
    folder = shared / "corpora/finvoice/test-files/3.0"
    found = invoice((folder / "Verkkoyhtion_kulutuslaskuesimerkki_Ennakko_PaidAmount_20190405.xml").read_bytes())
    assert (found.totals.with_vat, found.totals.paid, found.totals.payable) == (
        Decimal("221.08"),
        Decimal("189.46"),
        Decimal("31.62"),
    )
    # The rows have prices with VAT, in cents, and nothing else: 3.08 snt with 24 % are 2.48387 snt without.
    assert [line.price.net for line in found.lines][:2] == [Decimal("10.44355"), Decimal("0.02484")]
    assert sum(line.amount for line in found.lines if line.amount) == found.totals.lines
    assert found.lines[1].item.attributes[0].value == "98765432104602248633"


def test_a_credit_note_becomes_positive_but_for_prices(shared: Path) -> None:
    found = invoice((shared / "samples/finvoice/gobl_credit_note_1.3.xml").read_bytes())
    assert found.type_code == "381"
    assert found.preceding == (PrecedingInvoice(number="1042", issue_date=date(2026, 9, 22)),)
    totals = found.totals
    assert (totals.without_vat, totals.vat, totals.with_vat, totals.payable) == (
        Decimal("100.00"),
        Decimal("25.50"),
        Decimal("125.50"),
        Decimal("125.50"),
    )
    line = found.lines[0]
    assert (line.quantity, line.price.net, line.amount, line.unit) == (2, Decimal("50.00"), Decimal("100.00"), "C62")


def test_a_credit_note_of_positive_figures_is_taken_as_stated_and_found_odd() -> None:
    read = reading(finvoice(code="INV02"))
    assert isinstance(read.noun, Invoice)
    assert read.noun.totals.with_vat == Decimal("125.50")
    assert "sign" in {finding.rule for finding in read.findings}


def test_a_negative_invoice_stays_one() -> None:
    found = invoice(finvoice(totals=("-100,00", "-25,50", "-125,50")))
    assert (found.type_code, found.totals.with_vat) == ("380", Decimal("-125.50"))


@pytest.mark.parametrize(
    ("code", "un", "type_code", "lost"),
    [
        ("INV01", "380", "380", set()),
        ("INV01", "384", "384", set()),
        ("INV02", "396", "396", set()),
        ("INV02", "380", "381", {("380", "code-unknown")}),
        ("INV01", "381", "380", {("381", "code-unknown")}),
        ("INV07", "", "389", set()),
        ("INV06", "", "325", set()),
        ("INV03", "", "380", set()),
        ("INV00", "", "380", set()),
        ("INVX3", "", "380", set()),
    ],
)
def test_document_types(code: str, un: str, type_code: str, lost: set[tuple[str, str]]) -> None:
    data = finvoice(code=code, totals=("-1", "-1", "-1") if code == "INV02" else ("1", "1", "1")).replace(
        b"<InvoiceTypeText>", f"<InvoiceTypeCodeUN>{un}</InvoiceTypeCodeUN><InvoiceTypeText>".encode()
    )
    assert invoice(data).type_code == type_code
    assert {loss for loss in _losses(data) if loss[1] == "code-unknown"} == lost
    # A code that says more than BT-3 does is kept.
    kept = [] if code in {"INV01", "INV02", "INV06", "INV07"} else [f"Invoice type code: {code}"]
    assert [each.words for each in invoice(data).extensions] == kept


@pytest.mark.parametrize("code", ["INV08", "SDD01", "TES01", "ORD01", "REC01"])
def test_what_is_no_invoice_is_passed_on(code: str) -> None:
    with pytest.raises(UnwritableDocument, match=code):
        reading(finvoice(code=code))
    with pytest.raises(UnwritableDocument, match="frame"):
        reading(FRAME.encode())


def test_vat_categories_of_files_without_codes() -> None:
    def vat(base: str, rate: str, *more: str) -> str:
        return (
            f"<VatSpecificationDetails>{amount('VatBaseAmount', base)}<VatRatePercent>{rate}</VatRatePercent>"
            f"{''.join(more)}</VatSpecificationDetails>"
        )

    details = vat("1,00", "24") + vat("2,00", "0") + vat("3,00", "0", "<VatFreeText>AVL 34 §</VatFreeText>")
    details += vat("4,00", "0", "<VatCode>O</VatCode>") + vat("5,00", "0", "<VatCode>ZEG</VatCode>")
    found = invoice(finvoice(details=details))
    assert [part.category for part in found.vat] == ["S", "Z", "E", "E", "AE"]
    assert found.vat[2].exemption_reason == "AVL 34 §"


def test_vat_in_the_accounting_currency_is_no_part_of_the_breakdown() -> None:
    details = (
        f"<VatSpecificationDetails>{amount('VatBaseAmount', '1000,00')}{amount('VatRateAmount', '250,00')}"
        f"</VatSpecificationDetails>"
        f"<VatSpecificationDetails>{amount('VatRateAmount', '1865,13', 'DKK')}</VatSpecificationDetails>"
    )
    found = invoice(finvoice(details=details))
    assert len(found.vat) == 1
    assert (found.accounting_currency, found.totals.vat_accounting) == ("DKK", Decimal("1865.13"))


def test_an_amount_in_another_currency_is_not_taken() -> None:
    data = finvoice(details=amount("InvoicePaidAmount", "10,00", "SEK"))
    assert invoice(data).totals.paid is None
    assert [each.words for each in invoice(data).extensions] == ["Invoice paid amount: 10,00 SEK"]


def test_discounts_of_a_row() -> None:
    quantity, price = "<InvoicedQuantity>10</InvoicedQuantity>", amount("UnitPriceAmount", "20,00")
    net = amount("RowVatExcludedAmount", "180,00")
    plain = _row(
        quantity,
        price,
        "<RowDiscountPercent>10,0</RowDiscountPercent>",
        amount("RowDiscountAmount", "20,00"),
        amount("RowDiscountBaseAmount", "200,00"),
        "<RowDiscountTypeCode>95</RowDiscountTypeCode>",
        net,
    )
    (allowance,) = invoice(finvoice(row=plain)).lines[0].allowances
    assert (allowance.amount, allowance.base, allowance.percent, allowance.reason_code) == (20, 200, 10, "95")
    old = _row(quantity, price, "<RowDiscountPercent>10</RowDiscountPercent>", net)
    read = reading(finvoice(row=old))
    assert isinstance(read.noun, Invoice)
    assert read.noun.lines[0].allowances[0].amount == 20
    assert {("BT-136", "derived")} <= {(finding.term, finding.rule) for finding in read.findings}
    one = f"<RowProgressiveDiscountDetails>{amount('RowDiscountAmount', '10,00')}</RowProgressiveDiscountDetails>"
    several = invoice(finvoice(row=_row(quantity, price, one, one, net)))
    assert [each.amount for each in several.lines[0].allowances] == [10, 10]


def test_a_row_that_is_not_quantity_times_price_is_found_and_not_changed() -> None:
    data = finvoice(row=ROW.replace("100,00", "101,00"))
    read = reading(data)
    assert isinstance(read.noun, Invoice)
    assert (read.noun.lines[0].amount, read.noun.lines[0].price) == (101, Price(net=Decimal("50.00")))
    assert "row-amount" in {finding.rule for finding in read.findings}


def test_rows_of_text_and_sub_rows() -> None:
    text = _row("<ArticleName>Kiitos</ArticleName><RowFreeText>Tervetuloa</RowFreeText>")
    sub = _row(f"<SubInvoiceRow><SubArticleName>Yht.</SubArticleName>{amount('SubRowAmount', '1,00')}</SubInvoiceRow>")
    data = finvoice(row=text + ROW + text + sub)
    found = invoice(data)
    assert [(each.name, each.place) for each in found.extensions] == [
        ("InvoiceRow", ""),
        ("InvoiceRow", "lines[0]"),
        ("InvoiceRow", "lines[0]"),
    ]
    assert ("Kiitos", "as-text") in _losses(data)
    said = in_another(data)
    assert said.notes == (Note(text="Kiitos; Tervetuloa"),)
    assert [line.note for line in said.lines] == ["Kiitos; Tervetuloa\nYht.; Sub row amount: 1,00 EUR"]


def test_delivered_quantity_stands_in_and_a_word_for_a_unit_that_is_not_known_is_kept() -> None:
    row = _row(
        '<DeliveredQuantity QuantityUnitCode="Kpl.">3</DeliveredQuantity>', amount("RowVatExcludedAmount", "3,00")
    )
    assert (invoice(finvoice(row=row)).lines[0].quantity, invoice(finvoice(row=row)).lines[0].unit) == (3, "C62")
    odd = finvoice(row=row.replace("Kpl.", "nippu"))
    said = in_another(odd).lines[0]
    assert (said.unit, said.note) == ("ZZ", "Delivered quantity: nippu")


def test_dates_with_a_time_and_bad_ones() -> None:
    row = ROW.replace(
        "<UnitPriceAmount", '<StartDate Format="CCYYMMDDHHMMSS">20020611000000</StartDate><UnitPriceAmount'
    )
    assert invoice(finvoice(row=row)).lines[0].period == Period(start=date(2002, 6, 11))
    timed = in_another(finvoice(row=row.replace("000000", "093000"))).lines[0]
    assert (timed.period, timed.note) == (Period(start=date(2002, 6, 11)), "Start date: 20020611093000")
    for bad in ("20020631", "2002-06-11", "0", "99999999", "\uff12\uff10\uff10\uff12\uff10\uff16\uff11\uff11"):
        with pytest.raises(BadValue) as refused:
            reading(finvoice(row=row.replace("20020611000000", bad)))
        assert refused.value.term == "BT-134"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1656,25", "1656.25"),
        ("-1", "-1"),
        ("+1,5", "1.5"),
        ("1 656,25", "1656.25"),
        ("1\u00a0656 250", "1656250"),
        ("12.50", "12.50"),
        ("0.125", "0.125"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    assert invoice(finvoice(details=amount("InvoiceTotalRoundoffAmount", text))).totals.rounding == Decimal(value)


@pytest.mark.parametrize("text", ["1.656", "1,2,3", "1e9", "NaN", "\u0661", "0x1", "1 65", "9" * 31, "-", ","])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadValue):
        reading(finvoice(details=amount("InvoiceTotalRoundoffAmount", text)))


def test_the_largest_numbers_are_no_trouble() -> None:
    huge = "9" * 30
    row = _row(
        f"<InvoicedQuantity>{huge}</InvoicedQuantity>",
        amount("UnitPriceVatIncludedAmount", huge),
        "<RowDiscountPercent>33,333</RowDiscountPercent>",
        f"<RowVatRatePercent>{huge}</RowVatRatePercent>",
        amount("RowAmount", huge),
    )
    assert invoice(finvoice(row=row)).lines[0].quantity == Decimal(huge)


def test_wrong_check_digits_are_findings() -> None:
    data = finvoice(reference="12345", head=transmission("003712345678", "003712345671"))
    data = data.replace(b"0112038-9", b"0112038-8").replace(b"FI2112345600000785", b"FI2212345600000785")
    found = {finding.term for finding in reading(data).findings if finding.rule == "check-digit"}
    assert found == {"BT-30", "BT-83", "BT-84", "BT-34"}
    assert "check-digit" not in {finding.rule for finding in reading(finvoice()).findings}


def test_the_business_id_in_the_place_of_the_vat_number() -> None:
    data = finvoice().replace(
        b"</SellerPartyDetails>",
        b"<SellerOrganisationTaxCode>0112038-9</SellerOrganisationTaxCode></SellerPartyDetails>",
    )
    assert invoice(data).seller.vat_id == "FI01120389"
    assert ("0112038-9", "recomputed") in _losses(data)


def test_payment_terms_that_have_no_term_are_said_in_words() -> None:
    details = (
        f"<PaymentTermsDetails><PaymentTermsFreeText>14 pv</PaymentTermsFreeText>"
        f'<CashDiscountDate Format="CCYYMMDD">20260905</CashDiscountDate>{amount("CashDiscountAmount", "2,00")}'
        f"<PaymentOverDueFineDetails><PaymentOverDueFinePercent>8,5</PaymentOverDueFinePercent>"
        f"</PaymentOverDueFineDetails></PaymentTermsDetails>"
    )
    data = finvoice(details=details)
    assert invoice(data).payment_terms == "14 pv"
    assert in_another(data).payment_terms == (
        "14 pv\nCash discount until 2026-09-05\nCash discount 2,00 EUR\nInterest on overdue payment 8,5 %"
    )
    assert _losses(data) == set()


def test_notes_with_and_without_a_subject() -> None:
    def definition(code: str, name: str, value: str) -> str:
        return (
            f'<DefinitionDetails><DefinitionHeaderText DefinitionCode="{code}">{name}</DefinitionHeaderText>'
            f"<DefinitionValue>{value}</DefinitionValue></DefinitionDetails>"
        )

    details = definition("E1001", "Asiakasnumero", "17") + definition("AAI", "", "Yleistä")
    details += "<InvoiceFreeText>#REG#HE 1</InvoiceFreeText><InvoiceFreeText>Kiitos</InvoiceFreeText>"
    assert in_another(finvoice(details=details)).notes == (
        Note(text="Yleistä", subject="AAI"),
        Note(text="HE 1", subject="REG"),
        Note(text="Kiitos"),
        Note(text="Asiakasnumero (E1001): 17"),
    )


def test_a_foreign_reference_stands_in_epi_reference() -> None:
    data = finvoice(reference="").replace(b"<EpiReference/>", b"<EpiReference>602243</EpiReference>")
    payment = invoice(data).payment
    assert payment is not None
    assert payment.remittance == "602243"


def test_the_frame_is_read_and_all_else_of_it_reported() -> None:
    data = FRAME.encode() + finvoice()
    assert invoice(data).buyer.endpoint == Identifier("003700000002", "0216")
    assert {("NDEAFIHH", "frame"), ("m-1", "frame")} <= _losses(data)
    # An address that the invoice itself states beside that of the frame is kept.
    assert "Seller organisation unit number: 003701120389" in {each.words for each in invoice(data).extensions}


def test_the_sum_of_the_lines_is_added_up_where_it_is_not_stated() -> None:
    read = reading(finvoice(row=ROW * 3))
    assert isinstance(read.noun, Invoice)
    assert read.noun.totals.lines == 300
    assert "BT-106" in {finding.term for finding in read.findings if finding.rule == "derived"}
    stated = amount("RowsTotalVatExcludedAmount", "1,00")
    assert invoice(finvoice(details=stated, row=ROW * 3)).totals.lines == 1
