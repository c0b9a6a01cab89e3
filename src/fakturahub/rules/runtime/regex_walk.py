"""A search for a regular expression that walks all ways at once: its time grows with the text, and with nothing else.

It tells only whether there is a match. Sets of states that were met are remembered, so that a character mostly costs
one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fakturahub.rules.runtime.regex_classes import CharSet, Partition
from fakturahub.rules.runtime.regex_syntax import Anchor, Chars, Choice, Group, Node, Repeat, Sequence

#: instructions that an expression may have, its counted parts written out
_INSTRUCTIONS = 3000
#: sets of states that are remembered before they are forgotten
_REMEMBERED = 1000
_MATCH = 0
#: no set of states: there are no negative instructions
_UNKNOWN = frozenset([-1])


class TooLarge(Exception):  # noqa: N818 - the caller says what that means
    """The expression has more instructions than are walked."""


class _Instruction(NamedTuple):
    #: a bit for every class of characters that is read; -1: nothing is read here
    reads: int
    #: where to go on; several where nothing is read
    then: tuple[int, ...]
    anchor: str = ""


class Walk:
    """Searches texts for the expression *tree*; *multiline* as the flag m says. Raises :class:`TooLarge`."""

    def __init__(self, tree: Node, *, multiline: bool) -> None:
        self._multiline = multiline
        self._partition = Partition(list(_sets(tree)))
        self._program = [_Instruction(-1, ())]
        self._start = self._write(tree, _MATCH)
        self._known: dict[tuple[frozenset[int], bool, bool, int], frozenset[int] | None] = {}
        self._numbers: dict[str, int] = {}

    @property
    def instructions(self) -> int:
        return len(self._program)

    def finds(self, text: str) -> bool:
        """Whether a part of *text*, possibly an empty one, matches."""
        states: frozenset[int] = frozenset()
        numbers = self._numbers
        last = len(text)
        for index, character in enumerate(text):
            number = numbers.get(character, -1)
            if number < 0:
                if len(numbers) >= _REMEMBERED:
                    numbers.clear()
                number = numbers[character] = self._partition.number(character)
            at_start = index == 0 or (self._multiline and text[index - 1] == "\n")
            after = self._after(states, at_start, self._multiline and character == "\n", number)
            if after is None:
                return True
            states = after
        # a line feed at the very end begins no line
        return self._after(states, last == 0, True, -1) is None

    def _after(self, states: frozenset[int], at_start: bool, at_end: bool, number: int) -> frozenset[int] | None:
        """The states once a character of class *number* (-1: none is left) was read; None where a match was met."""
        key = (states, at_start, at_end, number)
        # another thread may forget everything at any time, so one look-up it is
        known = self._known.get(key, _UNKNOWN)
        if known is not _UNKNOWN:
            return known
        seen = set(states)
        seen.add(self._start)
        waiting = list(seen)
        after: set[int] = set()
        bit = 1 << number if number >= 0 else 0
        while waiting:
            instruction = self._program[waiting.pop()]
            if instruction.reads >= 0:
                if instruction.reads & bit:
                    after.update(instruction.then)
            elif not instruction.anchor or (at_start if instruction.anchor == "^" else at_end):
                waiting.extend(one for one in instruction.then if one not in seen)
                seen.update(instruction.then)
        found = None if _MATCH in seen else frozenset(after)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = found
        return found

    def _append(self, instruction: _Instruction) -> int:
        if len(self._program) >= _INSTRUCTIONS:
            raise TooLarge
        self._program.append(instruction)
        return len(self._program) - 1

    def _write(self, node: Node, then: int) -> int:
        """Write *node*, going on to *then*; where it begins."""
        match node:
            case Chars():
                return self._append(_Instruction(self._partition.mask(node.accepted), (then,)))
            case Anchor():
                return self._append(_Instruction(-1, (then,), node.at))
            case Group():
                return self._write(node.body, then)
            case Sequence():
                for item in reversed(node.items):
                    then = self._write(item, then)
                return then
            case Choice():
                return self._append(_Instruction(-1, tuple(self._write(branch, then) for branch in node.branches)))
            case Repeat():
                return self._write_repeat(node, then)

    def _write_repeat(self, node: Repeat, then: int) -> int:
        if node.most is None:
            loop = self._append(_Instruction(-1, ()))
            body = self._write(node.body, loop)
            self._program[loop] = _Instruction(-1, (body, then))
            then = loop
        else:
            end = then
            for _ in range(node.most - node.least):
                then = self._append(_Instruction(-1, (self._write(node.body, then), end)))
        for _ in range(node.least):
            then = self._write(node.body, then)
        return then


def _sets(node: Node) -> Iterator[CharSet]:
    match node:
        case Chars():
            yield node.accepted
        case Group() | Repeat():
            yield from _sets(node.body)
        case Sequence():
            for item in node.items:
                yield from _sets(item)
        case Choice():
            for branch in node.branches:
                yield from _sets(branch)
