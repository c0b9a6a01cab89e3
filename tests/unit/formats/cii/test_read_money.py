"""Reading the payment, the amounts and the lines of a Cross Industry Invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fakturahub.errors import BadValue
from fakturahub.intake.limits import REPORT
from fakturahub.model import Identifier
from fakturahub.model.invoice import AllowanceCharge, CreditTransfer, DirectDebit, PaymentCard, Totals
from tests.unit.formats.cii.documents import document, invoice_of, line, lost, read, reference, tax


def means(content: str, code: str = "58") -> str:
    return (
        f"<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>{code}</ram:TypeCode>{content}"
        "</ram:SpecifiedTradeSettlementPaymentMeans>"
    )


def account(content: str) -> str:
    return f"<ram:PayeePartyCreditorFinancialAccount>{content}</ram:PayeePartyCreditorFinancialAccount>"


# --- payment ----------------------------------------------------------------------------------------------------------


def test_one_payment_means_for_each_account() -> None:
    data = document(
        settlement="<ram:CreditorReferenceID>DE98ZZZ09999999999</ram:CreditorReferenceID>"
        "<ram:PaymentReference>RF0812344</ram:PaymentReference>"
        + means(
            account("<ram:IBANID>DE79000000001234567890</ram:IBANID><ram:AccountName>Main</ram:AccountName>")
            + "<ram:PayeeSpecifiedCreditorFinancialInstitution><ram:BICID>COBADEFF</ram:BICID>"
            "</ram:PayeeSpecifiedCreditorFinancialInstitution>"
        )
        + means(
            "<ram:ApplicableTradeSettlementFinancialCard><ram:ID>6789</ram:ID></ram:ApplicableTradeSettlementFinancialCard>"
            "<ram:PayerPartyDebtorFinancialAccount><ram:IBANID>DE1</ram:IBANID></ram:PayerPartyDebtorFinancialAccount>"
            + account("<ram:ProprietaryID>16071990021</ram:ProprietaryID>")
        )
        + "<ram:SpecifiedTradePaymentTerms><ram:DirectDebitMandateID>M1</ram:DirectDebitMandateID>"
        "</ram:SpecifiedTradePaymentTerms>"
    )
    payment = invoice_of(data).payment
    assert payment is not None
    assert payment.transfers == (
        CreditTransfer(account="DE79000000001234567890", account_name="Main", provider="COBADEFF"),
        CreditTransfer(account="16071990021"),
    )
    assert payment.card == PaymentCard(number="6789")
    assert (payment.means_code, payment.remittance) == ("58", "RF0812344")
    assert payment.direct_debit == DirectDebit(mandate="M1", creditor_id="DE98ZZZ09999999999", debited_account="DE1")
    assert lost(data) == []


def test_another_code_and_an_account_without_a_number_are_reported() -> None:
    data = document(settlement=means("") + means(account("<ram:AccountName>Nobody</ram:AccountName>"), code="48"))
    payment = invoice_of(data).payment
    assert payment is not None
    assert (payment.means_code, payment.transfers) == ("58", ())
    assert lost(data) == [("48", "cardinality"), ("Nobody", "not-understood")]


def test_an_empty_payment_is_none() -> None:
    data = document(settlement="<ram:SpecifiedTradeSettlementPaymentMeans/>")
    assert invoice_of(data).payment is None


# --- amounts ----------------------------------------------------------------------------------------------------------


def total(*amounts: tuple[str, str]) -> str:
    return "".join(
        f"<ram:TaxTotalAmount{f' currencyID={currency!r}' if currency else ''}>{amount}</ram:TaxTotalAmount>"
        for amount, currency in amounts
    )


ACCOUNTED = "<ram:TaxCurrencyCode>DKK</ram:TaxCurrencyCode><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"


@pytest.mark.parametrize(
    ("amounts", "expected", "losses"),
    [
        ([("250", "EUR"), ("1865.13", "DKK")], Totals(vat=Decimal(250), vat_accounting=Decimal("1865.13")), []),
        ([("1865.13", "DKK"), ("250", "EUR")], Totals(vat=Decimal(250), vat_accounting=Decimal("1865.13")), []),
        ([("250", "")], Totals(vat=Decimal(250)), []),
        ([("250", "EUR"), ("251", "EUR")], Totals(vat=Decimal(250)), [("251", "cardinality")]),
        ([("9", "SEK")], Totals(), [("SEK", "not-understood"), ("9", "not-understood")]),
    ],
)
def test_the_total_of_vat_by_currency(
    amounts: list[tuple[str, str]], expected: Totals, losses: list[tuple[str, str]]
) -> None:
    data = document(currency=ACCOUNTED, totals=total(*amounts))
    assert invoice_of(data).totals == expected
    assert lost(data) == losses


def test_the_currency_of_the_document_at_each_of_many_amounts_fills_no_report() -> None:
    many = REPORT.losses + 1
    charge = (
        "<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>true</udt:Indicator>"
        '</ram:ChargeIndicator><ram:ActualAmount currencyID="EUR">1</ram:ActualAmount>'
        "</ram:SpecifiedTradeAllowanceCharge>"
    )
    data = document(settlement=charge * many + charge.replace("EUR", "SEK"))
    assert len(invoice_of(data).charges) == many + 1
    assert lost(data) == [("SEK", "not-understood")]


def test_the_currency_of_an_amount_is_that_of_the_document_or_reported() -> None:
    same = '<ram:GrandTotalAmount currencyID="EUR">1</ram:GrandTotalAmount>'
    assert lost(document(totals=same)) == []
    assert lost(document(totals=same.replace("EUR", "USD"))) == [("USD", "not-understood")]


@pytest.mark.parametrize("value", ["1,00", "1e3", "NaN", "0x1", "1 000", "9" * 31])
def test_an_amount_that_is_none_is_refused_with_its_term(value: str) -> None:
    with pytest.raises(BadValue) as refusal:
        read(document(totals=f"<ram:GrandTotalAmount>{value}</ram:GrandTotalAmount>"))
    assert refusal.value.term == "BT-112"


def charge(content: str) -> str:
    return f"<ram:SpecifiedTradeAllowanceCharge>{content}</ram:SpecifiedTradeAllowanceCharge>"


def indicated(value: str) -> str:
    return f"<ram:ChargeIndicator><udt:Indicator>{value}</udt:Indicator></ram:ChargeIndicator>"


def test_allowances_and_charges() -> None:
    category = (
        "<ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>"
        "<ram:RateApplicablePercent>25</ram:RateApplicablePercent></ram:CategoryTradeTax>"
    )
    data = document(
        settlement=charge(indicated("false") + "<ram:ActualAmount>10</ram:ActualAmount>" + category)
        + charge(indicated("1") + "<ram:ActualAmount>20</ram:ActualAmount><ram:Reason>Freight</ram:Reason>")
    )
    invoice = invoice_of(data)
    assert invoice.allowances == (AllowanceCharge(amount=Decimal(10), vat_category="S", vat_rate=Decimal(25)),)
    assert invoice.charges == (AllowanceCharge(amount=Decimal(20), reason="Freight"),)
    assert lost(data) == []


@pytest.mark.parametrize(
    "content",
    [
        "<ram:ActualAmount>77</ram:ActualAmount>",
        indicated("true"),
        indicated("maybe") + "<ram:ActualAmount>77</ram:ActualAmount>",
    ],
)
def test_an_allowance_without_its_kind_or_amount_is_reported_whole(content: str) -> None:
    data = document(settlement=charge(content + "<ram:Reason>Why</ram:Reason>"))
    assert (invoice_of(data).allowances, invoice_of(data).charges) == ((), ())
    assert ("Why", "not-understood") in lost(data)


def test_another_tax_than_vat_is_reported_whole() -> None:
    data = document(settlement=tax("<ram:CalculatedAmount>5</ram:CalculatedAmount><ram:TypeCode>OTH</ram:TypeCode>"))
    assert invoice_of(data).vat == ()
    assert lost(data) == [("5", "not-understood"), ("OTH", "not-understood")]


# --- lines ------------------------------------------------------------------------------------------------------------


def test_the_prices_of_a_line() -> None:
    gross = (
        "<ram:GrossPriceProductTradePrice><ram:ChargeAmount>12.50</ram:ChargeAmount>"
        '<ram:BasisQuantity unitCode="C62">100</ram:BasisQuantity><ram:AppliedTradeAllowanceCharge>'
        f"{indicated('false')}<ram:ActualAmount>2.50</ram:ActualAmount></ram:AppliedTradeAllowanceCharge>"
        "</ram:GrossPriceProductTradePrice>"
    )
    net = (
        "<ram:NetPriceProductTradePrice><ram:ChargeAmount>10.0000</ram:ChargeAmount>{}</ram:NetPriceProductTradePrice>"
    )
    (one,) = invoice_of(document(lines=line(agreement=gross + net.format("")))).lines
    price = one.price
    assert (price.net, price.gross, price.discount) == (Decimal(10), Decimal("12.5"), Decimal("2.5"))
    assert (price.base_quantity, price.base_unit) == (Decimal(100), "C62")
    # The base of the net price holds; one of the gross price that differs is reported.
    other = document(lines=line(agreement=gross + net.format("<ram:BasisQuantity>1</ram:BasisQuantity>")))
    (one,) = invoice_of(other).lines
    assert (one.price.base_quantity, one.price.base_unit) == (Decimal(1), None)
    assert lost(other) == [("100", "cardinality"), ("C62", "cardinality")]


def test_an_object_of_a_line_needs_no_type() -> None:
    named = reference("<ram:IssuerAssignedID>X</ram:IssuerAssignedID>")
    typed = reference("<ram:IssuerAssignedID>Y</ram:IssuerAssignedID><ram:TypeCode>{}</ram:TypeCode>")
    assert invoice_of(document(lines=line(settlement=named))).lines[0].object_id == Identifier("X")
    assert invoice_of(document(lines=line(settlement=typed.format(130)))).lines[0].object_id == Identifier("Y")
    assert lost(document(lines=line(settlement=typed.format(50)))) == [
        ("Y", "not-understood"),
        ("50", "not-understood"),
    ]
    assert lost(document(lines=line(settlement=named + typed.format(130)))) == [
        ("Y", "cardinality"),
        ("130", "cardinality"),
    ]


def test_a_line_that_says_nothing_is_a_line() -> None:
    assert len(invoice_of(document(lines=line())).lines) == 1
