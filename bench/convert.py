"""Reading and converting invoices: as ratios to the parse of the same bytes, by number of lines, and by memory."""

from __future__ import annotations

import copy
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable

import psutil
from lxml import etree

from bench.setting import Verdicts, say
from fakturahub import formats
from fakturahub.exchange.convert import convert
from fakturahub.model.invoice import Invoice
from tests.running import INVOICE

#: lines of the invoices that are measured
SIZES = (10, 100, 1_000, 5_000)
ROUNDS = 5
#: times the lxml parse of the same bytes
READING = 12
CONVERTING = 30
#: how much more a line may cost in an invoice of ten times the lines; 1 is linear
LINEAR = 1.5
#: conversions of the memory measurement, and by how much the process may grow over them, in MiB
CONVERSIONS = 300
GROWTH = 16
_LINE = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}InvoiceLine"
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def invoice_of(lines: int) -> bytes:
    """The example invoice with so many lines, each with a number and a name of its own."""
    root = etree.fromstring(INVOICE.read_bytes())
    stated = root.findall(_LINE)
    for line in stated[1:]:
        root.remove(line)
    first = stated[0]
    for number in range(1, lines + 1):
        line = first if number == 1 else copy.deepcopy(first)
        for tag, text in ((f"{_CBC}ID", str(number)), (f".//{_CBC}Name", f"Name of line {number}")):
            element = line.find(tag)
            if element is None:
                raise AssertionError(f"the example invoice has no {tag} in its first line")
            element.text = text
        if number > 1:
            root.append(line)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def run() -> bool:
    """Print the figures; False where one is above what was promised."""
    verdicts = Verdicts()
    print(f"convert: medians of {ROUNDS} rounds, ratios to the lxml parse of the same bytes")
    reading: dict[int, float] = {}
    converting: dict[int, float] = {}
    for lines in SIZES:
        data = invoice_of(lines)
        _check(data, lines)
        parsed, read, converted = _times(data, max(1, 2_000 // lines))
        reading[lines], converting[lines] = read / lines, converted / lines
        say(
            f"{lines:,} lines, {len(data) / 1024:,.0f} KiB: parse {parsed * 1000:.2f} ms, read {read * 1000:.2f} ms, "
            f"UBL to Finvoice {converted * 1000:.2f} ms"
        )
        verdicts.at_most(f"reading {lines:,} lines", read / parsed, READING, "times the parse")
        verdicts.at_most(f"UBL to Finvoice of {lines:,} lines", converted / parsed, CONVERTING, "times the parse")
    for smaller, larger in ((100, 1_000), (1_000, 5_000)):
        for what, figures in (("reading", reading), ("UBL to Finvoice", converting)):
            verdicts.at_most(
                f"{what}, a line of {larger:,} to one of {smaller:,}",
                figures[larger] / figures[smaller],
                LINEAR,
                "times",
            )
    _memory(verdicts)
    return verdicts.kept


def _check(data: bytes, lines: int) -> None:
    """What is measured is right: every line is in the model and in the written document, and nothing else is lost."""
    noun = formats.read(data).noun
    converted = convert(data, "finvoice-3.0", allow_loss=True)
    again = formats.read(converted.data).noun
    names = [f"Name of line {number}" for number in range(1, lines + 1)]
    for one in (noun, again):
        if not isinstance(one, Invoice) or [line.item.name for line in one.lines] != names:
            raise AssertionError(f"an invoice of {lines:,} lines has others after reading")
    few = convert(invoice_of(1), "finvoice-3.0", allow_loss=True).report.losses
    per_line = {loss.term for loss in converted.report.losses} - {loss.term for loss in few}
    if lines < 1_000 and {term for term in per_line if term.startswith("BT-")}:
        raise AssertionError(f"terms are lost with {lines:,} lines and not with one: {sorted(per_line)}")


def _times(data: bytes, repeats: int) -> tuple[float, float, float]:
    """Seconds of one parse, one reading and one conversion. They take turns, so that a busy machine hits all."""
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    acts: tuple[Callable[[], object], ...] = (
        lambda: etree.fromstring(data, etree.XMLParser(remove_comments=True, remove_pis=True)),
        lambda: formats.read(data),
        lambda: convert(data, "finvoice-3.0", allow_loss=True),
    )
    for _ in range(ROUNDS):
        for act, times in zip(acts, taken, strict=True):
            gc.collect()
            started = time.perf_counter()
            for _ in range(repeats):
                act()
            times.append((time.perf_counter() - started) / repeats)
    parsed, read, converted = map(statistics.median, taken)
    return parsed, read, converted


def _memory(verdicts: Verdicts) -> None:
    large = invoice_of(SIZES[-1])
    tracemalloc.start()
    convert(large, "finvoice-3.0", allow_loss=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    say(f"{SIZES[-1]:,} lines: {peak / 1024**2:.0f} MiB of Python's memory at most while converting, without the trees")
    data = invoice_of(200)
    process = psutil.Process()
    for _ in range(50):
        convert(data, "finvoice-3.0", allow_loss=True)
    gc.collect()
    before = process.memory_info().rss
    for _ in range(CONVERSIONS):
        convert(data, "finvoice-3.0", allow_loss=True)
    gc.collect()
    grown = (process.memory_info().rss - before) / 1024**2
    verdicts.at_most(f"memory grown by {CONVERSIONS} conversions of 200 lines", grown, GROWTH, "MiB")
