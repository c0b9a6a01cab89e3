"""Amounts, numbers, percentages and dates in the six languages, as the Unicode CLDR writes them (library babel).

Nothing is rounded and no digit is dropped (Python's signs and sums of decimals round to 28 digits, so that no sign is
turned by them here: ``Decimal.copy_negate``): an amount has at least the decimals of its currency, and all that the
sender stated. Groups of three are parted by a space that does not break, or by the point or comma of the language.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_currency_precision

#: digits of a number before it is shown in the form in which it was written
_MOST_DIGITS = 40
#: CLDR has two digits for the year in the short forms of most languages; a bill wants four
_DAYS = {"nb": "{d:02}.{m:02}.{y}", "sv": "{y}-{m:02}-{d:02}", "da": "{d:02}.{m:02}.{y}", "fi": "{d}.{m}.{y}"}
_DAYS["de"] = _DAYS["nb"]
_MINUS = "\u2212"
_NARROW = "\u202f"
_NO_BREAK = "\u00a0"


def amount(value: Decimal, language: str, currency: str | None = None) -> str:
    """*value* with the decimals of *currency* (ISO 4217; two where it is None or unknown), more where stated."""
    return number(value, language, least=_decimals((currency or "EUR").upper()))


def number(value: Decimal, language: str, *, least: int = 0) -> str:
    """*value* with at least *least* decimals and no needless zeros behind them."""
    if not value.is_finite():
        return str(value)
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or len(digits) + abs(exponent) > _MOST_DIGITS:
        return str(value)
    whole, _, part = f"{value.copy_abs():f}".partition(".")
    part = part.rstrip("0").ljust(least, "0")
    decimal, group = _symbols(language)
    first = len(whole) % 3
    groups = ([whole[:first]] if first else []) + [whole[place : place + 3] for place in range(first, len(whole), 3)]
    text = group.join(groups) + (decimal + part if part else "")
    return _MINUS + text if sign and value else text


def percent(value: Decimal, language: str) -> str:
    """*value*, 25 for twenty-five per cent, with the sign."""
    return f"{number(value, language)}{'' if language == 'en' else _NO_BREAK}%"


def day(value: date, language: str) -> str:
    """*value* with four digits for the year; in English with the month as a word, which no reader turns around."""
    if language in _DAYS:
        return _DAYS[language].format(d=value.day, m=value.month, y=value.year)
    month = Locale("en").months["format"]["abbreviated"][value.month]
    return f"{value.day}{_NO_BREAK}{month}{_NO_BREAK}{value.year}"


def country(code: str, language: str) -> str:
    """The name of the country *code* (ISO 3166-1 alpha-2); the code itself where it is none."""
    name = _territories(language).get(code.upper())
    return str(name) if name else code


@cache
def _symbols(language: str) -> tuple[str, str]:
    symbols = Locale(language).number_symbols["latn"]
    # CLDR parts groups in Norwegian, Swedish and Finnish by U+00A0; the narrow one looks alike and is in every font
    # that the page is set in, but plain text made of a page finds U+00A0 in more readers.
    return str(symbols["decimal"]), str(symbols["group"]).replace(_NARROW, _NO_BREAK)


@cache
def _territories(language: str) -> dict[str, str]:
    return dict(Locale(language).territories)


@cache
def _decimals(currency: str) -> int:
    return int(get_currency_precision(currency))
