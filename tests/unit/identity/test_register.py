"""The address register: names however they are spelled, one wrong letter, and an index that is always up to date."""

from __future__ import annotations

import random
import time
from uuid import UUID, uuid5

import pytest

from fakturahub.identity.register import Register, _is_one_off, name_key

SPACE = UUID("6f7a0f5e-6c0e-4b58-9d0a-6d1d2b1b7f10")


def participant(register: Register, key: str, name: str, business_id: str | None = None) -> None:
    register.put_participant(key, {"name": name, "business_id": business_id, "addresses": [{"address": f"a-{key}"}]})


def names(register: Register, name: str) -> list[str]:
    return [one.name for one in register.by_name(name)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Virta Sähkö Oy", "VIRTA SÄHKÖ OY"),
        ("Virta Sähkö Oy", "Oy Virta Sahko Ab"),
        ("Virta Sähkö Oy", "virta-sähkö"),
        ("Virta Sähkö Oy", "Virta Sa\u0308hko\u0308 Oyj"),
        ("Skog & Såg AB", "Skog och Såg Aktiebolag"),
        ("Havnens Fisk ApS", "Havnens Fisk A/S"),
        ("Bjørn & Sønner AS", "Bjorn og Sonner"),
        ("Straße GmbH & Co. KG", "STRASSE"),
        ("H & M Hennes", "HM Hennes"),
    ],
)
def test_the_same_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Virta Oy", "Virto Oy"), ("Oy", "Ab"), ("Kone 1 Oy", "Kone 2 Oy")])
def test_another_name(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("empty", ["", "  ", "&", "-./", "\u0301", "\0"])
def test_what_is_no_name_finds_nobody(empty: str) -> None:
    register = Register()
    participant(register, "1", empty or "&", business_id="--")
    assert name_key(empty) == ""
    assert register.by_name(empty) == register.by_similar_name(empty) == register.by_business_id("-") == []


def test_companies_come_before_participants_and_change_and_go() -> None:
    register, virta = Register(), uuid5(SPACE, "virta")
    participant(register, "FI 2790131-9", "Virta Sähkö Oy", "2790131-9")
    register.put_company(virta, "Virta Sähkö Oy", "2790131-9", "FI", ["0216:003727901319"])
    assert [one.company_id for one in register.by_business_id("27901319")] == [virta, None]
    assert [one.company_id for one in register.by_name("virta sähkö")] == [virta, None]
    register.put_company(virta, "Virtanen Oy", "1111111-1", "FI", [])
    assert [one.company_id for one in register.by_business_id("2790131-9")] == [None]
    assert names(register, "Virtanen") == ["Virtanen Oy"]
    register.drop_company(virta)
    register.drop_company(virta)
    assert names(register, "Virtanen") == []
    assert len(register) == 1


LONG, SHORT = "Aalto Capital Partners Oy", "Aalto"


@pytest.mark.parametrize("name", [LONG, SHORT, "Kone", "Virtanen"])
def test_one_wrong_letter_is_forgiven_wherever_it_is(name: str) -> None:
    register = Register()
    participant(register, "1", name)
    key = name_key(name)
    wrong = {key[:at] + "x" + key[at + 1 :] for at in range(len(key))}
    wrong |= {key[:at] + "x" + key[at:] for at in range(len(key) + 1)}
    wrong |= {key[:at] + key[at + 1 :] for at in range(len(key))}
    wrong |= {key[:at] + key[at + 1] + key[at] + key[at + 2 :] for at in range(len(key) - 1)}
    for one in wrong:
        found = [listed.name for listed in register.by_similar_name(one)]
        assert found == ([name] if len(one) >= 5 else []), one
    for other in (key[:-2] + "xx", key + "xx", key[2:], "x" + key[1:-1] + "x"):
        assert register.by_similar_name(other) == [], other


def test_one_off_is_what_a_slow_comparison_says() -> None:
    def slow(one: str, other: str) -> bool:
        letters = "ab"
        made = {other[:at] + other[at + 1 :] for at in range(len(other))}
        made |= {other[:at] + letter + other[at + 1 :] for at in range(len(other)) for letter in letters}
        made |= {other[:at] + letter + other[at:] for at in range(len(other) + 1) for letter in letters}
        made |= {other[:at] + other[at + 1] + other[at] + other[at + 2 :] for at in range(len(other) - 1)}
        return one in made

    random.seed(7)
    for _ in range(3_000):
        one, other = ("".join(random.choices("ab", k=random.randint(1, 6))) for _ in range(2))
        if abs(len(one) - len(other)) <= 1 and one != other:
            assert _is_one_off(one, other) == slow(one, other), (one, other)


def test_after_any_changes_it_is_as_if_made_anew() -> None:
    random.seed(11)
    register, stated = Register(), dict[str, tuple[str, str]]()
    for _ in range(400):
        key = str(random.randint(1, 40))
        stated[key] = (f"Firm {random.randint(1, 12)} Oy", f"{random.randint(1, 12)}-1")
        participant(register, key, *stated[key])
    fresh = Register()
    for key in sorted(stated):
        participant(fresh, key, *stated[key])
    for number in range(13):
        assert register.by_name(f"firm{number}") == fresh.by_name(f"firm{number}")
        assert register.by_similar_name(f"firm{number}") == fresh.by_similar_name(f"firm{number}")
        assert register.by_business_id(f"{number}1") == fresh.by_business_id(f"{number}1")


def test_a_question_to_many_costs_no_more_than_one_to_few() -> None:
    """Microseconds, among 20,000 participants; the bound leaves room for a busy machine."""
    register = Register()
    for number in range(20_000):
        participant(register, str(number), f"Suomen Yritys {number} Oy", f"{number:07d}-1")
    started = time.process_time()
    for number in range(0, 20_000, 20):
        assert len(register.by_business_id(f"{number:07d}-1")) == 1
        assert len(register.by_name(f"OY SUOMEN YRITYS {number}")) == 1
    assert (time.process_time() - started) / 2_000 < 0.001
