"""Quotas, and the header fields that announce them on every answer."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.conftest import _make_database
from tests.running import Hub, invoice, running_hub
from tests.wire import companies
from tests.wire.pagero.interchange import PATH, paragraphs, posting
from tests.wire.raw import RawAnswer, basic, exchange, head

QUOTA = 8


@pytest.fixture(scope="module")
def narrow_hub(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that gives each account few requests."""
    folder = tmp_path_factory.mktemp("narrow")
    arguments = ("--account-rate", str(QUOTA), "--address-rate", "600")
    file = companies.write(folder)
    with running_hub(
        folder / "data", database=_make_database(postgres), companies=file, arguments=arguments
    ) as running:
        yield running


def announced(answer: RawAnswer) -> tuple[str | None, str | None]:
    return answer.field("ratelimit-policy"), answer.field("ratelimit")


def test_an_account_that_has_spent_its_quota_has_to_wait(narrow_hub: Hub) -> None:
    def post(number: int, *, source: str = "127.0.0.31") -> RawAnswer:
        return exchange(narrow_hub.port, posting(invoice("PL-1"), key=f"pl-1-{number}"), source=source)

    for number in range(QUOTA):
        answer = post(number)
        assert answer.status == 200
        policy, left = announced(answer)
        assert policy == f'"address";q=600;w=60, "account";q={QUOTA};w=60'
        assert left is not None
        assert re.fullmatch(rf'"address";r=\d+;t=\d+, "account";r={QUOTA - 1 - number};t=\d+', left)
    refused = post(QUOTA)
    assert refused.status_line == "HTTP/1.1 429 Too Many Requests"
    # The quota comes back evenly: one request every 60 / QUOTA seconds.
    wait = int(refused.field("retry-after") or "0")
    policy, left = announced(refused)
    assert policy == f'"address";q=600;w=60, "account";q={QUOTA};w=60'
    assert re.fullmatch(r'"address";r=\d+;t=\d+, "account";r=0;t=(5\d|60)', left or "")
    assert 1 <= wait <= 8
    assert paragraphs(refused)[:2] == [
        "Code rate-limited",
        f"More than {QUOTA} requests in 60 seconds from this account; wait {wait} s.",
    ]
    assert refused.field("x-request-id")
    # It is the account that waits: elsewhere it has to wait, too, and another account does not.
    assert post(QUOTA, source="127.0.0.32").status == 429
    other = posting(invoice("PL-1"), authorization=basic("prov", "lösen:ord"))
    assert exchange(narrow_hub.port, other, source="127.0.0.31").status == 200


def test_requests_for_tokens_count_for_the_account_as_well(narrow_hub: Hub) -> None:
    def token(body: str, client: str = "blank-erp") -> RawAnswer:
        sent = body.encode()
        fields = [
            basic(client, f"{client}-secret"),
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(sent)}",
        ]
        return exchange(narrow_hub.port, head("POST /oauth/v2/oauth-token HTTP/1.1", *fields) + sent)

    password = "grant_type=password&username=blank&password=blank-password"
    statuses = [token(body).status for body in [password] * 4 + ["grant_type=refresh_token"] * (QUOTA - 4)]
    assert statuses == [200] * 4 + [400] * (QUOTA - 4)
    refused = token(password)
    assert refused.status == 429
    assert 1 <= int(refused.field("retry-after") or "0") <= 8
    posted = exchange(narrow_hub.port, posting(invoice("PL-9"), authorization=basic("blank", "blank-password")))
    assert posted.status == 429
    # another client is another account, and who is not known has none to spend
    lager = "grant_type=password&username=lager&password=lager-password"
    assert token(lager, "lager-erp").status == 200
    assert token(password, "nobody").status == 401


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (posting(invoice("PL-2"), authorization=basic("strikt", "strikt-password")), 200),
        (posting(b"", authorization=basic("strikt", "strikt-password")), 400),
        (posting(b"", authorization=None), 401),
        (posting(b"<a/>", authorization=basic("lager", "lager-password")), 403),
        (posting(b"", path="/pagero/x"), 404),
        (head(f"GET {PATH} HTTP/1.1"), 405),
        (posting(b"", authorization=basic("strikt", "strikt-password"), length=10**9), 413),
    ],
)
def test_every_answer_has_a_request_id_and_says_what_is_left(
    narrow_hub: Hub, request_bytes: bytes, status: int
) -> None:
    answer = exchange(narrow_hub.port, request_bytes, source="127.0.0.33")
    assert answer.status == status
    assert re.fullmatch(r"[0-9a-f]{32}", answer.field("x-request-id") or "")
    policy, left = announced(answer)
    assert policy is not None
    assert policy.startswith('"address";q=600;w=60')
    assert left is not None
    assert left.startswith('"address";r=5')


def test_an_address_that_has_spent_its_quota_has_to_wait(narrow_hub: Hub) -> None:
    request = head("GET /pagero/x HTTP/1.1")
    statuses = []
    while 429 not in statuses and len(statuses) < 5000:  # ten a second come back meanwhile
        statuses.append(exchange(narrow_hub.port, request, source="127.0.0.34").status)
    assert statuses[:600] == [404] * 600
    assert statuses[-1] == 429
    assert exchange(narrow_hub.port, request, source="127.0.0.35").status == 404


def test_the_request_id_finds_the_log_lines(narrow_hub: Hub) -> None:
    answer = exchange(narrow_hub.port, posting(b"", authorization=None), source="127.0.0.36")
    lines: list[dict[str, object]] = []
    until = time.monotonic() + 20
    while len(lines) < 2 and time.monotonic() < until:  # the last line is written when the answer is out
        lines = [one for one in narrow_hub.logged() if one.get("request_id") == answer.field("x-request-id")]
        time.sleep(0.02)
    assert [one["event"] for one in lines] == ["refused", "request"]
    assert (lines[0]["code"], lines[1]["status"], lines[1]["address"]) == ("not-authenticated", 401, "127.0.0.36")
