"""What a batch is answered with: invoices, letters and payslips alike (specification 6.1 to 6.3)."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from fakturahub.dialects.apix.balance import in_credits
from fakturahub.dialects.apix.texts import Text
from fakturahub.dialects.apix.wire import Group, envelope

#: OK of invoices, print and sendpayslip; the last is [inferred]
ACCEPTED = "1000"
#: nothing of a batch was accepted [inferred]
REFUSED = "1001"


class Told(msgspec.Struct, frozen=True):
    """What became of one document."""

    #: its number; of one that was refused and whose number is not known, its place in the data file
    name: str
    accepted: bool
    text: Text | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """What is told of a whole batch; all figures are those of what will happen."""

    id: UUID
    #: what is left when the batch is paid
    balance: Decimal
    cost: Decimal
    #: that leave electronically; of letters, those that were moved to a digital mailbox
    networked: int
    letters: int
    #: of all letters together
    letter_pages: int
    #: in the order of the transfer
    documents: tuple[Told, ...]
    #: payslips have a word of their own for those that leave electronically
    payslips: bool = False

    def is_refused(self) -> bool:
        """Whether nothing was accepted."""
        return not any(one.accepted for one in self.documents)


def answered(batch: BatchAnswer, *, stamp: str) -> bytes:
    """The answer to a batch. Where nothing was accepted it is a refusal, with *stamp*, which finds the log line."""
    groups = [_group(one) for one in batch.documents]
    refused = sum(not one.accepted for one in batch.documents)
    if batch.is_refused():
        reason = f"No document of the batch was accepted; {refused} refused."
        return envelope("ERR", REFUSED, (stamp, reason), groups)
    return envelope("OK", ACCEPTED, ("OK",), [_summary(batch, refused), *groups])


def _summary(batch: BatchAnswer, refused: int) -> Group:
    """The first group, in the order of the operator's example, which leaves RejectedDocument out where it is 0."""
    return [
        ("BatchID", str(batch.id)),
        ("Saldo", in_credits(batch.balance)),
        ("CostInCredits", in_credits(batch.cost)),
        ("NetworkedPayslips" if batch.payslips else "NetworkedInvoices", str(batch.networked)),
        ("Letters", str(batch.letters)),
        ("LetterPages", str(batch.letter_pages)),
        ("RejectedDocument", str(refused) if refused else ""),
        ("AcceptedDocument", str(len(batch.documents) - refused)),
    ]


def _group(told: Told) -> Group:
    group = [("AcceptedDocumentID" if told.accepted else "RejectedDocumentID", told.name)]
    if told.text is not None:
        group += [
            ("ValidateText", told.text.en),
            ("ValidateText:fi", told.text.fi or ""),
            ("ValidateText:sv", told.text.sv or ""),
        ]
    return group
