"""The OpenAPI files: well formed, answered by the hub as they say, and nothing is answered that they leave out."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.running import Hub, invoice, stamp
from tests.unit.dialects.apix.transfers import PICTURE, zipped
from tests.wire import plain_yaml
from tests.wire.apix.sending import bill as finnish
from tests.wire.apix.sending import letter, pdf, transfer
from tests.wire.apix.terminal import Terminal, hashed, joined, password_hash, signed
from tests.wire.apix.terminal import request as message
from tests.wire.apix.test_payslips import PERSON, data, slip
from tests.wire.companies import MUTE, OFFICE, Reader, bill, by_mail, with_attachments
from tests.wire.pagero.interchange import posting
from tests.wire.raw import RawAnswer, basic, exchange, head, masked
from tests.wire.stored import rows

DIALECTS = Path(__file__).parents[2] / "src" / "fakturahub" / "dialects"
OPERATION = {"operationId", "tags", "summary", "description", "responses"}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
#: statuses that no request brings about while the hub is whole
OUT_OF_REACH = {"503", "500"}

Spec = dict[str, Any]


def load(dialect: str) -> Spec:
    spec: Spec = plain_yaml.read((DIALECTS / dialect / "openapi.yaml").read_text(encoding="utf-8"))
    return spec


def resolved(spec: Spec, node: Spec) -> Spec:
    """*node*, or what it refers to."""
    while "$ref" in node:
        assert set(node) == {"$ref"}, node
        first, *steps = node["$ref"].split("/")
        assert first == "#"
        node = spec
        for step in steps:
            node = node[step]
    return node


def operations(spec: Spec) -> Iterator[tuple[str, str, Spec]]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


@pytest.fixture(params=["pagero", "apix"])
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


# --- well formed -----------------------------------------------------------------------------------------------------


def test_the_document_is_one_of_openapi_3_1(dialect: str) -> None:
    spec = load(dialect)
    assert set(spec) == {"openapi", "info", "servers", "tags", "security", "paths", "components"}
    assert spec["openapi"] == "3.1.0"
    assert {"title", "version", "summary", "description", "license"} == set(spec["info"])
    assert spec["servers"] == [{"url": f"/{dialect}", "description": spec["servers"][0]["description"]}]
    (requirement,) = spec["security"]
    of_operations = {name for *_, one in operations(spec) for way in one.get("security", []) for name in way}
    assert {*requirement, *of_operations} == set(spec["components"]["securitySchemes"])
    tags = {tag["name"] for tag in spec["tags"]}
    ids = []
    for path, item in spec["paths"].items():
        assert path.startswith("/")
        assert set(item) <= METHODS
        for operation in item.values():
            assert OPERATION <= set(operation) <= OPERATION | {"parameters", "requestBody", "security"}
            assert set(operation["tags"]) <= tags
            ids.append(operation["operationId"])
            parameters = [resolved(spec, one) for one in operation.get("parameters", [])]
            assert len({(one["in"], one["name"]) for one in parameters}) == len(parameters)
            assert {one["name"] for one in parameters if one["in"] == "path"} == set(re.findall(r"\{(\w+)\}", path))
            for parameter in parameters:
                assert parameter["in"] in ("path", "query", "header")
                assert parameter["required"] in ({True} if parameter["in"] == "path" else {True, False})
                assert parameter["description"]
                assert parameter["schema"]["type"] == "string"
            _check_responses(spec, operation["responses"])
    assert len(set(ids)) == len(ids)


def _check_responses(spec: Spec, responses: Spec) -> None:
    assert responses
    for status, reference in responses.items():
        assert re.fullmatch(r"[1-5]\d\d", status), "statuses are strings, in quotes"
        response = resolved(spec, reference)
        assert set(response) <= {"description", "headers", "content"}
        assert response["description"]
        for header in response["headers"].values():
            assert resolved(spec, header)["schema"]["type"] == "string"
        for kind, media in response.get("content", {}).items():
            assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(; charset=[a-z0-9-]+)?", kind)
            assert resolved(spec, media["schema"])["type"] in ({"object"} if "json" in kind else {"string"})


def test_every_part_of_it_is_used_and_every_reference_leads_somewhere(dialect: str) -> None:
    spec = load(dialect)
    text = json.dumps(spec)
    referred = set(re.findall(r'"\$ref": "#/components/([^"]+)"', text))
    there = {f"{kind}/{name}" for kind, parts in spec["components"].items() for name in parts}
    assert referred == {one for one in there if not one.startswith("securitySchemes/")}


def test_patterns_and_lengths_are_those_of_the_code() -> None:
    from fakturahub.dialects.pagero import wire
    from fakturahub.dialects.pagero.document_types import DOCUMENT_TYPES
    from fakturahub.dialects.pagero.settings import MODES

    spec = load("pagero")
    parameters = spec["paths"]["/incoming/default/{documentType}/{sendMode}"]["post"]["parameters"]
    document_type, mode, key = (resolved(spec, one) for one in parameters)
    assert set(document_type["schema"]["enum"]) == set(DOCUMENT_TYPES)
    assert document_type["schema"]["enum"][0] == "invoice"
    assert mode["schema"]["enum"] == list(MODES)
    for text in ("a", "a b", "x" * 255, "x" * 256, " a", "a ", "", "ä", "a\tb", "~", "!"):
        schema = key["schema"]
        allowed = schema["minLength"] <= len(text) <= schema["maxLength"] and re.search(schema["pattern"], text)
        assert bool(allowed) == bool(wire._INTERCHANGE_ID.fullmatch(text)), text


# --- answered --------------------------------------------------------------------------------------------------------


def served(hub: Hub, dialect: str) -> set[tuple[str, str]]:
    """Methods and paths that the hub says it serves: the paths from its 404, the methods from the 405 of each."""
    unknown = exchange(hub.port, head(f"GET /{dialect}/there-is-nothing-here HTTP/1.1"))
    known = re.search(r"known are ([^<(]+?)[.]", unknown.text)
    assert known is not None, unknown.text
    found = set()
    for path in known[1].split(", "):
        target = f"/{dialect}{re.sub(r'{[^}]*}', 'x', path)}"
        answer = exchange(hub.port, head(f"OPTIONS {target} HTTP/1.1"))
        assert answer.status == 405
        found |= {(method, re.sub(r"{[^}]*}", "{}", path)) for method in (answer.field("allow") or "").split(", ")}
    return found


def test_what_is_served_is_what_is_described(big_hub: Hub, dialect: str) -> None:
    described = {(method, re.sub(r"{[^}]*}", "{}", path)) for method, path, _ in operations(load(dialect))}
    assert served(big_hub, dialect) == described


def as_described(
    spec: Spec, path: str, method: str, answers: list[RawAnswer], out_of_reach: set[str] = OUT_OF_REACH
) -> None:
    """Check each answer against the description of its status, and that every status described was seen."""
    responses = spec["paths"][path][method]["responses"]
    for answer in answers:
        assert str(answer.status) in responses, answer.shown
        response = resolved(spec, responses[str(answer.status)])
        for name, reference in response["headers"].items():
            header = resolved(spec, reference)
            value = answer.field(name.lower())
            if header.get("required"):
                assert value is not None, f"{name} is missing: {answer.shown}"
            if value is not None:
                assert re.search(header["schema"].get("pattern", ""), value)
                assert value == header["schema"].get("const", value)
        kind = answer.field("content-type")
        assert kind in response.get("content", {}) or (kind is None and answer.body == b""), answer.shown
    seen = {str(answer.status) for answer in answers}
    assert set(responses) - seen <= out_of_reach


def held_off(hub: Hub, request: bytes, source: str) -> RawAnswer:
    """The answer once the address has failed too often."""
    for _ in range(1000):
        answer = exchange(hub.port, request, source=source)
        if answer.status == 429:
            return answer
    raise AssertionError("never held off")


def test_the_interchange_answers_as_described(big_hub: Hub) -> None:
    spec = load("pagero")
    base = "/pagero/incoming/default"
    requests = [
        posting(invoice("OA-1"), key="oa-1"),
        posting(invoice("OA-1-other"), key="oa-1"),
        posting(b"%PDF"),
        posting(b"", authorization=None),
        posting(by_mail("OA-1-mail"), authorization=basic("blank", "blank-password")),
        posting(b"<a/>", authorization=basic("lager", "lager-password")),
        posting(b"", path=f"{base}/invoices/prod"),
        posting(b"", length=10**9),
    ]
    answers = [exchange(big_hub.port, one, source="127.0.0.61") for one in requests]
    assert [one.status for one in answers] == [200, 409, 400, 401, 402, 403, 404, 413]
    answers.append(held_off(big_hub, posting(b"", authorization=None), "127.0.0.62"))
    path = "/incoming/default/{documentType}/{sendMode}"
    as_described(spec, path, "post", answers)
    (media,) = resolved(spec, spec["paths"][path]["post"]["responses"]["200"])["content"].values()
    assert masked(answers[0].body) == media["example"]


def test_the_interchange_answers_as_described_to_access_tokens(big_hub: Hub) -> None:
    spec = load("pagero")
    base = "/pagero/incoming/tokenauth/default"

    def bearer(user: str) -> str:
        secrets = (
            basic(f"{user}-erp", f"{user}-erp-secret"),
            f"grant_type=password&username={user}&password={user}-password",
        )
        fields = (secrets[0], "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(secrets[1])}")
        answer = exchange(big_hub.port, head("POST /oauth/v2/oauth-token HTTP/1.1", *fields) + secrets[1].encode())
        assert answer.status == 200, answer.shown
        return f"Authorization: Bearer {json.loads(answer.body)['access_token']}"

    skog, lager, blank = bearer("skog"), bearer("lager"), bearer("blank")
    requests = [
        (invoice("OA-T-1"), skog, "/invoice/prod", "oa-t-1"),
        (invoice("OA-T-1-other"), skog, "/invoice/prod", "oa-t-1"),
        (b"%PDF", skog, "/invoice/prod", None),
        (b"", None, "/invoice/prod", None),
        (b"", "Authorization: Bearer x", "/invoice/prod", None),
        (by_mail("OA-T-mail"), blank, "/invoice/prod", None),
        (b"<a/>", lager, "/invoice/prod", None),
        (b"", skog, "/invoices/prod", None),
    ]
    answers = [
        exchange(big_hub.port, posting(body, key=key, path=base + path, authorization=who), source="127.0.0.67")
        for body, who, path, key in requests
    ]
    large = posting(b"", path=f"{base}/invoice/prod", authorization=skog, length=10**9)
    answers.append(exchange(big_hub.port, large, source="127.0.0.67"))
    assert [one.status for one in answers] == [200, 409, 400, 401, 401, 402, 403, 404, 413]
    nobody = posting(b"", path=f"{base}/invoice/prod", authorization=None)
    answers.append(held_off(big_hub, nobody, "127.0.0.68"))
    as_described(spec, "/incoming/tokenauth/default/{documentType}/{sendMode}", "post", answers)


def test_the_terminal_answers_as_described(big_hub: Hub, reader: Reader) -> None:
    spec = load("apix")
    terminal = Terminal(big_hub, reader, source="127.0.0.63")
    empty = terminal.list2()
    body = with_attachments(bill("OA-2", reader), ("text/plain", "a.txt", "QQ=="))
    assert big_hub.post(body).status == 200
    (storage,) = terminal.waiting(1)
    wrong = "TraID=x&t=1&soft=a&ver=1&d=0"
    as_described(
        spec,
        "/list2",
        "get",
        [
            empty,
            terminal.list2(),
            terminal.get("list2"),
            Terminal(big_hub, MUTE).list2(),
            held_off(big_hub, head(f"GET /apix/list2?{wrong} HTTP/1.1"), "127.0.0.64"),
        ],
    )
    (media,) = spec["paths"]["/list2"]["get"]["responses"]["200"]["content"].values()
    assert masked(empty.body) == media["example"]

    now, nobody = stamp(), str(uuid4())
    sid = {"StorageID": nobody, "StorageKey": "0" * 12}
    answers = [
        terminal.download(storage, "no"),
        terminal.download(sid),
        terminal.get("download"),
        terminal.get(f"download?{joined({'SID': nobody, 't': now, 'markreceived': 'x', 'd': hashed('x')})}"),
        held_off(big_hub, head(f"GET /apix/download?SID={nobody}&t=1&d=0 HTTP/1.1"), "127.0.0.65"),
    ]
    (media,) = spec["paths"]["/download"]["get"]["responses"]["400"]["content"].values()
    assert answers[2].text == f"{media['example']}\n"
    received = [terminal.receive(), terminal.receive(), terminal.get("receive")]
    assert [one.body != b"" for one in received] == [True, False, False]
    received.append(held_off(big_hub, head(f"GET /apix/receive?{wrong} HTTP/1.1"), "127.0.0.66"))
    as_described(spec, "/receive", "get", received)
    # last, because it does harm: the stored bytes are gone
    gone = "UPDATE document SET encoding = 'store', payload = NULL, sha256 = $2 WHERE sha256 = sha256($1) RETURNING id"
    rows(big_hub, gone, body, b"\0" * 32)
    answers.append(terminal.download(storage))
    assert [one.status for one in answers] == [200, 200, 400, 400, 429, 500]
    as_described(spec, "/download", "get", answers)


def test_the_calls_that_answer_with_an_envelope_do_so_as_described(big_hub: Hub, reader: Reader) -> None:
    spec = load("apix")
    assert big_hub.post(bill("OA-3", reader)).status == 200
    terminal = Terminal(big_hub, reader, source="127.0.0.67")
    (storage,) = terminal.waiting(1)
    key, office = reader.transfer_key, password_hash(OFFICE.password)
    user = {"uid": OFFICE.user}
    own = {"TraID": reader.transfer_id}
    by_uid = {"uid": reader.transfer_id}
    software = {"soft": "Standard", "ver": "1.0"}
    finvoice = finnish("OA-4", reader, reader, (PICTURE, "file://a.pdf"))
    paper = letter("OA-5", reader, "a.pdf")
    slips = data(slip("OA-6", "a.pdf", address=False, mail="maija@malli.example"))
    payslip = {"hash": hashlib.md5(PERSON.encode(), usedforsecurity=False).hexdigest(), "date": "20261130-OA-6"}
    right: dict[str, tuple[str, str, bytes | None]] = {
        "authuser": ("get", joined(signed("authuser", office, user)), None),
        "app-transferID": (
            "get",
            joined(signed("app-transferID", office, {"id": OFFICE.business_id, "idq": "y-tunnus", **user})),
            None,
        ),
        "getcompanyinfo": ("get", joined(signed("getcompanyinfo", key, own)), None),
        "saldo": ("get", f"id={OFFICE.unique_company_id}", None),
        "list": ("get", joined(signed("list", key, own)), None),
        "metadata": ("get", joined(signed("metadata", key, {"SID": storage["StorageID"], **own})), None),
        "email": ("put", joined(signed("email", key, by_uid)), message({"DaysBeforeEmail": "1"})),
        "addressquery": ("put", joined(signed("addressquery", key, by_uid)), message({"ReceiverName": "x"})),
        "registration": ("put", "id=OA-3", message({"Name": "x"})),
        "invoices": ("put", joined(signed("invoices", key, {**software, **own})), transfer(finvoice, a_pdf=pdf())),
        "print": ("put", joined(signed("print", key, {**software, **own})), transfer(paper, a_pdf=pdf())),
        "sendpayslip": ("put", joined(signed("sendpayslip", key, own)), zipped(("a.xml", slips), ("a.pdf", pdf()))),
        "senderpayslip": ("delete", joined(signed("senderpayslip", key, {**own, **payslip})), None),
        "method": ("put", joined(signed("method", key, by_uid)), message({"ReceiverName": "x"})),
        "pricing": ("put", joined(signed("pricing", key, by_uid)), message({"Receiver": "x"})),
    }
    assert {f"/{one}" for one in right} == set(spec["paths"]) - {"/list2", "/receive", "/download"}
    for place, (endpoint, (method, query, body)) in enumerate(right.items()):
        wrong = "id=x&idq=x&uid=x&SID=x&TraID=x&t=1&d=0&ts=1&soft=x&ver=x&hash=x&date=x"
        lines = [f"{method.upper()} /apix/{endpoint}?{one} HTTP/1.1" for one in (query, "", wrong)]
        sent = body or b""
        requests = [head(line, f"Content-Length: {len(sent)}") + sent for line in lines]
        answers = [exchange(big_hub.port, one, to=method.upper(), source="127.0.0.67") for one in requests[:2]]
        while b"is being sent at this moment" in answers[0].body:  # a payslip, which cannot be taken back meanwhile
            time.sleep(0.1)
            answers[0] = exchange(big_hub.port, requests[0], to=method.upper(), source="127.0.0.67")
        assert b"<Status>OK</Status>" in answers[0].body, answers[0].text
        assert b"<Status>ERR</Status>" in answers[1].body
        out_of_reach = OUT_OF_REACH
        if endpoint == "registration":
            out_of_reach = OUT_OF_REACH | {"429"}  # nobody signs it: only the quota of an address holds it off
        else:
            answers.append(held_off(big_hub, requests[2], f"127.0.1.{place + 1}"))
        as_described(spec, f"/{endpoint}", method, answers, out_of_reach)


@pytest.mark.parametrize(
    "text", ["a: yes", "a: *x", "a: [1]", "a:\n    b: 1", "a: 1\na: 2", "a: b: c", "a: b # c", "a"]
)
def test_the_files_keep_to_the_part_of_yaml_that_is_read(text: str) -> None:
    with pytest.raises(plain_yaml.PlainYamlError):
        plain_yaml.read(text)
