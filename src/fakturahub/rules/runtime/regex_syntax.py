"""The syntax of XPath's regular expressions.

Source: XQuery 1.0 and XPath 2.0 Functions and Operators, section 7.6.1, over XML Schema Part 2, appendix F;
non-capturing groups and the flag q as in XPath 3.0, which Saxon takes in 2.0 as well. Where the grammar leaves a
choice, Saxon's is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from fakturahub.rules.runtime import regex_classes as classes
from fakturahub.rules.runtime.errors import EvaluationError, UnsupportedRegex
from fakturahub.rules.runtime.regex_classes import CharSet

#: characters of an expression, depth of its groups, and the largest count in braces
LENGTH, DEPTH, COUNT = 2000, 50, 5000
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"} | {character: character for character in "\\|.-^?*+{}()[]$"}


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of *members*; with *negated*, one that is not among them."""

    members: CharSet
    negated: bool = False

    @property
    def accepted(self) -> CharSet:
        return classes.complement(self.members) if self.negated else self.members


@dataclass(frozen=True, slots=True)
class Anchor:
    at: Literal["^", "$"]


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    body: Node
    captures: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    body: Node
    least: int
    #: None: without end
    most: int | None
    greedy: bool


Node: TypeAlias = Chars | Anchor | Sequence | Choice | Group | Repeat


def parse(pattern: str, flags: str) -> tuple[Node, int]:
    """The tree of *pattern* and the number of its capturing groups.

    Errors: EvaluationError FORX0002 where it is no expression, UnsupportedRegex where it is one that is not translated.
    """
    if len(pattern) > LENGTH:
        raise UnsupportedRegex(f"a regular expression of more than {LENGTH} characters")
    if "q" in flags:
        return Sequence(tuple(Chars(((ord(one), ord(one)),)) for one in pattern)), 0
    parser = _Parser(_without_space(pattern) if "x" in flags else pattern, flags)
    return parser.whole(), parser.groups


def _without_space(pattern: str) -> str:
    """*pattern* without its white space outside character classes (flag x)."""
    kept: list[str] = []
    depth = 0
    escaped = False
    for character in pattern:
        if character in " \t\n\r" and not depth:
            continue
        kept.append(character)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            depth += (character == "[") - (character == "]")
    return "".join(kept)


class _Parser:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern, self.flags = pattern, flags
        self.at = 0
        self.depth = 0
        self.groups = 0

    def whole(self) -> Node:
        found = self._choice()
        if self.at < len(self.pattern):
            self._fault("unmatched )")
        return found

    def _fault(self, what: str) -> NoReturn:
        raise EvaluationError("FORX0002", f"{what} at character {self.at + 1} of a regular expression")

    def _peek(self, ahead: int = 0) -> str:
        return self.pattern[self.at + ahead : self.at + ahead + 1]

    def _take(self) -> str:
        character = self._peek()
        self.at += 1
        return character

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            item = self._quantified(self._atom())
            if item == Anchor("^") and "m" not in self.flags and not all(map(_has_anchor, items)):
                raise UnsupportedRegex("a ^ after other parts in a regular expression")
            items.append(item)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _atom(self) -> Node:
        character = self._take()
        if character == ".":
            return Chars(classes.ALL) if "s" in self.flags else Chars(classes.NEWLINES, negated=True)
        if character in ("^", "$"):
            return Anchor("^" if character == "^" else "$")
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return Chars(self._escape())
        if character in "?*+{}]":
            self._fault(f"misplaced {character}")
        return Chars(((ord(character), ord(character)),))

    def _group(self) -> Node:
        if self.depth >= DEPTH:
            raise UnsupportedRegex(f"a regular expression with groups more than {DEPTH} deep")
        captures = self._peek() != "?"
        if not captures:
            if self._peek(1) != ":":
                self._fault("misplaced ?")
            self.at += 2
        self.groups += captures
        self.depth += 1
        body = self._choice()
        self.depth -= 1
        if self._take() != ")":
            self._fault("missing )")
        return Group(body, captures)

    def _quantified(self, atom: Node) -> Node:
        character = self._peek()
        if character not in ("?", "*", "+", "{"):
            return atom
        if _has_anchor(atom):
            # Saxon answers some of them with a syntax error, some wrongly
            raise UnsupportedRegex("a repeated part with ^ or $ in it in a regular expression")
        self.at += 1
        least, most = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(character) or self._counts()
        greedy = self._peek() != "?"
        self.at += not greedy
        if self._peek() in ("?", "*", "+", "{") and self._peek():
            self._fault("a quantifier after a quantifier")
        return Repeat(atom, least, most, greedy)

    def _counts(self) -> tuple[int, int | None]:
        least = self._count()
        most: int | None = least
        if self._peek() == ",":
            self.at += 1
            most = None if self._peek() == "}" else self._count()
        if self._take() != "}":
            self._fault("missing }")
        if most is not None and most < least:
            self._fault("a range that ends before it begins")
        return least, most

    def _count(self) -> int:
        begin = self.at
        while self._peek() and self._peek() in "0123456789":
            self.at += 1
        digits = self.pattern[begin : self.at]
        if not digits:
            self._fault("a digit is missing")
        if len(digits) > 9 or int(digits) > COUNT:
            raise UnsupportedRegex(f"a regular expression that counts to more than {COUNT}")
        return int(digits)

    def _escape(self) -> CharSet:
        """The characters of what follows a backslash."""
        character = self._take()
        if character in _SINGLE:
            code = ord(_SINGLE[character])
            return ((code, code),)
        if character in ("p", "P"):
            return self._property(character)
        if character and character in "123456789":
            raise UnsupportedRegex("a back-reference in a regular expression")
        found = classes.escape(character)
        if found is None:
            self._fault("an escape that does not exist")
        return found

    def _property(self, letter: str) -> CharSet:
        end = self.pattern.find("}", self.at)
        if self._peek() != "{" or end < 0:
            self._fault("a property without braces")
        name = self.pattern[self.at + 1 : end]
        self.at = end + 1
        if name.startswith("Is"):
            raise UnsupportedRegex("a block of Unicode in a regular expression")
        if not classes.is_category(name):
            self._fault("a category that does not exist")
        if "i" in self.flags:
            raise UnsupportedRegex("a category of Unicode in a regular expression with the flag i")
        found = classes.category(name)
        return found if letter == "p" else classes.complement(found)

    def _class(self) -> Chars:
        negated = self._peek() == "^"
        self.at += negated
        if self._peek() in ("", "]"):
            self._fault("an empty class")
        members: list[CharSet] = []
        while (character := self._take()) != "]":
            if not character:
                self._fault("missing ]")
            if character == "[":
                self._fault("[ in a class")
            if character == "-" and self._peek() == "[":
                return self._subtraction(Chars(classes.union(*members), negated))
            members.append(self._member(character))
        return Chars(classes.union(*members), negated)

    def _member(self, character: str) -> CharSet:
        """A character, an escape or a range of a class, whose first character was taken."""
        first = self._escape() if character == "\\" else ((ord(character), ord(character)),)
        if self._peek() != "-" or self._peek(1) in ("]", "[", ""):
            return first
        if character == "-":
            # a hyphen in front stands for itself; one between two members is left to Saxon
            return first
        if not _is_single(first):
            raise UnsupportedRegex("a hyphen after a multi-character escape in a class")
        self.at += 1
        if self._peek() == "-":
            self._fault("a range that ends with a hyphen")
        if self._peek() == "\\":
            self.at += 1
            last = self._escape()
            if not _is_single(last):
                self._fault("a range that ends with a multi-character escape")
        else:
            code = ord(self._take())
            last = ((code, code),)
        if last[0][0] < first[0][0]:
            self._fault("a range that ends before it begins")
        return ((first[0][0], last[0][0]),)

    def _subtraction(self, whole: Chars) -> Chars:
        if "i" in self.flags:
            raise UnsupportedRegex("a class subtraction with the flag i in a regular expression")
        if self.depth >= DEPTH:
            raise UnsupportedRegex(f"a regular expression with classes more than {DEPTH} deep")
        self.at += 1
        self.depth += 1
        less = self._class()
        self.depth -= 1
        if self._take() != "]":
            self._fault("missing ]")
        return Chars(classes.difference(whole.accepted, less.accepted))


def _has_anchor(node: Node) -> bool:
    match node:
        case Chars():
            return False
        case Anchor():
            return True
        case Sequence():
            return any(map(_has_anchor, node.items))
        case Choice():
            return any(map(_has_anchor, node.branches))
        case Group() | Repeat():
            return _has_anchor(node.body)


def _is_single(members: CharSet) -> bool:
    return len(members) == 1 and members[0][0] == members[0][1]
