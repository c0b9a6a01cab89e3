"""What is wrong with a request: its key, its address, its caller, its rate."""

from __future__ import annotations

from fakturahub.errors.tree import Refused


class IdempotencyConflict(Refused):
    code = "idempotency-conflict"
    title = "The same key was used for another body"
    advice = "Use a new key for a new document. The message names the submission that used the key first."


class UnknownPath(Refused):
    code = "unknown-path"
    title = "There is no such address"
    advice = "Compare the address with the operator's documentation; the message names the part that is unknown."


class MethodNotAllowed(Refused):
    code = "method-not-allowed"
    title = "The address does not take this HTTP method"
    advice = "The Allow header names the methods it takes."

    def __init__(self, reason: str, *, allow: str) -> None:
        super().__init__(reason)
        self.allow = allow


class NotAcceptable(Refused):
    code = "not-acceptable"
    title = "The answer cannot be written as the caller wants it"
    advice = "Leave the Accept header out, or let it allow the type that the message names."


class UnsupportedMediaType(Refused):
    code = "unsupported-media-type"
    title = "The address does not take a body of this type"
    advice = "Send the body in the type that the message names, with a Content-Type that says so."


class BadRequest(Refused):
    code = "bad-request"
    title = "The request is malformed"
    advice = "The message names the part of the request that is wrong."


class NotAuthenticated(Refused):
    code = "not-authenticated"
    title = "The caller is not known"
    advice = (
        "Check user name, password, key or digest. For the caller's safety the answer does not say which was wrong."
    )


class ClockSkew(NotAuthenticated):
    code = "clock-skew"
    title = "The time stamp is too far from the hub's clock"
    advice = "Send the current time in UTC. The message says which clock was off and by how much."


class InvalidToken(NotAuthenticated):
    """The reason never repeats the token, nor what stands in it."""

    code = "invalid-token"
    title = "The access token is not good, or not good here"
    advice = "Fetch a new access token from the token endpoint. The message says what the one that was sent lacks."


class PermissionDenied(Refused):
    code = "permission-denied"
    title = "The account may not do this"
    advice = "Ask the hub's operator for the right that the message names."


class NoContract(Refused):
    code = "no-contract"
    title = "The company has no contract for this service"
    advice = "Ask the hub's operator to add the service to the company's contracts."


class InsufficientCredit(Refused):
    """The message says what it costs and what there is; nothing was stored, and the same request may be sent again."""

    code = "insufficient-credit"
    title = "The account has too few credits"
    advice = "Nothing was stored. Have credits added to the account and send the same request again, with the same key."


class NotFound(Refused):
    code = "not-found"
    title = "There is nothing under this id"
    advice = "Check the id. What belongs to another company is not shown either."


class WrongState(Refused):
    code = "wrong-state"
    title = "It is not in a state in which that can be done"
    advice = "Look at its state again; the message says what it was and what is in the way."


class RateLimited(Refused):
    code = "rate-limited"
    title = "Too many requests"
    advice = "Wait as long as the Retry-After header says. The RateLimit headers of every answer tell what is left."

    def __init__(self, reason: str, *, retry_after: int, quota: tuple[str, int, int] | None = None) -> None:
        """``quota``: name and size of the quota that is used up, and the seconds until all of it is there again."""
        super().__init__(reason)
        self.retry_after = retry_after
        self.quota = quota
