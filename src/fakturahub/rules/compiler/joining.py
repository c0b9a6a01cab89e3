"""Values that are computed once per document, joined where only one other of them asks.

Every expression that does not depend on the context has a slot of its own as it is compiled. Most are asked for in one
place only, within another such expression; there the slot and its function cost more than what they keep. A slot that
is another name of one more goes as well.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: source of one expression up to which others are put into it, and parentheses inside one another; Python has limits
LENGTH = 4_000
NESTED = 80

_USE = re.compile(r"\(M\[(\d+)\] if M\[\1\] is not UNSET else (\w+)\(d\)\)")
_BOUND = re.compile(r"\bx\d+\b")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


@dataclass(slots=True)
class Memo:
    """A value that is computed once per document."""

    slot: int
    #: sources of the short and of the exact form
    short: str
    exact: str

    def use(self, name: str) -> str:
        """The source that asks for it; *name*: the function that computes it."""
        return f"(M[{self.slot}] if M[{self.slot}] is not UNSET else {name}(d))"


def joined(functions: Sequence[str], memos: Mapping[str, Memo]) -> tuple[list[str], dict[str, Memo]]:
    """The functions and the values that are left; an expression stands behind those that it asks for."""
    left: dict[str, Memo] = {}
    same: dict[str, str] = {}
    known: dict[tuple[str, str], str] = {}

    def renamed(text: str) -> str:
        return _USE.sub(lambda use: same.get(use[2], use[0]), text)

    for name, memo in memos.items():
        one = Memo(memo.slot, renamed(memo.short), memo.exact)
        use = _USE.fullmatch(one.short)
        if use is not None and use[2] in left:
            same[name] = one.short
            continue
        text = (_without_names(one.short), _without_names(one.exact))
        if text in known:
            same[name] = known[text]
            continue
        known[text] = one.use(name)
        left[name] = one
    texts = [renamed(one) if "UNSET" in one else one for one in functions]
    uses = Counter([use[2] for text in (*texts, *[one.short for one in left.values()]) for use in _USE.finditer(text)])
    user = {use[2]: name for name, one in left.items() for use in _USE.finditer(one.short)}
    for name, one in list(left.items()):
        if uses[name] != 1 or name not in user:
            continue
        above = left[user[name]]
        source = above.short.replace(one.use(name), f"({one.short})")
        if len(source) > LENGTH or _nested(source) > NESTED or not _is_once(above.short, name):
            continue
        above.short = source
        del left[name]
        for use in _USE.finditer(one.short):
            user[use[2]] = user[name]
    return texts, left


def _without_names(source: str) -> str:
    """*source* with its variables numbered by where they first stand."""
    numbers: dict[str, int] = {}
    return _BOUND.sub(lambda found: f"x_{numbers.setdefault(found[0], len(numbers))}", source)


def _nested(source: str) -> int:
    deepest = depth = 0
    for letter in source:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _is_once(source: str, name: str) -> bool:
    """Whether the expression asks for the value of *name* once at most, and not for each item of something."""
    waiting: list[ast.AST] = [ast.parse(source, mode="eval").body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and node.id == name:
            return True
        if isinstance(node, _COMPREHENSIONS):
            waiting.append(node.generators[0].iter)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return False
