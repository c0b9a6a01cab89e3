"""``POST /validate``: a document in, a report out, as JSON and as SVRL; nothing is stored, and nothing gets through."""

from __future__ import annotations

import io
import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree

from tests.running import INVOICE, ROOT, Answer, Hub
from tests.wire.raw import exchange, head
from tests.wire.stored import rows

EN = "en16931-ubl-1.3.16"
ORIGINAL = INVOICE.read_bytes()
WRONG_SUM = re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>1.00", ORIGINAL)


def ask(hub: Hub, data: bytes | None, query: str = "", *, method: str = "POST", **headers: str) -> Answer:
    return hub.request(method, "/validate" + (f"?{query}" if query else ""), data, headers)


def report(answer: Answer) -> dict[str, Any]:
    assert (answer.status, answer.header("content-type")) == (200, "application/json"), answer
    (one,) = json.loads(answer.body)
    return dict(one)


def refusal(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status, answer.header("content-type")) == (status, "application/json"), answer
    told = json.loads(answer.body)
    assert set(told) == {"code", "reason", "term", "place", "advice", "about", "request"}
    assert (told["code"], told["about"]) == (code, f"/errors/{code}")
    assert told["request"] == answer.header("x-request-id")
    assert answer.header("cache-control") == "no-store"
    return dict(told)


def test_a_valid_document(hub: Hub) -> None:
    answer = ask(hub, ORIGINAL)
    assert answer.header("fakturahub-verdict") == "valid"
    assert report(answer) == {
        "file": "-",
        "valid": True,
        "profile": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
        "packs": [{"name": EN, "version": "1.3.16", "rules": 979}],
        "findings": [],
    }


def test_an_invalid_document(hub: Hub) -> None:
    answer = ask(hub, WRONG_SUM, "file=a%20b.xml&language=fi")
    assert answer.header("fakturahub-verdict") == "invalid"
    told = report(answer)
    assert (told["file"], told["valid"]) == ("a b.xml", False)
    first = told["findings"][0]
    assert {key: first[key] for key in ("rule", "severity", "pack", "path", "line", "terms")} == {
        "rule": "BR-CO-15",
        "severity": "fatal",
        "pack": EN,
        "path": "/Invoice[1]",
        "line": 4,
        "terms": ["BT-112", "BT-109", "BT-110"],
    }
    assert first["message"].startswith("[BR-CO-15]-Invoice total amount with VAT (BT-112)")
    english = report(ask(hub, WRONG_SUM))["findings"][0]
    assert first["explanation"] != english["explanation"]
    assert english["explanation"].endswith("Correct the amount that is wrong.")


def test_a_document_that_there_are_no_rules_for(hub: Hub) -> None:
    answer = ask(hub, (ROOT / "examples" / "finvoice.xml").read_bytes())
    assert answer.header("fakturahub-verdict") == "not checked"
    told = report(answer)
    assert (told["valid"], told["packs"], told["findings"]) == (None, [], [])


def test_faults_of_the_schema(hub: Hub) -> None:
    told = report(ask(hub, ORIGINAL.replace(b'<cbc:PriceAmount currencyID="EUR">12.50', b"<cbc:PriceAmount>12.50")))
    assert told["valid"] is False
    assert (told["findings"][0]["rule"], told["findings"][0]["pack"]) == ("XSD", "ubl-2.1-xsd")


@pytest.mark.parametrize(
    ("query", "accept", "is_svrl"),
    [
        ("format=svrl", "", True),
        ("format=svrl", "application/json", True),
        ("", "application/xml", True),
        ("", "text/xml;q=0.9, application/json;q=0.5", True),
        ("format=json", "application/xml", False),
        ("", "*/*", False),
        ("", "application/json, application/xml", False),
        ("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
    ],
)
def test_the_form_that_is_asked_for(hub: Hub, query: str, accept: str, is_svrl: bool) -> None:
    answer = ask(hub, WRONG_SUM, query, **({"Accept": accept} if accept else {}))
    assert answer.status == 200
    assert answer.header("vary") == "accept"
    if not is_svrl:
        assert report(answer)["valid"] is False
        return
    assert answer.header("content-type") == "application/xml"
    root = etree.fromstring(answer.body)
    spaces = {"s": "http://purl.oclc.org/dsdl/svrl"}
    assert root.tag == "{http://purl.oclc.org/dsdl/svrl}schematron-output"
    assert root.xpath("s:active-pattern/@name", namespaces=spaces) == [EN]
    assert root.xpath("s:failed-assert/@id", namespaces=spaces) == ["BR-CO-15", "BR-CO-16"]
    assert all(root.xpath("s:failed-assert/@test", namespaces=spaces))


def test_exactly_the_packs_that_are_named(hub: Hub) -> None:
    fragment = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    told = report(ask(hub, fragment, f"pack={EN}"))
    assert (told["valid"], {one["pack"] for one in told["findings"]}) == (False, {EN})
    assert report(ask(hub, b"<Anything/>", f"pack={EN}"))["valid"] is None
    told = refusal(ask(hub, ORIGINAL, "pack=none&pack=such"), 404, "not-found")
    assert EN in told["reason"]


def test_on_the_next_version(hub: Hub) -> None:
    assert report(ask(hub, ORIGINAL, "next=true"))["valid"] is True


def test_one_document_in_a_zip(hub: Hub) -> None:
    def zipped(*names: str) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name in names:
                archive.writestr(name, WRONG_SUM)
        return target.getvalue()

    assert report(ask(hub, zipped("invoice.xml")))["valid"] is False
    refusal(ask(hub, zipped("a.xml", "b.xml")), 422, "several-documents")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "empty-body"),
        (b"%PDF-1.4", 400, "not-xml"),
        (ORIGINAL[:-30], 400, "xml-not-well-formed"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 400, "doctype-refused"),
        (b"<a>" * 300 + b"</a>" * 300, 422, "unknown-document"),
        (b"PK\x03\x04 not a zip", 400, "zip-unreadable"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', 400, "unknown-charset"),
        (b'<Menu xmlns="urn:kitchen"/>', 422, "unknown-document"),
        ((ROOT / "examples" / "finvoice.xml").read_bytes() * 2, 422, "several-documents"),
    ],
)
def test_hostile_bodies(hub: Hub, data: bytes, status: int, code: str) -> None:
    answer = ask(hub, data)
    if code == "unknown-document" and data.startswith(b"<a>"):
        # too deep to be read, before it is told to be unknown
        status, code = 400, "xml-too-deep"
    told = refusal(answer, status, code)
    assert "root:" not in answer.text
    assert told["reason"]


def test_a_hostile_document_under_named_packs(hub: Hub) -> None:
    deep = b"<a>" * 300 + b"</a>" * 300
    refusal(ask(hub, deep, f"pack={EN}"), 400, "xml-too-deep")
    refusal(ask(hub, b"<a" + b" b='1'" * 3 + b"/>", f"pack={EN}"), 400, "xml-not-well-formed")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("packs=a", "There is no parameter 'packs'"),
        ("format=pdf", "There is no format 'pdf'"),
        ("format=json&format=svrl", "more often than it may be"),
        ("pack=", "empty, too long or no text"),
        ("language=%00", "empty, too long or no text"),
        (f"file={'x' * 256}", "empty, too long or no text"),
        ("next=perhaps", "true or false"),
        ("&".join(["pack=a"] * 21), "more often than it may be"),
        (quote("<script>") + "=1", "There is no parameter '<script>'"),
    ],
)
def test_a_query_that_means_nothing(hub: Hub, query: str, said: str) -> None:
    assert said in refusal(ask(hub, ORIGINAL, query), 400, "bad-request")["reason"]


def test_a_language_that_we_do_not_write_gets_english(hub: Hub) -> None:
    one, other = (report(ask(hub, WRONG_SUM, f"language={code}"))["findings"] for code in ("en", "xx"))
    assert one == other


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_is_taken(hub: Hub, method: str) -> None:
    answer = ask(hub, None, method=method)
    refusal(answer, 405, "method-not-allowed")
    assert answer.header("allow") == "POST"


def test_a_body_that_is_announced_as_too_large_is_not_read(hub: Hub) -> None:
    request = head("POST /validate HTTP/1.1", f"Content-Length: {60 * 1024 * 1024}", "Expect: 100-continue")
    answer = exchange(hub.port, request)
    assert answer.status == 413
    assert json.loads(answer.body)["code"] == "too-large"


@pytest.mark.parametrize(
    "headers", [{"Host": "hub.example"}, {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}]
)
def test_it_answers_the_hubs_own_machine_only(hub: Hub, headers: dict[str, str]) -> None:
    refusal(hub.request("POST", "/validate", ORIGINAL, headers), 403, "permission-denied")


def test_nothing_is_stored_and_verdicts_are_counted(hub: Hub) -> None:
    def counted() -> float:
        text = hub.request("GET", "/metrics").body.decode()
        found = re.findall(r'fakturahub_validations_total\{surface="validate",verdict="invalid"\} ([0-9.]+)', text)
        return float(found[0]) if found else 0.0

    before = counted()
    count = "SELECT count(*) AS count FROM document"
    documents = rows(hub, count)
    unlike = WRONG_SUM.replace(b"2026-1107", b"VALIDATE-ONLY-1")
    assert report(ask(hub, unlike))["valid"] is False
    assert rows(hub, count) == documents
    assert counted() == before + 1


def test_many_at_once_large_and_small(hub: Hub) -> None:
    (line,) = re.findall(rb"<cac:InvoiceLine>.*?</cac:InvoiceLine>", ORIGINAL, re.DOTALL)[:1]
    large = ORIGINAL.replace(b"</Invoice>", line * 300 + b"</Invoice>")
    bodies = [(ORIGINAL, True), (WRONG_SUM, False), (large, False)] * 8
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: report(ask(hub, one[0])), bodies))
    assert [one["valid"] for one in answers] == [valid for _, valid in bodies]
    assert len({json.dumps(one) for one in answers}) == 3, "the same document gets the same report"
