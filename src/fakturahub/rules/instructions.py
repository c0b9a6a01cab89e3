"""XSLT in a pack: functions, keys and variables with what may stand in them, the same in Schematron and in a sheet.

What is not named here is refused: an instruction that is not understood could decide a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable

from fakturahub.errors import PackRefused
from fakturahub.rules.markup import BLANK, XML_NAMESPACE, XSL, Element, refusal
from fakturahub.rules.tree import (
    Choose,
    Function,
    Instruction,
    Key,
    Let,
    Parameter,
    Place,
    Sequence,
    Text,
    ValueOf,
    When,
)


def function(element: Element) -> Function:
    """``xsl:function``. What it does when another sheet has one of its name (``override``) says nothing here."""
    element.only("name", "as", "override")
    parameters: list[Parameter] = []
    rest: list[Element | str] = []
    for child in significant(element):
        if not isinstance(child, str) and child.is_a(XSL, "param"):
            if rest:
                raise refusal(child.place, "a parameter stands behind the body of its function")
            child.only("name", "as")
            if any(significant(child)):
                raise refusal(child.place, "a parameter of a function has a value of its own")
            parameters.append(Parameter(child.required("name"), child.attributes.get("as")))
        else:
            rest.append(child)
    if ":" not in element.required("name"):
        raise refusal(element.place, "the name of a function has no prefix")
    names = [parameter.name for parameter in parameters]
    if len(set(names)) < len(names):
        raise refusal(element.place, "two parameters of a function have one name")
    return Function(
        element.required("name"), tuple(parameters), element.attributes.get("as"), body(element, rest), element.place
    )


def key(element: Element) -> Key:
    """``xsl:key``; one whose values are not an expression in ``use`` is refused."""
    element.only("name", "match", "use")
    if any(significant(element)):
        raise refusal(element.place, "a key has a content; only one with use is known")
    return Key(element.required("name"), element.required("match"), element.required("use"), element.place)


def variable(element: Element) -> Let:
    """``xsl:variable`` and ``xsl:param``: a value in ``select``, or a body."""
    element.only("name", "select", "as")
    name, as_type = element.required("name"), element.attributes.get("as")
    content = list(significant(element))
    if "select" not in element.attributes:
        return Let(name, None, element.place, as_type, body(element, content))
    if content:
        raise refusal(element.place, f"${name} has both an expression and a content")
    return Let(name, element.required("select"), element.place, as_type)


def body(holder: Element, children: Iterable[Element | str]) -> tuple[Instruction, ...]:
    """The instructions in *holder*."""
    return tuple(_instruction(holder.place, child) for child in children)


def significant(element: Element) -> Iterable[Element | str]:
    """The children that count in XSLT: a text of white space alone is none (XSLT 2.0, 4.2)."""
    if f"{{{XML_NAMESPACE}}}space" in element.attributes:
        raise refusal(element.place, "xml:space stands in XSLT")
    for child in element.children:
        if not isinstance(child, str) or child.strip(BLANK):
            yield child


def _instruction(place: Place, child: Element | str) -> Instruction:
    if isinstance(child, str):
        return Text(child, place)
    if child.namespace != XSL:
        raise refusal(child.place, f"the element {child.name} is made in an expression's place")
    match child.name:
        case "variable":
            return variable(child)
        case "sequence":
            return Sequence(_select(child, "select"), child.place)
        case "value-of":
            return value_of(child)
        case "text":
            return Text(literal(child), child.place)
        case "if":
            child.only("test")
            branch = When(child.required("test"), body(child, significant(child)), child.place)
            return Choose((branch,), child.place)
        case "choose":
            return _choose(child)
    raise unknown(child)


def value_of(element: Element) -> ValueOf:
    """``xsl:value-of`` with an expression."""
    return ValueOf(_select(element, "select", "separator"), element.place, _separator(element))


def literal(element: Element) -> str:
    """What is in an ``xsl:text``, white space included."""
    element.only()
    if any(element.elements()):
        raise refusal(element.place, "there are elements in a text")
    return element.text()


def unknown(element: Element) -> PackRefused:
    """The error for an element of XSLT that is not understood where it stands."""
    return refusal(element.place, f"xsl:{element.name} is not known here")


def _select(element: Element, *allowed: str) -> str:
    element.only(*allowed)
    if any(significant(element)):
        raise refusal(element.place, f"xsl:{element.name} has a content; only one with select is known")
    return element.required("select")


def _separator(element: Element) -> str | None:
    separator = element.attributes.get("separator")
    if separator is not None and ("{" in separator or "}" in separator):
        raise refusal(element.place, "the separator of a value-of is an expression")
    return separator


def _choose(element: Element) -> Choose:
    element.only()
    branches: list[When] = []
    for child in significant(element):
        if isinstance(child, str) or child.namespace != XSL or child.name not in ("when", "otherwise"):
            raise refusal(element.place, "there is something else than branches in a choice")
        if branches and branches[-1].test is None:
            raise refusal(child.place, "a branch stands behind the last one of a choice")
        child.only(*(("test",) if child.name == "when" else ()))
        test = child.required("test") if child.name == "when" else None
        branches.append(When(test, body(child, significant(child)), child.place))
    if not branches or branches[0].test is None:
        raise refusal(element.place, "a choice has no branch with a test")
    return Choose(tuple(branches), element.place)
