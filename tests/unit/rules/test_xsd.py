"""Documents against the XML schema: what is told, where it stands, and that no document can make it costly."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakturahub.intake.xml import parse
from fakturahub.model import Severity
from fakturahub.rules import xsd
from fakturahub.rules.outcome import Fired
from tests.running import INVOICE, ROOT

ORIGINAL = INVOICE.read_bytes()
#: has no child that it must have
EMPTY_LINE = b"<cac:InvoiceLine/>\n"


def fired(data: bytes) -> tuple[Fired, ...]:
    outcome = xsd.check(parse(data))
    assert outcome is not None
    assert (outcome.pack, outcome.applicable, outcome.rules) == ("ubl-2.1-xsd", True, 0)
    return outcome.fired


def with_lines(count: int, line: bytes = EMPTY_LINE) -> bytes:
    return ORIGINAL.replace(b"</Invoice>", line * count + b"</Invoice>")


@pytest.mark.parametrize("name", ["invoice.xml", "invoice-with-attachment.xml", "credit-note.xml"])
def test_the_examples_are_as_the_schema_says(name: str) -> None:
    assert fired((ROOT / "examples" / name).read_bytes()) == ()


def test_a_wrong_value_is_told_with_path_and_line() -> None:
    data = ORIGINAL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>x")
    (one,) = fired(data)
    assert one.id == "XSD"
    assert one.severity is Severity.FATAL
    assert one.path == "/Invoice[1]/cbc:IssueDate[1]"
    assert one.line is not None
    assert b"<cbc:IssueDate>" in data.splitlines()[one.line - 1]
    assert one.message == "Element 'cbc:IssueDate': 'x2026-11-02' is not a valid value of the atomic type 'xs:date'."


def test_places_are_those_of_the_third_line_whatever_the_prefixes() -> None:
    data = ORIGINAL.replace(b'<cbc:PriceAmount currencyID="EUR">12.50', b"<cbc:PriceAmount>12.50")
    (one,) = fired(data)
    assert one.path == "/Invoice[1]/cac:InvoiceLine[3]/cac:Price[1]/cbc:PriceAmount[1]"
    renamed = data.replace(b"cac:", b"a:").replace(b":cac", b":a").replace(b"cbc:", b"b:").replace(b":cbc", b":b")
    (two,) = fired(renamed)
    assert (two.path, two.line) == ("/Invoice[1]/a:InvoiceLine[3]/a:Price[1]/b:PriceAmount[1]", one.line)
    assert two.message == one.message, "the names in messages are the usual ones"


def test_a_prefix_that_is_declared_at_the_element_itself() -> None:
    spaces = b'xmlns:own="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
    data = ORIGINAL.replace(b"<cbc:Percent>25</cbc:Percent>", b"<own:Percent %b>many</own:Percent>" % spaces, 1)
    assert data != ORIGINAL
    (one,) = fired(data)
    assert one.path.endswith("Percent")
    assert one.line is not None


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (
            b"<cbc:DueDate>",
            b"<cbc:Own>1</cbc:Own><cbc:DueDate>",
            "'cbc:Own': This element is not expected. Expected is",
        ),
        (b'currencyID="EUR">12.50', b'currencyID="EUR" own="1">12.50', "The attribute 'own' is not allowed."),
        (b'currencyID="EUR">12.50', b'currencyID="EUR">cheap', "'cheap' is not a valid value of the"),
        (b"</Invoice>", EMPTY_LINE + b"</Invoice>", "Missing child element(s). Expected is ( cbc:ID )."),
    ],
)
def test_every_kind_of_fault_is_told(was: bytes, becomes: bytes, said: str) -> None:
    data = ORIGINAL.replace(was, becomes, 1)
    assert data != ORIGINAL
    (one, *_) = fired(data)
    assert said in one.message


def test_in_an_extension_a_fault_is_a_warning() -> None:
    ext = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
    extension = (
        f'<e:UBLExtensions xmlns:e="{ext}"><e:UBLExtension><e:ExtensionContent><e:Own/></e:ExtensionContent>'
        "</e:UBLExtension></e:UBLExtensions><cbc:CustomizationID>"
    ).encode()
    data = ORIGINAL.replace(b"<cbc:CustomizationID>", extension)
    (one,) = fired(data)
    assert (one.severity, "This element is not expected" in one.message) == (Severity.WARNING, True)
    both = [found.severity for found in fired(data.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>x"))]
    assert both == [Severity.WARNING, Severity.FATAL]


@pytest.mark.parametrize(
    "root",
    [
        b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
        b'<Invoice xmlns="urn:pagero:PageroUniversalFormat:Invoice:1.0"/>',
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"/>',
        b"<Invoice/>",
    ],
)
def test_where_no_schema_is_at_hand_nothing_is_said(root: bytes) -> None:
    assert xsd.check(parse(root)) is None


@pytest.mark.parametrize(("version", "known"), [("2.0", True), (" 2.1\n", True), ("2.2", False), ("2.4", False)])
def test_the_schema_holds_for_the_versions_it_was_made_for(version: str, known: bool) -> None:
    stated = f"<cbc:UBLVersionID>{version}</cbc:UBLVersionID><cbc:CustomizationID>".encode()
    data = ORIGINAL.replace(b"<cbc:CustomizationID>", stated)
    assert (xsd.check(parse(data)) is not None) is known


@pytest.mark.timeout(30)
@pytest.mark.parametrize("count", [1_000, 100_000])
def test_a_document_of_nothing_but_faults_is_looked_at_no_longer_than_a_good_one(count: int) -> None:
    root = parse(with_lines(count))
    began = time.process_time()
    outcome = xsd.check(root)
    assert time.process_time() - began < 5
    assert outcome is not None
    assert len(outcome.fired) == xsd.FAULTS + 1
    assert outcome.fired[-1].message == "There are more than 200 faults; the rest is not told."


def test_few_faults_of_a_large_document_have_their_places() -> None:
    line = (
        b'<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:LineExtensionAmount currencyID="EUR">1</cbc:LineExtensionAmount>'
        b"<cac:Item/></cac:InvoiceLine>\n"
    )
    data = with_lines(5_000, line).replace(b"</Invoice>", EMPTY_LINE * 3 + b"</Invoice>")
    found = fired(data)
    own = ORIGINAL.count(b"<cac:InvoiceLine>")
    assert [one.path for one in found] == [f"/Invoice[1]/cac:InvoiceLine[{own + 5_000 + n}]" for n in (1, 2, 3)]
    assert all(one.line is not None and data.splitlines()[one.line - 1] == EMPTY_LINE.strip() for one in found)


def test_a_schema_that_the_document_names_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret\n<not xml")
    hint = (
        b'<own xmlns="urn:own" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="urn:own %b"/><cbc:CustomizationID>' % secret.as_uri().encode()
    )
    found = fired(ORIGINAL.replace(b"<cbc:CustomizationID>", hint))
    assert found
    assert all("the-secret" not in one.message for one in found)
    (tmp_path / "own.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:own">'
        '<xs:element name="own"/></xs:schema>'
    )
    allowed = hint.replace(secret.as_uri().encode(), (tmp_path / "own.xsd").as_uri().encode())
    assert [one.message for one in fired(ORIGINAL.replace(b"<cbc:CustomizationID>", allowed))] == [
        one.message for one in found
    ]


def test_a_message_that_repeats_the_document_is_cut_off() -> None:
    (one,) = fired(ORIGINAL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>" + b"x" * 100_000))
    assert len(one.message) == 500
    assert one.message.endswith("…")


def test_threads_get_the_answers_of_their_own_documents() -> None:
    documents = [
        ORIGINAL.replace(b"<cbc:IssueDate>", b"<cbc:IssueDate>%d-" % number) if number % 2 else with_lines(number * 30)
        for number in range(16)
    ]
    expected = [fired(one) for one in documents]
    assert len({one[0].message if one else "" for one in expected}) > 8
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            assert list(threads.map(fired, documents)) == expected
