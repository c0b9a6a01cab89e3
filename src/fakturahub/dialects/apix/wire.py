"""Response messages (specification 2.2): what every answer is written in."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

#: All that clients were seen to take: with a charset, or any other type, one or the other of them breaks on a name that
#: is not ASCII (specification 1.1, measured). Bodies are ASCII with numeric references.
CONTENT_TYPE = "text/xml"

#: What the list shows for what is not known. An empty value breaks a client (specification 2.2).
UNKNOWN = "N/A"

Group = list[tuple[str, str]]

#: schemes of addresses that are written without it: OVT, TE, IBAN (EAS code list)
BARE = frozenset({"0216", "0215", "9918"})

# what XML 1.0 cannot carry, not even as a reference
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(text: str) -> str:
    if text.isalnum():  # most values of a long list: nothing to look for
        return text
    return escape(_UNWRITABLE.sub("\ufffd", text))


@functools.cache
def _opening(name: str) -> str:
    return f"<Value type={quoteattr(name)}>"


def envelope(status: str, code: str, texts: Sequence[str], groups: Sequence[Group]) -> bytes:
    """A Response message (specification 2.2), in ASCII.

    ``<Status>`` is written so that a search for its literal bytes finds it; values that are empty are left out.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
        '<Response version="1.0">',
        f"<Status>{status}</Status>",
        f"<StatusCode>{code}</StatusCode>",
        *(f'<FreeText language="en">{_escaped(text)}</FreeText>' for text in texts),
    ]
    if groups:
        lines.append("<Content>")
        for group in groups:
            lines.append("<Group>")
            lines += [f"{_opening(name)}{_escaped(value)}</Value>" for name, value in group if value]
            lines.append("</Group>")
        lines.append("</Content>")
    else:
        lines.append("<Content/>")
    lines.append("</Response>\n")
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace")


def ok(code: str, groups: Sequence[Group], *, texts: Sequence[str] = ("OK",)) -> Response:
    """The answer to a call that succeeded; *texts* as in the operator's example of that call."""
    return Response(envelope("OK", code, texts, groups), 200, {"content-type": CONTENT_TYPE})


def address_of(address: str) -> str:
    """An electronic address as Finnish operators write it: without its scheme where its form tells it.

    ``003727901319`` of ``0216:003727901319``; OVT, IBAN and TE addresses are known by their form (specification 4), of
    any other the scheme stays before it.
    """
    scheme, _, value = address.partition(":")
    return value if scheme in BARE else address
