"""A secret shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest

from fakturahub.config import Operator, Secret

PLAIN = "s3cr3t"


def test_no_way_of_showing_it_shows_it() -> None:
    secret = Secret(PLAIN)
    user = Operator(email="a@b.example", password=secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        "%s" % secret,  # noqa: UP031 -- as a log message may do it
        repr([secret]),
        repr({secret: secret}),
        repr(user),
        str(ValueError(secret)),
        json.dumps([secret], default=repr),
        json.dumps([secret], default=str),
    ]
    assert [text for text in shown if PLAIN in text] == []
    assert secret.reveal() == PLAIN


@pytest.mark.parametrize(
    "show",
    [
        lambda secret: "a" + secret,
        lambda secret: "".join([secret]),
        lambda secret: secret.encode(),
        lambda secret: json.dumps(secret),
        lambda secret: msgspec.json.encode(secret),
        lambda secret: msgspec.to_builtins(secret),
        lambda secret: pickle.dumps(secret),
        lambda secret: vars(secret),
        lambda secret: list(secret),
        lambda secret: bytes(secret),
    ],
)
def test_what_would_have_to_show_it_fails(show: object) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        show(Secret(PLAIN))  # type: ignore[operator]
    assert PLAIN not in str(caught.value)


def test_two_are_equal_when_their_values_are() -> None:
    assert Secret("å") == Secret("å")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("\ud800") == Secret("\ud800")
    assert copy.deepcopy([Secret("a")]) == copy.copy([Secret("a")]) == [Secret("a")]
