"""Signatures of mails, as a receiver checks them."""

from __future__ import annotations

from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.channels.email import EmailChannel
from fakturahub.config import Secret
from fakturahub.model import Fault, Result
from fakturahub.model.ways import MailServer, MailSigning
from fakturahub.outbound import dkim_signing
from fakturahub.outbound.smtp import SmtpClient
from tests.channels.email.parcels import BEGUN, parcel
from tests.peers.mail import mail_server

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    lock: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption()).decode()


SIGNING = MailSigning("hub.example", "s2026", Secret(pem(KEY)))


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    """The record that the receiver looks up."""
    if name != b"s2026._domainkey.hub.example.":
        return None
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return f"v=DKIM1; k=rsa; p={''.join(public.splitlines()[1:-1])}".encode()


async def signed(**changes: object) -> bytes:
    with mail_server() as peer:
        async with SmtpClient() as client:
            server = MailServer("127.0.0.1", peer.port, "none")
            outcome = await EmailChannel(client).send(parcel(server=server, signing=SIGNING, **changes))  # type: ignore[arg-type]
    assert outcome.result is Result.DELIVERED
    return peer.received[0].content


async def test_a_receiver_can_check_it() -> None:
    message = await signed(text="Hei, åäö\n.\n..\n\ttrailing  \n", to=("a@skog.example", "b@skog.example"))
    assert message.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=hub.example;\r\n s=s2026;")
    assert dkim.verify(message, dnsfunc=dns)


async def test_the_same_mail_gets_the_same_signature() -> None:
    assert await signed() == await signed(attempt=2)


@given(
    st.lists(st.sampled_from([b" ", b"\t", b"a", b"=", b".", b"\r\n", b"\xc3\xa4"]), max_size=40).map(b"".join),
    st.lists(st.sampled_from([b" ", b"\t", b"b", b":", b"\r\n "]), max_size=20).map(b"".join),
)
def test_any_body_and_any_folding(body: bytes, folded: bytes) -> None:
    """By the library that receivers use as well."""
    message = b"From: <a@hub.example>\r\nSUBJECT: x" + folded + b"y\r\nTo:<b@x.example>\r\n\r\n" + body + b"\r\n"
    made = dkim_signing.signed(message, SIGNING, BEGUN)
    assert made.endswith(message)
    assert dkim.verify(made, dnsfunc=dns)
    assert not dkim.verify(made + b"z\r\n", dnsfunc=dns)


async def test_a_name_beyond_ascii_is_signed_too() -> None:
    assert dkim.verify(await signed(to=("åse@skog.example",)), dnsfunc=dns)


@pytest.mark.parametrize(
    "altered",
    [
        lambda message: message.replace(b"Subject: =?utf-8", b"Subject: Re: =?utf-8"),
        lambda message: message.replace(b"To: <ap@", b"To: <ab@"),
        lambda message: message.replace(b"JVBERi", b"JVBERj"),
        lambda message: message.replace(b"\r\nDate: ", b"\r\nFrom: boss@hub.example\r\nDate: "),
        lambda message: message.replace(b"\r\nDate: ", b"\r\nCc: all@x.example\r\nDate: "),
        lambda message: message.replace(b"\r\nDate: ", b"\r\nSubject: other\r\nDate: "),
        lambda message: message.replace(b"\r\nDate: ", b"\r\nContent-Type: text/plain\r\nDate: "),
        lambda message: message.replace(b"Reply-To: <laskut@", b"Reply-To: <lasku@"),
    ],
)
async def test_what_is_altered_does_not_hold(altered: Callable[[bytes], bytes]) -> None:
    message = await signed()
    other = altered(message)
    assert other != message
    assert not dkim.verify(other, dnsfunc=dns)


async def test_keys_in_both_forms() -> None:
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        signing = MailSigning("hub.example", "s2026", Secret(pem(KEY, form)))
        async with SmtpClient() as client:
            with mail_server() as peer:
                server = MailServer("127.0.0.1", peer.port, "none")
                await EmailChannel(client).send(parcel(server=server, signing=signing))
        assert dkim.verify(peer.received[0].content, dnsfunc=dns)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("no key", "holds no private key in PEM"),
        (pem(KEY, lock=BestAvailableEncryption(b"password")), "without a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
        (pem(KEY).replace("MII", "AAA"), "holds no private key in PEM"),
    ],
)
async def test_a_key_that_cannot_be_used_holds_the_mail(key: str, words: str) -> None:
    signing = MailSigning("hub.example", "s2026", Secret(key))
    async with SmtpClient() as client:
        outcome = await EmailChannel(client).send(parcel(folder="/nowhere", signing=signing))
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
    assert words in outcome.detail
    assert "dkim_key" in outcome.detail
    for line in key.splitlines():
        assert line not in repr(outcome)
