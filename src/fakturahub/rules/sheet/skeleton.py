"""XSLT that the ISO skeleton made (``iso_svrl_for_xslt2``): one mode per pattern, one template per rule.

A rule is a template with a priority; at its end it goes on to what is below its node. Behind the rules of a pattern
stand a template that drops texts and one that goes on from every other node. What goes on with ``*`` never comes to an
attribute.
"""

from __future__ import annotations

from fakturahub.rules.markup import XSL, Element, refusal
from fakturahub.rules.schematron.patterns import one_line
from fakturahub.rules.sheet.findings import SVRL, attributes
from fakturahub.rules.sheet.templates import Named, Sheet, in_order, only_elements, priority
from fakturahub.rules.tree import Pattern, Schema

#: modes that tell where a node stands; nothing of them decides a verdict
_LOCATORS = frozenset(
    {
        "schematron-select-full-path",
        "schematron-get-full-path",
        "schematron-get-full-path-2",
        "schematron-get-full-path-3",
        "generate-id-from-path",
        "generate-id-2",
    }
)
_PARAMETERS = frozenset({"archiveDirParameter", "archiveNameParameter", "fileNameParameter", "fileDirParameter"})
#: what a pattern goes on to -> whether attributes are among it. Comments and instructions match no rule that is taken.
_VISITS = {
    "*": False,
    "*|comment()|processing-instruction()": False,
    "@*|*": True,
    "@*|*|comment()|processing-instruction()": True,
}


def read(root: Element) -> Schema:
    """The rules of a sheet. Raises ``PackRefused`` with every reason found."""
    sheet = Sheet(root)
    modes: dict[str, list[Element]] = {}
    start = None
    for child in root.elements():
        with sheet.reasons.kept():
            if child.namespace != XSL:
                # Elements of other namespaces at the top of a sheet are data (XSLT 2.0, 3.7.3).
                continue
            if child.is_a(XSL, "template"):
                child.only("match", "mode", "priority")
                mode = child.attributes.get("mode")
                if mode in _LOCATORS or _drops_text(child, None):
                    continue
                if mode is not None:
                    modes.setdefault(mode, []).append(child)
                elif child.required("match") == "/" and start is None:
                    start = child
                else:
                    raise refusal(child.place, "a template stands outside of all patterns")
            elif not _is_given(child) and not child.is_a(XSL, "output") and not sheet.declaration(child):
                raise refusal(child.place, f"xsl:{child.name} is not known here")
    sheet.reasons.tell()
    if start is None:
        raise refusal(root.place, "there is no template for the document")
    title, announced = _start(start)
    patterns = []
    for mode, named in announced.items():
        with sheet.reasons.kept():
            patterns.append(_pattern(sheet, mode, named, modes.pop(mode, [])))
    for templates in modes.values():
        with sheet.reasons.kept():
            raise refusal(templates[0].place, f"nothing applies the mode {templates[0].attributes['mode']!r}")
    return sheet.schema(title, tuple(patterns))


def _start(template: Element) -> tuple[str | None, dict[str, Named]]:
    """The title, and each mode that is applied with the pattern it is announced as."""
    output = only_elements(template)
    if len(output) != 1 or not output[0].is_a(SVRL, "schematron-output"):
        raise refusal(template.place, "the template for the document does not write a report and nothing else")
    found: dict[str, Named] = {}
    waiting: Named | None = None
    for child in only_elements(output[0]):
        if child.is_a(SVRL, "active-pattern"):
            values = attributes(child)
            waiting = Named(values.get("id"), values.get("name"), child.place)
            _announces_only(child)
        elif child.is_a(XSL, "apply-templates"):
            child.only("select", "mode")
            mode = child.required("mode")
            if child.required("select") != "/" or mode in found or waiting is None:
                raise refusal(child.place, "a pattern is not applied once and to the document")
            found[mode] = waiting
            waiting = None
        elif not child.is_a(SVRL, "ns-prefix-in-attribute-values", "text") and not child.is_a(XSL, "comment"):
            raise refusal(child.place, f"{child.name} stands in the report")
    return one_line(output[0].attributes.get("title", "")), found


def _announces_only(active: Element) -> None:
    for child in only_elements(active):
        # In no mode there are templates for texts only, so this goes through the document and does nothing.
        applies = child.is_a(XSL, "apply-templates") and not child.attributes
        if not applies and not child.is_a(XSL, "attribute") and not child.is_a(SVRL, "text"):
            raise refusal(child.place, f"{child.name} stands where a pattern is announced")


def _pattern(sheet: Sheet, mode: str, named: Named, templates: list[Element]) -> Pattern:
    rules = []
    visits: set[bool] = set()
    ends = 0
    for template in templates:
        if _drops_text(template, mode):
            continue
        if template.required("match").replace(" ", "") == "@*|node()" and priority(template) == -2:
            inside = only_elements(template)
            if len(inside) != 1:
                raise refusal(template.place, "the way through the document is not the skeleton's")
            visits.add(_goes_on(inside[0], mode))
            ends += 1
        elif priority(template) <= -1:
            raise refusal(template.place, "a rule has a priority below that of every rule")
        else:
            rules.append(template)
    if ends != 1:
        raise refusal(named.place, "there is not one template that goes through the whole document")
    made = []
    for template in in_order(rules):
        with sheet.reasons.kept():
            parts = only_elements(template)
            if not parts or not parts[-1].is_a(XSL, "apply-templates"):
                raise refusal(template.place, "a rule does not go on to what is below its node")
            visits.add(_goes_on(parts.pop(), mode))
            marks: dict[str, str] = {}
            if parts and parts[0].is_a(SVRL, "fired-rule"):
                marks = attributes(parts.pop(0))
            made.append(sheet.rule(template, parts, named.id, marks))
    if len(visits) != 1:
        raise refusal(named.place, "the rules of a pattern do not go on alike")
    return Pattern(named.id, (), tuple(made), named.place, named.name, visits.pop())


def _goes_on(apply: Element, mode: str) -> bool:
    """Whether a template that goes on comes to attributes."""
    if not apply.is_a(XSL, "apply-templates"):
        raise refusal(apply.place, f"{apply.name} stands where the way through the document goes on")
    apply.only("select", "mode")
    select = apply.required("select").replace(" ", "")
    if apply.required("mode") != mode or select not in _VISITS or any(only_elements(apply)):
        raise refusal(apply.place, "the way through the document is not the skeleton's")
    return _VISITS[select]


def _drops_text(template: Element, mode: str | None) -> bool:
    if template.attributes.get("match") != "text()" or template.attributes.get("mode") != mode:
        return False
    return template.attributes.get("priority") == "-1" and not only_elements(template)


def _is_given(element: Element) -> bool:
    """Whether it is one of the variables that the skeleton gives every sheet; no rule sees their values."""
    name = element.attributes.get("name")
    if element.is_a(XSL, "param") and name in _PARAMETERS:
        return "select" not in element.attributes and not only_elements(element)
    return element.is_a(XSL, "variable") and name == "document-uri" and "select" not in element.attributes
