"""Requests to the Interchange as bytes."""

from __future__ import annotations

import re
from html import unescape

from tests.wire.raw import RawAnswer, basic, head

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
