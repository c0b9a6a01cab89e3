"""Signing mails (DKIM, RFC 6376), so that a receiver can tell that nobody but the hub's domain sent them, unaltered.

Signed are the whole body and the fields of the head below; those of ``_ONCE`` are signed once more than they stand
there, so that nobody can add another (RFC 6376, 5.4.2). Canonicalisation is relaxed for both. RSA with SHA-256 only:
what Ed25519 takes is read by few receivers.
"""

from __future__ import annotations

import functools

import dkim  # type: ignore[import-untyped]
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fakturahub.errors import UnusableCredential
from fakturahub.model.ways import MailSigning

#: RFC 8301, 3.2: signers use at least 1024 bits
LEAST_BITS = 1_024

_ONCE = (b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"content-type")
_SIGNED = (*_ONCE, b"mime-version", b"content-language", b"auto-submitted")


def signed(message: bytes, signing: MailSigning) -> bytes:
    """*message*, lines ending in CRLF, with a DKIM-Signature before it. It computes: in a thread.

    Raises `UnusableCredential`.
    """
    present = {line.partition(b":")[0].lower() for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")}
    names = [name for name in _SIGNED if name in present]
    signature: bytes = dkim.DKIM(message).sign(
        signing.selector.encode("ascii"),
        signing.domain.encode("idna"),
        _key(signing.key.reveal()),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*names, *_ONCE],
    )
    return signature + message


@functools.lru_cache(maxsize=4)
def _key(pem: str) -> bytes:
    """The key in the one form that the library reads (PKCS #1)."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause, which could quote the text.
        raise UnusableCredential("`dkim_key` of `[mail]` holds no private key in PEM without a password.") from None
    if not isinstance(key, RSAPrivateKey):
        raise UnusableCredential("The key in `dkim_key` of `[mail]` is no RSA key.")
    if key.key_size < LEAST_BITS:
        raise UnusableCredential(
            f"The key in `dkim_key` of `[mail]` has {key.key_size} bits; {LEAST_BITS:,} are needed."
        )
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
