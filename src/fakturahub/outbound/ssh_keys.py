"""Keys of SSH as the provisioning file states them: the server's, by which it is known, and the hub's own.

A server is known by what its operator handed over, and by nothing else: no authority vouches for it, the first one
that answers is not believed, and no file of the user that the hub runs as is looked at.
"""

from __future__ import annotations

import re

import asyncssh
import msgspec

#: what a line of a public key or of known_hosts begins its key with
_TYPE = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


class UnusableKeyError(Exception):
    """A key that cannot be used; the text is one sentence without the key."""


class Pinned(msgspec.Struct, frozen=True):
    """The keys that a server may have."""

    keys: tuple[asyncssh.SSHKey, ...] = ()
    #: ``SHA256:…`` as ``ssh-keygen -l`` shows it
    fingerprints: frozenset[str] = frozenset()

    def has(self, key: asyncssh.SSHKey) -> bool:
        """Whether *key* is one of them."""
        return key in self.keys or fingerprint(key) in self.fingerprints


def fingerprint(key: asyncssh.SSHKey) -> str:
    """``SHA256:…``, as ``ssh-keygen -l`` shows it."""
    return key.get_fingerprint("sha256").rstrip("=")


def host_keys(text: str) -> Pinned:
    """The keys of a server: lines of a ``.pub`` file or of ``known_hosts``, or fingerprints; ``#`` begins a remark.

    The names in lines of ``known_hosts`` are passed over: what counts is which server the keys were stated for. Raises
    `UnusableKeyError` where a line is none of these, or where there is none at all.
    """
    if text.lstrip().startswith(("-----BEGIN", "---- BEGIN")):
        return Pinned((_public_key(text, 1),))
    keys, prints = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith("@"):
            raise UnusableKeyError(f"Line {number} of the server's key has a marker, which is not supported.")
        if _FINGERPRINT.fullmatch(words[0]):
            prints.add(words[0].rstrip("="))
            continue
        # known_hosts has the names of the host in front of the key.
        start = next((place for place, word in enumerate(words[:2]) if _TYPE.fullmatch(word)), None)
        if start is None or len(words) < start + 2:
            raise UnusableKeyError(
                f'Line {number} of the server\'s key is none: a line looks like "ssh-ed25519 AAAA…", or "SHA256:…".'
            )
        keys.append(_public_key(f"{words[start]} {words[start + 1]}", number))
    if not keys and not prints:
        raise UnusableKeyError("The server's key is empty.")
    return Pinned(tuple(keys), frozenset(prints))


def private_key(text: str) -> asyncssh.SSHKey:
    """The hub's own key, of OpenSSH or in PEM, without a passphrase. Raises `UnusableKeyError`."""
    try:
        return asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        locked = "passphrase" in str(error).casefold()
    # Outside of the handler: what was raised there could quote the key.
    if locked:
        raise UnusableKeyError(
            "The hub's private key is locked with a passphrase. Take it off with `ssh-keygen -p -N '' -f FILE`: the "
            "hub seals what it stores."
        )
    raise UnusableKeyError("The hub's private key cannot be read: it is no key of OpenSSH or in PEM.")


def _public_key(text: str, line: int) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(text)
    except asyncssh.KeyImportError:
        raise UnusableKeyError(f"The server's key in line {line} is damaged.") from None
