"""The rules on every submission: what is refused, in which words, what passes with a remark, and what is stored."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import _make_database
from tests.running import COMPANIES, ROOT, Hub, invoice, running_hub
from tests.wire.pagero.interchange import paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, basic, exchange
from tests.wire.stored import documents, rows

EN = "en16931-ubl-1.3.16"

_SENDER = """
[[company]]
key = "{key}"
name = "{key} AB"
country = "SE"
business_id = "556000-10{number:02d}"
contracts = ["send"]
validation = "{validation}"
language = "{language}"

  [company.pagero]
  username = "{key}"
  password = "{key}-password"
"""

#: Makes the engine of every process of the hub fail for as long as the file FAULT is there.
_SITE = """
import os
from fakturahub.rules import engine

_check = engine.check


def check(root, packs):
    if os.path.exists(os.environ["FAULT"]):
        raise ZeroDivisionError("made to fail")
    return _check(root, packs)


engine.check = check
"""

#: a pack of an operator's own: it fails for an empty document, and for one with a certain note
_OWN_RULES = """<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
  <ns prefix="u" uri="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>
  <ns prefix="cbc" uri="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"/>
  <pattern>
    <rule context="/u:Invoice">
      <assert id="OWN-1" flag="fatal" test="cbc:ID">It has a number.</assert>
      <assert id="OWN-2" flag="fatal" test="not(cbc:Note = '{word}')">Nobody writes {word} here &amp; now.</assert>
    </rule>
  </pattern>
</schema>
"""


@pytest.fixture(scope="module")
def fault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fault") / "fault"


@pytest.fixture(scope="module")
def judging(postgres: str, tmp_path_factory: pytest.TempPathFactory, fault: Path) -> Iterator[Hub]:
    """A hub whose senders want their documents refused, passed with a warning, or not checked."""
    folder = tmp_path_factory.mktemp("judging")
    file = folder / "companies.toml"
    senders = (
        ("varnad", "warn", "sv"),
        ("fri", "off", "en"),
        ("suomi", "reject", "fi"),
    )
    tables = "".join(
        _SENDER.format(key=key, number=number, validation=validation, language=language)
        for number, (key, validation, language) in enumerate(senders)
    )
    file.write_text(COMPANIES.read_text(encoding="utf-8") + tables, encoding="utf-8")
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_SITE)
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    with running_hub(
        folder / "data",
        database=_make_database(postgres),
        companies=file,
        arguments=("--address-rate", "0"),
        environment={"PYTHONPATH": path, "FAULT": str(fault)},
    ) as running:
        yield running


def send(hub: Hub, data: bytes, *, key: str | None = None, by: str = "skog", mode: str = "prod") -> RawAnswer:
    path = f"/pagero/incoming/default/invoice/{mode}"
    return exchange(hub.port, posting(data, key=key, path=path, authorization=basic(by, f"{by}-password")))


def stored(hub: Hub, answer: RawAnswer) -> dict[str, Any]:
    """The one document of the submission that *answer* names, with its facts."""
    (kept,) = documents(hub, submission_of(answer))
    (row,) = rows(hub, "SELECT facts::text AS facts FROM document WHERE id = $1", kept["id"])
    return {**kept, "facts": json.loads(row["facts"])}


def wrong_sum(number: str) -> bytes:
    return re.sub(rb"(<cbc:TaxInclusiveAmount.*?>)[^<]*", rb"\g<1>1.00", invoice(number))


REFUSED = """\
HTTP/1.1 200 OK
date: DATE
content-type: text/html; charset=iso-8859-1
content-length: 1048
ratelimit-policy: "account";q=6000;w=60
ratelimit: "account";r=LEFT;t=SECONDS
x-request-id: REQUEST

<!DOCTYPE html>
<html><head><title>Received</title></head>
<body>
<h1>Received</h1>
<p>Submission UUID</p>
<p>The transfer is stored, but its document was rejected: invalid-document: The document breaks 2 rules: BR-CO-15, \
BR-CO-16. (at /Invoice[1], line 4)</p>
<p>BR-CO-15 of en16931-ubl-1.3.16, at /Invoice[1], line 4: [BR-CO-15]-Invoice total amount with VAT (BT-112) = Invoice \
total amount without VAT (BT-109) + Invoice total VAT amount (BT-110). Totalbeloppet inklusive moms (BT-112) ska vara \
totalbeloppet exklusive moms (BT-109) plus momsen (BT-110). R&#228;tta det belopp som &#228;r fel.</p>
<p>BR-CO-16 of en16931-ubl-1.3.16, at /Invoice[1]/cac:LegalMonetaryTotal[1], line 151: [BR-CO-16]-Amount due for \
payment (BT-115) = Invoice total amount with VAT (BT-112) -Paid amount (BT-113) +Rounding amount (BT-114). Belopp att \
betala (BT-115) ska vara totalbeloppet inklusive moms (BT-112) minus redan betalt (BT-113) plus &#246;resavrundning \
(BT-114). R&#228;tta det belopp som &#228;r fel.</p>
</body></html>
"""


def test_the_whole_answer_to_a_document_that_breaks_rules(judging: Hub) -> None:
    answer = send(judging, wrong_sum("VA-1"), key="va-1")
    assert answer.shown == REFUSED
    kept = stored(judging, answer)
    assert (kept["submission"], kept["state"], kept["deliveries"]) == ("refused", "rejected", [])
    assert kept["facts"]["verdict"] == "invalid"
    assert kept["facts"]["packs"] == [{"name": EN, "version": "1.3.16", "rules": 979}]
    assert [one["rule"] for one in kept["facts"]["findings"]] == ["BR-CO-15", "BR-CO-16"]
    (event,) = rows(
        judging,
        "SELECT data::text AS data FROM event WHERE document_id = $1 AND kind = 'document.rejected'",
        kept["id"],
    )
    assert json.loads(event["data"]) == {
        "why": "The document breaks 2 rules: BR-CO-15, BR-CO-16.",
        "code": "invalid-document",
        "verdict": "invalid",
    }


def test_a_valid_document_is_told_nothing_of_it(judging: Hub) -> None:
    answer = send(judging, invoice("VA-2"))
    assert len(paragraphs(answer)) == 1
    kept = stored(judging, answer)
    assert (kept["submission"], kept["facts"]["verdict"], kept["facts"]["findings"]) == ("accepted", "valid", [])
    assert kept["facts"]["findings_in_all"] == 0


@pytest.mark.parametrize("name", ["invoice.xml", "invoice-with-attachment.xml", "credit-note.xml"])
def test_the_examples_of_the_repository_are_valid(judging: Hub, name: str) -> None:
    answer = send(judging, invoice(f"VA-3-{name}", ROOT / "examples" / name), mode="test")
    assert stored(judging, answer)["facts"]["verdict"] == "valid"


def test_the_reader_of_the_answer_is_told_in_its_language(judging: Hub) -> None:
    said = paragraphs(send(judging, wrong_sum("VA-4"), by="suomi"))
    assert "must be" not in said[2].partition("(BT-110).")[2]
    assert re.search("[äö]", said[2])
    assert said[2].isascii() is False


def test_what_breaks_the_schema_is_refused_with_the_line(judging: Hub) -> None:
    data = invoice("VA-5").replace(b'<cbc:PriceAmount currencyID="EUR">12.50', b"<cbc:PriceAmount>12.50")
    answer = send(judging, data)
    said = paragraphs(answer)
    assert said[1].startswith(
        "The transfer is stored, but its document was rejected: invalid-document: The document breaks"
    )
    line = 1 + next(number for number, one in enumerate(data.splitlines()) if b"<cbc:PriceAmount>12.50" in one)
    assert said[2] == (
        "XSD of ubl-2.1-xsd, at /Invoice[1]/cac:InvoiceLine[3]/cac:Price[1]/cbc:PriceAmount[1], "
        f"line {line}: Element 'cbc:PriceAmount': The attribute 'currencyID' is required but missing."
    )
    assert stored(judging, answer)["state"] == "rejected"


ORDER = b"""<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>VA-6</cbc:ID></Order>"""
PUF = b"""<Invoice xmlns="urn:pagero:PageroUniversalFormat:Invoice:1.0"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>VA-7</cbc:ID></Invoice>"""


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (ORDER, "ubl-order"),
        (PUF, "puf-billing-1.0"),
        ((ROOT / "examples" / "finvoice.xml").read_bytes(), "finvoice-3.0"),
    ],
)
def test_what_there_are_no_rules_for_passes_with_a_remark(judging: Hub, data: bytes, syntax: str) -> None:
    answer = send(judging, data, mode="test")
    remark = f"Not checked: no rules are installed for documents in {syntax}."
    assert [one for one in paragraphs(answer) if one.startswith("Not checked")] == [remark]
    kept = stored(judging, answer)
    assert kept["submission"] == "accepted"
    assert (kept["facts"]["verdict"], kept["facts"]["packs"]) == ("not checked", [])
    assert [(one["rule"], one["severity"], one["message"]) for one in kept["facts"]["findings"]][-1:] == [
        ("not-checked", "information", remark)
    ]


def test_a_company_that_wants_to_be_warned(judging: Hub) -> None:
    answer = send(judging, wrong_sum("VA-8"), by="varnad")
    said = paragraphs(answer)
    assert said[1] == (
        "The document was taken as it is, as the company's settings say. "
        "The document breaks 2 rules: BR-CO-15, BR-CO-16."
    )
    assert said[2].startswith(f"BR-CO-15 of {EN}, at /Invoice[1], line 4: [BR-CO-15]-Invoice total")
    assert len(said) == 4
    kept = stored(judging, answer)
    assert (kept["submission"], kept["facts"]["verdict"], len(kept["deliveries"])) == ("accepted", "invalid", 1)
    assert {"BR-CO-15", "BR-CO-16"} <= {one["rule"] for one in kept["facts"]["findings"]}
    assert judging.storage_of("VA-8")["StorageStatus"] == "UNRECEIVED", "it is delivered"


def test_a_company_that_has_nothing_checked(judging: Hub) -> None:
    answer = send(judging, wrong_sum("VA-9"), by="fri")
    assert paragraphs(answer)[1:] == ["Not checked: this company has its documents passed on unchecked."]
    kept = stored(judging, answer)
    assert (kept["submission"], kept["facts"]["verdict"], kept["facts"]["packs"]) == ("accepted", "not checked", [])


def test_where_the_engine_fails_the_sender_is_asked_to_come_again(judging: Hub, fault: Path) -> None:
    data = invoice("VA-10")
    fault.touch()
    try:
        answers = [send(judging, data, key="va-10", by=by) for by in ("skog", "varnad")]
        unchecked = send(judging, data, key="va-10", by="fri")
    finally:
        fault.unlink()
    for answer in answers:
        assert answer.status == 503
        assert answer.field("retry-after") == "5"
        said = paragraphs(answer)
        assert said[0] == "Code rules-failed"
        assert said[1] == f"The document could not be checked by {EN}: the rule engine has a defect."
        assert "made to fail" not in answer.text
    assert unchecked.status == 200, "who wants nothing checked needs no engine"
    sent_by = "SELECT c.key FROM document d JOIN company c ON c.id = d.company_id WHERE d.number = 'VA-10'"
    assert [row["key"] for row in rows(judging, sent_by)] == ["fri"]
    again = send(judging, data, key="va-10")
    assert stored(judging, again)["facts"]["verdict"] == "valid", "the same again, once the engine is well"
    assert any(one.get("event") == "rules failed" for one in judging.logged())


def test_where_the_engine_fails_what_was_accepted_stays_so(judging: Hub, fault: Path) -> None:
    keyed, unkeyed = invoice("VA-23"), invoice("VA-24")
    first = [send(judging, keyed, key="va-23"), send(judging, unkeyed)]
    refused = send(judging, wrong_sum("VA-25"), key="va-25")
    assert [stored(judging, one)["submission"] for one in (*first, refused)] == ["accepted", "accepted", "refused"]
    fault.touch()
    try:
        again = [send(judging, keyed, key="va-23"), send(judging, unkeyed)]
        other = send(judging, unkeyed, key="va-23")
        unknown = [send(judging, invoice("VA-26")), send(judging, wrong_sum("VA-25"), key="va-25")]
        as_a_test = send(judging, unkeyed, mode="test")
    finally:
        fault.unlink()
    assert [(one.status, one.body) for one in again] == [(one.status, one.body) for one in first]
    assert "idempotency-conflict" in other.text, "another body under a used key"
    assert [one.status for one in (*unknown, as_a_test)] == [503, 503, 503], "what was never accepted is not judged"


def test_a_large_document_is_checked_as_well(judging: Hub) -> None:
    text = wrong_sum("VA-11")
    (line,) = re.findall(rb"<cac:InvoiceLine>.*?</cac:InvoiceLine>", text, re.DOTALL)[:1]
    data = text.replace(b"</Invoice>", line * 1_000 + b"</Invoice>")
    assert len(data) > 500_000
    answer = send(judging, data)
    assert len(paragraphs(answer)) <= 2 + 20 + 1
    kept = stored(judging, answer)
    assert kept["state"] == "rejected"
    assert len(kept["facts"]["findings"]) <= 100


def test_many_findings_are_named_within_bounds(judging: Hub) -> None:
    text = invoice("VA-12")
    (line,) = re.findall(rb"<cac:InvoiceLine>.*?</cac:InvoiceLine>", text, re.DOTALL)[:1]
    nameless = re.sub(rb"<cbc:Name>.*?</cbc:Name>", b"<cbc:Name/>", line)
    answer = send(judging, text.replace(b"</Invoice>", nameless * 300 + b"</Invoice>"))
    said = paragraphs(answer)
    assert len(said) == 2 + 20 + 1
    more = re.fullmatch(r"And (\d+) more findings that are not shown here\.", said[-1])
    assert more is not None
    kept = stored(judging, answer)
    assert (len(kept["facts"]["findings"]), kept["facts"]["findings_in_all"]) == (100, 20 + int(more[1]))
    shown = judging.command("document", str(kept["id"]))
    assert f"… and {kept['facts']['findings_in_all'] - 100:,} more findings" in shown


def test_the_command_shows_what_was_checked(judging: Hub) -> None:
    kept = stored(judging, send(judging, wrong_sum("VA-13")))
    shown = judging.command("document", str(kept["id"]))
    assert f"invalid: {EN} (979 rules)" in shown
    assert "BR-CO-15: [BR-CO-15]-Invoice total amount with VAT" in shown
    assert "/Invoice[1], line 4" in shown
    assert "Correct the amount that is wrong." in shown


def test_many_documents_at_once_get_their_own_verdicts(judging: Hub) -> None:
    def one(number: int) -> tuple[bool, str]:
        good = number % 2 == 0
        data = invoice(f"VA-14-{number}") if good else wrong_sum(f"VA-14-{number}")
        if number % 3 == 0:
            data = data.replace(b"</Invoice>", b" " * 60_000 + b"</Invoice>")
        return good, stored(judging, send(judging, data, mode="test"))["facts"]["verdict"]

    with ThreadPoolExecutor(8) as threads:
        verdicts = list(threads.map(one, range(48)))
    assert verdicts == [(number % 2 == 0, "valid" if number % 2 == 0 else "invalid") for number in range(48)]


# --- packs that come and go -----------------------------------------------------------------------------------------


def _until(condition: Any, wait: float = 15) -> None:
    until = time.monotonic() + wait
    while not condition():
        assert time.monotonic() < until, "the nodes did not follow in time"
        time.sleep(0.2)


def _noted(number: str, word: str) -> bytes:
    text = invoice(number)
    changed = re.sub(rb"<cbc:Note>.*?</cbc:Note>", b"", text)
    return changed.replace(
        b"<cbc:DocumentCurrencyCode>", f"<cbc:Note>{word}</cbc:Note><cbc:DocumentCurrencyCode>".encode()
    )


def test_the_same_request_gets_the_same_answer_whatever_became_of_the_packs(judging: Hub, tmp_path: Path) -> None:
    accepted, unkeyed = _noted("VA-20", "OWNWORD"), _noted("VA-21", "OWNWORD")
    first = [send(judging, accepted, key="va-20"), send(judging, unkeyed)]
    assert [stored(judging, one)["facts"]["verdict"] for one in first] == ["valid", "valid"]
    pack = tmp_path / "own.sch"
    pack.write_text(_OWN_RULES.format(word="OWNWORD"))
    judging.command("rules", "install", str(pack), "--name", "own-rules-1", "--profile", "urn:cen.eu:en16931:2017")
    try:
        probes = iter(range(1_000))

        def refused() -> bool:
            # each of the processes has to have noticed
            tried = [send(judging, _noted(f"VA-P-{next(probes)}", "OWNWORD"), mode="test") for _ in range(8)]
            return all("rejected" in one.text for one in tried)

        _until(refused)
        again = [send(judging, accepted, key="va-20"), send(judging, unkeyed)]
        assert [one.body for one in again] == [one.body for one in first], "what was accepted stays so"
        anew = send(judging, _noted("VA-22", "OWNWORD"), key="va-22")
        said = paragraphs(anew)
        assert said[1].endswith("The document breaks the rule: OWN-2. (at /Invoice[1], line 4)")
        assert said[2] == "OWN-2 of own-rules-1, at /Invoice[1], line 4: Nobody writes OWNWORD here & now."
        assert b"here &amp; now" in anew.body
        packs = stored(judging, anew)["facts"]["packs"]
        assert packs == [
            {"name": EN, "version": "1.3.16", "rules": 979},
            {"name": "own-rules-1", "version": "1", "rules": 2},
        ]
    finally:
        judging.command("rules", "remove", "own-rules-1")

    def accepted_now() -> bool:
        tried = [send(judging, _noted(f"VA-P-{next(probes)}", "OWNWORD"), mode="test") for _ in range(8)]
        return not any("rejected" in one.text for one in tried)

    _until(accepted_now)
    judged_anew = send(judging, _noted("VA-22", "OWNWORD"), key="va-22")
    assert stored(judging, judged_anew)["submission"] == "accepted", "what was refused is judged anew"


def test_peppol_where_it_is_installed(judging: Hub, shared: Path) -> None:
    pack = shared / "rulepacks" / "peppol-bis3-3.0.19" / "PEPPOL-EN16931-UBL.sch"
    judging.command("rules", "install", str(pack), "--name", "peppol-ubl-3.0.19", "--profile", "peppol-bis-3")
    try:
        data = re.sub(rb"<cbc:BuyerReference>.*?</cbc:BuyerReference>", b"", invoice("VA-30"))
        data = re.sub(rb"<cac:OrderReference>.*?</cac:OrderReference>", b"", data, flags=re.DOTALL)
        numbers = iter(range(1_000))

        def everywhere() -> bool:
            tried = [send(judging, data.replace(b"VA-30", b"VA-30-%d" % next(numbers)), mode="test") for _ in range(8)]
            return all("PEPPOL-EN16931-R003 of peppol-ubl-3.0.19" in one.text for one in tried)

        _until(everywhere, 30)
        for name in ("invoice.xml", "invoice-with-attachment.xml", "credit-note.xml"):
            answer = send(judging, invoice(f"VA-31-{name}", ROOT / "examples" / name), mode="test")
            kept = stored(judging, answer)
            assert kept["facts"]["verdict"] == "valid", name
            assert [one["name"] for one in kept["facts"]["packs"]] == [EN, "peppol-ubl-3.0.19"]
    finally:
        judging.command("rules", "remove", "peppol-ubl-3.0.19")
