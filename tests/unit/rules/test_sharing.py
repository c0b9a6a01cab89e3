"""What short functions evaluate twice is evaluated once, and never what might not have been evaluated before."""

from __future__ import annotations

from typing import Any

import pytest

from fakturahub.rules.compiler.joining import LENGTH, Memo, joined
from fakturahub.rules.compiler.sharing import shared


class _Calls:
    """The function ``f``: gives its argument back, and counts."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __call__(self, value: Any) -> Any:
        self.seen.append(value)
        return value


def _both(expression: str, a: Any, b: Any) -> tuple[Any, list[Any], list[Any]]:
    """The value of *expression* of a and b, and the calls of f before and after."""
    source = f"def g(a, b):\n    return {expression}\n"
    calls: list[list[Any]] = []
    values: list[Any] = []
    for text in (source, shared(source)):
        counted = _Calls()
        names: dict[str, Any] = {"f": counted}
        exec(text, names)  # noqa: S102 - written above
        values.append(names["g"](a, b))
        calls.append(counted.seen)
    assert values[0] == values[1]
    return values[0], calls[0], calls[1]


@pytest.mark.parametrize(
    ("expression", "a", "before", "after"),
    [
        ("f(a) + f(a)", 2, [2, 2], [2]),
        ("f(a) > 1 and f(a) < 3", 2, [2, 2], [2]),
        # evaluated in the first of the alternatives, so in all
        ("f(a) == 1 or f(a) == 2", 2, [2, 2], [2]),
        # not evaluated where the first one fails
        ("(b and f(a) == 1) or f(a) == 2", 2, [2], [2]),
        ("(f(a) if b else 0) + f(a)", 2, [2], [2]),
        ("0 < b < f(a) or f(a)", 2, [2], [2]),
        # whatever the names of the variables are
        ("sum([f(x1) for x1 in a]) + sum([f(x2) for x2 in a])", (1, 2), [1, 2, 1, 2], [1, 2]),
        ("[f(x1) + f(x1) for x1 in a]", (1, 2), [1, 1, 2, 2], [1, 2]),
        ("[x2 + f(x1) for x1 in a for x2 in (f(x1),)]", (1, 2), [1, 1, 2, 2], [1, 2]),
        # the same text, and another variable
        ("[f(x1) + sum([f(x1) for x1 in (7,)]) for x1 in a]", (1, 2), [1, 7, 2, 7], [1, 7, 2, 7]),
        ("[sum([f(x1) for x1 in (x2,)]) + sum([f(x1) for x1 in (3,)]) for x2 in a]", (1,), [1, 3], [1, 3]),
        # a text that looks like a variable is none
        ("[f('x1') for x1 in a] == [f('x2') for x2 in a]", (1,), ["x1", "x2"], ["x1", "x2"]),
        ("f(1) + f(1.0) + f(True)", 0, [1, 1.0, True], [1, 1.0, True]),
    ],
)
def test_what_was_surely_evaluated_is_not_evaluated_again(
    expression: str, a: Any, before: list[Any], after: list[Any]
) -> None:
    _value, plain, once = _both(expression, a, 0)
    assert (plain, once) == (before, after)
    assert list(map(type, once)) == list(map(type, after))


def test_a_generator_is_never_gone_through_twice() -> None:
    value, _plain, once = _both(
        "list(iter(a)) + list(iter(a)) + [sum(f(x1) for x1 in a), sum(f(x2) for x2 in a)]", (1, 2), 0
    )
    assert value == [1, 2, 1, 2, 3, 3]
    # the sum is shared, not what it goes through
    assert once == [1, 2]


def test_a_function_that_nests_too_deep_stays_as_it_was_written() -> None:
    source = f"def g(a):\n    return {'-' * 3_000}a\n"
    assert shared(source) == source


def _memo(slot: int, short: str, exact: str = "exact()") -> Memo:
    return Memo(slot, short, exact)


def test_a_value_that_one_other_asks_for_is_put_into_it() -> None:
    inner, outer = _memo(0, "T[1]"), _memo(1, "")
    outer.short = f"{inner.use('h0')}.upper()"
    functions, memos = joined([f"def r(d):\n    return {outer.use('h1')}\n"], {"h0": inner, "h1": outer})
    assert {name: one.short for name, one in memos.items()} == {"h1": "(T[1]).upper()"}
    assert functions == [f"def r(d):\n    return {outer.use('h1')}\n"]


def test_a_value_that_is_asked_for_often_stays() -> None:
    inner = _memo(0, "T[1]")
    memos = {"h0": inner, "h1": _memo(1, f"{inner.use('h0')} + 1"), "h2": _memo(2, f"{inner.use('h0')} + 2")}
    assert set(joined([], memos)[1]) == {"h0", "h1", "h2"}
    # for each item of something: often as well
    memos = {"h0": inner, "h1": _memo(1, f"[x1 for x1 in K if x1 == {inner.use('h0')}]")}
    assert set(joined([], memos)[1]) == {"h0", "h1"}
    memos = {"h0": inner, "h1": _memo(1, f"[x1 for x1 in {inner.use('h0')}]")}
    assert set(joined([], memos)[1]) == {"h1"}
    # once, in a function that runs for many nodes
    assert set(joined([f"def r(d):\n    return {inner.use('h0')}\n"], {"h0": inner})[1]) == {"h0"}


def test_another_name_of_a_value_goes() -> None:
    first = _memo(0, "f(x1)", "exact(x1)")
    memos = {"h0": first, "h1": _memo(1, first.use("h0")), "h2": _memo(2, "f(x7)", "exact(x7)")}
    text = " ".join(one.use(name) for name, one in memos.items())
    functions, left = joined([text], memos)
    assert set(left) == {"h0"}
    assert functions == [" ".join([first.use("h0")] * 3)]
    # the same for the short form alone: what decides where it does not know is another
    memos = {"h0": first, "h2": _memo(2, "f(x7)", "other(x7)")}
    assert set(joined([text], memos)[1]) == {"h0", "h2"}


def test_no_expression_grows_past_what_python_reads() -> None:
    memos = {"h0": _memo(0, "x" * LENGTH)}
    memos["h1"] = _memo(1, f"{memos['h0'].use('h0')} + 1")
    assert set(joined([], memos)[1]) == {"h0", "h1"}
    memos = {"h0": _memo(0, "T[1]")}
    for number in range(1, 300):
        before = memos[f"h{number - 1}"]
        memos[f"h{number}"] = _memo(number, f"f({before.use(f'h{number - 1}')})")
    left = joined([], memos)[1]
    assert 1 < len(left) < 10
    for one in left.values():
        compile(one.short, "short", "eval")
