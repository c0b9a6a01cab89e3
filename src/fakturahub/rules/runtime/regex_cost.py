"""What the search for a regular expression may cost.

``re`` tries the ways through an expression one after another. How many there can be is a property of the expression:
with n characters at most a constant times n to some power, or exponentially many (Weber and Seidl, "On the degree of
ambiguity of finite automata", Theoretical Computer Science 88, 1991). Their criteria are tested here on the automaton
of the expression's positions (Glushkov's), where every counted repetition counts as endless and every anchor as
passed: that has more ways than the expression, never fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import TypeAlias, TypeVar

from fakturahub.rules.runtime.regex_classes import ALL, CharSet, Partition
from fakturahub.rules.runtime.regex_syntax import Anchor, Chars, Choice, Group, Node, Repeat, Sequence

#: an expression of more positions, or of more pairs of positions to look at, is not analysed and counts as exponential
_POSITIONS, _STEPS = 200, 200_000
#: ways that a text may take through an expression once, however short it is; with more it counts as exponential
_FORKS = 4096

_Part: TypeAlias = tuple[bool, list[int], list[int]]
_Key = TypeVar("_Key", int, tuple[int, ...])


def longest(tree: Node, *, anchored: bool, steps: int) -> int | None:
    """The length of text up to which a backtracking search takes about *steps* steps; None: it grows exponentially.

    *anchored*: the search begins at the text's first character only.
    """
    positions = _Positions(searched=not anchored)
    try:
        positions.build(Sequence((tree,)))
        if positions.repeats_nothing:
            return None
        power = positions.power()
    except _TooMany:
        return None
    if power is None:
        return None
    forks = positions.forks()
    return int((steps / forks) ** (1 / power)) if forks <= _FORKS else None


class _TooMany(Exception):  # noqa: N818 - not an error, the answer is "exponential"
    pass


class _Positions:
    def __init__(self, *, searched: bool) -> None:
        self.sets: list[CharSet] = []
        self.follow: list[set[int]] = []
        #: links that stand there twice: two ways over the same characters
        self.twice: set[tuple[int, int]] = set()
        #: a part that may be empty is repeated: any number of ways over the same characters
        self.repeats_nothing = False
        #: positions after which the expression may have to go on although they are its last ones
        self.unsure: set[int] = set()
        self.has_anchor = False
        self.steps = 0
        self.searched = searched

    def build(self, whole: Sequence) -> None:
        if self.searched:
            # a search that may begin anywhere is one that first reads anything
            whole = Sequence((Repeat(Chars(ALL), 0, None, True), *whole.items))
        _, self.first, last = self._part(whole)
        if not self.has_anchor:
            self._drop_successes(set(last) - self.unsure)
        partition = Partition(self.sets)
        self.masks = [partition.mask(one) for one in self.sets]

    def _drop_successes(self, accepting: set[int]) -> None:
        """Forget the links among positions from which every way has succeeded already: nothing goes back from there."""
        while rest := {one for one in accepting if not self.follow[one] <= accepting}:
            accepting -= rest
        for one in accepting:
            self.follow[one] = set()
            self.twice -= {link for link in self.twice if link[0] == one}

    def _part(self, node: Node) -> _Part:
        """Whether *node* may be empty, its first positions and its last ones."""
        match node:
            case Chars():
                if len(self.sets) == _POSITIONS:
                    raise _TooMany
                self.sets.append(node.accepted)
                self.follow.append(set())
                return False, [len(self.sets) - 1], [len(self.sets) - 1]
            case Anchor():
                self.has_anchor = True
                return True, [], []
            case Group():
                return self._part(node.body)
            case Choice():
                parts = [self._part(branch) for branch in node.branches]
                first = [one for part in parts for one in part[1]]
                return any(part[0] for part in parts), first, [one for part in parts for one in part[2]]
            case Sequence():
                return self._sequence(node.items)
            case Repeat():
                begin = len(self.sets)
                empty, first, last = self._part(node.body)
                if node.least > 1:
                    self.unsure.update(range(begin, len(self.sets)))
                if node.most is None or node.most > 1:
                    self.repeats_nothing = self.repeats_nothing or empty
                    self._link(last, first)
                return empty or node.least == 0, first, last

    def _sequence(self, items: Iterable[Node]) -> _Part:
        empty = True
        first: list[int] = []
        last: list[int] = []
        for item in items:
            item_empty, item_first, item_last = self._part(item)
            self._link(last, item_first)
            first = first + item_first if empty else first
            last = last + item_last if item_empty else item_last
            empty = empty and item_empty
        return empty, first, last

    def _link(self, before: list[int], after: list[int]) -> None:
        for one, other in product(before, after):
            if other in self.follow[one]:
                self.twice.add((one, other))
            self.follow[one].add(other)

    def forks(self) -> int:
        """The product of the choices that a character leaves at each position: the constant factor of the ways."""
        product_of_all = 1
        for one, others in [(-1, set(self.first)), *enumerate(self.follow)]:
            most = 1
            for bit in range(max(self.masks[other] for other in others).bit_length() if others else 0):
                most = max(
                    most, sum(1 + ((one, other) in self.twice) for other in others if self.masks[other] >> bit & 1)
                )
            product_of_all *= most
        return product_of_all

    def power(self) -> int | None:
        component = _components({one: self.follow[one] for one in range(len(self.sets))})
        if any(component[one] == component[other] for one, other in self.twice) or self._is_exponential():
            return None
        in_cycle = [
            one for one, others in enumerate(self.follow) if any(component[other] == component[one] for other in others)
        ]
        # ways[c]: the longest chain of loops that begins with component c in which a text can pass from each to the
        # next
        ways = [0] * (max(component.values(), default=-1) + 1)
        members: dict[int, list[int]] = {}
        for one in component:
            members.setdefault(component[one], []).append(one)
        for number in range(len(ways)):
            for one in members[number]:
                for other in self.follow[one]:
                    ways[number] = max(ways[number], ways[component[other]])
                if one in in_cycle:
                    for other in in_cycle:
                        if component[other] < number and ways[component[other]] >= ways[number]:
                            self._count(1)
                            if self._passes(one, other):
                                ways[number] = ways[component[other]] + 1
        return 1 + max(ways, default=0)

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _STEPS:
            raise _TooMany

    def _next(self, state: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Where positions may go that read the same character."""
        for after in product(*(self.follow[one] for one in state)):
            self._count(1)
            common = -1
            for one in after:
                common &= self.masks[one]
            if common:
                yield after

    def _is_exponential(self) -> bool:
        """Whether one text leads from a position back to it in two ways."""
        edges: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
        waiting: list[tuple[int, ...]] = [(one, one) for one in range(len(self.sets))]
        while waiting:
            state = waiting.pop()
            if state not in edges:
                edges[state] = set(self._next(state))
                waiting.extend(edges[state])
        component = _components(edges)
        equal = {component[state] for state in edges if state[0] == state[1]}
        return any(state[0] != state[1] and component[state] in equal for state in edges)

    def _passes(self, one: int, other: int) -> bool:
        """Whether the same text leads from *one* back to it, from it to *other*, and from *other* back to that."""
        seen: set[tuple[int, ...]] = set()
        waiting: list[tuple[int, ...]] = [(one, one, other)]
        while waiting:
            for after in self._next(waiting.pop()):
                if after == (one, other, other):
                    return True
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return False


def _components(edges: Mapping[_Key, Iterable[_Key]]) -> dict[_Key, int]:
    """The strongly connected component of every node; an edge never leads to a higher number (Tarjan's)."""
    order: dict[_Key, int] = {}
    low: dict[_Key, int] = {}
    component: dict[_Key, int] = {}
    open_nodes: list[_Key] = []
    numbered = 0
    for root in edges:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        open_nodes.append(root)
        path = [(root, iter(edges[root]))]
        while path:
            node, rest = path[-1]
            for other in rest:
                if other not in order:
                    order[other] = low[other] = len(order)
                    open_nodes.append(other)
                    path.append((other, iter(edges[other])))
                    break
                if other not in component:
                    low[node] = min(low[node], order[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    while node not in component:
                        component[open_nodes.pop()] = numbered
                    numbered += 1
    return component
