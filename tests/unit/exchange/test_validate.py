"""What is said of a document: the verdict, the packs that ran, the findings; and nothing is ever valid by default."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import (
    NotFound,
    NotWellFormed,
    PackUnusable,
    RulesFailed,
    SeveralDocuments,
    TransferUnreadable,
    UnknownDocument,
)
from fakturahub.exchange.rulebook import Broken, Rulebook, bundled
from fakturahub.exchange.validate import Validation, as_data, svrl, validate
from fakturahub.model import Severity, Verdict
from fakturahub.rules import engine, pack, sources, xsd
from tests.rules import small
from tests.running import INVOICE, ROOT

DAY = date(2026, 11, 20)
EN = "en16931-ubl-1.3.16"
ORIGINAL = INVOICE.read_bytes()
WRONG_SUM = re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>1.00", ORIGINAL)


def held(data: bytes, **more: object) -> Validation:
    return validate(data, bundled(), DAY, **more)  # type: ignore[arg-type]


def rules_of(validation: Validation) -> list[str]:
    return [one.rule for one in validation.findings]


# --- verdicts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["invoice.xml", "invoice-with-attachment.xml", "credit-note.xml"])
def test_the_examples_are_valid(name: str) -> None:
    said = held((ROOT / "examples" / name).read_bytes(), file=name)
    assert (said.verdict, said.findings, said.report.valid) == (Verdict.VALID, (), True)
    (ran,) = said.report.packs
    assert (ran.name, ran.version, ran.rules) == (EN, "1.3.16", 979)
    assert said.report.file == name
    assert said.report.profile == "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"


def test_a_broken_rule_is_told_with_all_that_is_known_of_it() -> None:
    said = held(WRONG_SUM)
    assert (said.verdict, said.report.valid) == (Verdict.INVALID, False)
    first, second = said.findings
    assert (first.rule, second.rule) == ("BR-CO-15", "BR-CO-16")
    assert (first.severity, first.pack, first.path) == (Severity.FATAL, EN, "/Invoice[1]")
    assert first.message.startswith("[BR-CO-15]-Invoice total amount with VAT (BT-112) = ")
    assert first.term == "BT-112, BT-109, BT-110"
    assert first.line is not None
    assert first.explanation is not None
    assert said.fatal == said.findings


@pytest.mark.parametrize("language", ["en", "fi", "sv", "nb", "da"])
def test_explanations_in_every_language(language: str) -> None:
    texts = {held(WRONG_SUM, language=one).findings[0].explanation for one in ("en", language)}
    assert None not in texts
    assert len(texts) == (1 if language == "en" else 2)


@pytest.mark.parametrize(
    "data",
    [
        (ROOT / "examples" / "finvoice.xml").read_bytes(),
        b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2" xmlns:cbc="urn:oasis:names:specification:'
        b'ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>1</cbc:ID></Order>',
        ORIGINAL.replace(b"urn:cen.eu:en16931:2017#", b"urn:example:own#"),
        re.sub(rb"<cbc:CustomizationID>.*?</cbc:CustomizationID>", b"", ORIGINAL),
    ],
    ids=["finvoice", "order", "own-profile", "no-profile"],
)
def test_where_no_pack_has_rules_it_is_not_checked_and_never_valid(data: bytes) -> None:
    said = held(data)
    assert (said.verdict, said.report.valid, said.report.packs, said.findings) == (Verdict.NOT_CHECKED, None, (), ())


def test_without_any_pack_nothing_is_valid() -> None:
    said = validate(ORIGINAL, Rulebook(), DAY)
    assert (said.verdict, said.report.packs) == (Verdict.NOT_CHECKED, ())


def test_faults_of_the_schema_are_findings_of_their_own() -> None:
    data = ORIGINAL.replace(b'<cbc:PriceAmount currencyID="EUR">12.50', b"<cbc:PriceAmount>12.50")
    said = held(data)
    assert said.verdict is Verdict.INVALID
    own = [one for one in said.findings if one.pack == "ubl-2.1-xsd"]
    assert [(one.rule, one.severity) for one in own] == [("XSD", Severity.FATAL)]
    assert said.findings[0] is own[0], "told first"
    assert [one.name for one in said.report.packs] == [EN], "a schema is no pack that ran"


def test_faults_of_the_schema_make_invalid_what_no_pack_is_for() -> None:
    data = re.sub(rb"<cbc:CustomizationID>.*?</cbc:CustomizationID>", b"<cbc:Own/>", ORIGINAL)
    said = held(data)
    assert (said.verdict, said.report.packs) == (Verdict.INVALID, ())
    assert rules_of(said) == ["XSD"]


def test_a_document_of_nothing_but_faults_is_not_held_against_each_rule() -> None:
    said = held(ORIGINAL.replace(b"</Invoice>", b"<cac:InvoiceLine/>" * 20_000 + b"</Invoice>"))
    assert (said.verdict, said.report.packs) == (Verdict.INVALID, ())
    assert len(said.findings) == xsd.FAULTS + 1


def test_what_the_reader_of_headings_refuses_is_one_finding_among_the_others() -> None:
    data = ORIGINAL.replace(b"<cbc:IssueDate>2026-11-02", b"<cbc:IssueDate>2 November")
    said = held(data)
    assert said.verdict is Verdict.INVALID
    (own,) = [one for one in said.findings if one.pack == "fakturahub"]
    assert (own.rule, own.severity) == ("bad-value", Severity.FATAL)
    assert "XSD" in rules_of(said)
    assert [one.name for one in said.report.packs] == [EN]


def test_a_missing_number_is_what_the_rules_say_of_it() -> None:
    data = re.sub(rb"<cbc:ID>2026-1107</cbc:ID>", b"", ORIGINAL, count=1)
    assert "BR-02" in rules_of(held(data))


def test_a_check_that_cannot_be_evaluated_is_fatal() -> None:
    data = re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>many", ORIGINAL)
    said = held(data)
    assert said.verdict is Verdict.INVALID
    assert any("could not be evaluated" in one.message for one in said.fatal)


# --- what is taken --------------------------------------------------------------------------------------------------


def test_an_opened_document_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, expected = formats.open_document(WRONG_SUM), held(WRONG_SUM)
    monkeypatch.setattr(formats, "parse", None)
    monkeypatch.setattr(formats, "sniff", None)
    assert validate(opened, bundled(), DAY) == expected


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig"])
def test_lines_are_those_of_the_transfer_whatever_its_character_set(codec: str) -> None:
    text = WRONG_SUM.decode().replace('encoding="UTF-8"', f'encoding="{codec.removesuffix("-sig")}"')
    found = held(text.encode(codec)).findings
    assert [(one.rule, one.line) for one in found] == [(one.rule, one.line) for one in held(WRONG_SUM).findings]


@pytest.mark.parametrize("data", [b"", b"no xml", b"<a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(TransferUnreadable):
        held(data)
    with pytest.raises(TransferUnreadable):
        held(data, packs=[EN])


def test_what_is_cut_off_is_refused() -> None:
    with pytest.raises(NotWellFormed):
        held(ORIGINAL[:-20])


def test_what_nobody_knows_is_refused_unless_packs_are_named() -> None:
    data = b'<Menu xmlns="urn:kitchen"/>'
    with pytest.raises(UnknownDocument):
        held(data)
    assert held(data, packs=[EN]).verdict is Verdict.NOT_CHECKED


def test_several_documents_are_refused() -> None:
    with pytest.raises(SeveralDocuments):
        held((ROOT / "examples" / "finvoice.xml").read_bytes() * 2)


def test_named_packs_run_on_anything_and_nothing_else_does() -> None:
    fragment = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    said = held(fragment, packs=[EN])
    assert said.verdict is Verdict.INVALID
    assert "BR-01" in rules_of(said)
    assert {one.pack for one in said.findings} == {EN}, "no schema, and no reader of headings"
    with pytest.raises(NotFound, match="no-such-pack"):
        held(ORIGINAL, packs=["no-such-pack"])


# --- the engine -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [ZeroDivisionError("x"), RecursionError(), MemoryError(), KeyError("y")])
def test_a_defect_of_the_engine_is_raised(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def broken(*_: object) -> Iterable[engine.Outcome]:
        raise fault

    monkeypatch.setattr(engine, "check", broken)
    with pytest.raises(RulesFailed, match=EN) as raised:
        held(ORIGINAL)
    assert raised.value.__cause__ is fault


def test_a_defect_of_the_schema_is_raised_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no file")

    monkeypatch.setattr(xsd, "check", broken)
    with pytest.raises(RulesFailed):
        held(ORIGINAL)


def test_a_pack_that_cannot_be_used_is_no_reason_to_pass_a_document() -> None:
    (one,) = bundled()
    with pytest.raises(PackUnusable):
        validate(ORIGINAL, Rulebook([Broken(**one.as_facts(), reason="it is damaged.")]), DAY)


def test_a_check_that_errs_everywhere_leaves_nothing_valid() -> None:
    schema = b"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
      <ns prefix="u" uri="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>
      <pattern><rule context="/u:Invoice"><assert id="OWN-1" flag="warning" test="xs:decimal(string(.)) &gt; 0">
      It is positive.</assert></rule></pattern></schema>"""
    made = pack.compile_pack(sources.schemas({"own.sch": schema}), name="own-1").pack()
    (en,) = bundled()
    said = validate(ORIGINAL, Rulebook([replace(en, name="own-1", pack=made)]), DAY)
    assert said.verdict is Verdict.INVALID
    (one,) = said.findings
    assert (one.rule, one.severity) == ("OWN-1", Severity.FATAL)
    assert "could not be evaluated" in one.message


def test_threads_get_the_answers_of_their_own_documents() -> None:
    documents = [
        re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>%d.00" % number, ORIGINAL)
        if number % 2
        else ORIGINAL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>%d" % number)
        for number in range(16)
    ]
    expected = [held(one) for one in documents]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(3):
            assert list(threads.map(held, documents)) == expected


# --- reports --------------------------------------------------------------------------------------------------------


def test_the_report_as_json() -> None:
    said = held(WRONG_SUM, file="a.xml", language="sv")
    data = json.loads(json.dumps(as_data(said)))
    assert set(data) == {"file", "valid", "profile", "packs", "findings"}
    assert (data["file"], data["valid"]) == ("a.xml", False)
    assert data["packs"] == [{"name": EN, "version": "1.3.16", "rules": 979}]
    first = data["findings"][0]
    assert set(first) == {"rule", "severity", "pack", "path", "line", "message", "terms", "explanation"}
    assert first["terms"] == ["BT-112", "BT-109", "BT-110"]
    assert first["explanation"] == said.findings[0].explanation


def test_the_report_as_svrl() -> None:
    data = ORIGINAL.replace(b'<cbc:PriceAmount currencyID="EUR">12.50', b"<cbc:PriceAmount>12.50")
    said = held(data.replace(b">15000.00<", b">1.00<"))
    root = etree.fromstring(svrl(said, bundled()))
    spaces = {"s": "http://purl.oclc.org/dsdl/svrl"}
    assert root.xpath("s:active-pattern/@name", namespaces=spaces) == ["ubl-2.1-xsd", EN]
    assert root.xpath("s:failed-assert/@id", namespaces=spaces) == rules_of(said)
    tests = dict(zip(root.xpath("s:failed-assert/@id", namespaces=spaces), root.xpath("//@test"), strict=True))
    assert "cbc:TaxInclusiveAmount" in tests["BR-CO-15"]
    prefixes = dict(
        zip(
            root.xpath("s:ns-prefix-in-attribute-values/@prefix", namespaces=spaces),
            root.xpath("s:ns-prefix-in-attribute-values/@uri", namespaces=spaces),
            strict=True,
        )
    )
    assert prefixes["cbc"] == "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"


def test_a_validation_goes_from_process_to_process() -> None:
    said = held(WRONG_SUM)
    assert pickle.loads(pickle.dumps(said)) == said  # noqa: S301 - our own bytes


def test_nothing_of_the_shared_packs_is_found_wrong_with_the_examples(shared: Path) -> None:
    file = shared / "rulepacks" / "peppol-bis3-3.0.19" / "PEPPOL-EN16931-UBL.sch"
    made = pack.compile_pack(sources.schemas(sources.read_pack(file)), name="peppol-ubl-3.0.19").pack()
    (en,) = bundled()
    peppol = replace(en, name="peppol-ubl-3.0.19", profile="peppol-bis-3", pack=made, bundled=False)
    book = Rulebook([en, peppol])
    for name in ("invoice.xml", "invoice-with-attachment.xml", "credit-note.xml"):
        said = validate((ROOT / "examples" / name).read_bytes(), book, DAY)
        assert (said.verdict, said.findings, len(said.report.packs)) == (Verdict.VALID, (), 2), name
    data = ORIGINAL.replace(b"<cbc:BuyerReference>", b"<cbc:Note>x</cbc:Note><cbc:BuyerReference>")
    assert validate(data, book, DAY).verdict is Verdict.INVALID


@pytest.mark.parametrize("mark", [b"<!-- x -->", b"<?x y?>"])
def test_a_comment_divides_a_text_as_it_does_for_the_authority(mark: bytes) -> None:
    """`normalize-space(text())` of two texts is a type error (XPath 2.0): told, and nothing to be valid with."""
    rules = sources.schemas(small.files(test="normalize-space(u:ID/text()) = '77'"))
    (en,) = bundled()
    town = Rulebook([replace(en, name="town-1.0", pack=pack.compile_pack(rules, name="town-1.0").pack())])
    document = b'<Bill xmlns="urn:town"><ID>7%s7</ID><Sum>9</Sum></Bill>'
    assert validate(document % b"", town, DAY, packs=["town-1.0"]).verdict is Verdict.VALID
    divided = validate(document % mark, town, DAY, packs=["town-1.0"])
    assert divided.verdict is Verdict.INVALID
    assert "could not be evaluated" in divided.findings[0].message


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "iso-8859-1"])
def test_marks_are_seen_in_any_character_set(codec: str) -> None:
    text = '<?xml version="1.0" encoding="{}"?>\n<a>x{}y</a>'
    for mark, there in (("", False), ("<!-- c -->", True), ("<?p i?>", True)):
        assert formats.has_marks(text.format(codec, mark).encode(codec)) is there
