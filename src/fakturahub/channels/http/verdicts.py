"""What an answer to a push means for its delivery. Pure.

What the receiver's settings call success is delivered. Of the rest, 4xx are the receiver's own verdict and final,
except those that say nothing of the document: 401, 403 and 407 speak of credentials, 408, 425 and 429 of the moment.
These, redirects, 5xx and whatever else is tried again; so is what got no answer (specs/pagero.md, section 7).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from fakturahub.config import HttpPush
from fakturahub.model import Fault, Outcome, Record, Result
from fakturahub.outbound.client import Answer, Failed
from fakturahub.outbound.http_trouble import peer_of

#: seconds before a receiver that is too busy, or too slow, is asked again, where it does not say itself
BUSY_PAUSE = 60.0
#: characters of an answer's body that are told beside its status
TOLD = 200
_LONGEST_RECEIPT = 200

_ABOUT_CREDENTIALS = {
    401: "It does not accept the hub's credentials: compare `auth` of the push and what belongs to it.",
    403: "It knows the hub and does not let it in: the receiver has to allow it.",
    407: "A proxy wants credentials: put them in `proxy`.",
}
_ABOUT_THE_MOMENT = {
    408: "It did not get the request in time.",
    425: "It does not want the request yet.",
    429: "It gets too many requests.",
}
_FINAL = {
    404: "There is nothing at that path: compare `url`.",
    405: "It does not take that method: compare `method`.",
    409: "It says that the document is in conflict with what it has. Where that means that it has it already, add 409 "
    "to `success`.",
    410: "The receiver has closed this address for good.",
    411: "It wants a length in advance, which the hub sends: something between cuts it out.",
    413: "The document is too large for it.",
    415: "It does not take that type of content: compare `content_type` and `receive_as`.",
}


def outcome_of(made: Answer | Failed, push: HttpPush, record: Record, at: datetime) -> Outcome:
    """The outcome of a push, made at *at*."""
    if isinstance(made, Failed):
        return _unanswered(made, record)
    status, peer = made.status, peer_of(push.url)
    said = f"{peer} answered {status}{_phrase(status)}."
    if status in push.success:
        return Outcome(Result.DELIVERED, said, record, receipt=_receipt(made))
    pause = _retry_after(made, at)
    if status in _ABOUT_CREDENTIALS:
        fault = Fault.OURS if status == 407 else Fault.RECEIVER
        return Outcome(Result.RETRY, f"{said} {_ABOUT_CREDENTIALS[status]}", record, fault, pause)
    if status in _ABOUT_THE_MOMENT:
        pause = BUSY_PAUSE if pause is None and status in (408, 429) else pause
        return Outcome(Result.RETRY, f"{said} {_ABOUT_THE_MOMENT[status]}", record, Fault.RECEIVER, pause)
    if 400 <= status < 500:
        words = _FINAL.get(status, "The receiver does not take the document.")
        return Outcome(Result.FAILED, f"{said} {words}{_told(made, record)}", record)
    return Outcome(Result.RETRY, f"{said}{_other(made)}", record, Fault.RECEIVER, pause)


def _unanswered(made: Failed, record: Record) -> Outcome:
    trouble = made.trouble
    detail = trouble.detail
    if trouble.connected:
        detail += " The document may have arrived; it is sent again with the same id."
    pause = BUSY_PAUSE if trouble.too_slow else None
    return Outcome(Result.RETRY, detail, record, trouble.fault, pause)


def _phrase(status: int) -> str:
    """The status in words of RFC 9110; not in those of the receiver, which may be anything."""
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _other(made: Answer) -> str:
    if 300 <= made.status < 400:
        host = urlsplit(made.header("location") or "").hostname
        leads = f" It points to {host};" if host and re.fullmatch(r"[\w.:-]{1,253}", host) else " It points elsewhere;"
        return f"{leads} the hub follows nobody to another place. Compare `url`."
    if 200 <= made.status < 300:
        return " That is not among the statuses of `success`."
    return ""


def _told(made: Answer, record: Record) -> str:
    """The first words of an answer that is meant to be read, with the secrets taken out."""
    kind = (made.header("content-type") or "").lower()
    if "html" in kind or not record.body:
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in record.body.decode("utf-8", "replace")).split())
    return f" It says: {text[:TOLD]}{'…' if len(text) > TOLD else ''}" if text else ""


def _receipt(made: Answer) -> str | None:
    """Where the receiver put what it got, where it says so."""
    place = made.header("location")
    if made.status not in (201, 202) or place is None:
        return None
    path = urlsplit(place).path if "://" in place else place.partition("?")[0]
    return path[:_LONGEST_RECEIPT] or None


def _retry_after(made: Answer, at: datetime) -> float | None:
    """Seconds of Retry-After (RFC 9110, 10.2.3), in either of its forms; a date counts by the receiver's own clock."""
    stated = (made.header("retry-after") or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", stated):
        return float(stated)
    then = _date(stated)
    if then is None:
        return None
    return max((then - (_date(made.header("date") or "") or at)).total_seconds(), 0.0)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
