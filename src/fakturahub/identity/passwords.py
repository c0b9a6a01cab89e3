"""Passwords: how they are hashed, and how they are checked on every request without stopping the event loop."""

from __future__ import annotations

import asyncio
import functools
import hmac
import re
import secrets
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from fakturahub.errors import Overloaded

# Argon2id with 19 MiB, 2 passes and 1 lane: the OWASP Password Storage Cheat Sheet's second choice. About 23 ms.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
# What a stored hash may ask for: twice each, so that a forged one cannot take the machine's memory or time.
_MOST_MEMORY, _MOST_PASSES, _MOST_LANES = 65_536, 8, 4
_ENCODED = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{16,88}"
)


def hash_password(password: str) -> str:
    """The Argon2id hash of *password* with a salt of its own, in the encoded form ``$argon2id$v=19$m=…``.

    The password is put into Unicode's form NFC first, so that it does not matter which keyboard composed its letters
    (RFC 8265, 4.2). Raises ValueError for text that has no UTF-8 form.
    """
    return _HASHER.hash(unicodedata.normalize("NFC", password))


def well_formed(stored: str) -> bool:
    """Whether *stored* is a hash that :func:`verify` can check; where it is not, the caller should log that."""
    match = _ENCODED.fullmatch(stored)
    if match is None:
        return False
    memory, passes, lanes = (int(number) for number in match.groups())
    return memory <= _MOST_MEMORY and passes <= _MOST_PASSES and lanes <= _MOST_LANES


def verify(password: str, stored: str) -> bool:
    """Whether *stored* is the hash of *password*. It takes as long for a wrong one, and blocks for all that time.

    False, without an error, where *stored* is no hash or *password* has no UTF-8 form.
    """
    if not well_formed(stored):
        return False
    try:
        return _HASHER.verify(stored, unicodedata.normalize("NFC", password))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


@functools.cache
def decoy() -> str:
    """The hash of a password that nobody has: checked for a user that does not exist, it takes the same time."""
    return hash_password(secrets.token_urlsafe(32))


class PasswordCheck:
    """Checks passwords in threads, and remembers for a while which were right.

    A hash is made to be slow, and callers of the APIs send their password with every request. A pair that was right
    is remembered by an HMAC under a key that only this process has, never in plain, together with the hash it was
    checked against: a changed password is a miss. A wrong one is never remembered.
    """

    def __init__(
        self,
        *,
        threads: int = 2,
        queue: int = 64,
        remember: float = 600.0,
        capacity: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
        check: Callable[[str, str], bool] = verify,
    ) -> None:
        """*threads* checks run at once and *queue* wait; *capacity* right ones are kept for *remember* seconds.

        Makes the :func:`decoy`, which takes as long as one check.
        """
        self._decoy = decoy()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._most = threads + queue
        self._remember = remember
        self._capacity = capacity
        self._monotonic = monotonic
        self._check = check
        self._key = secrets.token_bytes(32)
        #: until when a right one is remembered, the one that was used last at the end
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._running: dict[bytes, asyncio.Task[bool]] = {}

    def remembers(self, user: str, password: str, stored_hash: str | None) -> bool:
        """Whether this was found right a short while ago, so that :meth:`matches` would answer at once."""
        if stored_hash is None:
            return False
        until = self._right.get(self._name(user, password, stored_hash))
        return until is not None and self._monotonic() < until

    def _name(self, user: str, password: str, stored: str) -> bytes:
        # "\0" cannot stand in a hash, and the hash is not the caller's to choose.
        return hmac.digest(self._key, f"{user}\0{stored}\0{password}".encode("utf-8", "surrogatepass"), "sha256")

    async def matches(self, user: str, password: str, stored_hash: str | None) -> bool:
        """Whether *password* is right for *user*, whose hash is *stored_hash*.

        None stands for a user that does not exist: the answer is False after the time a check takes. Callers that ask
        the same at the same time share one check. Raises Overloaded where too many different ones are waiting.
        """
        stored = self._decoy if stored_hash is None else stored_hash
        key = self._name(user, password, stored)
        until = self._right.get(key)
        if until is not None:
            if self._monotonic() < until:
                self._right.move_to_end(key)
                return stored_hash is not None
            del self._right[key]
        task = self._running.get(key)
        if task is None:
            if len(self._running) >= self._most:
                raise Overloaded("too many passwords are waiting to be checked", retry_after=1)
            task = asyncio.create_task(self._run(key, password, stored))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key))
        # Shielded: that one caller hangs up must not take the answer from the others.
        return await asyncio.shield(task) and stored_hash is not None

    async def _run(self, key: bytes, password: str, stored: str) -> bool:
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._pool, self._check, password, stored)
        if right:
            self._right[key] = self._monotonic() + self._remember
            while len(self._right) > self._capacity:
                self._right.popitem(last=False)
        return right

    def close(self) -> None:
        """Let the running checks end and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
