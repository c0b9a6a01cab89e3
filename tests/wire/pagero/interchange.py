"""Requests to the Interchange as bytes."""

from __future__ import annotations

import re
import time
from html import unescape

from tests.running import Hub
from tests.wire.apix.terminal import Terminal, members
from tests.wire.companies import Reader
from tests.wire.raw import RawAnswer, basic, head
from tests.wire.stored import rows

PATH = "/pagero/incoming/default/invoice/prod"


def posting(
    body: bytes,
    *fields: str,
    path: str = PATH,
    method: str = "POST",
    version: str = "1.1",
    key: str | None = None,
    authorization: str | None = basic(),
    length: int | None = None,
    host: str | None = "127.0.0.1",
) -> bytes:
    """A whole request with *body* and further header *fields*; its length is announced unless it is in chunks."""
    more = [*fields]
    if authorization is not None:
        more.append(authorization)
    if key is not None:
        more.append(f"x-interchange-id: {key}")
    if not any(field.lower().startswith("transfer-encoding:") for field in fields):
        more.append(f"Content-Length: {len(body) if length is None else length}")
    return head(f"{method} {path} HTTP/{version}", *more, host=host) + body


def paragraphs(answer: RawAnswer) -> list[str]:
    """What the page of an answer says, paragraph by paragraph."""
    return [unescape(one) for one in re.findall(r"<p>(.*?)</p>", answer.text)]


def submission_of(answer: RawAnswer) -> str:
    """The id that an answer names first."""
    assert answer.status == 200, answer.text
    first = paragraphs(answer)[0]
    assert re.fullmatch(r"Submission [0-9a-f-]{36}", first), first
    return first.removeprefix("Submission ")


def downloaded(hub: Hub, reader: Reader, submission: str, number: str | None = None) -> dict[str, bytes]:
    """What *reader* downloads of a document of a submission: of the only one, or of the one with that *number*."""
    until = time.monotonic() + 20
    while not (
        found := rows(
            hub,
            "SELECT i.id FROM inbox i JOIN document d ON d.id = i.document_id"
            " WHERE d.submission_id = $1::text::uuid AND ($2::text IS NULL OR d.number = $2)",
            submission,
            number,
        )
    ):
        assert time.monotonic() < until, f"nothing of {submission} has arrived"
        time.sleep(0.03)
    terminal = Terminal(hub, reader)
    (storage,) = (one for one in terminal.listed() if one["StorageID"] == str(found[0]["id"]))
    return members(terminal.download(storage, "no").body)
