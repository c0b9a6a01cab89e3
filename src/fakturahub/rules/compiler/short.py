"""Short forms: faster source that is either right or raises.

An expression of the usual shape (at most one element of a name, its text, a number made of it) has a short form beside
its exact one. Where the document has another shape (two elements where one may stand, an element inside an amount, a
value that is no number) the short form raises, and the engine evaluates the rule at that node again by the exact
forms. So a short form may be wrong about nothing, but need not know everything.

Conventions of the columns: the index -1 is "no such element" with the empty string, -2 the same with a string that
compares
false with everything; ``D`` maps a text to its decimal, and the latter string to NaN, which stands for "no number".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Short:
    """Sources of short forms; None where there is none."""

    #: the effective boolean value
    exists: str | None = None
    #: index of the only element; -1 or -2 for none; a list for several
    at: str | None = None
    at_absent: str | None = None
    #: the only value as a string; "" for none
    text: str | None = None
    #: the only value as a string; ABSENT for none
    text_absent: str | None = None
    #: the only value as a decimal or an integer; NaN for none
    number: str | None = None
    #: the text without white space at its ends: enough to compare with a word or with ""
    stripped: str | None = None
    #: a list of the values; of use where at most one may stand
    only: str | None = None


def child(n: str, tag: str) -> Short:
    """``child::tag`` of the element *n*."""
    at, absent = f"K[{n}].get({tag!r}, -1)", f"K[{n}].get({tag!r}, -2)"
    return Short(f"{tag!r} in K[{n}]", at, absent, f"T[{at}]", f"T[{absent}]")


def attribute(n: str, name: str) -> Short:
    """``attribute::name`` of the element *n*."""
    return Short(
        exists=f"{name!r} in A[{n}]",
        text=f"A[{n}].get({name!r}, '')",
        text_absent=f"A[{n}].get({name!r}, ABSENT)",
    )


def itself(n: str) -> Short:
    """The element *n*."""
    return Short(exists="True", at=n, at_absent=n, text=f"T[{n}]", text_absent=f"T[{n}]")


def text(n: str) -> Short:
    """``text()`` of the element *n*."""
    return Short(exists=f"lone(d, {n})", text=f"lone(d, {n})", text_absent=f"lone_or_absent(d, {n})")


def sole(values: str, kind: str) -> Short | None:
    """The only one of *values* (the source of a list)."""
    if kind in ("integer", "decimal"):
        return Short(number=f"sole({values})")
    if kind in ("string", "untyped"):
        return Short(text=f"sole_text({values})", text_absent=f"sole_text({values}, ABSENT)")
    return None


def double(number: str, kind: str) -> str:
    """A short form's number of *kind* as a double."""
    if kind == "double":
        return number
    return f"{number}.0" if number.isdecimal() and len(number) < 15 else f"float({number})"


def any_child(n: str) -> Short:
    """``child::*`` of the element *n*."""
    return Short(exists=f"K[{n}]")


def parent(n: str) -> Short:
    """``..`` of the element *n*; a path goes on from it."""
    return Short(at=f"P[{n}]", at_absent=f"P[{n}]")


def further_child(left: Short, tag: str) -> Short | None:
    """``left/tag``."""
    if left.at is None:
        return None
    at, absent = f"K[{left.at}].get({tag!r}, -1)", f"K[{left.at}].get({tag!r}, -2)"
    exists = f"{tag!r} in K[{left.at}]" if left.at.startswith("P[") else f"has(K, {left.at}, {tag!r})"
    return Short(exists, at, absent, f"T[{at}]", f"T[{absent}]")


def further_attribute(left: Short, name: str) -> Short | None:
    """``left/@name``."""
    if left.at is None:
        return None
    return Short(
        exists=f"has(A, {left.at}, {name!r})",
        text=f"A[{left.at}].get({name!r}, '')",
        text_absent=f"A[{left.at}].get({name!r}, ABSENT)",
    )
