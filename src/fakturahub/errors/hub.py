"""What the hub itself failed at: for now, to be asked again, or by a defect."""

from __future__ import annotations

from fakturahub.errors.tree import FakturahubError


class Unavailable(FakturahubError):
    """Nothing was acknowledged; the same request with the same key may be sent again. ``retry_after`` in seconds."""

    code = "unavailable"
    title = "The hub cannot answer at the moment"
    advice = "Nothing was acknowledged. Send the same request again with the same key after the Retry-After time."

    def __init__(self, reason: str, *, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class DatabaseUnavailable(Unavailable):
    code = "database-unavailable"
    title = "The database cannot be reached"


class PayloadStoreUnavailable(Unavailable):
    code = "payload-store-unavailable"
    title = "The payload store cannot be reached"


class Overloaded(Unavailable):
    code = "overloaded"
    title = "The hub has more to do than it can take"


class RulesFailed(Unavailable):
    """The engine met a defect; ``__cause__`` is what it was. What was not judged is neither valid nor refused."""

    code = "rules-failed"
    title = "The document could not be checked"
    advice = (
        "Nothing was acknowledged. Send the same request again with the same key; where the answer stays, tell the "
        "hub's operator its request id. With `validation` of the company set to off the document passes unchecked."
    )


class PackUnusable(Unavailable):
    """A rule pack that applies cannot be used: documents that it would have to check are neither valid nor refused."""

    code = "pack-unusable"
    title = "A rule pack that applies cannot be used"
    advice = (
        "Nothing was acknowledged. The hub's operator removes the pack or installs it again; "
        "`fakturahub doctor` says why."
    )


class RenderingFailed(Unavailable):
    code = "rendering-failed"
    title = "The page could not be made"
    advice = "Ask again. If it fails again, use the document itself, and tell the hub's operator which one it was."


class InternalFault(FakturahubError):
    code = "internal-fault"
    title = "A defect of the hub"
    advice = "Nothing was acknowledged. Tell the hub's operator the request id of the answer; it finds the log line."


class PayloadCorrupt(InternalFault):
    code = "payload-corrupt"
    title = "A stored payload is missing or damaged"
    advice = (
        "The hub's operator has to restore it from a backup: the message names the SHA-256 that its bytes must have."
    )
