"""One pack over one document: which rules match where, which checks fire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakturahub.model import Severity
from fakturahub.rules.locations import Locations
from fakturahub.rules.outcome import Fired
from fakturahub.rules.pack import Pack
from fakturahub.rules.runtime.axes import attribute
from fakturahub.rules.runtime.brief import RETRY
from fakturahub.rules.runtime.document import Document, Node
from fakturahub.rules.runtime.errors import EvaluationError
from fakturahub.rules.runtime.strings import normalize_space
from fakturahub.rules.shapes import Group, Turn


class Run:
    """The run of *pack*; the document's memo must be the pack's."""

    def __init__(self, document: Document, pack: Pack, locations: Locations) -> None:
        self._document = document
        self._pack = pack
        self._locations = locations
        self._out: list[tuple[Any, int]] = []
        self._faults: dict[tuple[Any, int], EvaluationError] = {}

    def fired(self, groups: Iterable[Group]) -> tuple[Fired, ...]:
        """The findings, by pattern and in document order."""
        document, out = self._document, self._out
        lists = document.lists
        for group in groups:
            records = group.records
            nodes: list[Any] = lists[records[0]]
            if len(records) > 1:
                nodes = [node for record in records for node in lists[record]]
            if records[0].is_attribute:
                nodes = [attribute(document, owner, record.tag[1:]) for record in records for owner in lists[record]]
            for turn in group.turns:
                if turn.ways is None:
                    matched, nodes = nodes, []
                else:
                    matched = self._matched(nodes, turn)
                    if not matched:
                        continue
                    if len(matched) == len(nodes):
                        nodes = []
                    else:
                        held = set(matched)
                        nodes = [node for node in nodes if node not in held]
                if matched:
                    for function in turn.functions:
                        function(document, matched, out, self._exactly)
                    if turn.checks:
                        for node in matched:
                            self._exactly(node, turn.checks)
                if not nodes:
                    break
        return self._findings() if out else ()

    def _exactly(self, node: Any, checks: tuple[int, ...]) -> None:
        """Evaluates *checks* at *node* by their exact forms."""
        document, pack = self._document, self._pack
        memo: dict[str, Any] = {}
        for number in checks:
            one = pack.checks[number]
            try:
                if bool(one.test(document, node, memo)) is one.is_report:
                    self._out.append((node, number))
            except EvaluationError as error:
                self._faults[node, number] = error
                self._out.append((node, number))

    # --- matching ---

    def _matched(self, nodes: list[Any], turn: Turn) -> list[Any]:
        """The nodes that match."""
        if turn.filter is not None:
            try:
                return turn.filter(self._document, nodes)  # type: ignore[no-any-return]
            except RETRY:
                # one of the nodes needs the exact form
                names = turn.ways[0][0][1]
                return [node for node in nodes if self._holds(node, names)]
        if len(turn.ways) == 1:
            return self._held(nodes, turn.ways[0])
        found: set[Any] = set()
        for way in turn.ways:
            found.update(self._held(nodes, way))
        return [node for node in nodes if node in found]

    def _held(self, nodes: list[Any], way: Any) -> list[Any]:
        """The nodes that match in one way: for each of its steps the predicates hold of the node there."""
        for levels, names, many in way:
            above = nodes if levels == 0 else [self._up(node, levels) for node in nodes]
            held: set[Any] | None = None
            if many is not None:
                try:
                    held = set(self._pack.functions[many](self._document, above))
                except RETRY:
                    held = None
            if held is None:
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
        return tuple(self._finding(node, number) for node, number in self._out)

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


def _place(node: Node) -> tuple[Any, ...]:
    """Document order: attributes follow their element."""
    return (node,) if isinstance(node, int) else (node[0], node[1:3])
