"""What a program sends: a ZIP of documents and the files that belong to each (specification 6.1 to 6.3).

A transfer is taken apart into its documents, each with its files, its place in the data file, and what is wrong with
it alone: one that is not acceptable leaves the others as they are. Only what is wrong with the transfer itself is
raised. What was read here is read again where the document is judged; nothing is decided here but what belongs to what.

=======================================  ==========================================================================
several documents in one data file       cut apart first, framed or not, blanks and DOCTYPE before them tolerated
``APIX_PDFFILE``, ``file://name``         the member of that name, whatever its case and folder; also the bare name
``APIX_ATTACHMENT``, ``file://name.zip``  opened, its files are the document's; of what is no ZIP the file itself
a document that names no picture         gets the only PDF where it is the only document; else it is refused
=======================================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from fakturahub import formats
from fakturahub.dialects.apix.links import ATTACHMENT, PICTURE, PICTURES, Link, key_of, links
from fakturahub.dialects.apix.members import Members
from fakturahub.errors import (
    DocumentRefused,
    EmptyBody,
    MissingFile,
    TooManyParts,
    TransferUnreadable,
    UnknownDocument,
    UnreadableAttachment,
    ZipTooLarge,
    ZipUnreadable,
)
from fakturahub.intake.filenames import FlatNames, type_of
from fakturahub.intake.limits import ATTACHMENT as ATTACHMENTS
from fakturahub.intake.limits import ZIP
from fakturahub.intake.zip import Member, is_zip, open_zip
from fakturahub.model import Attachment, Medium

#: documents of one transfer
DOCUMENTS = 1_000
#: files of all documents of one transfer together; one that several documents name counts for each
FILES = 5_000

#: what makes a document unacceptable for itself
Refusal = DocumentRefused | TransferUnreadable


class Sent(msgspec.Struct, frozen=True):
    """One document of a transfer."""

    #: its place in the transfer, from 1; what it is called where its number cannot be read
    position: int
    #: its bytes, with its frame if it has one
    data: bytes
    #: its picture first, where it has one, then its attachments, under names without folders, each different
    files: tuple[Attachment, ...] = ()
    #: why it cannot be taken, whatever it says
    refusal: Refusal | None = None
    #: how it is to leave, where its sender says so
    prefer: Medium | None = None
    #: what was put right, in words
    remarks: tuple[str, ...] = ()


class Transfer(msgspec.Struct, frozen=True):
    """A transfer taken apart."""

    documents: tuple[Sent, ...]
    #: members that belong to no document
    unclaimed: tuple[str, ...] = ()


def invoices(body: bytes, *, soft: str, interfaces: Collection[str]) -> Transfer:
    """The documents of ``invoices``.

    *body* is a ZIP; other bytes are taken as they are where *soft* is one of the *interfaces*, whatever the case.

    Raises `EmptyBody`, `ZipUnreadable`, `ZipTooLarge`, `ZipUnsafe`, `UnknownDocument` for a ZIP without a data file,
    `TooManyParts` for more than `DOCUMENTS`.
    """
    if not body:
        raise EmptyBody("The request has no body; a ZIP archive is expected.")
    if not is_zip(body):
        if soft.strip().casefold() not in {one.casefold() for one in interfaces}:
            raise ZipUnreadable(
                f"The body is no ZIP archive; documents are taken without one only from programs that the hub's "
                f"operator names in `interfaces`, and {soft[:60]!r} is none of them."
            )
        return Transfer(tuple(_alone(position, one) for position, one in enumerate(documents_of(body), 1)))
    return _taken_apart(Members(open_zip(body)), letters=False)


def letters(body: bytes) -> Transfer:
    """The letters of ``print``: metadata of one or more, and the PDF of each. Raises what `invoices` does."""
    if not body:
        raise EmptyBody("The request has no body; a ZIP archive is expected.")
    return _taken_apart(Members(open_zip(body)), letters=True)


def _alone(position: int, one: bytes | Refusal) -> Sent:
    return Sent(position, b"", refusal=one) if not isinstance(one, bytes) else Sent(position, one)


def _taken_apart(members: Members, *, letters: bool) -> Transfer:
    data_files = members.data_files()
    found: list[bytes | Refusal] = []
    for member in data_files:
        found += documents_of(members.content(member))
        if len(found) > DOCUMENTS:
            raise TooManyParts(f"The ZIP archive has more than {DOCUMENTS:,} documents.")
    files = _Files(members, alone=len(found) == 1)
    documents = tuple(
        _alone(position, one) if not isinstance(one, bytes) else files.of(position, one, letters=letters)
        for position, one in enumerate(found, 1)
    )
    return Transfer(documents, members.unclaimed())


def documents_of(data: bytes) -> list[bytes | Refusal]:
    """The documents of a data file; where it cannot be cut apart, the reason in its place."""
    try:
        if is_zip(data):
            return [UnknownDocument("The data file is a ZIP archive itself.")]
        return list(formats.pieces(data))
    except (DocumentRefused, TransferUnreadable) as refusal:
        return [refusal]


class _Files:
    """The files of a transfer, given to the documents that name them."""

    def __init__(self, members: Members, *, alone: bool) -> None:
        self._members = members
        self._alone = alone
        self._count = 0
        self._bytes = 0

    def of(self, position: int, data: bytes, *, letters: bool) -> Sent:
        """The document *data* with its files, or with why it cannot have them."""
        try:
            recognition = formats.recognise(data)
            if letters and not recognition.syntax.startswith("letters"):
                raise UnknownDocument(
                    f"It is a document of the syntax {recognition.syntax}; what is sent for printing is described by "
                    "a Letter."
                )
            if recognition.syntax.startswith("payslip"):
                raise UnknownDocument("It is a payslip; those are sent to sendpayslip, which keeps them apart.")
            stated = links(data, recognition.charset)
            # the links are Finvoice's and those of letters; other syntaxes carry their files inside
            needed = letters or recognition.syntax.startswith("finvoice")
            files, remarks = self._found(stated, needed)
        except (DocumentRefused, TransferUnreadable) as refusal:
            return Sent(position, data, refusal=refusal)
        return Sent(position, data, files, remarks=remarks)

    def _found(self, stated: Sequence[Link], needed: bool) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        names = FlatNames()
        picture = next((one for one in stated if one.role.upper() in PICTURES), None) or next(
            (one for one in stated if not one.role and one.stated.casefold().endswith(".pdf")), None
        )
        made: list[Attachment] = []
        remarks: list[str] = []
        # a file that is linked twice, or is the picture as well, is one file
        seen: set[str] = set()
        if picture is not None:
            made.append(self._picture(picture.stated, self._members.named(picture), names))
            seen.update(picture.names)
        elif needed:
            only = self._only_picture()
            remarks.append(
                f"The document names no picture; {only.name}, the only PDF of the archive, was taken for it."
            )
            made.append(self._picture(only.name, self._members.take(only), names))
            seen.add(key_of(only.path))
        for link in stated:
            if seen.isdisjoint(link.names):
                made += self._attachments(link, names)
            seen.update(link.names)
            if len(made) > ATTACHMENTS.count:
                raise UnreadableAttachment(
                    f"The document has more than {ATTACHMENTS.count:,} attachments.", term="BG-24"
                )
        self._count += len(made)
        self._bytes += sum(len(one.content) for one in made)
        if self._count > FILES or self._bytes > ZIP.total:
            raise ZipTooLarge(
                f"The documents of the ZIP archive name more than {FILES:,} files, or files of more than "
                f"{ZIP.total:,} bytes, one that several of them name counted for each."
            )
        return tuple(made), tuple(remarks)

    def _only_picture(self) -> Member:
        """The PDF of a document that names none. Raises `MissingFile` where there is not exactly one."""
        pdfs = self._members.pdfs()
        if not self._alone or len(pdfs) != 1:
            raise MissingFile(
                f"The document names no picture of itself: InvoiceUrlNameText {PICTURE} and InvoiceUrlText "
                f"file://<name of the PDF>; the ZIP archive holds {len(pdfs)}.",
                term="InvoiceUrlText",
            )
        return pdfs[0]

    def _picture(self, stated: str, content: bytes | None, names: FlatNames) -> Attachment:
        if content is None:
            raise missing(stated)
        check_pdf(repr(stated[:200]), content)
        return attachment_of(stated, content, names)

    def _attachments(self, link: Link, names: FlatNames) -> list[Attachment]:
        content = self._members.named(link)
        if content is None and link.is_bare:
            return []  # a name without file:// may as well be an address on the web
        if content is None:
            raise missing(link.stated)
        if link.role.upper() not in (ATTACHMENT, "") or not is_zip(content):
            return [attachment_of(link.stated, content, names)]
        # Folders inside are no part of a name; an archive in it is a file like any other.
        return [attachment_of(path, inside, names) for path, inside in self._members.inside(content)]


def missing(stated: str) -> MissingFile:
    """What is raised for a file that is not there."""
    return MissingFile(
        f"The document names the file {stated[:200]!r}, which is not in the ZIP archive.", term="InvoiceUrlText"
    )


def check_pdf(name: str, content: bytes) -> None:
    """Raise `UnreadableAttachment` with *name* for a picture that is no PDF; its head stands within the first KiB."""
    if b"%PDF-" not in content[:1024]:
        raise UnreadableAttachment(f"The file {name} is the picture of the document, and is no PDF.")


def attachment_of(path: str, content: bytes, names: FlatNames, *, called: str = "") -> Attachment:
    """A file beside a document. Raises `UnreadableAttachment` with its name, or as it is *called*."""
    if len(content) > ATTACHMENTS.one:
        raise UnreadableAttachment(
            f"The file {called or repr(path[:200])} has {len(content):,} bytes; the limit is {ATTACHMENTS.one:,}.",
            term="BT-125",
        )
    name = names.of(path)
    return Attachment(name, type_of(name), content)
