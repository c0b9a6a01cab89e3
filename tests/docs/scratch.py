"""A folder such as a newcomer has after ``make install``, and a hub that was started in it as ``make serve`` does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import ROOT, Block
from tests.running import free_port


@dataclass
class Done:
    """What a block of commands did."""

    status: int
    output: str
    errors: str
    #: the statuses of the answers that curl got
    answers: list[int] = field(default_factory=list)


@dataclass
class Scratch:
    """The folder. Commands that name the port of the README get that of this hub."""

    folder: Path
    port: int
    environment: Mapping[str, str]
    #: what a hub that runs in it logs
    log: Path
    #: texts of the pages that stand for something of the reader's own, and what that is here
    instead: dict[str, str] = field(default_factory=dict)

    def run(self, block: Block | str, *, wait: float = 50) -> Done:
        """Run the commands of *block* as a shell does that stops at the first one that fails."""
        commands = block if isinstance(block, str) else block.text
        for theirs, ours in {"127.0.0.1:8080": f"127.0.0.1:{self.port}", **self.instead}.items():
            commands = commands.replace(theirs, ours)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.folder,
            env={**self.environment},
            capture_output=True,
            text=True,
            timeout=wait,
            check=False,
        )
        answers = [int(status) for status in re.findall(r"(?m)^curl got (\d{3})$", done.stderr)]
        return Done(done.returncode, done.stdout, done.stderr, answers)

    def must(self, block: Block | str) -> Done:
        """The same; every command has to end well, and every answer to be a good one."""
        done = self.run(block)
        assert done.status == 0, f"{block} ended with {done.status}: {done.output}\n{done.errors}"
        assert all(200 <= one < 300 for one in done.answers), f"{block}: {done.answers}\n{done.output}"
        return done

    def logged(self) -> list[dict[str, object]]:
        """What the hub in it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def until_delivered(self) -> None:
        """Wait until no delivery is open: a person reads on for a moment, a test does not."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if "fakturahub_deliveries_open 0\n" in self.must("curl http://127.0.0.1:8080/metrics").output:
                return
            time.sleep(0.1)
        raise AssertionError("the deliveries were not done within 20 s")


def served_by_make() -> str:
    """The command that ``make serve`` runs, from the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"(?m)^serve: install .*\n\t@?exec (.+)$", text)
    binaries = re.search(r"(?m)^BIN := (.+)$", text)
    assert recipe is not None
    assert binaries is not None
    return recipe[1].replace("$(BIN)", binaries[1])


@contextmanager
def scratch_folder() -> Iterator[Scratch]:
    """The folder with what commands of the pages need, and nothing running."""
    program = Path(sys.prefix) / "bin" / "fakturahub"
    assert program.exists(), f"{program} is missing: run the tests with make test"
    # not under pytest's own folder: as root the database server's user has to pass through every folder above
    with tempfile.TemporaryDirectory(prefix="fakturahub-docs-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "examples").symlink_to(ROOT / "examples")
        # Nobody reads progress here, and the status of an answer is seen even where no command asks for it.
        (folder / ".curlrc").write_text('silent\nshow-error\nwrite-out = "%{stderr}curl got %{http_code}\\n"\n')
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FAKTURAHUB_")}
        yield Scratch(folder, free_port(), {**kept, "CURL_HOME": str(folder)}, folder / "serve.log")


@contextmanager
def scratch_hub() -> Iterator[Scratch]:
    """The same with a hub in it."""
    with scratch_folder() as scratch:
        command = f"exec {served_by_make()} --port {scratch.port}"
        with scratch.log.open("wb") as errors:
            process = subprocess.Popen(
                ["bash", "-c", command],
                cwd=scratch.folder,
                env={**scratch.environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        try:
            assert process.stdout is not None
            printed = b""
            while b"Try it" not in printed:  # the test's own time limit ends this
                line = process.stdout.readline()
                assert line, f"the hub ended: {scratch.log.read_text()}"
                printed += line
            yield scratch
        finally:
            process.send_signal(signal.SIGINT)
            try:
                status = process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
                raise
            finally:
                if process.stdout is not None:
                    process.stdout.close()
        assert status == 0
