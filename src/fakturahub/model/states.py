"""The states of submissions, documents and deliveries, and the steps allowed between them.

Every dialect's own status words are views of these.
"""

from __future__ import annotations

from enum import StrEnum


class SubmissionState(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"


class DocumentState(StrEnum):
    RECEIVED = "received"
    VALIDATED = "validated"
    ROUTED = "routed"
    UNROUTABLE = "unroutable"
    DELIVERED = "delivered"
    PARTLY_DELIVERED = "partly-delivered"
    FAILED = "failed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    FAILED = "failed"
    HELD = "held"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """The verdict of validation; ``NOT_CHECKED`` is said so and never shown as valid."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not checked"


#: states a delivery never leaves by itself; ``redeliver`` starts a failed one again
TERMINAL_DELIVERY = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELLED})

DELIVERY_STEPS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset(
        {DeliveryState.SENDING, DeliveryState.DELIVERED, DeliveryState.RETRYING, DeliveryState.FAILED}
        | {DeliveryState.HELD, DeliveryState.CANCELLED}
    ),
    DeliveryState.SENDING: frozenset(
        {DeliveryState.DELIVERED, DeliveryState.RETRYING, DeliveryState.FAILED}
        | {DeliveryState.HELD, DeliveryState.CANCELLED}
    ),
    DeliveryState.RETRYING: frozenset(
        {DeliveryState.SENDING, DeliveryState.DELIVERED, DeliveryState.FAILED}
        | {DeliveryState.HELD, DeliveryState.CANCELLED}
    ),
    DeliveryState.HELD: frozenset({DeliveryState.PENDING, DeliveryState.CANCELLED}),
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.FAILED: frozenset({DeliveryState.PENDING}),
    DeliveryState.CANCELLED: frozenset(),
}


def document_state_after(deliveries: list[DeliveryState]) -> DocumentState:
    """The state of a routed document, from the states of all its deliveries.

    A cancelled delivery counts for nothing; a document all of whose deliveries were cancelled is withdrawn.
    """
    counted = [state for state in deliveries if state is not DeliveryState.CANCELLED]
    if not counted:
        return DocumentState.WITHDRAWN if deliveries else DocumentState.UNROUTABLE
    if all(state is DeliveryState.DELIVERED for state in counted):
        return DocumentState.DELIVERED
    if all(state is DeliveryState.FAILED for state in counted):
        return DocumentState.FAILED
    if DeliveryState.DELIVERED in counted:
        return DocumentState.PARTLY_DELIVERED
    return DocumentState.ROUTED
