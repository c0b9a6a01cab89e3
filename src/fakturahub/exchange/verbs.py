"""What a person may do with a delivery or a document: again, not now, never, back, once more as a new one.

Each says in a sentence what it did. What is under way cannot be called back, and nothing that arrived is undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from fakturahub.errors import NotFound, Refused
from fakturahub.exchange import resending
from fakturahub.exchange.acknowledgements import routed_later
from fakturahub.exchange.choose import LETTER, Decision
from fakturahub.exchange.resending import Around
from fakturahub.model import DeliveryState, DocumentState, Mode
from fakturahub.storage import documents
from fakturahub.storage.database import Database
from fakturahub.storage.delivery_verbs import Changing, NewDelivery, Standing, Word, changing
from fakturahub.storage.documents import Whole
from fakturahub.storage.payloads import PayloadStore

#: deliveries that are released in one transaction
AT_A_TIME = 500

_UNDER_WAY = (
    "is being sent at this moment, and what comes of that is not known yet. Ask again when it is; "
    "`fakturahub document` shows it."
)


async def redeliver(database: Database, known: Around, payloads: PayloadStore, any_id: UUID, word: Word) -> str:
    """Do a delivery again that failed or waits, or route a document again that found no receiver.

    ``any_id`` is a delivery's or a document's. Raises `NotFound`, `Refused` where doing it again would send something
    twice, and `InsufficientCredit`.
    """
    async with changing(database, word) as change:
        some = await change.delivery(any_id)
        if some:
            one = _named(some, any_id)
            if one.state in (DeliveryState.DELIVERED, DeliveryState.CANCELLED):
                raise Refused(f"Delivery {any_id} is {one.state}; nothing is sent twice.")
            _refuse_under_way(some)
            open_ones = [each for each in some if each.state is not DeliveryState.CANCELLED]
            await change.start(open_ones, "delivery.started-again")
            return f"Delivery {any_id} was {one.state} and is due now{_with_others(open_ones)}."
    return await _route_again(database, known, payloads, any_id, word)


async def cancel(database: Database, delivery_id: UUID, word: Word) -> str:
    """End a delivery that has not arrived. Raises `NotFound`, and `Refused` with words why not."""
    async with changing(database, word) as change:
        one = await _alone(change, delivery_id, "cancelled")
        if one.state in (DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELLED):
            raise Refused(f"Delivery {delivery_id} is {one.state}; there is nothing left to cancel.")
        await change.end([one], DeliveryState.CANCELLED, "delivery.cancelled", _said("cancelled", word))
        tried = {0: "", 1: " after 1 attempt, which may have arrived"}.get(
            one.attempts, f" after {one.attempts} attempts, one of which may have arrived"
        )
        return f"Delivery {delivery_id} was {one.state} and is cancelled{tried}."


async def hold(database: Database, delivery_id: UUID, word: Word) -> str:
    """Keep a delivery from being tried until `release`. Raises `NotFound`, and `Refused` with words why not."""
    async with changing(database, word) as change:
        one = await _alone(change, delivery_id, "held")
        if one.state not in (DeliveryState.PENDING, DeliveryState.RETRYING):
            raise Refused(f"Delivery {delivery_id} is {one.state}; only one that waits can be held.")
        await change.end([one], DeliveryState.HELD, "delivery.held", _said("held", word))
        return f"Delivery {delivery_id} was {one.state} and is held until it is released."


async def release(database: Database, delivery_id: UUID, word: Word) -> str:
    """Let a held delivery go on; a letter not before its cut-off. Raises `NotFound` and `Refused`."""
    async with changing(database, word) as change:
        some = await change.delivery(delivery_id)
        if not some:
            raise NotFound(f"There is no delivery with the id {delivery_id}.")
        one = _named(some, delivery_id)
        if one.state is not DeliveryState.HELD:
            raise Refused(f"Delivery {delivery_id} is {one.state}, not held.")
        held = [each for each in some if each.state is DeliveryState.HELD]
        early = _is_early(one, word)
        await change.start(held, "delivery.released", due_at=one.due_at if early else None)
        when = f"at {one.due_at:%Y-%m-%d %H:%M} UTC" if early else "now"
        return f"Delivery {delivery_id} is released and due {when}{_with_others(held)}."


async def release_all(database: Database, target: str, word: Word) -> str:
    """Let all held deliveries of a target go on, as `release` does one; so many at a time. Raises `NotFound`."""
    count = 0
    while True:
        async with changing(database, word) as change:
            some = await change.held_of(target, AT_A_TIME)
            early = [one for one in some if _is_early(one, word)]
            await change.start([one for one in some if one not in early], "delivery.released")
            for due_at in sorted({one.due_at for one in early}):
                await change.start([one for one in early if one.due_at == due_at], "delivery.released", due_at=due_at)
        count += len(some)
        if len(some) < AT_A_TIME:
            break
    if not count:
        raise NotFound(f"No delivery to the target {target!r} is held. `fakturahub targets` lists targets.")
    return f"{count:,} {'delivery is' if count == 1 else 'deliveries are'} released."


def _is_early(one: Standing, word: Word) -> bool:
    """Whether it is a letter that waits for its cut-off."""
    return one.channel == LETTER and not one.attempts and one.due_at > word.at


async def withdraw(database: Database, document_id: UUID, word: Word) -> str:
    """Take a document back that has reached nobody. Raises `NotFound`, and `Refused` with words why not."""
    async with changing(database, word) as change:
        some = await change.of_document(document_id)
        found = await change.document_state(document_id)
        if found is None:
            raise NotFound(f"There is no document with the id {document_id}.")
        state, company_id = found
        if state in (DocumentState.WITHDRAWN, DocumentState.REJECTED):
            raise Refused(f"Document {document_id} is {state}; there is nothing left to withdraw.")
        arrived = [one for one in some if one.state is DeliveryState.DELIVERED]
        if arrived:
            raise Refused(
                f"Document {document_id} was delivered by {arrived[0].channel} (delivery {arrived[0].id}). What "
                "arrived is not taken back: its sender sends a credit note."
            )
        _refuse_under_way(some)
        for one in some:
            _refuse_batched(one, "withdrawn")
        open_ones = [one for one in some if one.state not in (DeliveryState.FAILED, DeliveryState.CANCELLED)]
        if open_ones:
            await change.end(open_ones, DeliveryState.CANCELLED, "delivery.cancelled", _said("withdrawn", word))
        await change.withdrawn(document_id)
        await change.document_event(document_id, company_id, "document.withdrawn", was=state.value)
        cancelled = {0: "", 1: ", and its delivery cancelled"}.get(
            len(open_ones), f", and {len(open_ones)} deliveries cancelled"
        )
        return f"Document {document_id} was {state} and is withdrawn{cancelled}."


async def resend(
    database: Database,
    known: Around,
    payloads: PayloadStore,
    document_id: UUID,
    word: Word,
    to: str | None = None,
) -> str:
    """Send a document once more, as a new one with ids of its own, to the receiver it names or to *to*.

    ``to``: an electronic address (``0216:003712345678``) or a mail address. Raises `NotFound`, `Refused` where it finds
    no way, and `InsufficientCredit`.
    """
    whole = await documents.whole(database, document_id)
    if whole is None:
        raise NotFound(f"There is no document with the id {document_id}.")
    _refuse_undeliverable(whole)
    decision = await resending.decide_again(database, known, payloads, whole, word.at, to)
    if decision.channel is None:
        raise Refused(f"Document {document_id} finds no receiver: {decision.why}.")
    new_document, new_delivery = await resending.store_as_new(database, whole, decision, word)
    async with changing(database, word) as change:
        found = await change.document_state(document_id)
        if found is not None:
            await change.document_event(document_id, found[1], "document.resent", document=str(new_document))
    return f"Document {document_id} is sent again as {new_document}: {decision.why}. Delivery {new_delivery} is due."


async def _route_again(database: Database, known: Around, payloads: PayloadStore, document_id: UUID, word: Word) -> str:
    whole = await documents.whole(database, document_id)
    if whole is None:
        raise NotFound(f"There is no delivery and no document with the id {document_id}.")
    _refuse_undeliverable(whole)
    if whole.listed.state != DocumentState.UNROUTABLE:
        raise Refused(f"Document {document_id} is {whole.listed.state}; name the delivery that is to be done again.")
    decision = await resending.decide_again(database, known, payloads, whole, word.at)
    if decision.channel is None:
        raise Refused(f"Document {document_id} still finds no receiver: {decision.why}.")
    async with changing(database, word) as change:
        found = await change.document_state(document_id)
        if found is None or found[0] is not DocumentState.UNROUTABLE:
            raise Refused(f"Document {document_id} was routed by somebody else meanwhile.")
        delivery_id = await change.route(document_id, found[1], _delivery(decision))
        told = await change.acknowledged(document_id)
        again = routed_later(told, document_id, known.get(found[1]), decision.channel, word.at)
        if again is not None:
            await change.acknowledge(document_id, found[1], again)
    return f"Document {document_id} is routed now: {decision.why}. Delivery {delivery_id} is due."


def _delivery(decision: Decision) -> NewDelivery:
    return NewDelivery(
        receiver_id=None if decision.receiver is None else decision.receiver.id,
        channel=decision.channel or "",
        address=decision.address,
        why=decision.why,
        wanted_syntax=decision.wanted,
        target=decision.target,
        details=None if decision.details is None else msgspec.json.encode(decision.details).decode(),
        cost=decision.price,
        due_at=decision.leaves_at,
    )


async def _alone(change: Changing, delivery_id: UUID, verb: str) -> Standing:
    some = await change.delivery(delivery_id)
    if not some:
        raise NotFound(f"There is no delivery with the id {delivery_id}.")
    one = _named(some, delivery_id)
    _refuse_under_way([one])
    if one.state is not DeliveryState.DELIVERED:
        _refuse_batched(one, verb)
    return one


def _named(some: Sequence[Standing], delivery_id: UUID) -> Standing:
    return next(one for one in some if one.id == delivery_id)


def _refuse_under_way(some: Sequence[Standing]) -> None:
    for one in some:
        # into an inbox it takes one transaction, which is over by now
        if one.state is DeliveryState.SENDING and one.target is not None:
            raise Refused(f"Delivery {one.id} {_UNDER_WAY}")


def _refuse_batched(one: Standing, verb: str) -> None:
    if one.batch_id is not None:
        raise Refused(
            f"Delivery {one.id} is a letter of batch {one.batch_id}, which was on its way to the print house: the "
            f"house may have it. Letters can be {verb} until their cut-off."
        )


def _refuse_undeliverable(whole: Whole) -> None:
    document_id, listed = whole.listed.id, whole.listed
    if listed.mode != Mode.PROD:
        raise Refused(f"Document {document_id} was sent in mode {listed.mode}; such a document is never delivered.")
    if listed.state == DocumentState.REJECTED:
        raise Refused(f"Document {document_id} was rejected; its sender has to send it anew.")


def _with_others(some: Sequence[Standing]) -> str:
    """That letters of a batch share its fate."""
    if len(some) < 2:
        return ""
    return f", with the {len(some) - 1} other letters of its batch"


def _said(what: str, word: Word) -> str:
    return f"It was {what} by {word.by}" + (f": {word.why}" if word.why else ".")
