"""PDFs one behind the other, with nothing in them but pages; for paper.

The PDFs are anybody's, and a small one may unfold into gigabytes, so they are joined in a process of its own, which is
stopped when it takes more than ``SECONDS`` or ``MEMORY``. What makes no page is dropped: scripts, actions, embedded
files, outlines, metadata. Pictures and texts of the pages stay as they are, byte for byte.

Measured on one core: 0.1 s for five pages, most of it to start the process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pikepdf

from fakturahub.errors import RenderingFailed, UnrenderableDocument

#: what joining may take: seconds, also of processor time, and bytes of data
SECONDS = 60
MEMORY = 1024**3
#: bytes that one packed stream may unfold into while the structure of a PDF is read
_UNFOLDED = 64 * 1024**2
#: the folder that the package ``fakturahub`` lies in
_PACKAGES = Path(__file__).parents[2]
_JOINED = "joined.pdf"
#: exit codes of the process: a PDF that is damaged or locked, by its place; anything else is a failure
_DAMAGED = 100
#: the most PDFs that exit codes can tell apart
MOST_PARTS = 100


def joined(parts: Sequence[bytes], *, seconds: float = SECONDS, memory: int = MEMORY) -> bytes:
    """The pages of all *parts*, in their order, as one PDF. The same parts give the same bytes.

    Raises ``UnrenderableDocument`` for a part that is damaged or locked with a password and for more than
    ``MOST_PARTS``, and ``RenderingFailed`` for what takes longer than *seconds* or more than *memory* bytes.
    """
    if len(parts) > MOST_PARTS:
        raise UnrenderableDocument(f"{len(parts):,} PDFs are not put together; the limit is {MOST_PARTS}.")
    with tempfile.TemporaryDirectory(prefix="fakturahub-join-") as name:
        folder = Path(name)
        for place, part in enumerate(parts):
            (folder / f"{place}.pdf").write_bytes(part)
        command = [sys.executable, "-m", __name__, name, str(len(parts)), str(int(seconds) + 1), str(memory)]
        try:
            # Nothing of the hub's environment: it holds secrets, and a page needs none.
            done = subprocess.run(  # noqa: S603 - this very package, with arguments that are ours
                command, timeout=seconds, capture_output=True, check=False, env={"PYTHONPATH": str(_PACKAGES)}
            )
        except subprocess.TimeoutExpired as trouble:
            raise RenderingFailed(f"Joining pages took longer than {seconds:g} seconds and was stopped.") from trouble
        if done.returncode == 0:
            return (folder / _JOINED).read_bytes()
    place = done.returncode - _DAMAGED
    if 0 <= place < len(parts):
        raise UnrenderableDocument(
            f"PDF {place + 1} of the {len(parts)} that make the letter is damaged, or locked with a password."
        )
    raise RenderingFailed(f"Joining pages took more than it may, {memory:,} bytes, or was stopped ({done.returncode}).")


def _apart(folder: Path, count: int, seconds: int, memory: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    pikepdf.settings.set_qpdf_limits(flate_max_memory=_UNFOLDED, run_length_max_memory=_UNFOLDED)
    with pikepdf.new() as made:
        sources = []
        for place in range(count):
            try:
                source = pikepdf.open(folder / f"{place}.pdf")
                sources.append(source)  # pages are copied when they are written, so it stays open
                made.pages.extend(source.pages)
            except (pikepdf.PdfError, pikepdf.PasswordError):
                return _DAMAGED + place
        for page in made.pages:
            _bare(page)
        # Streams are passed on as they are packed: nothing that a stranger packed is unfolded for the sake of it.
        made.save(
            folder / _JOINED,
            deterministic_id=True,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
        for source in sources:
            source.close()
    return 0


def _bare(page: pikepdf.Page) -> None:
    """Drop what acts or hides in *page*; what an annotation looks like stays, for that is seen on paper."""
    for key in ("/AA", "/Metadata", "/PieceInfo", "/B", "/Thumb"):
        if key in page.obj:
            del page.obj[key]
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    for one in annotations:
        if isinstance(one, pikepdf.Dictionary):
            for key in ("/A", "/AA", "/FS", "/Parent", "/Popup"):
                if key in one:
                    del one[key]


if __name__ == "__main__":
    sys.exit(_apart(Path(sys.argv[1]), *map(int, sys.argv[2:5])))
