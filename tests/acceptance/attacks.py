"""Hostile requests: each with the status it is to be refused with, and with what the refusal has to say."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.acceptance import raw
from tests.acceptance.town import bill
from tests.running import TRANSFER_ID, stamp

MIB = b"x" * 2**20


@dataclass
class Attack:
    name: str
    pieces: Iterable[bytes]
    status: int
    #: what the answer has to say
    says: str = ""


def body(name: str, data: bytes, status: int = 400, says: str = "", *, encoding: str = "identity") -> Attack:
    """A body under a right Basic header."""
    sent = {**raw.basic(), "Content-Length": str(len(data)), "Content-Encoding": encoding}
    return Attack(name, [raw.head(sent), data], status, says)


def fields(
    name: str, status: int, says: str = "", path: str = raw.INCOMING, method: str = "POST", **sent: str
) -> Attack:
    """A small body under other header fields, on another path."""
    given = {**raw.basic(), "Content-Length": "3", **{key.replace("_", "-"): value for key, value in sent.items()}}
    return Attack(name, [raw.head(given, path, method), b"<a>"], status, says)


class Endless:
    """A body of *count* MiB, sent as long as no answer has come."""

    def __init__(self, head: bytes, count: int, *, chunked: bool) -> None:
        self._head = head
        self._count = count
        self._piece = b"%x\r\n%b\r\n" % (len(MIB), MIB) if chunked else MIB
        self._end = b"0\r\n\r\n" if chunked else b""

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        for _ in range(self._count):
            yield self._piece
        yield self._end


UBL = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
DOCUMENT = bill("HOSTILE")
INVOICE_START = DOCUMENT.index(b"<Invoice")


def with_doctype(subset: bytes) -> bytes:
    return DOCUMENT[:INVOICE_START] + subset + DOCUMENT[INVOICE_START:].replace(b"HOSTILE", b"&x;", 1)


LAUGHS = b"".join(b'<!ENTITY x%d "%b">' % (one, b"&x%d;" % (one - 1) * 10) for one in range(1, 12))


def transfers() -> list[Attack]:
    """Bodies that are no readable transfer: the ones that cost the most if they are not stopped."""
    large = {**raw.basic(), "Content-Length": str(100 * 2**20)}
    chunked = {**raw.basic(), "Transfer-Encoding": "chunked"}
    return [
        body("empty", b"", says="empty-body"),
        Attack("100 MB announced", Endless(raw.head(large), 100, chunked=False), 413, "too-large"),
        Attack("100 MB in chunks", Endless(raw.head(chunked), 100, chunked=True), 413, "too-large"),
        body("11 MB of one text", UBL + b">" + MIB * 11 + b"</Invoice>", 413, says="too-large"),
        body("words", b"hello there", says="not-xml"),
        body("JSON", b'{"invoice": 1}', says="not-xml"),
        body("a PDF", b"%PDF-1.7\n" + MIB, says="not-xml"),
        body("zeros", b"\0" * 2**20, says="not-xml"),
        body("gzip", gzip.compress(DOCUMENT), says="not-xml", encoding="gzip"),
        body("HTML", b"<!DOCTYPE html><html><body>no</body></html>"),
        body("cut off", DOCUMENT[: len(DOCUMENT) // 2], says="xml-not-well-formed"),
        body("NUL in a text", DOCUMENT.replace(b"HOSTILE", b"HOS\0TILE"), says="not-"),
        body("NUL by reference", DOCUMENT.replace(b"HOSTILE", b"HOS&#0;TILE"), says="xml-not-well-formed"),
        body(
            "latin-1 under the name of UTF-8",
            DOCUMENT.decode().replace("€", "e").encode("latin-1"),
            says="wrong-charset",
        ),
        body("an unknown charset", DOCUMENT.replace(b'"UTF-8"', b'"UTF-7"', 1), says="unknown-charset"),
        body("EBCDIC", DOCUMENT.decode().encode("cp037", "replace"), says="not-xml"),
        body("internal subset", with_doctype(b'<!DOCTYPE Invoice [<!ENTITY x "HOSTILE">]>'), says="doctype-refused"),
        body(
            "billion laughs",
            with_doctype(b'<!DOCTYPE Invoice [<!ENTITY x0 "ha">' + LAUGHS + b'<!ENTITY x "&x11;">]>'),
            says="doctype-refused",
        ),
        body(
            "quadratic blow-up",
            with_doctype(b'<!DOCTYPE Invoice [<!ENTITY x "' + b"a" * 60_000 + b'">]>').replace(b"&x;", b"&x;" * 9_000),
            says="doctype-refused",
        ),
        body(
            "a file by an entity",
            with_doctype(b'<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
            says="doctype-refused",
        ),
        body(
            "a parameter entity",
            with_doctype(b'<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
            says="doctype-refused",
        ),
        body("10,000 deep", UBL + b">" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</Invoice>", says="xml-too-deep"),
        body(
            "a million attributes",
            UBL + b"><a " + b" ".join(b'a%d="1"' % one for one in range(1_000_000)) + b"/></Invoice>",
            says="xml-too-many-parts",
        ),
        body(
            "a million attributes of the root",
            UBL + b" " + b" ".join(b'a%d="1"' % one for one in range(1_000_000)) + b"/>",
            says="too-",
        ),
        body("two million elements", UBL + b">" + b"<a/>" * 2_000_000 + b"</Invoice>", says="xml-too-many-parts"),
        body(
            "a million namespaces",
            UBL + b">" + b"".join(b'<a xmlns:n%d="u"/>' % one for one in range(500_001)) + b"</Invoice>",
            says="xml-too-many-parts",
        ),
        body("a name of 10 MB", UBL + b"><" + b"n" * 10_000_001 + b"/></Invoice>", 413, says="too-large"),
        body("a prolog of 5 MB", b"<?xml version='1.0'?>" + b"<!-- -->" * 650_000 + UBL + b"/>", 413, says="too-large"),
        body("a comment without end", UBL + b"><!--" + MIB * 5),
    ]


def requests() -> list[Attack]:
    """Requests whose header is wrong. Few of those that fail to sign in: an address that guesses is held off."""
    wrong = base64.b64encode(b"skog:wrong").decode()
    return [
        fields("wrong password", 401, "not-authenticated", Authorization=f"Basic {wrong}"),
        fields("no such user", 401, "not-authenticated", Authorization="Basic bm9ib2R5Om5v"),
        fields("not base64", 401, "not-authenticated", Authorization="Basic %%%"),
        fields("no colon", 401, "not-authenticated", Authorization="Basic c2tvZw=="),
        fields("NUL as user", 401, "not-authenticated", Authorization="Basic ADo="),
        fields("not UTF-8", 401, "not-authenticated", Authorization="Basic /zr/"),
        fields("another scheme", 401, "not-authenticated", Authorization="Bearer abc"),
        fields("a long password", 401, "not-authenticated", Authorization="Basic " + "QUFB" * 5_000),
        fields("unknown type", 404, "unknown-path", "/pagero/incoming/default/love-letter/prod"),
        fields("unknown mode", 404, "unknown-path", "/pagero/incoming/default/invoice/production"),
        fields("unknown path", 404, "unknown-path", "/pagero/incoming/tokenauth/invoice/prod"),
        fields("path for tokens", 401, "not-authenticated", "/pagero/incoming/tokenauth/default/invoice/prod"),
        fields("wrong method", 405, "method-not-allowed", method="GET"),
        fields("a method nobody knows", 405, "method-not-allowed", method="PROPFIND"),
        fields("NUL in the path", 404, "", "/pagero/incoming/default/invoice%00/prod"),
        fields("an id of 1,000 characters", 400, "x-interchange-id", x_interchange_id="9" * 1000),
        fields("an id that is not ASCII", 400, "x-interchange-id", x_interchange_id="räksmörgås"),
        fields("climbing", 404, "", "/pagero/../../../../etc/passwd"),
        fields("climbing in disguise", 404, "", "/pagero/%2e%2e/%2e%2e/etc/passwd"),
        fields("climbing in double disguise", 404, "", "/pagero/%252e%252e/etc/passwd"),
        fields("two slashes", 404, "", "//pagero/incoming/default/invoice/prod"),
        fields("climbing to another dialect", 404, "", "/pagero/../apix/list2", "GET"),
        fields("an error that climbs", 404, "", "/errors/..%2f..%2fetc%2fpasswd", "GET"),
        Attack("one header field of 1 MB", [raw.head({"X": "x" * 2**20})], 431, "larger"),
        Attack("10,000 header fields", [raw.head({f"X-{one}": "x" for one in range(10_000)})], 431, "larger"),
        Attack("a path of 1 MB", [raw.head({}, "/pagero/" + "x" * 2**20)], 431, "larger"),
        Attack("TLS", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500], 400),
        Attack("noise", [bytes(range(256)) * 8], 400),
        Attack("a length that is no number", [raw.head({**raw.basic(), "Content-Length": "many"})], 400),
        Attack("a negative length", [raw.head({**raw.basic(), "Content-Length": "-1"})], 400),
        Attack("a length beyond all", [raw.head({**raw.basic(), "Content-Length": "9" * 40})], 400),
        Attack(
            "two lengths",
            [raw.head({**raw.basic(), "Content-Length": "3", "content-length": "4"}), b"<a>x"],
            400,
        ),
        Attack(
            "a length and chunks",
            [raw.head({**raw.basic(), "Content-Length": "3", "Transfer-Encoding": "chunked"}), b"0\r\n\r\n"],
            400,
        ),
        Attack("a header line without a colon", [b"POST /pagero/ HTTP/1.1\r\nHost x\r\n\r\n"], 400),
    ]


def terminal() -> list[Attack]:
    """Calls of the other dialect, which answers 200 to most of them."""

    def get(name: str, path: str, status: int = 200, says: str = "") -> Attack:
        return Attack(name, [raw.head({}, f"/apix/{path}", "GET")], status, says)

    now, digest = stamp(), "SHA-256%3A" + "0" * 64
    return [
        get("list2 without anything", "list2", says="<Status>ERR</Status>"),
        get("list2 with a wrong digest", f"list2?TraID={TRANSFER_ID}&t={now}&d={digest}", says="<Status>ERR</Status>"),
        get("list2 of nobody", f"list2?TraID=x%00%ff'--&t={now}&d={digest}", says="<Status>ERR</Status>"),
        get("list2 at no time", f"list2?TraID={TRANSFER_ID}&t=%00&d={digest}", says="<Status>ERR</Status>"),
        get("a query of 60 KB", f"list2?TraID={'%ff' * 20_000}&t={now}&d={digest}", says="<Status>ERR</Status>"),
        get("10,000 parameters", "list2?" + "&".join(f"a{one}=b" for one in range(10_000)), 431),
        get("5,000 parameters", "list2?" + "&".join(f"a{one}=b" for one in range(5_000)), says="<Status>ERR</Status>"),
        get(
            "a digest that is not ASCII", f"list2?TraID={TRANSFER_ID}&t={now}&d=%c3%a5%ff", says="<Status>ERR</Status>"
        ),
        get("download of nothing", "download?SID=&t=&d=", 400),
        get("download of no id", f"download?SID=..%2f..%00&t={now}&d={digest}"),
        get("receive of nobody", f"receive?TraID=x&t={now}&soft=a&ver=b&d={digest}"),
    ]
