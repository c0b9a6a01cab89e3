"""The operator's own codes (PUF-020) in answers, beside the hub's."""

from __future__ import annotations

from fakturahub import errors
from fakturahub.dialects.pagero.classification import BY_ERROR

#: what an answer tells by the operator's code as well; of anything else only its acknowledgement has one
TOLD = frozenset(
    {
        errors.IdempotencyConflict.code,
        errors.MissingFile.code,
        errors.EmptyAttachment.code,
        errors.AttachmentTooLarge.code,
        errors.TooManyDocuments.code,
        errors.NoBusinessDocument.code,
    }
)


def coded(error: errors.FakturahubError) -> str:
    """The hub's code of *error*, with the operator's where an answer tells it."""
    return f"{error.code} (PUF-020 {BY_ERROR[error.code]})" if error.code in TOLD else error.code
