"""A company's logo as a setting: the picture where it is stated, its hash where it is stored."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path

import msgspec

from fakturahub.config.forms import Form

#: bytes of a logo
LOGO_LIMIT = 512 * 1024
_DATA = re.compile(r"data:image/(?:png|jpeg|svg\+xml);base64,([A-Za-z0-9+/=\s]+)")
_HASH = re.compile(r"[0-9a-f]{64}")


class Logo(msgspec.Struct, frozen=True):
    """A picture by its SHA-256 in hexadecimal digits; empty for a company that has none any more."""

    sha256: str
    #: the picture itself, where it comes from the file; settings that were stored have only its hash
    data: bytes = b""

    def __repr__(self) -> str:
        return f"Logo({self.sha256!r}, {len(self.data)} bytes)"


def _read(value: object) -> Logo:
    if isinstance(value, bytes):
        return Logo(hashlib.sha256(value).hexdigest() if value else "", value)
    if isinstance(value, str) and (not value or _HASH.fullmatch(value)):
        return Logo(value)
    raise ValueError


LOGO = Form('a picture, as in "file:logo.svg": PNG, JPEG or SVG', _read, lambda logo: logo.sha256)


def stated(text: str, folder: Path) -> bytes:
    """The picture that *text* leads to: ``file:PATH`` from *folder* on, or a ``data:`` address; none for ``""``.

    Raises ValueError with what is wrong with it, in words.
    """
    if not text:
        return b""
    inside = _DATA.fullmatch(text)
    if inside is not None:
        try:
            data = base64.b64decode(re.sub(r"\s", "", inside[1]), validate=True)
        except binascii.Error:
            raise ValueError("the base64 of the picture is damaged") from None
    elif text.startswith("file:"):
        data = _file(text.removeprefix("file:"), folder)
    else:
        raise ValueError("expected file:PATH, or data:image/png;base64,… with the picture itself")
    if len(data) > LOGO_LIMIT:
        raise ValueError(f"the picture is larger than {LOGO_LIMIT} bytes")
    if not data:
        raise ValueError("the picture is empty")
    return data


def _file(name: str, folder: Path) -> bytes:
    try:
        with (folder / name).open("rb") as stream:
            return stream.read(LOGO_LIMIT + 1)
    except OSError as error:
        raise ValueError(f"the file `{name}` cannot be read: {error.strerror}") from None
    except ValueError:
        raise ValueError("expected the path of a file after file:") from None
