"""What both generators write where a check speaks: ``failed-assert`` and ``successful-report`` of SVRL (19757-3, D)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fakturahub.rules import instructions
from fakturahub.rules.markup import BLANK, XML_NAMESPACE, XSL, Element, refusal
from fakturahub.rules.tree import Check, Message, Name, Place, ValueOf

SVRL = "http://purl.oclc.org/dsdl/svrl"

#: attributes of a finding that are not asked for: what was tested, where it stands, what only a reader looks at
_PASSED_OVER = frozenset({"test", "location", "see", "icon", "fpi", "subject", "lang", "xml:lang", "class"})
_KEPT = frozenset({"id", "flag", "role"})


class Findings:
    """Makes checks, and ids for those that have none."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()

    def check(self, element: Element, test: str, pattern: str | None, place: Place) -> Check:
        """The check that writes *element* when *test* fails (``failed-assert``) or holds (``successful-report``)."""
        if not element.is_a(SVRL, "failed-assert", "successful-report"):
            raise refusal(element.place, f"{element.name} stands where a finding is written")
        values = attributes(element)
        message: Message | None = None
        found: list[Message] = []
        for child in instructions.significant(element):
            if isinstance(child, str):
                raise refusal(element.place, "a text stands in a finding")
            if child.is_a(SVRL, "text") and message is None:
                message = text(child)
            elif child.is_a(SVRL, "diagnostic-reference"):
                found.append(text(child))
            elif not child.is_a(XSL, "attribute") and not child.is_a(SVRL, "property-reference"):
                raise refusal(child.place, f"{child.name} stands in a finding")
        return Check(
            values.get("id", "").strip(BLANK) or self._made_id(pattern, place),
            test,
            message or (),
            place,
            element.name == "successful-report",
            values.get("flag"),
            values.get("role"),
            tuple(found),
        )

    def _made_id(self, pattern: str | None, place: Place) -> str:
        name = f"{pattern or place.file}:{place.line}"
        self._numbers[name] += 1
        number = self._numbers[name]
        return name if number == 1 else f"{name}-{number}"


def attributes(element: Element) -> dict[str, str]:
    """``id``, ``flag``, ``role``, ``name``, ``context`` of an element of SVRL, written either way."""
    kept = _KEPT | {"name", "context"}
    values = {name: _fixed(element, name, value) for name, value in element.attributes.items() if name in kept}
    for name in element.attributes:
        if name not in kept and name not in _PASSED_OVER and not name.startswith(f"{{{XML_NAMESPACE}}}"):
            raise refusal(element.place, f"the attribute {name} of {element.name} is not known")
    for child in element.elements():
        if child.is_a(XSL, "attribute"):
            name = child.required("name")
            if name in kept:
                child.only("name")
                values[name] = _literal(child)
            elif name not in _PASSED_OVER and name not in ("document", "documents"):
                raise refusal(child.place, f"the attribute {name} of {element.name} is not known")
    return {name: value for name, value in values.items() if value.strip(BLANK)}


def text(element: Element) -> Message:
    """A message. White space alone between two expressions is none, as in all XSLT; in an ``xsl:text`` it is."""
    parts: list[str | ValueOf | Name] = []
    for part in _text(element):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part:
            parts.append(part)
    return tuple(parts)


def _text(element: Element) -> Iterator[str | ValueOf]:
    for child in instructions.significant(element):
        if isinstance(child, str):
            yield child
        elif child.is_a(XSL, "value-of"):
            yield instructions.value_of(child)
        elif child.is_a(XSL, "text"):
            yield instructions.literal(child)
        elif child.namespace == XSL:
            raise refusal(child.place, f"xsl:{child.name} stands in a message")
        else:
            yield from _text(child)


def _literal(element: Element) -> str:
    parts = []
    for child in instructions.significant(element):
        if isinstance(child, str):
            parts.append(child)
        elif child.is_a(XSL, "text"):
            parts.append(instructions.literal(child))
        else:
            raise refusal(child.place, f"the value of {element.attributes['name']} is an expression")
    return "".join(parts)


def _fixed(element: Element, name: str, value: str) -> str:
    """The value of an attribute in which braces would begin an expression."""
    bare = value.replace("{{", "").replace("}}", "")
    if name == "context":
        return value
    if "{" in bare or "}" in bare:
        raise refusal(element.place, f"the value of {name} is an expression")
    return value.replace("{{", "{").replace("}}", "}")
