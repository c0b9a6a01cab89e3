"""XSLT 2.0 that was generated from Schematron and writes SVRL, put back into the rules it was made of.

Two generators are known by the shape of what they write: the ISO skeleton and SchXslt 1. What is not exactly of that
shape is refused with its line, whatever it may mean.
"""

from __future__ import annotations

from fakturahub.rules.markup import XML_NAMESPACE, XSL, Element, refusal
from fakturahub.rules.sheet import schxslt, skeleton
from fakturahub.rules.sheet.findings import SVRL
from fakturahub.rules.tree import Schema

__all__ = ["read", "writes_svrl"]

_SPACE = f"{{{XML_NAMESPACE}}}space"


def writes_svrl(root: Element) -> bool:
    """Whether the sheet writes a report of Schematron; others are no rules."""
    return any(element.is_a(SVRL, "schematron-output") for element in root.all_elements())


def read(root: Element) -> Schema:
    """The rules of a sheet. Raises ``PackRefused`` with every reason found, each with the file and the line."""
    root.only("version", "xpath-default-namespace", "exclude-result-prefixes", "extension-element-prefixes", "id")
    if root.attributes.get("version", "").strip() != "2.0":
        written = root.attributes.get("version")
        raise refusal(root.place, f"the sheet is XSLT {written or 'of no version'}; only 2.0 is known")
    made_by_schxslt = False
    for element in root.all_elements():
        for name in element.attributes:
            if name == _SPACE:
                raise refusal(element.place, "xml:space stands in XSLT")
            if name.startswith(f"{{{XSL}}}"):
                # such as xsl:use-when, which takes an element out
                raise refusal(element.place, f"the attribute {name} of {element.name} is not known")
        made_by_schxslt = made_by_schxslt or element.namespace == schxslt.NAMESPACE
    return schxslt.read(root) if made_by_schxslt else skeleton.read(root)
