"""The calls that ask which way a document would go: the decision is that of a submission (specification 6.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.config import routing_form
from fakturahub.dialects.apix import methods, wire
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.apix.methods import Asked, Way
from fakturahub.dialects.apix.requests import BODY, groups_of
from fakturahub.dialects.surface import Parts, read_body
from fakturahub.exchange.choose import HTTP, INBOX, LETTER, MAIL, Decision, Question
from fakturahub.formats.finvoice.addresses import PRINT, business_id_scheme, endpoint
from fakturahub.identity.companies import Companies, Company
from fakturahub.model import Identifier, PartyHeading

#: our channel -> what it is called here; the hub has no channel for the other names of the operator's list
CHANNELS: dict[str | None, Literal["eInvoice", "email", "Paper"]] = {
    INBOX: "eInvoice",
    HTTP: "eInvoice",
    MAIL: "email",
    LETTER: "Paper",
}
#: types of messages that a page can be made of, in lower case; any other can only go through the network
_INVOICES = frozenset({"einvoice", "invoic", "invoice", "finvoice", "teapps", "teappsxml"})


class Ways:
    """The calls that ask."""

    def __init__(self, parts: Parts, callers: Callers) -> None:
        self._parts = parts
        self._callers = callers

    async def method(self, request: Request) -> Response:
        """``PUT /method?uid&t&d``, and the older ``pricing``: a way and a price for each group, in their order."""
        company, _ = self._callers.company(request, contract=None)
        questions = [methods.asked(stated) for stated in groups_of(await read_body(request, BODY))]
        now = self._parts.clock.now()
        groups = []
        for one in questions:
            pages = one.pages or 1
            question = Question(
                sender=company,
                at=now,
                buyer=_buyer(one, self._parts.companies),
                on_paper=_is_print(one),
                undrawable=_undrawable(one),
                pages=pages,
                hypothetical=True,
            )
            groups.append(methods.answered(one, way_of(self._parts.exchange.decide(question), company, pages)))
        return wire.ok("7G00", groups, texts=())


def way_of(decision: Decision, sender: Company, pages: int) -> Way:
    """A decision in the operator's words."""
    channel = CHANNELS.get(decision.channel)
    if channel is None:
        return Way(None, remark=f"{sender.name} has no way to this receiver: {decision.why}.")
    details = decision.details or {}
    # the operator tells no cost of an e-invoice; where one has a price, it is told
    cost = decision.price if channel == "eInvoice" else decision.price or Decimal(0)
    if channel != "Paper":
        return Way(channel, cost, decision.receiver.business_id if decision.receiver else None)
    return Way(
        channel,
        cost,
        pages=pages,
        postal_class=details["class"],
        colour=details["colour"],
        country=details["country_class"],
    )


def _buyer(asked: Asked, companies: Companies) -> PartyHeading:
    """The receiver as a document would name it; of two addresses the one that is known counts."""
    addresses = [endpoint("".join(one.split()), None) for one in (asked.address, asked.ovt) if one and not _prints(one)]
    known = (one for one in addresses if one.scheme and companies.by_address(routing_form(str(one))))
    number = asked.ytunnus
    return PartyHeading(
        name=asked.receiver_name,
        endpoint=next(known, addresses[0] if addresses else None),
        business_id=None if number is None else Identifier(number, business_id_scheme(number)),
        country=asked.receiver_country,
    )


def _is_print(asked: Asked) -> bool:
    return any(_prints(one) for one in (asked.address, asked.ovt) if one)


def _prints(address: str) -> bool:
    return address.strip().upper() == PRINT


def _undrawable(asked: Asked) -> str | None:
    kind = (asked.message_type or methods.MESSAGE_TYPE).casefold()
    return None if kind in _INVOICES else f"a message of the type {kind[:40]!r} has no page"
