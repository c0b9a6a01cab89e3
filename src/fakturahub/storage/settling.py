"""The state of a document that follows from the states of its deliveries, brought up to date with its event.

A delivery that carries an acknowledgement back to the sender counts for nothing here: whether the document reaches its
receiver does not depend on whether its sender hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from fakturahub.model import DeliveryState, document_state_after
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT


async def settle_documents(
    connection: asyncpg.Connection[asyncpg.Record], documents: Sequence[UUID], event_ids: Sequence[UUID], now: datetime
) -> None:
    """Give each of *documents* the state that follows from all its deliveries, with an event of one of *event_ids*."""
    # Two transactions may each do another delivery of one document. They settle it one after the other, so that the
    # second sees what the first did; in the order of ids, so that they cannot deadlock.
    await connection.execute("SELECT FROM document WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", list(documents))
    records = await connection.fetch(
        """SELECT document_id, array_agg(state) FROM delivery
           WHERE document_id = ANY ($1) AND channel <> $2 GROUP BY document_id""",
        list(documents),
        ACKNOWLEDGEMENT,
    )
    states = sorted(
        (record[0], document_state_after([DeliveryState(state) for state in record[1]])) for record in records
    )
    await connection.execute(
        """WITH changed AS (
               UPDATE document SET state = r.state, changed_at = $4
               FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS r (id, state, event)
               WHERE document.id = r.id AND document.state <> r.state
               RETURNING document.id, company_id, document.state, r.event)
           INSERT INTO event (id, company_id, document_id, kind, at, data)
           SELECT event, company_id, id, 'document.' || state, $4, '{}' FROM changed""",
        [document_id for document_id, _ in states],
        [state.value for _, state in states],
        list(event_ids[: len(states)]),
        now,
    )
