"""Every UBL document of the corpora, whole and damaged.

``make test`` reads each once (tests/unit/formats); here each of them is also damaged in many ways. Whatever comes out
of reading is a heading or an error of the hub's own, soon, and never anything else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakturahub import formats
from fakturahub.errors import FakturahubError

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1800)]

FOLDERS = ("samples/ehf", "corpora/en16931/examples", "corpora/peppol-bis3", "corpora/xrechnung-testsuite")
#: damaged copies of each document
COPIES = 200
#: seconds that reading a document may take on a busy machine
LONGEST = 2.0


def _flip(data: bytes, chance: random.Random) -> bytes:
    copy = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        copy[chance.randrange(len(copy))] = chance.randrange(256)
    return bytes(copy)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _drop(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 400) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    end = at + chance.randint(1, 400)
    return data[:end] + data[at:end] * chance.randint(1, 20) + data[end:]


def _swap_value(data: bytes, chance: random.Random) -> bytes:
    values = (
        b"",
        b" ",
        b"NaN",
        b"1e400",
        b"-0",
        b"9" * 60,
        b"2026-02-30",
        b"&#0;",
        b"&lt;",
        "\u0663".encode(),
        b"\xff\xfe",
    )
    at = data.find(b">", chance.randrange(len(data)))
    end = data.find(b"<", at)
    return data if at < 0 or end < 0 else data[: at + 1] + chance.choice(values) + data[end:]


def _recode(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")), "replace")


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _drop, _repeat, _swap_value, _recode)


def _documents(shared: Path) -> list[Path]:
    found = []
    for folder in FOLDERS:
        for path in sorted(one for one in (shared / folder).rglob("*") if one.suffix.lower() == ".xml"):
            try:
                formats.recognise(path.read_bytes())
            except FakturahubError:  # another syntax, which this version does not read
                continue
            found.append(path)
    return found


def test_damaged_documents_are_read_or_refused(shared: Path) -> None:
    documents = _documents(shared)
    assert len(documents) >= 110
    read = refused = 0
    slowest = (0.0, "")
    for path in documents:
        whole = path.read_bytes()
        for seed in range(COPIES):
            chance = random.Random(f"{path.name} {seed}")
            damaged = chance.choice(DAMAGES)(whole, chance)
            started = time.perf_counter()
            try:
                opened = formats.open_document(damaged)
                opened.attachments()
            except FakturahubError:
                refused += 1
            else:
                read += 1
            slowest = max(slowest, (time.perf_counter() - started, f"{path.name} seed {seed}"))
    print(f"{len(documents)} documents, {read + refused} copies: {read} read, {refused} refused; slowest {slowest}")
    # both kinds must come up, else the damage is none or is always fatal
    assert read > 1000
    assert refused > 1000
    assert slowest[0] < LONGEST, slowest
