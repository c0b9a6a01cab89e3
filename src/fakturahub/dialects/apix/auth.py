"""Digests, time stamps and keys (specification, section 3).

``d = "SHA-256:" + hex(sha256(p1 + "+" + p2 + … + "+" + secret))`` over the values in a fixed order for each endpoint,
joined with a literal plus sign. It is a plain hash, not an HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, unquote_plus
from uuid import UUID

import msgspec

from fakturahub.errors import BadRequest, ClockSkew, NotAuthenticated

#: how many of the parameters of a query are looked at
PARAMETERS = 50

_T = ("t", "ts")
_TRANSFER_ID = ("TraID",)
_TRANSFER_ID_OR_UID = ("TraID", "uid")

#: path -> the parameters whose values a digest is made of, in this order, each with its spellings; the secret, which is
#: the TransferKey, the StorageKey (download) or SHA-256 of the user's password (authuser, app-transferID), comes last
#: (specification 3). Of download with ``markreceived`` its value comes first.
SIGNED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "/authuser": (("uid",), _T),
    "/app-transferID": (("id",), ("idq",), ("uid",), ("ts", "t")),
    "/getcompanyinfo": (_TRANSFER_ID, _T),
    "/email": (_TRANSFER_ID_OR_UID, _T),
    "/invoices": (("soft",), ("ver",), _TRANSFER_ID, _T),
    "/print": (("soft",), ("ver",), _TRANSFER_ID, _T),
    # soft and ver are not in it, even where a client sends them
    "/sendpayslip": (_TRANSFER_ID, _T),
    "/method": (_TRANSFER_ID_OR_UID, _T),
    "/pricing": (_TRANSFER_ID_OR_UID, _T),
    "/addressquery": (_TRANSFER_ID_OR_UID, _T),
    "/list": (_TRANSFER_ID, _T),
    "/list2": (_TRANSFER_ID, _T),
    "/receive": (("soft",), ("ver",), _TRANSFER_ID, _T),
    "/download": (("SID",), _T),
    "/metadata": (("SID",), _TRANSFER_ID, _T),
    "/senderpayslip": (_TRANSFER_ID, ("hash",), ("date",), _T),
}

#: the same for an unknown id and for a wrong digest
REFUSAL = "The id is not known here, or the digest does not fit."


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter in the readings that clients need.

    Some clients encode their parameters as forms do, some as addresses do, some not at all: a plus sign is a blank or
    itself, and so is what looks like a percent-encoded letter (specification 1, seen in the wild: Odoo and PHP
    connectors with ``+`` in an e-mail address).
    """

    form: str
    plain: str
    raw: str

    @property
    def readings(self) -> tuple[str, ...]:
        """Its different readings, the likeliest first."""
        return tuple(dict.fromkeys((self.form, self.plain, self.raw)))


class Query:
    """The parameters of a request; unknown ones do no harm, of repeated ones the first counts."""

    def __init__(self, raw: bytes) -> None:
        self._values: dict[str, Parameter] = {}
        try:
            text = raw.decode("utf-8")  # who does not encode hashes what is there
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        for part in text.split("&", PARAMETERS)[:PARAMETERS]:
            name, _, value = part.partition("=")
            self._values.setdefault(unquote_plus(name), Parameter(unquote_plus(value), unquote(value), value))

    def find(self, *names: str) -> Parameter | None:
        """The first parameter that has one of *names*."""
        return next((self._values[name] for name in names if name in self._values), None)

    def get(self, *names: str) -> Parameter:
        """The same, but it must be there. Raises `BadRequest` in the words of the live service."""
        found = self.find(*names)
        if found is None or not found.form:
            raise BadRequest(f"Parameter can't be null: {names[0]}.")
        return found


def signed(query: Query, path: str) -> tuple[Parameter, ...]:
    """The values that the digest of a call of *path* is made of. Raises `BadRequest` for one that is missing.

    The TransferID and the time are asked for first, so that a request without anything is told of these.
    """
    wanted = SIGNED[path]
    first = (_TRANSFER_ID, _T) if _TRANSFER_ID in wanted else ()
    for names in (*first, *wanted):
        query.get(*names)
    return tuple(query.get(*names) for names in wanted)


def digest(*values: str) -> str:
    """The hexadecimal digest over *values*, the secret last."""
    return hashlib.sha256("+".join(values).encode("utf-8", "surrogatepass")).hexdigest()


def fits(query: Query, values: tuple[Parameter, ...], secret: str) -> bool:
    """Whether the request's digest is the one over *values* and *secret*, compared in constant time."""
    given = query.get("d", "D").form.removeprefix("SHA-256:").lower().encode("utf-8", "surrogatepass")
    readings = {
        tuple(value.form for value in values),
        tuple(value.plain for value in values),
        tuple(value.raw for value in values),
    }
    # No short cut: every reading is compared, whichever fits.
    fitting = [hmac.compare_digest(given, digest(*reading, secret).encode()) for reading in readings]
    return any(fitting)


def check_digest(query: Query, values: tuple[Parameter, ...], secret: str | None) -> None:
    """Raise `NotAuthenticated` unless the digest fits; *secret* is None where the id is not known.

    Both cases take the same time and get the same answer.
    """
    fitting = fits(query, values, secret if secret is not None else "\0")
    if secret is None or not fitting:
        raise NotAuthenticated(REFUSAL)


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
