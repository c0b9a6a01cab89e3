"""What a Schematron file takes from others: ``include``, and ``extends`` with ``href`` (ISO/IEC 19757-3, 5.4).

A reference is relative to the file it stands in and stays in the pack; ``#`` before an ``id`` names one element of a
file. An element of Schematron comes in as it is; of a file with another root come the elements of Schematron below it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from fakturahub.rules.markup import ELEMENTS, XML_NAMESPACE, Element, at_depth, refusal

NAMESPACE = "http://purl.oclc.org/dsdl/schematron"

#: references that one schema follows, all files together; the largest official one has five
INCLUDES = 1_000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def includes(root: Element, roots: Mapping[str, Element]) -> Iterator[str]:
    """The files of the pack that the file of *root* takes something from; what is wrong with others ``read`` tells."""
    for element in root.all_elements():
        if _refers(element):
            path = _path(element.place.file, element.attributes.get("href", "").partition("#")[0])
            if path is not None and path in roots and path != element.place.file:
                yield path


def whole(root: Element, roots: Mapping[str, Element]) -> Element:
    """*root* with all that it includes in its place. Raises ``PackRefused``."""
    return _Includer(roots, root.size).element(root, 1, (root.place.file,))


class _Includer:
    def __init__(self, roots: Mapping[str, Element], size: int) -> None:
        self._roots = roots
        self._size = size
        self._count = 0
        #: file -> id -> the elements of Schematron in the file that have it
        self._ids: dict[str, dict[str, list[Element]]] = {}

    def element(self, element: Element, depth: int, chain: tuple[str, ...]) -> Element:
        """*element* with what is included in it; itself where nothing is. *chain*: the files that led here."""
        at_depth(element, depth)
        children: list[Element | str] = []
        changed = False
        for child in element.children:
            if isinstance(child, str):
                children.append(child)
            elif _refers(child):
                changed = True
                children.extend(self._taken(child, element, depth, chain))
            else:
                made = self.element(child, depth + 1, chain)
                changed = changed or made is not child
                children.append(made)
        if not changed:
            return element
        return Element(
            element.namespace,
            element.name,
            element.attributes,
            children,
            element.place,
            element.prefixes,
            1 + sum(child.size for child in children if not isinstance(child, str)),
        )

    def _taken(
        self, reference: Element, parent: Element, depth: int, chain: tuple[str, ...]
    ) -> Iterator[Element | str]:
        reference.only("href")
        self._count += 1
        if self._count > INCLUDES:
            raise refusal(reference.place, f"more than {INCLUDES:,} files are included")
        target, step = self._target(reference, chain)
        self._size += sum(element.size for element in target)
        if self._size > ELEMENTS:
            raise refusal(reference.place, f"the schema has more than {ELEMENTS:,} elements with what it includes")
        if reference.name == "include":
            for element in target:
                yield self.element(element, depth + 1, (*chain, step))
            return
        if len(target) != 1 or not (target[0].is_a(NAMESPACE, "rule") and parent.is_a(NAMESPACE, "rule")):
            raise refusal(reference.place, "only a rule can be extended, and by one rule")
        yield from self.element(target[0], depth, (*chain, step)).children

    def _target(self, reference: Element, chain: tuple[str, ...]) -> tuple[list[Element], str]:
        href = reference.required("href").strip()
        path, _, fragment = href.partition("#")
        file = _path(reference.place.file, path)
        if file is None:
            raise refusal(reference.place, f"{href!r} leads out of the pack; only files of the pack are included")
        root = self._roots.get(file)
        if root is None:
            raise refusal(reference.place, f"there is no file {file!r} in the pack")
        step = f"{file}#{fragment}" if fragment else file
        if step in chain or (not fragment and file in {one.partition("#")[0] for one in chain}):
            raise refusal(reference.place, f"{file!r} includes itself, by way of {' and '.join(chain)}")
        if fragment:
            found = self._identified(file, root).get(fragment, [])
            if len(found) != 1:
                what = "no element" if not found else "more than one element"
                raise refusal(reference.place, f"there is {what} with the id {fragment!r} in {file!r}")
        elif root.namespace == NAMESPACE:
            found = [root]
        else:
            found = [child for child in root.elements() if child.namespace == NAMESPACE]
        if not found:
            raise refusal(reference.place, f"there is nothing of Schematron in {file!r}")
        if any(element.name == "schema" for element in found):
            raise refusal(reference.place, f"{file!r} is a whole schema; only parts of one are included")
        return found, step

    def _identified(self, file: str, root: Element) -> dict[str, list[Element]]:
        if file not in self._ids:
            found = self._ids[file] = {}
            for element in root.all_elements():
                name = _id(element)
                if name is not None and element.namespace == NAMESPACE:
                    found.setdefault(name, []).append(element)
        return self._ids[file]


def _refers(element: Element) -> bool:
    if element.namespace != NAMESPACE:
        return False
    return element.name == "include" or (element.name == "extends" and "href" in element.attributes)


def _path(file: str, href: str) -> str | None:
    """The name in the pack that *href* in *file* means; None where it means none."""
    path = unquote(href.strip())
    if not path:
        return file
    if _SCHEME.match(path) or path.startswith("/") or "\\" in path or "?" in href or "\0" in path:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    return None if joined == ".." or joined.startswith("../") else joined


def _id(element: Element) -> str | None:
    return element.attributes.get("id", element.attributes.get(f"{{{XML_NAMESPACE}}}id"))
