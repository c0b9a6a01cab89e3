"""ZIP envelopes: documents with the files that belong to them, and which file belongs to which document.

The rules, in this order, each for the files that no earlier one gave away (apix.md 6.1 and 7.2, pagero.md 6):

1. a file that a document names (``file://<member>``, or the bare name) is that document's;
2. a file with the stem of a document's name is that document's: ``INV1.xml``, ``INV1.pdf``, ``INV1_1.pdf``;
3. all other files are the document's when there is exactly one.

A ZIP archive that a document names as its attachments is opened, once: what is in it are the attachments. One inside
that is a file like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from fakturahub.errors import AttachmentTooLarge, TransferUnreadable, UnreadableAttachment
from fakturahub.intake.filenames import FlatNames, safe_member_name, type_of
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.intake.zip import Archive, Member, is_zip, open_zip
from fakturahub.model import Attachment, AttachmentHeading, Heading
from fakturahub.model.invoice import Noun, SupportingDocument
from fakturahub.model.reminder import Billed

_FILE_ADDRESS = re.compile(rb"file://([^<>\"'&]{1,1000})", re.IGNORECASE)


class Enclosed(msgspec.Struct, frozen=True):
    """A document of an envelope with the files beside it that are its own."""

    #: name of the member that holds it, empty when it came alone; several documents may come from one member
    member: str
    data: bytes
    files: tuple[Attachment, ...] = ()


class Envelope(msgspec.Struct, frozen=True):
    """What is inside a ZIP envelope."""

    documents: tuple[Enclosed, ...]
    #: files that belong to none of several documents
    unclaimed: tuple[Attachment, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """A document that was found in an archive, and what it says lies beside it."""

    member: Member
    data: bytes
    #: names of files as the document states them, see ``names_of_files``
    names: tuple[str, ...] = ()


def names_of_files(heading: Heading) -> tuple[str, ...]:
    """The files that a document says lie beside it: ``file://`` addresses, and names that are no address at all."""
    names = []
    for attachment in heading.attachments:
        stated = attachment.uri or attachment.name
        if stated and not attachment.embedded:
            scheme, separator, rest = stated.partition("://")
            if not separator:
                names.append(stated)
            elif scheme.lower() == "file":
                names.append(rest)
    return tuple(names)


def name_beside(attachment: AttachmentHeading) -> str | None:
    """The file that *attachment* says lies beside its document, by the name that it has there; None for any other."""
    scheme, separator, rest = (attachment.uri or attachment.name or "").partition("://")
    stated = rest if separator else scheme
    if attachment.embedded or not stated or (separator and scheme.lower() != "file"):
        return None
    return safe_member_name(stated, set())


def files_named(content: bytes) -> set[str]:
    """The last parts of all ``file://`` addresses in *content*, in lower case; a look, not a reading."""
    found = _FILE_ADDRESS.findall(content)
    return {name.decode("utf-8", "replace").strip().replace("\\", "/").rpartition("/")[2].casefold() for name in found}


def looks_like_xml(archive: Archive, member: Member) -> bool:
    """Whether *member* begins as an XML document does, in any character set."""
    start = archive.beginning(member, 512).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return start.startswith(b"<")


def enclose(archive: Archive, found: Sequence[Found], *, as_sent: bool = False) -> Envelope:
    """The documents *found* in *archive*, each with its files by the rules of this module.

    *as_sent*: an archive that a document names stays closed, and a file of any size is given out, to be judged with
    its document.

    Raises ``ZipUnreadable`` for damaged members and ``UnreadableAttachment`` for a file that is too large or too many
    of them.
    """
    holders = {one.member.path for one in found}
    others = [member for member in archive.members if member.path not in holders]
    owner = _owners(found, others)
    claimed: list[list[Attachment]] = [[] for _ in found]
    taken = [FlatNames() for _ in found]
    unclaimed: list[Attachment] = []
    loose = FlatNames()
    for member in others:
        place, named = owner.get(member.path, (None, False))
        if place is None:
            unclaimed.extend(_files(archive, member, loose, as_sent=as_sent))
        else:
            claimed[place].extend(_files(archive, member, taken[place], opened=named and not as_sent, as_sent=as_sent))
        if sum(map(len, claimed), len(unclaimed)) > ATTACHMENT.count:
            raise UnreadableAttachment(
                f"There are more than {ATTACHMENT.count:,} attachments in the ZIP archive.", term="BG-24"
            )
    documents = (Enclosed(one.member.name, one.data, tuple(files)) for one, files in zip(found, claimed, strict=True))
    return Envelope(tuple(documents), tuple(unclaimed))


def with_files(noun: Noun, files: Sequence[Attachment]) -> tuple[Noun, tuple[Attachment, ...]]:
    """*noun* with *files*, which lie beside it, in it; and those that stay beside, as its kind has no place for them.

    A supporting document of an invoice or a reminder that names a file (``file://``) gets it as its attachment; a file
    that none names becomes a supporting document (BG-24) of its own, under its name.
    """
    if not isinstance(noun, Billed) or not files:
        return noun, tuple(files)
    waiting = {file.name.casefold(): file for file in files}
    supporting: list[SupportingDocument] = []
    for document in noun.supporting:
        scheme, separator, rest = (document.uri or "").partition("://")
        file = None
        if document.attachment is None and document.uri and (not separator or scheme.lower() == "file"):
            name = rest if separator else document.uri
            file = waiting.pop(safe_member_name(name, set()).casefold(), None)
        # The address is spent: what it led to is in the document now.
        supporting.append(msgspec.structs.replace(document, attachment=file, uri=None) if file else document)
    supporting.extend(SupportingDocument(reference=file.name, attachment=file) for file in waiting.values())
    return msgspec.structs.replace(noun, supporting=tuple(supporting)), ()


def _owners(found: Sequence[Found], others: Sequence[Member]) -> dict[str, tuple[int, bool]]:
    """Path of a member -> the place of the document that it belongs to, and whether the document names it."""
    owner: dict[str, tuple[int, bool]] = {}
    paths = {member.path.casefold(): member.path for member in others}
    flat: dict[str, str | None] = {}
    for member in others:
        name = member.path.rpartition("/")[2].casefold()
        # A name in two folders names neither.
        flat[name] = None if name in flat else member.path
    for place, document in enumerate(found):
        for name in document.names:
            stated = name.replace("\\", "/").lstrip("/").casefold()
            path = paths.get(stated) or flat.get(stated.rpartition("/")[2])
            if path is not None:
                owner.setdefault(path, (place, True))
    stems = _stems(found)
    for member in others:
        if member.path not in owner:
            of_stem = _by_stem(member.path, stems)
            if of_stem is not None:
                owner[member.path] = (of_stem, False)
            elif len(found) == 1:
                owner[member.path] = (0, False)
    return owner


def _stems(found: Sequence[Found]) -> dict[str, int]:
    """Stem of a document's file name -> its place; a file of several documents gives its name to none of them."""
    stems: dict[str, int] = {}
    several = set()
    for place, document in enumerate(found):
        stem = document.member.path.rpartition(".")[0].casefold() or document.member.path.casefold()
        if stem in stems:
            several.add(stem)
        stems[stem] = place
    return {stem: place for stem, place in stems.items() if stem not in several}


def _by_stem(path: str, stems: dict[str, int]) -> int | None:
    """The document whose stem the name of a file has, alone or with something after it; the longest stem decides."""
    stem = path.rpartition(".")[0].casefold() or path.casefold()
    for end in range(len(stem), 0, -1):
        if (end == len(stem) or not stem[end].isalnum()) and stem[:end] in stems:
            return stems[stem[:end]]
    return None


def _files(
    archive: Archive, member: Member, taken: FlatNames, *, opened: bool = False, as_sent: bool
) -> list[Attachment]:
    """*member* as an attachment; *opened*: the members of an archive, each as one."""
    content = archive.content(member)
    if opened and is_zip(content):
        try:
            inner = open_zip(content, inside=archive)
            return [_attachment(one.path, inner.content(one), taken) for one in inner.members]
        except TransferUnreadable:
            # It came through unopened so far and can go on that way: the receiver gets it as it was sent.
            return [_attachment(member.path, content, taken)]
    return [_attachment(member.path, content, taken, as_sent=as_sent)]


def _attachment(path: str, content: bytes, taken: FlatNames, *, as_sent: bool = False) -> Attachment:
    if len(content) > ATTACHMENT.one and not as_sent:
        raise AttachmentTooLarge(
            f"An attachment has {len(content):,} bytes; the limit is {ATTACHMENT.one:,}.", term="BT-125", place=path
        )
    name = taken.of(path)
    return Attachment(name, type_of(name), content)
