"""Sending again: what counts as the same transfer, and what it is answered (specification 1.4, our choice)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.running import Hub, invoice
from tests.wire.pagero.interchange import paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, basic, exchange
from tests.wire.stored import count_numbered, rows

UNKNOWN = b"<Pakkelapp/>"


def post(hub: Hub, body: bytes, key: str | None = None, mode: str = "prod", *fields: str) -> RawAnswer:
    return exchange(hub.port, posting(body, *fields, path=f"/pagero/incoming/default/invoice/{mode}", key=key))


def test_the_same_key_and_bytes_get_the_same_answer(hub: Hub) -> None:
    first = post(hub, invoice("PR-1"), "pr-1")
    again = [post(hub, invoice("PR-1"), "pr-1") for _ in range(3)]
    assert {one.body for one in again} == {first.body}
    assert {one.shown for one in again} == {first.shown}
    assert len({one.field("x-request-id") for one in [first, *again]}) == 4
    assert count_numbered(hub, "PR-1") == 1


def test_the_same_key_with_other_bytes_is_a_conflict_that_names_the_first(hub: Hub) -> None:
    first = submission_of(post(hub, invoice("PR-2"), "pr-2"))
    answer = post(hub, invoice("PR-2-other"), "pr-2")
    assert answer.shown == (
        "HTTP/1.1 409 Conflict\n"
        "date: DATE\n"
        "content-type: text/html; charset=iso-8859-1\n"
        "content-length: 490\n"
        'ratelimit-policy: "account";q=6000;w=60\n'
        'ratelimit: "account";r=LEFT;t=SECONDS\n'
        "x-request-id: REQUEST\n"
        "\n"
        "<!DOCTYPE html>\n"
        "<html><head><title>Not accepted</title></head>\n"
        "<body>\n"
        "<h1>Not accepted</h1>\n"
        "<p>Code idempotency-conflict (PUF-020 11300)</p>\n"
        "<p>This key was used on TIME UTC for another body, by submission UUID.</p>\n"
        "<p>What to do: Use a new key for a new document. The message names the submission that used the key first.</p>"
        "\n"
        "<p>About this code: /errors/idempotency-conflict</p>\n"
        "<p>Request REQUEST</p>\n"
        "</body></html>\n"
    )
    assert first in answer.text
    assert count_numbered(hub, "PR-2-other") == 0
    assert submission_of(post(hub, invoice("PR-2"), "pr-2")) == first


def test_a_key_counts_for_each_mode_by_itself(hub: Hub) -> None:
    body = invoice("PR-3")
    test, prod, cert = (submission_of(post(hub, body, "pr-3", mode)) for mode in ("test", "prod", "cert"))
    assert len({test, prod, cert}) == 3
    assert post(hub, invoice("PR-3-other"), "pr-3", "test").status == 409
    assert hub.storage_of("PR-3")["StorageStatus"] == "UNRECEIVED"


def test_a_key_counts_for_each_company_by_itself(big_hub: Hub) -> None:
    users = (("skog", "skog-password"), ("prov", "lösen:ord"))
    request = [posting(invoice(f"PR-4-{user}"), key="pr-4", authorization=basic(user, word)) for user, word in users]
    assert [exchange(big_hub.port, one).status for one in request] == [200, 200]


def test_keys_differ_by_case(hub: Hub) -> None:
    assert submission_of(post(hub, invoice("PR-5"), "pr-5")) != submission_of(post(hub, invoice("PR-5"), "PR-5"))


def test_without_a_key_equal_bytes_are_a_repeat_for_a_day(hub: Hub) -> None:
    body = invoice("PR-6")
    first = post(hub, body)
    assert post(hub, body).body == first.body
    assert submission_of(post(hub, body, None, "test")) != submission_of(first)
    assert submission_of(post(hub, body, "pr-6")) != submission_of(first)
    aged = "UPDATE submission SET created_at = created_at - interval '{}' WHERE id = $1::text::uuid RETURNING id"
    rows(hub, aged.format("23 hours 55 minutes"), submission_of(first))
    assert post(hub, body).body == first.body
    rows(hub, aged.format("6 minutes"), submission_of(first))
    assert submission_of(post(hub, body)) != submission_of(first)


def test_without_a_key_bytes_that_hold_no_number_are_no_repeat(hub: Hub) -> None:
    assert submission_of(post(hub, UNKNOWN)) != submission_of(post(hub, UNKNOWN))


@pytest.mark.parametrize("key", ["", "  "])
def test_an_empty_key_is_none(hub: Hub, key: str) -> None:
    body = invoice(f"PR-7-{len(key)}")
    first = post(hub, body, key)
    assert post(hub, body).body == first.body
    assert submission_of(post(hub, invoice(f"PR-7-{len(key)}-other"), key)) != submission_of(first)


def test_a_refused_document_does_not_take_its_key(hub: Hub) -> None:
    refused = post(hub, UNKNOWN, "pr-8")
    assert "was rejected" in paragraphs(refused)[1]
    assert submission_of(post(hub, UNKNOWN, "pr-8")) != submission_of(refused)  # judged anew
    assert paragraphs(post(hub, invoice("PR-8"), "pr-8"))[1:] == []


def test_a_refused_document_under_a_used_key_is_a_conflict(hub: Hub) -> None:
    first = submission_of(post(hub, invoice("PR-9"), "pr-9"))
    answer = post(hub, UNKNOWN, "pr-9")
    assert (answer.status, first in answer.text) == (409, True)


@pytest.mark.parametrize("key", ["x", "Invoice 2026/17 (copy)", "~" * 255, "  blanks around  "])
def test_keys_that_are_taken(hub: Hub, key: str) -> None:
    body = invoice("PR-10")
    first = post(hub, body, key)
    assert first.status == 200
    assert post(hub, body, key.strip()).body == first.body
    assert post(hub, invoice("PR-10-other"), key).status == 409


@pytest.mark.parametrize("fields", [["k" * 256], ["nyckel-ä"], ["a\tb"], ["one", "two"], ["same", "same"], ["", "x"]])
def test_keys_that_cannot_be_told_apart_are_refused(hub: Hub, fields: list[str]) -> None:
    before = rows(hub, "SELECT count(*) FROM submission")
    answer = post(hub, invoice("PR-11"), None, "prod", *(f"x-interchange-id: {one}" for one in fields))
    assert answer.status == 400
    assert paragraphs(answer)[:2] == [
        "Code bad-request",
        "x-interchange-id must be given once, with 1 to 255 visible ASCII characters.",
    ]
    assert rows(hub, "SELECT count(*) FROM submission") == before


def test_the_same_request_many_times_at_once_is_one_submission(hub: Hub) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: post(hub, invoice("PR-12"), "pr-12"), range(36)))
    assert {one.status for one in answers} == {200}
    assert len({one.body for one in answers}) == 1
    assert count_numbered(hub, "PR-12") == 1


def test_of_many_bodies_under_one_key_at_once_one_is_taken(hub: Hub) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda n: post(hub, invoice(f"PR-13-{n}"), "pr-13"), range(24)))
    taken = [one for one in answers if one.status == 200]
    conflicts = [one for one in answers if one.status == 409]
    assert (len(taken), len(conflicts)) == (1, 23)
    assert all(submission_of(taken[0]) in one.text for one in conflicts)
    assert sum(count_numbered(hub, f"PR-13-{n}") for n in range(24)) == 1
