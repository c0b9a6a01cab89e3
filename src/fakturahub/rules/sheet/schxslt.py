"""XSLT that SchXslt 1 made: patterns share a mode, and a rule steps back where its pattern has matched the node before.

A template for a rule takes the patterns that matched as a parameter, writes its findings into a ``schxslt:rule`` of its
pattern unless that pattern is among them, and hands the node on to the next template. Every node and every attribute is
visited.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakturahub.rules.markup import BLANK, XSL, Element, refusal
from fakturahub.rules.schematron.patterns import one_line
from fakturahub.rules.sheet.findings import SVRL, attributes
from fakturahub.rules.sheet.templates import Named, Sheet, in_order, only_elements
from fakturahub.rules.tree import Pattern, Rule, Schema

NAMESPACE = "https://doi.org/10.5281/zenodo.1495494"

_MATCHED = "schxslt:patterns-matched"
_ROOTS = frozenset({"/", "root()"})
#: the templates that lead through the document: what each matches -> what each goes on to
_WAYS = {"text()|@*": (), "/": ("node()",), "*": ("@*", "node()")}


def read(root: Element) -> Schema:
    """The rules of a sheet. Raises ``PackRefused`` with every reason found."""
    sheet = Sheet(root)
    rules: dict[str, list[Element]] = {}
    documents: dict[str, Element] = {}
    ways: set[str] = set()
    start = None
    for child in root.elements():
        with sheet.reasons.kept():
            if child.namespace != XSL or child.is_a(XSL, "output") or _is_given(child):
                continue
            if not child.is_a(XSL, "template"):
                if not sheet.declaration(child):
                    raise refusal(child.place, f"xsl:{child.name} is not known here")
            elif "name" in child.attributes:
                child.only("name")
                documents[child.required("name")] = child
            elif child.attributes.get("mode") == "#all":
                ways.add(_way(child))
            elif "mode" in child.attributes:
                child.only("match", "mode", "priority")
                rules.setdefault(child.required("mode"), []).append(child)
            elif child.required("match") in _ROOTS and start is None:
                start = child
            else:
                raise refusal(child.place, "a template stands outside of all patterns")
    sheet.reasons.tell()
    if start is None or ways != set(_WAYS):
        raise refusal(root.place, "the way through the document is not that of SchXslt")
    called = list(_called(start))
    if sorted(called) != sorted(documents):
        raise refusal(start.place, "the patterns are not called once each")
    announced: dict[str, Named] = {}
    modes: set[str] = set()
    for name in called:
        with sheet.reasons.kept():
            modes.add(_document(documents[name], announced))
    sheet.reasons.tell()
    if not modes >= set(rules):
        raise refusal(root.place, f"nothing applies the mode {min(set(rules) - modes)!r}")
    found: dict[str, list[Rule]] = {pattern: [] for pattern in announced}
    for templates in rules.values():
        for template in in_order(templates):
            with sheet.reasons.kept():
                pattern, rule = _rule(sheet, template, announced)
                found[pattern].append(rule)
    patterns = tuple(
        Pattern(named.id, (), tuple(found[key]), named.place, named.name) for key, named in announced.items()
    )
    return sheet.schema(_title(start), patterns)


def _called(element: Element) -> Iterator[str]:
    """The templates that the one for the document calls whatever the document is."""
    for child in element.elements():
        if child.is_a(XSL, "call-template"):
            yield child.required("name")
        elif child.is_a(XSL, "choose", "otherwise", "variable") or child.is_a(NAMESPACE, "report"):
            yield from _called(child)


def _document(template: Element, announced: dict[str, Named]) -> str:
    """Take down the patterns that a named template announces; the mode that it applies to the document."""
    inside = only_elements(template)
    if len(inside) != 1 or not inside[0].is_a(NAMESPACE, "document"):
        raise refusal(template.place, "a pattern does not look at the document itself")
    mode = None
    for child in only_elements(inside[0]):
        if child.is_a(NAMESPACE, "pattern") and mode is None:
            key = child.required("id")
            if key in announced:
                raise refusal(child.place, "two patterns have one key")
            active = [one for one in child.all_elements() if one.is_a(SVRL, "active-pattern")]
            values = attributes(active[0]) if active else {}
            announced[key] = Named(values.get("id"), values.get("name"), child.place)
        elif child.is_a(XSL, "apply-templates") and mode is None:
            child.only("select", "mode")
            if child.required("select") not in _ROOTS or any(only_elements(child)):
                raise refusal(child.place, "a pattern does not look at the document itself")
            mode = child.required("mode")
        else:
            raise refusal(child.place, f"{child.name} stands where patterns are announced")
    if mode is None:
        raise refusal(template.place, "patterns are announced and not applied")
    return mode


def _rule(sheet: Sheet, template: Element, announced: dict[str, Named]) -> tuple[str, Rule]:
    """The key of a rule's pattern, and the rule."""
    parts = only_elements(template)
    if len(parts) < 2 or not parts[0].is_a(XSL, "param") or parts[0].attributes.get("name") != _MATCHED:
        raise refusal(template.place, "a rule does not begin as SchXslt begins one")
    variables, choice = parts[1:-1], parts[-1]
    branches = only_elements(choice)
    if not choice.is_a(XSL, "choose") or [branch.name for branch in branches] != ["when", "otherwise"]:
        raise refusal(choice.place, "a rule does not end as SchXslt ends one")
    when, otherwise = branches
    held = only_elements(otherwise)
    if len(held) != 2 or not held[0].is_a(NAMESPACE, "rule"):
        raise refusal(otherwise.place, "a rule does not end as SchXslt ends one")
    key = held[0].required("pattern")
    named = announced.get(key)
    if named is None or when.required("test") != f"${_MATCHED}[. = '{key}']":
        raise refusal(when.place, "a rule asks for another pattern than its own")
    if any(one.is_a(SVRL, "failed-assert", "successful-report") for one in when.all_elements()):
        raise refusal(when.place, "a rule that steps back writes a finding")
    _hands_on(only_elements(when)[-1:], f"${_MATCHED}", when)
    _hands_on(held[1:], f"(${_MATCHED}, '{key}')", otherwise)
    checks = only_elements(held[0])
    marks: dict[str, str] = {}
    if checks and checks[0].is_a(SVRL, "fired-rule"):
        marks = attributes(checks.pop(0))
    if not all(variable.is_a(XSL, "variable") for variable in variables):
        raise refusal(template.place, "something else than variables stands in front of a rule's checks")
    return key, sheet.rule(template, [*variables, *map(_plain, checks)], named.id, marks)


def _plain(check: Element) -> Element:
    """``<if test="not(T)">`` of an assertion as the skeleton writes it, ``choose`` with T; a report as it is."""
    held = only_elements(check)
    if not check.is_a(XSL, "if") or len(held) != 1 or held[0].name != "failed-assert":
        return check
    check.only("test")
    written = check.required("test").strip(BLANK)
    test = written[4:-1]
    stated = next((one for one in held[0].elements() if one.attributes.get("name") == "test"), None)
    # The generator puts not( ) around the test and writes the test down; only both together say where it ends.
    if not written.startswith("not(") or stated is None or one_line(stated.text()) != one_line(test):
        raise refusal(check.place, "an assertion is not tested as SchXslt tests one")
    when = Element(XSL, "when", {"test": test}, [], check.place, check.prefixes, 1)
    otherwise = Element(XSL, "otherwise", {}, list(held), check.place, check.prefixes, 1 + held[0].size)
    return Element(XSL, "choose", {}, [when, otherwise], check.place, check.prefixes, 2 + otherwise.size)


def _hands_on(inside: list[Element], matched: str, holder: Element) -> None:
    if len(inside) == 1 and inside[0].is_a(XSL, "next-match"):
        given = only_elements(inside[0])
        if len(given) == 1 and given[0].attributes.get("name") == _MATCHED and not only_elements(given[0]):
            written = given[0].attributes.get("select")
            if written == matched:
                return
    raise refusal(holder.place, "a rule does not hand the node on as SchXslt does")


def _way(template: Element) -> str:
    template.only("match", "mode", "priority")
    match = template.required("match").replace(" ", "")
    goes_on = [
        (child.name, child.attributes.get("mode"), child.attributes.get("select")) for child in only_elements(template)
    ]
    if template.required("priority") != "-10" or match not in _WAYS:
        raise refusal(template.place, "the way through the document is not that of SchXslt")
    if goes_on != [("apply-templates", "#current", select) for select in _WAYS[match]]:
        raise refusal(template.place, "the way through the document is not that of SchXslt")
    return match


def _is_given(element: Element) -> bool:
    """Whether it belongs to every sheet: how it is started, and how it tells where a node stands."""
    name = element.attributes.get("name", "")
    if element.is_a(XSL, "function"):
        return name == "schxslt:location" and element.prefixes.get("schxslt") == NAMESPACE
    if element.is_a(XSL, "param", "template"):
        return name.startswith("schxslt.validate")
    return False


def _title(start: Element) -> str | None:
    output = next((one for one in start.all_elements() if one.is_a(SVRL, "schematron-output")), None)
    return one_line(output.attributes.get("title", "")) if output is not None else None
