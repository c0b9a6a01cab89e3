"""Checking invoices against EN 16931 and Peppol: bytes in, findings out, as ratios to SaxonC doing all of the same.

The packs are those of the shared material; Saxon runs stylesheets of the tests' own, quicker than the skeleton's.
Both sides take turns in one run, on the same documents, and must find the same.
"""

from __future__ import annotations

import copy
import gc
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
from lxml import etree
from lxml.etree import _Element as Element

from bench.setting import Verdicts, say
from fakturahub.rules import engine, pack, sources
from tests.conftest import SHARED
from tests.rules import stylesheet
from tests.rules.packs import FILES
from tests.running import INVOICE

#: lines -> repeats of one measurement by us and by Saxon, and how many times faster than Saxon it has to be
SIZES: dict[int, tuple[int, int, float | None]] = {
    3: (300, 60, 9),
    100: (40, 8, 9),
    1_000: (5, 2, 8),
    10_000: (1, 1, None),
}
#: medians of so many measurements; the figure is the median of `ROUNDS` such medians
MEASUREMENTS = 3
ROUNDS = 3
#: how much more of the processor a line may cost in an invoice of ten times the lines; 1 is linear
LINEAR = 1.5
#: ms to load a pack from the cache
LOAD = 50
#: checks of the memory measurement, and by how much the process may grow over them, in MiB
CHECKS = 2_000
GROWTH = 8
#: properties that a line has, at least and at most, in documents whose elements differ; and such documents before
PROPERTIES = (2, 9)
OTHERS = 30
_PACKS = ("en-ubl", "peppol-ubl")
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def run() -> bool:
    """Print the figures; False where one is not what was promised."""
    if not SHARED.is_dir():
        raise AssertionError(
            f"the rule packs are not at {SHARED}; FAKTURAHUB_SHARED names the folder of the shared material"
        )
    verdicts = Verdicts()
    print(f"rules: EN 16931 and Peppol, medians of {ROUNDS} medians of {MEASUREMENTS}, beside SaxonC in the same run")
    before = psutil.Process().memory_info().rss
    cached = {name: _cached(name) for name in _PACKS}
    packs = [_loaded(name, cached[name], verdicts) for name in _PACKS]
    a_line: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="fakturahub-bench-") as folder:
        saxon = _Saxon()
        try:
            for lines, (repeats, of_saxon, times) in SIZES.items():
                path = Path(folder, f"{lines}.xml")
                path.write_bytes(invoice_of(lines))
                ours, theirs, least = _measure(path, packs, saxon, repeats, of_saxon)
                a_line[lines] = least / lines
                say(
                    f"{lines:,} lines, {path.stat().st_size / 1000:,.0f} KB: ours {ours * 1000:.2f} ms, "
                    f"SaxonC {theirs * 1000:.2f} ms, {theirs / ours:.1f} times"
                )
                if times is not None:
                    verdicts.at_least(f"SaxonC to ours at {lines:,} lines", theirs / ours, times, "times")
            _unknown(Path(folder, "unknown.xml"), packs, saxon, verdicts)
            grown = (psutil.Process().memory_info().rss - before) / 1024**2
            say(
                f"memory: ours grew by {grown:.0f} MiB, compiling included; SaxonC has {saxon.memory / 1024**2:.0f} MiB"
            )
        finally:
            saxon.close()
    for smaller, larger in ((100, 1_000), (1_000, 10_000)):
        what = f"a line of {larger:,} to one of {smaller:,}"
        verdicts.at_most(what, a_line[larger] / a_line[smaller], LINEAR, "times")
    _memory(packs, verdicts)
    return verdicts.kept


def invoice_of(lines: int) -> bytes:
    """The example invoice with so many lines: its own over and over, numbered; the sums are right."""
    root = etree.fromstring(INVOICE.read_bytes())
    stated = root.findall(f"{_CAC}InvoiceLine")
    for line in stated:
        root.remove(line)
    net = Decimal(0)
    for number in range(1, lines + 1):
        line = copy.deepcopy(stated[(number - 1) % len(stated)])
        _set(line, "ID", str(number))
        _set(line, f"{_CAC}Item/{_CBC}Name", f"Name of line {number}")
        net += Decimal(_find(line, "LineExtensionAmount").text or "")
        root.append(line)
    taxable = net + Decimal(_find(root, f"{_CAC}AllowanceCharge/{_CBC}Amount").text or "")
    tax = (taxable / 4).quantize(Decimal("0.01"))
    total = f"{_CAC}LegalMonetaryTotal/{_CBC}"
    for path, amount in (
        (f"{_CAC}TaxTotal/{_CBC}TaxAmount", tax),
        (f"{_CAC}TaxTotal/{_CAC}TaxSubtotal/{_CBC}TaxableAmount", taxable),
        (f"{_CAC}TaxTotal/{_CAC}TaxSubtotal/{_CBC}TaxAmount", tax),
        (f"{total}LineExtensionAmount", net),
        (f"{total}TaxExclusiveAmount", taxable),
        (f"{total}TaxInclusiveAmount", taxable + tax),
        (f"{total}PayableAmount", taxable + tax),
    ):
        _set(root, path, str(amount))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _find(element: Element, path: str) -> Element:
    found = element.find(path if path.startswith("{") else f"{_CBC}{path}")
    if found is None:
        raise AssertionError(f"the example invoice has no {path}")
    return found


def _set(element: Element, path: str, text: str) -> None:
    _find(element, path).text = text


def _cached(name: str) -> bytes:
    started = time.perf_counter()
    data = pack.compile_pack(sources.schemas(sources.read_pack(SHARED / FILES[name])), name=name).as_bytes()
    say(
        f"{name}: compiled in {(time.perf_counter() - started) * 1000:,.0f} ms, {len(data) / 1000:,.0f} KB in the cache"
    )
    return data


def _loaded(name: str, cached: bytes, verdicts: Verdicts) -> pack.Pack:
    verdicts.at_most(f"{name}: loaded from the cache", _median(lambda: pack.load(cached), 10) * 1000, LOAD, "ms")
    return pack.load(cached)


def _median(act: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _checked(data: bytes, packs: list[pack.Pack]) -> list[str]:
    """The ids of all findings. Safe parse and all rules."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return [fired.id for outcome in engine.check(etree.fromstring(data, parser), packs) for fired in outcome.fired]


def _measure(
    path: Path, packs: list[pack.Pack], saxon: _Saxon, repeats: int, of_saxon: int
) -> tuple[float, float, float]:
    """Seconds of one check by us and by Saxon, and the least that ours took of the processor.

    They take turns, so that a busy machine hits both.
    """
    data = path.read_bytes()
    _compare(path, packs, saxon, ids=0)
    damaged = path.with_suffix(".damaged.xml")
    damaged.write_bytes(_damaged(data))
    _compare(damaged, packs, saxon, ids=2)
    rounds: tuple[list[float], list[float]] = ([], [])
    least: list[float] = []
    for _ in range(ROUNDS if of_saxon > 1 else 1):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(MEASUREMENTS):
            gc.collect()
            started, busy = time.perf_counter(), time.process_time()
            for _ in range(repeats):
                _checked(data, packs)
            ours.append((time.perf_counter() - started) / repeats)
            least.append((time.process_time() - busy) / repeats)
            theirs.append(saxon.ask(path, of_saxon)["seconds"])
        rounds[0].append(statistics.median(ours))
        rounds[1].append(statistics.median(theirs))
    return statistics.median(rounds[0]), statistics.median(rounds[1]), min(least)


def _unknown(path: Path, packs: list[pack.Pack], saxon: _Saxon, verdicts: Verdicts) -> None:
    """Small documents again, in each of which the elements stand as in none before."""
    _repeats, of_saxon, times = SIZES[3]
    least, most = PROPERTIES
    documents = [_described(each) for each in itertools.product(range(least, most + 1), repeat=3)]
    path.write_bytes(_described(((least + most) // 2,) * 3))
    _compare(path, packs, saxon, ids=0)
    for number in range(OTHERS):
        # the paths of names are known, as with any other measurement
        _checked(_described((least, most, most + 1 + number)), packs)
    ours, theirs = [], []
    for at in range(MEASUREMENTS):
        mine = documents[at::MEASUREMENTS]
        gc.collect()
        started = time.perf_counter()
        for each in mine:
            _checked(each, packs)
        ours.append((time.perf_counter() - started) / len(mine))
        theirs.append(saxon.ask(path, of_saxon)["seconds"])
    here, there = statistics.median(ours), statistics.median(theirs)
    say(
        f"{len(documents)} documents of 3 lines, {path.stat().st_size / 1000:,.0f} KB, none with its elements as in "
        f"another: ours {here * 1000:.2f} ms, SaxonC {there * 1000:.2f} ms"
    )
    if times is not None:
        verdicts.at_least("SaxonC to ours where elements stand as never before", there / here, times, "times")


def _described(properties: tuple[int, ...]) -> bytes:
    """The invoice of three lines, whose items have so many properties."""
    root = etree.fromstring(invoice_of(3))
    for line, number in zip(root.findall(f"{_CAC}InvoiceLine"), properties, strict=True):
        item = line.find(f"{_CAC}Item")
        assert item is not None
        for one in range(number):
            added = etree.SubElement(item, f"{_CAC}AdditionalItemProperty")
            etree.SubElement(added, f"{_CBC}Name").text = f"Property {one}"
            etree.SubElement(added, f"{_CBC}Value").text = str(one)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _compare(path: Path, packs: list[pack.Pack], saxon: _Saxon, ids: int) -> None:
    """Both sides find the same in the document, and at least so many rules fire."""
    found = _checked(path.read_bytes(), packs)
    if saxon.ask(path, 1)["ids"] != found or len(set(found)) < ids or (not ids and found):
        raise AssertionError(f"{path.name}: Saxon and the engine find different things, or not what was put in")


def _damaged(data: bytes) -> bytes:
    """The invoice with a net amount that is off in every tenth line, from the second on."""
    root = etree.fromstring(data)
    for line in root.findall(f"{_CAC}InvoiceLine")[1::10]:
        _set(line, "LineExtensionAmount", "0.01")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _memory(packs: list[pack.Pack], verdicts: Verdicts) -> None:
    data = invoice_of(20)
    process = psutil.Process()
    for _ in range(100):
        _checked(data, packs)
    gc.collect()
    before = process.memory_info().rss
    for _ in range(CHECKS):
        _checked(data, packs)
    gc.collect()
    grown = (process.memory_info().rss - before) / 1024**2
    verdicts.at_most(f"memory grown by {CHECKS:,} checks of 20 lines", grown, GROWTH, "MiB")


class _Saxon:
    """The process of bench.rules_saxon."""

    def __init__(self) -> None:
        command = [sys.executable, "-X", "utf8", "-m", "bench.rules_saxon"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.memory = 0
        sheets = [stylesheet.plain(etree.fromstring((SHARED / FILES[name]).read_bytes())).decode() for name in _PACKS]
        self._said({"sheets": sheets})

    def ask(self, path: Path, repeats: int) -> dict[str, Any]:
        answer = self._said({"document": str(path), "repeats": repeats})
        self.memory = answer["memory"]
        return answer

    def _said(self, question: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=30)
