"""What a program sends as payslips: one data file, and the PDFs of every payslip in it (specification 6.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fakturahub import formats
from fakturahub.dialects.apix.links import Link
from fakturahub.dialects.apix.members import Members
from fakturahub.dialects.apix.sent import (
    DOCUMENTS,
    Refusal,
    Sent,
    Transfer,
    attachment_of,
    check_pdf,
    documents_of,
)
from fakturahub.errors import (
    DocumentRefused,
    EmptyBody,
    MissingFile,
    SeveralDocuments,
    TooManyParts,
    TransferUnreadable,
    UnknownDocument,
)
from fakturahub.intake.filenames import FlatNames
from fakturahub.intake.zip import open_zip
from fakturahub.model import Attachment, Medium
from fakturahub.model.payslip import DeliveryChannel, Payslip, PayslipFile

#: who wants a payslip in which way -> the way, by the two digits of DeliveryMethodCode
Methods = Mapping[str, Medium]


def payslips(body: bytes, methods: Methods = MappingProxyType({})) -> Transfer:
    """The payslips of ``sendpayslip``, each with its picture first and its other files behind it.

    A payslip names its files in ``HeaderData/Attachments/Attachment``: ``Filename``, and ``AttachmentIndex``, of which
    1 is the picture. Of its ``DeliveryChannels`` the first that is a way of this hub is taken: one whose
    ``DeliveryMethodCode`` *methods* knows, or that names a mail address. Messages quote neither a value of a payslip
    nor the name of a file: people's ids stand in both.

    Raises `EmptyBody`, `ZipUnreadable`, `ZipTooLarge`, `ZipUnsafe`; `UnknownDocument` and `SeveralDocuments` where the
    archive does not hold exactly one data file; `MissingFile` where it has no PDF, or one that no payslip names.
    """
    if not body:
        raise EmptyBody("The request has no body; a ZIP archive is expected.")
    try:
        return _taken_apart(Members(open_zip(body)), methods)
    except TransferUnreadable as error:
        raise type(error)(error.reason) from None  # without the name of a member


def _taken_apart(members: Members, methods: Methods) -> Transfer:
    try:
        data_files = members.data_files()
    except UnknownDocument:
        raise UnknownDocument("There is no data file (.xml) in the ZIP archive.") from None
    if len(data_files) != 1:
        raise SeveralDocuments(f"The ZIP archive holds {len(data_files)} XML files; exactly one is expected.")
    if not members.pdfs():
        raise MissingFile("The ZIP archive holds no PDF; at least one, the picture of the payslip, is expected.")
    found = documents_of(members.content(data_files[0]))
    if len(found) > DOCUMENTS:
        raise TooManyParts(f"The data file has more than {DOCUMENTS:,} payslips.")
    documents = tuple(_sent(position, one, members, methods) for position, one in enumerate(found, 1))
    left = sum(one.casefold().endswith(".pdf") for one in members.unclaimed())
    # of one whose data cannot be read nobody knows which files it names
    if left and not any(one.refusal for one in documents):
        raise MissingFile(f"No payslip names {left} of the PDFs in the archive; each has to be named.", term="Filename")
    return Transfer(documents)


def _sent(position: int, one: bytes | Refusal, members: Members, methods: Methods) -> Sent:
    if not isinstance(one, bytes):
        return Sent(position, b"", refusal=one)
    try:
        noun = formats.read(one).noun if _is_payslip(one) else None
        if not isinstance(noun, Payslip):
            raise UnknownDocument("It is no payslip of TIEKE's Payslip 2.0.")
        return Sent(position, one, _files(noun.files, members), prefer=_way(noun.channels, methods))
    except (DocumentRefused, TransferUnreadable) as refusal:
        return Sent(position, one, refusal=refusal)


def _way(channels: Sequence[DeliveryChannel], methods: Methods) -> Medium | None:
    for channel in channels:
        if channel.method is not None and channel.method in methods:
            return methods[channel.method]
        if channel.email:
            return Medium.EMAIL
    return None


def _is_payslip(data: bytes) -> bool:
    return formats.recognise(data).syntax.startswith("payslip")


def _files(stated: tuple[PayslipFile, ...], members: Members) -> tuple[Attachment, ...]:
    named = sorted((one for one in stated if one.name), key=lambda one: one.index or len(stated) + 1)
    if not named:
        raise MissingFile("The payslip names no file: HeaderData/Attachments/Attachment/Filename.", term="Filename")
    names = FlatNames()
    made = []
    for place, file in enumerate(named, 1):
        name, called = file.name or "", f"number {place} that the payslip names"
        content = members.named(Link("", name))
        if content is None:
            raise MissingFile(f"The file {called} is not in the ZIP archive.", term="Filename")
        if place == 1:
            check_pdf(called, content)
        made.append(attachment_of(name, content, names, called=called))
    return tuple(made)
