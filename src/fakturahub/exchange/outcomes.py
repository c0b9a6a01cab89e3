"""What an attempt's outcome means: for the delivery, for its target, and in the words that people read. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from fakturahub.exchange import breaker as breakers
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.schedule import after, schedule_of
from fakturahub.model import DeliveryState, Fault, Outcome, Record, Result
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.model.outgoing import KEPT_OF_ANSWER
from fakturahub.storage.attempts import Judge, Tried
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.targets import Breaker

#: characters of a sentence, and of the head of a request or an answer, that are kept of an attempt
KEPT_OF_WORDS = 2_000
KEPT_OF_HEAD = 16_384


class Attempted(msgspec.Struct, frozen=True):
    """When an attempt was made, and by whom."""

    node: str
    started_at: datetime
    ended_at: datetime
    #: seconds by a clock that nobody sets
    seconds: float


def tried(
    claimed: Claimed,
    outcome: Outcome,
    at: Attempted,
    *,
    made: Made | None = None,
    chance: float = 0.5,
    counts: bool = True,
) -> Tried:
    """What the delivery becomes. ``made``: what was handed over; ``chance``: of 0 to 1, for the pause's jitter;
    ``counts``: False where the target's breaker is told by another delivery of the same batch."""
    why, state, due_at, step = _plain(outcome.detail), DeliveryState(_STATES[outcome.result]), at.ended_at, claimed.step
    if outcome.result is Result.RETRY:
        following = after(
            schedule_of(claimed.channel),
            outcome,
            attempt=claimed.attempt,
            step=claimed.step,
            trying_since=claimed.trying_since,
            now=at.ended_at,
            took=timedelta(seconds=at.seconds),
            chance=chance,
        )
        step = following.step
        if following.due_at is None:
            state = DeliveryState.FAILED
            why = f"Given up after {(at.ended_at - claimed.trying_since).days} days. {why}"
        else:
            due_at = following.due_at
    prepared = None if made is None else made.prepared
    done = state is DeliveryState.DELIVERED
    return Tried(
        delivery_id=claimed.id,
        document_id=claimed.document_id,
        company_id=claimed.company_id,
        channel=claimed.channel,
        target=claimed.target,
        batch_id=claimed.batch_id,
        attempt=claimed.attempt,
        started_at=at.started_at,
        seconds=at.seconds,
        state=state,
        due_at=due_at,
        step=step,
        why=why,
        detail=_detail(claimed, outcome, at.node, why, due_at if state is DeliveryState.RETRYING else None),
        receipt=None if outcome.receipt is None else _plain(outcome.receipt),
        syntax=_syntax(claimed, made) if done else None,
        prepared=prepared,
        answered=_answered(outcome) if counts else None,
    )


_STATES = {
    Result.DELIVERED: "delivered",
    Result.RETRY: "retrying",
    Result.FAILED: "failed",
    Result.HELD: "held",
}


def _answered(outcome: Outcome) -> bool | None:
    """Whether the target was there. One that says no to a document for good is."""
    if outcome.result is Result.DELIVERED:
        return True
    if outcome.fault is Fault.OURS or outcome.result is Result.HELD:
        return None
    if outcome.result is Result.FAILED:
        return True
    return False if outcome.fault is Fault.RECEIVER else None


def judge(now: datetime) -> Judge:
    """What attempts make of a target's breaker."""

    def judged(breaker: Breaker | None, key: str, some: Sequence[Tried]) -> Breaker | None:
        current = breaker or breakers.new(key, now)
        for one in some:
            if one.answered is None:
                current = breakers.undecided(current, now)
            elif one.answered:
                current = breakers.arrived(current, now)
            else:
                current = breakers.failed(current, one.why, now)
        return current if breakers.is_worth_keeping(current, now) else None

    return judged


def _syntax(claimed: Claimed, made: Made | None) -> str | None:
    if made is not None and made.prepared is not None and made.prepared.syntax is not None:
        return made.prepared.syntax
    # it is no form of the document
    return claimed.wanted if claimed.channel == ACKNOWLEDGEMENT else claimed.recognition.syntax


def _detail(claimed: Claimed, outcome: Outcome, node: str, why: str, again: datetime | None) -> str:
    """What is kept of an attempt for people, as JSON."""
    told: dict[str, Any] = {"why": why, "node": node, "attempt": claimed.attempt}
    if outcome.fault is not Fault.NONE:
        told["fault"] = outcome.fault.value
    if outcome.receipt is not None:
        told["receipt"] = _plain(outcome.receipt)
    if outcome.retry_after is not None:
        told["retry_after"] = outcome.retry_after
    if again is not None:
        told["again"] = again
    if claimed.batch_id is not None:
        told["batch"] = claimed.batch_id
    if outcome.record is not None:
        told |= _recorded(outcome.record)
    return msgspec.json.encode(told).decode()


def _recorded(record: Record) -> dict[str, Any]:
    told: dict[str, Any] = {"to": _plain(record.to)}
    if record.request:
        told["request"] = _plain(record.request, KEPT_OF_HEAD)
    if record.answer:
        told["answer"] = _plain(record.answer, KEPT_OF_HEAD)
    if record.body:
        body = record.body[:KEPT_OF_ANSWER]
        text = _text(body)
        told["body" if text is not None else "body_base64"] = text or base64.b64encode(body).decode()
    if record.sent:
        told["sent"] = record.sent
    if record.received:
        told["received"] = record.received
    if record.timings:
        told["timings"] = {name: round(seconds, 6) for name, seconds in record.timings.items()}
    return told


def _text(body: bytes) -> str | None:
    """The bytes as text, None where they are none; a character that was cut off at the end is left out."""
    for cut in range(4):
        try:
            text = body[: len(body) - cut].decode()
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text else text
    return None


def _plain(text: str, most: int = KEPT_OF_WORDS) -> str:
    """A text as the database takes it: without NUL and halves of characters, and no longer than *most*."""
    if "\x00" in text or not text.isascii():
        text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


Chance = Callable[[], float]
