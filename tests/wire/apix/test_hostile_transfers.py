"""Transfers that are wrong or mean harm: the documented envelope, nothing delivered, and a stamp for the log line."""

from __future__ import annotations

import io
import time
import zipfile

import psutil
import pytest

from tests.running import Hub
from tests.unit.dialects.apix.transfers import PICTURE, zipped
from tests.wire.apix.sending import bill, code, groups, pdf, sent, transfer
from tests.wire.apix.terminal import Terminal, joined, put, signed, texts
from tests.wire.companies import Reader
from tests.wire.raw import RawAnswer, exchange, head, masked
from tests.wire.stored import count_numbered

MIB = 1024**2
PDF = pdf()
NAMED = (PICTURE, "file://a.pdf")
#: failed calls are counted by address; this one is used here only
SOURCE = "127.0.0.89"


def number_of(reader: Reader) -> str:
    return f"H-{reader.key}"


def finnish(reader: Reader, **parts: bytes) -> bytes:
    """A good Finvoice with *parts* put before, or in the place of what it says."""
    return parts.get("before", b"") + bill(number_of(reader), reader, reader, NAMED).replace(
        b"LASKU", parts.get("text", b"LASKU")
    )


def _cut(reader: Reader) -> bytes:
    return transfer(finnish(reader), a_pdf=PDF)[:-40]


def _encrypted(reader: Reader) -> bytes:
    """Its flags say that its members are encrypted."""
    data = bytearray(transfer(finnish(reader), a_pdf=PDF))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1
    return bytes(data)


def _in_itself(reader: Reader) -> bytes:
    data = transfer(finnish(reader), a_pdf=PDF)
    for _ in range(5):
        data = zipped(("invoice.xml", data))
    return data


def _subset(reader: Reader, subset: bytes, reference: bytes) -> bytes:
    document = finnish(reader, text=reference)
    declaration, newline, rest = document.partition(b"\n")
    return transfer(declaration + newline + b"<!DOCTYPE Finvoice [" + subset + b"]>" + rest, a_pdf=PDF)


def _laughs(reader: Reader) -> bytes:
    lines = b'<!ENTITY a0 "ha">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    return _subset(reader, lines, b"&a9;")


WRONG = {
    "nothing": (lambda reader: b"", "empty-body"),
    "no ZIP": (finnish, "zip-unreadable"),
    "cut off": (_cut, "zip-unreadable"),
    "encrypted": (_encrypted, "zip-unreadable"),
    "a bomb": (
        lambda reader: zipped(("a.xml", finnish(reader)), ("a.pdf", b"%PDF-1.4" + bytes(100 * MIB))),
        "zip-too-large",
    ),
    "ZIPs in ZIPs": (_in_itself, "unknown-document"),
    "up": (lambda reader: zipped(("../a.xml", finnish(reader)), ("a.pdf", PDF)), "zip-unsafe"),
    "from the root": (lambda reader: zipped(("/etc/a.xml", finnish(reader)), ("a.pdf", PDF)), "zip-unsafe"),
    "of a drive": (lambda reader: zipped(("C:\\a.xml", finnish(reader)), ("a.pdf", PDF)), "zip-unsafe"),
    "two of a name": (
        lambda reader: zipped(("A.xml", finnish(reader)), ("a.XML", b"<a/>"), ("a.pdf", PDF)),
        "zip-unsafe",
    ),
    "without a data file": (lambda reader: zipped(("a.pdf", PDF)), "unknown-document"),
    "a picture that is not there": (lambda reader: zipped(("a.xml", finnish(reader)), ("b.pdf", PDF)), "missing-file"),
    "no picture named, of two": (
        lambda reader: zipped(("a.xml", bill(number_of(reader), reader, reader)), ("a.pdf", PDF), ("b.pdf", PDF)),
        "missing-file",
    ),
    "a picture that is none": (lambda reader: transfer(finnish(reader), a_pdf=b"GIF89a"), "unreadable-attachment"),
    "an entity of its own": (
        lambda reader: _subset(reader, b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"&x;"),
        "doctype-refused",
    ),
    "entities of entities": (_laughs, "doctype-refused"),
    "XML that ends in its middle": (lambda reader: transfer(finnish(reader)[:-200], a_pdf=PDF), "xml-not-well-formed"),
    "another XML": (lambda reader: transfer(b"<?xml version='1.0'?><Order/>", a_pdf=PDF), "unknown-document"),
}


def refused(answer: RawAnswer) -> str:
    """The code of ours in a refusal, in the operator's envelope."""
    assert (answer.status, answer.field("content-type")) == (200, "text/xml")
    assert b"<Status>ERR</Status>" in answer.body
    assert answer.body.isascii()
    assert b"></Value>" not in answer.body
    stamp, reason = texts(answer)[:2]
    assert stamp
    rejected = [one for one in groups(answer) if "RejectedDocumentID" in one]
    said = rejected[0]["ValidateText"] if rejected else reason
    assert said.endswith(")"), said
    return said[said.rindex("(") + 1 : -1]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_the_envelope_and_nothing_is_stored(big_hub: Hub, reader: Reader, name: str) -> None:
    make, expected = WRONG[name]
    started = time.monotonic()
    answer = sent(big_hub, "invoices", reader, make(reader))
    assert refused(answer) == expected, answer.text
    assert code(answer) == "1001"
    assert time.monotonic() - started < 20
    assert count_numbered(big_hub, number_of(reader)) <= 1, (
        "a refused document is kept for its sender to look at, and no other"
    )
    assert Terminal(big_hub, reader).listed() == []
    stamp = texts(answer)[0]
    assert [one for one in big_hub.logged() if one.get("stamp") == stamp and one["event"] == "incident"]


@pytest.mark.parametrize("endpoint", ["print", "sendpayslip"])
@pytest.mark.parametrize("name", ["nothing", "no ZIP", "cut off", "a bomb", "up", "without a data file", "another XML"])
def test_the_other_calls_that_send_say_the_same(big_hub: Hub, reader: Reader, endpoint: str, name: str) -> None:
    make, expected = WRONG[name]
    answer = sent(big_hub, endpoint, reader, make(reader))
    assert refused(answer) == expected, answer.text
    assert code(answer)[-2:] == "01"


def test_a_bomb_is_not_unpacked(big_hub: Hub, reader: Reader) -> None:
    """1 GiB of zeros in a megabyte, twenty times: no process of the hub grows by it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", finnish(reader))
        with archive.open("a.pdf", "w", force_zip64=True) as member:
            for _ in range(1024):
                member.write(bytes(MIB))
    body = made.getvalue()
    root = psutil.Process(big_hub.process.pid)
    family = [root, *root.children(recursive=True)]
    before = sum(one.memory_info().rss for one in family)
    for _ in range(20):
        assert refused(sent(big_hub, "invoices", reader, body)) == "zip-too-large"
    assert sum(one.memory_info().rss for one in family) - before < 200 * MIB


def test_a_body_beyond_all_measure_is_refused_before_it_is_read(big_hub: Hub, reader: Reader) -> None:
    given = {"soft": "Standard", "ver": "1.0", "TraID": reader.transfer_id}
    query = joined(signed("invoices", reader.transfer_key, given))
    line = head(f"PUT /apix/invoices?{query} HTTP/1.1", f"Content-Length: {100 * MIB}")
    answer = exchange(big_hub.port, line, to="PUT", source=SOURCE)
    assert refused(answer) == "too-large"
    assert texts(answer)[1] == "The body is larger than 50 MiB, the limit here. (too-large)"


def test_who_cannot_sign_gets_the_same_bytes_whatever_is_sent(big_hub: Hub, reader: Reader) -> None:
    """And its body is not looked at."""
    given = {"soft": "Standard", "ver": "1.0", "TraID": reader.transfer_id}
    wrong = joined(signed("invoices", "another key", given))
    nobody = joined(signed("invoices", reader.transfer_key, {**given, "TraID": "nobody"}))
    answers = [
        put(big_hub, f"invoices?{query}", body, source=SOURCE)
        for query in (wrong, nobody)
        for body in (b"", finnish(reader), transfer(finnish(reader), a_pdf=PDF))
    ]
    assert len({masked(one.body) for one in answers}) == 1
    assert (code(answers[0]), refused(answers[0])) == ("1004", "not-authenticated")
