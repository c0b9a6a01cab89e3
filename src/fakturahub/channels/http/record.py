"""What is kept of a push for people to look at, with every secret that went out taken out. Pure.

A receiver may send back what it was sent, in the body of an error or in a field: what the hub keeps secret is looked
for there, too, in the forms in which such answers quote it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from fakturahub.model import Record
from fakturahub.model.outgoing import KEPT_OF_ANSWER
from fakturahub.outbound.client import Answer, Failed

REDACTED = "[redacted]"
#: a secret that is shorter is not looked for in answers: everything would be hidden
SHORTEST = 4

_SECRET_FIELDS = frozenset({"authorization", "proxy-authorization", "cookie"})
_SECRET_ANSWERS = frozenset({"set-cookie", "authorization", "proxy-authorization", "cookie"})


class Hiding:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        #: the longest first: one may hold another
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, REDACTED)
        return text

    def data(self, data: bytes) -> bytes:
        for form in self._forms:
            data = data.replace(form.encode("utf-8", "surrogatepass"), REDACTED.encode())
        return data


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    encoded = secret.encode("utf-8", "surrogatepass")
    yield quote(encoded)
    yield quote(encoded, safe="")
    yield quote_plus(encoded)


def place_of(url: str) -> str:
    """*url* without its query, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def record_of(
    method: str,
    url: str,
    header: Mapping[str, str],
    hidden_fields: Iterable[str],
    size: int,
    made: Answer | Failed,
    hiding: Hiding,
    token_time: float,
) -> Record:
    """What is kept. ``hidden_fields``: names of those whose value is secret; ``size``: of the body, in bytes;
    ``token_time``: seconds that a token took, 0 where none was needed."""
    parts = urlsplit(url)
    secret = _SECRET_FIELDS | {name.casefold() for name in hidden_fields}
    lines = [f"{method} {parts.path or '/'}{'?…' if parts.query else ''} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {REDACTED if name.casefold() in secret else value}" for name, value in header.items()]
    lines.append(f"Content-Length: {size}")
    timings = {"token": token_time, **made.timings} if token_time else made.timings
    request = "\n".join(lines)
    if isinstance(made, Failed):
        return Record(place_of(url), request, sent=size if made.trouble.connected else 0, timings=timings)
    head = [f"HTTP/1.1 {made.status} {made.reason}".rstrip()]
    head += [f"{name}: {REDACTED if name.lower() in _SECRET_ANSWERS else value}" for name, value in made.headers]
    if not made.whole:
        head.append("(the body was cut off)")
    return Record(
        place_of(url),
        request,
        hiding.text("\n".join(head)),
        hiding.data(made.body)[:KEPT_OF_ANSWER],
        size,
        len(made.body),
        timings,
    )
