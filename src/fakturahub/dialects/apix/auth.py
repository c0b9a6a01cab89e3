"""Digests, time stamps and keys (specification, section 3).

``d = "SHA-256:" + hex(sha256(p1 + "+" + p2 + … + "+" + secret))`` over the values in a fixed order for each endpoint,
joined with a literal plus sign. It is a plain hash, not an HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, unquote_plus
from uuid import UUID

import msgspec

from fakturahub.errors import BadRequest, ClockSkew, NotAuthenticated

#: how many of the parameters of a query are looked at
PARAMETERS = 50

_REFUSAL = "The id is not known here, or the digest does not fit."


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter in the two readings that clients need.

    Some clients encode their parameters as forms do, some do not encode at all; in the latter a plus sign is a plus
    sign (specification 1, seen in the wild: Odoo and PHP connectors with ``+`` in an e-mail address).
    """

    form: str
    plain: str


class Query:
    """The parameters of a request; unknown ones do no harm, of repeated ones the first counts."""

    def __init__(self, raw: bytes) -> None:
        self._values: dict[str, Parameter] = {}
        for part in raw.decode("latin-1").split("&", PARAMETERS)[:PARAMETERS]:
            name, _, value = part.partition("=")
            self._values.setdefault(unquote_plus(name), Parameter(unquote_plus(value), unquote(value)))

    def find(self, *names: str) -> Parameter | None:
        """The first parameter that has one of *names*."""
        return next((self._values[name] for name in names if name in self._values), None)

    def get(self, *names: str) -> Parameter:
        """The same, but it must be there. Raises `BadRequest` in the words of the live service."""
        found = self.find(*names)
        if found is None or not found.form:
            raise BadRequest(f"Parameter can't be null: {names[0]}.")
        return found


def digest(*values: str) -> str:
    """The hexadecimal digest over *values*, the secret last."""
    return hashlib.sha256("+".join(values).encode("utf-8", "surrogatepass")).hexdigest()


def fits(query: Query, values: tuple[Parameter, ...], secret: str) -> bool:
    """Whether the request's digest is the one over *values* and *secret*, compared in constant time."""
    given = query.get("d", "D").form.removeprefix("SHA-256:").lower().encode("utf-8", "surrogatepass")
    readings = {tuple(value.form for value in values), tuple(value.plain for value in values)}
    # No short cut: every reading is compared, whichever fits.
    fitting = [hmac.compare_digest(given, digest(*reading, secret).encode()) for reading in readings]
    return any(fitting)


def check_digest(query: Query, values: tuple[Parameter, ...], secret: str | None) -> None:
    """Raise `NotAuthenticated` unless the digest fits; *secret* is None where the id is not known.

    Both cases take the same time and get the same answer.
    """
    fitting = fits(query, values, secret if secret is not None else "\0")
    if secret is None or not fitting:
        raise NotAuthenticated(_REFUSAL)


def check_clock(stamp: Parameter, now: datetime, window: timedelta) -> None:
    """Raise `BadRequest` for what is no ``CCYYMMDDHHMMSS``, `ClockSkew` for a time outside *window* around *now*."""
    try:
        if not (len(stamp.form) == 14 and stamp.form.isascii() and stamp.form.isdigit()):
            raise ValueError
        told = datetime.strptime(stamp.form, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRequest(f"The time stamp {stamp.form[:40]!r} is not of the form CCYYMMDDHHMMSS.") from error
    off = told - now
    if abs(off) > window:
        direction = "ahead of" if off > timedelta() else "behind"
        raise ClockSkew(
            f"The time stamp {stamp.form} is {_span(abs(off))} {direction} the hub's clock, which says "
            f"{now:%Y%m%d%H%M%S} UTC; {_span(window)} are allowed. Time stamps are UTC."
        )


def _span(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    days, rest = divmod(seconds, 86_400)
    return f"{days} d {rest // 3600} h {rest % 3600 // 60} min" if days else f"{rest // 3600} h {rest % 3600 // 60} min"


class StorageKeys:
    """The keys of storages: 12 digits, made from the storage's id and the hub's master key, and kept nowhere."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, storage_id: UUID) -> str:
        """The StorageKey of a storage."""
        mac = hmac.digest(self._key, storage_id.bytes, "sha256")
        return f"{int.from_bytes(mac[:16], 'big') % 10**12:012d}"
