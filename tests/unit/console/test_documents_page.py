"""The page of documents: what it shows, how it pages, and what is shown when there is nothing to show."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

import fakturahub.api
import fakturahub.console
import fakturahub.identity.oauth
from fakturahub import style
from fakturahub.console.routes import LIVE, PAGE, routes
from fakturahub.dialects.pagero.routes import surface
from fakturahub.dialects.surface import Parts
from fakturahub.errors import DatabaseUnavailable, FakturahubError, InternalFault, Overloaded
from fakturahub.exchange.overview import Backlog, Listed, Overview
from fakturahub.identity.companies import Companies
from fakturahub.identity.rates import Rates
from tests.unit.api.asgi import Answer, assert_guarded, assert_readable, call, palettes
from tests.unit.console.test_lines import listed


class Documents:
    """An overview over a list that is given, the newest first."""

    def __init__(self, *documents: Listed, backlog: Backlog | None = None, error: Exception | None = None) -> None:
        self.documents = list(documents)
        self._backlog = backlog or Backlog(0, 0.0)
        self.error = error
        self.asked: list[tuple[int, UUID | None]] = []

    async def newest(self, most: int, *, before: UUID | None = None) -> list[Listed]:
        self.asked.append((most, before))
        return [one for one in self.documents if before is None or one.id < before][:most]

    async def backlog(self) -> Backlog:
        if self.error is not None:
            raise self.error
        return self._backlog


async def ask(
    overview: Documents, target: str = "/", *, companies: int = 2, method: str = "GET", host: str = "127.0.0.1:8080"
) -> Answer:
    made = routes(cast(Overview, overview), lambda: companies)
    return await call(made, target, method=method, headers={"host": host})


def many(count: int) -> list[Listed]:
    return [listed(id=UUID(int=(1 << 100) + number), number=f"N-{number}") for number in range(count, 0, -1)]


async def test_a_document_in_full() -> None:
    answer = await ask(Documents(listed(), backlog=Backlog(3, 61.0)))
    assert answer.status == 200
    assert_guarded(answer)
    assert answer.headers["cache-control"] == "no-store"
    page = answer.page
    cells = [attrs.get("class") for tag, attrs in page.elements if tag == "td"]
    assert cells == ["time", "document", "parties", "amount", "through", "mode", "state", "id"]
    assert ("time", {"datetime": "2026-11-20T10:26:18.123Z"}) in page.elements
    assert "2026-11-20 10:26:18Z 2026-1001 credit note skog → virta" in page.text
    assert ("data", {"value": "12500.00"}) in page.elements
    assert page.within("data") == ["12\N{NARROW NO-BREAK SPACE}500.00"]
    assert {"SEK", "pagero", "peppol-bis-3", "skog", "virta", "2026-1001", "delivered"} <= set(page.within("bdi"))
    assert {"2cf5ca8a", "01a1f87e-2233-72dd-a3f8-69372cf5ca8a"} <= set(page.within("code"))
    assert "✓ delivered" in page.text
    assert "3 deliveries are open" in page.text
    assert "2 companies" in page.text


async def test_a_test_is_marked() -> None:
    real, test = listed(mode="prod"), listed(mode="test")
    badge = ("span", {"class": "badge unreal-mode", "title": "everything was done but the delivery"})
    assert badge in (await ask(Documents(test))).page.elements
    assert badge not in (await ask(Documents(real))).page.elements


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title><b>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eexe.fdp\u2066\u0000",
    "W" * 2000,
    "&lt;b&gt; &amp;",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "field", ["number", "sender", "receiver", "currency", "syntax", "dialect", "kind", "mode", "state"]
)
async def test_hostile_texts_are_only_text(field: str, text: str) -> None:
    harmless = (await ask(Documents(listed(**{field: "harmless"})))).page
    answer = await ask(Documents(listed(**{field: text})))
    assert_guarded(answer)
    page = answer.page
    # the same elements in the same order: nothing of it became markup
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [attrs.keys() for _, attrs in page.elements] == [attrs.keys() for _, attrs in harmless.elements]
    assert not set(answer.text) & set("\u202e\u2066\x00")
    assert len(answer.body) < 20_000
    if text.isprintable() and len(text) < 200 and field != "kind":
        assert text in page.text or re.sub(" +", " ", text) in page.text


@pytest.mark.parametrize("field", ["number", "sender", "receiver", "currency", "syntax", "dialect", "state"])
async def test_companies_texts_stand_apart(field: str) -> None:
    page = (await ask(Documents(listed(**{field: "שלום 123"})))).page
    assert "שלום 123" in page.within("bdi")


async def test_a_document_of_which_little_is_known() -> None:
    answer = await ask(
        Documents(listed(number=None, receiver=None, syntax=None, currency=None, payable=None, state="rejected"))
    )
    assert answer.status == 200
    assert "no number" in answer.page.text
    assert "not recognised" in answer.page.text
    assert "None" not in answer.page.text


async def test_an_absurd_amount() -> None:
    answer = await ask(Documents(listed(payable=Decimal("1E+999999"))))
    assert answer.page.within("data") == ["1E+999999"]


async def test_a_page_has_fifty() -> None:
    documents = Documents(*many(PAGE))
    answer = await ask(documents)
    assert documents.asked == [(PAGE + 1, None)]
    assert [tag for tag, _ in answer.page.elements].count("tr") == PAGE + 1
    assert not [link for link in answer.page.links() if "before" in link]


async def test_every_document_is_on_one_page() -> None:
    documents = Documents(*many(2 * PAGE + 1))
    seen: list[str] = []
    target: str | None = "/"
    visited = 0
    while target is not None:
        page = (await ask(documents, target)).page
        visited += 1
        seen += [text for text in page.within("bdi") if text.startswith("N-")]
        older = [attrs["href"] for tag, attrs in page.elements if tag == "a" and attrs.get("rel") == "next"]
        target = older[0] if older else None
        assert ("/" in page.links()[1:]) == (visited > 1), "a way back to the newest"
    assert visited == 3
    assert seen == [one.number for one in documents.documents]


async def test_beyond_the_end() -> None:
    answer = await ask(Documents(), f"/?before={UUID(int=1 << 100)}")
    assert answer.status == 200
    assert "No older documents" in answer.page.text
    assert "curl" not in answer.page.text


@pytest.mark.parametrize("before", ["x", "", "%3Cscript%3E", "0" * 5000, "%00"])
async def test_before_that_is_no_id(before: str) -> None:
    documents = Documents(listed())
    answer = await ask(documents, f"/?before={before}")
    assert answer.status == 400
    assert_guarded(answer)
    assert documents.asked == []
    assert "/errors/bad-request" in answer.page.links()


async def test_live_pages_refresh_themselves() -> None:
    refresh = ("meta", {"http-equiv": "refresh", "content": str(LIVE)})
    documents = Documents(*many(PAGE + 1))
    still, live = (await ask(documents)).page, (await ask(documents, "/?live")).page
    assert refresh not in still.elements
    assert "/?live" in still.links()
    assert refresh in live.elements
    older = f"/?before={documents.documents[PAGE - 1].id}"
    assert older in still.links()
    assert f"{older}&live" in live.links()


async def test_nothing_yet_says_how_to_begin() -> None:
    answer = await ask(Documents())
    assert answer.status == 200
    assert_guarded(answer)
    assert "No documents yet" in answer.page.text
    assert "http://127.0.0.1:8080/pagero/incoming/default/invoice/prod" in answer.page.text
    assert "fakturahub apply" not in answer.page.text
    assert "fakturahub apply" in (await ask(Documents(), companies=0)).page.text


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("localhost:8080", "http://localhost:8080/"),
        ("[::1]:8080", "http://[::1]:8080/"),
        ("hub.example", "http://hub.example/"),
        ("x;rm -rf ~", "http://HOST:PORT/"),
        ("$(reboot)", "http://HOST:PORT/"),
        ("a`b`", "http://HOST:PORT/"),
        ("<b>", "http://HOST:PORT/"),
        ("", "http://HOST:PORT/"),
    ],
)
async def test_the_command_holds_nothing_of_a_forged_host(host: str, shown: str) -> None:
    page = (await ask(Documents(), host=host)).page
    assert f"{shown}pagero/incoming/default/invoice/prod" in page.text
    assert host in shown or host not in page.text


async def test_the_command_names_an_address_that_exists() -> None:
    command = " ".join((await ask(Documents())).page.within("code"))
    found = re.search(r"http://127\.0\.0\.1:8080/pagero(/\S+)", command)
    assert found is not None
    parts = cast(Parts, SimpleNamespace(rates=Rates(1000, 1000, 1000), companies=Companies({})))
    # a caller who is not known is told so at an address that exists, and nowhere else
    assert await post(parts, found[1]) == 401
    assert await post(parts, found[1].replace("incoming", "outgoing")) == 404


async def post(parts: Parts, path: str) -> int:
    statuses: list[int] = []

    async def receive() -> Any:
        raise AssertionError("nobody's body is read before it is known who calls")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 40000),
    }
    await surface(parts)(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("error", [DatabaseUnavailable("The database did not answer."), Overloaded("Too much.")])
async def test_the_database_is_away(error: DatabaseUnavailable | Overloaded) -> None:
    answer = await ask(Documents(error=error))
    assert answer.status == 503
    assert_guarded(answer)
    assert answer.headers["retry-after"] == str(error.retry_after)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.page.within("h1") == [error.title]
    assert error.reason in answer.page.text
    assert f"/errors/{error.code}" in answer.page.links()
    assert not [attrs for tag, attrs in answer.page.elements if attrs.get("http-equiv")]
    live = await ask(Documents(error=error), "/?live")
    assert ("meta", {"http-equiv": "refresh", "content": str(LIVE)}) in live.page.elements


@pytest.mark.parametrize("error", [InternalFault("The database refused SELECT secret."), FakturahubError("x secret")])
async def test_a_defect_is_not_told_in_detail(error: FakturahubError) -> None:
    answer = await ask(Documents(error=error))
    assert answer.status == 500
    assert_guarded(answer)
    assert "secret" not in answer.text
    assert "/errors/internal-fault" in answer.page.links()


@pytest.mark.parametrize("target", ["/", "/?live", "/?before=x"])
async def test_head_is_answered_as_get(target: str) -> None:
    get, head = await ask(Documents(listed()), target), await ask(Documents(listed()), target, method="HEAD")
    assert (head.status, head.headers) == (get.status, get.headers)


async def test_nothing_is_posted_here() -> None:
    assert (await ask(Documents(), method="POST")).status == 405


async def test_the_page_can_be_read() -> None:
    assert_readable((await ask(Documents())).page.style)


def test_all_rooms_have_one_style_sheet_and_no_colours_of_their_own() -> None:
    shared = (Path(style.__file__ or "").parent / "page.css").read_text(encoding="utf-8")
    for room in (fakturahub.api, fakturahub.console, fakturahub.identity.oauth):
        own = (Path(room.__file__ or "").parent / "templates" / "page.css").read_text(encoding="utf-8")
        text, digest = style.style(Path(room.__file__ or "").parent / "templates" / "page.css")
        assert text == shared + own
        assert digest.startswith("sha256-")
        assert not re.findall(r"prefers-color-scheme|@import|url\(", own)
        assert len(palettes(text)) == 2
