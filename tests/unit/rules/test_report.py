"""Reports: the verdict, the form of the JSON, and SVRL that others can read."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from fakturahub.model import Severity
from fakturahub.rules import sources
from fakturahub.rules.engine import Fired, Outcome
from fakturahub.rules.report import Asked, Found, Report, as_json, as_svrl, asked_by, report

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
PATH = "/Invoice[1]/cac:InvoiceLine[2]"


def fired(severity: Severity = Severity.FATAL, **more: object) -> Fired:
    values: dict[str, object] = {"id": "BR-01", "flag": None, "role": None, "message": "It shall <be> & be."}
    return Fired(**{**values, "severity": severity, "path": PATH, "line": 7, **more})  # type: ignore[arg-type]


def outcome(*found: Fired, pack: str = "en16931-ubl-1.3.16", applicable: bool = True, rules: int = 979) -> Outcome:
    return Outcome(pack, applicable, rules if applicable else 0, found)


def verdict(*outcomes: Outcome, others: tuple[Found, ...] = ()) -> bool | None:
    return report("a.xml", outcomes, others=others).valid


def test_the_form_of_the_json() -> None:
    made = report(
        "a.xml",
        [outcome(fired(Severity.WARNING)), outcome(pack="peppol", rules=156)],
        profile="urn:x",
        versions={"en16931-ubl-1.3.16": "1.3.16"},
    )
    assert json.loads(as_json([made, made]))[1] == {
        "file": "a.xml",
        "valid": True,
        "profile": "urn:x",
        "packs": [
            {"name": "en16931-ubl-1.3.16", "version": "1.3.16", "rules": 979},
            {"name": "peppol", "version": None, "rules": 156},
        ],
        "findings": [
            {
                "rule": "BR-01",
                "severity": "warning",
                "pack": "en16931-ubl-1.3.16",
                "path": PATH,
                "line": 7,
                "message": "It shall <be> & be.",
            }
        ],
    }
    assert list(json.loads(as_json([made]))[0]) == ["file", "valid", "profile", "packs", "findings"]


@pytest.mark.parametrize(
    ("severity", "valid"), [(Severity.FATAL, False), (Severity.WARNING, True), (Severity.INFORMATION, True)]
)
def test_only_what_is_fatal_makes_invalid(severity: Severity, valid: bool) -> None:
    assert verdict(outcome(fired(severity)), outcome()) is valid


def test_what_could_not_be_evaluated_is_never_valid() -> None:
    assert verdict(outcome(fired(fault=True))) is False
    assert verdict(outcome(fired(Severity.WARNING, fault=True))) is False


def test_a_document_that_no_pack_has_rules_for_is_not_checked() -> None:
    assert verdict() is None
    assert verdict(outcome(applicable=False)) is None
    assert verdict(outcome(rules=0)) is None
    assert verdict(outcome(applicable=False), outcome()) is True
    assert report("a.xml", [outcome(applicable=False)]).packs == ()
    assert json.loads(as_json([report("a.xml", [])]))[0]["valid"] is None


def test_findings_that_are_not_of_packs_come_first_and_count() -> None:
    fault = Found("xsd", Severity.FATAL, "ubl-2.1.xsd", None, 3, "No.")
    made = report("a.xml", [outcome(fired(Severity.WARNING))], others=(fault,))
    assert made.valid is False
    assert made.findings[0] == fault
    assert verdict(others=(fault,)) is False


def test_a_finding_of_a_pack_that_did_not_apply_is_told() -> None:
    assert verdict(outcome(fired(), applicable=False)) is False


def test_a_file_name_that_is_no_unicode_is_told() -> None:
    made = report("\udcff\n.xml", [outcome()])
    assert json.loads(as_json([made]))[0]["file"] == "\\udcff\n.xml"


def test_svrl() -> None:
    outcomes = [
        outcome(fired(flag="fatal", role="error"), fired(Severity.INFORMATION, id="R-1")),
        outcome(fired(id="F-1", fault=True), pack="peppol"),
        outcome(pack="other", applicable=False),
    ]
    data = as_svrl(
        outcomes,
        title="a.xml",
        namespaces={"cac": "urn:cac"},
        asked={"en16931-ubl-1.3.16": {"BR-01": Asked("cbc:ID != ''"), "R-1": Asked("a", is_report=True)}},
    )
    assert data.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    root = etree.fromstring(data)
    assert (root.tag, dict(root.attrib)) == (f"{SVRL}schematron-output", {"title": "a.xml"})
    assert [child.tag.removeprefix(SVRL) for child in root] == [
        "ns-prefix-in-attribute-values",
        "active-pattern",
        "failed-assert",
        "successful-report",
        "active-pattern",
        "failed-assert",
    ]
    prefix, pattern, failed, reported, _, fault = root
    assert dict(prefix.attrib) == {"prefix": "cac", "uri": "urn:cac"}
    assert dict(pattern.attrib) == {"name": "en16931-ubl-1.3.16"}
    location = {"location": PATH}
    assert dict(failed.attrib) == {
        "id": "BR-01", "test": "cbc:ID != ''", "flag": "fatal", "role": "error", **location
    }  # fmt: skip
    assert failed.findtext(f"{SVRL}text") == "It shall <be> & be."
    assert dict(reported.attrib) == {"id": "R-1", "test": "a", "flag": "information", **location}
    assert dict(fault.attrib) == {"id": "F-1", "test": "", "flag": "fatal", "role": "fault", **location}


def test_svrl_has_no_character_that_xml_has_not() -> None:
    data = as_svrl([outcome(fired(message="a\x00b\ud800c\ufffed\U0001f600"))], title="\x01")
    root = etree.fromstring(data)
    assert root.get("title") == "\ufffd"
    assert root.findtext(f".//{SVRL}text") == "a\ufffdb\ufffdc\ufffdd\U0001f600"


def test_what_checks_ask() -> None:
    schema = b"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2"><pattern><rule context="a">
<assert id="x" test=" a
 = 1"/><report id="y" test="b"/><assert id="x" test="c"/></rule></pattern></schema>"""
    found = asked_by(sources.schemas({"a.sch": schema}))
    assert found == {"x": Asked("a = 1"), "y": Asked("b", is_report=True)}


def test_a_report_is_one_value() -> None:
    assert report("a", [outcome()]) == report("a", [outcome()])
    assert isinstance(report("a", []), Report)
