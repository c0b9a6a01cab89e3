"""Axes and names: what generated code asks of the nodes of a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakturahub.rules.runtime.document import Document, Leaf, Node


def string(d: Document, node: int) -> str:
    """The string value of an element."""
    return d.string(node)


def node_string(d: Document, node: Node) -> str:
    """The string value of any node."""
    return d.string(node) if node.__class__ is int else node[3]  # type: ignore[index]


def children(d: Document, node: int, tag: str) -> list[int] | tuple[int, ...]:
    """``child::tag``."""
    found = d.K[node].get(tag)
    if found is None:
        return ()
    return (found,) if found.__class__ is int else found  # type: ignore[return-value]


def parent(d: Document, node: int) -> int | None:
    """``parent::node()`` of an element; None of the document node."""
    return d.P[node] if node > 0 else None


def parent_of(d: Document, node: Node) -> int | None:
    """``parent::node()`` of any node."""
    return parent(d, node) if node.__class__ is int else node[0]  # type: ignore[index]


def attribute(d: Document, node: int, name: str) -> Leaf | None:
    """``attribute::name``."""
    held = d.A[node]
    if name not in held:
        return None
    return (node, list(held).index(name) - len(held), name, held[name])


def attributes(d: Document, node: int, namespace: str | None, local: str | None) -> list[Leaf]:
    """``attribute::*``, ``attribute::*:local``; in the order in which they are written, before all texts."""
    held = d.A[node]
    return [
        (node, order - len(held), name, value)
        for order, (name, value) in enumerate(held.items())
        if _is_named(name, namespace, local)
    ]


def _is_named(name: str, namespace: str | None, local: str | None) -> bool:
    if namespace is None and local is None:
        return True
    space, _, rest = name[1:].rpartition("}") if name.startswith("{") else ("", "", name)
    return (namespace is None or space == namespace) and (local is None or rest == local)


def elements_like(d: Document, namespace: str | None, local: str | None) -> list[int]:
    """All elements of the document by half a name."""
    return [node for node in d.elements() if _is_named(d.R[node].tag, namespace, local)]


def axis(d: Document, node: Node, name: str, namespace: str | None, local: str | None) -> list[int]:
    """The elements of an axis that have the name, in document order."""
    if name == "preceding" and namespace is not None and local is not None and node.__class__ is int:
        # its elements of that name are gone through
        tag = f"{{{namespace}}}{local}" if namespace else local
        above = set(_ancestors(d, node))
        return [found for found in d.named(tag) if found < node and found not in above]
    nodes = axis_nodes(d, node, name)
    d.spend(len(nodes))
    return [found for found in nodes if found > 0 and _is_named(d.R[found].tag, namespace, local)]


def axis_nodes(d: Document, node: Node, name: str) -> list[int]:
    """The elements of an axis in document order, the document node among them where it lies on it."""
    if node.__class__ is not int:
        return _axis_of_leaf(d, node, name)  # type: ignore[arg-type]
    n: int = node
    if name == "self":
        return [n]
    if name == "child":
        return d.children(n)
    if name == "parent":
        return [d.P[n]] if n > 0 else []
    if name in ("ancestor", "ancestor-or-self"):
        found = _ancestors(d, n)
        return [*found, n] if name == "ancestor-or-self" else found
    if name in ("descendant", "descendant-or-self"):
        below = _descendants(d, n)
        return [n, *below] if name == "descendant-or-self" else below
    if name in ("following-sibling", "preceding-sibling"):
        siblings = d.children(d.P[n]) if n > 0 else []
        at = siblings.index(n) if siblings else 0
        return siblings[at + 1 :] if name == "following-sibling" else siblings[:at]
    if name == "preceding":
        above = set(_ancestors(d, n))
        return [other for other in range(1, n) if other not in above]
    below = _descendants(d, n)
    return list(range((below[-1] if below else n) + 1, len(d.R))) if n else []


def _axis_of_leaf(d: Document, leaf: Leaf, name: str) -> list[int]:
    owner = leaf[0]
    if name == "parent":
        return [owner]
    if name in ("ancestor", "ancestor-or-self"):
        return [*_ancestors(d, owner), owner]
    return []


def _ancestors(d: Document, node: int) -> list[int]:
    found: list[int] = []
    while node > 0:
        node = d.P[node]
        found.append(node)
    found.reverse()
    return found


def _descendants(d: Document, node: int) -> list[int]:
    found: list[int] = []
    pending = [node]
    while pending:
        below = d.children(pending.pop())
        found.extend(below)
        pending.extend(below)
    found.sort()
    return found


def texts_below(d: Document, node: int) -> list[Leaf]:
    """``descendant::text()``."""
    return [leaf for element in (node, *_descendants(d, node)) for leaf in d.texts(element)]


# --- order ---


def in_order(nodes: Iterable[Any]) -> list[Any]:
    """Nodes of one kind in document order, each once."""
    return sorted(set(nodes))


def nodes_in_order(nodes: Iterable[Node]) -> list[Node]:
    """Elements and attributes in document order, each once."""
    return sorted(set(nodes), key=lambda node: (node, 0) if node.__class__ is int else (node[0], 1, node))  # type: ignore[index]


def intersect_nodes(left: Iterable[Any], right: Iterable[Any]) -> list[Any]:
    """``left intersect right``."""
    return sorted(set(left) & set(right))


def except_nodes(left: Iterable[Any], right: Iterable[Any]) -> list[Any]:
    """``left except right``."""
    return sorted(set(left) - set(right))


# --- names ---


def _name(d: Document, node: Node | None) -> str:
    if node is None or node == 0:
        return ""
    return d.R[node].tag if node.__class__ is int else node[2]  # type: ignore[index]


def local_name(d: Document, node: Node | None) -> str:
    """``local-name(node)``."""
    return _name(d, node).rpartition("}")[2]


def namespace_uri(d: Document, node: Node | None) -> str:
    """``namespace-uri(node)``."""
    return _name(d, node).rpartition("}")[0][1:]


def node_name(d: Document, node: Node | None) -> str:
    """``name(node)``: with the prefix that the document uses there."""
    local = local_name(d, node)
    if node is None or not local:
        return ""
    if node.__class__ is int:
        prefix = d.element(node).prefix
        return f"{prefix}:{local}" if prefix else local
    namespace = namespace_uri(d, node)
    if not namespace:
        return local
    for prefix, uri in d.element(node[0]).nsmap.items():  # type: ignore[index]
        if uri == namespace and prefix:
            return f"{prefix}:{local}"
    return f"xml:{local}"


def generated_id(d: Document, node: Node | None) -> str:
    """``generate-id(node)``: a name that no other node of the document has."""
    if node is None:
        return ""
    if node.__class__ is int:
        return f"n{node}"
    return f"n{node[0]}a{node[1]}".replace("-", "m")  # type: ignore[index]
