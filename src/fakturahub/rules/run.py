"""One pack over one document: which rules match where, which checks fire."""

from __future__ import annotations

from collections.abc import Iterable
from time import thread_time
from typing import Any

from fakturahub.model import Severity
from fakturahub.rules.locations import Locations
from fakturahub.rules.matching import Way
from fakturahub.rules.outcome import Fired
from fakturahub.rules.pack import Pack, RuleFunction
from fakturahub.rules.plans import Plan, Switch, Turn
from fakturahub.rules.runtime.axes import attribute
from fakturahub.rules.runtime.brief import RETRY
from fakturahub.rules.runtime.document import Document, Node, past_the_limit
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.strings import normalize_space

#: nodes for which a rule function is called at once, to begin with
PORTION = 64
#: seconds of a portion after which the next one is not larger
BRISK = 0.1
#: seconds of the thread that the rules of one pack may take: so many, and one for so many elements; an element takes a
#: few microseconds
SECONDS = 5
ELEMENTS_IN_SECOND = 20_000
#: findings of one pack that are told one by one; a last one tells how many more there are
LISTED = 10_000
#: findings of one pack from which on nothing more is evaluated, which is a fault of each check concerned
MOST = 500_000
#: the id of the finding that stands for those that are not listed
NOT_LISTED = "not-listed"


class Run:
    """The run of *pack*, which is the document's pack of that number."""

    def __init__(self, document: Document, number: int, pack: Pack, locations: Locations) -> None:
        document.enter(number)
        self._document = document
        self._pack = pack
        self._locations = locations
        self._out: list[tuple[Any, int]] = []
        self._faults: dict[tuple[Any, int], EvaluationError] = {}
        self._limited: set[int] = set()
        self._deadline = thread_time() + SECONDS + len(document.R) / ELEMENTS_IN_SECOND

    def fired(self, plan: Plan) -> tuple[Fired, ...]:
        """The findings, by pattern and in document order."""
        document, out, exactly = self._document, self._out, self._exactly
        lists = document.lists
        nodes: list[Any]
        for path, functions in plan.plain:
            nodes = lists[path]
            if len(nodes) > PORTION:
                self._paced(functions, nodes)
            else:
                for function in functions:
                    function(document, nodes, out, exactly)
        for group in plan.groups:
            record = group.record
            if record is not None:
                nodes = lists[record]
            elif group.is_attribute:
                nodes = [
                    attribute(document, owner, record.tag[1:]) for record in group.records for owner in lists[record]
                ]
            else:
                nodes = document.joined(group.records)
            for turn in group.turns:
                if turn.__class__ is Switch:
                    nodes = self._switched(turn, nodes)
                elif turn.ways is None:  # type: ignore[union-attr]
                    if len(nodes) > PORTION:
                        self._paced(turn.functions, nodes)  # type: ignore[union-attr]
                    else:
                        for function in turn.functions:  # type: ignore[union-attr]
                            function(document, nodes, out, exactly)
                    if turn.checks:  # type: ignore[union-attr]
                        self._turned(turn, nodes)
                    break
                else:
                    try:
                        matched = turn.filter(document, nodes)  # type: ignore[union-attr]
                    except RETRY:
                        matched = self._matched(nodes, turn)  # type: ignore[arg-type]
                    if not matched:
                        continue
                    nodes = self._applied(turn, nodes, matched)
                if not nodes:
                    break
        return self._findings() if out else ()

    def _turned(self, turn: Any, nodes: list[Any]) -> list[Any]:
        """A rule's turn at *nodes*; those that it does not match."""
        matched = nodes
        if turn.ways is not None:
            try:
                matched = turn.filter(self._document, nodes)
            except RETRY:
                matched = self._matched(nodes, turn)
        return self._applied(turn, nodes, matched) if matched else nodes

    def _applied(self, turn: Any, nodes: list[Any], matched: list[Any]) -> list[Any]:
        """Evaluates a rule's checks at the nodes that it matched; the others of *nodes*."""
        if len(matched) > PORTION:
            self._paced(turn.functions, matched)
        else:
            for function in turn.functions:
                function(self._document, matched, self._out, self._exactly)
        for node in matched if turn.checks else ():
            self._exactly(node, turn.checks)
        if len(matched) == len(nodes):
            return []
        held = set(matched)
        return [node for node in nodes if node not in held]

    def _paced(self, functions: Iterable[RuleFunction], nodes: list[Any]) -> None:
        """Calls rule functions, with portions of the nodes where there are many; past the limit none is called."""
        for function in functions:
            portion, at = PORTION, 0
            while at < len(nodes):
                begun = thread_time() if len(nodes) > PORTION else 0.0
                if begun > self._deadline or len(self._out) > MOST:
                    for number in self._pack.checks_of[function]:
                        self._failed(nodes[at], number, past_the_limit())
                    break
                function(self._document, nodes[at : at + portion], self._out, self._exactly)
                at += portion
                portion = portion * 2 if begun and thread_time() - begun < BRISK else portion

    def _failed(self, node: Any, number: int, error: EvaluationError) -> None:
        """Notes a fault; where it is a limit's, once for a check."""
        if error.code == "LIMIT":
            if number in self._limited:
                return
            self._limited.add(number)
        self._faults[node, number] = error
        self._out.append((node, number))

    def _switched(self, switch: Any, nodes: list[Any]) -> list[Any]:
        """The turns of one key; the nodes that none of them matches."""
        by_text = switch.by_text
        try:
            texts = switch.key(self._document, nodes)
            known = [text for text in set(texts) if text in by_text]
        except RETRY:
            # one of the nodes needs the exact form
            for turn in switch.turns:
                nodes = self._turned(turn, nodes)
            return nodes
        if not known:
            return nodes
        left = [node for node, text in zip(nodes, texts, strict=True) if text not in by_text]
        for text in known:
            mine = nodes if len(texts) == 1 else [node for node, one in zip(nodes, texts, strict=True) if one == text]
            for turn in by_text[text]:
                mine = self._turned(turn, mine)
                if not mine:
                    break
            left += mine
        return left

    def _exactly(self, node: Any, checks: tuple[int, ...]) -> None:
        """Evaluates *checks* at *node* by their exact forms."""
        document, pack = self._document, self._pack
        memo: dict[str, Any] = {}
        if thread_time() > self._deadline:
            for number in checks:
                self._failed(node, number, past_the_limit())
            return
        for number in checks:
            one = pack.checks[number]
            try:
                if bool(one.test(document, node, memo)) is one.is_report:
                    self._out.append((node, number))
            except EvaluationError as error:
                self._failed(node, number, error)

    # --- matching ---

    def _matched(self, nodes: list[Any], turn: Turn) -> list[Any]:
        """The nodes that match, some of which need the exact form."""
        assert turn.ways is not None  # noqa: S101 - the caller asked
        if len(turn.ways) == 1:
            return self._held(nodes, turn.ways[0])
        found: set[Any] = set()
        for way in turn.ways:
            if way.filter is not None:
                try:
                    found.update(self._pack.functions[way.filter](self._document, nodes))
                    continue
                except RETRY:
                    pass
            found.update(self._held(nodes, way))
        return [node for node in nodes if node in found]

    def _held(self, nodes: list[Any], way: Way) -> list[Any]:
        """The nodes that match in one way: for each of its steps the predicates hold of the node there."""
        for levels, names in way.conditions:
            above = nodes if levels == 0 else [self._up(node, levels) for node in nodes]
            held = {node for node in set(above) if self._holds(node, names)}
            nodes = [node for node, one in zip(nodes, above, strict=True) if one in held]
            if not nodes:
                break
        return nodes

    def _holds(self, node: Node, names: tuple[str, ...]) -> bool:
        try:
            return all(self._pack.functions[name](self._document, node) for name in names)
        except EvaluationError:
            # an error in the predicate of a pattern means that it does not match (XSLT 2.0, 5.5.4)
            return False

    def _up(self, node: Any, levels: int) -> Any:
        parents = self._document.P
        for _ in range(levels):
            node = parents[node] if node.__class__ is int else node[0]
        return node

    # --- findings ---

    def _findings(self) -> tuple[Fired, ...]:
        pattern_of = self._pack.pattern_of
        self._out.sort(key=lambda pair: (pattern_of[pair[1]], _place(pair[0]), pair[1]))
        told = tuple(self._finding(node, number) for node, number in self._out[:LISTED])
        rest = self._out[LISTED:]
        return (*told, self._not_listed(rest)) if rest else told

    def _not_listed(self, rest: list[tuple[Any, int]]) -> Fired:
        """One finding for *rest*, as grave as the gravest of them."""
        gravest = min(
            (self._pack.checks[number].severity for number in {number for _, number in rest}), key=_GRAVEST.index
        )
        fault = any(pair in self._faults for pair in rest)
        severity = Severity.FATAL if fault else gravest
        message = f"There are {len(rest):,} more findings; they are not listed."
        return Fired(NOT_LISTED, None, None, severity, message, "/", None, fault)

    def _finding(self, node: Node, number: int) -> Fired:
        one = self._pack.checks[number]
        path, line = self._locations.of(node)
        fault = self._faults.get((node, number))
        if fault is not None:
            message = f"{one.id} could not be evaluated: {fault.message}"
            return Fired(one.id, one.flag, one.role, Severity.FATAL, message, path, line, True)
        if isinstance(one.message, str):
            return Fired(one.id, one.flag, one.role, one.severity, one.message, path, line)
        try:
            text = normalize_space(one.message(self._document, node, {}))
        except EvaluationError as error:
            # Saxon gives no verdict then, either
            text = f"{one.id}: its message could not be evaluated: {error.message}"
            return Fired(one.id, one.flag, one.role, Severity.FATAL, text, path, line, True)
        return Fired(one.id, one.flag, one.role, one.severity, text, path, line)


_GRAVEST = (Severity.FATAL, Severity.WARNING, Severity.INFORMATION)


def _place(node: Node) -> tuple[Any, ...]:
    """Document order: attributes follow their element."""
    return (node,) if isinstance(node, int) else (node[0], node[1:3])
