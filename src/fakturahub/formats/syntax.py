"""What a syntax folder offers to the rest of the hub: one ``SYNTAX`` object of this shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from fakturahub.intake.xml import Sniffed
from fakturahub.model import Attachment, Heading, Recognition


@dataclass(frozen=True, slots=True)
class Syntax:
    """One family of document syntaxes: how to tell it from others and what can be read from it.

    A full reader and a writer over the model of EN 16931 become further fields.
    """

    #: name of the folder
    family: str
    #: None when the document is of another family. Decides from the look alone and never guesses: a document of this
    #: family that the reader cannot read raises ``UnknownDocument`` with the reason.
    detect: Callable[[Sniffed], Recognition | None]
    #: the heading of a recognised document; raises ``MissingTerm``, ``BadValue``, ``UnreadableAttachment``
    heading: Callable[[etree._Element, Recognition], Heading]
    #: what is embedded in it, decoded; raises ``UnreadableAttachment``
    attachments: Callable[[etree._Element], tuple[Attachment, ...]]
    #: whether its senders write a DOCTYPE, which is then dropped unread
    allows_doctype: bool = False
