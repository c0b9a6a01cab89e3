"""Numbers and codes of payment slips, against the examples that banks and other programs publish."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.render.payment import danish, epc, finnish, norwegian, swedish
from fakturahub.render.payment.code128 import code128c
from fakturahub.render.payment.grouping import from_the_left, from_the_right
from fakturahub.render.payment.luhn import check_digit

FINNISH = "FI37 1590 3000 0007 76"


def test_references_and_accounts_in_groups() -> None:
    assert from_the_left("FI2112345600000785") == "FI21 1234 5600 0007 85"
    assert from_the_right("123456789") == "1234 56789"
    assert from_the_right("1234567890") == "12345 67890"
    assert finnish.grouped("00000000000000012344") == "12344"
    assert finnish.grouped("1234567907") == "12345 67907"
    assert finnish.grouped("RF18539007547034") == "RF18 5390 0754 7034"
    assert finnish.grouped("602243") is None
    assert norwegian.grouped("12345678903") == "1234 56 78903"


@pytest.mark.parametrize(
    ("digits", "check"),
    # ISO/IEC 7812-1: 7992739871 has the digit 3; a KID of the hub's mapping; nothing and one.
    [("7992739871", "3"), ("60224", "3"), ("", "0"), ("1", "8"), ("10000", "8")],
)
def test_check_digit(digits: str, check: str) -> None:
    assert check_digit(digits) == check


# --- Code 128 -------------------------------------------------------------------------------------------------------


def test_a_bar_code_of_four_digits_by_hand() -> None:
    # Start C, 12, 34, check (105 + 12 + 2 x 34 = 185, modulo 103 = 82), stop: the widths of ISO/IEC 15417.
    assert code128c("1234").widths == tuple(map(int, "2112321122321311231212412331112"))
    assert code128c("1234").bars()[:3] == ((0, 2), (3, 1), (6, 3))


@given(st.text("0123456789", min_size=1, max_size=30).map(lambda half: half + half))
def test_every_bar_code_is_as_wide_as_its_symbols(digits: str) -> None:
    code = code128c(digits)
    assert code.modules == 11 * (len(digits) // 2 + 2) + 13
    assert sum(width for _, width in code.bars()) + sum(code.widths[1::2]) == code.modules
    # In each symbol the bars take an even count of modules: the parity that a reader checks.
    symbols = [code.widths[place : place + 6] for place in range(0, len(code.widths) - 7, 6)]
    assert all(sum(symbol) == 11 and sum(symbol[::2]) % 2 == 0 for symbol in symbols)


def test_the_widths_of_all_symbols_differ() -> None:
    assert len({code128c(f"{value:02d}").widths[6:12] for value in range(100)}) == 100


@pytest.mark.parametrize("digits", ["", "1", "12a4", "\u0661\u0662", "123"])
def test_character_set_c_holds_pairs_of_digits(digits: str) -> None:
    with pytest.raises(ValueError, match="pairs of digits"):
        code128c(digits)


# --- slips ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("means", "remittance", "creditor", "line"),
    [
        ("93", "71#709056716118001", "85567595", "+71<709056716118001+85567595<"),
        ("93", "73#", "85567595", "+73<+85567595<"),
        ("93", "73# kundenr. 12", "85567595", "+73<+85567595<"),
        ("93", "75#0000000000010421", "85567595", "+75<0000000000010421+85567595<"),
        ("93", "75#10421", "85567595", "+75<0000000000010421+85567595<"),
        ("50", "01#", "1234567", "+01<+1234567<"),
        ("50", "04#1234567890123456", "12345678", "+04<1234567890123456+12345678<"),
        ("50", "15#1234567890123456", "1234567", "+15<1234567890123456+1234567<"),
    ],
)
def test_danish_code_line(means: str, remittance: str, creditor: str, line: str) -> None:
    assert danish.code_line(means, remittance, creditor) == line


@pytest.mark.parametrize(
    ("means", "remittance", "creditor"),
    [
        ("93", "71#", "85567595"),
        ("93", "71#1234567890123456", "85567595"),
        ("93", "72#1", "85567595"),
        ("93", "71#70905671611800x", "85567595"),
        ("93", "71#709056716118001", "1234567"),
        ("50", "71#709056716118001", "85567595"),
        ("58", "71#709056716118001", "85567595"),
        ("93", "", "85567595"),
    ],
)
def test_what_is_no_danish_slip_has_no_line(means: str, remittance: str, creditor: str) -> None:
    assert danish.code_line(means, remittance, creditor) is None


def test_a_danish_account_has_its_registration_number_before_it() -> None:
    assert danish.account("1234", "1234567") == "1234 0001234567"
    assert danish.account("DABADKKK", "1234567") is None
    assert danish.account(None, "1234567") is None


def test_swedish_numbers() -> None:
    # The package banktools-se: how it prints them.
    assert swedish.bankgiro("54029681") == "5402-9681"
    assert swedish.bankgiro("902-0033") == "902-0033"
    assert swedish.plusgiro("2865434") == "28 65 43-4"
    assert swedish.plusgiro("410541-2") == "41 05 41-2"
    assert swedish.plusgiro("12") == "1-2"
    assert (swedish.bankgiro("123456"), swedish.plusgiro("1"), swedish.bankgiro("5402968x")) == (None, None, None)
    assert (swedish.is_ocr("1230"), swedish.is_ocr("1231"), swedish.is_ocr("12-")) == (True, False, False)


def test_the_swedish_line_holds_what_a_reader_looks_for() -> None:
    # The scanner DroidGiro reads, blanks apart: #reference#, kronor and two of öre and a check digit >, account#.
    line = swedish.code_line("5402-9681", "1230", Decimal("100"))
    assert line == "# 1230 # 100 00   8 > 54029681#"
    assert swedish.code_line("54029681", "1231", Decimal(100)) is None
    assert swedish.code_line("54029681", "1230", Decimal("100000000")) is None


def test_the_norwegian_figures() -> None:
    figures = norwegian.figures("16071990021", "602243", Decimal("1234.5"))
    assert figures is not None
    assert (figures.kroner, figures.ore, figures.check) == ("1234", "50", check_digit("123450"))
    assert figures.line == "602243   1234  50   < 9 >   16071990021"
    small = norwegian.figures("16071990021", None, Decimal("0.05"))
    assert small is not None
    assert (small.kroner, small.ore, small.line) == ("0", "05", "0  05   < 9 >   16071990021")
    for amount in ("0", "-1", "1.005", "100000000"):
        assert norwegian.figures("16071990021", None, Decimal(amount)) is None


def test_a_norwegian_account_is_found_in_its_iban() -> None:
    assert norwegian.account_of("NO25 1607 1990 021") == "16071990021"
    assert norwegian.account_of("1607.19.90021") == "16071990021"
    assert norwegian.account_of("16071990022") is None
    assert norwegian.account_of("FI2112345600000785") is None


# --- EPC069-12 ------------------------------------------------------------------------------------------------------


def test_the_payload_of_a_donation() -> None:
    # The example of Wikipedia's article, with the amount in two decimals and without what the hub does not know.
    assert epc.payload("Red Cross", "BE72000000001616", Decimal(1), bic="BPOTBEB1", remittance="Urgency fund") == (
        "BCD\n002\n1\nSCT\nBPOTBEB1\nRed Cross\nBE72000000001616\nEUR1.00\n\n\nUrgency fund"
    )


def test_the_payload_that_segno_makes_of_the_same() -> None:
    from segno.helpers import _make_epc_qr_data

    expected = _make_epc_qr_data(
        "François D'Alsace S.A.", "FR1420041010050500013M02606", "12.35", reference="RF18539007547034", encoding=1
    )
    made = epc.payload(
        "François D'Alsace S.A.",
        "FR14 2004 1010 0505 0001 3M02 606",
        Decimal("12.35"),
        remittance="RF18 5390 0754 7034",
    )
    assert made is not None
    assert made.encode() == expected


def test_a_finnish_reference_goes_to_the_field_for_references() -> None:
    data = epc.payload("Saaja Oy", FINNISH, Decimal("12.25"), remittance="11112")
    assert data is not None
    assert data.split("\n")[9] == "RF9811112"


def test_what_would_break_the_lines_becomes_blanks_and_what_is_too_long_is_cut() -> None:
    data = epc.payload("A\nB\r\x00 C" + "x" * 100, FINNISH, Decimal(1), remittance="one\ntwo " * 30, bic="not a BIC")
    assert data is not None
    rows = data.split("\n")
    assert len(rows) == 11
    assert (rows[4], rows[5][:7], len(rows[5]), rows[9]) == ("", "A B Cxx", 70, "")
    assert len(rows[10]) <= 140
    assert rows[10].startswith("one two one")


@pytest.mark.parametrize(
    ("name", "iban", "amount"),
    [
        ("", FINNISH, "1"),
        ("\x00", FINNISH, "1"),
        ("A", "12345678903", "1"),
        ("A", FINNISH, "0"),
        ("A", FINNISH, "0.005"),
        ("A", FINNISH, "1000000000"),
        ("A", FINNISH, "-1"),
    ],
)
def test_no_payload_of_what_banks_refuse(name: str, iban: str, amount: str) -> None:
    assert epc.payload(name, iban, Decimal(amount)) is None


def test_no_payload_of_more_bytes_than_a_reader_takes() -> None:
    assert epc.payload("北" * 70, FINNISH, Decimal(1), remittance="京" * 140) is None


def test_the_symbol_has_its_three_corners() -> None:
    data = epc.payload("Saaja Oy", FINNISH, Decimal("12.25"), remittance="11112")
    rows = epc.matrix(data or "")
    assert rows is not None
    assert {len(row) for row in rows} == {len(rows)}
    assert len(rows) <= 69
    for corner in (rows[0][:7], rows[0][-7:], rows[-1][:7], rows[6][:7]):
        assert corner == "1111111"
    assert rows[-1][-7:] != "1111111", "the fourth has none"
    assert set("".join(rows)) == {"0", "1"}


def test_a_text_that_needs_a_larger_symbol_has_none() -> None:
    assert epc.matrix("x" * 400) is None
