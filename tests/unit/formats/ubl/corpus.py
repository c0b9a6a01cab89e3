"""The documents of the UBL family in the shared material, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fakturahub.errors import FakturahubError
from fakturahub.formats import ubl
from fakturahub.formats.syntax import Reading
from fakturahub.formats.ubl.names import PUF_EXTENSION_URI
from fakturahub.formats.ubl.read import READABLE
from fakturahub.intake.xml import parse, sniff
from fakturahub.model import Recognition


class Document(NamedTuple):
    path: Path
    data: bytes
    recognition: Recognition

    @property
    def readable(self) -> bool:
        return self.recognition.syntax in READABLE


def documents(shared: Path) -> Iterator[Document]:
    """Every whole document of the UBL family in the samples and the corpora; sets of rule tests hold only parts."""
    for folder in ("samples", "corpora"):
        for path in sorted((shared / folder).rglob("*")):
            if path.suffix.lower() != ".xml":
                continue
            data = path.read_bytes()
            try:
                recognition = ubl.SYNTAX.detect(sniff(data))
            except FakturahubError:
                continue
            if recognition is not None:
                yield Document(path, data, recognition)


def read(data: bytes) -> Reading:
    """*data* recognised, parsed and read by the UBL family."""
    sniffed = sniff(data)
    recognition = ubl.SYNTAX.detect(sniffed)
    assert recognition is not None
    assert ubl.SYNTAX.read is not None
    return ubl.SYNTAX.read(parse(sniffed), recognition)


#: what UBL itself prescribes: leaves that cannot be different where EN 16931 is followed, by the end of their path
_PRESCRIBED = {
    "TaxScheme/ID": {"VAT", "TAX", "FC", "LOC"},
    "DocumentTypeCode": {"130", "50"},
    "ChargeIndicator": {"TRUE", "FALSE"},
    "UBLVersionID": {"2.0", "2.1"},
    "@schemeID": {"UNCL5305"},
    "NetworkID": {"NA", "MAPPED-FROM-CII"},
    "PartyIdentification/ID/@schemeID": {"SEPA"},
    "OrderReference/ID": {"NA"},
}


def prescribed(path: str, value: str) -> bool:
    """Whether a leaf says nothing but what UBL prescribes, or is in the model in parts: a note with its subject in
    front, the address of an extension that ends with its name."""
    if path.endswith("/Note") and value.strip().startswith("#"):
        return True
    if path.endswith("/ExtensionURI") and value.strip().startswith(PUF_EXTENSION_URI):
        return True
    return any(
        path.endswith(end) and value.strip().upper() in {one.upper() for one in values}
        for end, values in _PRESCRIBED.items()
    )
