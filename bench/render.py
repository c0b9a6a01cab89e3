"""Pages: what a page costs beside the bare typst compile of it, long invoices, pages a second, and memory."""

from __future__ import annotations

import gc
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import psutil
import typst

from bench.convert import invoice_of
from bench.setting import Verdicts, say
from fakturahub import formats
from fakturahub.model.invoice import Invoice
from fakturahub.render import pictures
from fakturahub.render.page import compiling, pdf, typesetting
from fakturahub.render.sheet import sheet_of
from tests.running import INVOICE

AT = datetime(2026, 11, 20, tzinfo=UTC)
ROUNDS = 30
#: times the bare compile of the same page
BARE = 1.5
#: lines of the long invoice, and seconds that it may take
LINES = 200
SECONDS = 1.0
PROCESSES = 2
#: pages that each process makes
EACH = 60
#: pages of the memory measurement, and by how much the process may grow over them, in MiB
MANY = 200
GROWTH = 32


def run() -> bool:
    """Print the figures; False where one is above what was promised."""
    verdicts = Verdicts()
    invoice = _invoice(INVOICE.read_bytes())
    print(f"render: medians of {ROUNDS} pages, warm")
    bare, sheet, whole, picture = _one_page(invoice)
    say(
        f"one page: bare typst {bare * 1000:.1f} ms, sheet {sheet * 1000:.1f} ms, sheet and PDF {whole * 1000:.1f} ms, "
        f"JPEG of it {picture * 1000:.1f} ms"
    )
    verdicts.at_most("one page", whole / bare, BARE, "times the bare compile")
    long = _invoice(invoice_of(LINES))
    taken = statistics.median(_timed(partial(_page, _other(long, number))) for number in range(5))
    say(f"{LINES} lines: {pictures.count(_page(long))} pages")
    verdicts.at_most(f"{LINES} lines", taken, SECONDS, "s")
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        pool.map(_pages, [2] * PROCESSES, chunksize=1)
        started = time.perf_counter()
        pool.map(_pages, [EACH] * PROCESSES, chunksize=1)
        say(f"{PROCESSES} processes: {PROCESSES * EACH / (time.perf_counter() - started):.1f} pages a second")
    _memory(verdicts, invoice)
    return verdicts.kept


def _invoice(data: bytes) -> Invoice:
    noun = formats.read(data).noun
    assert isinstance(noun, Invoice)
    return noun


def _other(invoice: Invoice, number: int) -> Invoice:
    """*invoice* with other texts in every line: typst remembers what it has set before."""
    lines = tuple(
        msgspec.structs.replace(line, item=msgspec.structs.replace(line.item, name=f"{line.item.name} {number}"))
        for line in invoice.lines
    )
    return msgspec.structs.replace(invoice, number=f"L-{number}", lines=lines)


def _page(invoice: Invoice) -> bytes:
    return pdf(sheet_of(invoice), at=AT)


def _pages(count: int) -> None:
    invoice = _invoice(INVOICE.read_bytes())
    for number in range(count):
        _page(msgspec.structs.replace(invoice, number=f"B-{number}"))


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _one_page(invoice: Invoice) -> tuple[float, float, float, float]:
    """Seconds of the bare compile, the sheet, the whole and a picture. They take turns: a busy machine hits all."""
    made = _page(invoice)
    assert pictures.count(made) == 1
    times: tuple[list[float], list[float], list[float], list[float]] = ([], [], [], [])
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            # A number of its own each time, so that nothing is remembered from the page before.
            prepared = _bare(Path(name), msgspec.structs.replace(invoice, number=f"A-{number}"))
            other = msgspec.structs.replace(invoice, number=f"B-{number}")
            acts = (prepared, partial(sheet_of, invoice), partial(_page, other), partial(pictures.jpeg, made))
            for act, taken in zip(acts, times, strict=True):
                gc.collect()
                taken.append(_timed(act))
    bare_time, sheet, whole, picture = map(statistics.median, times)
    return bare_time, sheet, whole, picture


def _bare(folder: Path, invoice: Invoice) -> Callable[[], object]:
    """typst with everything at hand: the template in its folder, the data as JSON, the fonts read."""
    kept: list[tuple[str, str]] = []
    original = compiling.typeset

    def noted(place: Path, work: typesetting.Work) -> bytes:
        for file in place.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        kept.append((work.sheet, work.setting))
        return b""

    compiling.typeset = noted
    try:
        _page(invoice)
    finally:
        compiling.typeset = original
    sheet, setting = kept[0]
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(Path(typesetting.__file__).with_name("fonts"))])
    return lambda: typst.compile(
        folder / "page.typ",
        root=folder,
        font_paths=fonts,
        format="pdf",
        sys_inputs={"sheet": sheet, "setting": setting},
        pdf_standards=["a-3b", "ua-1"],
        timestamp=AT,
    )


def _memory(verdicts: Verdicts, invoice: Invoice) -> None:
    for number in range(20):
        _page(msgspec.structs.replace(invoice, number=f"M-{number}"))
    gc.collect()
    before = psutil.Process().memory_info().rss
    for number in range(MANY):
        _page(msgspec.structs.replace(invoice, number=f"N-{number}"))
    gc.collect()
    grown = (psutil.Process().memory_info().rss - before) / 1024**2
    verdicts.at_most(f"growth over {MANY} pages", grown, GROWTH, "MiB")
