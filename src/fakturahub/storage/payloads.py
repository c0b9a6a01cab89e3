"""Payloads: the bytes of documents, in their row or, above `INLINE_LIMIT`, in an object store under their SHA-256.

A store is a folder (``DIR/payloads`` by default) or whatever a URL names: ``s3://bucket/prefix``, ``gs://…``, ``az://…``;
credentials come from the environment, as the store's own tools take them. Objects::

    ab/cd/abcd…   the payload whose SHA-256 is abcd… in 64 hexadecimal digits
    sweep/abcd…   a mark: the sweep is about to remove that payload
    probe/…       left by a `check` that was interrupted
    incoming/…    in a folder only: files being written

A payload is written, and on the disk, before the transaction that names it begins. Where that transaction never
commits the object is an orphan, which `PayloadStore.sweep` removes later.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

import msgspec
from isal import isal_zlib
from isal.igzip_lib import IsalError
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from fakturahub.clock import SystemClock
from fakturahub.errors import InternalFault, OperatorError, PayloadCorrupt, PayloadStoreUnavailable
from fakturahub.model.exchange import Clock
from fakturahub.storage.data_folder import sync_folder

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

#: bytes; payloads up to this live in the document's row, larger ones in the store
INLINE_LIMIT = 256 * 1024

#: what a row's ``encoding`` says of its ``payload``: as it is, compressed, or kept in the store
IDENTITY, ZLIB, STORE = "identity", "zlib", "store"

#: how young an unnamed object has to be for the sweep to leave it to the transaction that may still name it
ORPHAN_AGE = timedelta(days=1)

_LEAST_ORPHAN_AGE = timedelta(hours=1)
_OBJECT = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
_RUBBISH = ("sweep/", "probe/", "incoming/")
_BATCH = 500
#: a store that is down must fail a submission while its client still waits, not after the library's three minutes
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_TIMES: ClientConfig = {"connect_timeout": "5s", "timeout": "60s"}
#: seconds between the attempts of a put that meets a sweep of the same object
_PAUSES = (0.02, 0.1, 0.5, 2.0)

_log = logging.getLogger(__name__)


def encode_inline(data: bytes) -> tuple[str, bytes]:
    """The ``encoding`` and ``payload`` of a row: zlib's format where that is smaller, else the bytes as they are.

    Packed by ISA-L: the same format to the same size in a quarter of the time, which is a tenth of a submission's.

    Raises `InternalFault` for more than `INLINE_LIMIT` bytes.
    """
    if len(data) > INLINE_LIMIT:
        raise InternalFault(f"A payload of {len(data)} bytes is too large for a row.")
    packed = isal_zlib.compress(data, 1)
    return (ZLIB, packed) if len(packed) < len(data) else (IDENTITY, data)


def decode_inline(encoding: str, payload: bytes) -> bytes:
    """The bytes that `encode_inline` was given. Raises `PayloadCorrupt` where the row cannot hold such bytes."""
    if encoding == IDENTITY:
        return payload
    if encoding != ZLIB:
        raise PayloadCorrupt(f"A row holds a payload in the unknown encoding {encoding!r}.")
    unpacking = isal_zlib.decompressobj()
    try:
        data = unpacking.decompress(payload, INLINE_LIMIT)
    except IsalError as error:  # type: ignore[misc]  # the stub takes it for an instance
        raise PayloadCorrupt("A compressed payload in a row is damaged.") from error
    if not unpacking.eof or unpacking.unused_data:
        raise PayloadCorrupt("A compressed payload in a row is not complete, or longer than a row's may be.")
    return data


class Kept(msgspec.Struct, frozen=True):
    """Bytes as a row holds them, or names them in the store."""

    sha256: bytes
    size: int
    encoding: str
    payload: bytes | None


class PayloadStore:
    """Payloads by their SHA-256 (32 bytes). No exception of the store's library leaves it."""

    def __init__(self, store: ObjectStore, *, clock: Clock | None = None) -> None:
        self._store = store
        self._folder = store.prefix if isinstance(store, LocalStore) else None
        self._clock = clock or SystemClock()
        #: subfolders whose own names are known to be on the disk
        self._settled: set[Path] = set()

    @classmethod
    def open(cls, target: str | Path, *, clock: Clock | None = None) -> Self:
        """The store that *target* names: a folder, which is made where it is missing, or a URL.

        Nothing is asked of a remote store; `check` does that. Raises `OperatorError` for a URL that names no store, or
        none that lasts, and `PayloadStoreUnavailable` where the folder cannot be made.
        """
        is_url = isinstance(target, str) and "://" in target
        scheme = urlsplit(str(target)).scheme if is_url else "file"
        if scheme == "memory":
            raise OperatorError("Payloads cannot be kept in memory; name a folder or an object store.")
        if scheme == "file":
            folder = Path(unquote(urlsplit(str(target)).path)) if is_url else Path(target)
            with _translated("opened"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                return cls(LocalStore(folder.resolve()), clock=clock)
        options = _TIMES.copy()
        if os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"):  # options given here hide the variable
            options["allow_http"] = True
        try:
            return cls(from_url(str(target), client_options=options, retry_config=_RETRIES), clock=clock)
        except (BaseError, ValueError) as error:
            # The URL is not repeated: some kinds of them hold a key.
            raise OperatorError(f"The payload store's URL ({scheme}://…) names no store the hub knows.") from error

    async def put(self, data: bytes) -> bytes:
        """Store *data*, on the disk or acknowledged by the remote store before this returns; its SHA-256.

        Bytes that are there already are made young again, so that the sweep leaves them to their new owner, and are
        written anew where they were damaged. Raises `PayloadStoreUnavailable`.
        """
        digest = (await asyncio.to_thread(hashlib.sha256, data)).digest()
        name = digest.hex()
        for pause in _PAUSES:
            await self._write(_key(name), data)
            # In this order: see `sweep`.
            if await self._age(f"sweep/{name}") is None and await self._age(_key(name)) is not None:
                return digest
            await asyncio.sleep(pause)
        raise PayloadStoreUnavailable("The payload store is being swept; the same bytes are about to be removed.")

    async def keep(self, data: bytes) -> Kept:
        """*data* as a row holds it; where it is too large for one it is stored first. Raises as `put` does."""
        if len(data) > INLINE_LIMIT:
            return Kept(await self.put(data), len(data), STORE, None)
        return Kept(hashlib.sha256(data).digest(), len(data), *encode_inline(data))

    async def load(self, kept: Kept) -> bytes:
        """The bytes that `keep` was given. Raises `PayloadCorrupt` and what `get` raises."""
        if kept.payload is None:
            return await self.get(kept.sha256)
        return decode_inline(kept.encoding, kept.payload)

    async def get(self, sha256: bytes) -> bytes:
        """The bytes with this SHA-256. Raises `PayloadCorrupt` where they are missing or others are there,
        `PayloadStoreUnavailable`, and `InternalFault` for what is no SHA-256."""
        if not isinstance(sha256, bytes) or len(sha256) != 32:
            raise InternalFault("A payload was asked for by something that is no SHA-256.")
        name = sha256.hex()
        with _translated("read"):
            if self._folder is not None and not await asyncio.to_thread(self._folder.is_dir):
                raise PayloadStoreUnavailable("The payload store's folder is gone. Is its disk mounted?")
            try:
                data = bytes(await (await self._store.get_async(_key(name))).bytes_async())
            except FileNotFoundError as error:
                raise PayloadCorrupt(f"The payload {name} is not in the store.") from error
        if (await asyncio.to_thread(hashlib.sha256, data)).digest() != sha256:
            raise PayloadCorrupt(f"The payload {name} is damaged: its bytes have another SHA-256.")
        return data

    async def check(self) -> None:
        """Write, read and delete a probe. Raises `PayloadStoreUnavailable`."""
        key, probe = f"probe/{secrets.token_hex(16)}", secrets.token_bytes(1024)
        await self._write(key, probe)
        with _translated("read"):
            found = bytes(await (await self._store.get_async(key)).bytes_async())
        await self._delete(key)
        if found != probe:
            raise PayloadStoreUnavailable("The payload store gave back other bytes than were written to it.")

    async def sweep(
        self, referenced: Callable[[list[bytes]], Awaitable[set[bytes]]], older_than: timedelta = ORPHAN_AGE
    ) -> int:
        """Remove payloads that no row names and that were put longer ago than *older_than*; how many.

        *referenced* is given up to 500 hashes and returns those that a committed row names. *older_than* has to be
        longer than any transaction between a `put` and the commit of its row; under an hour is refused (ValueError).

        Safe beside a `put` of the same bytes, from any process or machine. The sweep marks the object, looks at its
        age, removes it where it is old, takes the mark away. A put writes the object (which makes it young), then looks
        for the mark, then for the object. Where it wrote before the sweep looked, the sweep sees a young object and
        leaves it. Where it wrote later, the mark was there before; if the put finds it gone already, so is the object,
        and it finds that, too; in either case it writes again. Two sweeps exclude each other: only one can make the
        mark. All this asks of a store is that it shows what was written, and creates an object only where there is
        none, as S3 and its kind do.

        Raises `PayloadStoreUnavailable`, and what *referenced* raises.
        """
        if older_than < _LEAST_ORPHAN_AGE:
            raise ValueError(f"a sweep must leave payloads alone for at least {_LEAST_ORPHAN_AGE}")
        removed = 0
        with _translated("listed"):
            listing = self._store.list(chunk_size=_BATCH).__aiter__()
        while True:
            with _translated("listed"):
                chunk = await anext(listing, None)
            if chunk is None:
                return removed
            oldest = self._clock.now() - older_than
            aged = [found["path"] for found in chunk if found["last_modified"] < oldest]
            for key in aged:
                if key.startswith(_RUBBISH):
                    await self._delete(key)
            names = [match[3] for match in map(_OBJECT.fullmatch, aged) if match]
            named = await referenced([bytes.fromhex(name) for name in names]) if names else set()
            for name in names:
                if bytes.fromhex(name) not in named:
                    removed += await self._sweep_one(name, older_than)

    async def _sweep_one(self, name: str, older_than: timedelta) -> bool:
        with _translated("swept"):
            try:
                await self._store.put_async(f"sweep/{name}", b"", mode="create")
            except AlreadyExistsError:
                return False
        try:
            age = await self._age(_key(name))
            if age is None or age < older_than:
                return False
            await self._delete(_key(name))
            _log.info("payload %s was named by no row and has been removed", name)
            return True
        finally:
            await self._delete(f"sweep/{name}")

    async def _age(self, key: str) -> timedelta | None:
        with _translated("read"):
            try:
                return self._clock.now() - (await self._store.head_async(key))["last_modified"]
            except FileNotFoundError:
                return None

    async def _delete(self, key: str) -> None:
        with _translated("changed"):
            try:
                await self._store.delete_async(key)
            except FileNotFoundError:
                return

    async def _write(self, key: str, data: bytes) -> None:
        with _translated("written"):
            if self._folder is None:
                await self._store.put_async(key, data)
            else:
                await asyncio.to_thread(self._write_file, self._folder, key, data)

    def _write_file(self, folder: Path, key: str, data: bytes) -> None:
        """Write a file as the library does, by a rename, and sync it, which the library does not."""
        path = folder / key
        for level in reversed(path.relative_to(folder).parents[:-1]):
            subfolder = folder / level
            subfolder.mkdir(mode=0o700, exist_ok=True)
            if subfolder not in self._settled:
                sync_folder(subfolder.parent)
                self._settled.add(subfolder)
        if not _freshened(path, data):
            incoming = folder / "incoming"
            incoming.mkdir(mode=0o700, exist_ok=True)
            temporary = incoming / secrets.token_hex(16)
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)


def _freshened(path: Path, data: bytes) -> bool:
    """Whether *path* already held *data*; it then has the time of now, and is on the disk."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        if os.fstat(file.fileno()).st_size != len(data) or file.read() != data:
            return False
        os.utime(file.fileno())
        os.fsync(file.fileno())  # whoever wrote it may not have come to that yet
    return True


def _key(name: str) -> str:
    return f"{name[:2]}/{name[2:4]}/{name}"


@contextmanager
def _translated(verb: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        why = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else "."
        raise PayloadStoreUnavailable(f"The payload store cannot be {verb}{why}") from error
