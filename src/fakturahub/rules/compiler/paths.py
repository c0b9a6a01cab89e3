"""Paths, axes and predicates."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fakturahub.rules.compiler import short
from fakturahub.rules.compiler.code import (
    EMPTY,
    MANY,
    NUMBERS,
    ONE,
    OPTIONAL,
    Code,
    NotCompiled,
    Scope,
    as_list,
    at_most_one,
    boxed,
    each,
    listed,
    looped,
    stream,
)
from fakturahub.rules.compiler.conversions import condition
from fakturahub.rules.compiler.focus import uses_context, uses_last, uses_position
from fakturahub.rules.compiler.lookups import first_of_equals, from_the_root
from fakturahub.rules.compiler.operators import flattened, order_function
from fakturahub.rules.xpath.syntax import (
    ANY_BELOW,
    Binary,
    Call,
    Context,
    Expr,
    Filter,
    KindTest,
    Literal,
    NameTest,
    Path,
    Quantified,
    Root,
    Step,
    TypeTest,
)

if TYPE_CHECKING:
    from fakturahub.rules.compiler.expressions import Compiler

#: functions whose value as a predicate is a truth, not a position
_BOOLEAN_OR_TEXT = frozenset(
    {"not", "exists", "empty", "boolean", "true", "false", "contains", "starts-with", "ends-with", "matches"}
    | {"normalize-space", "upper-case", "lower-case", "substring", "concat", "string", "name", "local-name"}
)
_PARENT_OF = re.compile(r"above\(P\[\w+\]\)").fullmatch
_REVERSE = frozenset({"parent", "ancestor", "ancestor-or-self", "preceding", "preceding-sibling"})


def path(compiler: Compiler, expr: Path, scope: Scope) -> Code:
    """``left/right``."""
    shortened = _shortened(expr)
    if isinstance(shortened, Path) and isinstance(shortened.left, Root):
        step = shortened.right
        if isinstance(step, Step) and step.axis == "descendant" and isinstance(step.test, NameTest):
            return _anywhere(compiler, step, scope)
    if shortened == Path(Path(Root(), ANY_BELOW), expr.right) and isinstance(expr.right, Step):
        test = expr.right.test
        if expr.right.axis == "attribute" and isinstance(test, NameTest) and test.tag is not None:
            compiler.need_document(scope)
            held = Code(f"d.attributes_named({test.tag!r})", "attribute", MANY)
            # at most one of an element: no predicate can count there
            if not any(map(may_be_position, expr.right.predicates)):
                return predicates(compiler, held, expr.right.predicates, scope)
    if not isinstance(shortened, Path):
        return compiler.compile(shortened, scope)
    tags = from_the_root(shortened, scope) if compiler.by_path and isinstance(shortened.right, Step) else None
    if tags is not None and not any(map(may_be_position, shortened.right.predicates)):  # type: ignore[union-attr]
        compiler.need_document(scope)
        code = Code(f"d.at({tags!r})", "element", MANY)
        return predicates(compiler, code, shortened.right.predicates, scope, distinct=True)  # type: ignore[union-attr]
    left = compiler.compile(shortened.left, scope)
    code = _joined(compiler, left, shortened.right, scope)
    if left.short is None or not compiler.is_short or not isinstance(shortened.right, Step):
        return code
    step = shortened.right
    if step == Step("child", KindTest("text")) and left.short.at is not None:
        return replace(code, short=short.text(left.short.at))
    if step.predicates or not isinstance(step.test, NameTest) or step.test.tag is None:
        return code
    if step.axis == "child":
        return replace(code, short=short.further_child(left.short, step.test.tag))
    if step.axis == "attribute":
        return replace(code, short=short.further_attribute(left.short, step.test.tag))
    return code


def _joined(compiler: Compiler, left: Code, right: Expr, scope: Scope) -> Code:
    if left.is_empty:
        return EMPTY
    if not left.is_node:
        raise NotCompiled("a step from values that are no nodes (XPTY0019)")
    if compiler.is_short and _PARENT_OF(left.source):
        # of the document node that is an element without anything
        above = compiler.item(left.source[len("above(") : -1], "element")
        return compiler.compile(right, scope.with_focus(above, "1", "1"))
    if left.source.startswith("above("):
        # it raises where there is none, so here it is one
        left = replace(left, card=ONE)
    if left.card == ONE and (left.source.isidentifier() or left.source.isdigit()):
        return compiler.compile(right, scope.with_focus(left, "1", "1"))
    if uses_position(right) or uses_last(right):
        raise NotCompiled("position() or last() outside a predicate")
    name, clauses = each(left, compiler.fresh())
    head = clauses
    inner = compiler.compile(right, scope.with_focus(compiler.item(name, left.kind)))
    if inner.is_empty:
        return EMPTY
    if left.card == ONE and inner.source == f"above(P[{name}])":
        return inner.with_source(f"above(P[{left.source}])")
    if left.card == ONE and inner.card == ONE:
        return inner.with_source(f"(lambda {name}: {inner.source})({left.source})")
    number = inner.short.number if inner.short is not None and inner.card == OPTIONAL else None
    if inner.card == ONE:
        item = inner.source
    elif number is not None and inner.kind in ("integer", "decimal"):
        # NaN stands for none
        item = compiler.fresh()
        clauses = f"{clauses} for {item} in ({number},) if {item} == {item}"
    else:
        item, more = each(inner, compiler.fresh())
        clauses = f"{clauses} {more}"
    if not inner.is_node:
        return looped(item, clauses, inner.kind)
    # where all that is asked is whether there is any, nothing on the way has to be put in order, and so evaluated
    unsorted: tuple[str, str] | None = None
    if left.unsorted is not None:
        unsorted = item, f"{left.unsorted[1]} for {name} in ({left.unsorted[0]},){clauses[len(head) :]}"
    keeps = left.card != MANY or (left.flat and _keeps_order(right))
    if inner.ordered and keeps:
        return replace(looped(item, clauses, inner.kind, flat=inner.flat, ordered=True), unsorted=unsorted)
    if inner.kind == "node":
        raise NotCompiled("nodes of several kinds out of document order")
    source = f"{order_function(inner.kind)}([{item} {clauses}])"
    return Code(source, inner.kind, MANY, False, True, unsorted=unsorted or (item, clauses))


def _keeps_order(right: Expr) -> bool:
    """Whether the results of *right* for flat nodes stay in document order, each once."""
    if isinstance(right, Filter):
        return _keeps_order(right.primary)
    if isinstance(right, Context):
        return True
    return isinstance(right, Step) and right.axis in ("child", "attribute", "self", "descendant", "descendant-or-self")


def _shortened(expr: Path) -> Expr:
    """``//x`` as one step of the descendant axis, where no predicate counts positions."""
    left, right = expr.left, expr.right
    if isinstance(left, Path) and left.right == ANY_BELOW:
        if isinstance(right, Step) and right.axis == "child" and not any(map(may_be_position, right.predicates)):
            return Path(left.left, replace(right, axis="descendant"))
        if isinstance(right, Binary) and right.operator == "|":
            parts = [_shortened(Path(left, one)) for one in flattened(right, "|")]
            if all(isinstance(one, Path) and one.left == left.left for one in parts):
                together = parts[0]
                for one in parts[1:]:
                    together = Binary("|", together, one)
                return together
        if isinstance(right, Filter) and not any(map(may_be_position, right.predicates)):
            inner = _shortened(Path(left, right.primary))
            if inner != Path(left, right.primary):
                return Filter(inner, right.predicates)
    return expr


def may_be_position(predicate: Expr) -> bool:
    """Whether a predicate may select by position, judged by its form."""
    if uses_position(predicate) or uses_last(predicate):
        return True
    if isinstance(predicate, Literal):
        return predicate.kind != "string"
    return not isinstance(predicate, (Path, Step)) and not _boolean_form(predicate)


def _boolean_form(expr: Expr) -> bool:
    if isinstance(expr, Binary):
        return expr.operator in ("or", "and", "=", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "is")
    if isinstance(expr, Call):
        return expr.name in _BOOLEAN_OR_TEXT
    return isinstance(expr, Quantified) or (isinstance(expr, TypeTest) and expr.operator in ("castable", "instance"))


def _anywhere(compiler: Compiler, step: Step, scope: Scope) -> Code:
    compiler.need_document(scope)
    test = step.test
    assert isinstance(test, NameTest)  # noqa: S101 - the caller asked
    if test.tag is not None:
        source = f"d.named({test.tag!r})"
    elif test == NameTest(None, None):
        source = "d.elements()"
    else:
        source = f"elements_like(d, {test.namespace!r}, {test.local!r})"
    code = Code(source, "element", MANY, flat=False)
    return predicates(compiler, code, step.predicates, scope, distinct=True)


def step(compiler: Compiler, expr: Step, scope: Scope) -> Code:
    """One step from the context item."""
    focus = scope.focus
    if focus is None:
        raise NotCompiled("there is no context item here (XPDY0002)")
    if not focus.is_node:
        raise NotCompiled("a step from a value that is no node (XPTY0020)")
    found = _axis(expr, focus)
    if compiler.is_short and focus.kind == "element" and found.source == f"parent(d, {focus.source})":
        # the document node has no parent; a path that gets there is not short
        found = replace(found, source=f"above(P[{focus.source}])")
    of_element = compiler.is_short and focus.kind == "element" and isinstance(expr.test, NameTest)
    if of_element and expr.axis == "ancestor" and expr.test.tag is not None:  # type: ignore[union-attr]
        found = found.with_source(f"up(d, {focus.source}, {expr.test.tag!r})")  # type: ignore[union-attr]
    if compiler.is_short and found.source.startswith("children(d, ") and isinstance(expr.test, NameTest):
        found = found.with_source(f"kids(K[{focus.source}].get({expr.test.tag!r}))")
    if found.is_empty:
        return found
    if not expr.predicates:
        return replace(found, short=_short(expr, focus)) if compiler.is_short else found
    if expr.axis in _REVERSE and found.card == MANY and any(map(may_be_position, expr.predicates)):
        backwards = found.with_source(f"{found.source}[::-1]")
        filtered = predicates(compiler, backwards, expr.predicates, scope, distinct=True)
        return replace(filtered, source=f"{as_list(filtered)}[::-1]", card=MANY, loop=None, unsorted=None)
    return predicates(compiler, found, expr.predicates, scope, distinct=True)


def _short(expr: Step, focus: Code) -> short.Short | None:
    test = expr.test
    if focus.kind != "element" or focus.card != ONE:
        return None
    if isinstance(test, NameTest) and test.tag is not None:
        if expr.axis == "child":
            return short.child(focus.source, test.tag)
        if expr.axis == "attribute":
            return short.attribute(focus.source, test.tag)
    if expr.axis == "child" and test == NameTest(None, None):
        return short.any_child(focus.source)
    if expr.axis == "child" and test == KindTest("text"):
        return short.text(focus.source)
    if expr.axis == "parent" and test == KindTest("node"):
        return short.parent(focus.source)
    return None


def _axis(expr: Step, focus: Code) -> Code:
    axis, test, n = expr.axis, expr.test, focus.source
    if axis in ("self", "parent") and test == KindTest("node"):
        if axis == "self":
            return focus
        if focus.kind == "element":
            return Code(f"parent(d, {n})", "element", OPTIONAL)
        if focus.kind in ("attribute", "text"):
            return Code(f"{n}[0]", "element", ONE)
        return Code(f"parent_of(d, {n})", "element", OPTIONAL)
    if focus.kind in ("attribute", "text"):
        return _from_leaf(axis, test, focus)
    if focus.kind == "node":
        return _general(axis, test, n)
    if axis == "child":
        if isinstance(test, NameTest):
            if test.tag is not None:
                return Code(f"children(d, {n}, {test.tag!r})", "element", MANY)
            if test == NameTest(None, None):
                return Code(f"d.children({n})", "element", MANY)
        elif test.kind == "text":
            return Code(f"d.texts({n})", "text", MANY)
        elif test.kind == "node":
            return Code(f"d.child_nodes({n})", "node", MANY)
    if axis == "attribute":
        name = test if isinstance(test, NameTest) else test.name
        if isinstance(test, KindTest) and test.kind not in ("attribute", "node"):
            return EMPTY
        if name is not None and name.tag is not None:
            return Code(f"attribute(d, {n}, {name.tag!r})", "attribute", OPTIONAL)
        namespace, local = (None, None) if name is None else (name.namespace, name.local)
        return Code(f"attributes(d, {n}, {namespace!r}, {local!r})", "attribute", MANY)
    return _general(axis, test, n)


def _general(axis: str, test: NameTest | KindTest, n: str) -> Code:
    name = test if isinstance(test, NameTest) else test.name
    kind = "element" if isinstance(test, NameTest) else test.kind
    if kind in ("comment", "processing-instruction", "document-node"):
        raise NotCompiled(f"{kind}() as a node test")
    namespace, local = (None, None) if name is None else (name.namespace, name.local)
    if kind == "element":
        flat = axis in ("child", "self", "parent", "preceding-sibling", "following-sibling")
        source = f"axis(d, {n}, {axis!r}, {namespace!r}, {local!r})"
        return Code(source, "element", MANY, flat=flat)
    if kind == "text" and axis in ("descendant", "descendant-or-self"):
        return Code(f"texts_below(d, {n})", "text", MANY)
    if kind == "node" and axis in ("ancestor", "ancestor-or-self"):
        return Code(f"axis_nodes(d, {n}, {axis!r})", "element", MANY, flat=False)
    if kind == "node" and axis == "descendant-or-self":
        # only as the middle of //, whose next step is a child or an attribute: texts have neither
        return Code(f"axis_nodes(d, {n}, {axis!r})", "element", MANY, flat=False)
    raise NotCompiled(f"{kind}() on the {axis} axis")


def _from_leaf(axis: str, test: NameTest | KindTest, focus: Code) -> Code:
    owner = f"{focus.source}[0]"
    if axis == "self":
        if isinstance(test, KindTest) and test.kind == focus.kind and test.name is None:
            return focus
        if isinstance(test, KindTest) and test.kind == "attribute" and focus.kind == "attribute":
            raise NotCompiled("a name test of the self axis from an attribute")
        return EMPTY
    if axis == "parent":
        return _general("self", test, owner)
    if axis in ("ancestor", "ancestor-or-self"):
        return _general("ancestor-or-self", test, owner)
    if axis in ("child", "attribute", "descendant"):
        return EMPTY
    raise NotCompiled(f"the {axis} axis from an attribute or a text")


def predicates(
    compiler: Compiler, code: Code, conditions: tuple[Expr, ...], scope: Scope, *, distinct: bool = False
) -> Code:
    """*code* filtered by predicates, each counting the positions that the one before left."""
    for one in conditions:
        code = _predicate(compiler, code, one, scope)
        if code.is_empty:
            return EMPTY
    return code


def _predicate(compiler: Compiler, code: Code, expr: Expr, scope: Scope) -> Code:
    if compiler.is_short:
        firsts = first_of_equals(code, expr)
        if firsts is not None:
            return firsts
    if isinstance(expr, Literal) and expr.kind == "integer":
        return replace(
            code, source=f"nth({stream(code)}, {expr.value})", card=OPTIONAL, loop=None, unsorted=None, short=None
        )
    if isinstance(expr, Call) and expr.name == "last" and not expr.arguments:
        return replace(code, source=f"nth_last({listed(code)})", card=OPTIONAL, loop=None, unsorted=None, short=None)
    item, clauses = each(code, compiler.fresh())
    position, sequence = compiler.fresh(), compiler.fresh()
    inner = scope.with_focus(compiler.item(item, code.kind), position, f"len({sequence})")
    test = compiler.compile(expr, inner)
    counted = uses_position(expr)
    if test.kind == "integer" and test.card == ONE and not uses_context(expr):
        return replace(
            code, source=f"nth({stream(code)}, {test.source})", card=OPTIONAL, loop=None, unsorted=None, short=None
        )
    if test.kind in NUMBERS:
        kept, counted = f"{position} == {at_most_one(test).source}", True
    elif test.kind == "any":
        kept, counted = f"selects({position}, {listed(boxed(test))})", True
    else:
        kept = condition(test)
    if uses_last(expr):
        clauses = f"for {sequence} in ([*{listed(code)}],) for {position}, {item} in enumerate({sequence}, 1) if {kept}"
    elif counted:
        clauses = f"for {position}, {item} in enumerate({stream(code)}, 1) if {kept}"
    else:
        clauses = f"{clauses} if {kept}"
    filtered = looped(item, clauses, code.kind, flat=code.flat, ordered=code.ordered)
    if code.card != MANY:
        return replace(filtered, source=f"first({filtered.source})", card=OPTIONAL, loop=None, unsorted=None)
    return filtered
