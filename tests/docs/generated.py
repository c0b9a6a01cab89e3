"""The pages of docs that are made from the code. ``python -m tests.docs.generated`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from fakturahub import errors
from fakturahub.api.catalogue import BRANCHES, catalogue
from fakturahub.clock import new_id
from fakturahub.dialects.apix.errors import HTTP_STATUS as APIX_STATUS
from fakturahub.dialects.pagero import wire as pagero
from fakturahub.dialects.pagero.errors import STATUS as PAGERO_STATUS
from fakturahub.errors import FakturahubError, every_error
from fakturahub.exchange.submit import Accepted, Judged
from fakturahub.model import DocumentState, Mode, Submission

DOCS = Path(__file__).parents[2] / "docs"

_ERRORS = """\
# Errors

<!-- Made from src/fakturahub/errors by `python -m tests.docs.generated`. -->

Every error has a code that never changes its meaning. The code stands in every refusal and on the page `/errors/<code>`
of the hub, `/errors` lists all of them, and with `.json` at the end both are JSON. The message beside the code says
what was wrong this time.

The columns of the dialects are the HTTP statuses of their answers. Pagero answers 200 to a transfer that was read and
whose document was refused, and names the code in the answer: such a transfer is stored. Apix answers most errors with
200 and an `ERR` envelope; its `receive` always with an empty body, and its `download` with an empty body where id or
digest are wrong and with status 400 where the request itself is.
"""


def errors_page() -> str:
    """``docs/reference/errors.md``."""
    classes: dict[str, type[FakturahubError]] = {}
    for cls in every_error():
        classes.setdefault(cls.code, cls)
    parts = [_ERRORS]
    entries = catalogue()
    for code in _depth_first("fakturahub", lambda one: entries[one].children):
        entry, cls = entries[code], classes[code]
        if not entry.children or code == "fakturahub":
            continue
        meaning = next(BRANCHES[above].meaning for above in cls.__mro__ if above in BRANCHES)
        told_by_commands = issubclass(cls, errors.OperatorError)
        columns = ["code", "title", "what to do", *([] if told_by_commands else ["Pagero", "Apix"])]
        parts.append(f"\n## {entry.title}\n\n{meaning}\n\n{_row(columns)}{_row(['---'] * len(columns))}")
        for shown in (code, *(one for one in entry.children if not entries[one].children)):
            one = classes[shown]
            statuses = [] if told_by_commands else [str(pagero_status(one)), str(_status(one, APIX_STATUS))]
            parts.append(_row([f"`{shown}`", one.title, one.advice, *statuses]))
    return "".join(parts)


def pagero_status(cls: type[FakturahubError]) -> int:
    """The status of the Interchange's answer to an error; that to a refused document is made by another hand."""
    if not issubclass(cls, errors.DocumentRefused):
        return _status(cls, PAGERO_STATUS)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    submission = Submission(new_id(at), new_id(at), "pagero", b"", Mode.PROD, at)
    judged = Judged(new_id(at), DocumentState.REJECTED, None, None, (), cls("It is not acceptable."))
    answer = pagero.answer(Accepted(submission, (judged,)))
    if cls.code.encode() not in answer.body:
        raise AssertionError("the answer to a refused document does not name the code")
    return answer.status


def _status(cls: type[FakturahubError], table: tuple[tuple[type[FakturahubError], int], ...]) -> int:
    return next((answered for above, answered in table if issubclass(cls, above)), 200)


def _depth_first(code: str, children: Callable[[str], tuple[str, ...]]) -> Iterator[str]:
    yield code
    for child in children(code):
        yield from _depth_first(child, children)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n" if cells[0] != "---" else f"|{'|'.join(cells)}|\n"


PAGES: dict[str, Callable[[], str]] = {"reference/errors.md": errors_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
