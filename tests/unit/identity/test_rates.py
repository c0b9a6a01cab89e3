"""Quotas: spent in a burst, earned back evenly, announced in headers, and small in memory."""

from __future__ import annotations

import random

import pytest

from fakturahub.errors import RateLimited
from fakturahub.identity import rates
from fakturahub.identity.rates import WINDOW, Left, Quota, Rates, headers


class Clock:
    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


#: a machine that was just started, one that runs for a month, one that runs for years
STARTS = [0.0, 12.345, 2_678_400.123456, 3e8 + 0.1]


def allowed(quota: Quota, key: str = "a") -> bool:
    try:
        quota.spend(key)
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("limit", [1, 7, 60, 6_000, 60_000])
def test_the_whole_quota_may_be_spent_at_once_and_no_more(limit: int, start: float) -> None:
    quota = Quota("account", limit, Clock(start))
    left = [quota.spend("a") for _ in range(limit)]
    assert [one.remaining for one in left if one is not None] == list(range(limit - 1, -1, -1))
    assert not allowed(quota)
    assert not allowed(quota)


@pytest.mark.parametrize("start", STARTS)
def test_a_quota_is_earned_back_evenly(start: float) -> None:
    clock = Clock(start)
    quota = Quota("account", 60, clock)
    assert sum(allowed(quota) for _ in range(100)) == 60
    clock.at = start + 0.9
    assert not allowed(quota)
    clock.at = start + 1.001
    assert allowed(quota)
    assert not allowed(quota)
    clock.at = start + 11.001
    assert sum(allowed(quota) for _ in range(100)) == 10
    clock.at = start + 3600
    assert sum(allowed(quota) for _ in range(100)) == 60, "never more than the whole"


@pytest.mark.parametrize("start", STARTS)
def test_who_keeps_to_the_rate_is_never_refused(start: float) -> None:
    clock = Clock(start)
    quota = Quota("account", 600, clock)
    for _ in range(600):
        assert allowed(quota)
    for number in range(5000):
        clock.at = start + (number + 1) * 0.1 + 1e-6
        assert allowed(quota), number
        assert not allowed(quota), number


def test_over_a_long_time_nobody_gets_more_than_the_quota() -> None:
    chance, clock = random.Random(11), Clock(1000.0)
    quota = Quota("account", 120, clock)
    granted = 0
    for _ in range(20_000):
        clock.at += chance.expovariate(20)
        granted += allowed(quota)
    minutes = (clock.at - 1000.0) / WINDOW
    assert 120 * minutes <= granted + 1 <= 120 * (minutes + 1) + 1


@pytest.mark.parametrize("limit", [1, 7, 60, 6_000])
def test_who_waits_as_long_as_told_is_let_in(limit: int) -> None:
    clock = Clock(77.7)
    quota = Quota("account", limit, clock)
    while allowed(quota):
        pass
    for _ in range(20):
        with pytest.raises(RateLimited) as caught:
            quota.spend("a")
        assert 1 <= caught.value.retry_after <= WINDOW
        assert f"More than {limit} requests in 60 seconds from this account" in str(caught.value)
        clock.at += caught.value.retry_after
        assert allowed(quota)
        while allowed(quota):
            pass


def test_being_refused_costs_nothing() -> None:
    clock = Clock()
    quota = Quota("account", 60, clock)
    assert sum(allowed(quota) for _ in range(10_000)) == 60
    clock.at = 1.001
    assert allowed(quota)


def test_keys_do_not_share() -> None:
    quota = Quota("account", 2, Clock())
    assert [allowed(quota, key) for key in ("a", "b", "a", "b", "a", "b")] == [True] * 4 + [False] * 2


def test_zero_is_no_limit() -> None:
    quota = Quota("account", 0, Clock())
    for _ in range(1000):
        assert quota.spend("a") is None
        quota.check("a")


@pytest.mark.parametrize("start", STARTS)
def test_checking_spends_nothing_and_refuses_when_nothing_is_left(start: float) -> None:
    clock = Clock(start)
    quota = Quota("address", 10, clock)
    for spent in range(10):
        for _ in range(5):
            quota.check("a")
        left = quota.spend("a")
        assert left is not None
        assert left.remaining == 9 - spent
    with pytest.raises(RateLimited) as caught:
        quota.check("a")
    quota.check("b")
    assert caught.value.retry_after == 6
    clock.at += 6.001
    quota.check("a")
    assert allowed(quota)
    with pytest.raises(RateLimited):
        quota.check("a")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 100)
    quota = Quota("address", 2, Clock())
    assert allowed(quota, "busy")
    assert allowed(quota, "busy")
    for number in range(10_000):
        quota.spend(str(number))
        assert not allowed(quota, "busy"), "what is used all the time is not forgotten"
    assert len(quota._whole_at) == 100


@pytest.mark.parametrize("start", STARTS)
def test_what_is_left_is_announced(start: float) -> None:
    clock = Clock(start)
    quota = Quota("account", 60, clock)
    assert quota.spend("a") == Left("account", 60, 59, 1)
    assert quota.spend("a") == Left("account", 60, 58, 2)
    clock.at = start + 0.5
    left = quota.spend("a")
    assert left is not None
    assert (left.remaining, left.reset) == (57, 3)


def test_headers() -> None:
    assert headers([]) == []
    assert headers([Left("address", 60_000, 59_999, 1), Left("account", 60, 0, 60)]) == [
        (b"ratelimit-policy", b'"address";q=60000;w=60, "account";q=60;w=60'),
        (b"ratelimit", b'"address";r=59999;t=1, "account";r=0;t=60'),
    ]


def test_a_process_counts_accounts_addresses_and_failures_apart() -> None:
    process = Rates(account=1, address=2, failures=0)
    assert allowed(process.account)
    assert not allowed(process.account)
    assert allowed(process.address)
    assert allowed(process.address)
    assert not allowed(process.address)
    assert process.failures.spend("a") is None
