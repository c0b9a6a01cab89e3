"""Writing an invoice or a credit note as UBL, by the table of `binding` and the profile that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fakturahub.errors import UnwritableDocument
from fakturahub.formats.codes import NO_PLACE
from fakturahub.formats.syntax import Writing
from fakturahub.formats.ubl.binding import DOCUMENTS
from fakturahub.formats.ubl.extensions import SELF_BILLED_CODES, addresses_of, lose, routing, self_billed, take_up
from fakturahub.formats.ubl.names import CAC, CBC, EXT, PUF_CAC, PUF_DOCUMENT, UBL_DOCUMENT
from fakturahub.formats.ubl.pen import Pen, Profile
from fakturahub.formats.ubl.profiles import PROFILES, root_of, settle
from fakturahub.model.invoice import Invoice, Noun
from fakturahub.model.terms import GROUP


def write(noun: Noun, profile: Profile) -> Writing:
    """*noun* in *profile*, in UTF-8, deterministic; pictures of the invoice itself come as files of the writing.

    Raises ``UnwritableDocument`` for a noun that is no invoice, and for an invoice without what the schema cannot do
    without and nobody but the sender can say.
    """
    if not isinstance(noun, Invoice):
        raise UnwritableDocument(f"A {type(noun).__name__} is no invoice and cannot be written as {profile.name}.")
    _complete(noun)
    pen = Pen(profile, noun, root_of(profile, noun.type_code))
    settle(pen)
    _take_up_extensions(pen)
    extended = bool(pen.extensions)
    for entry in DOCUMENTS[pen.root_name]:
        entry.write(pen, noun, "")
    _lose_of_buyer(pen)
    for extensions in pen.extensions.values():
        for extension in extensions:
            lose(pen, extension)
    data = "".join((_start(pen, extended), *pen.out, f"\n</{pen.root_name}>\n")).encode()
    return Writing(data, tuple(pen.losses), tuple(pen.files))


def _complete(invoice: Invoice) -> None:
    """Refuse what the schema would refuse."""
    for term, stated, what in (
        ("BT-1", invoice.number, "number"),
        ("BT-2", invoice.issue_date, "issue date"),
        ("BT-5", invoice.currency, "currency"),
        ("BT-115", invoice.totals.payable, "amount due for payment"),
    ):
        if stated is None:
            raise UnwritableDocument(f"UBL cannot do without the {what}.", term=term)
    if not invoice.lines:
        raise UnwritableDocument("UBL cannot do without a line.", term="BG-25")
    for at, line in enumerate(invoice.lines):
        if line.amount is None:
            reason = "UBL cannot do without the net amount of a line."
            raise UnwritableDocument(reason, term="BT-131", place=f"lines[{at}].amount")


def _lose_of_buyer(pen: Pen) -> None:
    """EN 16931 has these for the seller only (BT-32, BT-33)."""
    for field in ("tax_registration", "legal_information"):
        value = getattr(pen.invoice.buyer, field)
        if value is not None:
            pen.lose(GROUP[f"buyer.{field}"], value, NO_PLACE, f"buyer.{field}")


def _take_up_extensions(pen: Pen) -> None:
    invoice = pen.invoice
    take_up(pen, invoice.extensions)
    if pen.profile.puf and invoice.type_code in SELF_BILLED_CODES.values():
        pen.extensions.setdefault("", []).append(self_billed())
    if pen.profile.vrbl and not any(one.name == "vrbl:InvoiceExtension" for one in pen.extensions.get("", ())):
        addresses = addresses_of(invoice)
        if addresses is None:
            reason = "VRBL routes by an address of either party; one of them has none, nor a number nor a name."
            raise UnwritableDocument(reason, term="BT-34 or BT-49")
        pen.extensions.setdefault("", []).insert(0, routing(*addresses))


def _start(pen: Pen, extended: bool) -> str:
    document = f"{PUF_DOCUMENT}{pen.root_name}:1.0" if pen.profile.puf else f"{UBL_DOCUMENT}{pen.root_name}-2"
    namespaces = [
        ("xmlns", document),
        ("xmlns:cac", (PUF_CAC if pen.profile.puf else CAC)[1:-1]),
        ("xmlns:cbc", CBC[1:-1]),
    ]
    if extended:
        namespaces.append(("xmlns:ext", EXT[1:-1]))
    declared = " ".join(f'{name}="{uri}"' for name, uri in namespaces)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{pen.root_name} {declared}>'


#: the names that users type -> what writes them
WRITERS: dict[str, Callable[[Noun], Writing]] = {
    name: partial(write, profile=profile) for name, profile in PROFILES.items()
}
