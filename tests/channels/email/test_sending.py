"""Mails against a real mail server: what it takes, refuses, puts off, and what it says nothing of."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from fakturahub.channels.email import PATIENCE, EmailChannel
from fakturahub.channels.email.verdicts import refusal
from fakturahub.config import Secret
from fakturahub.model import Attachment, Fault, Outcome, Result
from fakturahub.model.ways import MailServer
from fakturahub.outbound.smtp import SmtpClient, Times
from fakturahub.outbound.smtp_talk import Stage
from tests.channels.email.parcels import DELIVERY, PDF, parcel
from tests.peers.certificates import Authority, server_context
from tests.peers.mail import DROP, HANG, MailPeer, always, closed_port, mail_server, once, scripted, to

SHORT = Times(connect=0.5, command=0.5, data=0.5, whole=3.0)
PASSWORD = "pass-wört-of-the-hub"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def context(authority: Authority) -> ssl.SSLContext:
    return server_context(authority.issue("localhost"))


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with mail_server() as running:
        yield running


def plain(peer: MailPeer | int) -> MailServer:
    return MailServer("127.0.0.1", peer if isinstance(peer, int) else peer.port, "none")


async def send(server: MailServer, **changes: Any) -> Outcome:
    async with SmtpClient(SHORT) as client:
        return await EmailChannel(client).send(parcel(server=server, **changes))


async def test_a_mail_arrives_whole(peer: MailPeer) -> None:
    xml = Attachment("Lasku.xml", "application/xml", "<Finvoice>ä</Finvoice>".encode())
    outcome = await send(plain(peer), files=(xml,), to=("ap@skog.example", "boss@skog.example"))
    assert outcome.result is Result.DELIVERED
    assert outcome.fault is Fault.NONE
    assert outcome.receipt == f"bounces+{DELIVERY.hex}@hub.example"
    (arrived,) = peer.received
    assert arrived.sender == outcome.receipt
    assert arrived.recipients == ("ap@skog.example", "boss@skog.example")
    message = arrived.message
    assert message["Message-ID"] == f"<{DELIVERY.hex}@hub.example>"
    assert message["To"] == "ap@skog.example, boss@skog.example"
    assert str(message["From"]) == "Virta Sähkö Oy <hub@hub.example>"
    assert message["Reply-To"] == "laskut@virta.example"
    assert message["Subject"] == "Lasku 2026-17 – Virta Sähkö Oy"
    assert message["Date"].datetime.isoformat() == "2026-11-20T09:30:00+00:00"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fi"
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines() == ["Hei,", "", "lasku on liitteenä."]
    assert "<p>lasku on liitteenä.</p>" in page.get_content()
    attached = [(one.get_filename(), one.get_content_type(), one.get_content()) for one in message.iter_attachments()]
    assert attached == [
        ("Lasku 2026-17.pdf", "application/pdf", PDF),
        ("Lasku.xml", "application/xml", xml.content),
    ]
    assert arrived.content.isascii()
    assert not message.defects


async def test_what_is_recorded(peer: MailPeer) -> None:
    outcome = await send(plain(peer))
    assert outcome.record is not None
    assert outcome.record.to == f"127.0.0.1:{peer.port}"
    assert outcome.record.request.startswith(
        f"EHLO hub.example\nMAIL FROM:<bounces+{DELIVERY.hex}@hub.example> SIZE={outcome.record.sent}\n"
        "RCPT TO:<ap@skog.example>\nDATA\n\nDate: Fri, 20 Nov 2026 09:30:00 +0000\nFrom: "
    )
    assert "Lasku" not in outcome.record.request.partition("Content-Type")[2]
    assert outcome.record.answer.endswith("250 recipient ok\n250 queued as 4711")
    assert outcome.record.sent == len(peer.received[0].content)
    assert outcome.record.received > 50
    assert {"connect", "envelope", "data"} <= set(outcome.record.timings)


async def test_tried_again_it_is_the_same_mail(peer: MailPeer) -> None:
    for attempt in (1, 2):
        await send(plain(peer), attempt=attempt)
    await send(plain(peer), delivery_id=UUID(int=5))
    first, second, other = peer.received
    assert first.content == second.content
    assert first.id == second.id != other.id


# --- recipients -----------------------------------------------------------------------------------------------------


async def test_a_mailbox_that_is_not_there(peer: MailPeer) -> None:
    peer.behaviours["RCPT"] = always("550 5.1.1 no such user here")
    outcome = await send(plain(peer))
    assert outcome.result is Result.FAILED
    assert outcome.fault is Fault.NONE
    assert "ap@skog.example (550 5.1.1 no such user here)" in outcome.detail
    assert not peer.received


async def test_a_mailbox_that_is_put_off(peer: MailPeer) -> None:
    peer.behaviours["RCPT"] = once("451 4.7.1 greylisted, come back")
    outcome = await send(plain(peer))
    assert outcome.result is Result.RETRY
    assert outcome.fault is Fault.NONE
    assert "4.7.1 greylisted" in outcome.detail
    assert (await send(plain(peer), attempt=2)).result is Result.DELIVERED
    assert len(peer.received) == 1


async def test_of_two_mailboxes_one_is_not_there(peer: MailPeer) -> None:
    peer.behaviours["RCPT"] = to("gone@skog.example", "550 no such user")
    outcome = await send(plain(peer), to=("gone@skog.example", "ap@skog.example"))
    assert outcome.result is Result.DELIVERED
    assert "for 1 of 2 recipients, not for gone@skog.example (550 no such user)" in outcome.detail
    assert peer.received[0].recipients == ("ap@skog.example",)


async def test_of_two_mailboxes_one_is_put_off(peer: MailPeer) -> None:
    """Nobody gets the mail twice: it waits for both, for a while."""
    peer.behaviours["RCPT"] = to("slow@skog.example", "450 later")
    both = ("slow@skog.example", "ap@skog.example")
    for attempt in range(1, PATIENCE):
        outcome = await send(plain(peer), to=both, attempt=attempt)
        assert outcome.result is Result.RETRY
        assert "slow@skog.example (450 later)" in outcome.detail
    assert not peer.received
    outcome = await send(plain(peer), to=both, attempt=PATIENCE)
    assert outcome.result is Result.DELIVERED
    assert "not for slow@skog.example (450 later)" in outcome.detail
    assert peer.received[0].recipients == ("ap@skog.example",)


async def test_one_put_off_and_one_gone(peer: MailPeer) -> None:
    peer.behaviours["RCPT"] = lambda address: "450 later" if address.startswith("slow") else "550 gone"
    outcome = await send(plain(peer), to=("slow@skog.example", "gone@skog.example"), attempt=PATIENCE)
    assert outcome.result is Result.RETRY


# --- the mail itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("554 5.7.1 looks like spam", Result.FAILED),
        ("552 too large", Result.FAILED),
        ("451 4.3.0 try again", Result.RETRY),
        ("200 is this SMTP", Result.RETRY),
    ],
)
async def test_answers_to_the_mail(peer: MailPeer, answer: str, result: Result) -> None:
    peer.behaviours["DATA"] = always(answer)
    outcome = await send(plain(peer))
    assert outcome.result is result
    assert outcome.fault is Fault.NONE
    assert answer in outcome.detail


@pytest.mark.parametrize("end", [DROP, HANG])
async def test_the_answer_is_lost_after_everything_was_read(peer: MailPeer, end: str) -> None:
    """The same mail goes again, so that whoever got it can tell."""
    peer.behaviours["READ"] = once(end)
    outcome = await send(plain(peer))
    assert outcome.result is Result.RETRY
    assert outcome.fault is Fault.RECEIVER
    assert "may have been taken" in outcome.detail
    assert (await send(plain(peer), attempt=2)).result is Result.DELIVERED
    first, second = peer.received
    assert first.id == second.id
    assert first.content == second.content


async def test_a_server_that_takes_less() -> None:
    with mail_server(most_bytes=50_000) as peer:
        outcome = await send(plain(peer), data=PDF * 10)
    assert outcome.result is Result.FAILED
    assert "50,000 are taken" in outcome.detail
    assert "MAIL" not in peer.commands


# --- the server -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_server_that_is_leaving(peer: MailPeer, command: str) -> None:
    peer.behaviours[command] = always("421 4.3.2 closing down")
    outcome = await send(plain(peer))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "421 4.3.2 closing down" in outcome.detail


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("end", [DROP, HANG])
async def test_a_server_that_goes_away_or_says_nothing(peer: MailPeer, command: str, end: str) -> None:
    peer.behaviours[command] = always(end)
    outcome = await send(plain(peer))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert ("closed the connection" if end == DROP else "did not answer in time") in outcome.detail
    assert f"127.0.0.1:{peer.port}" in outcome.detail


async def test_a_sender_that_is_refused_is_no_verdict_on_the_document(peer: MailPeer) -> None:
    peer.behaviours["MAIL"] = always("550 5.7.1 not your domain")
    outcome = await send(plain(peer))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "`sender`" in outcome.detail


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b"554 5.3.2 no service here\r\n"], "554 5.3.2 no service here"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "answered what is no SMTP"),
        ([b"\xff\xfe\x00garbage\r\n"], "answered what is no SMTP"),
        ([None], "closed the connection"),
        ([], "did not answer in time"),
        ([b"220 hello\r\n", b"500 what\r\n", b"500 what\r\n"], "500 what"),
        ([b"220 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"999 ok\r\n"], "answered what is no SMTP"),
        ([b"220 hello\r\n", b"250-" + b"x" * 40_000], "answered what is no SMTP"),
        ([b"220 hello\r\n", b"250-a\r\n" * 10], "did not answer in time"),
    ],
)
async def test_what_speaks_no_smtp(lines: list[bytes | None], words: str) -> None:
    with scripted(lines) as port:
        outcome = await send(plain(port))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert words in outcome.detail
    assert outcome.record is not None
    assert outcome.record.answer.isprintable() or "\n" in outcome.record.answer


async def test_sense_and_nonsense_about_two_mailboxes() -> None:
    ok = b"250 ok\r\n"
    with scripted([b"220 hello\r\n", ok, ok, b"550 gone\r\n", b"999 what\r\n", ok, ok, ok]) as port:
        outcome = await send(plain(port), to=("a@skog.example", "b@skog.example"))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "answered what is no SMTP" in outcome.detail


async def test_looking_in(authority: Authority, context: ssl.SSLContext) -> None:
    with mail_server(starttls=context, users={"u": PASSWORD}) as peer:
        async with SmtpClient(SHORT) as client:
            server = MailServer("localhost", peer.port, "starttls", "u", Secret(PASSWORD), authority.cert)
            assert (await client.look_in(server, "hub.example")).stage is Stage.DONE
            wrong = MailServer("localhost", peer.port, "starttls", "u", Secret("wrong"), authority.cert)
            handover = await client.look_in(wrong, "hub.example")
    assert handover.stage is Stage.LOGIN
    assert refusal(handover, "localhost") == (
        "localhost refused the login; compare user and password in `url` of `[mail]`: 535 5.7.8."
    )
    assert "MAIL" not in peer.commands


async def test_a_server_that_trickles_is_left() -> None:
    with mail_server() as peer:
        peer.behaviours["RCPT"] = lambda _: None
        async with SmtpClient(Times(connect=1, command=1, data=1, whole=0.3)) as client:
            peer.behaviours["MAIL"] = always(HANG)
            outcome = await asyncio.wait_for(EmailChannel(client).send(parcel(server=plain(peer))), 2)
    assert outcome.result is Result.RETRY


async def test_nobody_listens() -> None:
    outcome = await send(plain(closed_port()))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "refused the connection" in outcome.detail


# --- TLS and login --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_encrypted_and_logged_in(authority: Authority, context: ssl.SSLContext, tls: Any) -> None:
    with mail_server(**{tls: context}, users={"hub@hub.example": PASSWORD}) as peer:
        server = MailServer("localhost", peer.port, tls, "hub@hub.example", Secret(PASSWORD), authority.cert)
        outcome = await send(server)
    assert outcome.result is Result.DELIVERED
    assert peer.received[0].encrypted
    assert peer.received[0].user == "hub@hub.example"
    assert "AUTH PLAIN …" in outcome.record.request  # type: ignore[union-attr]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_of_somebody_else(authority: Authority, context: ssl.SSLContext, tls: Any) -> None:
    with mail_server(**{tls: context}, users={"u": PASSWORD}) as peer:
        for host, ca in (("localhost", None), ("127.0.0.1", authority.cert), ("localhost", Authority().cert)):
            server = MailServer(host, peer.port, tls, "u", Secret(PASSWORD), ca)
            outcome = await send(server)
            assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
            assert "certificate" in outcome.detail
    assert not peer.passwords_seen


async def test_without_starttls_no_password_is_sent(authority: Authority) -> None:
    with mail_server(users={"u": PASSWORD}) as peer:
        outcome = await send(MailServer("localhost", peer.port, "starttls", "u", Secret(PASSWORD), authority.cert))
    assert outcome.result is Result.RETRY
    assert "offers no STARTTLS" in outcome.detail
    assert not peer.passwords_seen


async def test_tls_where_there_is_none(peer: MailPeer) -> None:
    outcome = await send(MailServer("localhost", peer.port, "tls"))
    assert "does not begin with TLS; with `?tls=starttls`" in outcome.detail


async def test_a_wrong_password_is_tried_once_and_told_nowhere() -> None:
    with mail_server(users={"u": "another"}) as peer:
        outcome = await send(MailServer("127.0.0.1", peer.port, "none", "u", Secret(PASSWORD)))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.RECEIVER)
    assert "refused the login" in outcome.detail
    assert peer.passwords_seen == [PASSWORD]
    assert PASSWORD not in repr(outcome)


async def test_a_server_that_repeats_the_password() -> None:
    script = [b"220 hello\r\n", b"250-x\r\n250 AUTH PLAIN\r\n", f"535 5.7.8 wrong: {PASSWORD}\r\n".encode()]
    with scripted(script) as port:
        outcome = await send(MailServer("127.0.0.1", port, "none", "u", Secret(PASSWORD)))
    assert "535 5.7.8" in outcome.detail
    assert PASSWORD not in repr(outcome)


async def test_a_server_that_wants_a_login() -> None:
    with mail_server(users={"u": PASSWORD}) as peer:
        outcome = await send(plain(peer))
    assert outcome.result is Result.RETRY
    assert "wants a login" in outcome.detail


async def test_an_authority_that_is_none() -> None:
    outcome = await send(MailServer("localhost", 25, "tls", ca="no PEM"))
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
    assert "`ca` of `[mail]`" in outcome.detail


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b@c.example",
        "a b@c.example",
        "a@c.example\r\nRCPT TO:<all@x.example>",
        "<a@c.example>",
        "a@c.example> SIZE=1",
        '"a b"@c.example',
        "a@[127.0.0.1]",
        "a@c_d.example",
        ".a@c.example",
        "a@" + "x" * 64 + ".example",
        "x" * 65 + "@c.example",
        "",
    ],
)
async def test_what_is_no_address_reaches_no_server(peer: MailPeer, address: str) -> None:
    outcome = await send(plain(peer), to=("ap@skog.example", address))
    assert (outcome.result, outcome.fault) == (Result.FAILED, Fault.NONE)
    assert "is no e-mail address" in outcome.detail
    assert not peer.connections


async def test_how_many_recipients() -> None:
    with mail_server() as peer:
        for count, result in ((0, Result.FAILED), (20, Result.DELIVERED), (21, Result.FAILED)):
            outcome = await send(plain(peer), to=tuple(f"a{number}@skog.example" for number in range(count)))
            assert outcome.result is result
    assert len(peer.received[0].recipients) == 20


async def test_the_same_mailbox_twice(peer: MailPeer) -> None:
    await send(plain(peer), to=("ap@skog.example", " ap@skog.example"))
    assert peer.received[0].recipients == ("ap@skog.example",)


async def test_a_domain_beyond_ascii(peer: MailPeer) -> None:
    await send(plain(peer), to=("ap@sågverk.example",))
    assert peer.received[0].recipients == ("ap@xn--sgverk-iua.example",)


async def test_a_name_beyond_ascii() -> None:
    with mail_server() as peer:
        assert (await send(plain(peer), to=("åse@skog.example",))).result is Result.DELIVERED
        assert peer.received[0].recipients == ("åse@skog.example",)
        assert "To: <åse@skog.example>".encode() in peer.received[0].content
    with mail_server(utf8=False) as peer:
        outcome = await send(plain(peer), to=("åse@skog.example",))
        assert outcome.result is Result.FAILED
        assert "only addresses in ASCII" in outcome.detail


# --- sessions -------------------------------------------------------------------------------------------------------


async def test_one_session_for_many_mails(peer: MailPeer) -> None:
    async with SmtpClient(SHORT) as client:
        channel = EmailChannel(client)
        for number in range(5):
            outcome = await channel.send(parcel(server=plain(peer), delivery_id=UUID(int=number + 1)))
            assert outcome.result is Result.DELIVERED
    assert peer.connections == 1
    assert len(set(peer.ids())) == 5


async def test_a_session_that_ended_meanwhile_harms_no_mail(peer: MailPeer) -> None:
    async with SmtpClient(SHORT) as client:
        channel = EmailChannel(client)
        await channel.send(parcel(server=plain(peer)))
        for behaviour in (once(DROP), once("421 too long idle"), once(HANG)):
            peer.behaviours["RSET"] = behaviour
            outcome = await channel.send(parcel(server=plain(peer)))
            assert outcome.result is Result.DELIVERED
    assert peer.connections == 4


async def test_another_password_is_another_session() -> None:
    with mail_server(users={"u": "new"}) as peer:
        async with SmtpClient(SHORT) as client:
            channel = EmailChannel(client)
            good = MailServer("127.0.0.1", peer.port, "none", "u", Secret("new"))
            assert (await channel.send(parcel(server=good))).result is Result.DELIVERED
            bad = MailServer("127.0.0.1", peer.port, "none", "u", Secret("old"))
            assert (await channel.send(parcel(server=bad))).result is Result.RETRY


async def test_many_at_once(peer: MailPeer) -> None:
    async with SmtpClient(Times()) as client:
        channel = EmailChannel(client)
        parcels = [parcel(server=plain(peer), delivery_id=UUID(int=number + 1)) for number in range(60)]
        outcomes = await asyncio.gather(*(channel.send(one) for one in parcels))
    assert {one.result for one in outcomes} == {Result.DELIVERED}
    assert sorted(peer.ids()) == sorted(f"<{one.delivery_id.hex}@hub.example>" for one in parcels)


async def test_cancelled_it_leaves_nothing_open(peer: MailPeer) -> None:
    peer.behaviours["RCPT"] = always(HANG)
    async with SmtpClient(Times()) as client:
        sending = asyncio.create_task(EmailChannel(client).send(parcel(server=plain(peer))))
        await asyncio.to_thread(peer.hanging.wait, 5)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert not client._idle
