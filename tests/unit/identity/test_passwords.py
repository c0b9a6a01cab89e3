"""Passwords are hashed slowly, checked off the event loop, and what was right is remembered for a while."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from argon2.low_level import Type

from fakturahub.errors import Overloaded
from fakturahub.identity.passwords import PasswordCheck, decoy, hash_password, verify, well_formed

#: quick to compute, and of a form that verify takes
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_a_hash_fits_its_password_and_no_other() -> None:
    stored = hash_password("virta-password")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "virta" not in stored
    assert verify("virta-password", stored)
    assert not verify("virta-passwore", stored)
    assert not verify("", stored)
    assert hash_password("virta-password") != stored


def test_a_hash_of_an_earlier_version_fits() -> None:
    """What a database holds has to be checked for ever."""
    stored = "$argon2id$v=19$m=19456,t=2,p=1$QTShvY93IBZZo9AQVWFsbQ$/DKlCHwhD5hnhr9+qBvzDt+89jT94vs3kYN95XrmCxA"
    assert verify("virta-password", stored)


def test_it_does_not_matter_how_letters_are_composed() -> None:
    assert verify("A\u030akesson", hash_password("\u00c5kesson"))
    assert verify("\u00c5kesson", hash_password("A\u030akesson"))


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "virta-password",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$short$short",
        QUICK.hash("virta-password").replace("$m=8,", "$m=4000000,"),  # would take 4 GB
        QUICK.hash("virta-password").replace(",t=1,", ",t=100000,"),
        QUICK.hash("virta-password").replace("$m=8,", "$m=,"),
        QUICK.hash("virta-password") + "\n",
        PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.I).hash("virta-password"),
        "\ud800",
    ],
    # hashes are salted: each process that runs tests would have names of its own
    ids=range(10),
)
def test_what_is_no_hash_fits_nothing(stored: str) -> None:
    start = time.process_time()
    assert not well_formed(stored)
    assert not verify("virta-password", stored)
    assert time.process_time() - start < 1


def test_a_hash_that_cannot_be_computed_fits_nothing() -> None:
    """m has to be 8 times p at least: well formed by its letters, refused by the library."""
    stored = QUICK.hash("virta-password").replace(",p=1$", ",p=4$")
    assert well_formed(stored)
    assert not verify("virta-password", stored)


def test_a_password_without_a_utf_8_form() -> None:
    assert not verify("\ud800", hash_password("x"))
    with pytest.raises(ValueError, match="surrogates not allowed"):
        hash_password("\ud800")


def test_nobody_has_the_password_of_the_decoy() -> None:
    assert well_formed(decoy())
    assert decoy() == decoy()
    assert not verify("", decoy())
    assert decoy().rpartition("$")[0].rpartition("$")[0] == hash_password("x").rpartition("$")[0].rpartition("$")[0]


# --- on every request -----------------------------------------------------------------------------------------------


class Checker:
    """A check that is counted, may be held up, and finds ``right`` right."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.threads: set[str] = set()
        self.at_once = 0
        self.most_at_once = 0
        self.go = threading.Event()
        self.go.set()
        self._lock = threading.Lock()

    def __call__(self, password: str, stored: str) -> bool:
        with self._lock:
            self.calls.append((password, stored))
            self.threads.add(threading.current_thread().name)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.go.wait(10)
        with self._lock:
            self.at_once -= 1
        return password == "right"


class Watch:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest_asyncio.fixture
async def check(checker: Checker, watch: Watch) -> AsyncIterator[PasswordCheck]:
    check = PasswordCheck(check=checker, monotonic=watch, threads=2, queue=3, capacity=2)
    yield check
    checker.go.set()
    check.close()


async def until(condition: object) -> None:
    async with asyncio.timeout(10):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 -- it is true in another thread
            await asyncio.sleep(0.001)


async def test_real_hashes_are_checked() -> None:
    check = PasswordCheck()
    stored = hash_password("virta-password")
    assert await check.matches("aino", "virta-password", stored)
    assert await check.matches("aino", "virta-password", stored)
    assert not await check.matches("aino", "wrong", stored)
    assert not await check.matches("aino", "virta-password", "no hash")
    assert not await check.matches("nobody", "virta-password", None)
    check.close()


async def test_a_right_one_is_remembered_for_ten_minutes(checker: Checker, watch: Watch) -> None:
    check = PasswordCheck(check=checker, monotonic=watch)
    assert await check.matches("aino", "right", "hash")
    watch.now += 599
    assert await check.matches("aino", "right", "hash")
    assert len(checker.calls) == 1
    watch.now += 1  # counted from the check, not from the last use
    assert await check.matches("aino", "right", "hash")
    assert len(checker.calls) == 2
    check.close()


@pytest.mark.parametrize(
    ("user", "password", "stored"),
    [("ola", "right", "hash"), ("aino", "wrong", "hash"), ("aino", "right", "new hash"), ("aino\0hash", "right", "")],
)
async def test_it_is_remembered_for_that_user_password_and_hash(
    check: PasswordCheck, checker: Checker, user: str, password: str, stored: str
) -> None:
    assert await check.matches("aino", "right", "hash")
    assert await check.matches(user, password, stored) is (password == "right")
    assert len(checker.calls) == 2


async def test_a_wrong_one_is_never_remembered(check: PasswordCheck, checker: Checker) -> None:
    for count in range(1, 4):
        assert not await check.matches("aino", "wrong", "hash")
        assert len(checker.calls) == count


async def test_a_user_that_does_not_exist_is_checked_against_the_decoy(check: PasswordCheck, checker: Checker) -> None:
    for count in range(1, 3):
        assert not await check.matches("nobody", "wrong", None)
        assert checker.calls == [("wrong", decoy())] * count
    # Not even one that fits the decoy would be let in, now or from memory.
    assert not await check.matches("nobody", "right", None)
    assert not await check.matches("nobody", "right", None)


async def test_only_so_many_are_remembered(check: PasswordCheck, checker: Checker) -> None:
    for user in ("a", "b", "a", "c", "a"):  # two fit: b is the one that was used last
        assert await check.matches(user, "right", "hash")
    assert len(checker.calls) == 3
    assert await check.matches("b", "right", "hash")
    assert len(checker.calls) == 4


async def test_the_event_loop_goes_on(check: PasswordCheck, checker: Checker) -> None:
    checker.go.clear()
    waiting = asyncio.create_task(check.matches("aino", "right", "hash"))
    await until(lambda: checker.calls)
    assert not waiting.done()
    checker.go.set()
    assert await waiting
    assert all(name.startswith("password") for name in checker.threads)


async def test_callers_that_ask_the_same_share_one_check(check: PasswordCheck, checker: Checker) -> None:
    checker.go.clear()
    waiting = [asyncio.create_task(check.matches("aino", "wrong", "hash")) for _ in range(100)]
    await until(lambda: checker.calls)
    checker.go.set()
    assert await asyncio.gather(*waiting) == [False] * 100
    assert len(checker.calls) == 1


async def test_a_caller_that_hangs_up_takes_nothing_from_the_others(check: PasswordCheck, checker: Checker) -> None:
    checker.go.clear()
    first = asyncio.create_task(check.matches("aino", "right", "hash"))
    second = asyncio.create_task(check.matches("aino", "right", "hash"))
    await until(lambda: checker.calls)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    checker.go.set()
    assert await second
    assert len(checker.calls) == 1


async def test_two_run_at_once_and_few_wait(check: PasswordCheck, checker: Checker) -> None:
    checker.go.clear()
    waiting = [asyncio.create_task(check.matches(f"user {n}", "right", "hash")) for n in range(5)]
    await until(lambda: len(checker.calls) == 2)
    await asyncio.sleep(0.02)
    assert checker.most_at_once == 2
    with pytest.raises(Overloaded) as caught:
        await check.matches("one more", "right", "hash")
    assert caught.value.retry_after == 1
    same = asyncio.create_task(check.matches("user 4", "right", "hash"))  # shares a check that waits already
    await asyncio.sleep(0)
    checker.go.set()
    assert await asyncio.gather(*waiting, same) == [True] * 6
    assert (checker.most_at_once, len(checker.calls)) == (2, 5)
    assert await check.matches("one more", "right", "hash")


async def test_an_error_of_the_check_is_told_and_not_kept(watch: Watch) -> None:
    answers = iter([MemoryError("no memory"), True])

    def failing(password: str, stored: str) -> bool:
        answer = next(answers)
        if isinstance(answer, MemoryError):
            raise answer
        return answer

    check = PasswordCheck(check=failing, monotonic=watch)
    with pytest.raises(MemoryError):
        await check.matches("aino", "right", "hash")
    assert await check.matches("aino", "right", "hash")
    check.close()


async def test_nothing_it_keeps_shows_a_password(check: PasswordCheck) -> None:
    assert await check.matches("aino", "right", "hash")
    assert "right" not in repr(check._right)
    assert check._running == {}


async def test_what_is_remembered_costs_microseconds(check: PasswordCheck) -> None:
    assert await check.matches("aino@virta.example", "right", decoy())
    start = time.process_time()
    for _ in range(1_000):
        await check.matches("aino@virta.example", "right", decoy())
    assert (time.process_time() - start) / 1_000 < 100e-6
