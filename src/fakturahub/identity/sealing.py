"""Secrets at rest: the master key, and the sealing of what a protocol needs in plain.

Everything is made from one master key of 32 bytes by HKDF-SHA256 (RFC 5869), one key for each purpose, so that no key
does two things. A sealed text is ``v1:`` and, in base64url without padding, 4 bytes that name the key, 12 bytes of
random nonce, and the ciphertext of AES-256-GCM with its tag of 16 bytes. The name of the key and the context stand
under the tag: a sealed text that is moved to another place, or altered, does not open.

A key that takes another's place can thus tell which texts are its own: see :attr:`MasterKey.id`.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fakturahub.errors import MasterKeyError

_KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12
_VERSION = "v1"
#: a key file is one line of base64; anything larger is something else
_FILE_LIMIT = 1_024


class MasterKey:
    """The key that everything else is derived from. It shows itself to nothing: not to repr, pickle or an error."""

    __slots__ = ("_key", "_sealing", "id")

    def __init__(self, key: bytes) -> None:
        """*key* is 32 bytes; MasterKeyError for any other length."""
        if len(key) != _KEY_BYTES:
            raise MasterKeyError(f"a master key is {_KEY_BYTES} bytes long, this one is {len(key)}")
        self._key = key
        self._sealing = AESGCM(self.derive("sealing"))
        #: names the key in every text it sealed: 8 hexadecimal digits, derived, of no use to anyone else
        self.id: str = self.derive("id")[:_ID_BYTES].hex()

    @classmethod
    def generate(cls) -> MasterKey:
        """A new key from the system's random source."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """A key given as 64 hexadecimal digits, or as base64 or base64url with or without padding.

        Raises MasterKeyError for anything that is not 32 bytes in one of these forms.
        """
        stripped = text.strip()
        with _unreadable_as_key():
            if len(stripped) == 2 * _KEY_BYTES:
                return cls(bytes.fromhex(stripped))
            standard = stripped.rstrip("=").replace("-", "+").replace("_", "/")
            return cls(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))

    @classmethod
    def kept_in(cls, folder: Path, *, create: bool = True) -> MasterKey:
        """The key of the hub whose data folder is *folder*: ``keys/master.key`` in it, one line of base64.

        Where there is none and *create* allows, one is made: the folder ``keys`` with mode 0700, the file with 0600,
        complete and on the disk before it has its name. Of several processes that do so at once, one wins.

        Raises MasterKeyError where the file is missing, is not a key, cannot be read or written, or where it or its
        folder is open to group or others.
        """
        keys = folder / "keys"
        file = keys / "master.key"
        try:
            if create:
                keys.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not file.exists():
                    _publish(cls.generate()._text(), file)
            _closed(keys.stat(), keys, "700")
            return cls.from_text(_content(file))
        except FileNotFoundError as error:
            raise MasterKeyError(f"there is no master key in {error.filename}") from None
        except OSError as error:
            raise MasterKeyError(f"{error.filename or file} cannot be used: {error.strerror}") from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one *purpose*, always the same for the same key: HKDF-SHA256 without salt."""
        return HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"fakturahub/{purpose}".encode()).derive(self._key)

    def fingerprint(self) -> str:
        """32 hexadecimal digits that tell this key from any other and say nothing about it."""
        return self.derive("fingerprint")[:16].hex()

    def seal(self, plain: str, context: str) -> str:
        """*plain* encrypted for the place *context*, such as ``company/virta/apix.transfer_key``.

        The same text sealed twice gives two different results.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._sealing.encrypt(nonce, plain.encode("utf-8", "surrogatepass"), self._bound(context))
        packed = base64.urlsafe_b64encode(bytes.fromhex(self.id) + nonce + sealed)
        return f"{_VERSION}:{packed.rstrip(b'=').decode('ascii')}"

    def unseal(self, text: str, context: str) -> str:
        """What was sealed for that *context*.

        Raises MasterKeyError where *text* is no sealed text, was sealed with another key, or is not what was sealed
        for this place.
        """
        version, _, packed = text.partition(":")
        try:
            data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if version != _VERSION or len(data) < _ID_BYTES + _NONCE_BYTES + 16:
            raise MasterKeyError(f"what is stored for {context} is not a sealed text")
        key_id, nonce, sealed = data[:_ID_BYTES], data[_ID_BYTES:][:_NONCE_BYTES], data[_ID_BYTES + _NONCE_BYTES :]
        if key_id.hex() != self.id:
            raise MasterKeyError(f"{context} was sealed with the key {key_id.hex()}, this one is {self.id}")
        try:
            return self._sealing.decrypt(nonce, sealed, self._bound(context)).decode("utf-8", "surrogatepass")
        except InvalidTag:
            raise MasterKeyError(f"what is stored for {context} was altered or belongs to another place") from None

    def _bound(self, context: str) -> bytes:
        """What stands under the tag beside the text itself."""
        return f"{_VERSION}\0{self.id}\0{context}".encode()

    def _text(self) -> str:
        return base64.b64encode(self._key).decode("ascii")

    def __repr__(self) -> str:
        return f"MasterKey(id={self.id})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key is not pickled")


@contextmanager
def _unreadable_as_key() -> Iterator[None]:
    try:
        yield
    except (binascii.Error, ValueError):
        # Without the cause: its message could quote the text.
        raise MasterKeyError(
            "a master key is 64 hexadecimal digits or 44 characters of base64, this is neither"
        ) from None


def _publish(text: str, file: Path) -> None:
    """Write *file* so that it appears complete or not at all, and never in place of another."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            os.fchmod(stream.fileno(), 0o600)  # whatever the umask says
            stream.write(f"{text}\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            return  # another process made the key first, and that one counts
    finally:
        draft.unlink()
    for folder in (file.parent, file.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _content(file: Path) -> str:
    """The text of a key file that only its owner can read; its mode is that of the very file that is read."""
    # Without waiting: a named pipe in its place must not hold up the start.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise MasterKeyError(f"{file} is not a regular file")
        _closed(status, file, "600")
        return stream.read(_FILE_LIMIT).decode("ascii", "replace")


def _closed(status: os.stat_result, path: Path, mode: str) -> None:
    if status.st_mode & 0o077:
        raise MasterKeyError(
            f"{path} is open to others than its owner (mode {stat.S_IMODE(status.st_mode):04o}): "
            f"run `chmod {mode} {path}`, and make a new key if somebody may have read it"
        )
