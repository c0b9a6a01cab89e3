"""What the Interchange refuses: with status, code and reason, and without storing anything (specification 1.4)."""

from __future__ import annotations

import json
import zlib

import pytest

from tests.running import Hub, invoice
from tests.wire.pagero.interchange import PATH, paragraphs, posting
from tests.wire.raw import basic, chunked, connected, exchange, head
from tests.wire.stored import rows

LIMIT = 30 * 1024 * 1024
TYPES = "applicationresponse, catalogue, despatchadvice, invoice, order, orderresponse, paymentreminder"
KNOWN_PATHS = (
    "There is nothing under this path; known are /incoming/default/{document_type}/{mode},"
    " /incoming/tokenauth/default/{document_type}/{mode}, /file/v1/files, /file/v1/files/{id},"
    " /file/v1/files/{id}/fileparts, /file/v1/fileparts/{id}/action, /document/v1/documents,"
    " /document/v1/documents/fetch, /document/v1/documents/{id}, /document/v1/documents/{id}/targetdocument."
)


# --- where -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("default/invoices/prod", f'There is no document type "invoices"; known are {TYPES}.'),
        ("default/%3Cb%3E/prod", f'There is no document type "<b>"; known are {TYPES}.'),
        ("default/invoice/live", 'There is no send mode "live"; known are prod, test, cert.'),
        ("default/invoice/production", 'There is no send mode "production"; known are prod, test, cert.'),
    ],
)
def test_an_unknown_type_or_mode_is_named_with_the_known_ones(hub: Hub, path: str, reason: str) -> None:
    answer = exchange(hub.port, posting(invoice("PX-1"), path=f"/pagero/incoming/{path}"))
    assert answer.status_line == "HTTP/1.1 404 Not Found"
    assert paragraphs(answer)[:2] == ["Code unknown-path", reason]
    # Who is not known learns nothing of it.
    nobody = posting(invoice("PX-1"), path=f"/pagero/incoming/{path}", authorization=None)
    assert exchange(hub.port, nobody, source="127.0.0.24").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/pagero",
        "/pagero/",
        "/pagero/incoming",
        "/pagero/incoming/default/invoice",
        "/pagero/incoming/default/invoice/prod//",
        "/pagero/incoming/default//invoice/prod",
        "/pagero/incoming/default/invoice/prod/1",
        "/pagero/incoming/tokenauth/invoice/prod",
        "/pagero/incoming/other/invoice/prod",
        "/pagero/oauth/v2/oauth-token",
        "/pagero/file",
    ],
)
def test_an_unknown_path_is_answered_with_the_known_ones(hub: Hub, path: str) -> None:
    answer = exchange(hub.port, posting(invoice("PX-2"), path=path))
    assert answer.status_line == "HTTP/1.1 404 Not Found"
    assert paragraphs(answer)[:2] == ["Code unknown-path", KNOWN_PATHS]


def test_the_whole_answer_to_another_method(hub: Hub) -> None:
    assert exchange(hub.port, head(f"GET {PATH} HTTP/1.1")).shown == (
        "HTTP/1.1 405 Method Not Allowed\n"
        "date: DATE\n"
        "content-type: text/html; charset=iso-8859-1\n"
        "content-length: 344\n"
        "allow: POST\n"
        "x-request-id: REQUEST\n"
        "\n"
        "<!DOCTYPE html>\n"
        "<html><head><title>Not accepted</title></head>\n"
        "<body>\n"
        "<h1>Not accepted</h1>\n"
        "<p>Code method-not-allowed</p>\n"
        "<p>GET is not answered here; use POST.</p>\n"
        "<p>What to do: The Allow header names the methods it takes.</p>\n"
        "<p>About this code: /errors/method-not-allowed</p>\n"
        "<p>Request REQUEST</p>\n"
        "</body></html>\n"
    )


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_no_other_method_is_taken(hub: Hub, method: str) -> None:
    answer = exchange(hub.port, posting(invoice("PX-3"), method=method), to=method)
    assert (answer.status, answer.field("allow")) == (405, "POST")


# --- what ------------------------------------------------------------------------------------------------------------

XML = b'<?xml version="1.0"?>'
UBL = b"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
BOMB = b'<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)
EXTERNAL = b"<!DOCTYPE Invoice SYSTEM 'http://127.0.0.1/x.dtd'>"


def ubl(content: bytes, attributes: bytes = b"") -> bytes:
    return XML + b'<Invoice xmlns="%b" %b>%b</Invoice>' % (UBL, attributes, content)


UNREADABLE = [
    (
        "an unknown document cut off",
        XML + b"<Bestellung><Nummer>1</Num",
        "xml-not-well-formed",
        "The XML is not well-formed",
    ),
    (
        "an unknown document too deep",
        b"<a>" * 10_000 + b"</a>" * 10_000,
        "xml-too-deep",
        "The document is nested more than 256 elements deep.",
    ),
    ("nothing", b"", "empty-body", "The body is empty."),
    ("blanks", b" \r\n\t ", "empty-body", "The body holds nothing but white space."),
    ("a mark alone", b"\xef\xbb\xbf", "empty-body", "The body is empty."),
    ("a ZIP cut off", b"PK\x03\x04" + b"\0" * 100, "zip-unreadable", "The ZIP archive has no end; it was cut off,"),
    ("a PDF", b"%PDF-1.7\n", "not-xml", "The body looks like a PDF;"),
    ("JSON", json.dumps({"Invoice": 1}).encode(), "not-xml", "The body looks like JSON;"),
    ("HTML", b"<!DOCTYPE html>\n<html><body>x</body></html>", "not-xml", "The body looks like an HTML page."),
    ("gzip", zlib.compress(b"<a/>", wbits=31), "not-xml", "The body looks like gzip;"),
    ("a form", b"--b\r\nContent-Disposition: form-data\r\n", "not-xml", "The body looks like a multipart form;"),
    ("EDIFACT", b"UNB+UNOC:3+1+2'", "not-xml", "The body looks like EDIFACT;"),
    ("text", b"Hello", "not-xml", "The body begins with the byte 0x48;"),
    ("zeros", b"\0" * 100, "not-xml", "The body begins with the byte 0x00;"),
    ("a declaration alone", XML, "xml-not-well-formed", "The document ends before its root element."),
    ("an open tag", ubl(b"<a>"), "xml-not-well-formed", "The XML is not well-formed:"),
    ("two roots", ubl(b"") * 2, "xml-not-well-formed", "The XML is not well-formed:"),
    ("a bare ampersand", ubl(b"<a>Skog & S</a>"), "xml-not-well-formed", "The XML is not well-formed:"),
    ("an unknown entity", ubl(b"<a>&nbsp;</a>"), "xml-not-well-formed", "The XML is not well-formed:"),
    ("a bomb", XML + b"<!DOCTYPE I [%b]><Invoice/>" % BOMB, "doctype-refused", "The document has a DOCTYPE with decl"),
    ("an external DTD", XML + EXTERNAL + ubl(b"")[len(XML) :], "doctype-refused", "The document has a DOCTYPE."),
    ("latin-1 called utf-8", ubl(b"<a>S\xe5g</a>"), "wrong-charset", "The document counts as UTF-8, but byte"),
    (
        "a set nobody reads",
        b'<?xml version="1.0" encoding="UTF-7"?><Invoice/>',
        "unknown-charset",
        "The XML declaration names the character set 'UTF-7', which is not supported.",
    ),
    ("10,000 levels", ubl(b"<a>" * 10_000 + b"</a>" * 10_000), "xml-too-deep", "The document is nested more than 256"),
    (
        "a million attributes",
        ubl(b"", b" ".join(b'a%d=""' % number for number in range(1_000_000))),
        "xml-too-many-parts",
        "The root element has more than 1,000 attributes.",
    ),
    ("a million elements", ubl(b"<a/>" * 1_000_001), "xml-too-many-parts", "The document has 1,000,005 elements and"),
    ("a text of 11 MB", ubl(b"<a>" + b"x" * 11_000_000 + b"</a>"), "too-large", "A text or a tag in the document has"),
]


@pytest.mark.parametrize(("body", "code", "reason"), [pytest.param(*rest, id=name) for name, *rest in UNREADABLE])
def test_what_cannot_be_read_is_refused_and_not_stored(hub: Hub, body: bytes, code: str, reason: str) -> None:
    before = rows(hub, "SELECT count(*) FROM submission")
    answer = exchange(hub.port, posting(body))
    assert answer.status == (413 if code == "too-large" else 400)
    said = paragraphs(answer)
    assert said[0] == f"Code {code}"
    assert said[1].startswith(reason)
    assert rows(hub, "SELECT count(*) FROM submission") == before


def test_a_transfer_that_was_cut_off_is_refused_wherever_it_was_cut(hub: Hub) -> None:
    body = invoice("PX-4")
    with connected(hub.port) as wire:
        for size in (1, 20, 60, 300, 2_000, len(body) // 2, len(body) - 12, len(body) - 2):
            wire.send(posting(body[:size]))
            answer = wire.answer()
            assert (answer.status, paragraphs(answer)[0]) == (400, "Code xml-not-well-formed"), size


def test_the_whole_answer_to_an_unreadable_body(hub: Hub) -> None:
    assert exchange(hub.port, posting(b"%PDF-1.7\n")).shown == (
        "HTTP/1.1 400 Bad Request\n"
        "date: DATE\n"
        "content-type: text/html; charset=iso-8859-1\n"
        "content-length: 400\n"
        'ratelimit-policy: "account";q=6000;w=60\n'
        'ratelimit: "account";r=LEFT;t=SECONDS\n'
        "x-request-id: REQUEST\n"
        "\n"
        "<!DOCTYPE html>\n"
        "<html><head><title>Not accepted</title></head>\n"
        "<body>\n"
        "<h1>Not accepted</h1>\n"
        "<p>Code not-xml</p>\n"
        "<p>The body looks like a PDF; an XML document begins with &#x27;&lt;&#x27;.</p>\n"
        "<p>What to do: Send the XML document as it is: no multipart form, no JSON around it, not compressed.</p>\n"
        "<p>About this code: /errors/not-xml</p>\n"
        "<p>Request REQUEST</p>\n"
        "</body></html>\n"
    )


def test_an_attachment_that_cannot_be_taken_out_again_is_not_taken_in(hub: Hub) -> None:
    """Its receiver would otherwise be handed a document that he can never fetch."""
    body = (
        b"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject "
        b'mimeCode="application/pdf" filename="a.pdf">no base64!</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>'
        b"</cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
    )
    answer = exchange(hub.port, posting(invoice("PX-5").replace(b"<cac:AccountingSupplierParty>", body)))
    assert answer.status == 200
    assert paragraphs(answer)[1].startswith(
        "The transfer is stored, but its document was rejected: unreadable-attachment: The attachment is not base64"
    )
    assert rows(hub, "SELECT state, number FROM document WHERE number = 'PX-5'") == [
        {"state": "rejected", "number": "PX-5"}
    ]


# --- how much --------------------------------------------------------------------------------------------------------

TOO_LARGE = """\
HTTP/1.1 413 Request Entity Too Large
date: DATE
content-type: text/html; charset=iso-8859-1
content-length: 408
ratelimit-policy: "account";q=6000;w=60
ratelimit: "account";r=LEFT;t=SECONDS
x-request-id: REQUEST

<!DOCTYPE html>
<html><head><title>Not accepted</title></head>
<body>
<h1>Not accepted</h1>
<p>Code too-large</p>
<p>The body is larger than 30 MiB, the limit here.</p>
<p>What to do: The message names the limit. Send fewer or smaller attachments, or ask the hub&#x27;s operator for a \
higher limit.</p>
<p>About this code: /errors/too-large</p>
<p>Request REQUEST</p>
</body></html>
"""


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(hub: Hub) -> None:
    with connected(hub.port) as wire:
        wire.send(posting(b"", length=LIMIT + 1))
        assert wire.answer().shown == TOO_LARGE
        # A client that sends it all the same has its answer, and goes on as usual.
        for _ in range(LIMIT // 65536):
            wire.send(b" " * 65536)
        wire.send(b" " + posting(invoice("PX-6"), key="px-6"))
        assert wire.answer().status == 200


def test_a_body_in_chunks_is_refused_where_it_grows_too_large(hub: Hub) -> None:
    with connected(hub.port) as wire:
        wire.send(posting(b"", "Transfer-Encoding: chunked"))
        for _ in range(LIMIT // 65536):
            wire.send(b"10000\r\n" + b" " * 65536 + b"\r\n")
        assert wire.silent(0.2)
        wire.send(chunked(b" ") + posting(invoice("PX-7"), key="px-7"))
        assert wire.answer().shown == TOO_LARGE
        assert wire.answer().status == 200


def test_a_body_as_large_as_the_limit_is_read(hub: Hub) -> None:
    answer = exchange(hub.port, posting(b"x" * LIMIT))
    assert paragraphs(answer)[0] == "Code not-xml"


def test_the_order_of_refusals(big_hub: Hub) -> None:
    """The path's form, the method, the caller, type and mode, the key, the length, the contract, the body."""
    stranger = basic("nobody", "x")
    reader = basic("lager", "lager-password")  # has no contract for sending
    wrong_type = PATH.replace("invoice", "invoices")
    key = "x-interchange-id: \xe4"

    def status(body: bytes = b"", *fields: str, path: str = PATH, method: str = "POST", **more: str | int) -> int:
        request = posting(body, *fields, path=path, method=method, **more)  # type: ignore[arg-type]
        return exchange(big_hub.port, request, source="127.0.0.25").status

    assert status(path="/pagero/x", method="GET", authorization=stranger) == 404
    assert status(path=wrong_type, method="GET", authorization=stranger) == 405
    assert status(b"", key, path=wrong_type, authorization=stranger) == 401
    assert status(b"", key, path=wrong_type, length=LIMIT + 1, authorization=reader) == 404
    assert status(b"", key, length=LIMIT + 1, authorization=reader) == 400
    assert status(length=LIMIT + 1, authorization=reader) == 413
    assert status(b"%PDF", authorization=reader) == 403
    assert status(b"%PDF") == 400
