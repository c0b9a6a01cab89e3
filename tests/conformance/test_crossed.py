"""Every invoice of the samples and corpora, and many made ones, through every syntax that is written, and back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from fakturahub import formats
from fakturahub.errors import FakturahubError
from fakturahub.model.invoice import Invoice
from tests.unit.formats.front.crossing import cross, crossed_whole
from tests.unit.formats.invoices import INVOICES

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

FOLDERS = (
    "samples/ehf",
    "samples/puf",
    "samples/vertex",
    "samples/finvoice",
    "corpora/en16931/examples",
    "corpora/peppol-bis3/examples-2026.5",
    "corpora/xrechnung-testsuite",
    "corpora/finvoice",
)
WRITTEN = sorted(name for name, can in formats.NAMES.items() if can.write and can.noun == "invoice")


def _invoices(folder: Path) -> list[tuple[Path, str, Invoice]]:
    """Each readable invoice below *folder* with the syntax that the way back leads to."""
    found = []
    for path in sorted(one for one in folder.rglob("*") if one.suffix.lower() in (".xml", ".zip")):
        try:
            documents = formats.documents(path.read_bytes())
        except FakturahubError:  # another syntax, or a file that is wrong on purpose
            continue
        for data in documents:
            name = formats.recognise(data).syntax
            can = formats.NAMES[name]
            if not can.read or can.noun != "invoice":
                continue
            try:
                noun = formats.read(data).noun
            except FakturahubError:  # deliberately incomplete samples
                continue
            assert isinstance(noun, Invoice)
            # Older versions are read only; the way back is in the newest of the family.
            found.append((path, name if can.write else "finvoice-3.0", noun))
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_invoices(shared: Path, folder: str) -> None:
    invoices = _invoices(shared / folder)
    assert invoices
    faults: list[str] = []
    kinds: Counter[str] = Counter()
    for path, back, noun in invoices:
        for through in WRITTEN:
            try:
                crossed = cross(noun, through, back)
            except FakturahubError as refusal:
                kinds[f"{back} → {through}: {type(refusal).__name__}: {refusal.reason[:120]}"] += 1
                continue
            faults += [
                f"{path.name}, {back} → {through}: {what} {one.term} {one.path} {str(one.value)[:60]!r}"
                for what, several in (("gone", crossed.vanished), ("made up", crossed.made_up))
                for one in several
            ]
    print(f"{folder}: {len(invoices)} invoices, {len(WRITTEN)} syntaxes")
    for refusal, count in kinds.most_common():
        print(f"  refused {count}: {refusal}")
    assert not faults, f"{len(faults)} terms:\n" + "\n".join(faults[:60])
    # A frame is addressed from one party to the other: real files without electronic addresses have none.
    refused = sum(count for refusal, count in kinds.items() if "A SOAP frame is addressed" not in refusal)
    assert refused <= len(invoices) * len(WRITTEN) // 10


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(INVOICES, st.sampled_from(WRITTEN), st.sampled_from(WRITTEN))
def test_made_invoices(invoice: Invoice, through: str, back: str) -> None:
    if not crossed_whole(invoice, through, back):
        reject()
