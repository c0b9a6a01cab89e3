"""Documents and the backlog as a person reads them. What a company wrote is hostile until it has gone through here."""

from __future__ import annotations

import unicodedata
from datetime import UTC
from decimal import Decimal
from uuid import UUID

import msgspec

from fakturahub.exchange.overview import Backlog, Listed

#: Most characters of a company's text that a page holds; the style sheet shows fewer.
SHOWN = 200
#: Figures with more digits than this before or after the point are shown as they were stated, not grouped.
DIGITS = 18
#: seconds for which a delivery may have been due before the page calls it late
LATE = 300.0

#: Left-to-right and right-to-left marks order neutral characters and belong to ordinary text; so do the joiners.
_MEANT = frozenset("\u200c\u200d\u200e\u200f\u061c")


class State(msgspec.Struct, frozen=True):
    """How a state is shown: a word, a symbol and a tone, so that nobody has to tell colours apart."""

    word: str
    symbol: str
    #: good, bad, warn, info or quiet: the classes of the style sheet
    tone: str
    #: what the state means, in a sentence
    meaning: str


STATES = {
    "received": State("received", "○", "info", "Stored, and not judged yet."),
    "validated": State("validated", "○", "info", "Judged, and not routed yet."),
    "routed": State("routed", "→", "info", "On its way to the receiver."),
    "delivered": State("delivered", "✓", "good", "Every delivery is done."),
    "partly-delivered": State("partly delivered", "◐", "warn", "At least one delivery is done, at least one is not."),
    "unroutable": State("unroutable", "?", "warn", "No receiver was found. It is kept, and can be routed later."),
    "failed": State("failed", "✕", "bad", "Every delivery was given up."),
    "rejected": State("rejected", "✕", "bad", "The document itself was not acceptable."),
    "withdrawn": State("withdrawn", "–", "quiet", "Its deliveries were cancelled."),
}

#: states in which a document has, or had, a receiver
SENT = frozenset({"routed", "delivered", "partly-delivered", "failed", "withdrawn"})

#: What is done with a document in a mode that is not the real one.
MODES = {"test": "everything was done but the delivery", "cert": "never forwarded to the receiver"}


class Line(msgspec.Struct, frozen=True):
    """One document of the list. Every text is safe to show once it is escaped, and stands alone in its ``<bdi>``."""

    id: UUID
    #: the end of the id: the beginning is the time, and alike in documents that came together
    short_id: str
    #: RFC 3339 in UTC, for machines, and the same in two parts for people
    instant: str
    day: str
    time: str
    number: str | None
    kind: str
    sender: str
    receiver: str | None
    #: what stands in the place of a receiver that is no company of this hub
    nobody: str
    #: grouped for people, and as it was stated
    amount: str | None
    stated: str | None
    currency: str | None
    dialect: str
    syntax: str | None
    mode: str
    #: what the mode leaves out; None for real documents
    unreal: str | None
    state: State


def line(listed: Listed) -> Line:
    """*listed* as a line of the page."""
    at = listed.created_at.astimezone(UTC)
    payable = listed.payable
    return Line(
        id=listed.id,
        short_id=str(listed.id)[-8:],
        instant=f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        day=f"{at:%Y-%m-%d}",
        time=f"{at:%H:%M:%S}Z",
        number=None if listed.number is None else shown(listed.number),
        kind=shown(listed.kind).replace("-", " "),
        sender=shown(listed.sender),
        receiver=None if listed.receiver is None else shown(listed.receiver),
        nobody="outside this hub" if listed.state in SENT else "none",
        amount=None if payable is None else amount(payable),
        stated=None if payable is None else shown(str(payable)),
        currency=None if listed.currency is None else shown(listed.currency),
        dialect=shown(listed.dialect),
        syntax=None if listed.syntax is None else shown(listed.syntax),
        mode=shown(listed.mode),
        unreal=None if listed.mode == "prod" else MODES.get(listed.mode, "not a real document"),
        state=STATES.get(listed.state) or State(shown(listed.state), "•", "quiet", "A state this page does not know."),
    )


def shown(text: str) -> str:
    """*text* with a mark in the place of what has no form of its own or turns the writing round; cut at `SHOWN`.

    An override (U+202E and its kin) makes a name read as another name. A ``<bdi>`` around it keeps the damage to the
    name, this keeps the name as it was stored. A text of blanks only is marked as well, so that it is seen.
    """
    kept = "".join(
        "\N{REPLACEMENT CHARACTER}"
        if one not in _MEANT and unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else one
        for one in text[:SHOWN]
    )
    if not kept.strip():
        return "\N{REPLACEMENT CHARACTER}"
    return kept + "…" if len(text) > SHOWN else kept


def amount(value: Decimal) -> str:
    """*value* with its digits in threes, none of them added or dropped: ``1 234 567.50``.

    Between the groups stands a narrow no-break space (ISO 80000-1, 7.3.1), before a negative value a minus sign. What
    is no figure of an invoice (not finite, or with more than `DIGITS` digits) comes as it was stated.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DIGITS or value.adjusted() >= DIGITS:
        return shown(str(value))
    return f"{value:,f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "\N{MINUS SIGN}")


class BacklogLine(msgspec.Struct, frozen=True):
    """What the head of the page says about deliveries."""

    text: str
    symbol: str
    tone: str


def backlog_line(backlog: Backlog) -> BacklogLine:
    """The backlog in words: how many deliveries are open, and how long the oldest has been due."""
    if not backlog.open:
        return BacklogLine("No delivery is open", "✓", "good")
    count = f"{backlog.open:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    noun = "delivery is" if backlog.open == 1 else "deliveries are"
    age = f"the oldest has been due for {duration(backlog.oldest)}" if backlog.oldest >= 1 else "none is overdue"
    symbol, tone = ("!", "warn") if backlog.oldest >= LATE else ("→", "info")
    return BacklogLine(f"{count} {noun} open, {age}", symbol, tone)


def duration(seconds: float) -> str:
    """*seconds* in the two largest units that say something: ``45 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    whole = int(seconds)
    days, hours, minutes = whole // 86_400, whole // 3_600 % 24, whole // 60 % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (whole % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), 3)
    said = [f"{count}\N{NO-BREAK SPACE}{unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(said) or "0\N{NO-BREAK SPACE}s"
