"""What packs say of a document."""

from __future__ import annotations

from dataclasses import dataclass

from fakturahub.model import Severity


@dataclass(frozen=True, slots=True)
class Fired:
    """One finding of a pack."""

    #: the authority's id of the check
    id: str
    #: as the pack states it
    flag: str | None
    role: str | None
    severity: Severity
    #: white space normalised, values filled in
    message: str
    #: XPath of the node, with the document's prefixes and positions: ``/Invoice[1]/cac:InvoiceLine[2]``
    path: str
    line: int | None
    #: the check could not be evaluated at this node; the document is not valid
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pack says of one document."""

    pack: str
    #: whether the pack addresses documents of this kind
    applicable: bool
    #: checks in force for it
    rules: int
    fired: tuple[Fired, ...]
