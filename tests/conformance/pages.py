"""What pages made of the shared samples look like, as coarse brightness, which is all that is kept of them.

A page is laid out as 24 × 34 fields; of each the mean darkness is kept in 16 steps. That is enough to see a column that
moved, a block that is gone or a text of another size, and too little to read anything. After a meant change of the
template ``python -m tests.conformance.pages`` writes the file anew; look at the pages before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
from PIL import Image

from fakturahub import formats
from fakturahub.model.invoice import Noun
from fakturahub.render import labels
from fakturahub.render.page import pdf
from fakturahub.render.sheet import sheet_of

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEPT = Path(__file__).with_name("pages.json")
FIELDS = (24, 34)
_STEPS = 16
#: eleven documents of the samples: four countries' invoices, two credit notes, a letter, a payslip and a reminder
SAMPLES = (
    "ehf/ehf-3-faktura-1.xml",
    "ehf/forward-billing-nettleie-consumer.xml",
    "ehf/peppol-NO-Norwegian-example-1.xml",
    "ehf/peppol-base-creditnote-correction.xml",
    "ehf/peppol-base-example.xml",
    "finvoice/finvoice12_ffi_pullin_musiikki.xml",
    "finvoice/gobl_invoice_3.0.xml",
    "finvoice/letter_1.0_apix.xml",
    "finvoice/payslip_2.0_valid.xml",
    "oioubl/OIOUBL_Reminder_v2p2.xml",
    "puf/PUF_CreditNote_with_extension.xml",
)
CASES = [(sample, language) for sample in SAMPLES for language in labels.LANGUAGES]


def noun_of(shared: Path, sample: str) -> Noun:
    return formats.read((shared / "samples" / sample).read_bytes()).noun


def made(shared: Path, sample: str, language: str) -> bytes:
    """The PDF of *sample*."""
    return pdf(sheet_of(noun_of(shared, sample), language=language, today=AT.date()), at=AT)


def looks(data: bytes) -> list[str]:
    """A text of hexadecimal digits for each page, 0 for white paper."""
    document = pypdfium2.PdfDocument(data)
    try:
        return [_look(page.render(scale=1).to_pil().convert("L")) for page in document]
    finally:
        document.close()


def _look(picture: Image.Image) -> str:
    fields = picture.resize(FIELDS, Image.Resampling.BOX)
    # Type is thin: a quarter of a field's brightness is more than most text takes away.
    darkness = (255 - value for value in fields.tobytes())
    return "".join(f"{min(value * 4 * _STEPS // 256, _STEPS - 1):x}" for value in darkness)


def difference(one: str, other: str) -> tuple[float, int]:
    """The mean and the greatest difference between two looks, in steps."""
    steps = [abs(int(a, 16) - int(b, 16)) for a, b in zip(one, other, strict=True)]
    return sum(steps) / len(steps), max(steps)


def _all(shared: Path) -> Iterator[tuple[str, list[str]]]:
    for sample, language in CASES:
        yield f"{sample} {language}", looks(made(shared, sample, language))


if __name__ == "__main__":
    place = Path(os.environ.get("FAKTURAHUB_SHARED") or Path(__file__).parents[3] / "shared")
    KEPT.write_text(json.dumps(dict(_all(place)), indent=0) + "\n", encoding="utf-8")
