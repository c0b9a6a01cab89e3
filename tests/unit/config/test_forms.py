"""What is written back from a value reads as the same value; and the edges of each form."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.config import SYNTAXES, forms, routing_form, status_codes
from fakturahub.config.codes import COUNTRIES, LANGUAGES
from fakturahub.config.forms import Form


@pytest.mark.parametrize(
    ("form", "written", "canonical"),
    [
        (forms.TEXT, " Skog & Såg AB ", "Skog & Såg AB"),
        (forms.LINE, "  ", ""),
        (forms.ADDRESS, " 0184 : DK31415926 ", "0184:DK31415926"),
        (forms.ADDRESS, "9930:DE123456788", "9930:DE123456788"),
        (forms.ADDRESS, "0088:a:b", "0088:a:b"),
        (forms.DURATION, "90s", "90s"),
        (forms.DURATION, "120s", "2m"),
        (forms.DURATION, "1440m", "24h"),
        (forms.DURATION, "1d", "24h"),
        (forms.DURATION, "168h", "7d"),
        (forms.DURATION, "36h", "36h"),
        (forms.duration("1s", "7d"), "7d", "7d"),
        (forms.duration("1s", "7d"), "1s", "1s"),
        (forms.duration("0s", "60s"), "0s", "0s"),
        (forms.duration("0s", "60s"), "0d", "0s"),
        (forms.duration("0s", "60s"), "60s", "1m"),
        (forms.CLOCK_TIME, "09:05", "09:05"),
        (forms.NETWORK, "127.0.0.1", "127.0.0.1/32"),
        (forms.NETWORK, "FD00::/8", "fd00::/8"),
        (forms.CREDITS, "postpaid", "postpaid"),
        (forms.CREDITS, "2.75", "2.75"),
        (forms.STATUS_CODES, "200, 202 ,204-206", "200,202,204-206"),
        (forms.TIMEZONE, "Europe/Oslo", "Europe/Oslo"),
        (forms.EMAIL, "åse.o'neil+x@post.firm.example", "åse.o'neil+x@post.firm.example"),
        (forms.EMAIL, "root@localhost", "root@localhost"),
        (forms.MAILBOX, "Hub <hub@hub.example>", "Hub <hub@hub.example>"),
        (forms.MAILBOX, "hub@hub.example", "hub@hub.example"),
        (forms.HOST, "API.hub.example", "API.hub.example"),
        (forms.URL, "http://127.0.0.1:8089/in?x=1", "http://127.0.0.1:8089/in?x=1"),
        (forms.URL, "https://[::1]/", "https://[::1]/"),
        (forms.SMTP_URL, "smtps://mail.example", "smtps://mail.example"),
        (forms.REDIRECT_URI, "com.firm.app:/callback", "com.firm.app:/callback"),
        (forms.MEDIA_TYPE, "application/xml; charset=utf-8", "application/xml; charset=utf-8"),
    ],
)
def test_what_is_written_back_reads_the_same(form: Form, written: str, canonical: str) -> None:
    value = form.read(written)
    assert form.write(value) == canonical
    assert form.read(canonical) == value


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (forms.TEXT, "a\tb"),
        (forms.TEXT, "a\x7fb"),
        (forms.TEXT, "x" * 2_001),
        (forms.ADDRESS, "019:1"),
        (forms.ADDRESS, "0192:"),
        (forms.ADDRESS, "0192:" + "1" * 136),
        (forms.ADDRESS, "٠١٩٢:1"),  # digits, but not of ASCII
        (forms.AMOUNT, "1e3"),
        (forms.AMOUNT, "1_000"),
        (forms.AMOUNT, "NaN"),
        (forms.AMOUNT, "0.00001"),
        (forms.AMOUNT, "1000000000"),
        (forms.CREDITS, "Postpaid"),
        (forms.DURATION, "1.5h"),
        (forms.DURATION, "1000000h"),
        (forms.DURATION, "5"),
        (forms.CLOCK_TIME, "9:00"),
        (forms.CLOCK_TIME, "10:60"),
        (forms.EMAIL, "a@b@c"),
        (forms.EMAIL, "@b.example"),
        (forms.EMAIL, "a@b..example"),
        (forms.EMAIL, "a b@c.example"),
        (forms.EMAIL, "a@" + "b" * 253),
        (forms.EMAIL, "user:name@b.example"),  # a colon would end the user name of Basic authentication
        (forms.HOST, "-a.example"),
        (forms.HOST, "a.example:80"),
        (forms.HOST, "a..example"),
        (forms.HOST, "a" * 64),
        (forms.URL, "ftp://a.example"),
        (forms.URL, "https:///path"),
        (forms.URL, "https://a.example/#x"),
        (forms.URL, "https://a.example/ x"),
        (forms.URL, "https://a.example\\@b.example"),
        (forms.URL, "https://a.example:x"),
        (forms.URL, "https://[::1"),
        (forms.REDIRECT_URI, "javascript:alert(1)"),
        (forms.REDIRECT_URI, "com.firm.app:/call#back"),
        (forms.NETWORK, "10.0.0.0/33"),
        (forms.NETWORK, "hub.example"),
        (forms.STATUS_CODES, ""),
        (forms.STATUS_CODES, "600"),
        (forms.STATUS_CODES, "200,"),
        (forms.TIMEZONE, ""),
        (forms.TIMEZONE, "/etc/localtime"),
        (forms.TERM, "seller..name"),
        (forms.USERNAME, "a:b"),
        (forms.TOKEN, "a b"),
        (forms.HEADER_NAME, "x:y"),
        (forms.BLOCK, "x" * 65_537),
    ],
)
def test_what_does_not_fit_is_a_value_error(form: Form, written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the form's ``expected`` is what is said of it
        form.read(written)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())))
def test_no_form_raises_anything_else(value: object) -> None:
    every = [form for form in vars(forms).values() if isinstance(form, Form)]
    assert len(every) >= 25
    for form in every:
        try:
            read = form.read(value)
        except ValueError:
            continue
        assert form.read(form.write(read)) == read
        assert form.same(read) is not None


@given(st.integers(1, 999_999), st.sampled_from("hms"))
def test_durations(number: int, unit: str) -> None:
    duration = forms.DURATION.read(f"{number}{unit}")
    assert duration == timedelta(seconds=number * {"h": 3600, "m": 60, "s": 1}[unit])
    assert forms.DURATION.read(forms.DURATION.write(duration)) == duration


@given(st.decimals(min_value=0, max_value=999_999_999, places=4))
def test_amounts_keep_their_decimals(amount: Decimal) -> None:
    assert forms.AMOUNT.read(forms.AMOUNT.write(amount)) == amount


def test_status_codes_are_ranges_with_both_ends() -> None:
    codes = status_codes("200-202,409")
    assert [status for status in range(100, 600) if status in codes] == [200, 201, 202, 409]


def test_two_spellings_of_an_address_are_one() -> None:
    assert routing_form("0184:DK31415926") == routing_form("0184:dk31415926")
    assert routing_form("0184:DK31415926") != routing_form("0198:DK31415926")


def test_the_code_lists_are_whole() -> None:
    """A code that was cut in two, or run together with another, would change the count or the length."""
    assert (len(COUNTRIES), len(LANGUAGES)) == (249, 183)
    assert {len(code) for code in COUNTRIES | LANGUAGES} == {2}
    assert {"FI", "SE", "DK", "NO", "DE", "GB", "GR", "AX", "GL"} <= COUNTRIES
    assert {"nb", "nn", "sv", "da", "fi", "de", "en", "se"} <= LANGUAGES


def test_the_syntaxes_have_their_order() -> None:
    assert SYNTAXES[:13] == (
        "original",
        "ubl-2.1",
        "peppol-bis-3",
        "ehf-3",
        "xrechnung-3",
        "puf-billing-2.0",
        "vrbl",
        "cii",
        "finvoice-3.0",
        "finvoice-3.0-soap",
        "letters-1.0",
        "payslip-2.0",
        "oioubl-2.1",
    )
    assert len(set(SYNTAXES)) == len(SYNTAXES)
