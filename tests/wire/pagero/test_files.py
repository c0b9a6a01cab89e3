"""The File API: forms in, files out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.running import Hub, invoice
from tests.wire.pagero.apiclient import BOUNDARY, BREVLADA, BUTIK, Client, bill, form, masked, problem
from tests.wire.pagero.interchange import posting, submission_of
from tests.wire.raw import basic, exchange
from tests.wire.stored import count_numbered, documents, rows

KNOWN = (("documentType", "Invoice"), ("sendMode", "Production"), ("senderReference", "4711"))
ANSWER = (
    '{"id":"UUID","sendingCompany":{"id":"UUID","name":"Butik Björk AB","department":""},"sendingUser":{"id":"butik",'
    '"fullName":"Butik Björk AB","username":"butik","email":"faktura@butik.example","phone":""},'
    '"sendMode":"Production","createTime":"TIME","documentType":"Invoice","senderReference":"4711"}'
)


@pytest.fixture
def butik(big_hub: Hub) -> Client:
    return Client(big_hub, "butik")


def test_the_whole_answer_to_a_file(butik: Client) -> None:
    answer = butik.post(form(("payload", invoice("FA-1")), *KNOWN))
    assert answer.status == 201
    assert answer.header("content-type") == "application/json"
    assert masked(answer.body) == ANSWER
    file_id = json.loads(answer.body)["id"]
    again = butik.call("GET", f"/file/v1/files/{file_id}")
    assert (again.status, again.body) == (200, answer.body)
    (stored,) = documents(butik.hub, file_id)
    request = json.loads(stored["request"])
    assert (request["file_name"], request["declared_type"], stored["mode"]) == ("103034.xml", "invoice", "prod")


def test_the_same_members_as_the_operators_answer(butik: Client, shared: Path) -> None:
    sample = json.loads((shared / "samples/puf/bc-pagero-files200.json").read_text())
    file_id = butik.send(invoice("FA-2"))
    ours = butik.get(f"/file/v1/files/{file_id}")
    assert list(ours) == list(sample)
    for member in ("sendingCompany", "sendingUser"):
        assert list(ours[member]) == list(sample[member])


def test_parts_in_another_order_and_unknown_ones(butik: Client) -> None:
    data = invoice("FA-3")
    body = form(("senderReference", ""), ("extra", "1"), *reversed(KNOWN[:2]), ("payload", data), ("x", b"\xff"))
    answer = butik.post(body)
    assert answer.status == 201
    assert json.loads(answer.body)["senderReference"] == ""
    target = butik.documents(f"?fileId={json.loads(answer.body)['id']}")[0]["id"]
    assert butik.call("GET", f"/document/v1/documents/{target}/targetdocument").body == data
    assert any(
        one.get("names") == ["extra", "x"] and one["event"] == "parts of a form that are not known"
        for one in butik.hub.logged()
    )


@pytest.mark.parametrize(
    "content_type", [f"multipart/form-data; boundary={BOUNDARY}", f"Multipart/Form-Data;boundary={BOUNDARY}"]
)
def test_other_spellings_of_the_content_type(butik: Client, content_type: str) -> None:
    data = invoice(f"FA-4-{len(content_type)}")
    assert butik.post(form(("payload", data), *KNOWN), content_type).status == 201


def test_a_part_may_have_headers_of_its_own_and_any_name(butik: Client) -> None:
    body = form(("payload", invoice("FA-5")), *KNOWN, file_name="..\\..\\etc/pass\twd%22.xml")
    body = body.replace(b'.xml"\r\n', b'.xml"\r\nContent-Type: text/xml\r\nX-Whatever: 1\r\n')
    answer = butik.post(body)
    assert answer.status == 201, answer
    (stored,) = documents(butik.hub, json.loads(answer.body)["id"])
    assert json.loads(stored["request"])["file_name"] == "passwd_.xml"


def test_modes_whatever_their_case_and_what_they_do(butik: Client) -> None:
    for mode, stored_mode in (("test", "test"), ("CERTIFICATION", "cert"), ("production", "prod")):
        file_id = butik.send(invoice("FA-6"), mode=mode)
        (stored,) = documents(butik.hub, file_id)
        assert (stored["mode"], len(stored["deliveries"])) == (stored_mode, int(stored_mode == "prod"))
        assert butik.get(f"/file/v1/files/{file_id}")["sendMode"].lower() == mode.lower()


def test_the_company_that_is_named_has_to_be_the_callers(big_hub: Hub, butik: Client) -> None:
    grossist = Client(big_hub, "grossist")
    body = form(("payload", bill("FA-7", BUTIK)), *KNOWN, ("sendingCompanyId", " gran-2809445 "))
    answer = grossist.post(body)
    assert answer.status == 201
    assert json.loads(answer.body)["sendingCompany"]["id"] == "Gran-2809445"
    assert problem(butik.post(body), 403).startswith('permission-denied: The part "sendingCompanyId" is not the id of')
    own = json.loads(butik.post(form(("payload", invoice("FA-8")), *KNOWN)).body)["sendingCompany"]["id"]
    assert rows(big_hub, "SELECT 1 FROM company WHERE key = 'butik' AND id = $1::text::uuid", own)


def test_equal_bytes_are_a_repeat_here_and_none_of_what_the_interchange_took(butik: Client) -> None:
    data = invoice("FA-9")
    first = butik.post(form(("payload", data), *KNOWN))
    other = form(
        ("payload", data), ("documentType", "Invoice"), ("sendMode", "Production"), ("senderReference", "other")
    )
    assert [butik.post(other).body for _ in range(2)] == [first.body] * 2
    assert butik.post(other).status == 201
    assert count_numbered(butik.hub, "FA-9") == 1
    # through the other door: an answer of its own, and never the page that a program cannot read
    page = exchange(butik.hub.port, posting(data, authorization=_basic("butik")))
    assert submission_of(page) != json.loads(first.body)["id"]
    assert butik.post(other).body == first.body
    # as a test it is none either
    assert butik.send(data, mode="Test") != json.loads(first.body)["id"]


def test_a_rejected_document_is_judged_anew_when_it_comes_again(butik: Client) -> None:
    assert butik.send(b"<a>FA-10</a>") != butik.send(b"<a>FA-10</a>")


def test_files_of_the_interchange_are_files_too(butik: Client) -> None:
    said = exchange(butik.hub.port, posting(invoice("FA-11"), key="FA-11 key", authorization=_basic("butik")))
    shown = butik.get(f"/file/v1/files/{submission_of(said)}")
    assert (shown["documentType"], shown["senderReference"]) == ("Invoice", "FA-11 key")


def _basic(user: str) -> str:
    return basic(user, f"{user}-password")


# --- refused ---------------------------------------------------------------------------------------------------------


FORMS = {
    "nothing": (b"", "bad-request"),
    "no form": (b"<Invoice/>", "bad-request"),
    "no end": (form(("payload", b"<a/>"), *KNOWN)[:-4], "bad-request"),
    "another boundary": (form(("payload", b"<a/>"), *KNOWN, boundary="other"), "bad-request"),
    "bare line feeds": (form(("payload", b"<a/>"), *KNOWN).replace(b"\r\n", b"\n"), "bad-request"),
    "a part without a name": (form(("payload", b"<a/>"), *KNOWN).replace(b'name="payload"; ', b""), "bad-request"),
    "a part without a disposition": (form(("payload", b"<a/>"), *KNOWN).replace(b"Content-D", b"X-D"), "bad-request"),
    "a header that is no text": (form(("payload", b"<a/>"), *KNOWN).replace(b"103034", b"\xff\xfe"), "bad-request"),
    "a part that is longer than it says": (
        form(("payload", b"<a/>"), *KNOWN).replace(b'.xml"', b'.xml"\r\nContent-Length: 3'),
        "bad-request",
    ),
    "no payload": (form(*KNOWN), "bad-request"),
    "two payloads": (form(("payload", b"<a/>"), ("payload", b"<b/>"), *KNOWN), "bad-request"),
    "two modes": (form(("payload", b"<a/>"), *KNOWN, ("sendMode", "Test")), "bad-request"),
    "no mode": (form(("payload", b"<a/>"), KNOWN[0]), "bad-request"),
    "no type": (form(("payload", b"<a/>"), KNOWN[1]), "bad-request"),
    "an unknown mode": (form(("payload", b"<a/>"), KNOWN[0], ("sendMode", "prod")), "bad-request"),
    "an unknown type": (form(("payload", b"<a/>"), ("documentType", "Bill"), KNOWN[1]), "bad-request"),
    "a value that is no text": (form(("payload", b"<a/>"), KNOWN[0], ("sendMode", b"\xff")), "bad-request"),
    "a value with a line break": (form(("payload", b"<a/>"), *KNOWN[:2], ("senderReference", "a\nb")), "bad-request"),
    "a value too long": (form(("payload", b"<a/>"), *KNOWN[:2], ("senderReference", "x" * 256)), "bad-request"),
    "a value much too long": (form(("payload", b"<a/>"), *KNOWN[:2], ("senderReference", "x" * 9999)), "bad-request"),
    "an empty payload": (form(("payload", b""), *KNOWN), "empty-body"),
    "a payload that is none": (form(("payload", b"%PDF-1.7"), *KNOWN), "not-xml"),
    "a payload cut off": (form(("payload", invoice("FA-X")[:-9]), *KNOWN), "xml-not-well-formed"),
    "a form within": (form(("payload", form(("payload", b"<a/>"), boundary="in")), *KNOWN), "not-xml"),
    "51 parts": (form(("payload", b"<a/>"), *KNOWN, *[(f"p{n}", "") for n in range(47)]), "too-large"),
    "10,000 parts": (form(*[("p", "") for _ in range(10_000)]), "too-large"),
    "a huge header": (form(("payload", b"<a/>"), *KNOWN, file_name="x" * 100_000), "too-large"),
    "many headers": (form(("payload", b"<a/>"), *KNOWN).replace(b'.xml"', b'.xml"' + b"\r\nX: 1" * 9), "too-large"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_refused_stores_nothing(butik: Client, name: str) -> None:
    body, code = FORMS[name]
    before = rows(
        butik.hub, "SELECT count(*) AS n FROM submission s JOIN company c ON c.id = s.company_id WHERE c.key = 'butik'"
    )
    answer = butik.post(body)
    assert problem(answer, 413 if code == "too-large" else 400).startswith(f"{code}: ")
    after = rows(
        butik.hub, "SELECT count(*) AS n FROM submission s JOIN company c ON c.id = s.company_id WHERE c.key = 'butik'"
    )
    assert before == after


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/xml", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        ('multipart/form-data; boundary=""', 400),
        ("multipart/form-data; boundary=" + "x" * 71, 400),
        ('multipart/form-data; boundary="a b "', 400),
        ("multipart/form-data; boundary=x; " + "y" * 2000, 400),
    ],
)
def test_content_types_that_are_refused(butik: Client, content_type: str, status: int) -> None:
    problem(butik.post(form(("payload", b"<a/>"), *KNOWN), content_type), status)


def test_a_body_beyond_the_limit_is_refused_unread(butik: Client) -> None:
    answer = butik.call(
        "POST", "/file/v1/files", b"", Content_Type="multipart/form-data; boundary=x", Content_Length=str(10**9)
    )
    assert problem(answer, 413) == "too-large: The body is larger than 30 MiB, the limit here."


def test_the_whole_answer_to_a_form_without_a_payload(butik: Client) -> None:
    answer = butik.post(form(*KNOWN))
    assert masked(answer.body) == (
        '{"type":"/errors/bad-request","title":"The request is malformed","status":400,"detail":"The form has no part '
        'with the name \\"payload\\".","code":"bad-request","advice":"The message names the part of the request '
        'that is wrong.","requestId":"REQUEST"}'
    )


@pytest.mark.parametrize(
    ("method", "path", "realm"),
    [
        ("POST", "/file/v1/files", "Pagero File API"),
        ("GET", f"/file/v1/files/{UUID(int=7)}", "Pagero File API"),
        ("GET", "/file/v1/files/1/fileparts", "Pagero File API"),
        ("POST", "/file/v1/fileparts/1/action", "Pagero File API"),
        ("GET", "/document/v1/documents", "Pagero Document API"),
        ("GET", "/document/v1/documents/1", "Pagero Document API"),
        ("GET", "/document/v1/documents/1/targetdocument", "Pagero Document API"),
        ("POST", "/document/v1/documents/fetch", "Pagero Document API"),
    ],
)
def test_who_is_not_known(butik: Client, method: str, path: str, realm: str) -> None:
    nobody = butik.call(method, path, Authorization=None)
    assert problem(nobody, 401).startswith("not-authenticated: ")
    assert nobody.header("www-authenticate") == f'Bearer realm="{realm}"'
    password = butik.call(method, path, Authorization=_basic("butik").partition(": ")[2])
    assert problem(password, 401).startswith("not-authenticated: This path takes an access token")
    forged = butik.call(method, path, Authorization="Bearer x.y.z")
    assert problem(forged, 401).startswith("invalid-token: ")
    assert (forged.header("www-authenticate") or "").startswith(
        f'Bearer realm="{realm}", error="invalid_token", error_'
    )


def test_other_methods_and_paths(butik: Client) -> None:
    wrong = butik.call("PUT", "/file/v1/files")
    assert problem(wrong, 405).startswith("method-not-allowed: ")
    assert wrong.header("allow") == "POST"
    assert butik.call("GET", "/document/v1/documents/fetch").header("allow") == "POST"
    assert problem(butik.call("GET", "/file/v1/file"), 404).startswith("unknown-path: ")
    assert butik.call("GET", "/Document/V1/Documents/").status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/xml", 406),
        ("application/json;q=0", 406),
        ("text/html, application/json; q=0.0", 406),
    ],
)
def test_what_the_caller_takes(butik: Client, accept: str | None, status: int) -> None:
    answer = butik.call("GET", "/document/v1/documents?limit=1", Accept=accept)
    assert answer.status == status
    if status == 406:
        assert problem(answer, 406).startswith("not-acceptable: ")


def test_nothing_of_one_company_is_there_for_another(big_hub: Hub, butik: Client) -> None:
    annan = Client(big_hub, "annan")
    file_id = butik.send(b"<a>FA-12</a>")
    (part,) = butik.parts(file_id)
    for answer in (
        annan.call("GET", f"/file/v1/files/{file_id}"),
        annan.call("GET", f"/file/v1/files/{file_id}/fileparts"),
        annan.act(part["id"], "Restart"),
        annan.act(part["id"], "Cancel"),
        annan.call("GET", f"/file/v1/files/{part['id']}"),
        annan.call("GET", "/file/v1/files/none"),
        butik.call("GET", f"/file/v1/files/{UUID(int=7)}"),
        butik.act(file_id, "Restart"),
    ):
        assert problem(answer, 404).startswith("not-found: ")
    assert [one["status"] for one in butik.parts(file_id)] == ["Error"]


def test_who_may_only_receive_cannot_send(big_hub: Hub) -> None:
    lager = Client(big_hub, "lager")
    answer = lager.post(form(("payload", bill("FA-13", BREVLADA)), *KNOWN))
    assert problem(answer, 403).startswith("no-contract: ")
