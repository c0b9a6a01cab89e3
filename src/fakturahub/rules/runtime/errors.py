"""What goes wrong while an expression is evaluated."""

from __future__ import annotations


class EvaluationError(Exception):
    """A dynamic error of XPath 2.0: the check that met it has no verdict.

    It stays within the room: the engine turns it into a finding "could not be evaluated", or, in a pattern predicate,
    into "does not match". *code* is the W3C's (XQuery 1.0 and XPath 2.0 Functions and Operators, appendix C), such as
    FORG0001; a limit of the engine's own has ``LIMIT``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[EvaluationError], tuple[str, str]]:
        return type(self), (self.code, self.message)


class UnsupportedRegex(Exception):  # noqa: N818 - named for what happened, as the tree in fakturahub.errors is
    """A regular expression of a pack that is not translated; the pack is refused with *reason*."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shown(text: str) -> str:
    """*text* in quotation marks for a message, shortened; it comes from the document."""
    return repr(text if len(text) <= 40 else text[:37] + "…")
