"""The nouns: frozen, typed, and free of behaviour that reaches outside."""

from fakturahub.model.exchange import Answer, Channel, Clock, Mode, Outcome, Parcel, Submission
from fakturahub.model.finding import Finding, Loss, Severity
from fakturahub.model.heading import Attachment, AttachmentHeading, Heading, Kind, Recognition
from fakturahub.model.party import Identifier, PartyHeading
from fakturahub.model.reminder import Billed, Claim, CollectionNotice, Demand, Reminder
from fakturahub.model.states import (
    DELIVERY_STEPS,
    TERMINAL_DELIVERY,
    DeliveryState,
    DocumentState,
    SubmissionState,
    Verdict,
    document_state_after,
)

__all__ = [
    "DELIVERY_STEPS",
    "TERMINAL_DELIVERY",
    "Answer",
    "Attachment",
    "AttachmentHeading",
    "Billed",
    "Channel",
    "Claim",
    "Clock",
    "CollectionNotice",
    "DeliveryState",
    "Demand",
    "DocumentState",
    "Finding",
    "Heading",
    "Identifier",
    "Kind",
    "Loss",
    "Mode",
    "Outcome",
    "Parcel",
    "PartyHeading",
    "Recognition",
    "Reminder",
    "Severity",
    "Submission",
    "SubmissionState",
    "Verdict",
    "document_state_after",
]
