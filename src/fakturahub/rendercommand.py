"""The command that draws documents as pages: PDF, JPEG, PNG, HTML. It works on files and needs no hub.

What ``payload --form`` gives of stored documents is here as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import msgspec
import typer

from fakturahub import placing, printing
from fakturahub.clock import SystemClock
from fakturahub.config import LOGO_LIMIT
from fakturahub.errors import (
    EmptyBody,
    FakturahubError,
    OperatorError,
    SeveralDocuments,
    UnrenderableDocument,
)
from fakturahub.given import STANDARD, Given, Say, found, is_folder, one_by_one, shown

if TYPE_CHECKING:
    from fakturahub.exchange.render import Document, Look
    from fakturahub.opened import Opened

# Readers of all syntaxes and the libraries that draw take as long to import as everything else, and so they wait.

_OUTPUT = "'--output' / '-o'"
#: what the end of a file's name says of its form
_FORM_OF = {".pdf": "pdf", ".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".html": "html", ".htm": "html"}
#: characters of a source's name that go into the names of what is made of it
_STEM = 80
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
#: pictures that are made of one document at once
MOST_PICTURES = 100

Language = Literal["nb", "sv", "da", "fi", "de", "en"]
Form = Literal["pdf", "jpg", "png", "html"]


class _Wish(msgspec.Struct, frozen=True):
    """What is asked for, of each document alike."""

    form: str
    language: str | None
    #: of JPEG and PNG; None: all of them
    page: int | None
    ours: bool
    factur_x: bool
    #: of the seller, in place of the usual look
    logo: bytes | None
    colour: str | None
    #: whether files that exist may be replaced
    force: bool

    @property
    def look(self) -> Look:
        from fakturahub.exchange.render import Look, Style

        style = Style(logo=self.logo, accent=self.colour or Style().accent)
        return Look(language=self.language, style=style, ours=self.ours, factur_x=self.factur_x)


def render(
    file: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Document to draw, - for standard input; several and folders need a folder to go to."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PLACE", help="File (.pdf, .jpg, .png, .html) or folder; has to be said."
        ),
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--form", help="What to write where the name of the file does not say it.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option("--language", help="Language of the page instead of the receiver's.")
    ] = None,
    page: Annotated[
        int | None, typer.Option("--page", metavar="N", min=1, help="Only this page, as JPEG or PNG.")
    ] = None,
    ours: Annotated[
        bool, typer.Option("--ours", help="Draw the document even where it has a picture of its own.")
    ] = False,
    factur_x: Annotated[
        bool, typer.Option("--factur-x", help="Make the PDF a Factur-X (ZUGFeRD 2) invoice as well.")
    ] = False,
    logo: Annotated[
        Path | None, typer.Option("--logo", metavar="FILE", help="The seller's logo: PNG, JPEG or SVG.")
    ] = None,
    colour: Annotated[
        str | None, typer.Option("--colour", metavar="#RRGGBB", help="The seller's colour, for headings and rules.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist already.")] = False,
) -> None:
    """Draw documents as pages for people: PDF, JPEG, PNG or HTML. Needs no hub."""
    if output is None:
        raise typer.BadParameter("it has to be said, as in -o invoice.pdf.", param_hint=_OUTPUT)
    folder = _folder(file, output)
    chosen = form or _form_of(output, folder)
    if page is not None and chosen not in ("jpg", "png"):
        raise typer.BadParameter("a single page is drawn as JPEG or PNG only.", param_hint="'--page'")
    if factur_x and chosen != "pdf":
        raise typer.BadParameter("a Factur-X invoice is a PDF.", param_hint="'--factur-x'")
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise typer.BadParameter("a colour is written as in '#1f3a5f'.", param_hint="'--colour'")
    wish = _Wish(chosen, language, page, ours, factur_x, None if logo is None else _logo(logo), colour, force)
    files = found(file, leave_out=folder)
    if folder is not None:
        fine = _many(files, wish, folder)
    else:
        fine = _one(files[0], wish, None if output == STANDARD else Path(output))
    if not fine:
        raise typer.Exit(1)


async def stored(hub: Opened, any_id: UUID, form: Form, page: int) -> bytes | None:
    """The page that the hub makes, or has kept, of a document or of what a delivery wrote; None under no such id."""
    from fakturahub.exchange.renditions import Renditions

    made = await Renditions(hub.database, hub.payloads(), SystemClock()).rendition(any_id, form, page=page)
    return None if made is None else made.data


def _logo(file: Path) -> bytes:
    """The picture in *file*, looked at before anything is drawn."""
    from fakturahub.exchange.render import check_logo

    try:
        with file.open("rb") as stream:
            data = stream.read(LOGO_LIMIT + 1)
        check_logo(data)
    except OSError as trouble:
        raise typer.BadParameter(f"{file} cannot be read: {trouble.strerror}.", param_hint="'--logo'") from None
    except UnrenderableDocument as refused:
        raise typer.BadParameter(refused.reason, param_hint="'--logo'") from None
    return data


def _folder(names: list[str], output: str) -> Path | None:
    """The folder that is written to; None where it is one document for a file or for standard output."""
    asked = output != STANDARD and (output.endswith("/") or is_folder(output))
    if len(names) == 1 and not is_folder(names[0]) and not asked:
        return None
    if output == STANDARD or (not asked and Path(output).exists()):
        raise typer.BadParameter("several files need a folder to be written to, as in -o FOLDER/.", param_hint=_OUTPUT)
    return Path(output)


def _form_of(output: str, folder: Path | None) -> str:
    if folder is not None or output == STANDARD:
        return "pdf"
    form = _FORM_OF.get(Path(output).suffix.lower())
    if form is None:
        ends = ", ".join(_FORM_OF)
        raise typer.BadParameter(f"the name ends in none of {ends}; --form says what to write.", param_hint=_OUTPUT)
    return form


def _one(given: Given, wish: _Wish, place: Path | None) -> bool:
    """Draw *given* into the file *place*, None for standard output: whether it is done."""
    try:
        if place is not None:
            placing.check_free(place, replace=wish.force)
        made = _drawn(given.read(), wish)
        if place is not None:
            placing.write(_named(place, made), replace=wish.force)
        elif len(made) > 1:
            raise OperatorError(f"Standard output takes one picture; --page N chooses one of {len(made):,}.")
        else:
            placing.to_standard_output(made[0])
    except FakturahubError as refusal:
        _refuse(refusal)
        return False
    return True


def _many(files: list[Given], wish: _Wish, folder: Path) -> bool:
    """Draw all documents of *files* into *folder*: whether all of it is done."""
    from fakturahub.intake.filenames import FlatNames, safe_member_name

    placing.make_folder(folder)
    names = FlatNames()
    written = refused = 0
    for given, say in one_by_one(files, doing="Drawing", bar=True):
        stem = names.of(safe_member_name(given.stem, set())[:_STEM].rstrip(" ."))
        try:
            documents = _documents(given.read())
        except FakturahubError as refusal:
            refused += 1
            _refuse_one(given.name, refusal, say)
            continue
        several = len(documents) > 1
        for number, document in enumerate(documents, 1):
            name = f"{given.name}, document {number}" if several else given.name
            place = folder / f"{names.of(f'{stem}-{number}') if several else stem}.{wish.form}"
            try:
                placing.write(_named(place, _drawn(document, wish)), replace=wish.force)
                written += 1
            except FakturahubError as refusal:
                refused += 1
                _refuse_one(name, refusal, say)
    count = "1 document" if written == 1 else f"{written:,} documents"
    told = [f"{count} drawn into {printing.visible(shown(folder))}."]
    if refused:
        told.append(f"{refused:,} {'was' if refused == 1 else 'were'} refused.")
    typer.echo("\n".join(told), err=True)
    return not refused


def _documents(data: bytes) -> Sequence[Document]:
    """The documents in *data*, those of a ZIP archive with the files that belong to them."""
    from fakturahub import formats
    from fakturahub.intake.zip import is_zip

    return formats.open_envelope(data).documents if is_zip(data) else formats.documents(data)


def _drawn(document: Document, wish: _Wish) -> list[bytes]:
    """*document* as *wish* has it: one file, or a picture of each page."""
    from fakturahub.exchange.render import html_of, pdf_of, picture_of

    now = SystemClock().now()
    if wish.form == "html":
        return [html_of(document, wish.look, at=now).data]
    whole = pdf_of(document, wish.look, at=now)
    if wish.form == "pdf":
        return [whole.data]
    if wish.page is not None:
        return [picture_of(whole, wish.form, wish.page)]
    if whole.pages > MOST_PICTURES:
        raise UnrenderableDocument(
            f"The document has {whole.pages:,} pages; at most {MOST_PICTURES} are drawn at once. --page N draws one."
        )
    return [picture_of(whole, wish.form, number) for number in range(1, whole.pages + 1)]


def _named(place: Path, made: Sequence[bytes]) -> list[tuple[Path, bytes]]:
    """What is written where: the file *place*, or ``NAME-1``, ``NAME-2`` ... for the pictures of several pages."""
    if len(made) == 1:
        return [(place, made[0])]
    return [(place.with_name(f"{place.stem}-{number}{place.suffix}"), data) for number, data in enumerate(made, 1)]


def _refuse_one(name: str, refusal: FakturahubError, say: Say) -> None:
    reason = printing.reason(refusal)
    named = reason if reason.startswith(name) else f"{name}: {reason}"
    say(printing.visible(f"{named} (error code {refusal.code})"))


def _refuse(refusal: FakturahubError) -> None:
    advice = printing.advice(refusal)
    if isinstance(refusal, SeveralDocuments):
        advice = "Name a folder, as in -o FOLDER/: each document is drawn into a file of its own there."
    elif isinstance(refusal, EmptyBody):
        advice = ""
    told = [printing.visible(printing.reason(refusal))]
    if advice:
        told.append(f"What to do: {advice} (error code {refusal.code})")
    typer.echo("fakturahub: " + "\n".join(told), err=True)
