"""The address register: who can be reached where (specification 6.5)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.dialects.apix import wire
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.apix.provision import ApixHub
from fakturahub.dialects.apix.requests import BODY, Stated, groups_of
from fakturahub.dialects.apix.wire import Group
from fakturahub.dialects.surface import Parts, read_body
from fakturahub.errors import BadRequest
from fakturahub.identity.register import Listed, Register

#: groups of one answer
ANSWERED = 1_000


class Addresses:
    """The call of the register."""

    def __init__(self, parts: Parts, callers: Callers) -> None:
        self._parts = parts
        self._callers = callers

    async def addressquery(self, request: Request) -> Response:
        """``PUT /addressquery?uid&t&d``: the addresses of a company, by its id or by its name."""
        self._callers.company(request, contract=None)
        groups: list[Group] = []
        for stated in groups_of(await read_body(request, BODY)):
            if not (stated.get("ReceiverYtunnus") or stated.get("ReceiverName")):
                raise BadRequest("Each group states ReceiverYtunnus or ReceiverName.")
            groups += answered(stated, self._parts.companies.register, self._callers.hub)
        return wire.ok("2A00", groups[:ANSWERED], texts=())


def found(stated: Stated, register: Register) -> list[Listed]:
    """Whom a group asks for: by the id where it states one, else by the name.

    A name beside an id that nobody has is looked up among those whose id is not known: equal names are no proof. A name
    that nobody has finds those that differ from it in one letter.
    """
    number, name = stated.get("ReceiverYtunnus"), stated.get("ReceiverName") or ""
    if number:
        listed = register.by_business_id(number)
        if listed or not name:
            return listed
        return [one for one in register.by_name(name) if one.business_id is None]
    return register.by_name(name) or register.by_similar_name(name)


def answered(stated: Stated, register: Register, hub: ApixHub) -> list[Group]:
    """A group for each address that is found; one with what was stated where none is."""
    groups: list[Group] = []
    for one in found(stated, register):
        head: Group = [
            ("ReceiverName", one.name),
            ("ReceiverYtunnus", one.business_id or stated.get("ReceiverYtunnus") or ""),
        ]
        own = one.company_id is not None
        groups += [
            [
                *head,
                ("ReceivereInvoiceAddress", wire.address_of(address.address) if own else address.address),
                ("ReceiverOperator", (hub.operator if own else address.operator) or ""),
                ("ReceiverOperatorId", (hub.operator_id if own else address.operator_id) or ""),
            ]
            for address in one.addresses
        ]
        if not one.addresses:
            groups.append(head)
    if not groups:
        names = ("ReceiverName", "ReceiverYtunnus")
        groups.append([(name, stated[name]) for name in names if stated.get(name)])
    return groups
