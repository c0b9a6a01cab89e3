"""Terms by name: from the heading, from the whole document, by number, by XPath."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.exchange.terms import fault_in, in_heading, terms_of
from fakturahub.formats.pick import pick
from fakturahub.model.terms import TERM
from tests.running import INVOICE


def term(name: str, data: bytes) -> str | None:
    return terms_of([name], formats.read_heading(data), data)[name]


@pytest.fixture(scope="module")
def invoice() -> bytes:
    return INVOICE.read_bytes()


def stated(invoice: bytes, element: str) -> str:
    """What the sample says in the first *element*, read without any reader of ours."""
    found = re.search(rf"<{element}(?: [^>]*)?>([^<]*)</{element}>", invoice.decode())
    assert found
    return found[1].strip()


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("number", "cbc:ID"),
        ("BT-1", "cbc:ID"),
        ("issue_date", "cbc:IssueDate"),
        ("BT-2", "cbc:IssueDate"),
        ("due_date", "cbc:DueDate"),
        ("currency", "cbc:DocumentCurrencyCode"),
        ("payable", "cbc:PayableAmount"),
        ("BT-115", "cbc:PayableAmount"),
        ("totals.payable", "cbc:PayableAmount"),
        ("total", "cbc:TaxInclusiveAmount"),
        ("totals.without_vat", "cbc:TaxExclusiveAmount"),
        ("BT-109", "cbc:TaxExclusiveAmount"),
        ("type_code", "cbc:InvoiceTypeCode"),
        ("lines.amount", "cbc:LineExtensionAmount"),
    ],
)
def test_a_term_is_what_the_document_states(invoice: bytes, name: str, element: str) -> None:
    if name == "lines.amount":
        # the total of the lines has the same element; the line's comes later
        text = invoice[invoice.index(b"<cac:InvoiceLine>") :]
        assert term(name, invoice) == stated(text, element)
    else:
        assert term(name, invoice) == stated(invoice, element)


def test_identifiers_and_kinds(invoice: bytes) -> None:
    heading = formats.read_heading(invoice)
    assert heading.buyer.endpoint is not None
    assert heading.buyer.endpoint.scheme
    assert term("buyer.endpoint", invoice) == f"{heading.buyer.endpoint.scheme}:{heading.buyer.endpoint.value}"
    assert term("BT-49", invoice) == term("buyer.endpoint", invoice)
    assert heading.seller.business_id is not None
    assert term("seller.business_id", invoice) == heading.seller.business_id.value
    assert term("seller.legal_id", invoice) == heading.seller.business_id.value
    assert term("kind", invoice) == "invoice"


def test_of_several_the_first_counts(invoice: bytes) -> None:
    noun = formats.read(invoice).noun
    assert term("lines.item.name", invoice) == noun.lines[0].item.name  # type: ignore[attr-defined]
    assert term("BT-153", invoice) == noun.lines[0].item.name  # type: ignore[attr-defined]


def test_what_the_document_does_not_state(invoice: bytes) -> None:
    assert term("payment.card.number", invoice) is None
    assert term("BT-87", invoice) is None
    assert term("xpath:/*/cbc:Nothing", invoice) is None


def test_a_document_that_is_not_read_whole_has_its_heading(shared: Path) -> None:
    orders = (path.read_bytes() for path in sorted((shared / "corpora").rglob("*.xml")))
    order = next(one for one in orders if b":Order-2" in one[:2000])
    assert term("number", order) == formats.read_heading(order).number
    assert term("lines.item.name", order) is None
    assert term("xpath:/*/cbc:ID", order) == formats.read_heading(order).number


@pytest.mark.parametrize(
    ("name", "there"),
    [
        (["number", "BT-1", "seller.name", "buyer.contact.email"], True),
        (["number", "BT-109"], False),
        (["xpath:/*"], False),
        ([], True),
    ],
)
def test_what_needs_no_reading(name: list[str], there: bool) -> None:
    assert in_heading(name) is there


@pytest.mark.parametrize(
    "name", [*TERM, *dict.fromkeys(TERM.values()), "payable", "account", "kind", "xpath:/*/cbc:ID"]
)
def test_names_of_terms(invoice: bytes, name: str) -> None:
    assert fault_in(name) is None
    found = term(name, invoice)
    assert found is None or found.strip()


@pytest.mark.parametrize("name", ["numbr", "BT-0", "BT-999", "seller", "lines", "seller.nam", "xpath:/[", "xpath:", ""])
def test_what_is_no_name_of_a_term(name: str) -> None:
    assert fault_in(name)


# --- XPath ----------------------------------------------------------------------------------------------------------

FINVOICE = b"""<?xml version="1.0" encoding="ISO-8859-15"?><Finvoice Version="3.0"><InvoiceDetails>
<InvoiceNumber> 17 \xe5 </InvoiceNumber><Note>a<!-- no -->b<?pi?>c</Note><Empty> </Empty></InvoiceDetails></Finvoice>"""
OTHER = b"""<x:Doc xmlns:x="urn:x" xmlns:cbc="urn:mine" xmlns="urn:y"><cbc:ID>mine</cbc:ID><Own>own</Own>
<ID xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">theirs</ID></x:Doc>"""


@pytest.mark.parametrize(
    ("data", "expression", "text"),
    [
        (FINVOICE, "/Finvoice/InvoiceDetails/InvoiceNumber", "17 å"),
        (FINVOICE, "//InvoiceNumber/text()", "17 å"),
        (FINVOICE, "/Finvoice/@Version", "3.0"),
        (FINVOICE, "count(//InvoiceNumber)", "1"),
        (FINVOICE, "1 div 2", "0.5"),
        (FINVOICE, "1 div 0", "inf"),
        (FINVOICE, "boolean(//InvoiceNumber)", "true"),
        (FINVOICE, "concat('a', ' b ')", "a b"),
        (FINVOICE, "//Note", "abc"),
        (FINVOICE, "//Empty", None),
        (FINVOICE, "//Nothing", None),
        (FINVOICE, "//namespace::*", None),
        (FINVOICE, "//other:Prefix", None),
        (FINVOICE, "substring('x', 1, 'y', 'z')", None),
        (FINVOICE, "unknown-function()", None),
        (OTHER, "/x:Doc/cbc:ID", "theirs"),
        (OTHER, "/*/x:ID", None),
        (OTHER, "/*/*[local-name()='Own']", "own"),
        (b"<a>" + b"x" * 2_001 + b"</a>", "/a", None),
    ],
)
def test_a_value_by_xpath(data: bytes, expression: str, text: str | None) -> None:
    assert pick(data, expression) == text


def test_a_document_cannot_make_an_expression_read_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<s>secret</s>")
    for expression in (f"document('{secret}')", f"document('file://{secret}')//s", "re:test('a', 'a')"):
        assert pick(b'<a xmlns:re="http://exslt.org/regular-expressions"/>', expression) is None
