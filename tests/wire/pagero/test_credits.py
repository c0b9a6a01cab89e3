"""What a way costs, and a company that cannot pay for it."""

from __future__ import annotations

from decimal import Decimal

from tests.running import Hub, invoice, to_nobody
from tests.wire.companies import by_mail
from tests.wire.pagero.interchange import paragraphs, posting, submission_of
from tests.wire.raw import RawAnswer, basic, exchange
from tests.wire.stored import count_numbered, documents, rows


def post(hub: Hub, body: bytes, key: str | None = None, mode: str = "prod") -> RawAnswer:
    path = f"/pagero/incoming/default/invoice/{mode}"
    return exchange(hub.port, posting(body, path=path, key=key, authorization=basic("penny", "penny-password")))


def left(hub: Hub) -> tuple[Decimal, Decimal]:
    """What the company has, and how much of it is reserved for mails that have not left yet."""
    (row,) = rows(
        hub,
        "SELECT balance, reserved FROM account JOIN company ON company.id = company_id WHERE key = 'penny'",
    )
    return row["balance"], row["reserved"]


def test_an_empty_account_is_told_so_and_nothing_is_stored(big_hub: Hub) -> None:
    first = post(big_hub, by_mail("PC-1"), "pc-1")
    said = paragraphs(first)
    assert submission_of(first) in said[0]
    assert said[-2:] == [
        "It leaves by e-mail: no company of this hub has the electronic address 0216:000000000000; none has the "
        "business id 0212:000000000; none has the VAT id 0000000000; the mail address of its buyer is "
        "laskut@virta.example.",
        "Price: 0.75 credits.",
    ]
    answer = post(big_hub, by_mail("PC-2"), "pc-2")
    assert answer.shown == (
        "HTTP/1.1 402 Payment Required\n"
        "date: DATE\n"
        "content-type: text/html; charset=iso-8859-1\n"
        "content-length: 435\n"
        'ratelimit-policy: "account";q=6000;w=60\n'
        'ratelimit: "account";r=LEFT;t=SECONDS\n'
        "x-request-id: REQUEST\n"
        "\n"
        "<!DOCTYPE html>\n"
        "<html><head><title>Not accepted</title></head>\n"
        "<body>\n"
        "<h1>Not accepted</h1>\n"
        "<p>Code insufficient-credit</p>\n"
        "<p>Sending this costs 0.75 credits; the account has 0.25 to spend.</p>\n"
        "<p>What to do: Nothing was stored. Have credits added to the account and send the same request again, with "
        "the same key.</p>\n"
        "<p>About this code: /errors/insufficient-credit</p>\n"
        "<p>Request REQUEST</p>\n"
        "</body></html>\n"
    )
    assert count_numbered(big_hub, "PC-2") == 0
    assert post(big_hub, by_mail("PC-1"), "pc-1").body == first.body, "what was paid for is answered as before"
    assert sum(left(big_hub)) in (Decimal("1.75"), Decimal("0.25")), "reserved, or settled by now"
    big_hub.command("credits", "penny", "--add", "0.5", "--why", "for the second")
    again = post(big_hub, by_mail("PC-2"), "pc-2")
    (document,) = documents(big_hub, submission_of(again))
    assert (document["number"], document["state"] in ("routed", "delivered")) == ("PC-2", True)
    balance, reserved = left(big_hub)  # in one look: a mail may leave between two
    assert balance - reserved == 0


def test_what_costs_nothing_passes_with_an_empty_account(big_hub: Hub) -> None:
    answer = post(big_hub, invoice("PC-3"))
    assert not any("Price" in one for one in paragraphs(answer))
    assert documents(big_hub, submission_of(answer))[0]["state"] in ("routed", "delivered")
    assert documents(big_hub, submission_of(post(big_hub, to_nobody("PC-4"))))[0]["state"] == "unroutable"


def test_a_test_says_the_price_and_takes_nothing(big_hub: Hub) -> None:
    before = left(big_hub)
    said = paragraphs(post(big_hub, by_mail("PC-5"), mode="test"))
    assert "Price: 0.75 credits." in said
    assert left(big_hub) == before
