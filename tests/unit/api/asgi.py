"""A caller of ASGI applications in the same process, and what its answers are looked at with."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import Message


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        assert len(self.headers) == len(headers), f"a header was sent twice: {headers}"
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def page(self) -> Page:
        assert self.headers["content-type"] == "text/html; charset=utf-8"
        return Page(self.text)


async def call(
    routes: Sequence[BaseRoute], target: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask an application made of *routes* for *target*, a path with or without a query."""
    path, _, query = target.partition("?")
    given = {"host": "127.0.0.1:8080", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8080),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await Starlette(routes=list(routes))(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return Answer(sent[0]["status"], sent[0]["headers"], sent[1]["body"])


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and its text without the style sheet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        #: every start tag with its attributes, in order
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        #: text by the innermost element it stands in
        self.texts: list[tuple[str, str]] = []
        self.style = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "style":
            self.style += data
        else:
            self.texts.append((inside, data))

    @property
    def text(self) -> str:
        """All text of the page, with runs of white space as one blank."""
        return re.sub(r"[ \n]+", " ", "".join(data for _, data in self.texts)).strip()

    def within(self, tag: str) -> list[str]:
        """The texts whose innermost element is *tag*."""
        return [data for inside, data in self.texts if inside == tag]

    def links(self) -> list[str]:
        return [attrs.get("href") or "" for tag, attrs in self.elements if tag == "a"]


#: elements and attributes that would run, load or send something
_ACTIVE = {"script", "iframe", "object", "embed", "img", "form", "link", "svg", "base", "audio", "video"}


def assert_guarded(answer: Answer) -> None:
    """A page with every header that guards it, whose only style sheet is the one that its policy names."""
    page = answer.page
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "cache-control" in answer.headers
    assert not {tag for tag, _ in page.elements} & _ACTIVE
    assert [tag for tag, _ in page.elements].count("style") == 1
    for tag, attrs in page.elements:
        wrong = {name for name in attrs if name.startswith("on") or name in ("style", "src", "srcset", "action")}
        assert not wrong, f"<{tag}> has {wrong}"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours written ``#rrggbb`` (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def palettes(style: str) -> list[dict[str, str]]:
    """The colours of a style sheet on a screen: those of daylight, then those of the dark."""
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks[:2]]


def assert_readable(style: str) -> None:
    """Every colour of text has a contrast of at least 4.5 on every ground it is used on."""
    both = palettes(style)
    assert len(both) == 2
    assert all(len(colours) == 16 for colours in both)
    for colours in both:
        grounds: dict[str, tuple[str, ...]] = dict.fromkeys(("ink", "soft", "link"), ("paper", "panel"))
        grounds |= {tone: ("paper", "panel", f"{tone}-wash") for tone in ("good", "bad", "warn", "info")}
        for name, on in grounds.items():
            for ground in on:
                ratio = contrast(colours[name], colours[ground])
                assert ratio >= 4.5, f"{name} on {ground}: {ratio:.2f}"
        assert contrast(colours["on-link"], colours["link"]) >= 4.5
        # the frame of a field to type into (WCAG 2.2, 1.4.11)
        assert contrast(colours["field"], colours["paper"]) >= 3
