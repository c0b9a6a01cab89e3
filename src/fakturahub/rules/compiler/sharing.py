"""What a short function evaluates twice is evaluated once: the second time it is a local variable.

Rules repeat themselves (``A - 1 < round(B * C) and A + 1 > round(B * C)``). This goes over Python's own syntax tree of
a function, in the order of evaluation, and knows what has surely been evaluated before. Short forms have no effects,
and the same value however often they are evaluated at one node, so nothing else changes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: what changes while a function runs
_CHANGING = frozenset({"exact", "mark", "out"})
_WORTH = (ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.IfExp, ast.Subscript)
#: what columns hold of the rule's own node or of its parent: it costs next to nothing, so it is bound at once
_OF_NODE = ("K[n]", "T[n]", "A[n]", "K[P[n]]", "T[P[n]]")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class _Key(NamedTuple):
    """What is told of an expression."""

    #: the same for expressions that differ in the names of their bound variables alone
    text: str
    #: names that it takes from outside
    names: frozenset[str]
    #: whether its value may be kept
    lasting: bool
    #: comprehensions inside one another
    height: int


@dataclass(eq=False, slots=True)
class _Known:
    """An expression that has been evaluated."""

    node: ast.expr | None
    names: frozenset[str]
    #: the variable that holds it
    name: str


def shared(source: str) -> str:
    """The source of one function in which nothing is evaluated twice that need not be."""
    try:
        module = ast.parse(source)
        sharing = _Sharing()
        sharing.statements(module.body)
        if not sharing.changed:
            return source
        return ast.unparse(_Binding(sharing.bound).visit(module)) + "\n"
    except RecursionError:
        # as it was written it is right as well
        return source


class _Binding(ast.NodeTransformer):
    """Binds expressions to the variables they are known by from then on."""

    def __init__(self, bound: Sequence[_Known]) -> None:
        self._names = {id(one.node): one.name for one in bound}

    def visit(self, node: ast.AST) -> ast.AST:
        name = self._names.get(id(node))
        node = self.generic_visit(node)
        if name is None or not isinstance(node, ast.expr):
            return node
        return ast.NamedExpr(ast.Name(name, ast.Store()), node)


class _Sharing:
    """One function."""

    def __init__(self) -> None:
        self.changed = False
        #: those that were asked for again
        self.bound: list[_Known] = []
        self._known: dict[str, _Known] = {}
        #: (text, what was known under it), to go back to
        self._log: list[tuple[str, _Known | None]] = []
        self._keys: dict[int, _Key] = {}
        self._constants: dict[tuple[type, object], int] = {}
        self._count = 0

    # --- statements ---

    def statements(self, body: list[ast.stmt]) -> None:
        """One after the other."""
        for one in body:
            if isinstance(one, ast.FunctionDef):
                self.statements(one.body)
            elif isinstance(one, ast.For):
                self._branch(one.body)
            elif isinstance(one, ast.Try):
                mark = len(self._log)
                first = self._of_node(one.body)
                self.statements(one.body)
                one.body[:0] = first
                self._back(mark)
            elif isinstance(one, ast.If):
                one.test = self._visit(one.test, True)
                self._branch(one.body)
            elif isinstance(one, (ast.Assign, ast.Return)) and one.value is not None:
                one.value = self._visit(one.value, True)

    def _branch(self, body: list[ast.stmt]) -> None:
        mark = len(self._log)
        self.statements(body)
        self._back(mark)

    def _of_node(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Assignments for what the columns hold of the node."""
        text = "\n".join(map(ast.unparse, body))
        made: list[ast.stmt] = []
        for source in _OF_NODE:
            if text.count(source) < 2:
                continue
            value = ast.parse(source, mode="eval").body
            known = _Known(None, frozenset(), self._name())
            self._learn(self._key(value).text, known)
            made.append(ast.Assign([ast.Name(known.name, ast.Store())], value, lineno=0))
        return made

    # --- what is known ---

    def _learn(self, text: str, known: _Known) -> None:
        self._log.append((text, self._known.get(text)))
        self._known[text] = known

    def _back(self, mark: int) -> None:
        while len(self._log) > mark:
            text, before = self._log.pop()
            if before is None:
                del self._known[text]
            else:
                self._known[text] = before

    def _name(self) -> str:
        self._count += 1
        return f"y{self._count}"

    # --- expressions ---

    def _visit(self, node: ast.expr, bindable: bool) -> ast.expr:
        """*node* with variables for what is known; *bindable*: whether a variable can be bound here."""
        key = self._key(node) if isinstance(node, _WORTH) else None
        if key is None or not key.lasting:
            self._inside(node, bindable)
            return node
        known = self._known.get(key.text)
        if known is not None:
            if not known.name:
                known.name = self._name()
                self.bound.append(known)
            self.changed = True
            return ast.Name(known.name, ast.Load())
        self._inside(node, bindable)
        if bindable and not _is_cheap(node):
            self._learn(key.text, _Known(node, key.names, ""))
        return node

    def _inside(self, node: ast.expr, bindable: bool) -> None:
        """Goes through the parts of *node* in the order of evaluation."""
        if isinstance(node, ast.IfExp) and _is_memo(node):
            return
        if isinstance(node, ast.BoolOp):
            node.values = self._first_surely(node.values, 1, bindable)
        elif isinstance(node, ast.Compare):
            node.left, *node.comparators = self._first_surely([node.left, *node.comparators], 2, bindable)
        elif isinstance(node, ast.IfExp):
            node.test = self._visit(node.test, bindable)
            (node.body,) = self._first_surely([node.body], 0, bindable)
            (node.orelse,) = self._first_surely([node.orelse], 0, bindable)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, bindable)
        elif not isinstance(node, ast.Lambda):
            # a lambda runs when its function likes
            for name, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    setattr(node, name, self._visit(value, bindable))
                elif isinstance(value, list):
                    value[:] = [self._visit(one, bindable) if isinstance(one, ast.expr) else one for one in value]

    def _first_surely(self, nodes: Iterable[ast.expr], sure: int, bindable: bool) -> list[ast.expr]:
        """The first so many are evaluated in any case, each other one only if all before it are."""
        made: list[ast.expr] = []
        mark = len(self._log)
        for number, one in enumerate(nodes):
            if number == sure:
                mark = len(self._log)
            made.append(self._visit(one, bindable))
        if len(made) > sure:
            self._back(mark)
        return made

    def _comprehension(self, node: ast.expr, bindable: bool) -> None:
        clauses: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        # where a comprehension takes its items from, Python binds no variables
        clauses[0].iter = self._visit(clauses[0].iter, False)
        mark = len(self._log)
        names = set(_bound(node))
        for text, known in [pair for pair in self._known.items() if pair[1].names & names]:
            # a variable of that name is another one from here on
            self._log.append((text, known))
            del self._known[text]
        for number, clause in enumerate(clauses):
            if number:
                clause.iter = self._visit(clause.iter, False)
            if isinstance(clause.iter, ast.Tuple) and isinstance(clause.target, ast.Name):
                self._named(clause.iter.elts, clause.target.id)
            clause.ifs = [self._visit(one, bindable) for one in clause.ifs]
        for name in ("key", "value", "elt"):
            if hasattr(node, name):
                setattr(node, name, self._visit(getattr(node, name), bindable))
        self._back(mark)

    def _named(self, items: Sequence[ast.expr], name: str) -> None:
        """*name* goes through *items*: where there is only one, it is a variable for that."""
        if len(items) == 1 and isinstance(items[0], _WORTH):
            only = self._key(items[0])
            if only.lasting:
                self._learn(only.text, _Known(None, only.names, name))

    # --- which expressions are equal ---

    def _key(self, node: ast.AST) -> _Key:
        found = self._keys.get(id(node))
        if found is None:
            found = self._keys[id(node)] = self._made(node)
        return found

    def _made(self, node: ast.AST) -> _Key:
        if isinstance(node, ast.Name):
            return _Key(f"${node.id}", frozenset((node.id,)), node.id not in _CHANGING, 0)
        if isinstance(node, ast.Constant):
            pair = (type(node.value), node.value)
            return _Key(f"#{self._constants.setdefault(pair, len(self._constants))}", frozenset(), True, 0)
        lasting = not isinstance(node, (ast.GeneratorExp, ast.Lambda, ast.NamedExpr))
        texts: list[str] = []
        names: frozenset[str] = frozenset()
        height = 0
        for value in (value for _name, value in ast.iter_fields(node)):
            for part in value if isinstance(value, list) else (value,):
                if not isinstance(part, ast.AST):
                    texts.append(repr(part))
                    continue
                key = self._key(part)
                texts.append(key.text)
                names |= key.names
                height = max(height, key.height)
                # what goes through a generator ends it
                lasting = lasting and (key.lasting or isinstance(part, ast.GeneratorExp))
        text = f"{type(node).__name__}({','.join(texts)})"
        bound = _bound(node)
        if bound:
            height += 1
            lasting = lasting and not (isinstance(node, _COMPREHENSIONS) and self._outside(node) & set(bound))
            for number, name in enumerate(bound):
                text = re.sub(rf"\${name}\b", f"%{height}.{number}", text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "iter":
            lasting = False
        return _Key(text, names - set(bound), lasting, height)

    def _outside(self, node: ast.expr) -> frozenset[str]:
        clauses: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        return self._key(clauses[0].iter).names


def _bound(node: ast.AST) -> list[str]:
    """The names that a comprehension or a lambda binds."""
    if isinstance(node, ast.Lambda):
        return [one.arg for one in node.args.args]
    if not isinstance(node, _COMPREHENSIONS):
        return []
    targets = [clause.target for clause in node.generators]
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def _is_memo(node: ast.IfExp) -> bool:
    """Whether it is ``M[slot] if M[slot] is not UNSET else …``, whose parts change and whose value does not."""
    return isinstance(node.test, ast.Compare) and ast.unparse(node.test).endswith(" is not UNSET")


def _is_cheap(node: ast.expr) -> bool:
    """Whether it takes no longer to evaluate *node* again than to keep it."""
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Name)
