"""A document as a page: PDF, JPEG, PNG or HTML. Pure, but for the time it is told.

A document that has its own picture keeps it as its PDF, and JPEG and PNG are made of that: the sender's picture is what
people agreed on. Its own picture is, in this order:

1. the file that the document calls its picture: ``APIX_PDFFILE`` of Finvoice and letters, PUF's and EHF's "Commercial
   Invoice", the first file of a payslip;
2. a PDF that lies beside the document in its ZIP archive under the document's own name (``INV1.xml``, ``INV1.pdf``).

Any other PDF is an attachment, and so is one that does not open. The HTML page is always the hub's own: it says what
the data say.

On paper nothing can lie inside a page: the PDFs attached to a document are further pages of its letter (apix.md 6.1),
and attachments of other kinds stay behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from fakturahub import formats
from fakturahub.errors import UnrenderableDocument, UnwritableDocument
from fakturahub.model import Attachment
from fakturahub.model.invoice import Invoice, Noun, SupportingDocument
from fakturahub.model.letter import Letter
from fakturahub.model.payslip import Payslip
from fakturahub.model.reminder import Billed
from fakturahub.render import html, pictures
from fakturahub.render.joining import joined
from fakturahub.render.labels import LANGUAGES
from fakturahub.render.page import EmbeddedFile, pdf
from fakturahub.render.parts import Sheet, Style
from fakturahub.render.sheet import sheet_of

__all__ = [
    "FORMS",
    "LANGUAGES",
    "MIME",
    "Document",
    "Look",
    "Page",
    "Style",
    "attachments_of",
    "check_form",
    "html_of",
    "language_of",
    "letter_of",
    "pdf_of",
    "picture_of",
]

#: what a page can be, and its MIME type
MIME = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "html": "text/html; charset=utf-8"}
FORMS = tuple(MIME)

_PDF = b"%PDF-"
#: the roles of files that are the pages of a letter or an invoice (apix.md 6.1, 6.2)
_PICTURE_ROLES = frozenset({"APIX_PDFFILE", "PDFFILE"})
#: how PUF and the guides of EHF call the picture of an invoice (BT-123)
_PICTURE_NAMES = frozenset({"commercial invoice", "commercial credit note", "commercialinvoice"})
#: the languages that companies and payslips name otherwise
_NORWEGIAN = {"no": "nb", "nn": "nb"}


#: the bytes of a document or of a ZIP envelope with one, or a document that was taken out of an envelope
Document = bytes | formats.Enclosed


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a page is to be."""

    #: one of ``LANGUAGES``; None: that of the receiver's country
    language: str | None = None
    style: Style = Style()
    #: the hub's own page even where the document has its own picture
    ours: bool = False
    #: a PDF that is a Factur-X (ZUGFeRD 2) invoice as well; always the hub's own page
    factur_x: bool = False
    #: a PDF for paper, see ``letter_of``
    letter: bool = False


class Page(msgspec.Struct, frozen=True):
    """What was made of a document."""

    data: bytes
    #: how many pages there are; 1 for HTML
    pages: int
    #: whether it is, or was made of, the document's own picture
    own: bool = False


class Lettered(msgspec.Struct, frozen=True):
    """A document for paper."""

    page: Page
    #: names of attachments that paper has no place for
    left_out: tuple[str, ...] = ()


def language_of(stated: str | None) -> str | None:
    """The language of pages for the language code *stated* by a company; None where there is none in it."""
    code = (stated or "").lower()
    code = _NORWEGIAN.get(code, code)
    return code if code in LANGUAGES else None


def check_form(form: str) -> None:
    """Raise ``UnrenderableDocument`` for a form that no page has."""
    if form not in MIME:
        raise UnrenderableDocument(f"There is no page in the form {form[:20]!r}; there are: {', '.join(FORMS)}.")


def pdf_of(document: Document, look: Look, *, at: datetime, files: Sequence[Attachment] = ()) -> Page:
    """*document* as a PDF: its own picture, else PDF/A-3b made *at* that time.

    In a PDF of the hub's lie the document as it came, and its attachments; in a Factur-X the invoice as CII besides,
    with what CII can carry of it. *files* lie beside the document besides
    those of its envelope.

    Raises ``UnrenderableDocument`` for a document that is not read whole and has no picture, and what
    ``formats.read`` and ``render.page.pdf`` raise.
    """
    if look.letter:
        return letter_of(document, look, at=at, files=files).page
    enclosed, noun = _read(document, files)
    own = None if look.ours or look.factur_x else _own_picture(enclosed, noun)
    if own is not None:
        return own
    sheet = _sheet(enclosed, noun, look, at)
    made = pdf(
        sheet,
        at=at.replace(microsecond=0),
        embedded=_embedded(enclosed, noun, sheet),
        factur_x=_factur_x(noun) if look.factur_x else None,
    )
    return Page(made, pictures.count(made))


def letter_of(document: Document, look: Look, *, at: datetime, files: Sequence[Attachment] = ()) -> Lettered:
    """*document* as a PDF for paper: its own picture, else the hub's page, and behind it the PDFs attached to it.

    Nothing lies inside. Raises as ``pdf_of``, and ``UnrenderableDocument`` for an attached PDF that does not open and
    for a letter or a payslip without its pages.
    """
    enclosed, noun = _read(document, files)
    picture = _own_picture(enclosed, noun)
    if picture is None and isinstance(noun, (Letter, Payslip)):
        raise UnrenderableDocument("The PDF that is the pages to be printed is missing, or does not open.")
    first = None if look.ours else picture
    if first is None:
        made = pdf(_sheet(enclosed, noun, look, at), at=at.replace(microsecond=0))
        first = Page(made, pictures.count(made))
    shown = {first.data} if picture is None else {first.data, picture.data}
    attached = [file for file in _attached(enclosed, noun) if file.content not in shown]
    others = [file for file in attached if _PDF in file.content[:1024]]
    for file in others:
        try:
            pictures.count(file.content)
        except UnrenderableDocument as refusal:
            raise UnrenderableDocument(
                "An attached PDF cannot become a page of the letter: it is damaged, or locked with a password.",
                place=file.name,
            ) from refusal
    left_out = tuple(file.name for file in attached if file not in others)
    if not others:
        return Lettered(first, left_out)
    whole = joined([first.data, *(file.content for file in others)])
    return Lettered(Page(whole, pictures.count(whole), first.own), left_out)


def attachments_of(document: Document, *, files: Sequence[Attachment] = ()) -> tuple[Attachment, ...]:
    """What is attached to *document*, without the picture that is its page. Raises what ``formats.read`` raises."""
    enclosed, noun = _read(document, files)
    picture = _own_picture(enclosed, noun)
    return tuple(file for file in _attached(enclosed, noun) if picture is None or file.content != picture.data)


def picture_of(page: Page, form: str, number: int) -> bytes:
    """The page *number*, from 1 on, of a PDF as ``jpg`` or ``png``.

    Raises ``UnrenderableDocument`` for a page that is not there.
    """
    if not 1 <= number <= page.pages:
        counted = "1 page" if page.pages == 1 else f"{page.pages:,} pages"
        raise UnrenderableDocument(f"There is no page {number:,}: the document has {counted}.")
    draw = pictures.jpeg if form == "jpg" else pictures.png
    return draw(page.data, page=number)


def html_of(document: Document, look: Look, *, at: datetime, files: Sequence[Attachment] = ()) -> Page:
    """*document* as an HTML page that needs nothing else. Raises as ``pdf_of``."""
    enclosed, noun = _read(document, files)
    return Page(html.page(_sheet(enclosed, noun, look, at)), 1)


def _read(document: Document, files: Sequence[Attachment]) -> tuple[formats.Enclosed, Noun | None]:
    """The document with its files in it, and it as a noun; None where documents of its kind are only passed on."""
    enclosed = formats.enclosed(document) if isinstance(document, bytes) else document
    if files:
        enclosed = msgspec.structs.replace(enclosed, files=(*enclosed.files, *files))
    try:
        noun = formats.read(enclosed.data).noun
    except UnwritableDocument:
        return enclosed, None
    return enclosed, formats.with_files(noun, enclosed.files)[0]


def _sheet(enclosed: formats.Enclosed, noun: Noun | None, look: Look, at: datetime) -> Sheet:
    if noun is None:
        syntax = formats.recognise(enclosed.data).syntax
        raise UnrenderableDocument(
            f"Documents in {syntax} are passed on as they came; they are not read whole, and there is no page of them."
        )
    return sheet_of(noun, language=look.language, style=look.style, today=at.date())


# --- what belongs to a document -------------------------------------------------------------------------------------


def _own_picture(enclosed: formats.Enclosed, noun: Noun | None) -> Page | None:
    """The PDF that is the picture of the document; see the rules of this module."""
    beside = {file.name.casefold(): file.content for file in enclosed.files}
    found: list[bytes | None] = []
    if isinstance(noun, Billed):
        found += [one.attachment.content for one in noun.supporting if one.attachment and _is_marked(one)]
    elif isinstance(noun, Letter):
        found += [beside.get(_file_name(one.uri)) for one in noun.files if one.role in _PICTURE_ROLES]
    elif isinstance(noun, Payslip):
        found += [beside.get(_file_name(one.name)) for one in noun.files if one.index == 1]
    stem = enclosed.member.rpartition(".")[0] or enclosed.member
    found.append(beside.get(f"{stem}.pdf".casefold()) if stem else None)
    return next((page for page in map(_picture, found) if page is not None), None)


def _picture(content: bytes | None) -> Page | None:
    # Some writers put a line or two before the header; PDF readers look for it in the first kilobyte.
    if content is None or _PDF not in content[:1024]:
        return None
    try:
        return Page(content, pictures.count(content), own=True)
    except UnrenderableDocument:
        # Damaged, or locked with a password: it shows nothing to anybody, and the hub's own page does.
        return None


def _is_marked(supporting: SupportingDocument) -> bool:
    return supporting.is_picture or (supporting.description or "").strip().casefold() in _PICTURE_NAMES


def _file_name(address: str | None) -> str:
    """The name of the file that ``file://folder/name`` or a bare name leads to."""
    return (address or "").replace("\\", "/").rpartition("/")[2].casefold()


def _attached(enclosed: formats.Enclosed, noun: Noun | None) -> list[Attachment]:
    """What is attached to the document, without what is called its picture, whether that opens or not."""
    if isinstance(noun, Billed):
        return [one.attachment for one in noun.supporting if one.attachment and not _is_marked(one)]
    marked = set()
    if isinstance(noun, Letter):
        marked = {_file_name(one.uri) for one in noun.files if one.role in _PICTURE_ROLES}
    elif isinstance(noun, Payslip):
        marked = {_file_name(one.name) for one in noun.files if one.index == 1}
    return [file for file in enclosed.files if file.name.casefold() not in marked]


def _factur_x(noun: Noun | None) -> bytes:
    """An invoice as the CII of a Factur-X, whose attachments lie beside it in the PDF."""
    if not isinstance(noun, Invoice):
        raise UnrenderableDocument("Only an invoice or a credit note can be a Factur-X.")
    linked = tuple(msgspec.structs.replace(one, attachment=None) for one in noun.supporting)
    return formats.write(msgspec.structs.replace(noun, supporting=linked, specification=None), "cii").data


def _embedded(enclosed: formats.Enclosed, noun: Noun | None, sheet: Sheet) -> list[EmbeddedFile]:
    """What goes into the PDF: the document as it came, then its attachments, under names that differ."""
    attached = [one.attachment for one in noun.supporting if one.attachment] if isinstance(noun, Billed) else []
    source = EmbeddedFile(
        name=f"{sheet.kind}.xml", mime="application/xml", content=enclosed.data, relationship="source"
    )
    taken = {source.name, "factur-x.xml"}
    entries = [source]
    for number, file in enumerate(attached or enclosed.files, 1):
        name = file.name if file.name.casefold() not in taken else f"{number}-{file.name}"
        taken.add(name.casefold())
        described = file.description or ""
        entries.append(EmbeddedFile(name=name, mime=file.mime, content=file.content, description=described))
    return entries
