"""The nouns: frozen, typed, and free of behaviour that reaches outside."""

from fakturahub.model.exchange import Answer, Clock, Inspect, Inspected, Medium, Mode, Part, Submission
from fakturahub.model.finding import Finding, Loss, Severity
from fakturahub.model.heading import Attachment, AttachmentHeading, Heading, Kind, Recognition
from fakturahub.model.outgoing import BatchChannel, Channel, Content, Fault, Outcome, Parcel, Record, Result
from fakturahub.model.party import Identifier, PartyHeading, PostalHeading
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
    "BatchChannel",
    "Billed",
    "Channel",
    "Claim",
    "Clock",
    "CollectionNotice",
    "Content",
    "DeliveryState",
    "Demand",
    "DocumentState",
    "Fault",
    "Finding",
    "Heading",
    "Identifier",
    "Inspect",
    "Inspected",
    "Kind",
    "Loss",
    "Medium",
    "Mode",
    "Outcome",
    "Parcel",
    "Part",
    "PartyHeading",
    "PostalHeading",
    "Recognition",
    "Record",
    "Reminder",
    "Result",
    "Severity",
    "Submission",
    "SubmissionState",
    "Verdict",
    "document_state_after",
]
