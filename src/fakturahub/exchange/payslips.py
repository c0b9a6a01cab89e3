"""Payslips that their sender takes back: what has not left is cancelled, and what the hub holds of them is erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from fakturahub import formats
from fakturahub.clock import today
from fakturahub.errors import DocumentRefused, NotFound, Refused, TransferUnreadable
from fakturahub.exchange.choose import LETTER
from fakturahub.identity.companies import Company
from fakturahub.model import Clock, DeliveryState, DocumentState, Kind
from fakturahub.model.payslip import Payslip
from fakturahub.storage import erasing
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word, changing
from fakturahub.storage.erasing import Numbered
from fakturahub.storage.payloads import PayloadStore

_OPEN = (DeliveryState.PENDING, DeliveryState.RETRYING, DeliveryState.HELD, DeliveryState.SENDING)


def whose(data: bytes) -> tuple[str | None, bool]:
    """The personal identity code in a payslip, else the number of the employee, and whether it is the former.

    None for what is no payslip, and for one that names nobody.
    """
    try:
        noun = formats.read(data).noun
    except (DocumentRefused, TransferUnreadable):
        return None, False
    if not isinstance(noun, Payslip) or noun.employee is None:
        return None, False
    if noun.employee.person is not None:
        return noun.employee.person.value, True
    return noun.employee.number, False


class Payslips:
    """Payslips of this hub, for one process."""

    def __init__(self, database: Database, payloads: PayloadStore, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    async def erase(self, sender: Company, number: str, day: date, fits: Callable[[str], bool]) -> int:
        """Erase the payslips that *sender* sent under *number*, and cancel what has not left; how many there were.

        *day* is the day of payment, or the one on which they were sent, in the sender's time zone. *fits* says of the
        id in a payslip whether it is the person's. Raises `NotFound`, and `Refused` while one is on its way, after
        which it can be asked for again; what was refused is not changed.
        """
        found = [
            one
            for one in await erasing.numbered(self._database, sender.id, number, Kind.PAYSLIP.value)
            if day in (one.issue_date, today(one.created_at, sender.zone)) and await self._is_of(one, fits)
        ]
        if not found:
            raise NotFound("There is no such payslip.")
        for one in found:
            await self._erase(one.id, sender)
        return len(found)

    async def _is_of(self, one: Numbered, fits: Callable[[str], bool]) -> bool:
        person, _ = whose(await self._payloads.load(one.kept))
        return person is not None and fits(person)

    async def _erase(self, document_id: UUID, sender: Company) -> None:
        word = Word(sender.name, self._clock.now())
        async with changing(self._database, word) as change:
            some = await change.of_document(document_id)
            found = await change.document_state(document_id)
            if found is None:
                raise NotFound("There is no such payslip.")
            state, company_id = found
            waiting = [one for one in some if one.state in _OPEN]
            for one in waiting:
                if one.state is DeliveryState.SENDING:
                    raise Refused("The payslip is being sent at this moment; ask again in a minute.")
                if one.channel == LETTER and one.batch_id is not None:
                    raise Refused("The payslip is on its way to the print house; ask again when it is done.")
            if waiting:
                await change.end(waiting, DeliveryState.CANCELLED, "delivery.cancelled", "It was taken back.")
            if state is not DocumentState.REJECTED and all(one.state is not DeliveryState.DELIVERED for one in some):
                await change.withdrawn(document_id)
                await change.document_event(document_id, company_id, "document.withdrawn", was=state.value)
            await change.erase(document_id)
            await change.document_event(document_id, company_id, "document.erased")
