"""The virtual bar code, against the examples that banks and other programs publish."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.model.barcodes import virtual_bar_code
from fakturahub.model.checkdigits import make_finnish_reference, make_rf_reference

FINNISH = "FI37 1590 3000 0007 76"


@pytest.mark.parametrize(
    ("account", "amount", "reference", "due", "digits"),
    [
        # The package virtuaaliviivakoodi, its README and its tests.
        (FINNISH, "12.25", "11112", date(2016, 12, 21), "437159030000007760000122500000000000000000011112161221"),
        (FINNISH, "1.10", "RF9811112", date(2017, 1, 1), "537159030000007760000011098000000000000000011112170101"),
        (FINNISH, None, "11112", None, "437159030000007760000000000000000000000000011112000000"),
        # The package of the same name for Python.
        (
            "FI49 5000 9420 0287 30",
            "100.20",
            "12345 67907",
            date(2022, 12, 12),
            "449500094200287300001002000000000000001234567907" + "221212",
        ),
        # The worked example of the hub's mapping.
        (
            "FI2112345600000785",
            "1088.36",
            "12344",
            date(2026, 9, 15),
            "421123456000007850010883600000000000000000012344260915",
        ),
        (
            "FI2112345600000785",
            "1088.36",
            "rf08 12344",
            date(2026, 9, 15),
            "521123456000007850010883608000000000000000012344260915",
        ),
    ],
)
def test_virtual_bar_code(account: str, amount: str | None, reference: str, due: date | None, digits: str) -> None:
    sum_ = Decimal(amount) if amount else None
    assert virtual_bar_code(account, sum_, reference, due) == digits
    assert len(digits) == 54


@pytest.mark.parametrize("amount", ["-1", "1000000", "1.005"])
def test_an_amount_that_the_bar_code_cannot_hold_is_left_to_the_payer(amount: str) -> None:
    digits = virtual_bar_code(FINNISH, Decimal(amount), "11112", date(2016, 12, 21))
    assert digits == "437159030000007760000000000000000000000000011112161221"


@pytest.mark.parametrize(
    ("account", "reference"), [("NO9386011117947", "11112"), ("FI3715903000000777", "11112"), (FINNISH, "11113")]
)
def test_no_bar_code_of_a_wrong_or_foreign_number(account: str, reference: str) -> None:
    assert virtual_bar_code(account, Decimal(1), reference, None) is None


@given(
    cents=st.integers(0, 99_999_999),
    base=st.integers(100, 10**18),
    rf=st.booleans(),
    due=st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)
def test_what_a_bar_code_says_can_be_read_from_its_places(cents: int, base: int, rf: bool, due: date | None) -> None:
    plain = make_finnish_reference(str(base))
    reference = make_rf_reference(plain) if rf else plain
    digits = virtual_bar_code(FINNISH, Decimal(cents) / 100, reference, due)
    assert digits is not None
    assert (len(digits), digits[0], digits[1:17]) == (54, "5" if rf else "4", "3715903000000776")
    assert int(digits[17:25]) == cents
    assert digits[25:27] == (reference[2:4] if rf else "00")
    assert int(digits[27:48]) == int(plain)
    assert digits[48:] == (f"{due:%y%m%d}" if due else "000000")
