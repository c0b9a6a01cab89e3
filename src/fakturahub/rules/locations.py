"""Where a node stands: its XPath and its line."""

from __future__ import annotations

from fakturahub.rules.runtime.axes import node_name
from fakturahub.rules.runtime.document import Document, Node


class Locations:
    """Paths of one document, made only for nodes that fired."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._paths: dict[int, str] = {0: ""}
        #: (parent, name) -> position of every child of that name
        self._positions: dict[tuple[int, str], dict[int, int]] = {}

    def of(self, node: Node) -> tuple[str, int | None]:
        """(path, line) of an element, an attribute or a text."""
        if isinstance(node, int):
            if node == 0:
                return "/", None
            return self._path(node), self._document.element(node).sourceline
        owner = node[0]
        name = node_name(self._document, node)
        return f"{self._path(owner)}/@{name}", self._document.element(owner).sourceline

    def _path(self, node: int) -> str:
        above: list[int] = []
        while node not in self._paths:
            above.append(node)
            node = self._document.P[node]
        path = self._paths[node]
        for below in reversed(above):
            path = f"{path}/{node_name(self._document, below)}[{self._position(below)}]"
            self._paths[below] = path
        return path

    def _position(self, node: int) -> int:
        parent = self._document.P[node]
        tag = self._document.tag(node)
        same = self._document.K[parent].get(tag)
        if isinstance(same, int):
            return 1
        positions = self._positions.get((parent, tag))
        if positions is None:
            positions = {one: position for position, one in enumerate(same or (), 1)}
            self._positions[parent, tag] = positions
        return positions[node]
