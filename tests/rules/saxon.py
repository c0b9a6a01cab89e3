"""Saxon in a process of its own, one thread: it brings a virtual machine that does not go with the threads and the
signals of a test run.

`Saxon` starts it and talks to it; started as a program this file is the process. A line of JSON goes in and one comes
out. ``{"compile": {name: stylesheet}}`` answers the names that Saxon refuses, with its reasons. ``{"run": [[document,
[name, …]], …]}`` answers a list with, for each document and name, the text that came out, or null where the
transformation ended with an error; the document is XML as text.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Saxon:
    """The process. Use it in a ``with``; `stylesheets` are compiled once, under the names given."""

    def __init__(self, stylesheets: Mapping[str, bytes]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        refused = self.compile(stylesheets)
        assert not refused, refused

    def __enter__(self) -> Saxon:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(30)

    def compile(self, stylesheets: Mapping[str, bytes]) -> dict[str, str]:
        """Take these stylesheets, too. Those that Saxon refuses, with its reasons, come back."""
        refused: dict[str, str] = self._ask({"compile": {name: sheet.decode() for name, sheet in stylesheets.items()}})
        return refused

    def run(self, documents: Sequence[tuple[str, Sequence[str]]]) -> list[list[str | None]]:
        """What each of the named stylesheets makes of each document; None where it ended with an error."""
        answer: list[list[str | None]] = self._ask({"run": documents})
        return answer

    def _ask(self, question: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise AssertionError(f"Saxon ended with {self._process.wait(30)}")
        return json.loads(answer)


def main() -> None:
    from saxonche import PySaxonApiError, PySaxonProcessor

    with PySaxonProcessor(license=False) as processor:
        xslt = processor.new_xslt30_processor()
        builder = processor.new_document_builder()
        compiled = {}
        for line in sys.stdin:
            question = json.loads(line)
            answer: object
            if "compile" in question:
                answer = refused = {}
                for name, sheet in question["compile"].items():
                    try:
                        compiled[name] = xslt.compile_stylesheet(stylesheet_text=sheet)
                    except PySaxonApiError as fault:
                        refused[name] = str(fault)
            else:
                answer = outcomes = []
                for document, names in question["run"]:
                    node = builder.parse_xml(xml_text=document)
                    made: list[str | None] = []
                    for name in names:
                        try:
                            made.append(compiled[name].transform_to_string(xdm_node=node))
                        except PySaxonApiError:
                            made.append(None)
                    outcomes.append(made)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
