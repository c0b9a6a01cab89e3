"""The report of what was not understood: complete as far as it goes, and never without an end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.formats.syntax import Reading
from fakturahub.formats.walk import NOT_LISTED, REPEATED, UNKNOWN, Walk, stray
from fakturahub.intake.limits import REPORT
from tests.unit.formats.prove import unaccounted

SAMPLES = (
    "samples/ehf/peppol-base-example.xml",
    "corpora/en16931/examples/cii/CII_example1.xml",
    "samples/finvoice/letter_1.0_apix.xml",
    "samples/finvoice/payslip_2.0_valid.xml",
)
#: seconds for 200,000 values on a busy machine; it takes about 0.3
LONGEST = 3.0


def with_more(data: bytes, content: bytes) -> bytes:
    """*data* with *content* before its end."""
    at = data.rindex(b"</")
    return data[:at] + content + data[at:]


def lost(reading: Reading) -> list[tuple[str, str]]:
    return [(loss.value, loss.why) for loss in reading.losses]


@pytest.mark.parametrize("name", SAMPLES)
def test_values_beyond_the_limit_are_counted(shared: Path, name: str) -> None:
    data = (shared / name).read_bytes()
    before = len(formats.read(data).losses)
    room = REPORT.losses - before
    full = with_more(data, b'<x a="v"/>' * room)
    reading = formats.read(full)
    assert lost(reading)[before:] == [("v", UNKNOWN)] * room
    more = with_more(full, b"\n<x>v</x>\n<y><z b='w'>v</z></y>")
    *told, last = formats.read(more).losses
    assert tuple(told) == reading.losses
    assert (last.value, last.why) == ("3 more values", NOT_LISTED)
    root = etree.fromstring(more)
    lines = [element.sourceline for element in (root[-2], root[-1])]
    # To the last element in which there are values.
    assert last.place is not None
    first, _, end = last.place.partition(" to ")
    assert first.endswith(f"/x, line {lines[0]}")
    assert end.endswith(f"line {lines[1]}")
    assert last.term == first.partition(",")[0]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("content", [b"<x>v</x>", b'<x a="v"/>', b"<x/>v", b"<x><y>v</y></x>"])
def test_many_unknown_values_cost_little(shared: Path, name: str, content: bytes) -> None:
    data = with_more((shared / name).read_bytes(), content * 200_000)
    started = time.process_time()
    reading = formats.read(data)
    assert time.process_time() - started < LONGEST
    counted = [loss for loss in reading.losses if loss.why == NOT_LISTED]
    assert len(counted) == 1
    assert int(counted[0].value.split()[0].replace(",", "")) + len(reading.losses) - 1 >= 200_000
    assert len(reading.losses) <= 2 * REPORT.losses + 2


def _of_the_sample(path: str, value: str) -> bool:
    return not path.endswith(("/x", "/silent"))


def test_the_proof_allows_for_as_many_as_the_report_counts(shared: Path) -> None:
    data = (shared / SAMPLES[0]).read_bytes()
    many = with_more(data, b"".join(b"<x>value %d</x>" % number for number in range(REPORT.losses + 50)))
    reading = formats.read(many)
    assert reading.losses[-1].why == NOT_LISTED
    assert unaccounted(many, reading, prescribed=_of_the_sample) == []
    more = with_more(many, b"<silent>never told</silent>")
    assert len(unaccounted(more, reading, prescribed=_of_the_sample)) == 51


def test_what_is_taken_back_makes_room_again() -> None:
    root = etree.fromstring(b"<a>" + b"<b>1</b>" * (REPORT.losses - 1) + b"<c><d>2</d><d>3</d></c><e>4</e></a>")
    walk = Walk()
    for element in root[:-2]:
        walk.unknown(element)
    mark = walk.mark()
    walk.unknown(root[-2])
    assert walk.losses[-1].why == NOT_LISTED
    walk.instead(root[-2][0], mark, REPEATED)
    assert len(walk.losses) == REPORT.losses
    assert (walk.losses[-1].value, walk.losses[-1].why) == ("2", REPEATED)
    walk.unknown(root[-1])
    walk.unknown(root[-1])
    assert [loss.value for loss in walk.losses[REPORT.losses - 1 :]] == ["2", "2 more values"]
    # Asking twice changes nothing.
    assert walk.losses == walk.losses


def test_long_names_do_not_make_a_long_report(shared: Path) -> None:
    data = (shared / SAMPLES[0]).read_bytes()
    names = [b"%c" % (97 + number % 26) * 40_000 for number in range(200)]
    deep = b"".join(b"<%b>" % name for name in names) + b"<v>1</v>" * 2_000
    deep += b"".join(b"</%b>" % name for name in reversed(names))
    reading = formats.read(with_more(data, deep))
    places = sum(len(loss.place or "") for loss in reading.losses)
    assert 0 < places <= REPORT.places + 100_000
    *told, last = reading.losses
    assert len(told) + int(last.value.split()[0].replace(",", "")) == 2_000


def test_texts_between_elements_are_told_once(shared: Path) -> None:
    data = (shared / SAMPLES[0]).read_bytes()
    reading = formats.read(with_more(data, b"one<x>two<y>three</y>four</x>five<x>six</x>\xc2\xa0"))
    assert sorted(lost(reading)) == sorted((word, UNKNOWN) for word in ("one", "two", "three", "four", "five", "six"))
    (loss,) = stray(etree.fromstring("<a><b>\u00a0<c/></b> x <d/></a>"))
    assert (loss.place, loss.value) == ("a, line 1", "x")
