"""Rule contexts: XSLT patterns taken apart into steps that are matched by name, and predicates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from fakturahub.rules.compiler.code import NotCompiled
from fakturahub.rules.xpath.syntax import ANY_BELOW, Binary, Expr, Filter, KindTest, NameTest, Path, Root, Step

#: alternatives of one context
ALTERNATIVES = 1_000


@dataclass(frozen=True, slots=True)
class PatternStep:
    #: whether elements may lie between the step before and this one (``//``)
    deep: bool
    #: element, attribute
    kind: str
    namespace: str | None
    local: str | None
    predicates: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One path of a pattern. No steps: the document node itself."""

    #: begins at the document node
    anchored: bool
    steps: tuple[PatternStep, ...]

    @property
    def kind(self) -> str:
        return self.steps[-1].kind if self.steps else "element"


_Chain: TypeAlias = tuple[bool, bool, tuple[PatternStep, ...]]


def alternatives(expr: Expr) -> list[Alternative]:
    """The paths of a pattern.

    Raises:
        NotCompiled: it is an expression that is no pattern, or one that is not taken (key(), axes other than child
            and attribute, texts and comments).
    """
    found: list[Alternative] = []
    for anchored, deep, steps in _expand(expr):
        if deep:
            raise NotCompiled("the context ends with //")
        found.append(Alternative(anchored, steps))
    return found


def _expand(expr: Expr) -> list[_Chain]:
    """(anchored, whether // follows, steps) of every path."""
    if isinstance(expr, Root):
        return [(True, False, ())]
    if isinstance(expr, Step):
        return [(False, False, (_step(expr, False),))]
    if isinstance(expr, Binary) and expr.operator == "|":
        chains = [*_expand(expr.left), *_expand(expr.right)]
        if len(chains) > ALTERNATIVES:
            raise NotCompiled(f"a context of more than {ALTERNATIVES} alternatives")
        return chains
    if isinstance(expr, Filter):
        return [_filtered(chain, expr.predicates) for chain in _expand(expr.primary)]
    if isinstance(expr, Path):
        return _path(expr)
    raise NotCompiled("the context is no pattern of XSLT")


def _path(expr: Path) -> list[_Chain]:
    lefts = _expand(expr.left)
    if expr.right == ANY_BELOW:
        return [(anchored, True, steps) for anchored, _, steps in lefts]
    chains: list[_Chain] = []
    for anchored, deep, steps in lefts:
        for starts, ends_deep, more in _expand(expr.right):
            if starts or not more:
                raise NotCompiled("a path from the root inside a pattern")
            head = replace(more[0], deep=deep or more[0].deep)
            chains.append((anchored, ends_deep, (*steps, head, *more[1:])))
    if len(chains) > ALTERNATIVES:
        raise NotCompiled(f"a context of more than {ALTERNATIVES} alternatives")
    return chains


def _filtered(chain: _Chain, predicates: tuple[Expr, ...]) -> _Chain:
    anchored, deep, steps = chain
    if not steps or deep:
        raise NotCompiled("a predicate of the document node")
    last = replace(steps[-1], predicates=(*steps[-1].predicates, *predicates))
    return anchored, deep, (*steps[:-1], last)


def _step(step: Step, deep: bool) -> PatternStep:
    test = step.test
    if step.axis == "descendant":
        deep = True
    elif step.axis not in ("child", "attribute"):
        raise NotCompiled(f"the axis {step.axis} in a context")
    kind = "attribute" if step.axis == "attribute" else "element"
    if isinstance(test, KindTest):
        if test.kind != kind:
            raise NotCompiled(f"{test.kind}() in a context")
        test = test.name or NameTest(None, None)
    return PatternStep(deep, kind, test.namespace, test.local, step.predicates)


def anywhere(expr: Expr) -> Expr:
    """An expression for all nodes of the document that a pattern matches."""
    if isinstance(expr, Binary) and expr.operator == "|":
        return Binary("|", anywhere(expr.left), anywhere(expr.right))
    if isinstance(expr, Filter):
        return Filter(anywhere(expr.primary), expr.predicates)
    if isinstance(expr, Path):
        return Path(anywhere(expr.left), expr.right)
    if isinstance(expr, Step):
        return Path(Path(Root(), ANY_BELOW), expr)
    return expr
