"""What a process does not load, as each start of a hub loads it three times over."""

from __future__ import annotations

import json
import subprocess
import sys

#: libraries that only workers need, or only those who ask for more than help
OF_WORKERS = {"asyncssh", "aiosmtplib", "pgqueuer"}
OF_A_DATABASE = {"sqlalchemy", "asyncpg"}


def loaded_with(module: str) -> set[str]:
    """The packages that are there once *module* is."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True)
    return set(json.loads(done.stdout))


def test_what_answers_is_spared_what_works() -> None:
    answering = loaded_with("fakturahub.start")
    assert answering & (OF_WORKERS | OF_A_DATABASE) == OF_A_DATABASE
    assert loaded_with("fakturahub.leaving, fakturahub.storage.queue_worker") >= OF_WORKERS


def test_the_command_line_alone_reaches_for_no_database() -> None:
    assert loaded_with("fakturahub.cli") & (OF_WORKERS | OF_A_DATABASE) == set()
