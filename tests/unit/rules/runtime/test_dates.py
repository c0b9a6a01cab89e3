from __future__ import annotations

import itertools

import pytest

from fakturahub.rules.runtime import dates
from fakturahub.rules.runtime.errors import EvaluationError

ARABIC = "\u0662\u0660\u0662\u0664-01-01"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" 2024-02-29\n", "2024-02-29"),
        ("2024-01-01Z", "2024-01-01Z"),
        ("2024-01-01-00:00", "2024-01-01Z"),
        ("2024-01-01+05:30", "2024-01-01+05:30"),
        ("10000-01-01", "10000-01-01"),
        ("2147483647-12-31", "2147483647-12-31"),
        ("-0001-03-01", "-0001-03-01"),
        ("0000-02-29", "0000-02-29"),
    ],
)
def test_a_date(text: str, canonical: str) -> None:
    assert str(dates.date_of_string(text)) == canonical
    assert dates.is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-04-31",
        "2024-1-1",
        "20240101",
        "02024-01-01",
        "+2024-01-01",
        ARABIC,
        "2024-01-01T00:00:00",
        "2024-01-01+15:00",
        "2024-01-01+5:00",
        "2024-01-01+05:60",
        "2024-00-01",
        "2024-01-00",
    ],
)
def test_no_date(text: str) -> None:
    assert not dates.is_date(text)
    with pytest.raises(EvaluationError) as caught:
        dates.date_of_string(text)
    assert caught.value.code == "FORG0001"


@pytest.mark.parametrize("year", ["2147483648", "-2147483648", "9" * 5000])
def test_a_year_out_of_range(year: str) -> None:
    assert not dates.is_date(f"{year}-01-01")
    with pytest.raises(EvaluationError, match="FODT0001"):
        dates.date_of_string(f"{year}-01-01")


def test_dates_compare_as_moments() -> None:
    of = dates.date_of_string
    assert of("2024-01-01") == of("2024-01-01Z")
    assert of("2024-01-01+01:00") < of("2024-01-01")
    assert of("2024-01-01-05:00") > of("2024-01-01Z")
    assert of("2024-01-01+12:00") == of("2023-12-31-12:00")
    assert of("2024-02-29") >= of("2024-02-28")
    assert of("2024-03-01") <= of("2024-03-01Z")
    assert of("-0001-12-31") < of("0000-01-01") < of("9999-12-31") < of("10000-01-01")
    assert len({of("2024-01-01"), of("2024-01-01Z"), of("2024-01-02")}) == 2
    assert of("2024-01-01") != "2024-01-01"


def test_every_day_follows_the_last() -> None:
    days = [
        dates.Date(year, month, day)
        for year in (-1, 0, 1900, 2000, 2023, 2024)
        for month in range(1, 13)
        for day in range(1, 32)
        if dates.is_date(f"{'-' if year < 0 else ''}{abs(year):04}-{month:02}-{day:02}")
    ]
    assert len(days) == 365 + 366 + 365 + 366 + 365 + 366
    steps = [later.moment[0] - sooner.moment[0] for sooner, later in itertools.pairwise(days)]
    assert [step for step in steps if step != 24 * 60] == [
        (dates.Date(1900, 1, 1).moment[0] - dates.Date(0, 12, 31).moment[0]),
        (dates.Date(2000, 1, 1).moment[0] - dates.Date(1900, 12, 31).moment[0]),
        (dates.Date(2023, 1, 1).moment[0] - dates.Date(2000, 12, 31).moment[0]),
    ]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2024-01-01T24:00:00", "2024-01-02T00:00:00"),
        ("2024-12-31T24:00:00Z", "2025-01-01T00:00:00Z"),
        ("2024-02-28T24:00:00", "2024-02-29T00:00:00"),
        ("2024-01-01T23:59:59.1230+01:00", "2024-01-01T23:59:59.123+01:00"),
        ("2024-01-01T05:06:07.000", "2024-01-01T05:06:07"),
    ],
)
def test_a_moment(text: str, canonical: str) -> None:
    assert str(dates.date_time_of_string(text)) == canonical
    assert dates.is_date_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01",
        "2024-01-01T23:59:60",
        "2024-01-01T24:00:01",
        "2024-01-01T25:00:00",
        "2024-01-01T10:60:00",
        "2024-01-01T00:00:00.",
        "2024-01-01T10:00",
        "2024-02-30T00:00:00",
    ],
)
def test_no_moment(text: str) -> None:
    assert not dates.is_date_time(text)
    with pytest.raises(EvaluationError, match="FORG0001"):
        dates.date_time_of_string(text)


def test_dates_and_moments_are_cast_to_each_other() -> None:
    moment = dates.date_time_of_string("2024-01-01T23:00:00+02:00")
    assert str(dates.date_of_date_time(moment)) == "2024-01-01+02:00"
    assert str(dates.date_time_of_date(dates.date_of_string("2024-01-01+02:00"))) == "2024-01-01T00:00:00+02:00"
    assert repr(moment) == "DateTime(2024-01-01T23:00:00+02:00)"
    assert moment < dates.date_time_of_string("2024-01-01T21:00:00.5Z")
