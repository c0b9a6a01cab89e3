"""Check digits: known right numbers, the same with one digit changed, and made ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.model import checkdigits

RIGHT: list[tuple[Callable[[str], bool], str]] = [
    (checkdigits.is_iban, "FI2112345600000785"),
    (checkdigits.is_iban, "GB82 WEST 1234 5698 7654 32"),
    (checkdigits.is_iban, "NO9386011117947"),
    (checkdigits.is_rf_reference, "RF18539007547034"),
    (checkdigits.is_rf_reference, "RF08 12344"),
    (checkdigits.is_finnish_reference, "12344"),
    (checkdigits.is_finnish_reference, "00000000000000012344"),
    (checkdigits.is_business_id, "0112038-9"),
    (checkdigits.is_business_id, "01120389"),
    (checkdigits.is_finnish_vat_id, "FI01120389"),
    (checkdigits.is_ovt, "003701120389"),
    (checkdigits.is_organisation_number, "974761076"),
    (checkdigits.is_swedish_organisation_number, "5560360793"),
    (checkdigits.is_swedish_organisation_number, "556036-0793"),
    (checkdigits.is_cvr, "13585628"),
    (checkdigits.is_cvr, "DK13585628"),
    (checkdigits.is_gln, "7300010000001"),
    (checkdigits.is_gtin, "4006381333931"),
    (checkdigits.is_gtin, "96385074"),
    (checkdigits.is_kid_mod10, "602243"),
    (checkdigits.is_kid, "602243"),
    (checkdigits.is_norwegian_account, "86011117947"),
    (checkdigits.is_fik, "709056716118001"),
]
CHECKS = [*dict.fromkeys(check for check, _ in RIGHT), checkdigits.is_kid_mod11]


@pytest.mark.parametrize(("check", "number"), RIGHT)
def test_a_right_number_is_right_and_one_digit_off_is_not(check: Callable[[str], bool], number: str) -> None:
    assert check(number)
    last = max(place for place, character in enumerate(number) if character.isdigit())
    wrong = f"{number[:last]}{(int(number[last]) + 1) % 10}{number[last + 1 :]}"
    assert not check(wrong)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("text", ["", "-", " ", "x", "1", "1" * 60, "\u0663" * 9, "12a45678", "FI21 1234\n5600000785"])
def test_what_is_no_number_is_wrong(check: Callable[[str], bool], text: str) -> None:
    assert check(text) is False


def test_an_ovt_may_have_a_tail_and_no_hyphen() -> None:
    assert checkdigits.is_ovt("003701120389ABC12")
    assert not checkdigits.is_ovt("003701120389ABC123")
    assert not checkdigits.is_ovt("00370112038-9")


def test_an_iban_has_the_length_of_its_country() -> None:
    short = checkdigits.make_iban("FI", "1234560000078")
    assert not checkdigits.is_iban(short)
    # A country that is not in the table: the sum alone.
    assert checkdigits.is_iban(checkdigits.make_iban("XX", "1234560000078"))


def test_kid_by_modulo_11_may_end_in_a_hyphen() -> None:
    # 7·2 + 6·3 + 5·4 + 4·5 + 3·6 + 2·7 + 1·2 = 106, which is 7 modulo 11, so the digit is 4.
    assert checkdigits.is_kid_mod11("12345674")
    # 6·2 = 12; the digit would be 10.
    assert checkdigits.is_kid_mod11("6-")
    assert checkdigits.is_kid("6-")
    assert not checkdigits.is_kid_mod10("6-")


def test_the_numbers_of_the_worked_examples() -> None:
    assert checkdigits.make_finnish_reference("1234") == "12344"
    assert checkdigits.make_rf_reference("12344") == "RF0812344"
    assert checkdigits.make_iban("NO", "16071990021") == "NO2516071990021"


@given(st.from_regex("[1-9][0-9]{2,18}", fullmatch=True))
def test_what_is_made_is_right(base: str) -> None:
    made = checkdigits.make_finnish_reference(base)
    assert checkdigits.is_finnish_reference(made)
    assert checkdigits.is_rf_reference(checkdigits.make_rf_reference(made))
    assert checkdigits.is_rf_reference(checkdigits.make_rf_reference(made.zfill(20)).lower())


@given(st.from_regex("[0-9]{11}", fullmatch=True))
def test_an_iban_that_is_made_is_right(account: str) -> None:
    assert checkdigits.is_iban(checkdigits.make_iban("NO", account))
