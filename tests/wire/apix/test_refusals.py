"""Refusals: an envelope with two texts under HTTP 200 (specification 2.2 to 2.4, 3.2), and what is left to HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from fakturahub.dialects.apix.errors import refuse
from fakturahub.dialects.surface import Call
from fakturahub.errors import InsufficientCredit
from tests.running import Hub, stamp
from tests.wire.apix.terminal import Terminal, hashed, joined, later, texts
from tests.wire.companies import MUTE, READERS, Reader
from tests.wire.raw import RawAnswer, exchange, head

# Failed calls are counted by address; these are used here only.
SOURCE = "127.0.0.41"
READER, OTHER = READERS[-2:]

ANY_CALL = Call("apix", SOURCE, "request")
NOT_KNOWN = "The id is not known here, or the digest does not fit. (not-authenticated)"


def refusal(code: str, reason: str, *, line: str = "HTTP/1.1 200 OK", extra: str = "") -> str:
    """A whole refusal, as it is shown with its stamp masked."""
    body = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Response version="1.0">\n'
        "<Status>ERR</Status>\n"
        f"<StatusCode>{code}</StatusCode>\n"
        '<FreeText language="en">STAMP</FreeText>\n'
        f'<FreeText language="en">{reason}</FreeText>\n'
        "<Content/>\n"
        "</Response>\n"
    )
    return f"{line}\ndate: DATE\n{extra}content-type: text/xml\ncontent-length: LENGTH\nx-request-id: REQUEST\n\n{body}"


def shown(answer: RawAnswer) -> str:
    """The whole answer; its length is checked and masked, because that of its stamp grows."""
    length = f"content-length: {len(answer.body)}\n"
    assert length in answer.shown
    return answer.shown.replace(length, "content-length: LENGTH\n")


def call(hub: Hub, query: str, *, endpoint: str = "list2", method: str = "GET", source: str = SOURCE) -> RawAnswer:
    return Terminal(hub, READER, source=source).get(f"{endpoint}?{query}", method=method)


def test_a_wrong_digest_and_an_unknown_id_get_the_same_bytes(big_hub: Hub) -> None:
    given = Terminal(big_hub, READER).parameters("list2")
    t = given["t"]
    unknown = "00000000-0000-4000-8000-000000000000"
    for query in (
        {**given, "d": f"SHA-256:{hashed(READER.transfer_id, t, 'wrong')}"},
        {**given, "d": "SHA-256:"},
        {**given, "d": "SHA-256:" + given["d"][8:-1]},
        {**given, "d": given["d"] + "0"},
        {**given, "d": "SHA-1:" + given["d"][8:]},
        {**given, "d": "\u00e4\0\ud7ff"},
        {**given, "t": later(seconds=1)},
        {**given, "TraID": unknown, "d": f"SHA-256:{hashed(unknown, t, READER.transfer_key)}"},
        {**given, "TraID": unknown, "d": f"SHA-256:{hashed(unknown, t, chr(0))}"},
        {**given, "TraID": READER.transfer_id.upper()},
        {**given, "TraID": OTHER.transfer_id},
        # the digest of another call
        {**given, "d": f"SHA-256:{hashed('Standard', '1.0', READER.transfer_id, t, READER.transfer_key)}"},
        # the names hashed as well, or no separator
        {**given, "d": f"SHA-256:{hashed(f'TraID={READER.transfer_id}', f't={t}', READER.transfer_key)}"},
        {**given, "d": f"SHA-256:{hashed(READER.transfer_id + t + READER.transfer_key)}"},
    ):
        assert shown(call(big_hub, joined(query))) == refusal("2704", NOT_KNOWN), query


@pytest.mark.parametrize(
    ("missing", "named"),
    [(["TraID"], "TraID"), (["t"], "t"), (["d"], "d"), (["t", "d"], "t"), (["TraID", "t", "d"], "TraID")],
)
def test_a_missing_parameter_is_named_in_the_words_of_the_live_service(
    big_hub: Hub, missing: list[str], named: str
) -> None:
    given = Terminal(big_hub, READER).parameters("list2")
    expected = refusal("2712", f"Parameter can't be null: {named}. (bad-request)")
    assert shown(call(big_hub, joined({name: v for name, v in given.items() if name not in missing}))) == expected
    assert shown(call(big_hub, joined({**given, **dict.fromkeys(missing, "")}))) == expected


def test_parameter_names_are_told_apart_by_case_but_for_the_digest(big_hub: Hub) -> None:
    given = Terminal(big_hub, READER).parameters("list2")
    query = joined({"traid": given["TraID"], "t": given["t"], "d": given["d"]})
    assert texts(call(big_hub, query))[1] == "Parameter can't be null: TraID. (bad-request)"


def test_parameters_beyond_the_fiftieth_are_not_looked_at(big_hub: Hub) -> None:
    given = Terminal(big_hub, READER).parameters("list2")
    fillers = [(f"x{number}", "y") for number in range(48)]
    assert b"<Status>OK</Status>" in call(big_hub, joined([*fillers[1:], *given.items()])).body
    answer = call(big_hub, joined([*fillers, *given.items()]))
    assert texts(answer)[1] == "Parameter can't be null: d. (bad-request)"


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ({"hours": -25}, r"1 d 1 h \d+ min behind"),
        ({"hours": 25}, r"1 d \d+ h \d+ min ahead of"),
        ({"days": -400}, r"400 d 0 h \d+ min behind"),
        ({"days": 36_000}, r"3\d{4} d \d+ h \d+ min ahead of"),
    ],
)
def test_a_clock_that_is_off_is_named_with_both_times(big_hub: Hub, off: dict[str, float], words: str) -> None:
    sent = later(**off)
    given = Terminal(big_hub, READER).parameters("list2", t=sent)
    before = datetime.now(UTC) - timedelta(seconds=1)
    answer = call(big_hub, joined(given))
    assert (answer.status, b"<StatusCode>2704</StatusCode>" in answer.body) == (200, True)
    found = re.fullmatch(
        rf"The time stamp {sent} is {words} the hub's clock, which says (\d{{14}}) UTC; 1 d 0 h 0 min are allowed\. "
        rf"Time stamps are UTC\. \(clock-skew\)",
        texts(answer)[1],
    )
    assert found is not None, texts(answer)
    told = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert before <= told <= datetime.now(UTC)


def test_who_does_not_know_the_key_learns_nothing_of_the_clock(big_hub: Hub) -> None:
    given = {**Terminal(big_hub, READER).parameters("list2", t=later(days=-9)), "d": "SHA-256:0"}
    assert shown(call(big_hub, joined(given))) == refusal("2704", NOT_KNOWN)


@pytest.mark.parametrize("off", [-1430, -180, -59, 0, 59, 120, 1430])
def test_clocks_that_clients_are_known_to_have(big_hub: Hub, off: int) -> None:
    """The Ruby and Odoo clients send local time."""
    given = Terminal(big_hub, READER).parameters("list2", t=later(minutes=off))
    assert b"<Status>OK</Status>" in call(big_hub, joined(given)).body


def test_the_python_client_that_writes_the_month_for_the_minutes(big_hub: Hub) -> None:
    """``%Y%m%d%H%m%S``, seen in the wild: up to 59 minutes off."""
    sent = f"{datetime.now(UTC):%Y%m%d%H%m%S}"
    given = Terminal(big_hub, READER).parameters("list2", t=sent)
    assert b"<Status>OK</Status>" in call(big_hub, joined(given)).body


@pytest.mark.parametrize(
    "sent",
    ["x", "2026112010332", "202611201033222", "20261320103322", "20260230103322", "2026112010332x", "\uff10" * 14],
)
def test_a_stamp_that_is_none_is_quoted(big_hub: Hub, sent: str) -> None:
    given = Terminal(big_hub, READER).parameters("list2", t=sent)
    answer = call(big_hub, joined(given))
    assert b"<StatusCode>2712</StatusCode>" in answer.body
    quoted = sent.encode("ascii", "xmlcharrefreplace").decode()
    assert texts(answer)[1] == f"The time stamp '{quoted}' is not of the form CCYYMMDDHHMMSS. (bad-request)"


def test_without_the_contract_there_is_nothing_to_list(big_hub: Hub) -> None:
    answer = Terminal(big_hub, MUTE).list2()
    assert shown(answer) == refusal("2703", "Lukija mute Oy has no contract for receiving. (no-contract)").replace(
        "x-request-id",
        'ratelimit-policy: "account";q=6000;w=60\nratelimit: "account";r=LEFT;t=SECONDS\nx-request-id',
    )


def test_two_texts_stamp_first_and_the_stamp_finds_the_log_line(big_hub: Hub) -> None:
    answers = [call(big_hub, "TraID=nobody&t=1&d=2", source="127.0.0.42") for _ in range(3)]
    for answer in answers:
        first, second = texts(answer)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\d{2,4}", first)
        assert second == NOT_KNOWN
        lines = [one for one in big_hub.logged() if one.get("stamp") == first]
        assert [(one["event"], one["code"], one["request_id"]) for one in lines] == [
            ("incident", "not-authenticated", answer.field("x-request-id"))
        ]
    assert len({texts(one)[0] for one in answers}) == 3


def test_nothing_that_a_caller_sends_gets_into_the_log(big_hub: Hub) -> None:
    given = Terminal(big_hub, READER).parameters("list2")
    call(big_hub, joined({**given, "pass": "a-secret-of-the-caller"}))
    log = big_hub.log.read_text()
    assert "a-secret-of-the-caller" not in log
    assert given["d"].removeprefix("SHA-256:") not in log
    assert READER.transfer_key not in log


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("endpoint", ["list2", "download"])
def test_another_method_is_an_error_of_http(big_hub: Hub, endpoint: str, method: str) -> None:
    answer = call(big_hub, "", endpoint=endpoint, method=method)
    assert shown(answer) == refusal(
        "2712",
        f"{method} is not answered here; use GET. (method-not-allowed)",
        line="HTTP/1.1 405 Method Not Allowed",
        extra="allow: GET\n",
    )


def test_a_head_request_is_another_method(big_hub: Hub) -> None:
    """The calls change what is stored, and a list that nobody reads costs as much as one that is read."""
    answer = call(big_hub, "", method="HEAD")
    assert (answer.status, answer.field("allow"), answer.body) == (405, "GET", b"")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/List", "/List2", "/list2/x", "/invoices/x"])
def test_an_unknown_path_is_an_error_of_http_in_an_envelope(big_hub: Hub, path: str) -> None:
    answer = exchange(big_hub.port, head(f"GET /apix{path} HTTP/1.1"))
    assert shown(answer) == refusal(
        "9012",
        "There is nothing under this path; known are /authuser, /app-transferID, /getcompanyinfo, /saldo, /email, "
        "/registration, /addressquery, /invoices, /print, /sendpayslip, /senderpayslip, "
        "/method, /pricing, /list, /list2, /receive, /download, /metadata. (unknown-path)",
        line="HTTP/1.1 404 Not Found",
    )


def test_too_many_failures_of_one_address_are_held_off(big_hub: Hub) -> None:
    answers = []
    while len(answers) < 1000 and (not answers or answers[-1].status == 200):
        answers.append(call(big_hub, f"TraID=nobody&t={stamp()}&d=0", source="127.0.0.43"))
    assert len(answers) > 60
    held_off = answers[-1]
    assert (held_off.status, held_off.field("content-type")) == (429, "text/xml")
    assert 1 <= int(held_off.field("retry-after") or "0") <= 60
    assert b"<StatusCode>2799</StatusCode>" in held_off.body
    assert b"<Status>OK</Status>" in Terminal(big_hub, READER, source="127.0.0.43").list2().body


def test_another_companys_key_opens_nothing(big_hub: Hub) -> None:
    other = Reader("other", OTHER.transfer_id, READER.transfer_key, "")
    assert shown(Terminal(big_hub, other, source=SOURCE).list2()) == refusal("2704", NOT_KNOWN)


def test_an_empty_account_has_a_result_of_its_own() -> None:
    """No call that is served costs credits yet; those that send will, and the words are the operator's (2.3)."""
    request = Request({"type": "http", "path": "/list2", "method": "GET", "headers": [], "query_string": b""})
    answer = refuse(InsufficientCredit("Sending this costs 2 credits; the account has 1 to spend."), request, ANY_CALL)
    body = bytes(answer.body).decode()
    assert (answer.status_code, "<Status>ERR</Status>\n<StatusCode>2702</StatusCode>\n" in body) == (200, True)
    assert "Sending this costs 2 credits; the account has 1 to spend. (insufficient-credit)" in body
