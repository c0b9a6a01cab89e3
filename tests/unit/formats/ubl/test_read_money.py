"""Reading payment, taxes, allowances and charges from UBL."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fakturahub.errors import BadValue
from fakturahub.model.invoice import (
    AllowanceCharge,
    CreditTransfer,
    DirectDebit,
    PaymentCard,
    PaymentInstructions,
)
from tests.unit.formats.ubl.corpus import read
from tests.unit.formats.ubl.parts import amount, document, invoice_in, losses_in

VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


class TestPayment:
    def means(self, account: str, code: str = "30", remittance: str = "1234561", more: str = "") -> str:
        return (
            f'<cac:PaymentMeans><cbc:PaymentMeansCode name="Transfer">{code}</cbc:PaymentMeansCode>{more}'
            f"<cbc:PaymentID>{remittance}</cbc:PaymentID><cac:PayeeFinancialAccount>"
            f'<cbc:ID schemeID="IBAN">{account}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>'
        )

    def test_several_are_one(self) -> None:
        found = invoice_in(document(self.means("FI21") + self.means("SE45")))
        assert found.payment == PaymentInstructions(
            means_code="30",
            means_text="Transfer",
            remittance="1234561",
            transfers=(CreditTransfer(account="FI21"), CreditTransfer(account="SE45")),
        )

    def test_what_does_not_agree_is_reported(self) -> None:
        data = document(self.means("FI21") + self.means("SE45", "58", "7"))
        assert losses_in(data) == [("BT-81", "58", "cardinality"), ("BT-83", "7", "cardinality")]

    def test_the_due_date_of_a_credit_note(self) -> None:
        due = "<cbc:PaymentDueDate>2026-12-02</cbc:PaymentDueDate>"
        assert invoice_in(document(self.means("FI21", more=due), "CreditNote")).due_date == date(2026, 12, 2)
        # Both places may say it, if they say the same.
        stated = "<cbc:DueDate>2026-12-02</cbc:DueDate>"
        assert invoice_in(document(stated + self.means("FI21", more=due))).due_date == date(2026, 12, 2)
        other = "<cbc:DueDate>2026-12-03</cbc:DueDate>"
        assert losses_in(document(other + self.means("FI21", more=due))) == [("BT-9", "2026-12-02", "cardinality")]

    def test_cards_and_mandates(self) -> None:
        card = (
            "<cac:CardAccount><cbc:PrimaryAccountNumberID>1234</cbc:PrimaryAccountNumberID>"
            "<cbc:NetworkID>{}</cbc:NetworkID><cbc:HolderName>A B</cbc:HolderName></cac:CardAccount>"
        )
        mandate = (
            "<cac:PaymentMandate><cbc:ID>M-1</cbc:ID><cac:PayerFinancialAccount><cbc:ID>FI21</cbc:ID>"
            "</cac:PayerFinancialAccount></cac:PaymentMandate>"
        )
        data = document(f"<cac:PaymentMeans>{card.format('NA')}{mandate}</cac:PaymentMeans>")
        assert invoice_in(data).payment == PaymentInstructions(
            card=PaymentCard(number="1234", holder="A B"),
            direct_debit=DirectDebit(mandate="M-1", debited_account="FI21"),
        )
        visa = document(f"<cac:PaymentMeans>{card.format('VISA')}</cac:PaymentMeans>")
        assert losses_in(visa) == [("Invoice/PaymentMeans/CardAccount/NetworkID", "VISA", "not-understood")]

    def test_an_account_without_a_number_is_reported_whole(self) -> None:
        data = document(
            "<cac:PaymentMeans><cac:PayeeFinancialAccount><cbc:Name>Ours</cbc:Name><cac:FinancialInstitutionBranch>"
            "<cbc:ID>NDEAFIHH</cbc:ID></cac:FinancialInstitutionBranch></cac:PayeeFinancialAccount></cac:PaymentMeans>"
        )
        assert [value for _, value, _ in losses_in(data)] == ["Ours", "NDEAFIHH"]
        assert read(data).noun.payment is None  # type: ignore[attr-defined]


class TestAmounts:
    def test_the_currency_of_the_document_is_understood_and_no_other(self) -> None:
        def totals(currency: str) -> bytes:
            return document(
                f"<cac:LegalMonetaryTotal>{amount('PayableAmount', '1.50', currency)}</cac:LegalMonetaryTotal>"
            )

        assert invoice_in(totals("EUR")).totals.payable == Decimal("1.50")
        assert losses_in(totals("SEK")) == [
            ("Invoice/LegalMonetaryTotal/PayableAmount @currencyID", "SEK", "not-understood")
        ]

    def test_vat_in_two_currencies(self) -> None:
        subtotal = (
            f"<cac:TaxSubtotal>{amount('TaxableAmount', '1000')}{amount('TaxAmount', '250')}<cac:TaxCategory>"
            f'<cbc:ID schemeID="UNCL5305">S</cbc:ID><cbc:Percent>25</cbc:Percent>{VAT}</cac:TaxCategory>'
            "</cac:TaxSubtotal>"
        )
        both = (
            "<cbc:TaxCurrencyCode>DKK</cbc:TaxCurrencyCode>"
            f"<cac:TaxTotal>{amount('TaxAmount', '1865.13', 'DKK')}</cac:TaxTotal>"
            f"<cac:TaxTotal>{amount('TaxAmount', '250')}{subtotal}</cac:TaxTotal>"
        )
        found = invoice_in(document(both))
        assert (found.totals.vat, found.totals.vat_accounting) == (Decimal(250), Decimal("1865.13"))
        (one,) = found.vat
        assert (one.category, one.rate, one.taxable, one.tax) == ("S", 25, 1000, 250)
        third = f"<cac:TaxTotal>{amount('TaxAmount', '3', 'NOK')}</cac:TaxTotal>"
        assert [value for _, value, _ in losses_in(document(both + third))] == ["NOK", "3"]
        again = f"<cac:TaxTotal>{amount('TaxAmount', '4')}</cac:TaxTotal>"
        assert [(value, why) for _, value, why in losses_in(document(both + again))] == [
            ("EUR", "cardinality"),
            ("4", "cardinality"),
        ]

    def test_allowances_and_charges_by_the_indicator(self) -> None:
        def one(indicator: str, value: str, more: str = "") -> str:
            said = f"<cbc:ChargeIndicator>{indicator}</cbc:ChargeIndicator>" if indicator else ""
            return f"<cac:AllowanceCharge>{said}{more}{amount('Amount', value)}</cac:AllowanceCharge>"

        found = invoice_in(document(one("false", "10") + one("1", "5") + one("0", "1")))
        assert found.allowances == (AllowanceCharge(amount=Decimal(10)), AllowanceCharge(amount=Decimal(1)))
        assert found.charges == (AllowanceCharge(amount=Decimal(5)),)
        assert [value for _, value, _ in losses_in(document(one("", "7")))] == ["EUR", "7"]
        no_amount = (
            "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
            "<cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason></cac:AllowanceCharge>"
        )
        assert [value for _, value, _ in losses_in(document(no_amount))] == ["true", "Freight"]

    @pytest.mark.parametrize("stated", ["1e3", "NaN", "1,50", "\u0661"])
    def test_what_is_no_number_is_refused_with_its_term(self, stated: str) -> None:
        data = document(f"<cac:LegalMonetaryTotal>{amount('PrepaidAmount', stated)}</cac:LegalMonetaryTotal>")
        with pytest.raises(BadValue) as refused:
            read(data)
        assert refused.value.term == "BT-113"
        assert refused.value.place == "Invoice/LegalMonetaryTotal/PrepaidAmount, line 1"
