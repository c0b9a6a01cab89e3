"""Which way a document leaves, and at what price: one pure decision, for submissions and for those who only ask.

In this order, the first that can be gone; of a document that is addressed to a print service, paper before all of them:

1. the network, where the receiver is a company of this hub: its own server where it has documents posted there, else
   its inbox;
2. the mail address that the document's own address is;
3. what the sender prefers;
4. e-mail, to the address of the buyer that the document names;
5. paper, to the buyer's postal address.

A company's ``ways`` say which of network, e-mail and paper what it sends may take at all. E-mail and paper are for
documents that can be drawn, or bring their picture. Why a way was not gone is part of the reason for the one that was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from fakturahub import formats
from fakturahub.config.forms import EMAIL
from fakturahub.exchange.letters import leaves_at
from fakturahub.exchange.pricing import Line, Priced, country_class, price_list, price_of
from fakturahub.exchange.route import Known, Route, find_route
from fakturahub.identity.companies import Company
from fakturahub.model import Attachment, Heading, Identifier, Kind, Medium, PartyHeading, PostalHeading, Recognition
from fakturahub.render.labels import language_of

#: the channels of deliveries
INBOX, HTTP, MAIL, LETTER = "inbox", "http", "email", "print"
#: most mail addresses of one delivery
RECIPIENTS = 10
#: the EAS code of a mail address that is an electronic address
_MAIL_SCHEME = "EM"
# Countries without post codes; in any other an address without one is not complete (Universal Postal Union).
_WITHOUT = (
    "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CM DJ DM ER FJ GD GH GM GQ GY HK IE KI KM KN ML MO MR MW NR QA RW SB "
    "SC SL SR ST SY TD TG TL TO TV UG VU YE ZW"
)
_NO_POST_CODE = frozenset(_WITHOUT.split())


class Surroundings(Known, Protocol):
    """What the decision depends on beside the document: who is known, and the settings of the moment."""

    @property
    def version(self) -> int: ...
    def setting(self, section: str, key: str = "") -> Any: ...


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the decision depends on beside the settings: a document, or what somebody asks who has none yet."""

    sender: Company
    at: datetime
    buyer: PartyHeading
    #: mail addresses as the document has them, several divided by commas, semicolons or blanks
    email: str | None = None
    address: PostalHeading | None = None
    #: the document is addressed to a print service
    on_paper: bool = False
    prefer: Medium | None = None
    #: why no page can be made of it; None: one can
    undrawable: str | None = None
    #: of the letter; None: not counted yet
    pages: int | None = None
    #: the buyer is looked for in the order of PUF billing
    puf: bool = False
    #: asked without a document: a name alone finds its receiver, and paper needs no address
    hypothetical: bool = False


class Settings(msgspec.Struct, frozen=True):
    """What of the hub's settings the decision depends on."""

    prices: tuple[Line, ...] = ()
    #: ``[print]`` as it is stored
    letters: Mapping[str, Any] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The way, and why this one. Without a channel there is none."""

    #: for people: the reason, and what kept it from the ways before
    why: str
    channel: str | None = None
    #: the company of this hub that gets it
    receiver: Company | None = None
    #: the identifier that decided, the mail addresses, the postal address in a line
    address: str = ""
    #: see ``storage.tables.delivery``
    target: str | None = None
    details: Mapping[str, Any] | None = None
    #: the syntax it is delivered in
    wanted: str = "original"
    #: of a letter, once they are counted
    pages: int | None = None
    #: in credits; None: free, and of a letter whose pages were not counted, not known
    price: Decimal | None = None
    #: when a letter is handed over; until then it can be cancelled
    leaves_at: datetime | None = None

    @property
    def uncounted(self) -> bool:
        """Whether the pages of this letter have still to be counted."""
        return self.channel == LETTER and self.pages is None


def settings_of(stored: Callable[[str], Any]) -> Settings:
    """The settings, from those that *stored* gives by the name of their table."""
    return Settings(price_list(stored("price")), stored("print") or {})


def question_of(
    heading: Heading,
    recognition: Recognition | None,
    sender: Company,
    at: datetime,
    *,
    files: Sequence[Attachment] = (),
    prefer: Medium | None = None,
) -> Question:
    """What is asked for a document with that heading, sent by *sender* with *files* beside it."""
    return Question(
        sender=sender,
        at=at,
        buyer=heading.buyer,
        email=heading.buyer_email,
        address=heading.buyer_address,
        on_paper=heading.on_paper,
        prefer=prefer,
        undrawable=_undrawable(heading.kind, recognition, files),
        puf=recognition is not None and recognition.syntax.startswith("puf-billing-"),
    )


def decide(question: Question, known: Known, settings: Settings) -> Decision:
    """The way that *question* is about goes, among *known* receivers.

    Of a letter whose pages are not counted the price is not known: ask again with them.
    """
    ways, reasons = question.sender.ways, []
    if Medium.NETWORK in ways and not question.on_paper:
        found = _network(question, known)
        if isinstance(found, Decision):  # most documents: nothing else is asked
            return _priced(found, settings)
        reasons.append(found)
    for medium in _order(question):
        if medium in ways:
            found = _by(medium, question, known, settings)
            if isinstance(found, Decision):
                whole = msgspec.structs.replace(found, why="; ".join([*reasons, found.why]))
                return _priced(whole, settings)
            reasons.append(found)
        elif medium is Medium.NETWORK:
            reasons.append(f"{question.sender.name} sends nothing through the network")
    return Decision(why="; ".join(reasons) or f"{question.sender.name} has no way to send by")


def _by(medium: Medium, question: Question, known: Known, settings: Settings) -> Decision | str:
    match medium:
        case Medium.NETWORK:
            return _network(question, known)
        case Medium.EMAIL:
            return _mail(question)
        case Medium.PRINT:
            return _letter(question, settings)


def _order(question: Question) -> Iterator[Medium]:
    """Who addresses a print service wants paper first, then the network.

    What was asked already is left out: the network, of any other document that its sender may send through it. Then
    the document's own address, the sender's preference, and e-mail before paper.
    """
    asked = Medium.NETWORK in question.sender.ways and not question.on_paper
    wanted = [
        Medium.PRINT if question.on_paper else None,
        Medium.NETWORK,
        Medium.EMAIL if _mailbox(question.buyer.endpoint) else None,
        question.prefer,
        Medium.EMAIL,
        Medium.PRINT,
    ]
    yield from dict.fromkeys(one for one in wanted if one is not None and not (asked and one is Medium.NETWORK))


def _priced(decision: Decision, settings: Settings) -> Decision:
    if not settings.prices or decision.uncounted:
        return decision
    details = decision.details or {}
    letter = decision.channel == LETTER
    priced = Priced(
        channel=decision.channel or "",
        pages=decision.pages,
        postal_class=details["class"] if letter else None,
        colour=details["colour"] if letter else None,
        country=details["country_class"] if letter else None,
    )
    return msgspec.structs.replace(decision, price=price_of(priced, settings.prices))


# --- through the network --------------------------------------------------------------------------------------------


def _network(question: Question, known: Known) -> Decision | str:
    route = find_route(question.buyer, known, puf=question.puf)
    if route.receiver is None and question.hypothetical and question.buyer.name:
        route = _by_name(question.buyer.name, known) or route
    receiver = route.receiver
    if receiver is None:
        return "; ".join([route.why, *_elsewhere(question.buyer, known)])
    if receiver.section("pagero").get("push"):
        return Decision(
            channel=HTTP,
            receiver=receiver,
            address=route.address,
            target=f"{HTTP} {receiver.id}",
            details={},
            wanted=receiver.receive_as,
            why=f"{route.why}; it has documents posted to its own server",
        )
    return Decision(channel=INBOX, receiver=receiver, address=route.address, wanted=receiver.receive_as, why=route.why)


def _by_name(name: str, known: Known) -> Route | None:
    found = [one for one in known.by_name(name) if "receive" in one.contracts]
    if len(found) != 1:
        return None
    return Route(found[0], next(iter(found[0].addresses), ""), f"{found[0].name} was found by its name")


def _elsewhere(buyer: PartyHeading, known: Known) -> list[str]:
    """That the receiver is known to be reached outside this hub; at most one sentence."""
    stated = (buyer.endpoint, buyer.business_id, *buyer.identifiers)
    numbers = [one.value for one in stated if one is not None] + [one for one in (buyer.vat_id, buyer.name) if one]
    for number in numbers:
        for one in known.participants(number):
            if buyer.country and one.country and buyer.country.upper() != one.country:
                continue
            first = next(iter(one.addresses), {})
            at = f" at {first['address']}" if first.get("address") else ""
            through = f" through {first['operator']}" if first.get("operator") else ""
            return [f"{one.name} is reached elsewhere{at}{through}, which this hub has no connection to"]
    return []


# --- by e-mail ------------------------------------------------------------------------------------------------------


def _mail(question: Question) -> Decision | str:
    addressed = _mailbox(question.buyer.endpoint)
    stated = addressed or question.email
    if not stated:
        return "the document names no mail address of its buyer"
    if question.undrawable is not None:
        return f"it cannot be mailed: {question.undrawable}"
    to = _mailboxes(stated)
    if not to:
        return f"the mail address of its buyer is none: {stated[:60]!r}"
    if len(to) > RECIPIENTS:
        return f"the document names {len(to)} mail addresses of its buyer; the limit is {RECIPIENTS}"
    whose = "the electronic address of its buyer" if addressed else "the mail address of its buyer"
    return Decision(
        channel=MAIL,
        address=", ".join(to),
        target=MAIL,
        details={"to": to, "language": language_of(_country(question))},
        why=f"{whose} is {', '.join(to)}" + _preferred(question, Medium.EMAIL),
    )


def _mailbox(endpoint: Identifier | None) -> str | None:
    """The mail address that an electronic address is, by its scheme or, where it has none, by its look."""
    if endpoint is None or endpoint.scheme not in (None, _MAIL_SCHEME) or "@" not in endpoint.value:
        return None
    return endpoint.value


def _mailboxes(stated: str) -> list[str]:
    """The mail addresses in a text, each once; none where one of them is no address: it may be the one that counts."""
    parts = stated.replace(";", " ").replace(",", " ").split()
    try:
        found = {str(EMAIL.read(part)).casefold(): part for part in parts}
    except ValueError:
        return []
    return list(found.values())


# --- on paper -------------------------------------------------------------------------------------------------------


def _letter(question: Question, settings: Settings) -> Decision | str:
    if question.undrawable is not None:
        return f"it cannot be printed: {question.undrawable}"
    sender, country = question.sender, _country(question)
    missing = [] if question.hypothetical else _missing(question, country)
    if missing:
        return f"the postal address of its buyer has no {' and no '.join(missing)}"
    recipient = _recipient(question, country)
    style = sender.settings.get("print") or {}
    details = {
        "class": style.get("class", 2),
        "colour": style.get("colour", False),
        "duplex": style.get("duplex", True),
        "country_class": country_class(sender.country, country),
        "pages": question.pages,
        "recipient": recipient,
        "language": language_of(country),
    }
    place = "the document is addressed to a print service" if question.on_paper else "its buyer has a postal address"
    return Decision(
        channel=LETTER,
        address=", ".join([recipient["name"], *recipient["lines"], country]),
        target=LETTER,
        details=details,
        pages=question.pages,
        leaves_at=leaves_at(question.at, settings.letters, sender.zone),
        why=place + _preferred(question, Medium.PRINT),
    )


def _missing(question: Question, country: str) -> list[str]:
    """What an envelope needs and the document does not have."""
    address = question.address or PostalHeading()
    needed = {
        "name": question.buyer.name,
        "street or box": address.lines,
        "post code": address.post_code or country in _NO_POST_CODE,
        "town": address.city,
    }
    return [what for what, there in needed.items() if not there]


def _recipient(question: Question, country: str) -> dict[str, Any]:
    address = question.address or PostalHeading()
    town = " ".join(one for one in (address.post_code, address.city) if one)
    lines = [one for one in (*address.lines, town, address.subdivision) if one]
    return {
        "name": question.buyer.name or "",
        # as they stand on the envelope, but for the country
        "lines": lines,
        "country": country,
        "streets": list(address.lines),
        "post_code": address.post_code,
        "town": address.city,
    }


def _country(question: Question) -> str:
    """The country of the buyer; a document that states none stays in its sender's."""
    stated = (question.buyer.country or "").strip().upper()
    return stated if len(stated) == 2 and stated.isascii() and stated.isalpha() else question.sender.country


def _preferred(question: Question, medium: Medium) -> str:
    return ", and its sender prefers it" if question.prefer is medium else ""


# --- what can be drawn ----------------------------------------------------------------------------------------------

_WITH_A_PAGE = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.REMINDER, Kind.LETTER, Kind.PAYSLIP})


def _undrawable(kind: Kind, recognition: Recognition | None, files: Sequence[Attachment]) -> str | None:
    """Why no page is made of such a document; whether one can be made of this one shows when its pages are counted."""
    if kind not in _WITH_A_PAGE or recognition is None:
        return f"a document of the kind {kind} has no page"
    name = formats.NAMES.get(recognition.syntax)
    if name is not None and name.read:
        return None
    if any(file.mime.lower() == "application/pdf" for file in files):
        return None
    return f"documents in {recognition.syntax} are passed on as they came, and it brings no picture"
