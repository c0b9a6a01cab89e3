"""A hub whose `refresh_grace` lets a refresh token be shown once more, for clients that lose answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.running import Hub, invoice
from tests.wire.oauth import parties
from tests.wire.oauth.parties import (
    NEIGHBOUR,
    NEIGHBOUR_SECRET,
    REVOKE,
    ask,
    basic,
    by_password,
    claims,
    error,
    post_with,
    refreshed,
    rows,
    told,
)

#: seconds that a change may take, from the end of the command on (issue 2)
IN_FORCE = 5.0


def set_grace(hub: Hub, grace: str, *, again: int) -> None:
    """Set `refresh_grace` while the hub runs; from then on the second use of a refresh token is answered with *again*.

    It has to be so in time.
    """
    file = parties.write(hub.data.parent, more=f'\n[hub]\nrefresh_grace = "{grace}"\n')
    hub.command("apply", str(file))
    until = time.monotonic() + IN_FORCE
    while twice(hub) != again:
        assert time.monotonic() < until, "not in force"
        time.sleep(0.1)


def twice(hub: Hub) -> int:
    """How the second use of a refresh token is answered."""
    token = by_password(hub)["refresh_token"]
    told(refreshed(hub, token))
    return refreshed(hub, token).status


@pytest.fixture(scope="module")
def lenient(authority: Hub) -> Iterator[Hub]:
    """The hub of the other tests, for as long as these run, with a grace of half a minute."""
    assert twice(authority) == 400
    set_grace(authority, "30s", again=200)
    yield authority
    set_grace(authority, "0s", again=400)


def test_a_client_that_lost_the_answer_gets_the_same_new_token_again(lenient: Hub) -> None:
    """Lost answers, and the same request many times at once, lock nobody out: they are one use."""
    first = by_password(lenient, scope="all openid")
    with ThreadPoolExecutor(8) as pool:
        answers = [told(one) for one in pool.map(lambda _: refreshed(lenient, first["refresh_token"]), range(8))]
    assert len({one["refresh_token"] for one in answers}) == 1
    assert len({one["access_token"] for one in answers}) == 8
    assert {one["scope"] for one in answers} == {"all openid"}
    assert answers[0]["refresh_token"] != first["refresh_token"]
    for one in answers[:2]:
        assert post_with(lenient, one["access_token"], invoice("OG-R-2")).status == 200
    newer = told(refreshed(lenient, answers[0]["refresh_token"]))
    assert newer["refresh_token"] not in (first["refresh_token"], answers[0]["refresh_token"])
    # the new one was used: the old one is nobody's any more
    assert error(refreshed(lenient, first["refresh_token"])) == "invalid_grant"
    assert error(refreshed(lenient, newer["refresh_token"])) == "invalid_grant"


def _back(hub: Hub, token: dict[str, Any], seconds: float) -> None:
    """Let the last refresh of a token's grant have been so much earlier."""
    rows(
        hub,
        "UPDATE oauth_grant SET refreshed_at = refreshed_at - $2::interval WHERE id::text = $1",
        claims(token["access_token"])["grant"],
        timedelta(seconds=seconds),
    )


def test_the_answer_is_given_again_for_half_a_minute(lenient: Hub) -> None:
    first = by_password(lenient)
    second = told(refreshed(lenient, first["refresh_token"]))
    _back(lenient, first, 20)
    again = told(refreshed(lenient, first["refresh_token"]))
    assert again["refresh_token"] == second["refresh_token"]
    _back(lenient, first, 11)  # what is given again does not make the time begin anew
    assert error(refreshed(lenient, first["refresh_token"])) == "invalid_grant"
    assert error(refreshed(lenient, second["refresh_token"])) == "invalid_grant"
    assert post_with(lenient, again["access_token"], invoice("OG-R-3")).status == 401


def test_what_is_given_again_is_for_its_client_and_its_user_only(lenient: Hub) -> None:
    first = by_password(lenient)
    told(refreshed(lenient, first["refresh_token"]))
    stolen = refreshed(lenient, first["refresh_token"], authorization=basic(NEIGHBOUR, NEIGHBOUR_SECRET))
    assert error(stolen) == "invalid_grant"
    assert error(refreshed(lenient, first["refresh_token"], scope="openid")) == "invalid_scope"
    second = told(refreshed(lenient, first["refresh_token"]))
    ask(lenient, REVOKE, token=second["refresh_token"])
    assert error(refreshed(lenient, first["refresh_token"])) == "invalid_grant"


def test_of_old_and_new_token_at_once_at_most_one_party_goes_on(lenient: Hub) -> None:
    first = by_password(lenient)
    second = told(refreshed(lenient, first["refresh_token"]))
    told(refreshed(lenient, second["refresh_token"]))
    assert error(refreshed(lenient, first["refresh_token"])) == "invalid_grant"
    assert error(refreshed(lenient, second["refresh_token"])) == "invalid_grant"
