"""What was noticed about a document: findings of checks, and losses of a reading or a conversion."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    FATAL = "fatal"
    WARNING = "warning"
    INFORMATION = "information"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One remark about a document, by a rule."""

    #: the rule's own id (``BR-CO-15``), or one of the hub's error codes
    rule: str
    severity: Severity
    message: str
    #: path into the document
    path: str | None = None
    line: int | None = None
    #: BT or BG number where known; several with commas between them
    term: str | None = None
    #: name of the rule pack
    pack: str | None = None
    #: what it means and what to do, in the hub's own words and the language of whoever reads it
    explanation: str | None = None


class Loss(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that a reader did not understand or a writer could not carry."""

    #: BT or BG number, or the path in the source where no term is known
    term: str
    #: what was lost, as text; the size of it where it is bytes
    value: str
    #: a word. The value is gone: not-understood, no-place, too-long, code-unknown, cardinality, rounded, not-listed
    #: (how many more there are). It is not, or never was one of the document, and the word is a remark: as-text (it
    #: stands in a note or free text), recomputed (it is there in another form, or was made because the syntax demands
    #: one), frame (an address, number or time of the message that the document came in)
    why: str
    #: where it stands: path and line in the source, or the dotted path in the model
    place: str | None = None
