"""Reading a UBL invoice or credit note whole, into the terms of EN 16931.

What the binding (`binding`) does not have is reported, and so are second values where EN 16931 has room for one. Not
reported are pure restatements, which could not be different: the currency of an amount where it is that of the document
(BT-5), of the accounting (BT-6) for BT-111; the scheme VAT of a tax, and TAX, FC or LOC of the seller's other
registration (BT-32); the codes 130 and 50 that tell what a reference is; attributes that name the only code list that
EN 16931 has for an element; a card's network NA; UBLVersionID; ``NA`` for an order that is not there.
"""

from __future__ import annotations

from lxml import etree
from msgspec.structs import replace

from fakturahub.errors import UnknownDocument
from fakturahub.formats.syntax import Reading
from fakturahub.formats.ubl.binding import READING
from fakturahub.formats.ubl.containers import seal
from fakturahub.formats.ubl.extensions import drop_plain_routing, take_self_billed
from fakturahub.formats.ubl.payment import instructions
from fakturahub.formats.ubl.reminders import REMINDERS, read_reminder
from fakturahub.formats.ubl.supporting import MIME_ALIASES
from fakturahub.formats.ubl.walking import Found, Reader
from fakturahub.model import Finding, Recognition, Severity
from fakturahub.model.invoice import CREDIT_NOTE_TYPES, Invoice, Totals

#: the names of the invoices and credit notes that are read whole
READABLE = frozenset({"ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3", "puf-billing-1.0", "puf-billing-2.0", "vrbl"})

# What PUF leaves optional and EN 16931 has (BG-22, BG-23).
_TOTALS = (
    ("lines", "BT-106"),
    ("without_vat", "BT-109"),
    ("with_vat", "BT-112"),
    ("payable", "BT-115"),
)


def read(root: etree._Element, recognition: Recognition) -> Reading:
    """The invoice or credit note *root* as the noun ``Invoice``, a reminder as ``Reminder``.

    Raises ``UnknownDocument`` for documents that are only recognised; ``BadValue`` for a date, a number or a text that
    is none or too long; ``UnreadableAttachment``.
    """
    if recognition.syntax in REMINDERS:
        return read_reminder(root, recognition)
    if recognition.syntax not in READABLE:
        raise UnknownDocument(
            f"Documents of the syntax {recognition.syntax} are recognised, routed and passed on as they came; this "
            f"version does not read them into another syntax."
        )
    walk = Reader(root, mime_of=MIME_ALIASES if recognition.syntax == "vrbl" else {})
    steps = READING[walk.root_name, walk.aggregates]
    found = walk.fields(root, steps, {})
    if walk.taxes:
        found["totals"] = replace(found.get("totals") or Totals(), **walk.taxes)
    payment = instructions(walk)
    if payment is not None:
        found["payment"] = payment
    _kind(walk, root, found)
    if walk.puf:
        take_self_billed(walk, found)
        _missing(walk, found)
    invoice = Invoice(**seal(found))
    if walk.extensions:
        kept = drop_plain_routing(walk.extensions, invoice)
        invoice = replace(invoice, extensions=tuple(kept))
    return Reading(invoice, tuple(walk.losses), tuple(walk.findings))


def _kind(walk: Reader, root: etree._Element, found: Found) -> None:
    """A document that is a credit note by its root has the type code of one."""
    code = found.get("type_code")
    if walk.root_name != "CreditNote" or code in CREDIT_NOTE_TYPES:
        return
    if code is None:
        found["type_code"] = "381"
        _notice(walk, root, "BT-3", Severity.INFORMATION, "The credit note has no type code; it is taken for 381.")
    else:
        reason = f"The document is a CreditNote by its root and {code!r}, which is none, by its type code."
        _notice(walk, root, "BT-3", Severity.WARNING, reason)


def _missing(walk: Reader, found: Found) -> None:
    """Totals that PUF leaves out are not computed; that they are missing is said."""
    totals = found.get("totals") or Totals()
    for field, term in _TOTALS:
        if getattr(totals, field) is None:
            walk.findings.append(_not_stated(term, "total"))
    if not found.get("vat"):
        walk.findings.append(_not_stated("BG-23", "VAT breakdown"))


def _not_stated(term: str, what: str) -> Finding:
    return Finding(
        rule="missing-term",
        severity=Severity.WARNING,
        message=f"The {what} is not stated, which PUF allows; it was not computed.",
        term=term,
    )


def _notice(walk: Reader, root: etree._Element, term: str, severity: Severity, message: str) -> None:
    walk.findings.append(
        Finding(rule=term, severity=severity, message=message, path=walk.root_name, line=root.sourceline, term=term)
    )
