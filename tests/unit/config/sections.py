"""The provisioning file as these tests read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fakturahub.config import Provisioning, Secret, Sections, load
from fakturahub.dialects.apix import provision as apix
from fakturahub.dialects.farpay import provision as farpay
from fakturahub.dialects.pagero import provision as pagero
from fakturahub.dialects.sendregning import provision as sendregning
from fakturahub.dialects.vertex import provision as vertex
from fakturahub.errors import ProvisioningError

SECTIONS = {
    "apix": Sections(apix.COMPANY_SECTION, apix.HUB_SECTION),
    "farpay": Sections(farpay.COMPANY_SECTION, farpay.HUB_SECTION),
    "pagero": Sections(pagero.COMPANY_SECTION, pagero.HUB_SECTION),
    "sendregning": Sections(sendregning.COMPANY_SECTION, sendregning.HUB_SECTION),
    "vertex": Sections(vertex.COMPANY_SECTION, vertex.HUB_SECTION),
}

#: the smallest company there is
COMPANY = """\
[[company]]
key = "berg"
name = "Berg AS"
country = "NO"
business_id = "931415921"
contracts = ["send"]
"""


def read(text: str, *, env: Mapping[str, str] | None = None, folder: Path = Path("nowhere")) -> Provisioning:
    """The file with that text, of which nothing is looked up outside unless the test gives it."""
    return load(text, file="companies.toml", sections=SECTIONS, env=env or {}, folder=folder, look_at=refuse_bad)


def refuse_bad(picture: bytes) -> str | None:
    """Every picture is a logo but one."""
    return "The logo is bad." if picture == b"bad" else None


def faults_of(text: str, *, env: Mapping[str, str] | None = None, folder: Path = Path("nowhere")) -> list[str]:
    """What is said about a file that is not applied."""
    with pytest.raises(ProvisioningError) as caught:
        read(text, env=env, folder=folder)
    return list(caught.value.faults)


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every secret in a settings value, however deep."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for element in value.values():
            yield from secrets_in(element)
    elif isinstance(value, list | tuple):
        for element in value:
            yield from secrets_in(element)
