"""Metrics: counted in one process, or summed over several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from fakturahub import telemetry
from fakturahub.telemetry import Gauged, exposition


def samples(body: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_what_was_counted_is_exposed() -> None:
    label = (("dialect", "metrics-test"), ("mode", "prod"), ("repeated", "false"))
    for count in (1, 2):
        telemetry.SUBMISSIONS.labels("metrics-test", "prod", "false").inc()
        telemetry.REQUESTS.labels("metrics-test").observe(0.003)
        body, content_type = exposition((Gauged("fakturahub_depth", "How deep.", 2.5),))
        assert content_type.startswith("text/plain")
        found = samples(body)
        assert found["fakturahub_submissions_total", label] == count
        assert found["fakturahub_depth", ()] == 2.5
        surface = (("surface", "metrics-test"),)
        assert found["fakturahub_request_seconds_count", surface] == count
        assert found["fakturahub_request_seconds_bucket", (("le", "0.0025"), *surface)] == 0
        assert found["fakturahub_request_seconds_bucket", (("le", "0.005"), *surface)] == count
    text = body.decode()
    assert "# HELP fakturahub_depth How deep.\n# TYPE fakturahub_depth gauge\n" in text
    for name in ("submissions", "refusals", "deliveries"):
        assert f"# TYPE fakturahub_{name}_total counter" in text
    assert body.endswith(b"\n")


PROCESS = """
import sys
from fakturahub import telemetry
telemetry.REFUSALS.labels("apix", "too-large").inc(int(sys.argv[1]))
telemetry.REQUESTS.labels("apix").observe(0.2)
if sys.argv[2:]:
    body, _ = telemetry.exposition((telemetry.Gauged("fakturahub_depth", "How deep.", 4),))
    sys.stdout.buffer.write(body)
"""


def test_processes_are_summed_those_that_ended_too(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(*arguments: str) -> bytes:
        command = [sys.executable, "-c", PROCESS, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert run("1") == run("10") == b""
    found = samples(run("100", "show"))
    assert found["fakturahub_refusals_total", (("dialect", "apix"), ("reason", "too-large"))] == 111
    assert found["fakturahub_request_seconds_count", (("surface", "apix"),)] == 3
    assert found["fakturahub_depth", ()] == 4, "looked up once, not summed"
