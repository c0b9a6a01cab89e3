"""The table of the elements of Finvoice 3.0 against the schema that it was written down from."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from fakturahub.formats.finvoice.elements import ROOT, fits, is_form, types
from tests.unit.formats.finvoice.documents import finvoice, opened, real_files, schema

XS = "{http://www.w3.org/2001/XMLSchema}"


def _children(node: etree._Element, groups: dict[str | None, etree._Element]) -> list[tuple[str | None, str, str]]:
    found = []
    for part in node.iterchildren(etree.Element):
        if part.tag == f"{XS}element":
            found.append((part.get("name"), part.get("minOccurs", "1"), part.get("maxOccurs", "1")))
        elif part.tag == f"{XS}group":
            found += _children(groups[part.get("ref")], groups)
        elif part.tag in (f"{XS}sequence", f"{XS}choice"):
            found += _children(part, groups)
    return found


def test_order_and_number_of_all_elements_are_those_of_the_schema(shared: Path) -> None:
    root = etree.parse(str(shared / "samples/finvoice/Finvoice3.0.xsd")).getroot()
    groups = {group.get("name"): group for group in root.findall(f"{XS}group")}
    compared = 0
    for element in root.iter(f"{XS}complexType"):
        parent = element.getparent()
        name = element.get("name") or (parent.get("name") if parent is not None else None)
        children = _children(element, groups)
        table = types().get(str(name))
        if table is None or not children:
            continue
        compared += 1
        assert [
            (child, str(each.least), str(each.most) if each.most < 1_000_000 else "unbounded")
            for child, each in table.items()
        ] == children, name
    assert compared == len([table for table in types().values() if table])


def test_a_real_document_fits_where_the_schema_takes_it(shared: Path) -> None:
    valid, taken = schema(shared), 0
    for file in real_files(shared):
        root = opened(file.read_bytes())[0]
        for part in root.findall("{*}Envelope") + root.findall("MessageTransmissionDetails"):
            root.remove(part)
        root.attrib.clear()
        root.set("Version", "3.0")
        expected = valid.validate(etree.fromstring(etree.tostring(root)))
        root.attrib.clear()
        assert fits(root, ROOT) is expected, file
        taken += expected
    assert taken > 15


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("a" * 35, "s0-35", True),
        ("a" * 36, "s0-35", False),
        ("a", "s2-35", False),
        ("  ab  ", "t0-2", True),
        ("a b", "n0-35", False),
        ("12,345", "money", True),
        ("12.5", "money", False),
        ("12,5", "money", False),
        ("1000", "percentage", False),
        ("Copy", "Original|Copy|Cancel", True),
        ("copy", "Original|Copy|Cancel", False),
    ],
)
def test_forms(text: str, form: str, expected: bool) -> None:
    assert is_form(text, form) is expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("<OrderDate Format='CCYYMMDD'>20260101</OrderDate>", True),
        ("<OrderDate>20260101</OrderDate>", False),
        ("<OrderDate Format='CCYYMMDD' a='b'>20260101</OrderDate>", False),
        ("<OrderDate Format='CCYYMMDD'><a/></OrderDate>", False),
    ],
)
def test_a_value_has_its_attributes_and_no_parts(part: str, expected: bool) -> None:
    assert fits(etree.fromstring(part), "date") is expected
    assert not fits(etree.fromstring(f"<InvoiceDetails>text{part}</InvoiceDetails>"), "InvoiceDetailsType")
    assert not fits(opened(finvoice(head="<SellerSiteCode>late</SellerSiteCode>"))[0], ROOT)
