"""Which attachments are taken, embedded in a document or beside it in a ZIP (specification 6).

============================================  =========================================================================
an ending that `HEADS` does not have          refused; where the name has no ending, that of the stated type counts
bytes of a known type that is another one     refused: no program and no person would open what the name promises
bytes that do not begin as the type does      a remark
nothing in it                                 refused
more than ``ATTACHMENT.one`` bytes            refused
more than `RECOMMENDED` bytes                 a remark
a picture of the invoice itself, embedded     a remark where the syntax follows EN 16931
``file://`` that is not in the ZIP            refused; of a document that came alone a remark
============================================  =========================================================================

The operator names the types and what is recommended; what becomes of the rest is [our choice].
"""

from __future__ import annotations

from collections.abc import Mapping

from fakturahub.errors import AttachmentTooLarge, AttachmentTypeRefused, EmptyAttachment, MissingFile
from fakturahub.intake.filenames import UNKNOWN_TYPE, extension_of
from fakturahub.intake.limits import ATTACHMENT, MIB
from fakturahub.model import Attachment, Finding, Inspected, Severity

#: bytes of an attachment that the operator recommends not to exceed
RECOMMENDED = 5 * MIB
#: remarks of one kind on one document
NAMED = 10

#: the rules of the remarks
SIZE, TYPE, PICTURE, MISSING = "attachment-size", "attachment-type", "attachment-picture", "attachment-missing"
REMARKS = frozenset({SIZE, TYPE, PICTURE, MISSING})

_OLE, _PACKED, _PDF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"
_PNG, _JPEG, _GIF = b"\x89PNG", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# An office file with a password is an OLE container, whatever its ending.
_OFFICE = (_PACKED, _OLE)
_ANY: tuple[bytes, ...] = ()

#: ending -> how its bytes begin; nothing where they begin in many ways. The operator's list; png and ods are those that
#: EN 16931 has besides (BR-CL-24) [our choice].
HEADS: Mapping[str, tuple[bytes, ...]] = {
    "bmp": (b"BM",),
    "csv": _ANY,
    "doc": _ANY,
    "docx": _OFFICE,
    "eml": _ANY,
    "gif": _GIF,
    "html": _ANY,
    "jpeg": (_JPEG,),
    "jpg": (_JPEG,),
    "ods": _OFFICE,
    "p7b": _ANY,
    "p7m": _ANY,
    "p7s": _ANY,
    "pdf": (_PDF,),
    "pk7": _ANY,
    "png": (_PNG,),
    "ppt": _ANY,
    "pptx": _OFFICE,
    "ps": _ANY,
    "rtf": (b"{\\rtf",),
    "svg": _ANY,
    "tif": _TIFF,
    "tiff": _TIFF,
    "txt": _ANY,
    "xls": _ANY,
    "xlsx": _OFFICE,
    "xml": _ANY,
    "zip": (_PACKED, b"PK\x05\x06"),
}
# Older office programs write HTML, RTF and archives under their old endings as well.
_OLD_OFFICE = frozenset({"doc", "ppt", "xls"})
# What a file of another type does not begin with: pictures, pages, archives and programs.
_PICTURES_AND_PAGES = (_PDF, _PNG, _JPEG, *_GIF, *_TIFF)
_ARCHIVES = (_PACKED, _OLE, b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_PROGRAMS = (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!/")
_KNOWN = (*_PICTURES_AND_PAGES, *_ARCHIVES, *_PROGRAMS)
# A PDF may have something before it.
_PDF_WITHIN = 1024
# Two letters that a text may begin with, too: a program has zeros soon after them.
_PROGRAM, _PROGRAM_HEAD = b"MZ", 64

# Syntaxes that follow EN 16931.
_CORE = frozenset({"ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3", "cii", "vrbl"})
_PICTURES = frozenset({"commercial invoice", "credit note", "invoice"})
_BESIDE = "file://"

_STRANGE = "The attachment {name} is called {ending}, and does not begin as such a file does."
_LARGE = f"The attachment {{name}} has {{size:,}} bytes; at most {RECOMMENDED:,} are recommended."
_ALONE = "The document names the file {!r} beside it, which did not come with it."


def check(document: Inspected, *, archived: bool) -> tuple[Finding, ...]:
    """What is to be remarked of the attachments of *document*; *archived*: it came in a ZIP.

    Raises `EmptyAttachment`, `AttachmentTooLarge`, `AttachmentTypeRefused`, `MissingFile`.
    """
    if not (document.embedded or document.files or document.heading.attachments):  # most documents have none
        return ()
    files = (*document.embedded, *document.files)
    strange = [_remark(TYPE, _STRANGE.format(name=one.name, ending=_ending(one))) for one in files if not _fits(one)]
    large = [
        _remark(SIZE, _LARGE.format(name=one.name, size=len(one.content)))
        for one in files
        if len(one.content) > RECOMMENDED
    ]
    missing = _missing(document, archived=archived)
    return (*strange[:NAMED], *large[:NAMED], *missing[:NAMED], *_pictures(document)[:NAMED])


def _fits(file: Attachment) -> bool:
    """Whether *file* begins as its ending says; raises for one that is not taken."""
    size = len(file.content)
    if not size:
        raise EmptyAttachment(f"The attachment {file.name} is empty.", term="BT-125")
    if size > ATTACHMENT.one:
        raise AttachmentTooLarge(
            f"The attachment {file.name} has {size:,} bytes; the limit is {ATTACHMENT.one:,}.", term="BT-125"
        )
    ending = _ending(file)
    heads = HEADS.get(ending)
    if heads is None:
        raise AttachmentTypeRefused(
            f"The attachment {file.name} is of a type that is not taken; these are: {', '.join(HEADS)}.", term="BT-125"
        )
    if file.content.startswith(heads) or (ending == "pdf" and _PDF in file.content[:_PDF_WITHIN]):
        return True
    if ending in _OLD_OFFICE and file.content.startswith((_OLE, _PACKED)):
        return True
    program = file.content.startswith(_PROGRAM) and b"\0" in file.content[:_PROGRAM_HEAD]
    if program or file.content.startswith(_KNOWN):
        raise AttachmentTypeRefused(
            f"The attachment {file.name} is called {ending}, and its bytes are of another type.", term="BT-125"
        )
    return not heads


def _ending(file: Attachment) -> str:
    """The ending that says what *file* is, in small letters: that of its name, else that of the stated type."""
    stem, _, ending = file.name.rpartition(".")
    if stem:
        return ending.lower()
    return "" if file.mime == UNKNOWN_TYPE else extension_of(file.mime).removeprefix(".")


def _missing(document: Inspected, *, archived: bool) -> list[Finding]:
    """Files that *document* says lie beside it and that did not come."""
    names = [
        one.uri
        for one in document.heading.attachments
        if one.uri and one.uri[: len(_BESIDE)].lower() == _BESIDE and not one.embedded and not one.beside
    ]
    if names and archived:
        raise MissingFile(
            f"The document names the file {names[0][:200]!r}, which is not in the ZIP archive.", term="BT-124"
        )
    return [_remark(MISSING, _ALONE.format(name[:200])) for name in names]


def _pictures(document: Inspected) -> list[Finding]:
    """That an invoice of EN 16931 carries a picture of itself: a PDF that is described or called as the document."""
    if document.recognition.syntax not in _CORE:
        return []
    number = (document.heading.number or "").casefold()
    return [
        _remark(
            PICTURE,
            f"The attachment {file.name} is a picture of the document itself; documents that follow EN 16931 carry "
            f"none embedded.",
        )
        for file in document.embedded
        if file.mime == "application/pdf"
        and (
            (file.description or "").strip().casefold() in _PICTURES
            or file.name.rpartition(".")[0].casefold() == number != ""
        )
    ]


def _remark(rule: str, said: str) -> Finding:
    return Finding(rule, Severity.WARNING, said, term="BT-125")
