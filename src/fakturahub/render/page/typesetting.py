"""typst itself: in this process for what is small, in one of its own for what is large.

A page of a few lines takes some milliseconds, and starting a process would take ten times as long. What is larger than
an honest invoice of some thousand lines is set in a process of its own, which gives its memory back and is stopped
when it takes more than ``SECONDS`` or ``MEMORY``. Measured on one core: 10,000 lines are 300 pages, 4 seconds and
600 MB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
import typst

from fakturahub.errors import RenderingFailed, UnrenderableDocument
from fakturahub.render import pictures
from fakturahub.render.page.work import Work

#: what a page may take that is set apart: seconds, also of processor time, and bytes of data
SECONDS = 60
MEMORY = 3 * 1024**3
#: the folder that the package ``fakturahub`` lies in
_PACKAGES = Path(__file__).parents[3]
#: for archives, and for people who hear a page instead of seeing it
_STANDARDS: list[typst.PDFStandard] = ["a-3b", "ua-1"]
_WORK, _DONE, _FAILED = "work.json", "page.pdf", "failed.txt"


def typeset(folder: Path, work: Work) -> bytes:
    """The PDF of the template in *folder*. Raises ``RenderingFailed`` where typst gives up."""
    try:
        return typst.compile(
            folder / "page.typ",
            root=folder,
            font_paths=_own_fonts() if work.own_fonts else _all_fonts(),
            format="pdf",
            sys_inputs={"sheet": work.sheet, "setting": work.setting},
            pdf_standards=_STANDARDS,
            timestamp=work.at,
        )
    except typst.TypstError as trouble:
        raise RenderingFailed(f"typst gave up: {str(trouble)[:300]}") from trouble
    except BaseException as trouble:
        # A panic of typst is no Exception, so that nobody takes it for one; it is no reason to stop the hub.
        if type(trouble).__name__ != "PanicException":
            raise
        raise RenderingFailed("typst stopped in the middle of the page.") from trouble


def typeset_apart(folder: Path, work: Work, *, seconds: float = SECONDS, memory: int = MEMORY) -> bytes:
    """As ``typeset``, in a process of its own. Raises ``RenderingFailed`` also for what takes too long or too much."""
    (folder / _WORK).write_bytes(msgspec.json.encode(work))
    command = [sys.executable, "-m", __name__, str(folder), str(int(seconds) + 1), str(memory)]
    try:
        # Nothing of the hub's environment: it holds secrets, and a page needs none.
        done = subprocess.run(  # noqa: S603 - this very package, with arguments that are ours
            command, timeout=seconds, capture_output=True, check=False, env={"PYTHONPATH": str(_PACKAGES)}
        )
    except subprocess.TimeoutExpired as trouble:
        raise RenderingFailed(f"The page took longer than {seconds:g} seconds and was stopped.") from trouble
    if done.returncode == 0:
        return (folder / _DONE).read_bytes()
    told = folder / _FAILED
    if told.exists():
        raise RenderingFailed(told.read_text(encoding="utf-8"))
    raise RenderingFailed(f"The page took more than it may, {memory:,} bytes, or was stopped ({done.returncode}).")


@cache
def _own_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(files(__package__).joinpath("fonts"))])


@cache
def _all_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=True, font_paths=[str(files(__package__).joinpath("fonts"))])


def _apart(folder: Path, seconds: int, memory: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (2 * seconds, 2 * seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    work = msgspec.json.decode((folder / _WORK).read_bytes(), type=Work)
    try:
        made = typeset(folder, work)
        if work.picture:
            pictures.png(made)
    except (RenderingFailed, UnrenderableDocument) as failed:
        (folder / _FAILED).write_text(failed.reason, encoding="utf-8")
        return 1
    (folder / _DONE).write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(_apart(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
