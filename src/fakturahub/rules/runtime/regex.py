"""Regular expressions of XPath 2.0, run by Python's ``re``.

An expression is parsed by XPath's own grammar and written anew for ``re``; what has no exact counterpart
(back-references, blocks of Unicode, repeated anchors, some uses of the flag i) raises :class:`UnsupportedRegex` when
a pack is compiled.

Time: ``re`` backtracks and cannot be stopped, and the text comes from a stranger. So each expression has a length of
text up to which its worst case stays within :data:`STEPS` (see ``regex_cost``). A longer text is searched without
backtracking (``regex_walk``), up to :data:`TEXT` characters; to split or replace in it raises EvaluationError
``LIMIT``, a finding and never a silent answer. An expression that may take exponential time is refused for splitting
and replacing.

Source: XQuery 1.0 and XPath 2.0 Functions and Operators, section 7.6.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

from fakturahub.rules.runtime import regex_classes as classes
from fakturahub.rules.runtime.errors import EvaluationError, UnsupportedRegex
from fakturahub.rules.runtime.regex_cost import longest
from fakturahub.rules.runtime.regex_syntax import Anchor, Chars, Choice, Group, Node, Repeat, Sequence, parse
from fakturahub.rules.runtime.regex_walk import TooLarge, Walk
from fakturahub.rules.runtime.strings import WHITE_SPACE

Use: TypeAlias = Literal["matches", "tokenize", "replace"]

#: characters of a text that is searched at all
TEXT = 1_000_000
#: steps of backtracking that one search may take, from one to six nanoseconds each
STEPS = 400_000_000
#: instructions that one walk may look at, two hundred nanoseconds each where no set of states is met twice
_WALKED = 50_000_000
_REMEMBERED = 256


class Regex:
    """A compiled expression; from :func:`compile_regex`. Safe in several threads."""

    def __init__(self, pattern: str, flags: str, use: Use) -> None:
        tree, groups = parse(pattern, flags)
        self.pattern = pattern
        self.groups = groups
        self._literal = "q" in flags
        multiline = "m" in flags
        bound = longest(tree, anchored=not multiline and _is_anchored(tree), steps=STEPS)
        if bound is None and use != "matches":
            raise UnsupportedRegex("a regular expression that may take exponential time to split or to replace by")
        #: characters of a text up to which ``re`` is used; -1: never
        self.bound = -1 if bound is None else min(TEXT, bound)
        # A lowered flag i means the same to both: simple case folding of each character.
        python_flags = re.IGNORECASE if "i" in flags else re.NOFLAG
        self._compiled = re.compile(_written(tree, multiline), python_flags)
        self._walk: Walk | None = None
        self._walked = 0
        if self.bound < TEXT and "i" not in flags:
            try:
                self._walk = Walk(tree, multiline=multiline)
            except TooLarge:
                pass  # then the bound is the end
            else:
                #: characters of a text up to which it is walked
                self._walked = min(TEXT, _WALKED // self._walk.instructions)
        if self.bound < 0 and self._walk is None:
            raise UnsupportedRegex(
                "a regular expression that may take exponential time, and is too large or has flag i"
            )
        self._matches_nothing = self._compiled.search("") is not None

    def matches(self, text: str) -> bool:
        """``matches(text, …)``: whether a part of *text* matches. Errors: LIMIT."""
        if len(text) <= self.bound:
            return self._compiled.search(text) is not None
        if self._walk is None or len(text) > self._walked:
            raise self._too_long(text)
        return self._walk.finds(text)

    def tokenize(self, text: str) -> list[str]:
        """``tokenize(text, …)``: none where *text* is empty. Errors: FORX0003 (it matches the empty string), LIMIT."""
        if not text:
            return []
        self._refuse_empty()
        if len(text) > self.bound:
            raise self._too_long(text)
        tokens: list[str] = []
        begin = 0
        for found in self._compiled.finditer(text):
            tokens.append(text[begin : found.start()])
            begin = found.end()
        tokens.append(text[begin:])
        return tokens

    def replace(self, text: str, replacement: str) -> str:
        """``replace(text, …, replacement)``.

        Errors: FORX0003 (it matches the empty string), FORX0004 (*replacement* is none), LIMIT.
        """
        self._refuse_empty()
        parts = [replacement] if self._literal else _replacement(replacement, self.groups)
        if len(text) > self.bound:
            raise self._too_long(text)
        if len(parts) == 1 and isinstance(parts[0], str):
            plain = parts[0]
            return self._compiled.sub(lambda _: plain, text)
        return self._compiled.sub(
            lambda found: "".join([one if isinstance(one, str) else found[one] or "" for one in parts]), text
        )

    def _refuse_empty(self) -> None:
        if self._matches_nothing:
            raise EvaluationError("FORX0003", "the regular expression matches the empty string")

    def _too_long(self, text: str) -> EvaluationError:
        return EvaluationError("LIMIT", f"a text of {len(text)} characters is too long for the regular expression")


@lru_cache(maxsize=_REMEMBERED)
def compile_regex(pattern: str, flags: str = "", use: Use = "matches") -> Regex:
    """The expression of a pack.

    Errors: UnsupportedRegex where it is not translated; EvaluationError FORX0001 for unknown flags, FORX0002 where
    *pattern* is no regular expression.
    """
    for flag in flags:
        if flag not in "smixq":
            if flag == ";":
                raise UnsupportedRegex("flags of another language's regular expressions")
            raise EvaluationError("FORX0001", f"{flag!r} is no flag of a regular expression")
    return Regex(pattern, flags, use)


def _dynamic(pattern: str, flags: str, use: Use) -> Regex:
    try:
        return compile_regex(pattern, flags, use)
    except UnsupportedRegex as unsupported:
        raise EvaluationError("LIMIT", unsupported.reason) from unsupported


def matches(text: str, pattern: str, flags: str = "") -> bool:
    """``matches`` with a pattern known only at run time; one that is not translated is an EvaluationError LIMIT."""
    return _dynamic(pattern, flags, "matches").matches(text)


def tokenize(text: str, pattern: str, flags: str = "") -> list[str]:
    """``tokenize``, as :func:`matches`."""
    if not text:
        # Saxon does not look at the pattern then
        return []
    return _dynamic(pattern, flags, "tokenize").tokenize(text)


def tokenize_words(text: str) -> list[str]:
    """``tokenize(text)`` of XPath 3.1: the words between white space."""
    return [word for word in _spaces(text) if word]


_spaces = re.compile(f"[{WHITE_SPACE}]+").split


def replace(text: str, pattern: str, replacement: str, flags: str = "") -> str:
    """``replace``, as :func:`matches`."""
    return _dynamic(pattern, flags, "replace").replace(text, replacement)


@lru_cache(maxsize=_REMEMBERED)
def _replacement(text: str, groups: int) -> list[str | int]:
    """A replacement as its texts and the numbers of the groups that stand between them."""
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        character, after = text[at], text[at + 1 : at + 2]
        at += 1
        if character == "\\":
            if after not in ("\\", "$"):
                raise EvaluationError("FORX0004", "a backslash that escapes neither a backslash nor a dollar")
            parts.append(after)
            at += 1
        elif character == "$":
            if not after or after not in "0123456789":
                raise EvaluationError("FORX0004", "a dollar without a number")
            number = int(after)
            at += 1
            # as many digits as make the number of a group
            while text[at : at + 1] and text[at] in "0123456789" and number * 10 + int(text[at]) <= groups:
                number = number * 10 + int(text[at])
                at += 1
            if number <= groups:
                parts.append(number)
        else:
            parts.append(character)
    joined: list[str | int] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined or [""]


def _is_anchored(node: Node) -> bool:
    """Whether every match begins at the text's first character."""
    match node:
        case Anchor():
            return node.at == "^"
        case Group():
            return _is_anchored(node.body)
        case Sequence():
            return bool(node.items) and _is_anchored(node.items[0])
        case Choice():
            return all(map(_is_anchored, node.branches))
        case _:
            return False


def _written(node: Node, multiline: bool) -> str:
    """*node* in the syntax of ``re``."""
    match node:
        case Chars():
            return _written_class(node)
        case Anchor():
            if not multiline:
                return r"\A" if node.at == "^" else r"\Z"
            return r"(?:\A|(?<=\n)(?!\Z))" if node.at == "^" else r"(?=\n|\Z)"
        case Group():
            return f"({'' if node.captures else '?:'}{_written(node.body, multiline)})"
        case Sequence():
            return "".join([_written_item(item, multiline) for item in node.items])
        case Choice():
            return "|".join([_written(branch, multiline) for branch in node.branches])
        case Repeat():
            most = "" if node.most is None else node.most
            return f"{_written_item(node.body, multiline)}{{{node.least},{most}}}{'' if node.greedy else '?'}"


def _written_item(node: Node, multiline: bool) -> str:
    written = _written(node, multiline)
    return f"(?:{written})" if isinstance(node, (Choice, Sequence)) else written


def _written_class(node: Chars) -> str:
    if not node.accepted:
        return "(?!)"
    if node.accepted == classes.ALL:
        return r"[\s\S]"
    if not node.negated and len(node.members) == 1 and node.members[0][0] == node.members[0][1]:
        return re.escape(chr(node.members[0][0]))
    spans = [f"\\U{first:08x}" + (f"-\\U{last:08x}" if last > first else "") for first, last in node.members]
    return f"[{'^' if node.negated else ''}{''.join(spans)}]"
