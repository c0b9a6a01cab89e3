"""The way to a company's own server, and the networks that such servers may be in."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from uuid import UUID

from fakturahub.config import HttpPush, forms
from fakturahub.errors import InternalFault, MasterKeyError
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.schedule import Schedule, schedule_to
from fakturahub.identity.companies import Companies, Company
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed_part
from fakturahub.model.ways import HttpWay
from fakturahub.storage.outgoing import Claimed

#: where a company's table of the provisioning file says how documents are posted to it
PATH = ("pagero", "push")


def push_of(company: Company) -> Mapping[str, Any] | None:
    """What is stored of how documents are posted to *company*, None where they are not."""
    push: Mapping[str, Any] | None = company.section(PATH[0]).get(PATH[1])
    return push


def trusted_networks(companies: Companies) -> tuple[IPv4Network | IPv6Network, ...]:
    """``trusted_networks`` under ``[outbound]``, as provisioned at the moment."""
    outbound = companies.setting("outbound") or {}
    return _networks(tuple(outbound.get("trusted_networks", ())))


@functools.cache
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    # Asked for at every connection; the settings change a few times in the life of a process.
    return tuple(ip_network(text) for text in texts)


class HttpWays:
    """Ways to the servers of companies. A company's way is the same object until its settings change."""

    def __init__(self, companies: Companies, master_key: MasterKey) -> None:
        self._companies = companies
        self._master_key = master_key
        self._known: dict[UUID, tuple[Mapping[str, Any], HttpWay]] = {}
        #: by target
        self._schedules: dict[str, tuple[UUID, Mapping[str, Any], Schedule]] = {}

    def way_of(self, claimed: Claimed) -> HttpWay | Withheld:
        """The way to the receiver's own server, or why there is none."""
        company = None if claimed.receiver_id is None else self._companies.get(claimed.receiver_id)
        if company is None:
            return Withheld(
                "The receiver is no company of this hub any more. Provision it again and release the delivery, or "
                "cancel the delivery."
            )
        push = push_of(company)
        if push is None:
            self._known.pop(company.id, None)
            return Withheld(
                f"Company {company.key} has no [company.pagero.push] any more, which says where its server is. "
                f"Provision it again and release the delivery, or cancel the delivery."
            )
        known = self._known.get(company.id)
        # Settings are replaced as a whole when they change, never written into.
        if known is not None and known[0] is push:
            return known[1]
        try:
            settings = revealed_part(
                HttpPush, push, PATH, master_key=self._master_key, context=f"company/{company.key}"
            )
        except (MasterKeyError, InternalFault) as error:
            return Withheld(
                f"[company.pagero.push] of company {company.key} cannot be used: {error.reason} Apply the provisioning "
                f"file anew and release the delivery."
            )
        way = HttpWay(settings)
        self._known[company.id] = (push, way)
        return way

    def schedule_of(self, target: str) -> Schedule:
        """How deliveries with this target are tried: as their receiver wants it, by its settings of the moment.

        Asked for each target in each round of claims, so nothing is read that was read before.
        """
        known = self._schedules.get(target)
        id_ = UUID(target.partition(" ")[2]) if known is None else known[0]
        company = self._companies.get(id_)
        push = None if company is None else push_of(company)
        if push is None:
            self._schedules.pop(target, None)
            return schedule_to(target)
        if known is None or known[1] is not push:
            known = (id_, push, own_schedule(push, schedule_to(target)))
            self._schedules[target] = known
        return known[2]


def own_schedule(push: Mapping[str, Any], usual: Schedule) -> Schedule:
    """What is stored of the schedule, where it is not the *usual* one. No secret is opened for it."""
    retry, give_up_after = push.get("retry"), push.get("give_up_after")
    return Schedule(
        usual.pauses if retry is None else tuple(forms.DURATION.read(one) for one in retry),
        usual.gives_up_after if give_up_after is None else forms.DURATION.read(give_up_after),
        push.get("at_once", usual.at_once),
    )
