"""Which of the operator's codes (PUF-020) a refusal has."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from fakturahub.dialects.pagero import classification
from fakturahub.dialects.pagero.acknowledgement import FINDINGS, of_stored
from fakturahub.errors import DocumentRefused, TransferUnreadable, every_error
from fakturahub.exchange.acknowledgements import StoredDocument, of_details, routed_later
from fakturahub.model import DocumentState, Finding, Heading, Identifier, Kind, PartyHeading, Severity
from tests.running import ROOT
from tests.unit.exchange.town import known, named, row

FATAL = Severity.FATAL
# The whole of PUF-020 as the operator lists it.
_CODES = """
    10100 10200 10300 10400 10500 10600 10700 10800 11100 11200 11300 11400 11500 11600 11700 11800 12100 12200
    12300 12400 12500 13200 13300 14100 14200 14300 14400 14500 14600 14700 14800 14900 15100 15200 15300 18100
    18200 18300 18400 18500 18501 18513 18521 18532 18542 18554 20100 20200 20300 20400 20500 20600 20700 24100
    24200 24300 24400 24401 26100 26200 26300 27100 27200 28100 28200 28300 28400 28500 28600 28700 28800 28900
    29000 29100 29200 29300 29400 30100 30200 30300 40100 40101 40102 40103 40104 40105 40106 41000
"""
PUF_020 = frozenset(_CODES.split())


def test_every_code_is_one_of_the_operators() -> None:
    tables = (
        classification.BY_ERROR,
        classification.BY_MISSING_TERM,
        classification.BY_BAD_TERM,
        classification.BY_RULE,
    )
    said = {code for table in tables for code in table.values()}
    assert said | {classification.OTHER, classification.SCHEMATRON, classification.NO_RECEIVER} <= PUF_020


def test_every_refusal_of_a_document_or_its_bytes_has_a_code() -> None:
    refusals = {one.code for one in every_error() if issubclass(one, DocumentRefused | TransferUnreadable)}
    # the root of a branch, and what no submission meets
    elsewhere = {"document-refused", "unwritable-document", "conversion-loss", "unrenderable-document"}
    assert refusals - elsewhere - {"seller-mismatch"} <= set(classification.BY_ERROR)


@pytest.mark.parametrize(
    ("code", "term", "expected"),
    [
        ("unknown-document", None, "13200"),
        ("no-business-document", None, "13200"),
        ("several-documents", None, "12500"),
        ("several-documents-refused", None, "12500"),
        ("missing-file", None, "10100"),
        ("empty-attachment", None, "10300"),
        ("attachment-too-large", None, "10400"),
        ("unreadable-attachment", "BT-125", "20700"),
        ("missing-term", "BT-1", "18400"),
        ("missing-term", "BT-2", "14800"),
        ("missing-term", "BT-3", "15200"),
        ("bad-value", "BT-1", "20300"),
        ("bad-value", "BT-9", "14100"),
        ("bad-value", "BT-20", "20700"),
        ("xml-not-well-formed", None, "18500"),
        ("no-way", "BG-7", "28500"),
        ("idempotency-conflict", None, "11300"),
        ("something-new", None, "30300"),
    ],
)
def test_the_hubs_own_refusals(code: str, term: str | None, expected: str) -> None:
    assert classification.of_error(code, term) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (["BR-CO-15"], "14600"),
        (["BR-CO-15", "BR-CO-16"], "14600"),
        (["BR-CO-14"], "14700"),
        (["BR-CO-15", "BR-CO-14"], "18100"),
        (["BR-04"], "15200"),
        (["BR-16"], "18532"),
        (["PEPPOL-EN16931-R003"], "18554"),
        (["XSD", "XSD"], "18500"),
        (["BR-S-08"], "18100"),
        (["NO-R-002"], "18100"),
    ],
)
def test_rules_that_are_broken(rules: list[str], expected: str) -> None:
    findings = [Finding(rule, FATAL, "is broken", pack="en16931") for rule in rules]
    assert classification.of_findings(findings, PartyHeading()) == expected


def test_the_hubs_own_refusal_decides_whatever_rules_say() -> None:
    findings = [Finding("missing-file", FATAL, "is missing"), Finding("BR-CO-15", FATAL, "is broken", pack="en16931")]
    assert classification.of_findings(findings, PartyHeading()) == "10100"
    assert classification.of_findings([], PartyHeading()) == "30300"


GLN = Identifier("7300000000001", "0088")


@pytest.mark.parametrize(
    ("seller", "expected"),
    [
        (PartyHeading("A", endpoint=GLN, business_id=Identifier("5")), "11400"),
        (PartyHeading("A", identifiers=(GLN,)), "11400"),
        (PartyHeading("A", endpoint=Identifier("5", "0007"), business_id=Identifier("5"), vat_id="SE5"), "11700"),
        (PartyHeading("A", vat_id="SE5"), "11800"),
        (PartyHeading("A", identifiers=(Identifier("17"),)), "11600"),
        (PartyHeading("A"), "11500"),
        (PartyHeading(), "11500"),
    ],
    ids=["endpoint is a GLN", "a GLN", "business id", "VAT id", "customer number", "name", "nothing"],
)
def test_a_seller_that_is_not_the_sender(seller: PartyHeading, expected: str) -> None:
    assert classification.of_findings([Finding("seller-mismatch", FATAL, "other")], seller) == expected


# --- the acknowledgement of a stored document -----------------------------------------------------------------------

ID = UUID("0d4f2f60-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def stored(state: DocumentState, findings: tuple[Finding, ...] = (), *, number: str | None = "7", **facts: Any) -> Any:
    said = {"heading": Heading(Kind.INVOICE), "findings": findings, "way": None, "route": None, **facts}
    return StoredDocument(
        id=ID,
        state=state,
        kind="invoice",
        number=number,
        issue_date=None,
        at=AT,
        facts=msgspec.json.decode(msgspec.json.encode(said)),
        request={"key": "X-1"},
    )


@pytest.mark.parametrize(
    ("way", "distribution"), [("inbox", "Electronic"), ("http", "Electronic"), ("email", "Email"), ("print", "Print")]
)
def test_one_that_has_a_way(way: str, distribution: str) -> None:
    for state in (DocumentState.ROUTED, DocumentState.DELIVERED, DocumentState.FAILED, DocumentState.WITHDRAWN):
        one = of_stored(stored(state, way=way), b"")
        assert (one.accepted, one.distribution, one.classification, one.type_code) == (True, distribution, None, "380")
        assert (one.interchange_id, one.number, one.at) == ("X-1", "7", AT)


def test_one_that_nobody_receives_and_that_is_routed_later() -> None:
    before = of_stored(stored(DocumentState.UNROUTABLE, route="nobody has that address"), b"")
    assert (before.accepted, before.classification) == (False, "28500")
    assert before.description == "No receiver was found: nobody has that address."
    later = datetime(2026, 11, 21, 9, 0, 1, tzinfo=UTC)
    after = of_stored(stored(DocumentState.DELIVERED, way="email", routed_at="2026-11-21T11:00:01+02:00"), b"")
    assert after.accepted
    assert after.id != before.id
    pushing = row("skog", pagero={"acknowledgements_url": "https://u:p@skog.example/in?key=s3cret"})
    details = {"acknowledgement": msgspec.to_builtins(before)}
    company = named(known(pushing), "skog")
    pushed = routed_later(details, ID, company, "email", later)
    assert pushed is not None
    assert pushed.details is not None
    assert of_details(msgspec.json.decode(pushed.details)) == after, "what is pushed is what is read"
    assert pushed.target == f"acknowledgement {company.id}"
    assert pushed.address == "https://skog.example/in"
    assert routed_later(details, ID, named(known(row("skog")), "skog"), "email", later) is None
    assert routed_later({"acknowledgement": msgspec.to_builtins(after)}, ID, company, "email", later) is None
    assert routed_later(None, ID, company, "email", later) is None


def test_what_was_said_of_one_that_was_rejected() -> None:
    findings = (
        Finding("BR-CO-15", FATAL, "[BR-CO-15]-Total is wrong.", path="/Invoice[1]/x", line=4, pack="en16931"),
        Finding("BR-CO-16", FATAL, "y" * 400, pack="en16931"),
        Finding("BR-W", Severity.WARNING, "only a warning", pack="en16931"),
    )
    one = of_stored(stored(DocumentState.REJECTED, findings, number=None), b"")
    assert one.description == f"[BR-CO-15]-Total is wrong. Location: /Invoice[1]/x, line 4\n[BR-CO-16]-{'y' * 299}…"
    assert (one.number, one.distribution) == (str(ID), None)
    many = tuple(Finding(f"R-{n}", FATAL, "no", pack="p") for n in range(FINDINGS + 3))
    words = of_stored(stored(DocumentState.REJECTED, many), b"").description
    assert words is not None
    assert words.splitlines()[-2:] == [f"[R-{FINDINGS - 1}]-no", "And 3 more."]


def test_one_that_was_erased_says_nothing_of_itself() -> None:
    one = of_stored(stored(DocumentState.WITHDRAWN, heading={"kind": "invoice"}), b"")
    assert one.description == "No receiver was found: its reason was erased."


def test_the_readme_has_the_tables_of_the_code() -> None:
    text = (ROOT / "src" / "fakturahub" / "dialects" / "pagero" / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| `(\d{5})` \| [^|]+ \| (.+) \|$", text))
    told = {(code, one) for code, words in rows.items() for one in words.split(", ")}
    said = {(code, f"`{error}`") for error, code in classification.BY_ERROR.items()}
    said |= {(code, f"`{rule}`") for rule, code in classification.BY_RULE.items()}
    said |= {(code, f"`missing-term` {term}") for term, code in classification.BY_MISSING_TERM.items()}
    said |= {(code, f"`bad-value` {term}") for term, code in classification.BY_BAD_TERM.items()}
    said |= {(classification.SCHEMATRON, "any other rule"), (classification.OTHER, "anything else")}
    said.add((classification.NO_RECEIVER, "a document without a way"))
    mismatch = {"11400": "GLN", "11700": "legal registration", "11800": "VAT id", "11600": "any other id"}
    for code, id_ in {**mismatch, "11500": "name"}.items():
        said |= {(code, "`seller-mismatch`"), (code, f"the first that it names: {id_}")}
    assert told == said
