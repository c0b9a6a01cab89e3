"""The worked examples of the specification (3.1) against the hub's own digest."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, quote_plus

import pytest

from fakturahub.dialects.apix.auth import SIGNED, Query, digest, fits, signed

T, K, TS = "e4fb42c4-2e72-4e8c-80aa-3724e402c0a8", "de6b8d40-f81b-4d51-b977-c998510b51bb", "20260101120000"
SID, SK = "51974e79-feef-4adf-b543-43ad5f0fca00", "185629244874"
PW = "3693d93220b28a03d3c70bdc1cab2b890c65a2e6baff3d4a2a651b713c161c5c"
RECEIVER_HASH = "873c9452219f71b453b4294e82da2dd5"

EXAMPLES = {
    "the password's own hash (published)": (["badpassword"], PW),
    "app-transferID (published)": (
        ["2332748-7", "y-tunnus", "juha.litola@vendep.com", "20100621103800", PW],
        "e8eaaaad722d3a6884b7408f911a03b255ac54d668737d2463cde81f085e6295",
    ),
    "invoices (published)": (
        ["Economix", "1.0", "18984859858", "20100621103800", "8874926028"],
        "4dcec9922f9729311b53363cb313425d8b31a71c5983ea2204f4bfcf7ac74d23",
    ),
    "authuser": (
        ["juha.litola@vendep.com", TS, PW],
        "c4f049eaf4a49a0ba3ded1092b4f9edab1fa57beb5a8627c25a325dc93585e50",
    ),
    "invoices, receive": (
        ["Standard", "1.0", T, TS, K],
        "e9418c19aa463b14bc2e81595be4348740fd3cccdf44d9a7b576f037735f1cb6",
    ),
    "list2": ([T, TS, K], "d7cb320f62f8175fed0c6f62a87d582b1eb1e57c49c3c7b5d8516e21b6a97325"),
    "download": ([SID, TS, SK], "5965cf9060f52517568a52b503b0fb11d813f525286f8b047d30ba0f84da669e"),
    "download, markreceived=yes": (
        ["yes", SID, TS, SK],
        "65908f862e88247c4f693a8de81ae7a9807006932cc5389107ba79c5dc5d776c",
    ),
    "download, markreceived=no": (
        ["no", SID, TS, SK],
        "d41a65160bcbba53c5eba70076b28d10c750e4c6966655643aab720d561c1f2e",
    ),
    "getcompanyinfo, sendpayslip, method, addressquery, email, pricing, list": (
        [T, TS, K],
        "d7cb320f62f8175fed0c6f62a87d582b1eb1e57c49c3c7b5d8516e21b6a97325",
    ),
    "metadata": ([SID, T, TS, K], "5207d6b65040b79930b77ed49a7bb677ac6d028558906681f53917fac5fa9f21"),
    "senderpayslip": (
        [T, RECEIVER_HASH, "20200515-7645849", TS, K],
        "97d68c31fda9ca4d6cdc2b22f01c424c1d3e1ca692f7f9bf16833f928d0d7d5b",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_example(name: str) -> None:
    values, expected = EXAMPLES[name]
    assert digest(*values) == expected


def test_the_receiver_hash_of_the_last_example() -> None:
    assert hashlib.md5(b"010199A123X", usedforsecurity=False).hexdigest() == RECEIVER_HASH


def test_values_are_hashed_as_utf_8() -> None:
    assert digest("Sähkö", "€") == hashlib.sha256(b"S\xc3\xa4hk\xc3\xb6+\xe2\x82\xac").hexdigest()


#: what a client sends -> path: its query, with every parameter that is not in the digest before the others
CALLS = {
    "/authuser": ("pass=badpassword&uid=juha.litola@vendep.com&t={TS}", "authuser", PW),
    "/app-transferID": (
        "ts=20100621103800&uid=juha.litola@vendep.com&idq=y-tunnus&id=2332748-7",
        "app-transferID (published)",
        PW,
    ),
    "/invoices": ("soft=Economix&ver=1.0&TraID=18984859858&t=20100621103800", "invoices (published)", "8874926028"),
    "/print": ("TraID={T}&t={TS}&ver=1.0&soft=Standard", "invoices, receive", K),
    "/receive": ("TraID={T}&t={TS}&soft=Standard&ver=1.0", "invoices, receive", K),
    "/sendpayslip": ("soft=Standard&ver=1.0&TraID={T}&t={TS}", "list2", K),
    "/getcompanyinfo": ("TraID={T}&t={TS}", "list2", K),
    "/list": ("TraID={T}&t={TS}", "list2", K),
    "/list2": ("t={TS}&TraID={T}", "list2", K),
    "/method": ("uid={T}&t={TS}", "list2", K),
    "/pricing": ("uid={T}&t={TS}", "list2", K),
    "/email": ("TraID={T}&t={TS}", "list2", K),
    "/addressquery": ("TraID={T}&t={TS}", "list2", K),
    "/metadata": ("TraID={T}&SID={SID}&t={TS}", "metadata", K),
    "/download": ("SID={SID}&t={TS}", "download", SK),
    "/senderpayslip": ("TraID={T}&t={TS}&hash={RECEIVER_HASH}&date=20200515-7645849", "senderpayslip", K),
}


def test_the_order_of_every_call() -> None:
    """The values that each call signs, against the known answers, under both names of the digest."""
    assert set(CALLS) == set(SIGNED)
    for path, (query, example, secret) in CALLS.items():
        for name in ("d=SHA-256:", "D=SHA-256%3A", "d="):
            whole = f"{query.format(**globals())}&{name}{EXAMPLES[example][1]}"
            read = Query(whole.encode())
            assert fits(read, signed(read, path), secret), whole
            assert not fits(read, signed(read, path), secret + "x")


@pytest.mark.parametrize(
    "sent", ["a+b@c.example", "a%2Bb%40c.example", "a b@c.example", "50% ä", "50%25%20%C3%A4", "x%41"]
)
def test_readings_of_what_a_client_sent(sent: str) -> None:
    """Who encodes means what comes of it, who does not means what is there; a form's blank is a plus sign."""
    for meant, written in {(sent, sent), (sent, quote(sent)), (sent, quote(sent, safe="")), (sent, quote_plus(sent))}:
        read = Query(f"uid={written}&t={TS}&d={digest(meant, TS, PW)}".encode())
        assert fits(read, signed(read, "/authuser"), PW), written
