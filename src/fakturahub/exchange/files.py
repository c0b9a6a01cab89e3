"""What a sender asks of a file it handed in: what became of each document in it, once more, or no more.

A part of a file is done with once its document is on its way and nothing more is to be decided; what is wrong, or waits
for somebody, is what its sender may restart or cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from fakturahub.errors import NotFound, Refused, WrongState
from fakturahub.exchange import inbox, verbs
from fakturahub.exchange.resending import Around
from fakturahub.exchange.submit import Accepted, Exchange
from fakturahub.identity.companies import Company
from fakturahub.model import (
    Answer,
    Attachment,
    Clock,
    DeliveryState,
    DocumentState,
    Finding,
    Mode,
    Part,
    Severity,
    Submission,
)
from fakturahub.storage import document_files
from fakturahub.storage import file_parts as stored
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Word
from fakturahub.storage.file_parts import File as File
from fakturahub.storage.file_parts import FilePart
from fakturahub.storage.payloads import PayloadStore


class Standing(StrEnum):
    """How a part of a file stands."""

    #: it is being sent, or waits for its time
    UNDER_WAY = "under way"
    #: it was rejected, or was given up on its way
    FAILED = "failed"
    #: nobody knows yet where it goes
    WAITING = "waiting"
    #: there is nothing left to do
    DONE = "done"
    #: its sender, or somebody at the hub, took it back
    CANCELLED = "cancelled"


def standing(part: FilePart) -> Standing:
    """How *part* stands, by the states of its document and of its deliveries."""
    if part.cancelled_at is not None or part.state is DocumentState.WITHDRAWN:
        return Standing.CANCELLED
    if part.state is DocumentState.REJECTED:
        return Standing.FAILED
    if part.state is DocumentState.UNROUTABLE:
        return Standing.WAITING
    states = [state for _, state, _ in part.deliveries]
    if DeliveryState.FAILED in states:
        return Standing.FAILED
    # a document that is not for real has no delivery
    if part.mode is not Mode.PROD or (states and all(one is DeliveryState.DELIVERED for one in states)):
        return Standing.DONE
    return Standing.UNDER_WAY


class Shown(msgspec.Struct, frozen=True):
    """A part of a file with what is in its way, in sentences."""

    part: FilePart
    standing: Standing
    reasons: tuple[str, ...] = ()


class Again(msgspec.Struct, frozen=True):
    """What is judged once more: the bytes of a document, with what its sender said of them."""

    data: bytes
    mode: Mode
    #: the document with the files beside it
    part: Part
    #: the sender's key, file name and declared type
    request: Mapping[str, Any]


class Files:
    """The files that the companies of this hub handed in through one dialect or another, for one process."""

    def __init__(
        self, database: Database, payloads: PayloadStore, known: Around, exchange: Exchange, clock: Clock
    ) -> None:
        self._database = database
        self._payloads = payloads
        self._known = known
        self._exchange = exchange
        self._clock = clock

    async def file(self, company: Company, dialect: str, file_id: UUID) -> File:
        """A file of *company*. Raises `NotFound`, for another company's file as well."""
        found = await stored.file(self._database, company.id, dialect, file_id)
        if found is None:
            raise NotFound(f"There is no file with the id {file_id}.")
        return found

    async def parts(
        self, company: Company, dialect: str, file_id: UUID, wanted: frozenset[Standing], first: int, most: int
    ) -> tuple[list[Shown], int]:
        """Those parts of a file that stand as *wanted*, from the *first* on, at most so many; and how many there are.

        Raises `NotFound`.
        """
        await self.file(company, dialect, file_id)
        found = [
            one
            for one in await stored.parts_of(self._database, company.id, dialect, file_id)
            if standing(one) in wanted
        ]
        return await self._shown(found[first : first + most]), len(found)

    async def part(self, company: Company, dialect: str, part_id: UUID) -> Shown:
        """A part of a file of *company*. Raises `NotFound`, for another company's as well."""
        (shown,) = await self._shown([await self._part(company, dialect, part_id)])
        return shown

    async def restart(
        self,
        company: Company,
        dialect: str,
        part_id: UUID,
        again: Callable[[Again], Submission],
        compose: Callable[[Accepted], Answer],
    ) -> Shown:
        """Try once more what failed or waits; what is on its way, or there already, is left as it is.

        A document that was rejected is judged anew by the rules and companies of this moment, as the submission that
        *again* makes of it, and with the answer that *compose* makes: another document, which stands for the part from
        then on. One that found no receiver is routed anew, a delivery that was given up is due again.

        Raises `NotFound`, `WrongState` where it was cancelled, and what submitting raises.
        """
        part = await self._part(company, dialect, part_id)
        how = standing(part)
        if how is Standing.CANCELLED:
            raise WrongState(f"File part {part_id} was cancelled; hand its document in again.")
        if how is Standing.FAILED and part.state is not DocumentState.REJECTED:
            for delivery_id, state, _ in part.deliveries:
                if state is DeliveryState.FAILED:
                    await self._redeliver(company, delivery_id)
        elif how is Standing.WAITING and part.mode is Mode.PROD:
            await self._redeliver(company, part.document_id)
        elif how in (Standing.FAILED, Standing.WAITING):
            await self._judge_anew(company, dialect, part, again, compose)
        return await self.part(company, dialect, part_id)

    async def cancel(self, company: Company, dialect: str, part_id: UUID) -> Shown:
        """Take a part back that has reached nobody. Raises `NotFound`, and `WrongState` where it did or may have."""
        part = await self._part(company, dialect, part_id)
        how = standing(part)
        arrived = any(state is DeliveryState.DELIVERED for _, state, _ in part.deliveries)
        if how is Standing.DONE and not arrived:
            raise WrongState(f"File part {part_id} was sent in mode {part.mode}: there is nothing to take back.")
        if part.state is DocumentState.REJECTED or (how is Standing.FAILED and arrived):
            # nothing of it is on its way: what failed is not tried again
            await stored.cancel(self._database, part, self._clock.now())
        elif how is not Standing.CANCELLED:
            try:
                await verbs.withdraw(self._database, part.document_id, self._word(company))
            except Refused as refused:
                raise _wrong_state(refused) from refused
        return await self.part(company, dialect, part_id)

    async def _part(self, company: Company, dialect: str, part_id: UUID) -> FilePart:
        found = await stored.part(self._database, company.id, dialect, part_id)
        if found is None:
            raise NotFound(f"There is no file part with the id {part_id}.")
        return found

    async def _redeliver(self, company: Company, any_id: UUID) -> None:
        """What still finds no receiver, and what somebody else started meanwhile, is as it was: no error."""
        try:
            await verbs.redeliver(self._database, self._known, self._payloads, any_id, self._word(company))
        except Refused as refused:
            if type(refused) is not Refused:
                raise

    async def _judge_anew(
        self,
        company: Company,
        dialect: str,
        part: FilePart,
        again: Callable[[Again], Submission],
        compose: Callable[[Accepted], Answer],
    ) -> None:
        file = await self.file(company, dialect, part.file_id)
        data = await inbox.payload(self._database, self._payloads, part.document_id)
        if not data:
            raise WrongState(f"The document of file part {part.id} was erased.")
        files = tuple(
            [
                Attachment(one.name, one.mime, await self._payloads.load(one.kept), one.description)
                for one in await document_files.files_of(self._database, part.document_id)
            ]
        )
        submission = again(Again(data, part.mode, Part(data, files), file.request))
        if part.mode is not Mode.PROD:
            # a test is repeated for what it says now, and never leaves
            submission = msgspec.structs.replace(submission, door=f"restart {submission.id}")
        made: list[UUID] = []

        def noted(accepted: Accepted) -> Answer:
            made.append(accepted.documents[0].id)
            return compose(accepted)

        _, repeated = await self._exchange.submit(submission, company, noted)
        # These bytes may have been taken meanwhile, as another file or by another restart: nothing is sent twice.
        new = await stored.taken_twin(self._database, part, company.id) if repeated else made[0]
        if new is None:
            raise WrongState(f"The document of file part {part.id} was taken in another file meanwhile; cancel it.")
        await stored.stand_in(self._database, part.id, new, self._clock.now())

    async def _shown(self, parts: list[FilePart]) -> list[Shown]:
        facts = await stored.facts_of(
            self._database, [one.document_id for one in parts if standing(one) in (Standing.FAILED, Standing.WAITING)]
        )
        return [Shown(one, standing(one), reasons(one, facts.get(one.document_id) or {})) for one in parts]

    def _word(self, company: Company) -> Word:
        return Word(f"{company.key}, by the API", self._clock.now())


def reasons(part: FilePart, facts: dict[str, Any]) -> tuple[str, ...]:
    """What is in the way of a part, in sentences: fatal findings, why no receiver was found, trouble of deliveries."""
    if part.state is DocumentState.REJECTED:
        findings = msgspec.convert(facts.get("findings") or [], list[Finding])
        fatal = [one for one in findings if one.severity is Severity.FATAL]
        return tuple(_said(one) for one in fatal) or ("The document was rejected.",)
    if part.state is DocumentState.UNROUTABLE:
        return (f"No receiver was found: {facts.get('route') or 'nothing more is known'}.",)
    return tuple(
        error or "The delivery was given up." for _, state, error in part.deliveries if state is DeliveryState.FAILED
    )


def _said(finding: Finding) -> str:
    at = f", at {finding.path}" if finding.path is not None else ""
    return f"{finding.rule}{at}: {finding.message}"


def _wrong_state(refused: Refused) -> Refused:
    """What a verb says of a state as an error of its own kind."""
    return WrongState(refused.reason) if type(refused) is Refused else refused
