"""Documents and the backlog in words: amounts, times, hostile texts, states."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.console.lines import DIGITS, LATE, SHOWN, STATES, amount, backlog_line, duration, line, shown
from fakturahub.exchange.overview import Backlog, Listed
from fakturahub.model import DocumentState, Mode

MARK = "\N{REPLACEMENT CHARACTER}"
ID = UUID("01a1f87e-2233-72dd-a3f8-69372cf5ca8a")


def listed(**changed: object) -> Listed:
    values: dict[str, object] = {
        "id": ID,
        "created_at": datetime(2026, 11, 20, 10, 26, 18, 123456, tzinfo=UTC),
        "state": "delivered",
        "mode": "prod",
        "dialect": "pagero",
        "sender": "skog",
        "receiver": "virta",
        "syntax": "peppol-bis-3",
        "kind": "credit-note",
        "number": "2026-1001",
        "issue_date": date(2026, 11, 19),
        "currency": "SEK",
        "payable": Decimal("12500.00"),
    }
    return Listed(**{**values, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("0.00", "0.00"),
        ("999.9", "999.9"),
        ("1000", "1 000"),
        ("1234567.50", "1 234 567.50"),
        ("-45.5", "\N{MINUS SIGN}45.5"),
        ("-1999.95", "\N{MINUS SIGN}1 999.95"),
        ("1E+3", "1 000"),
        ("0.0001", "0.0001"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("1E+30", "1E+30"),
        ("1E-40", "1E-40"),
    ],
)
def test_amounts(value: str, text: str) -> None:
    assert amount(Decimal(value)) == text.replace(" ", "\N{NARROW NO-BREAK SPACE}")


def test_an_amount_of_a_million_digits_costs_nothing() -> None:
    assert len(amount(Decimal("1E+999999"))) < 20
    assert len(amount(Decimal("1" * 100_000))) == SHOWN + 1


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=2))
def test_no_digit_of_an_amount_is_lost(value: Decimal) -> None:
    back = amount(value).replace("\N{NARROW NO-BREAK SPACE}", "").replace("\N{MINUS SIGN}", "-")
    assert str(Decimal(back)) == str(value)


@given(st.decimals())
def test_every_amount_has_a_form(value: Decimal) -> None:
    assert 0 < len(amount(value)) <= max(SHOWN, 3 * DIGITS) + 1


@given(st.text(max_size=3 * SHOWN))
def test_every_text_can_be_shown(text: str) -> None:
    result = shown(text)
    assert 0 < len(result) <= SHOWN + 1
    result.encode("utf-8")
    assert not [one for one in result if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(result) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    # what needs no mark is shown as it is
    assert all(was == now or now == MARK for was, now in zip(text[:SHOWN], result, strict=False)) or not text.strip()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Skog & Såg AB", "Skog & Såg AB"),
        ("חשבונית 123", "חשבונית 123"),
        ("R\u202efdp.exe", f"R{MARK}fdp.exe"),
        ("a\x00b\x1bc\nd\re", f"a{MARK}b{MARK}c{MARK}d{MARK}e"),
        ("\ud800", MARK),
        ("", MARK),
        ("  \u3000 ", MARK),
        ("x" * (SHOWN + 1), "x" * SHOWN + "…"),
        ("x" * SHOWN, "x" * SHOWN),
        # joiners and marks belong to the writing of some languages
        ("ab\u200ccd\u200e", "ab\u200ccd\u200e"),
    ],
)
def test_texts(text: str, result: str) -> None:
    assert shown(text) == result


def test_times_are_utc() -> None:
    east = datetime(2026, 11, 20, 1, 2, 3, 45_000, tzinfo=timezone(timedelta(hours=2)))
    seen = line(listed(created_at=east))
    assert (seen.day, seen.time, seen.instant) == ("2026-11-19", "23:02:03Z", "2026-11-19T23:02:03.045Z")


def test_a_line() -> None:
    seen = line(listed())
    assert seen.short_id == "2cf5ca8a"
    assert seen.kind == "credit note"
    assert (seen.stated, seen.currency) == ("12500.00", "SEK")
    assert seen.unreal is None


def test_what_was_not_stated_stays_unstated() -> None:
    seen = line(listed(number=None, receiver=None, syntax=None, currency=None, payable=None, state="rejected"))
    assert (seen.number, seen.receiver, seen.syntax) == (None, None, None)
    assert (seen.amount, seen.stated, seen.currency) == (None, None, None)
    assert seen.nobody == "none"
    assert line(listed(receiver=None, state="delivered")).nobody == "outside this hub"


def test_every_state_has_its_own_look() -> None:
    assert set(STATES) == set(DocumentState)
    assert {state.tone for state in STATES.values()} == {"good", "bad", "warn", "info", "quiet"}
    # what differs in its outcome differs in its symbol, not in its colour alone
    symbols = {name: state.symbol for name, state in STATES.items()}
    tones: dict[str, set[str]] = {}
    for name, symbol in symbols.items():
        tones.setdefault(symbol, set()).add(STATES[name].tone)
    assert all(len(seen) == 1 for seen in tones.values())


def test_a_state_that_is_not_known() -> None:
    seen = line(listed(state="<b>new\u202e</b>"))
    assert (seen.state.word, seen.state.tone) == (f"<b>new{MARK}</b>", "quiet")


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_that_are_not_real_say_so(mode: Mode) -> None:
    assert (line(listed(mode=str(mode))).unreal is None) == (mode is Mode.PROD)


def test_a_mode_that_is_not_known_is_not_taken_for_real() -> None:
    assert line(listed(mode="rehearsal")).unreal


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7530, "2 h 5 min"),
        (86_400 * 3 + 4 * 3600 + 59, "3 d 4 h"),
        (86_400 + 59, "1 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("backlog", "text", "tone"),
    [
        (Backlog(0, 0.0), "No delivery is open", "good"),
        (Backlog(1, 12.0), "1 delivery is open, the oldest has been due for 12 s", "info"),
        (Backlog(12, 0.0), "12 deliveries are open, none is overdue", "info"),
        (Backlog(1342, LATE), "1 342 deliveries are open, the oldest has been due for 5 min", "warn"),
    ],
)
def test_the_backlog(backlog: Backlog, text: str, tone: str) -> None:
    seen = backlog_line(backlog)
    said = seen.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert (said, seen.tone) == (text, tone)
