"""Killed with SIGKILL under load, everything and each part of it: nothing answered is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.acceptance import stored, town
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.load import Lister, Load, Poster, Running, Taker, answers, say, until
from tests.acceptance.processes import Role, children, private_postmaster, show_errors
from tests.acceptance.town import KOSKI, VIRTA
from tests.running import Hub, free_port, start_hub

#: what is killed, in turn
PARTS = ("everything", "http", "postgres", "work", "supervisor")


class Killing:
    """One hub on one data folder and one port, started again where it does not come back by itself."""

    def __init__(self, place: Path) -> None:
        self._data = place / "data"
        self._companies = town.companies(place)
        self._port = free_port()
        self.hub = self._start()

    def _start(self) -> Hub:
        return start_hub(self._data, companies=self._companies, port=self._port, arguments=UNLIMITED)

    def kill(self, part: str) -> None:
        if part == "everything":
            self.hub.kill()
            self.hub = self._start()
        elif part == "supervisor":
            orphans = [one for group in children(self.hub).values() for one in group]
            began = time.monotonic()
            self.hub.kill_supervisor()
            _, alive = psutil.wait_procs(orphans, timeout=45)
            say(f"the others ended {time.monotonic() - began:.1f} s after their supervisor")
            for one in alive:
                one.kill()
            assert not alive, f"without a supervisor these did not end: {alive}"
            self.hub = self._start()
        elif part == "postgres":
            server = private_postmaster(self.hub)
            assert server is not None
            server.kill()
        else:
            role: Role = "http" if part == "http" else "work"
            (child,) = until_there(self.hub, role)
            child.kill()


def until_there(hub: Hub, role: Role) -> list[psutil.Process]:
    """The processes of one role; after a kill the next one may still be on its way."""
    until(lambda: children(hub)[role], 30, f"a process {role}")
    return children(hub)[role]


def killed_under_load(place: Path, rounds: int, seed: int) -> None:
    say(f"seed {seed}")
    chance = random.Random(seed)
    killing = Killing(place)
    lister, taker = Lister(lambda: killing.hub, VIRTA), Taker(lambda: killing.hub, KOSKI)
    try:
        with ExitStack() as stack:
            running = [stack.enter_context(Running(one)) for one in (lister, taker)]
            load = stack.enter_context(Load([killing.hub.port], receivers=(VIRTA, KOSKI)))
            for turn in range(rounds):
                load.more(20)
                time.sleep(chance.uniform(0, 1))
                part = PARTS[turn % len(PARTS)]
                began = time.monotonic()
                killing.kill(part)
                load.more(1)
                say(f"{turn}: {part} killed, answers again after {time.monotonic() - began:.1f} s")
            load.more(20)
        assert not [*load.faults, *lister.faults, *(fault for one in running for fault in one.faults)]
        until(lambda: answers(killing.hub), 30, "a ready hub")
        url = stored.url_of(killing.hub)
        waited = until(lambda: stored.not_delivered(url) == 0, 60, "every delivery")
        say(f"{load.answered} answered, {dict(load.statuses)}, the last delivery {waited:.1f} s after the last answer")
        everything_once(load, url)
        received_once(killing.hub, load, lister, taker, rounds)
        repeated(load, killing.hub, chance)
        everything_once(load, url)
        until(lambda: stored.counts(url)["pgqueuer"] == 0, 60, "an empty queue")
    finally:
        show_errors(killing.hub)
        if killing.hub.process.poll() is None:
            killing.hub.stop()


def everything_once(load: Load, url: str) -> None:
    """In the database: every number that was answered, and each of all its rows once."""
    assert all(one.answer is not None for one in load.sent.values())
    assert sorted(stored.numbers(url)) == sorted(load.sent)
    assert stored.odd_documents(url) == []
    assert stored.value(url, "SELECT count(*) FROM submission") == len(load.sent)


def received_once(hub: Hub, load: Load, lister: Lister, taker: Taker, kills: int) -> None:
    """At the receivers: every number under one storage id."""
    reserved = stored.let_reservations_end(stored.url_of(hub))
    assert reserved <= 2 * kills, "there were two readers, and each fetches one at a time"
    rest = Lister(lambda: hub, KOSKI)
    for one in (lister, rest):
        one.drain()
        assert not one.faults
    mine = {name for name, one in load.sent.items() if VIRTA.endpoint.encode() in one.body}
    assert Counter(lister.got.values()) == Counter(mine)
    # `/receive` names no storage id. A kill between the last byte and its receipt gives that one storage out again.
    again = +(taker.got + Counter(rest.got.values()) - Counter(load.sent.keys() - mine))
    assert taker.got.keys() | set(rest.got.values()) == load.sent.keys() - mine
    assert again.total() <= kills, again
    say(f"/receive gave {len(taker.got)}, {again.total()} again after a kill; {reserved} were reserved for the dead")


def repeated(load: Load, hub: Hub, chance: random.Random) -> None:
    """The same again gets the same answer, byte for byte: whatever was sent more than once, and some others."""
    names = [name for name, one in load.sent.items() if one.tries > 1]
    names += chance.sample(sorted(load.sent), min(100, len(load.sent)))
    post = Poster([hub.port])
    for name in names:
        one = load.sent[name]
        assert post.once(one.body, one.key) == (200, one.answer), name
    post.close()
    say(f"{len(names)} repeated")


def seed() -> int:
    """Another one each time; FAKTURAHUB_SEED repeats the moments of an earlier run, as far as load can be repeated."""
    return int(os.environ.get("FAKTURAHUB_SEED") or random.randrange(10**6))


@pytest.mark.timeout(240)
def test_killed_under_load(place: Path) -> None:
    killed_under_load(place, 5, seed=seed())


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_killed_under_load_fifty_times(place: Path) -> None:
    killed_under_load(place, 50, seed=seed())
