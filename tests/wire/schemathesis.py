"""Schemathesis against a hub: requests made of an OpenAPI document, each answer held against it.

In a process of its own, with the same requests every time. Its warnings are not ours, and its plugins stay out of ours.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def tried(document: Path, url: str, authorization: str, folder: Path, *, path: str | None = None) -> int:
    """How many requests were tried with that header, on one *path* or all; every answer was as described."""
    done = subprocess.run(
        [
            str(Path(sys.prefix) / "bin" / "schemathesis"),
            "run",
            str(document),
            f"--url={url}",
            f"--checks={','.join(CHECKS)}",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=40",
            "--generation-deterministic",
            "--no-color",
            f"--header=Authorization: {authorization}",
            *(() if path is None else ("--include-path", path)),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=220,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    cases = re.search(r"([\d,]+) generated, ([\d,]+) passed", done.stdout)
    assert cases is not None, done.stdout[-3000:]
    assert cases[1] == cases[2]
    return int(cases[1].replace(",", ""))
