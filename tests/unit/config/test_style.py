"""The style of a company's pages: where its logo comes from, and what is said of one that is not taken."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from fakturahub.config import LOGO_LIMIT, Logo, PageStyle
from fakturahub.config.logo import LOGO
from tests.unit.config.sections import COMPANY, faults_of, read

PICTURE = b"\x89PNG\r\n\x1a\n and more"
HASH = hashlib.sha256(PICTURE).hexdigest()
INSIDE = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"


def style_of(text: str, folder: Path = Path("nowhere")) -> PageStyle:
    return read(f"{COMPANY}[company.style]\n{text}", folder=folder).companies[0].style


def test_a_company_without_a_style_has_the_usual_one() -> None:
    assert read(COMPANY).companies[0].style == PageStyle(logo=None, colour=None, footer=(), window=None)


def test_a_style_is_read(tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "logo.png").write_bytes(PICTURE)
    style = style_of(
        "logo = 'file:art/logo.png'\ncolour = '#C2410c'\nwindow = 'right'\n"
        "footer = ['Berg AS · Storgata 1', 'Foretaksregisteret']",
        tmp_path,
    )
    assert style == PageStyle(
        logo=Logo(HASH, PICTURE),
        colour="#C2410c",
        footer=("Berg AS · Storgata 1", "Foretaksregisteret"),
        window="right",
    )


def test_a_logo_may_stand_in_the_file_itself() -> None:
    assert style_of(f"logo = '{INSIDE}'").logo == Logo(HASH, PICTURE)


def test_a_company_may_have_no_logo_any_more() -> None:
    assert style_of("logo = ''").logo == Logo("", b"")


def test_what_is_stored_is_the_hash_and_it_is_read_again() -> None:
    written = LOGO.write(Logo(HASH, PICTURE))
    assert written == HASH
    assert LOGO.read(written) == Logo(HASH)
    assert LOGO.read("") == Logo("")
    assert "and more" not in repr(Logo(HASH, PICTURE))


PLACE = "line 8: company.berg.style.logo: "
OTHERWISE = "expected file:PATH, or data:image/png;base64,… with the picture itself"


@pytest.mark.parametrize(
    ("logo", "fault"),
    [
        ("'logo.png'", OTHERWISE),
        (f"'{HASH}'", OTHERWISE),
        ("'env:LOGO'", OTHERWISE),
        ("'http://a.example/logo.png'", OTHERWISE),
        ("'data:text/html;base64,AAAA'", OTHERWISE),
        ("'data:image/png;base64,AAA'", "the base64 of the picture is damaged"),
        ("'file:absent.png'", "the file `absent.png` cannot be read: No such file or directory"),
        ("'file:empty'", "the picture is empty"),
        ("'file:large'", f"the picture is larger than {LOGO_LIMIT} bytes"),
        ("'file:bad'", "The logo is bad."),
        ('"file:a\\u0000b"', "expected the path of a file after file:"),
        ("12", 'expected a picture, as in "file:logo.svg": PNG, JPEG or SVG'),
    ],
)
def test_a_logo_that_is_not_taken(tmp_path: Path, logo: str, fault: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * (LOGO_LIMIT + 1))
    (tmp_path / "bad").write_bytes(b"bad")
    assert faults_of(f"{COMPANY}[company.style]\nlogo = {logo}", folder=tmp_path) == [PLACE + fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("colour = 'red'", 'line 8: company.berg.style.colour: expected a colour such as "#1f3a5f"'),
        ("color = '#000000'", "line 8: company.berg.style: unknown key `color`; did you mean `colour`?"),
        ("window = 'middle'", 'line 8: company.berg.style.window: expected one of "left", "right"'),
        ("footer = ['a', 'b', 'c', 'd', 'e']", "line 8: company.berg.style.footer: at most 4 lines stand at the foot"),
        (f"footer = ['{'x' * 201}']", "line 8: company.berg.style.footer[0]: expected one line of text of at most 200"),
        ("footer = 'x'", "line 8: company.berg.style.footer: expected a list"),
    ],
)
def test_a_style_that_is_not_taken(text: str, fault: str) -> None:
    (told,) = faults_of(f"{COMPANY}[company.style]\n{text}")
    assert told.startswith(fault)
