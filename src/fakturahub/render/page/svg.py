"""An SVG that may be a logo: shapes, gradients and clips, and nothing that loads, runs, or takes longer than it looks.

A picture from outside is drawn by typst, by pdfium and by browsers. What a logo needs is listed here, and everything
else is refused by name: scripts and events, images and whatever else is loaded, filters, masks and patterns (each may
be drawn a thousandfold), dashes of any length, texts (which would be set in another type than the designer's), and a
document type, whose entities could grow without bound.
"""

from __future__ import annotations

import re
from typing import NoReturn
from xml.parsers import expat

from fakturahub.errors import UnrenderableDocument

#: references within the picture: each may double what is drawn
MOST_REFERENCES = 20
#: elements, and how deep they may be nested
MOST_ELEMENTS = 5_000
DEEPEST = 64
NAMESPACE = "http://www.w3.org/2000/svg"
_DRAWN = frozenset(
    {"svg", "g", "defs", "symbol", "use", "clipPath", "linearGradient", "radialGradient", "stop"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"title", "desc", "metadata", "style"}
)
#: elements of other namespaces, such as those of a drawing program, are drawn by nobody
_LINKS = frozenset({"href", "http://www.w3.org/1999/xlink href"})
_URL = re.compile(r"url\(\s*['\"]?\s*(.)", re.IGNORECASE)
_NOT_IN_STYLE = re.compile(r"@|\\|expression|javascript:|stroke-dasharray", re.IGNORECASE)


def check(data: bytes) -> None:
    """Raise ``UnrenderableDocument`` for what is no SVG in UTF-8, or none that may be a logo; it says why."""
    reader = _Reader()
    try:
        data.decode("utf-8")
        reader.read(data)
    except UnicodeDecodeError:
        _refuse("it is not in UTF-8")
    except expat.ExpatError as trouble:
        _refuse(f"it is no well-formed XML: line {trouble.lineno}, column {trouble.offset + 1}")


class _Reader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._elements = 0
        self._references = 0
        self._style = ""

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = lambda *_: _refuse("it has a document type")
        parser.ProcessingInstructionHandler = lambda *_: _refuse("it has an instruction such as `<?xml-stylesheet?>`")
        parser.StartElementHandler = self._begun
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._told
        parser.Parse(data, True)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").lower() != "utf-8":
            _refuse("it is not in UTF-8")

    def _begun(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition(" ")
        self._elements += 1
        self._path.append(name)
        if self._elements > MOST_ELEMENTS or len(self._path) > DEEPEST:
            _refuse(f"it has more than {MOST_ELEMENTS:,} elements, or they are nested more than {DEEPEST} deep")
        if len(self._path) == 1 and (namespace, name) != (NAMESPACE, "svg"):
            _refuse("its outermost element is no `svg` of the namespace of SVG")
        if namespace == NAMESPACE and name not in _DRAWN:
            said = "; a designer's program turns texts into paths" if name in ("text", "tspan") else ""
            _refuse(f"it has the element `{name[:40]}`, which no logo may have{said}")
        for attribute, value in attributes.items():
            self._attribute(attribute, value)

    def _attribute(self, attribute: str, value: str) -> None:
        if attribute.lower().startswith("on"):
            _refuse(f"it has the event `{attribute[:40]}`")
        if attribute in _LINKS:
            self._refer(value.strip()[:1])
        if attribute == "stroke-dasharray" and value.strip() not in ("", "none"):
            _refuse("it has dashed lines; turn them into paths")
        if attribute == "style":
            self._styled(value)
        else:
            self._urls(value)

    def _told(self, text: str) -> None:
        if self._path[-1:] == ["style"]:
            self._style += text

    def _ended(self, _tag: str) -> None:
        if self._path.pop() == "style":
            self._styled(self._style)
            self._style = ""

    def _styled(self, rules: str) -> None:
        found = _NOT_IN_STYLE.search(re.sub(r"stroke-dasharray\s*:\s*none", "", rules))
        if found is not None:
            _refuse(f"its style has `{found[0]}`")
        self._urls(rules)

    def _urls(self, text: str) -> None:
        for begins in _URL.findall(text):
            self._refer(begins)

    def _refer(self, begins: str) -> None:
        self._references += 1
        if begins != "#":
            _refuse("it refers to something outside of itself")
        if self._references > MOST_REFERENCES:
            _refuse(f"it has more than {MOST_REFERENCES} references")


def _refuse(why: str) -> NoReturn:
    raise UnrenderableDocument(f"The logo is an SVG that is not taken: {why}.")
