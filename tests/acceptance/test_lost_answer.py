"""An answer that never came: the same request again gets the bytes that the first would have had, and one document."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.acceptance import raw, stored
from tests.acceptance.conftest import UNLIMITED
from tests.acceptance.holding import Commits
from tests.acceptance.load import Poster, answers, say, until
from tests.acceptance.processes import children
from tests.acceptance.town import bill
from tests.conftest import _make_database
from tests.running import Hub, running_hub

AT_ONCE = 50

_SUBMISSION = re.compile(rb"[Ss]ubmission ([0-9a-f-]{36})")


def stored_answer(url: str, key: str) -> bytes | None:
    """The answer that is stored for a key of the sender's."""
    found = stored.rows(url, "SELECT answer FROM submission WHERE request ->> 'key' = $1", key)
    assert len(found) <= 1, found
    return found[0][0] if found else None


def documents(url: str, number: str) -> int:
    count: int = stored.value(url, "SELECT count(*) FROM document WHERE number = $1", number)
    return count


def once_and_delivered(url: str, number: str) -> None:
    """Everything of one document is there once."""
    assert documents(url, number) == 1
    until(lambda: stored.not_delivered(url, number) == 0, 30, "the delivery")
    assert stored.odd_documents(url, number) == []


def test_the_answer_was_lost(town_hub: Hub) -> None:
    """Everything is stored, the answer is on its way, and nobody reads it."""
    url = stored.url_of(town_hub)
    sock = raw.connect(town_hub)
    sock.sendall(raw.post(bill("LOST"), "lost"))
    until(lambda: stored_answer(url, "lost") is not None, 20, "the submission")
    sock.close()
    for _ in range(3):
        again = town_hub.post(bill("LOST"), key="lost")
        assert (again.status, again.body) == (200, stored_answer(url, "lost"))
    once_and_delivered(url, "LOST")


def test_the_client_hung_up_at_any_moment(town_hub: Hub) -> None:
    """Stored or not when the client hangs up: the same again is answered with what is stored, and stored once."""
    url = stored.url_of(town_hub)
    found = 0
    for turn in range(20):
        number, key = f"HUNG-UP-{turn}", f"hung-up-{turn}"
        sock = raw.connect(town_hub)
        sock.sendall(raw.post(bill(number), key))
        time.sleep(turn * 0.001)
        sock.close()
        before = stored_answer(url, key)
        again = town_hub.post(bill(number), key=key)
        assert (again.status, again.body) == (200, stored_answer(url, key))
        assert before in (None, again.body)
        found += before is not None
        once_and_delivered(url, number)
    say(f"{found} of 20 were stored when the client was gone")


def test_a_repeat_without_a_key_is_known_by_its_bytes(town_hub: Hub) -> None:
    body = bill("NO-KEY")
    url = stored.url_of(town_hub)
    sock = raw.connect(town_hub)
    sock.sendall(raw.head({**raw.basic(), "Content-Length": str(len(body))}) + body)
    until(lambda: documents(url, "NO-KEY") == 1, 20, "the document")
    sock.close()
    (kept,) = stored.rows(url, "SELECT s.answer FROM submission s JOIN document d ON d.submission_id = s.id"
                               " WHERE d.number = 'NO-KEY'")  # fmt: skip
    for _ in range(3):
        again = town_hub.post(body)
        assert (again.status, again.body) == (200, *kept)
    once_and_delivered(url, "NO-KEY")


def test_fifty_times_the_same_at_once_is_one(town_hub: Hub) -> None:
    request = raw.post(bill("FIFTY"), "fifty-same")
    got = raw.at_once(town_hub, [request] * AT_ONCE)
    assert {(one.status, one.body) for one in got} == {(200, got[0].body)}
    url = stored.url_of(town_hub)
    assert got[0].body == stored_answer(url, "fifty-same")
    assert documents(url, "FIFTY") == 1


def test_of_fifty_bodies_under_one_key_one_wins(town_hub: Hub) -> None:
    got = raw.at_once(town_hub, [raw.post(bill(f"RIVAL-{one}"), "fifty-rivals") for one in range(AT_ONCE)])
    winners = [place for place, one in enumerate(got) if one.status == 200]
    assert len(winners) == 1
    assert sorted({one.status for one in got}) == [200, 409]
    first = _SUBMISSION.search(got[winners[0]].body)
    assert first is not None
    for one in got:
        named = _SUBMISSION.search(one.body)
        assert named is not None, one
        assert named[1] == first[1]
    conflict = got[winners[0] - 1]
    assert b"idempotency-conflict" in conflict.body
    url = stored.url_of(town_hub)
    assert stored.rows(url, "SELECT number FROM document WHERE number LIKE 'RIVAL-%'") == [(f"RIVAL-{winners[0]}",)]
    # The one who won is still answered as before, and later ones still hear who it was.
    assert town_hub.post(bill(f"RIVAL-{winners[0]}"), key="fifty-rivals").body == got[winners[0]].body
    late = town_hub.post(bill("RIVAL-late"), key="fifty-rivals")
    assert late.status == 409
    assert first[1] in late.body


# --- between commit and answer ---------------------------------------------------------------------------------------


@contextmanager
def posting(hub: Hub, number: str, key: str) -> Iterator[list[tuple[int | str, bytes]]]:
    """Post in a thread; what came of it stands in the list at the end of the block."""
    got: list[tuple[int | str, bytes]] = []
    poster = Poster([hub.port])
    thread = threading.Thread(target=lambda: got.append(poster.once(bill(number), key)))
    thread.start()
    try:
        yield got
    finally:
        thread.join()
        poster.close()


@pytest.fixture(scope="module")
def lone(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub of one HTTP process that may be killed."""
    folder: Path = tmp_path_factory.mktemp("lone")
    with running_hub(folder / "data", database=_make_database(postgres), arguments=UNLIMITED) as hub:
        yield hub


def http_process(hub: Hub) -> psutil.Process:
    (one,) = children(hub)["http"]
    return one


def test_killed_between_commit_and_answer(lone: Hub) -> None:
    """Deterministic: the process is stopped while its commit waits, the commit happens, the process is killed."""
    url = stored.url_of(lone)
    with Commits(url) as commits, posting(lone, "BETWEEN", "between") as got:
        commits.waiting()
        process = http_process(lone)
        process.suspend()
        commits.go()
        until(lambda: documents(url, "BETWEEN") == 1, 20, "the commit")
        assert not got
        process.send_signal(signal.SIGKILL)
    assert isinstance(got[0][0], str), f"this was to get no answer: {got}"
    until(lambda: answers(lone), 30, "the next process")
    again = lone.post(bill("BETWEEN"), key="between")
    assert (again.status, again.body) == (200, stored_answer(url, "between"))
    assert lone.post(bill("BETWEEN-OTHER"), key="between").status == 409
    once_and_delivered(url, "BETWEEN")


def test_killed_inside_the_commit(lone: Hub) -> None:
    """The process dies while its COMMIT is under way: it happens all the same, and the repeat finds it."""
    url = stored.url_of(lone)
    with Commits(url) as commits, posting(lone, "INSIDE", "inside") as got:
        commits.waiting()
        http_process(lone).send_signal(signal.SIGKILL)
        until(lambda: got, 20, "the end of the connection")
        until(lambda: answers(lone), 30, "the next process")
        with posting(lone, "INSIDE", "inside") as again:
            commits.go()
    assert again == [(200, stored_answer(url, "inside"))]
    once_and_delivered(url, "INSIDE")


def test_the_session_was_ended_inside_the_commit(lone: Hub) -> None:
    """The server ends the session before the commit: 503, nothing stored, and the same again is a first time."""
    url = stored.url_of(lone)
    with Commits(url) as commits, posting(lone, "ENDED", "ended") as got:
        stored.value(url, "SELECT pg_terminate_backend($1)", commits.waiting())
        until(lambda: got, 20, "the answer")
        assert got[0][0] == 503
        assert b"database-unavailable" in got[0][1]
        assert documents(url, "ENDED") == 0
    again = lone.post(bill("ENDED"), key="ended")
    assert (again.status, again.body) == (200, stored_answer(url, "ended"))
    once_and_delivered(url, "ENDED")


def test_the_answer_came_to_nobody_while_others_waited(lone: Hub) -> None:
    """The first client hangs up while its commit waits; a second with the same request waits for the same answer."""
    url = stored.url_of(lone)
    with Commits(url) as commits:
        sock = raw.connect(lone)
        sock.sendall(raw.post(bill("WAITED"), "waited"))
        commits.waiting()
        sock.close()
        with posting(lone, "WAITED", "waited") as got:
            commits.go()
    assert got == [(200, stored_answer(url, "waited"))]
    once_and_delivered(url, "WAITED")
