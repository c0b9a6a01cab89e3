"""Forms, ``multipart/form-data`` (RFC 7578): the parts of a body that is in memory already, within limits.

A part is only what its delimiters say: nothing in one is opened, nothing is written to a disk, and no part is decoded
by its own ``Content-Type`` or ``Content-Transfer-Encoding``, which the RFC deprecates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from multipart import MultipartError, ParserLimitReached, PushMultipartParser, parse_options_header

from fakturahub.errors import BadRequest, TooLarge, UnsupportedMediaType
from fakturahub.intake.limits import FORM, KIB, TEXT

#: what a form is sent as
FORM_TYPE = "multipart/form-data"
#: characters of a boundary (RFC 2046, 5.1.1), and those that clients in the wild add within quotes
_BOUNDARY = re.compile(r"[ -!#-\[\]-~]*[!#-\[\]-~]")


class Field(msgspec.Struct, frozen=True):
    """One part of a form."""

    name: str
    #: as stated, which may be a path or anything else; None: the part is a value
    file_name: str | None
    data: bytes


class Form:
    """The parts of a form in their order."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)

    def field(self, name: str) -> Field | None:
        """The part of that name, None where there is none. Raises `BadRequest` where there are several."""
        found = [one for one in self.fields if one.name == name]
        if len(found) > 1:
            raise BadRequest(f'The form has {len(found)} parts with the name "{name}"; it takes one.')
        return found[0] if found else None

    def value(self, name: str, most: int = TEXT.identifier) -> str | None:
        """The text of the part of that name without blanks around it, None where there is none or it is empty.

        Raises `BadRequest` for several of them, for a text of more than *most* characters, with a control character
        in it, or that is not in UTF-8.
        """
        field = self.field(name)
        if field is None:
            return None
        if len(field.data) > FORM.value:
            raise BadRequest(f'The part "{name}" is longer than {most} characters.')
        try:
            text = field.data.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise BadRequest(f'The part "{name}" is not UTF-8.') from error
        if len(text) > most:
            raise BadRequest(f'The part "{name}" is longer than {most} characters.')
        if not text.isprintable():
            raise BadRequest(f'The part "{name}" has a control character in it.')
        return text or None

    def others(self, known: Iterable[str]) -> list[str]:
        """The names of the parts that are not among *known*."""
        return [one.name for one in self.fields if one.name not in set(known)]


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names, quoted or not.

    Raises `UnsupportedMediaType` for another type than ``multipart/form-data``, `BadRequest` where there is none.
    """
    if len(content_type) > KIB:
        raise BadRequest("The Content-Type is too long.")
    kind, options = parse_options_header(content_type)
    if kind != FORM_TYPE:
        raise UnsupportedMediaType(f"The body has to be {FORM_TYPE}; the Content-Type names {_shown(kind)}.")
    boundary: str = options.get("boundary", "")
    if not boundary:
        raise BadRequest("The Content-Type names no boundary of the form.")
    if len(boundary) > FORM.boundary or not _BOUNDARY.fullmatch(boundary):
        raise BadRequest(f"The boundary of the form has to be 1 to {FORM.boundary} visible ASCII characters.")
    return boundary


def read_form(data: bytes, boundary: str) -> Form:
    """The parts of a body.

    Raises `BadRequest` for a body that is no whole form, one whose parts have no name among them, and `TooLarge` for
    one beyond the limits `FORM`.
    """
    parser = PushMultipartParser(
        boundary,
        max_header_size=FORM.header,
        max_header_count=FORM.headers,
        max_segment_count=FORM.parts,
        strict=True,
    )
    fields: list[Field] = []
    named: tuple[str, str | None] = ("", None)
    content: list[bytes] = []
    try:
        with parser:
            for event in parser.parse(data):
                if event is None:
                    fields.append(Field(*named, b"".join(content)))
                elif isinstance(event, bytes | bytearray):
                    content.append(bytes(event))
                else:
                    named, content = (event.name, event.filename), []
    except ParserLimitReached as error:
        raise TooLarge(
            f"The form has more than {FORM.parts} parts, more than {FORM.headers} headers in one of them, or a header "
            f"of more than {FORM.header // KIB} KiB."
        ) from error
    except (MultipartError, UnicodeError) as error:
        raise BadRequest(f"The body is no whole form: {_shown(str(error.args[0]))}.") from error
    return Form(fields)


def _shown(text: str) -> str:
    """What a library or a stranger says, fit for a sentence."""
    cut = "".join(one if one.isprintable() else "?" for one in text[:100]).rstrip(".")
    return cut or "nothing"
