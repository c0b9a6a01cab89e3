"""What a check depends on: without it the check neither fires nor raises. What a context depends on: with it in doubt.

Most checks of the official packs say that something shall not be there, what holds of it if it is, that something
must be there, or what holds where some code is used. The engine knows from the names of a document's paths, from how
many elements stand at each, and from the texts of a few of them, which of these checks it need not evaluate, and which
contexts match nothing or everything. A path is a tuple of names from the context down, an attribute's with ``@``, or
from anywhere, after a first ``//``. A trigger is

* ``("present", path, "")``: something stands at the path;
* ``("missing", path, "")``: an element that stands where the path's last name is looked for has no such child;
* ``("text", path, text)``: an element or attribute at the path has that text, white space around it aside;
* ``("other", path, texts)``: an element or attribute there has a text that is none of these, which blanks divide;
* ``("blank", path, "")``: an element or attribute there has a text of white space alone;
* ``("hollow", (), "")``: an element at the context has no elements in it, and a text of white space alone at most;
* ``("unlike", path, "boolean")``: an element or attribute there has a text that is no xs:boolean;
* ``("doubled", path, "")``: a parent has two elements at the path, so that what takes one of them raises.

A guard is a row of sets of triggers: where of any set no trigger holds, the check need not be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable

from fakturahub.rules.compiler.clauses import Clauses, Found, either, single, together, worthwhile
from fakturahub.rules.compiler.focus import uses_last, uses_position
from fakturahub.rules.compiler.harmless import (
    ANYWHERE,
    NOTHING,
    At,
    Trigger,
    Triggers,
    doubled,
    flag,
    harmless,
    harmless_test,
    named,
    texts,
    where,
)
from fakturahub.rules.compiler.literals import HOLDS, MIRRORED, SAME, TEXTS, words_of
from fakturahub.rules.xpath.syntax import (
    Binary,
    Call,
    Context,
    Expr,
    Filter,
    Literal,
    NameTest,
    Path,
    Quantified,
    Step,
)


def guard(test: Expr, is_report: bool) -> Clauses | None:
    """Triggers that hold, one of each set, wherever the check fires or cannot be evaluated; None: not known."""
    return worthwhile(_false(test, ()) if is_report else _true(test, ()))


#: ``not(*)``, and what asks for an element without text
_LEAF = Call("not", (Step("child", NameTest(None, None)),))
_BLANK = frozenset({Call("not", (Call("normalize-space", ()),)), Call("not", (Call("normalize-space", (Context(),)),))})


def of_context(predicates: tuple[Expr, ...]) -> tuple[Clauses, Clauses | None]:
    """(triggers that hold where any element passes all *predicates*, triggers that hold where one does not).

    An error in a predicate of a context means that the element does not pass.
    """
    passing: list[Triggers] = []
    failing: Found = (NOTHING,)
    if _LEAF in predicates and not _BLANK.isdisjoint(predicates):
        passing.append(frozenset({("hollow", (), "")}))
    for predicate in predicates:
        if uses_position(predicate) or uses_last(predicate):
            return tuple(passing), None
        passing.extend(worthwhile(_false(predicate, ())) or ())
        failing = together(failing, _true(predicate, ()))
    return tuple(dict.fromkeys(passing)), worthwhile(failing)


def _true(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is true."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _false(expr.arguments[0], at)
        if expr.name == "empty":
            return _nothing(expr.arguments[0], at)
        if expr.name == "boolean":
            return _true(expr.arguments[0], at)
        if expr.name == "exists":
            return stands(expr.arguments[0], at)
    if isinstance(expr, Call) and expr.name == "true":
        return (NOTHING,)
    if isinstance(expr, Binary):
        # an operand that decides does so even if the other one raises
        if expr.operator == "or":
            return either(_true(expr.left, at), _true(expr.right, at))
        if expr.operator == "and":
            return together(_true(expr.left, at), _true(expr.right, at))
        return _compared(expr, at)
    if isinstance(expr, Quantified) and expr.every:
        return _nothing(expr.source, at)
    if isinstance(expr, Path) and isinstance(expr.right, (Binary, Call)):
        # of several values there would be no effective boolean value
        return together(single(doubled(expr.left, at)), _of_each(expr.left, at, lambda end: _true(expr.right, end)))
    return stands(expr, at) if isinstance(expr, (Step, Path, Filter)) else None


def stands(expr: Expr, at: At) -> Found:
    """Triggers without which a path has a node, and looking for it raises nothing."""
    if isinstance(expr, Context):
        return (NOTHING,)
    if isinstance(expr, Step):
        name = named(expr)
        if name is None or at[:1] == ("//",) or (at and at[-1].startswith("@")):
            return None
        path = (*at, name)
        return _all_pass((frozenset({("missing", path, "")}),), path, expr.predicates)
    if isinstance(expr, Filter):
        found, ends = stands(expr.primary, at), where(expr.primary, at)
        for end in () if ends is None else ends[0]:
            found = _all_pass(found, end, expr.predicates)
        return None if ends is None else found
    if isinstance(expr, Path) and isinstance(expr.right, (Step, Filter, Context)):
        return _of_each(expr.left, at, lambda end: stands(expr.right, end))
    if isinstance(expr, Binary) and expr.operator == "|":
        ends = where(expr, at)
        # both sides are evaluated
        return together(either(stands(expr.left, at), stands(expr.right, at)), single(ends and ends[1]))
    return None


def _all_pass(found: Found, path: At, predicates: tuple[Expr, ...]) -> Found:
    for predicate in predicates:
        if uses_position(predicate) or uses_last(predicate):
            return None
        found = together(found, _true(predicate, path))
    return found


def _of_each(left: Expr, at: At, right: Callable[[At], Found]) -> Found:
    """Triggers without which *left* has nodes, and *right* holds of each."""
    ends = where(left, at)
    found = None if ends is None else stands(left, at)
    for end in () if ends is None else ends[0]:
        found = together(found, right(end))
    return found


def _equal(side: Expr, literal: Expr, at: At) -> Found:
    """Triggers without which ``side = literal`` is true: there are texts, and each of them is the literal."""
    words = words_of(literal)
    if words is None:
        return None
    if isinstance(side, Path) and not isinstance(side.right, (Step, Filter, Context)):
        return _of_each(side.left, at, lambda end: _equal(side.right, literal, end))
    return _all_texts(side, at, words, ("other", " ".join(words)))


def _not_blank(side: Expr, literal: Expr, at: At) -> Found:
    """Triggers without which ``side != ''`` is true."""
    if literal != Literal("", "string"):
        return None
    return _all_texts(side, at, (), ("blank", ""))


def _all_texts(side: Expr, at: At, words: tuple[str, ...], trigger: tuple[str, str]) -> Found:
    """Triggers without which *side* is texts of nodes, with nothing done to them that changes *words*.

    *trigger*: what holds at a path where a text there is another one.
    """
    alone: Found = (NOTHING,)
    while isinstance(side, Call) and side.name in SAME and len(side.arguments) == 1:
        if any(SAME[side.name](word) != word for word in words):
            return None
        side = side.arguments[0]
        if not isinstance(side, Call):
            alone = single(doubled(side, at))
    ends = where(side, at)
    if ends is None or any(end in ((), ("//",)) for end in ends[0]):
        return None
    kind, text = trigger
    if kind == "blank" and any(end[-1].startswith("@") for end in ends[0]):
        return None
    return together(together(stands(side, at), alone), (frozenset({(kind, end, text) for end in ends[0]}),))


def _false(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is false."""
    if isinstance(expr, Call) and len(expr.arguments) == 1:
        if expr.name == "not":
            return _true(expr.arguments[0], at)
        if expr.name in ("exists", "boolean"):
            return _nothing(expr.arguments[0], at)
        if expr.name == "empty":
            return stands(expr.arguments[0], at)
    if isinstance(expr, Call) and expr.name == "false":
        return (NOTHING,)
    if isinstance(expr, Binary):
        if expr.operator == "and":
            return either(_false(expr.left, at), _false(expr.right, at))
        if expr.operator == "or":
            return together(_false(expr.left, at), _false(expr.right, at))
        if expr.operator in MIRRORED:
            found = either(_other_text(expr.left, expr.right, at), _other_text(expr.right, expr.left, at))
            # the other side is evaluated all the same, and may raise
            left = together(_nothing(expr.left, at), single(harmless(expr.right, at)))
            right = together(_nothing(expr.right, at), single(harmless(expr.left, at)))
            found = found if expr.operator == "=" else None
            if isinstance(expr.right, Literal) and not isinstance(expr.right.value, float):
                found = either(found, _constant(expr.left, expr.operator, expr.right, at, False))
            return either(found, either(left, right))
        return _nothing(expr, at) if expr.operator == "|" else None
    if isinstance(expr, Quantified) and not expr.every:
        return _nothing(expr.source, at)
    return _nothing(expr, at)


def _other_text(side: Expr, literal: Expr, at: At) -> Found:
    """Triggers without which ``side = literal`` is false: some text at its paths is the literal."""
    words = words_of(literal)
    if words is None:
        return None
    if isinstance(literal, Call):
        raising = flag(Binary("=", side, literal), at)
        found = where(side, at)
        if raising is None or found is None:
            return None
    else:
        found = texts(side, at)
        if found is None:
            return None
        raising = found[1]
    return (raising | {("text", end, word) for end in found[0] for word in words},)


def _nothing(expr: Expr, at: At) -> Found:
    """Triggers without which *expr* is the empty sequence."""
    if isinstance(expr, Filter):
        found = where(expr.primary, at)
        kept = None if found is None else together((found[1],), _filtered(found[0], expr.predicates))
        return _nothing(expr.primary, at) if kept is None else kept
    if isinstance(expr, Binary) and expr.operator == "|":
        return together(_nothing(expr.left, at), _nothing(expr.right, at))
    if isinstance(expr, Call) and expr.name.endswith(("}decimal", "}integer", "}date")) and len(expr.arguments) == 1:
        return _nothing(expr.arguments[0], at)
    if isinstance(expr, Step):
        name = named(expr)
        if name is None or (at and at[-1].startswith("@")):
            return None
        path = (*at, name)
        kept = _filtered((path,), expr.predicates)
        return either((frozenset({("present", path, "")}),), kept)
    if isinstance(expr, Path):
        found = ((("//",),), frozenset[Trigger]()) if expr.left == ANYWHERE else where(expr.left, at)
        below: Found = None
        if found is not None:
            ends, raising = found
            below = (raising,)
            for end in ends:
                below = together(below, _nothing(expr.right, end))
        if below is not None or expr.left == ANYWHERE:
            return below
        left = expr.left
        if isinstance(left, Step) and left.axis == "ancestor" and not left.predicates:
            tag = left.test.tag if isinstance(left.test, NameTest) else None
            return None if tag is None else _nothing(expr.right, ("//", tag))
        # without the left side there is nothing, either
        return _nothing(expr.left, at)
    return None


def _filtered(paths: tuple[At, ...], predicates: tuple[Expr, ...]) -> Found:
    """Triggers without which one of *predicates* is false for whatever stands at *paths*, and none before it raises."""
    before: Found = (NOTHING,)
    kept: Found = None
    for predicate in predicates:
        if uses_position(predicate) or uses_last(predicate):
            break
        found: Found = before
        raising: Found = before
        for path in paths:
            found = together(found, _false(predicate, path))
            raising = together(raising, single(harmless_test(predicate, path)))
        kept = either(kept, found)
        if raising is None:
            break
        before = raising
    return kept


def _compared(expr: Binary, at: At) -> Found:
    """A comparison with a literal that is true of what the other side is without its triggers."""
    if expr.operator not in MIRRORED:
        return None
    left, right, operator = expr.left, expr.right, expr.operator
    if operator == "=":
        equal = either(_equal(left, right, at), _equal(right, left, at))
        if equal is not None:
            return equal
    if operator == "!=":
        filled = either(_not_blank(left, right, at), _not_blank(right, left, at))
        if filled is not None:
            return filled
    if isinstance(left, Literal):
        left, right, operator = right, left, MIRRORED[operator]
    if not isinstance(right, Literal) or isinstance(right.value, float):
        return None
    counted = _counted(left, operator, right.value, at)
    return either(counted, _constant(left, operator, right, at, True))


def _constant(side: Expr, operator: str, literal: Literal, at: At, outcome: bool) -> Found:
    """Triggers without which *side* is what makes a comparison with a literal come out as *outcome*."""
    value, found = _without(side, at)
    if found is None or isinstance(value, str) != isinstance(literal.value, str):
        return None
    return found if HOLDS[operator](value, literal.value) is outcome else None


def _counted(side: Expr, operator: str, number: object, at: At) -> Found:
    """Triggers without which a comparison of ``count(path)`` with a number is true."""
    if not isinstance(side, Call) or side.name != "count" or len(side.arguments) != 1 or isinstance(number, str):
        return None
    if not HOLDS[operator](1, number):
        return None
    path = side.arguments[0]
    any_number = HOLDS[operator](2, number) and operator in (">", ">=")
    alone = single(harmless(path, at) if any_number else doubled(path, at))
    return alone if HOLDS[operator](0, number) else together(alone, stands(path, at))


def _without(expr: Expr, at: At) -> tuple[int | str, Found]:
    """(value, triggers): what *expr* is without the triggers."""
    if isinstance(expr, Binary) and expr.operator == "+":
        (left, found), (right, more) = _without(expr.left, at), _without(expr.right, at)
        if isinstance(left, int) and isinstance(right, int):
            return left + right, together(found, more)
        return "", None
    if isinstance(expr, Call) and expr.arguments:
        if expr.name == "count" and len(expr.arguments) == 1:
            return 0, _nothing(expr.arguments[0], at)
        if expr.name == "string-length":
            value, found = _without(expr.arguments[0], at)
            if found is None:
                found = _nothing(expr.arguments[0], at)
            return 0, found
        if expr.name in TEXTS and all(isinstance(argument, Literal) for argument in expr.arguments[1:]):
            value, found = _without(expr.arguments[0], at)
            if found is None:
                found = _nothing(expr.arguments[0], at)
            return "", found if value == "" else None
    return "", None
