"""What a syntax folder offers to the rest of the hub: one ``SYNTAX`` object of this shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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


class Name(msgspec.Struct, frozen=True):
    """What can be done with documents of one name."""

    #: the folder that knows them
    family: str
    #: the noun they hold: invoice, reminder, letter, payslip; one kind is not written as another
    noun: str
    #: read whole into a noun, so that they can be converted, rendered and shown; else only recognised, with their
    #: heading, and passed on as they came
    read: bool
    #: written from a noun
    write: bool


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
    #: a document without the frame before it, as well-formed XML; None where it has no frame, or nothing behind it
    unframed: Callable[[Sniffed], bytes | None] | None = None
    #: how its tree comes about where that is more than `intake.xml.parse`: a file that has something before the
    #: document (the SOAP frame of Finvoice) is cut first, each part parsed for itself, and the frame put into the tree
    #: as the first child of the root; None: `intake.xml.parse` alone
    parse: Callable[[Sniffed], etree._Element] | None = None
    #: whether its senders write a DOCTYPE, which is then dropped unread
    allows_doctype: bool = False


# Before each word but the first.
_CAPITAL = re.compile(r"(?<!\A)(?=[A-Z])")
#: family -> the noun of its documents, the names that are read whole, those that are only recognised and passed on.
#: What is written stands in ``Syntax.writers``.
_FAMILIES = {
    "ubl": (
        "invoice",
        "ubl-2.1 peppol-bis-3 ehf-3 xrechnung-3 puf-billing-1.0 puf-billing-2.0 vrbl ehf-reminder ubl-reminder",
        "ehf-2 ehf-payment-request oioubl-2.01 oioubl-2.02 oioubl-2.1 puf-response-1.0 "
        "puf-technical-acknowledgement-1.0 puf-clearance-notification-1.0",
    ),
    "cii": ("invoice", "cii", ""),
    "finvoice": (
        "invoice",
        "finvoice-1.0 finvoice-1.1 finvoice-1.2 finvoice-1.3 finvoice-2.0 finvoice-2.01 finvoice-3.0 "
        "finvoice-1.0-soap finvoice-1.1-soap finvoice-1.2-soap finvoice-1.3-soap finvoice-2.0-soap finvoice-2.01-soap "
        "finvoice-3.0-soap",
        "finvoice-soap-frame",
    ),
    "letters": ("letter", "letters-1.0", ""),
    "payslip": ("payslip", "payslip-2.0", ""),
}
# Names that hold another noun than the rest of their family.
_NOUN = {"ehf-reminder": "reminder", "ubl-reminder": "reminder"}


def names_of(syntaxes: Iterable[Syntax], other_ubl: Iterable[str]) -> dict[str, Name]:
    """Every name of a document of *syntaxes*, and what can be done with it.

    *other_ubl* are the root elements of the UBL documents that are no invoices: ``OrderResponse`` is called
    ``ubl-order-response``.
    """
    kebabs = [f"ubl-{_CAPITAL.sub(r'-', root).lower()}" for root in sorted(other_ubl)]
    names: dict[str, Name] = {}
    for syntax in syntaxes:
        noun, read, recognised = _FAMILIES[syntax.family]
        others = [*recognised.split(), *(kebabs if syntax.family == "ubl" else ())]
        for name in dict.fromkeys([*read.split(), *others, *syntax.writers]):
            names[name] = Name(syntax.family, _NOUN.get(name, noun), name in read.split(), name in syntax.writers)
    return names
