"""The operator's own codes (PUF-020) for what has one, shown beside the hub's."""

from __future__ import annotations

from collections.abc import Mapping

from fakturahub import errors

#: The first class that fits decides.
PUF_020: Mapping[type[errors.FakturahubError], str] = {
    errors.IdempotencyConflict: "11300",
    errors.MissingFile: "10100",
    errors.EmptyAttachment: "10300",
    errors.AttachmentTooLarge: "10400",
    errors.TooManyDocuments: "12500",
    errors.NoBusinessDocument: "13200",
}


def puf_020(error: errors.FakturahubError) -> str | None:
    """The operator's code for *error*, None where it has none."""
    return next((code for cls, code in PUF_020.items() if isinstance(error, cls)), None)


def coded(error: errors.FakturahubError) -> str:
    """The hub's code of *error*, with the operator's where there is one."""
    code = puf_020(error)
    return error.code if code is None else f"{error.code} (PUF-020 {code})"
