"""Value indexes: ``ABSOLUTE[key(.) = value]`` as a look-up in a dict that is made once per document.

The packs ask for the lines of one rate from every subtotal.
A document in which making a key raises has no such index; its checks are evaluated by their exact forms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fakturahub.rules.compiler import paths
from fakturahub.rules.compiler.code import MANY, ONE, Code, NotCompiled, Scope, each
from fakturahub.rules.compiler.focus import free_variables, uses_context, uses_current, uses_document
from fakturahub.rules.xpath.syntax import Binary, Expr, KindTest, NameTest, Path, Root, Step, Variable

if TYPE_CHECKING:
    from fakturahub.rules.compiler.shortening import ShortCompiler

_EXACT = frozenset({"integer", "decimal"})
#: ``/*``
ROOT_ELEMENT = Path(Root(), Step("child", NameTest(None, None)))
_PARENT = Step("parent", KindTest("node"))


def indexed(compiler: ShortCompiler, expr: Expr, scope: Scope) -> Code | None:
    """The short form of a path whose last step has such a predicate, or None."""
    if not isinstance(expr, Path) or not isinstance(expr.right, Step) or scope.focus is None:
        return None
    step = expr.right
    if any(paths.may_be_position(one) for one in step.predicates):
        return None
    for at in range(len(step.predicates) - 1, -1, -1):
        predicate = step.predicates[at]
        nodes = Path(expr.left, replace(step, predicates=step.predicates[:at]))
        if not isinstance(predicate, Binary) or predicate.operator != "=" or not _is_fixed(compiler, nodes, scope):
            continue
        for key, value in ((predicate.left, predicate.right), (predicate.right, predicate.left)):
            found = _looked_up(compiler, nodes, key, value, scope)
            if found is not None:
                return paths.predicates(compiler, found, step.predicates[at + 1 :], scope, distinct=True)
    return None


def _is_fixed(compiler: ShortCompiler, expr: Expr, scope: Scope) -> bool:
    if uses_context(expr) or uses_current(expr) or not uses_document(expr):
        return False
    return all(name in scope.variables and compiler.is_global(scope.variables[name]) for name in free_variables(expr))


def _looked_up(compiler: ShortCompiler, nodes: Expr, key: Expr, value: Expr, scope: Scope) -> Code | None:
    wanted, kinds = _value(value, scope)
    if wanted is None or not uses_context(key) or uses_current(key):
        return None
    if not all(name in scope.variables and compiler.is_global(scope.variables[name]) for name in free_variables(key)):
        return None
    try:
        found = compiler.compile(nodes, scope)
        if found.kind != "element" or found.card != MANY:
            return None
        item, clauses = each(found, "k")
        keys = compiler.atoms(key, scope.with_focus(compiler.item(item, "element")))
    except NotCompiled:
        return None
    if keys.kind not in kinds:
        return None
    pairs = _pairs(compiler, keys, item, clauses)
    if pairs is None:
        return None
    # variables of one name may differ from pattern to pattern
    named = tuple((name, scope.variables[name].source) for name in sorted(free_variables(nodes) | free_variables(key)))
    source = compiler.kept_index((nodes, key, named), f"index({pairs})")
    return Code(f"{source}.get({wanted}, ())", "element", MANY, flat=found.flat, ordered=found.ordered)


def _value(value: Expr, scope: Scope) -> tuple[str | None, frozenset[str]]:
    """(source, kinds of keys that compare with it as Python compares them)."""
    if isinstance(value, Variable) and value.name in scope.variables:
        code = scope.variables[value.name]
        if code.kind in _EXACT and code.card == ONE and code.source.isidentifier():
            return code.source, _EXACT
    return None, frozenset()


def _pairs(compiler: ShortCompiler, keys: Code, item: str, clauses: str) -> str | None:
    """A list of (key, node)."""
    if keys.card == MANY and keys.loop is not None:
        return f"[({keys.loop[0]}, {item}) {clauses} {keys.loop[1]}]"
    source = None
    if keys.short is not None:
        source = keys.short.number
    if source is None and keys.card == ONE:
        source = keys.source
    return None if source is None else f"[({source}, {item}) {clauses}]"


def folded(expr: Expr, depth: int) -> Expr:
    """*expr* with ``../..`` up to the root element as ``/*``, where the context stands *depth* names deep."""
    if isinstance(expr, Path):
        if depth > 1 and _levels(expr) == depth - 1:
            return ROOT_ELEMENT
        return replace(expr, left=folded(expr.left, depth))
    if expr == _PARENT and depth == 2:
        return ROOT_ELEMENT
    parts = {
        name: folded(part, depth)
        for name in ("left", "right", "condition", "then", "other", "operand", "source", "body", "primary")
        if (part := getattr(expr, name, None)) is not None
    }
    for name in ("items", "arguments"):
        if hasattr(expr, name):
            parts[name] = tuple(folded(part, depth) for part in getattr(expr, name))  # type: ignore[assignment]
    return replace(expr, **parts) if parts else expr  # type: ignore[arg-type]


def _levels(expr: Expr) -> int:
    """How many levels a path of ``..`` alone goes up; 0 for another."""
    if expr == _PARENT:
        return 1
    if isinstance(expr, Path) and expr.right == _PARENT:
        above = _levels(expr.left)
        return above + 1 if above else 0
    return 0
