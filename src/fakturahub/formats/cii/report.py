"""What a writing of a Cross Industry Invoice reports, and which codes it may use."""

from __future__ import annotations

from fakturahub.formats.codes import CODE_UNKNOWN, LISTS, MIME
from fakturahub.model import Attachment, Identifier, Loss

# Specifications that have codes of their own: extensions, and XRechnung CVD with its classification of vehicles.
_OWN_CODES = ("#conformant#", ":xrechnung:cvd_")


class Report:
    """The losses and the files beside one document.

    A specification of EN 16931 (``#compliant#``) has the code lists of EN 16931, and a code that is in none of them is
    left out, or the receiver would refuse the document (BR-CL). An extension (``#conformant#``) may have others.
    """

    def __init__(self, specification: str) -> None:
        self.losses: list[Loss] = []
        self.files: list[Attachment] = []
        self._any_code = any(word in specification for word in _OWN_CODES)

    def lose(self, term: str, value: str, why: str, place: str) -> None:
        self.losses.append(Loss(term, value, why, place))

    def embeddable(self, mime: str) -> bool:
        """Whether a file of the type *mime* may be embedded (BR-CL-24)."""
        return self._any_code or mime in MIME

    def known(self, codes: str, code: str) -> bool:
        """Whether *code* may be written where EN 16931 has the list *codes*."""
        return self._any_code or code in LISTS[codes]

    def code(self, codes: str, code: str | None, term: str, place: str) -> str | None:
        """*code*, or None if it is none of the list; it is then reported."""
        if not code or self.known(codes, code):
            return code
        self.lose(term, code, CODE_UNKNOWN, place)
        return None

    def identifier(self, identifier: Identifier | None, codes: str, term: str, place: str) -> Identifier | None:
        """*identifier* without its scheme if that is none of the list; the scheme is then reported."""
        if identifier is None or not identifier.scheme or self.known(codes, identifier.scheme):
            return identifier
        self.lose(term, identifier.scheme, CODE_UNKNOWN, place)
        return Identifier(identifier.value)

    def schemed(self, identifier: Identifier | None, codes: str, term: str, place: str) -> Identifier | None:
        """*identifier* where it is nothing without a scheme (BR-62, 63, 64); else None, and it is reported."""
        if identifier is None or (identifier.scheme and self.known(codes, identifier.scheme)):
            return identifier
        self.lose(term, str(identifier), CODE_UNKNOWN, place)
        return None
