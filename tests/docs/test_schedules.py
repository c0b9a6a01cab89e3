"""The page about deliveries that leave the hub, read back from the code."""

from __future__ import annotations

from datetime import timedelta

from fakturahub import printing_targets
from fakturahub.exchange import breaker, schedule
from tests.docs.pages import ROOT, prose, tables, ticked

PAGE = ROOT / "docs" / "reference" / "deliveries.md"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _spans(text: str) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=int(one[:-1]) * _UNITS[one[-1]]) for one in text.split())


def test_every_schedule() -> None:
    (rows,) = [rows for heading, _, rows in tables(PAGE) if heading == "Schedules"]
    found = {
        ticked(row[0])[0]: schedule.Schedule(
            _spans(ticked(row[1])[0]), _spans(ticked(row[2])[0])[0], int(ticked(row[3])[0])
        )
        for row in rows
    }
    assert found == schedule.SCHEDULES


def test_what_the_text_says_of_pauses() -> None:
    text = " ".join(prose(PAGE).split())
    assert "up to a fifth longer or shorter" in text
    assert schedule.JITTER == 1 / 5
    assert "up to twice as long or an hour" in text
    assert timedelta(hours=1) == schedule.LONGEST_ASKED
    assert "nobody listening within a second" in text
    assert timedelta(seconds=1) == schedule.QUICK
    (own,) = [one for one in ticked(text) if one.startswith("30s ")]
    assert _spans(own) == schedule.OWN_TROUBLE


def test_what_the_text_says_of_breakers() -> None:
    text = " ".join(prose(PAGE).split())
    assert "at least ten attempts were made in five minutes and seven of ten failed" in text
    assert (10, timedelta(minutes=5), 0.7) == (breaker.ATTEMPTS, breaker.WINDOW, breaker.FAILED)
    assert "After half a minute it is half open" in text
    assert timedelta(seconds=30) == breaker.FIRST
    assert "in the end for ten minutes" in text
    assert timedelta(minutes=10) == breaker.LONGEST


def test_every_state_of_a_breaker() -> None:
    (rows,) = [rows for heading, _, rows in tables(PAGE) if heading == "Breakers"]
    assert [ticked(row[0])[0] for row in rows] == ["fine", "failing", "open", "trying", "coming back"]
    assert {ticked(row[0])[0] for row in rows} == set(printing_targets._COLOUR)
