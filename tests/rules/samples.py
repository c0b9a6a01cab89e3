"""Documents to start from: whole invoices and credit notes of the corpora, and the documents of the cases."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from tests.rules.packs import SYNTAXES

FOLDERS = (
    "corpora/en16931/examples",
    "corpora/en16931/test/testfiles",
    "corpora/peppol-bis3/examples-2026.5",
    "corpora/peppol-bis3/rules/examples",
    "corpora/peppol-bis3/rules/national-examples",
    "corpora/peppol-bis3/rules/snippets",
    "corpora/xrechnung-testsuite",
    "samples/ehf",
)
#: bytes; the larger ones hold attachments, which no rule looks into
LARGEST = 60_000


class Sample(NamedTuple):
    #: the file below the shared material, with the number of the test where it holds several
    name: str
    #: "ubl" or "cii"
    syntax: str
    #: XML as text, without a declaration
    text: str


def whole(shared: Path) -> list[Sample]:
    """The whole documents, each once however many corpora hold it."""
    found: dict[bytes, Sample] = {}
    for folder in FOLDERS:
        for path in sorted((shared / folder).rglob("*")):
            if path.suffix.lower() == ".xml" and path.stat().st_size <= LARGEST:
                sample = _sample(str(path.relative_to(shared)), path.read_bytes())
                if sample is not None:
                    found.setdefault(hashlib.sha256(sample.text.encode()).digest(), sample)
    return list(found.values())


def of_cases(shared: Path) -> list[Sample]:
    """The documents of the cases that have a root of a known syntax; most of them are fragments."""
    found: dict[str, Sample] = {}
    for case in cases(shared):
        sample = _sample(f"{case.file} {case.index}", case.xml)
        if sample is not None and len(sample.text) <= LARGEST:
            found.setdefault(sample.text, sample)
    return list(found.values())


def cases(shared: Path) -> Iterator[Any]:
    """What ``load_cases.py`` of the corpora yields."""
    spec = importlib.util.spec_from_file_location("load_cases", shared / "corpora" / "load_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield from module.iter_cases()


def _sample(name: str, data: bytes) -> Sample | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(data, parser)
    syntax = SYNTAXES.get(etree.QName(root).localname)
    if syntax is None or not (etree.QName(root).namespace or "").startswith(("urn:oasis:", "urn:un:")):
        return None
    return Sample(name, syntax, etree.tostring(root, encoding="unicode"))
