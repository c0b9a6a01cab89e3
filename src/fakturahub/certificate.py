"""The certificate that the hub shows its callers: read, judged, and taken up anew when it is renewed on the disk.

TLS 1.2 and 1.3 only. The ciphers of 1.2 are those of Mozilla's "intermediate" (Server Side TLS 5.7): ephemeral keys and
authenticated encryption in every one, but without the three of finite-field Diffie-Hellman, which want parameters of
their own and which no client needs that knows TLS 1.2. Those of 1.3 are the library's, all of which are good.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from fakturahub import telemetry
from fakturahub.errors import OperatorError
from fakturahub.model import Clock

CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
#: seconds between two looks at the files
LOOK = 2.0
#: a certificate that ends within this time is complained about: those of most authorities are renewed earlier
ENDS_SOON = timedelta(days=14)
#: bytes of a file that is read; a chain and a key have a few thousand
MOST = 1024 * 1024

log = telemetry.logger("certificate")


class Files(msgspec.Struct, frozen=True):
    """Where certificate and key are: both PEM, the hub's own certificate first, those up to its authority behind it."""

    cert: str
    key: str

    def stamp(self) -> tuple[tuple[int, int, int], ...] | None:
        """What changes when one of the files is written or replaced, be it behind a link; None where one is missing."""
        try:
            seen = [Path(name).stat() for name in (self.cert, self.key)]
        except OSError:
            return None
        return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in seen)


class Certificate(msgspec.Struct, frozen=True):
    """A certificate with its key, fit to be shown."""

    context: ssl.SSLContext
    names: tuple[str, ...]
    starts: datetime
    ends: datetime
    #: whether every user of the machine can read the key
    key_is_open: bool = False

    def faults(self, now: datetime, files: Files) -> list[str]:
        """What is wrong with it although it can be shown, in sentences."""
        found = []
        if self.ends <= now:
            found.append(f"The certificate in {files.cert} ended on {self.ends:%Y-%m-%d %H:%M} UTC: callers refuse it.")
        elif self.ends - now < ENDS_SOON:
            found.append(f"The certificate in {files.cert} ends on {self.ends:%Y-%m-%d %H:%M} UTC.")
        if self.starts > now:
            found.append(f"The certificate in {files.cert} is not good before {self.starts:%Y-%m-%d %H:%M} UTC.")
        if self.key_is_open:
            found.append(f"{files.key} can be read by every user of this machine; chmod o-r it.")
        return found

    def covers(self, host: str) -> bool:
        """Whether it is for a host of that name (RFC 9525, 6.3: a wildcard stands for one label)."""
        host = host.lower()
        return host in self.names or f"*.{host.partition('.')[2]}" in self.names


def read(files: Files) -> Certificate:
    """Certificate and key from their files; what is judged is what is loaded.

    Raises `OperatorError` for files that are missing or no PEM, a key that is locked or another certificate's, and
    what the library's own bounds refuse, such as RSA keys below 2048 bits.
    """
    chain, key = _bytes(files.cert, "--tls-cert"), _bytes(files.key, "--tls-key")
    try:
        own = x509.load_pem_x509_certificate(chain)
    except ValueError:
        raise OperatorError(f"{files.cert} holds no certificate in PEM. Name the right file with --tls-cert.") from None
    _check_key(own, key, files)
    context = _context()
    _load(context, chain, key, files)
    return Certificate(
        context,
        _names(own),
        own.not_valid_before_utc,
        own.not_valid_after_utc,
        bool(Path(files.key).stat().st_mode & 0o004),
    )


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers(":".join(CIPHERS))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # all ciphers are good, so a client without hardware for AES may have the one that is cheapest for it
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _bytes(name: str, option: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MOST)
    except OSError as error:
        raise OperatorError(
            f"{name} cannot be read: {error.strerror or error}. Name the right file with {option}."
        ) from None


def _load(context: ssl.SSLContext, chain: bytes, key: bytes, files: Files) -> None:
    """By way of files in memory: the library takes paths, and the files on the disk may change between two looks."""
    with _in_memory(chain) as cert_file, _in_memory(key) as key_file:
        try:
            # an empty password, for the library would ask for one at the terminal
            context.load_cert_chain(cert_file.path, key_file.path, password="")
        except ssl.SSLError as error:
            reason = error.reason or ""
            if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
                raise OperatorError(
                    f"The key or the signature of a certificate in {files.cert} is too weak. Have one issued for a key"
                    " of ECDSA P-256, or RSA with 2048 bits or more."
                ) from None
            # not the error's own text: it may tell of the key
            raise OperatorError(f"{files.cert} and {files.key} cannot be used by the TLS library: {reason}.") from None


def _check_key(own: x509.Certificate, key: bytes, files: Files) -> None:
    try:
        public = serialization.load_pem_private_key(key, None).public_key()
    except TypeError:
        raise OperatorError(
            f"{files.key} is locked with a password. Give the key without one: openssl pkey -in KEY -out FILE"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise OperatorError(f"{files.key} holds no private key in PEM. Name the right file with --tls-key.") from None
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if public.public_bytes(*form) != own.public_key().public_bytes(*form):
        raise OperatorError(
            f"{files.key} is not the key of the first certificate in {files.cert}. The hub's own certificate comes"
            " first, those up to its authority behind it."
        )


class _in_memory:  # noqa: N801 - used as a function
    """Bytes as a file that is on no disk, for as long as it is open."""

    def __init__(self, data: bytes) -> None:
        self._descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
        with os.fdopen(self._descriptor, "wb", closefd=False) as file:
            file.write(data)
        self.path = f"/proc/self/fd/{self._descriptor}"

    def __enter__(self) -> _in_memory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _names(own: x509.Certificate) -> tuple[str, ...]:
    try:
        stated = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    hosts = [name.lower() for name in stated.get_values_for_type(x509.DNSName)]
    return (*hosts, *(str(one) for one in stated.get_values_for_type(x509.IPAddress)))


def uncovered(certificate: Certificate, hosts: Sequence[str]) -> list[str]:
    """Those of *hosts* that the certificate is not for."""
    return [host for host in dict.fromkeys(hosts) if not certificate.covers(host)]


class Shown:
    """The certificate that one process shows. New connections get the one that was read last."""

    def __init__(self, files: Files, clock: Clock) -> None:
        """Raises `OperatorError`."""
        self._files = files
        self._clock = clock
        self._stamp = files.stamp()
        self._current = read(files)
        #: for the listening socket, for as long as the process runs
        self.context = self._current.context
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        # called in every handshake, for a client that names no host as well
        connection.context = self._current.context

    def look(self) -> bool:
        """Take up what was renewed; True where something was. What cannot be shown is told, and the former one kept."""
        stamp = self._files.stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._current = read(self._files)
        except OperatorError as error:
            # certificate and key are seldom replaced in one step: the next change is looked at again
            log.warning("the renewed certificate cannot be shown, the former one stays", error=str(error))
            return False
        log.info("certificate renewed", ends=self._current.ends.isoformat(), names=list(self._current.names))
        for fault in self._current.faults(self._clock.now(), self._files):
            log.warning("certificate", fault=fault)
        return True

    async def keep_fresh(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK)
            await asyncio.to_thread(self.look)
