"""Every figure of the pages is read back from the code."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from fakturahub import doctor, listening
from fakturahub.dialects import surface
from fakturahub.dialects.pagero import wire
from fakturahub.errors import BadRequest
from fakturahub.exchange import inbox, rulebook, submit
from fakturahub.identity import companies, passwords, rates, sealing
from fakturahub.intake import limits
from fakturahub.storage import claims, payloads, queue_worker, submissions
from tests.docs.pages import DOCS, ROOT, name, prose, tables, ticked

LIMITS = ROOT / "docs" / "reference" / "limits.md"

#: what a unit is worth: bytes and seconds count as one
UNITS = {
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
}
_FIGURE = re.compile(rf"\b(\d[\d,]*)(?:\s+({'|'.join(UNITS)})s?\b)?")


def _value(text: str) -> int:
    """The figure that *text* begins with."""
    match = _FIGURE.match(text)
    assert match is not None, text
    return int(match[1].replace(",", "")) * UNITS.get(match[2] or "", 1)


def _plain(value: Any) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _interchange_id() -> int:
    """The longest id that is taken."""

    def taken(length: int) -> bool:
        header = (b"x-interchange-id", b"x" * length)
        try:
            return wire.interchange_id(Request({"type": "http", "headers": [header]})) is not None
        except BadRequest:
            return False

    return max(length for length in range(1, 1_000) if taken(length))


def _set_in(path: str) -> float:
    """What *path*, such as ``intake.limits.XML.bytes``, is in the code."""
    if path == "dialects.pagero.wire.interchange_id":
        return _interchange_id()
    path, _, key = path.partition("[")
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(["fakturahub", *parts[:length]]))
            break
        except ModuleNotFoundError:
            continue
    else:
        raise AssertionError(path)
    for part in parts[length:]:
        if isinstance(found, type) and issubclass(found, msgspec.Struct):
            found = {one.name: one.default for one in msgspec.structs.fields(found)}[part]
        else:
            found = getattr(found, part)
    return _plain(found[key.strip('"]')] if key else found)


ROWS = [(row[0], row[1], ticked(row[2])[0]) for _, _, rows in tables(LIMITS) for row in rows]


@pytest.mark.parametrize(("what", "limit", "path"), ROWS)
def test_limits(what: str, limit: str, path: str) -> None:
    assert _value(limit) == _set_in(path), what


def _constants(module: ModuleType) -> set[str]:
    """The figures that *module* itself sets."""
    names = re.findall(r"(?m)^([A-Z][A-Z_]*)\b.* = ", inspect.getsource(module))
    own = module.__name__.removeprefix("fakturahub.")
    return {f"{own}.{one}" for one in names if isinstance(getattr(module, one), int | float | timedelta)}


#: sizes at which the program changes its ways and nobody is refused
INSIDE = {
    "intake.limits.KIB",
    "intake.limits.MIB",
    "exchange.submit.READ_IN_THREAD",
    "exchange.inbox.DECODE_IN_THREAD",
    "storage.queue_worker.CLAIM",
    "storage.queue_worker.HELD",
    "storage.queue_worker.RECONNECT",
    "storage.queue_worker.SAY_AGAIN",
}


def test_no_limit_is_left_out() -> None:
    listed = {path for _, _, path in ROWS}
    modules = (listening, surface, limits, rates, submissions, submit, inbox, companies, queue_worker, payloads)
    assert set().union(*map(_constants, modules)) - INSIDE <= listed
    for table in ("XML", "ZIP", "ATTACHMENT", "TEXT", "REPORT"):
        fields = getattr(limits, table).__slots__
        assert {f"intake.limits.{table}.{field}" for field in fields} <= listed
    assert {f'intake.limits.BODY_LIMIT["{dialect}"]' for dialect in limits.BODY_LIMIT} <= listed


def _remembered() -> float:
    assert passwords.PasswordCheck.__init__.__kwdefaults__ is not None
    return float(passwords.PasswordCheck.__init__.__kwdefaults__["remember"])


#: figures in the text of other pages, and what they have to be
FIGURES: dict[str, dict[str, Callable[[], bool]]] = {
    "docs/how-to/install-rules.md": {"5 seconds": lambda: rulebook.REFRESH < 5},
    "docs/how-to/provision-companies.md": {"5 seconds": lambda: companies.REFRESH < 5},
    "docs/how-to/serve-under-host-names.md": {"10 minutes": lambda: _remembered() == 600},
    "docs/how-to/move-or-keep-the-master-key.md": {"32 bytes": lambda: sealing._KEY_BYTES == 32},
    "docs/how-to/run-on-several-machines.md": {"256 KiB": lambda: payloads.INLINE_LIMIT == 256 * 1024},
    "docs/reference/commands.md": {"256 KiB": lambda: payloads.INLINE_LIMIT == 256 * 1024},
    "docs/reference/environment.md": {"256 KiB": lambda: payloads.INLINE_LIMIT == 256 * 1024},
    "docs/explanation/never-lost-never-doubled.md": {
        "256 KiB": lambda: payloads.INLINE_LIMIT == 256 * 1024,
        "24 hours": lambda: timedelta(hours=24) == submit.REPEAT_WINDOW,
        "10 seconds": lambda: timedelta(seconds=10) == queue_worker.STALE_AFTER,
        "2 minutes": lambda: timedelta(minutes=2) == inbox.LEASE,
        "20 seconds": lambda: timedelta(seconds=20) == claims.LEASE,
    },
}
_WITH_UNIT = re.compile(r"\b\d[\d,.]*\s+(?:[KMGT]i?B|bytes?|characters?|seconds?|minutes?|hours?|days?|ms|s|%)(?!\w)")


@pytest.mark.parametrize("page", [one for one in DOCS if one != LIMITS], ids=name)
def test_figures_in_the_text(page: object) -> None:
    text = " ".join(prose(page).split())  # type: ignore[arg-type]
    known = FIGURES.get(name(page), {})  # type: ignore[arg-type]
    assert set(_WITH_UNIT.findall(text)) == set(known)
    for figure, holds in known.items():
        assert holds(), figure


def test_the_oldest_postgresql() -> None:
    guide = (ROOT / "docs" / "how-to" / "run-on-your-own-postgresql.md").read_text(encoding="utf-8")
    assert re.findall(r"PostgreSQL (\d+) or\s+newer", guide) == [str(doctor.LEAST_SERVER // 10_000)]


def test_the_database_is_looked_at_every_second() -> None:
    from fakturahub import serve

    text = (ROOT / "docs" / "explanation" / "how-the-private-database-lives.md").read_text(encoding="utf-8")
    assert "looks at its server every second" in " ".join(text.split())
    assert serve.LOOK == 1.0
