"""Logos that a provisioning file brings: checked, kept by their hash, and gone when no company has them any more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fakturahub.config import Company, Logo
from fakturahub.errors import ProvisioningError
from fakturahub.identity.stored_settings import revealed
from fakturahub.provision import SECTIONS
from fakturahub.storage.database import Database
from fakturahub.storage.rendered import logo_of
from tests.storage.rows import query
from tests.unit.provision.test_provision import KEY, apply, company, known, read

RED, BLUE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path d="M0 0h4v2z" fill="{colour}"/></svg>'.encode()
    for colour in ("red", "blue")
)


def digest(logo: bytes) -> str:
    return hashlib.sha256(logo).hexdigest()


def styled(tmp_path: Path, logo: bytes) -> str:
    """A company whose logo lies in a file beside the provisioning file."""
    (tmp_path / "logo.svg").write_bytes(logo)
    return company("berg", style="logo = 'file:logo.svg'\ncolour = '#c2410c'")


async def kept(db: Database) -> list[str]:
    return sorted(bytes(one).hex() for one in await query(db, "SELECT sha256 FROM logo"))


async def test_a_logo_is_kept_and_named_by_its_company(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED)))
    (one,) = await known(empty_db)
    assert one.settings["style"] == {"logo": digest(RED), "colour": "#c2410c"}
    assert await logo_of(empty_db, digest(RED)) == RED
    assert await logo_of(empty_db, digest(BLUE)) is None
    again = await apply(empty_db, read(tmp_path, styled(tmp_path, RED)))
    assert (again.changed, again.unchanged) == ([], ["company berg"])


async def test_another_logo_takes_the_place_of_the_first(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED)))
    report = await apply(empty_db, read(tmp_path, styled(tmp_path, BLUE)))
    assert report.changed == ["company berg: style.logo"]
    assert await kept(empty_db) == [digest(BLUE)]


async def test_a_logo_that_two_companies_have_is_kept_until_none_has_it(empty_db: Database, tmp_path: Path) -> None:
    other = company("dal", style="logo = 'file:logo.svg'")
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED), other))
    assert await kept(empty_db) == [digest(RED)]
    without = company("dal", style="logo = ''")
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED), without))
    assert await kept(empty_db) == [digest(RED)]
    await apply(empty_db, read(tmp_path, company("berg", style="logo = ''"), without))
    assert await kept(empty_db) == []


async def test_a_logo_that_vanishes_from_the_file_stays(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED)))
    report = await apply(empty_db, read(tmp_path, company("berg", style="window = 'left'")))
    assert "company berg: style.logo" in report.kept
    assert await kept(empty_db) == [digest(RED)]


async def test_what_is_stored_is_read_as_settings_again(empty_db: Database, tmp_path: Path) -> None:
    await apply(empty_db, read(tmp_path, styled(tmp_path, RED)))
    (one,) = await known(empty_db)
    settings = revealed(Company, one.settings, master_key=KEY, context="company/berg", sections=SECTIONS)
    assert (settings.style.logo, settings.style.colour) == (Logo(digest(RED)), "#c2410c")


@pytest.mark.parametrize(
    ("logo", "why"),
    [
        (b"GIF89a", "The logo is no PNG, JPEG or SVG picture that can be drawn."),
        (RED.replace(b"<path", b"<script/><path"), "it has the element `script`, which no logo may have."),
    ],
)
def test_a_picture_that_is_no_logo_is_told_with_its_line(tmp_path: Path, logo: bytes, why: str) -> None:
    with pytest.raises(ProvisioningError) as refused:
        read(tmp_path, styled(tmp_path, logo))
    (fault,) = refused.value.faults
    assert fault.startswith("line 8: company.berg.style.logo: The logo is")
    assert fault.endswith(why)
