"""/healthz, /readyz and /metrics: what a monitor is told, with the database there and away."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakturahub import __version__, api, telemetry
from fakturahub.api.routes import RETRY_AFTER, Check, routes
from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault
from fakturahub.exchange.overview import Backlog, Overview
from tests.unit.api.asgi import Answer, call

#: the module; its name in the package is the function
MODULE = sys.modules["fakturahub.api.routes"]


class Backlogs:
    """An overview that knows the backlog only, or has a reason not to."""

    def __init__(self, answer: Backlog | FakturahubError | None) -> None:
        self.answer = answer
        self.asked = 0

    async def backlog(self) -> Backlog:
        self.asked += 1
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, FakturahubError):
            raise self.answer
        return cast(Backlog, self.answer)


class Readiness:
    """What the process says of itself, counted."""

    def __init__(self, *checks: Check, raises: Exception | None = None, hangs: bool = False) -> None:
        self.checks = list(checks)
        self.raises = raises
        self.hangs = hangs
        self.asked = 0

    async def __call__(self) -> list[Check]:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.raises is not None:
            raise self.raises
        return self.checks


async def ask(
    path: str,
    *,
    ready: Readiness | None = None,
    overview: Backlogs | None = None,
    method: str = "GET",
) -> Answer:
    made = routes(
        ready=ready or Readiness(Check("database", True, "ok")),
        overview=cast(Overview, overview or Backlogs(Backlog(3, 1.5))),
    )
    return await call(made, path, method=method)


def figures(answer: Answer) -> dict[str, float]:
    """The samples without labels, and it must be text that Prometheus can read."""
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


async def test_health_touches_nothing() -> None:
    ready, overview = Readiness(raises=DatabaseUnavailable("away")), Backlogs(DatabaseUnavailable("away"))
    answer = await ask("/healthz", ready=ready, overview=overview)
    assert (answer.status, answer.json) == (200, {"status": "ok", "version": __version__})
    assert answer.headers["cache-control"] == "no-store"
    assert (ready.asked, overview.asked) == (0, 0)


async def test_ready_lists_its_checks() -> None:
    answer = await ask("/readyz", ready=Readiness(Check("database", True, "ok"), Check("payloads", True, "ok")))
    assert answer.status == 200
    assert answer.json == {
        "status": "ready",
        "checks": [
            {"name": "database", "ok": True, "detail": "ok"},
            {"name": "payloads", "ok": True, "detail": "ok"},
        ],
    }
    assert "retry-after" not in answer.headers


async def test_one_failed_check_is_not_ready() -> None:
    checks = Check("database", True, "ok"), Check("payloads", False, "The folder cannot be written.")
    answer = await ask("/readyz", ready=Readiness(*checks))
    assert answer.status == 503
    assert answer.headers["retry-after"] == str(RETRY_AFTER)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["status"] == "not ready"
    assert [check["ok"] for check in answer.json["checks"]] == [True, False]


async def test_a_check_that_raises_is_not_ok() -> None:
    answer = await ask("/readyz", ready=Readiness(raises=DatabaseUnavailable("The database did not answer.")))
    assert answer.status == 503
    assert answer.json["checks"] == [
        {"name": "database-unavailable", "ok": False, "detail": "The database did not answer."}
    ]
    assert answer.headers["retry-after"] == str(RETRY_AFTER)


async def test_checks_that_hang_are_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "READY_TIME", 0.01)
    answer = await ask("/readyz", ready=Readiness(hangs=True))
    assert answer.status == 503
    assert [check["name"] for check in answer.json["checks"]] == ["time"]


async def test_a_defect_in_a_check_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        await ask("/readyz", ready=Readiness(raises=ZeroDivisionError()))


async def test_metrics_show_the_backlog() -> None:
    shown = figures(await ask("/metrics", overview=Backlogs(Backlog(17, 42.25))))
    assert shown["fakturahub_database_up"] == 1
    assert shown["fakturahub_deliveries_open"] == 17
    assert shown["fakturahub_delivery_oldest_seconds"] == 42.25


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), InternalFault("The database refused a statement.")])
async def test_metrics_without_the_database(error: FakturahubError) -> None:
    telemetry.SUBMISSIONS.labels("pagero", "test", "false").inc()
    answer = await ask("/metrics", overview=Backlogs(error))
    shown = figures(answer)
    assert shown["fakturahub_database_up"] == 0
    assert "fakturahub_deliveries_open" not in shown
    assert "fakturahub_delivery_oldest_seconds" not in shown
    assert 'fakturahub_submissions_total{dialect="pagero",mode="test",repeated="false"}' in answer.text


async def test_metrics_do_not_wait_for_a_database_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "GAUGE_TIME", 0.01)
    assert figures(await ask("/metrics", overview=Backlogs(None)))["fakturahub_database_up"] == 0


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/errors", "/errors.json", "/errors/refused"])
async def test_head_is_answered_as_get(path: str) -> None:
    get, head = await ask(path), await ask(path, method="HEAD")
    assert (head.status, head.headers.keys()) == (get.status, get.headers.keys())
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/errors", "/errors/refused"])
async def test_nothing_is_posted_here(path: str) -> None:
    assert (await ask(path, method="POST")).status == 405


def test_the_package_gives_what_the_application_wires() -> None:
    assert api.routes is routes
    assert api.Check is Check
