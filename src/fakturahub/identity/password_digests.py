"""SHA-256 of a user's password, sealed: what a protocol signs with that never sends the password itself.

Apix' ``authuser`` and ``app-transferID`` end their digest with ``hex(sha256(password))`` (specs/apix.md, 3). An
Argon2id hash cannot be turned into that, so it is made where the password is known for once, when the provisioning
file is applied, and lies beside the hash of the user, sealed for its place with the master key. It is as good as the
password for these two calls: only companies whose dialect asks for it (``password_digest`` of its section) have any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from fakturahub.config import Company, Secret
from fakturahub.config.reading import label
from fakturahub.errors import MasterKeyError
from fakturahub.identity.sealing import MasterKey

#: the key beside ``password`` in a stored user; no key of the file
KEY = "password_sha256"


def digest_of(password: str) -> str:
    """``hex(sha256(password))`` over its UTF-8 bytes, in lower case."""
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()


def place_of(email: str) -> str:
    """Where the digest of a user stands in the company's settings: ``user[aino@virta.example].password_sha256``."""
    return label(("user", email.casefold(), KEY))


def taken_out(settings: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
    """Stored settings as the file knows them, and the sealed digests that were in them, by e-mail address."""
    users = (settings or {}).get("user")
    if settings is None or not isinstance(users, list):
        return settings, {}
    digests = {_name(user): user[KEY] for user in users if KEY in user}
    if not digests:
        return settings, {}
    bare = [{name: value for name, value in user.items() if name != KEY} for user in users]
    return {**settings, "user": bare}, digests


def laid_in(
    settings: dict[str, Any], entry: Company, digests: Mapping[str, str], *, master_key: MasterKey, context: str
) -> Iterable[str]:
    """Put the digests of all users into *settings*, which are to be stored; yields the places of those that changed.

    A digest that opens to the password's stays as it is. Users that are no longer in the file keep theirs. A company
    that had digests goes on having them when its section vanishes from the file, for the section stays in force.
    """
    wanted = bool(digests) or any(getattr(section, "password_digest", False) for section in entry.sections.values())
    passwords = {_name(user): user.get("password") for user in entry.stated.get("user", ())}
    users = settings.get("user", []) if wanted else []
    for place_in_list, user in enumerate(users):
        name = _name(user)
        known, password = digests.get(name), passwords.get(name)
        place = place_of(name)
        sealed = known
        if isinstance(password, Secret):
            made = digest_of(password.reveal())
            if known is None or _opened(known, f"{context}/{place}", master_key) != made:
                sealed = master_key.seal(made, f"{context}/{place}")
                yield place
        if sealed is not None:
            users[place_in_list] = dict(sorted({**user, KEY: sealed}.items()))


def opened(company_key: str, user: Mapping[str, Any], master_key: MasterKey) -> str | None:
    """The digest of a stored user, None where there is none. Raises MasterKeyError where it does not open."""
    sealed = user.get(KEY)
    if not sealed:
        return None
    return master_key.unseal(sealed, f"company/{company_key}/{place_of(user['email'])}")


def _opened(sealed: str, context: str, master_key: MasterKey) -> str | None:
    try:
        return master_key.unseal(sealed, context)
    except MasterKeyError:  # sealed with a former key, or damaged: the file says what it is, so it is sealed anew
        return None


def _name(user: Mapping[str, Any]) -> str:
    return str(user["email"]).casefold()
