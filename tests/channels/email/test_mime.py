"""Messages as others read them: whatever a document says stays in the field it belongs to."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.channels.email import mime
from fakturahub.channels.email.mime import Head
from fakturahub.model import Attachment

HEAD = Head(
    from_name="Virta Sähkö Oy",
    sender="hub@hub.example",
    to=("ap@skog.example",),
    reply_to=None,
    subject="Lasku",
    language="fi",
    message_id="1@hub.example",
    date=datetime(2026, 11, 20, tzinfo=UTC),
)
FIELDS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "MIME-Version",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "Content-Type",
]

#: what has made mail programs show or do something else before
NASTY = [
    "Virta\r\nBcc: all@x.example",
    "Virta\n\n<script>alert(1)</script>",
    "=?utf-8?q?evil=40x=2Eexample?=",
    "evil@x.example>, <all@x.example",
    'a "quoted" name \\ with (comment), and; more: @ <x>',
    "ä, <evil@x.example>, " * 6,
    "日本語" * 40,
    "x" * 300,
    "\u202egnp.exe\u2028line\x0b\x85",
    "\ud800 lone",
    "",
    " ",
    "\x00",
]


def written(name: str, *, text: str = "Hei", html: str = "<p>Hei</p>") -> bytes:
    head = Head(
        from_name=name,
        sender=HEAD.sender,
        to=HEAD.to,
        reply_to=None,
        subject=name,
        language="fi",
        message_id=HEAD.message_id,
        date=HEAD.date,
    )
    return mime.message(head, text, html, [Attachment(name, "text/csv", b"a;b")], boundary="b1")


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def raw(content: bytes, field: str) -> str:
    """A field of the head, unfolded and with its encoded words read."""
    value = str(email.message_from_bytes(content)[field])
    return str(make_header(decode_header(value)))


def shown(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text).split())


def file_name(content: bytes) -> str:
    """The first characters of the name of the only file, as programs read it that know RFC 2231."""
    head = content.rpartition(b"Content-Disposition: attachment;")[2].partition(b"\r\n\r\n")[0].decode()
    extended = re.search(r"filename\*=utf-8''(\S+)$", head)
    plain = re.search(r'filename="([^"]*)"', head)
    assert plain is not None
    assert "=?" not in plain[1]
    return shown(unquote(extended[1]) if extended else plain[1])[:60]


def check(content: bytes, name: str) -> None:
    assert content.isascii()
    lines = content.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    assert max(map(len, lines)) <= 998  # RFC 5322, 2.1.1
    message = read(content)
    assert message.keys() == FIELDS
    # What the hub sends from, and nobody else, whatever the name says.
    assert message["From"].addresses[0].addr_spec == "hub@hub.example"
    assert len(message["From"].addresses) == 1
    assert len(message["To"].addresses) == 1
    assert shown(raw(content, "Subject")) == shown(name)
    quoted = raw(content, "From").rpartition("<")[0].strip()
    if quoted.startswith('"') and quoted.endswith('"') and len(quoted) > 1:
        quoted = re.sub(r"\\(.)", r"\1", quoted[1:-1])
    assert shown(quoted) == shown(name)
    attached = list(message.iter_attachments())
    assert [one.get_content_type() for one in attached] == ["text/csv"]
    assert attached[0].get_payload(decode=True) == b"a;b"
    assert file_name(content) == (shown(name)[:60] or "attachment")


@pytest.mark.parametrize("name", NASTY)
def test_what_a_document_says_stays_in_its_field(name: str) -> None:
    check(written(name), name)


@given(st.text(max_size=120))
def test_any_text_stays_in_its_field(name: str) -> None:
    check(written(name), name)


@given(st.text(max_size=400))
def test_any_text_is_read_as_it_was(text: str) -> None:
    content = written("x", text=text, html=text)
    for kind in ("plain", "html"):
        body = read(content).get_body((kind,))
        assert body is not None
        wanted = "\n".join(text.splitlines()).encode("utf-8", "replace").decode()
        assert body.get_content().replace("\r\n", "\n").rstrip("\n") == wanted.rstrip("\n")


@pytest.mark.parametrize("text", ["--=_b1_m--\r\nX: y", "--=_b1_a\n\nx", ".\r\n", "From x", "x" * 5000, "a \n\tb\t\n"])
def test_no_text_ends_a_part(text: str) -> None:
    content = written("x", text=text)
    message = read(content)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/csv",
    ]
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == text.splitlines()
    assert max(map(len, content.split(b"\r\n"))) <= 78


def test_a_boundary_is_in_no_file() -> None:
    """Base64 has neither = in the middle nor a line that begins with two hyphens."""
    nasty = b"\r\n--=_b1_m--\r\n" * 20
    content = mime.message(HEAD, "x", "x", [Attachment("a", "x/y", nasty)], boundary="b1")
    (attached,) = read(content).iter_attachments()
    assert attached.get_payload(decode=True) == nasty


@pytest.mark.parametrize(
    ("stated", "given_"),
    [
        ("application/pdf", "application/pdf"),
        ("text/plain; charset=latin-1", "text/plain"),
        ("multipart/mixed; boundary=x", "application/octet-stream"),
        ("message/rfc822", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("pdf", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_types_of_files(stated: str, given_: str) -> None:
    content = mime.message(HEAD, "x", "x", [Attachment("a.bin", stated, b"1")], boundary="b1")
    (attached,) = read(content).iter_attachments()
    assert attached.get_content_type() == given_
    assert "X-Evil" not in attached


def test_names_of_files() -> None:
    content = mime.message(HEAD, "x", "x", [Attachment('../Läsku "1"/x.pdf', "application/pdf", b"1")], boundary="b1")
    assert b'filename=".._L_sku _1__x.pdf";' in content
    assert b"filename*=utf-8''..%2FL%C3%A4sku%20%221%22%2Fx.pdf" in content


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("x" * 300 + ".pdf", "x" * 176 + ".pdf"),
        ("ä" * 300, "ä" * 90),
        ("a." + "日" * 300, "a." + "日" * 59),
        ("日" * 300 + ".xml", "日" * 58 + ".xml"),
    ],
)
def test_long_names_of_files(name: str, kept: str) -> None:
    content = mime.message(HEAD, "x", "x", [Attachment(name, "application/pdf", b"1")], boundary="b1")
    assert (f'"{kept}"' if kept.isascii() else quote(kept)).encode() in content
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ap@skog.example", "ap@skog.example"),
        (" o'neil+x=1@post.firm.example ", "o'neil+x=1@post.firm.example"),
        ("root@localhost", "root@localhost"),
        ("a@sågverk.example", "a@xn--sgverk-iua.example"),
        ("åse@skog.example", "åse@skog.example"),
        ("a@" + "x." * 126 + "example", None),
        ("a..b@c.example", None),
        ("a@c.example,b@c.example", None),
        ("a\u00a0b@c.example", None),
        ("a@-c.example", None),
        ("\ud800@c.example", None),
    ],
)
def test_addresses(text: str, address: str | None) -> None:
    assert mime.address(text) == address
