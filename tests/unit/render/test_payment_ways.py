"""Which block of payment a document gets, by account, means and reference."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fakturahub.model.invoice import (
    CreditTransfer,
    DirectDebit,
    Invoice,
    Party,
    Payee,
    PaymentCard,
    PaymentInstructions,
    Totals,
)
from fakturahub.render.labels import LANGUAGES
from fakturahub.render.payment import Way, blocks, ways
from fakturahub.render.payment.ways import MOST_WAYS

DUE = date(2026, 12, 4)


def invoice(
    *transfers: CreditTransfer,
    currency: str = "EUR",
    amount: str | None = "1088.36",
    type_code: str = "380",
    card: PaymentCard | None = None,
    direct_debit: DirectDebit | None = None,
    means_code: str | None = None,
    means_text: str | None = None,
    remittance: str | None = None,
) -> Invoice:
    return Invoice(
        number="F-1",
        type_code=type_code,
        currency=currency,
        due_date=DUE,
        seller=Party(name="Myyjä Oy"),
        totals=Totals(payable=None if amount is None else Decimal(amount)),
        payment=PaymentInstructions(
            transfers=transfers,
            card=card,
            direct_debit=direct_debit,
            means_code=means_code,
            means_text=means_text,
            remittance=remittance,
        ),
    )


def only(made: Invoice) -> Way:
    (way,) = ways(made)
    return way


def test_a_finnish_invoice_has_reference_bar_code_and_qr() -> None:
    account = CreditTransfer(account="FI2112345600000785", provider="NDEAFIHH")
    way = only(invoice(account, remittance="00000000000000012344"))
    assert way.kind == "barcode-fi"
    assert way.fields == (
        ("payee", "Myyjä Oy"),
        ("iban", "FI21 1234 5600 0007 85"),
        ("bic", "NDEAFIHH"),
        ("reference", "12344"),
        ("due", DUE),
        ("amount", Decimal("1088.36")),
    )
    assert way.digits == "421123456000007850010883600000000000000000012344261204"
    assert way.bars
    assert way.matrix


def test_a_finnish_account_without_a_reference_is_a_transfer() -> None:
    way = only(invoice(CreditTransfer(account="FI2112345600000785")))
    assert (way.kind, way.digits) == ("qr", "")


def test_a_norwegian_invoice_has_a_giro_with_kid() -> None:
    way = only(invoice(CreditTransfer(account="16071990021"), currency="NOK", remittance="602243"))
    assert way.kind == "giro-no"
    assert dict(way.fields)["account"] == "1607 19 90021"
    assert dict(way.fields)["kid"] == "602243"
    assert way.lines == ("602243   1088  36   < 8 >   16071990021",)
    assert not way.matrix


def test_a_norwegian_iban_is_told_as_both_and_another_currency_has_no_line() -> None:
    way = only(invoice(CreditTransfer(account="NO2516071990021", provider="DNBANOKK"), remittance="602243"))
    fields = dict(way.fields)
    assert (fields["account"], fields["iban"], fields["bic"]) == ("1607 19 90021", "NO25 1607 1990 021", "DNBANOKK")
    assert way.lines == ()


def test_a_wrong_kid_is_a_reference() -> None:
    way = only(invoice(CreditTransfer(account="16071990021"), currency="NOK", remittance="602244"))
    assert dict(way.fields)["reference"] == "602244"
    assert "kid" not in dict(way.fields)
    assert way.lines == ()


def test_a_danish_slip() -> None:
    account = CreditTransfer(account="85567595")
    way = only(invoice(account, currency="DKK", means_code="93", remittance="71#709056716118001"))
    assert (way.kind, way.lines) == ("giro-dk", ("+71<709056716118001+85567595<",))
    assert dict(way.fields)["creditor"] == "85567595"
    with_words = only(invoice(account, currency="DKK", means_code="93", remittance="73#Kunde 12"))
    assert with_words.lines == ("+73<+85567595<",)
    assert dict(with_words.fields)["message"] == "Kunde 12"


def test_a_danish_account() -> None:
    account = CreditTransfer(account="1234567", provider="1234")
    way = only(invoice(account, currency="DKK", means_code="42", remittance="F-1"))
    assert (way.kind, dict(way.fields)["account"]) == ("transfer", "1234 0001234567")


@pytest.mark.parametrize(
    ("provider", "account", "name", "shown"),
    [
        ("SE:BANKGIRO", "54029681", "bankgiro", "5402-9681"),
        ("SE:PLUSGIRO", "2865434", "plusgiro", "28 65 43-4"),
        ("BGABSESS", "54029681", "bankgiro", "5402-9681"),
    ],
)
def test_a_swedish_giro(provider: str, account: str, name: str, shown: str) -> None:
    transfer = CreditTransfer(account=account, provider=provider)
    way = only(invoice(transfer, currency="SEK", remittance="1230"))
    assert (way.kind, dict(way.fields)[name], dict(way.fields)["ocr"]) == ("giro-se", shown, "1230")
    assert way.lines == (f"# 1230 # 1088 36   8 > {account}#",)
    without = only(invoice(transfer, currency="SEK", remittance="F-1"))
    assert (dict(without.fields)["reference"], without.lines) == ("F-1", ())


def test_a_transfer_in_euros_has_a_qr_code_and_one_in_kronor_has_none() -> None:
    account = CreditTransfer(account="DE89370400440532013000", provider="COBADEFFXXX")
    way = only(invoice(account, remittance="RF18539007547034"))
    assert (way.kind, dict(way.fields)["reference"]) == ("qr", "RF18 5390 0754 7034")
    assert only(invoice(account, currency="SEK")).kind == "transfer"


def test_an_account_of_no_known_form_stands_as_it_was_stated() -> None:
    way = only(invoice(CreditTransfer(account="12-34 56/7", provider="X"), remittance="12344"))
    assert (way.kind, dict(way.fields)["account"], dict(way.fields)["reference"]) == ("transfer", "12-34 56/7", "12344")


@pytest.mark.parametrize(("amount", "type_code"), [("1088.36", "381"), ("0", "380"), ("-5", "380"), (None, "380")])
def test_where_nothing_is_to_be_paid_nothing_can_be_scanned(amount: str | None, type_code: str) -> None:
    for transfer, currency, means, remittance in (
        (CreditTransfer(account="FI2112345600000785"), "EUR", None, "12344"),
        (CreditTransfer(account="16071990021"), "NOK", None, "602243"),
        (CreditTransfer(account="54029681", provider="SE:BANKGIRO"), "SEK", None, "1230"),
        (CreditTransfer(account="85567595"), "DKK", "93", "71#709056716118001"),
    ):
        way = only(
            invoice(
                transfer,
                currency=currency,
                amount=amount,
                type_code=type_code,
                means_code=means,
                remittance=remittance,
            )
        )
        assert (way.lines, way.digits, way.bars, way.matrix) == ((), "", (), ())
        assert not {"due", "amount"} & {name for name, _ in way.fields}


def test_the_payee_is_the_one_who_is_paid() -> None:
    made = invoice(CreditTransfer(account="X"))
    assert dict(only(made).fields)["payee"] == "Myyjä Oy"
    paid = Invoice(payee=Payee(name="Factoring Oy"), seller=made.seller, payment=made.payment)
    assert dict(only(paid).fields)["payee"] == "Factoring Oy"


def test_card_direct_debit_and_words() -> None:
    card = PaymentCard(number="************1234", holder="N. N.")
    debit = DirectDebit(mandate="M-1", creditor_id="FI76ZZZ12345678", debited_account="FI2112345600000785")
    by_card, by_debit = ways(invoice(card=card, direct_debit=debit))
    assert dict(by_card.fields)["card"] == "************1234"
    assert dict(by_debit.fields)["debited_account"] == "FI21 1234 5600 0007 85"
    words = only(invoice(means_text="Cash on delivery"))
    assert (words.kind, dict(words.fields)["means"]) == ("text", "Cash on delivery")


def test_nothing_is_said_where_nothing_was_stated() -> None:
    assert ways(Invoice()) == ()
    assert ways(invoice()) == ()


def test_a_document_of_many_accounts_shows_the_first() -> None:
    made = invoice(*(CreditTransfer(account=str(number)) for number in range(100)))
    assert len(ways(made)) == MOST_WAYS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_block_has_its_words_in_every_language(language: str) -> None:
    card = PaymentCard(number="1", holder="2")
    debit = DirectDebit(mandate="3", creditor_id="4", debited_account="5")
    made = [
        invoice(CreditTransfer(account="FI2112345600000785", provider="NDEAFIHH"), remittance="12344"),
        invoice(CreditTransfer(account="NO2516071990021", provider="D"), currency="NOK", remittance="602243"),
        invoice(CreditTransfer(account="85567595"), currency="DKK", means_code="93", remittance="73#a"),
        invoice(CreditTransfer(account="54029681", provider="SE:BANKGIRO"), currency="SEK", remittance="1230"),
        invoice(CreditTransfer(account="2865434", provider="SE:PLUSGIRO"), currency="SEK", remittance="x"),
        invoice(CreditTransfer(account="1"), card=card, direct_debit=debit, means_text="in words"),
        invoice(means_text="in words", remittance="x"),
    ]
    for one in made:
        for block in blocks(one, language):
            assert block.title
            assert block.fields
            assert all(field.label and field.value for field in block.fields)
            assert bool(block.note) is bool(block.matrix)


def test_a_block_says_amount_and_date_in_its_language() -> None:
    (block,) = blocks(invoice(CreditTransfer(account="FI2112345600000785"), remittance="12344"), "fi")
    said = [field.value for field in block.fields]
    assert "1\u00a0088,36\u00a0EUR" in said
    assert "4.12.2026" in said
