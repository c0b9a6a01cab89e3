"""Signing mails (DKIM, RFC 6376), so that a receiver can tell that nobody but the hub's domain sent them, unaltered.

Signed are the whole body and the fields of the head below; those of ``_ONCE`` are signed once more than they stand
there, so that nobody can add another (RFC 6376, 5.4.2). Canonicalisation is relaxed for both (3.4.2, 3.4.4). RSA with
SHA-256 only: what Ed25519 takes is read by few receivers. The same mail gets the same signature.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fakturahub.errors import UnusableCredential
from fakturahub.model.ways import MailSigning

#: RFC 8301, 3.2: signers use at least 1024 bits
LEAST_BITS = 1_024

_ONCE = (b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"content-type")
_SIGNED = (*_ONCE, b"mime-version", b"content-language", b"auto-submitted")

_FIELD = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")


def signed(message: bytes, signing: MailSigning, at: datetime) -> bytes:
    """*message*, every line of it ending in CRLF, with a DKIM-Signature of that time before it.

    It computes: in a thread. Raises `UnusableCredential`.
    """
    key = _key(signing.key.reveal())
    head, _, body = message.partition(b"\r\n\r\n")
    fields = [_relaxed(field) for field in _FIELD.split(head)]
    names = [field.partition(b":")[0] for field in fields]
    listed = [name for name in _SIGNED if name in names] + list(_ONCE)
    tags = (
        b"v=1; a=rsa-sha256; c=relaxed/relaxed",
        b"d=" + signing.domain.encode("idna"),
        b"s=" + signing.selector.encode("ascii"),
        b"t=%d" % int(at.timestamp()),
        b"h=" + b":\r\n ".join(listed),
        b"bh=" + base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()),
        b"b=",
    )
    own = b"DKIM-Signature: " + b";\r\n ".join(tags)
    # Of several fields with a name the last one is signed first; one that is listed and is not there counts as empty.
    left = {name: [field for field in fields if field.partition(b":")[0] == name] for name in listed}
    lines = [left[name].pop() + b"\r\n" for name in listed if left[name]]
    signature = base64.b64encode(key.sign(b"".join(lines) + _relaxed(own), PKCS1v15(), SHA256()))
    folded = b"\r\n ".join(signature[place : place + 72] for place in range(0, len(signature), 72))
    return own + folded + b"\r\n" + message


def _relaxed(field: bytes) -> bytes:
    name, _, value = field.replace(b"\r\n", b"").partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value).strip()


def _relaxed_body(body: bytes) -> bytes:
    lines = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return lines + b"\r\n" if lines else b""


@functools.lru_cache(maxsize=4)
def _key(pem: str) -> RSAPrivateKey:
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
    return key
