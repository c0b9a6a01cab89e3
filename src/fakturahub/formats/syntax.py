"""What a syntax folder offers to the rest of the hub: one ``SYNTAX`` object of this shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from lxml import etree

from fakturahub.intake.xml import Sniffed
from fakturahub.model import Attachment, Finding, Heading, Loss, Recognition
from fakturahub.model.invoice import Noun


class Reading(msgspec.Struct, frozen=True):
    """A document as a noun of the model, and what of it is not in the noun."""

    noun: Noun
    losses: tuple[Loss, ...] = ()
    #: differences noticed in what the sender stated; nothing was changed because of them
    findings: tuple[Finding, ...] = ()


class Writing(msgspec.Struct, frozen=True):
    """A noun as a document, and what of the noun is not in the document."""

    data: bytes
    losses: tuple[Loss, ...] = ()
    #: files that travel beside the document because its syntax has no place inside for them
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Syntax:
    """One family of document syntaxes: how to tell it from others, how to read it and how to write it."""

    #: name of the folder
    family: str
    #: None when the document is of another family. Decides from the look alone and never guesses: a document of this
    #: family that the reader cannot read raises ``UnknownDocument`` with the reason.
    detect: Callable[[Sniffed], Recognition | None]
    #: the heading of a recognised document; raises ``MissingTerm``, ``BadValue``, ``UnreadableAttachment``
    heading: Callable[[etree._Element, Recognition], Heading]
    #: what is embedded in it, decoded; raises ``UnreadableAttachment``
    attachments: Callable[[etree._Element], tuple[Attachment, ...]]
    #: the whole document as a noun; None where the family is only routed and passed on
    read: Callable[[etree._Element, Recognition], Reading] | None = None
    #: a syntax as users type it -> what writes a noun in it; raises ``UnwritableDocument`` for another kind of noun
    writers: Mapping[str, Callable[[Noun], Writing]] = field(default_factory=dict)
    #: the documents of a file that may hold several, each whole and with its frame if it has one; None: always one
    split: Callable[[Sniffed], tuple[bytes, ...]] | None = None
    #: whether its senders write a DOCTYPE, which is then dropped unread
    allows_doctype: bool = False
