"""TLS of outgoing connections: 1.2 or newer, the peer's certificate always verified, its name always compared."""

from __future__ import annotations

import os
import ssl
from typing import NoReturn

from fakturahub.config import Secret
from fakturahub.errors import UnusableCredential


def client_context(*, ca: str | None = None, cert: str | None = None, key: Secret | None = None) -> ssl.SSLContext:
    """A context for clients. All three are PEM.

    ``ca``: the authorities that may have signed the peer's certificate, or that certificate itself, instead of the
    system's authorities. ``cert`` with ``key``: what the hub shows of itself, the certificate first and those between
    it and its authority behind it.

    It reads files of the system and takes some milliseconds. Raises `UnusableCredential`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name by itself
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, TypeError, ValueError):  # what is not ASCII is a TypeError
            raise UnusableCredential("`ca` holds no certificate in PEM.") from None
        # What was listed by hand is trusted as it is, be it the server's own certificate or one between.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if cert is not None and key is not None:
        _load(context, cert, key)
    return context


def _load(context: ssl.SSLContext, cert: str, key: Secret) -> None:
    """Certificate and key by way of a file in memory: the library takes a path, and a key is not for the disk."""
    descriptor = os.memfd_create("client", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(f"{cert.strip()}\n{key.reveal().strip()}\n".encode("utf-8", "surrogatepass"))
        file.flush()
        try:
            # Without a password at hand the library would ask for it at the terminal.
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=_no_password)
        except ssl.SSLError as error:
            if "KEY_VALUES_MISMATCH" in (error.reason or ""):
                raise UnusableCredential("`key` is not the key of the certificate in `cert`.") from None
            # Not the error's own text: it may tell of the key.
            raise UnusableCredential("`cert` and `key` are not a certificate and its key in PEM.") from None


def _no_password() -> NoReturn:
    raise UnusableCredential("`key` is locked with a password. Give the key without one.")
