"""A stylesheet for Saxon out of ISO Schematron, in two forms.

`plain` has the shape that the ISO skeleton gives (a mode per pattern, the first rule that matches, SVRL out): its error
is Saxon's verdict that it has none. `guarded` looks at each assertion by itself: one that cannot be evaluated is told
as such and all others go on, so every document can be compared assertion by assertion.

Expressions and functions are handed to Saxon as they are written; nothing is interpreted here. Includes and abstract
patterns are not read: the packs that the oracle runs are single files.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Element

ISO = "{http://purl.oclc.org/dsdl/schematron}"
XSL_URI = "http://www.w3.org/1999/XSL/Transform"
XSL = f"{{{XSL_URI}}}"
SVRL_URI = "http://purl.oclc.org/dsdl/svrl"
SVRL = f"{{{SVRL_URI}}}"
#: the names of this file's own functions and variables in a stylesheet
_OWN_URI = "urn:fakturahub:tests:oracle"
_NAMESPACES = {
    "xsl": XSL_URI,
    "svrl": SVRL_URI,
    "oracle": _OWN_URI,
    "oracle-err": "http://www.w3.org/2005/xqt-errors",
    "oracle-xs": "http://www.w3.org/2001/XMLSchema",
}
_PATH = """
<xsl:function xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:oracle="urn:fakturahub:tests:oracle" name="oracle:path" as="xs:string">
  <xsl:param name="node" as="node()"/>
  <xsl:sequence select="string-join(for $step in $node/ancestor-or-self::node() return
    if ($step instance of element()) then concat('/', local-name($step), '[',
      1 + count($step/preceding-sibling::*[node-name(.) = node-name($step)]), ']')
    else if ($step instance of attribute()) then concat('/@', local-name($step)) else '', '')"/>
</xsl:function>
"""


def plain(schema: Element) -> bytes:
    """The stylesheet that writes SVRL, and that an error in any assertion ends."""
    return _sheet(schema, guarded=False)


def guarded(schema: Element) -> bytes:
    """The stylesheet that writes a line per finding: id, flag, F or the error's code, path, message; tabs between."""
    return _sheet(schema, guarded=True)


def _sheet(schema: Element, *, guarded: bool) -> bytes:
    namespaces = {**_NAMESPACES, **{one.get("prefix", ""): one.get("uri", "") for one in schema.iter(f"{ISO}ns")}}
    sheet = etree.Element(f"{XSL}stylesheet", nsmap=namespaces, version="2.0")
    if guarded:
        etree.SubElement(sheet, f"{XSL}output", method="text")
        sheet.append(etree.fromstring(_PATH))
    else:
        etree.SubElement(sheet, f"{XSL}output", method="xml")
    for one in schema:
        if isinstance(one.tag, str) and one.tag.startswith(XSL):
            sheet.append(_copied(one))
    patterns = schema.findall(f"{ISO}pattern")
    shared = schema.findall(f"{ISO}let")
    for pattern in (schema, *patterns):
        for let in pattern.findall(f"{ISO}let"):
            sheet.append(_variable(let))
    start = etree.SubElement(sheet, f"{XSL}template", match="/")
    if not guarded:
        start = etree.SubElement(start, f"{SVRL}schematron-output")
    for number, pattern in enumerate(patterns, 1):
        mode = f"P{number}"
        etree.SubElement(start, f"{XSL}apply-templates", select="/", mode=mode)
        rules = pattern.findall(f"{ISO}rule")
        if not guarded:
            sheet.extend(_rule_plain(rule, mode, len(rules) - at) for at, rule in enumerate(rules))
        else:
            lets = [*shared, *pattern.findall(f"{ISO}let")]
            sheet.extend(_rule_guarded(rule, mode, len(rules) - at, lets) for at, rule in enumerate(rules))
        for match, priority in (("text()", "-1"), ("@*|node()", "-2")):
            template = etree.SubElement(sheet, f"{XSL}template", match=match, mode=mode, priority=priority)
            if match != "text()":
                etree.SubElement(template, f"{XSL}apply-templates", select="@*|*", mode=mode)
    return etree.tostring(sheet, encoding="UTF-8")


def _copied(element: Element) -> Element:
    """A copy without the comments, and without what stands behind it."""
    made = copy.deepcopy(element)
    made.tail = None
    etree.strip_elements(made, etree.Comment, with_tail=False)
    return made


def _variable(let: Element, *, at_the_document: bool = False) -> Element:
    value = let.get("value", "")
    if at_the_document:
        value = f"/ ! ({value})"
    return etree.Element(f"{XSL}variable", {"name": let.get("name", ""), "select": value})


def _template(rule: Element, mode: str, priority: int) -> Element:
    return etree.Element(
        f"{XSL}template", {"match": rule.get("context", ""), "mode": mode, "priority": str(1000 + priority)}
    )


def _rule_plain(rule: Element, mode: str, priority: int) -> Element:
    template = _template(rule, mode, priority)
    # doubled, because braces in an attribute of the output hold expressions
    context = rule.get("context", "").replace("{", "{{").replace("}", "}}")
    etree.SubElement(template, f"{SVRL}fired-rule", context=context)
    for one in rule:
        if one.tag == f"{ISO}let":
            template.append(_variable(one))
        elif one.tag in (f"{ISO}assert", f"{ISO}report"):
            _finding(template, one)
    etree.SubElement(template, f"{XSL}apply-templates", select="@*|*", mode=mode)
    return template


def _finding(template: Element, check: Element) -> None:
    """What the skeleton makes of an assertion: nothing where it holds, else an element of SVRL."""
    choose = etree.SubElement(template, f"{XSL}choose")
    if check.tag == f"{ISO}assert":
        etree.SubElement(choose, f"{XSL}when", test=check.get("test", ""))
        holder, name = etree.SubElement(choose, f"{XSL}otherwise"), "failed-assert"
    else:
        holder, name = etree.SubElement(choose, f"{XSL}when", test=check.get("test", "")), "successful-report"
    found = etree.SubElement(holder, f"{SVRL}{name}")
    for attribute in ("id", "flag", "role"):
        if check.get(attribute) is not None:
            etree.SubElement(found, f"{XSL}attribute", name=attribute).text = check.get(attribute)
    location = etree.SubElement(found, f"{XSL}attribute", name="location")
    steps = etree.SubElement(location, f"{XSL}for-each", select="ancestor-or-self::*")
    etree.SubElement(
        steps,
        f"{XSL}value-of",
        select="concat('/', local-name(), '[', 1 + count(preceding-sibling::*[local-name() = local-name(current()) "
        "and namespace-uri() = namespace-uri(current())]), ']')",
    )
    own = etree.SubElement(location, f"{XSL}if", test="not(self::*)")
    etree.SubElement(own, f"{XSL}value-of", select="concat('/@', local-name())")
    text = etree.SubElement(found, f"{SVRL}text")
    for expression in _message(check):
        etree.SubElement(text, f"{XSL}value-of", select=expression)


def _rule_guarded(rule: Element, mode: str, priority: int, lets: list[Element]) -> Element:
    """Each assertion with variables of its own, so that an error in one of them is caught with the assertion's."""
    template = _template(rule, mode, priority)
    seen: list[Element] = []
    for one in rule:
        if one.tag == f"{ISO}let":
            seen.append(one)
        elif one.tag in (f"{ISO}assert", f"{ISO}report"):
            verdict = etree.SubElement(template, f"{XSL}variable", {"name": "oracle:verdict", "as": "oracle-xs:string"})
            attempt = etree.SubElement(verdict, f"{XSL}try")
            attempt.extend(_variable(let, at_the_document=True) for let in lets)
            attempt.extend(_variable(let) for let in seen)
            message = ", ".join(f"string-join(({part})!string(.), ' ')" for part in _message(one))
            told = f"concat('F\t', oracle:path(.), '\t', normalize-space(string-join(({message}), '')))"
            true, false = ("''", told) if one.tag == f"{ISO}assert" else (told, "''")
            etree.SubElement(attempt, f"{XSL}sequence", select=f"if ({one.get('test', '')}) then {true} else {false}")
            etree.SubElement(
                attempt,
                f"{XSL}catch",
                errors="*",
                select="concat(local-name-from-QName($oracle-err:code), '\t', oracle:path(.), '\t')",
            )
            told_if = etree.SubElement(template, f"{XSL}if", test="$oracle:verdict != ''")
            start = etree.SubElement(told_if, f"{XSL}text")
            start.text = f"{one.get('id', '')}\t{one.get('flag', '')}\t"
            etree.SubElement(told_if, f"{XSL}value-of", select="concat($oracle:verdict, '\n')")
    etree.SubElement(template, f"{XSL}apply-templates", select="@*|*", mode=mode)
    return template


def _message(check: Element) -> Iterator[str]:
    """The message as expressions."""
    yield _literal(check.text)
    for part in check:
        if part.tag == f"{ISO}value-of":
            yield part.get("select", "")
        elif part.tag == f"{ISO}name":
            yield f"name({part.get('path', '.')})"
        elif isinstance(part.tag, str):
            yield _literal("".join(part.itertext()))
        yield _literal(part.tail)


def _literal(text: str | None) -> str:
    return "'" + (text or "").replace("'", "''") + "'"
