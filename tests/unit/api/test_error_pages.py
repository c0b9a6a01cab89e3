"""/errors: every code has its page, in HTML and JSON, and what a caller asks for is never taken for markup."""

from __future__ import annotations

import gc
from typing import cast
from urllib.parse import quote

import pytest

from fakturahub import errors
from fakturahub.api.catalogue import catalogue, near
from fakturahub.api.routes import routes
from fakturahub.errors import FakturahubError, every_error
from fakturahub.exchange.overview import Overview
from tests.unit.api.asgi import Answer, assert_guarded, assert_readable, call

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
CODES = sorted({cls.code for cls in every_error()})


async def ask(path: str, *, accept: str | None = BROWSER) -> Answer:
    async def ready() -> list[object]:
        raise AssertionError("an error page asks nobody whether the hub is ready")

    made = routes(ready=ready, overview=cast(Overview, None))  # type: ignore[arg-type]
    return await call(made, path, headers={} if accept is None else {"accept": accept})


@pytest.mark.parametrize("code", CODES)
async def test_every_error_has_a_page(code: str) -> None:
    answer = await ask(f"/errors/{code}")
    assert answer.status == 200
    assert_guarded(answer)
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["vary"] == "accept"
    page = answer.page
    entry = catalogue()[code]
    assert code in page.within("code")
    for sentence in (entry.title, entry.meaning, entry.advice, entry.again):
        assert sentence.replace("'", "’").replace("`", "") in page.text
    assert f"HTTP {entry.http}" in page.text
    # parents and children are a click away, the page itself is not
    assert {f"/errors/{one}" for one in (*entry.parents, *entry.children)} <= set(page.links())
    assert f"/errors/{code}" not in page.links()


async def test_the_tree_is_on_one_page() -> None:
    answer = await ask("/errors")
    assert answer.status == 200
    assert_guarded(answer)
    root = FakturahubError.code
    assert {link.removeprefix("/errors/") for link in answer.page.links()} >= set(CODES) - {root}


async def test_the_pages_can_be_read() -> None:
    assert_readable((await ask("/errors")).page.style)


def test_parents_and_children_agree() -> None:
    entries = catalogue()
    assert set(entries) == {cls.code for cls in every_error()}
    assert entries["clock-skew"].parents == ("fakturahub", "refused", "not-authenticated")
    assert entries["not-authenticated"].children == ("clock-skew", "invalid-token")
    assert entries["fakturahub"].parents == ()
    for code, entry in entries.items():
        assert [entries[child].parents for child in entry.children] == [(*entry.parents, code)] * len(entry.children)
        if entry.parents:
            assert code in entries[entry.parents[-1]].children


@pytest.mark.parametrize(
    ("cls", "http"),
    [
        (errors.Refused, "4xx"),
        (errors.EmptyBody, "4xx"),
        (errors.RateLimited, "4xx"),
        (errors.DatabaseUnavailable, "5xx"),
        (errors.PayloadCorrupt, "5xx"),
        (errors.SchemaTooNew, "5xx"),
        (errors.FakturahubError, "4xx, 5xx"),
    ],
)
def test_the_family_of_http_statuses(cls: type[FakturahubError], http: str) -> None:
    assert catalogue()[cls.code].http == http


def test_what_may_be_sent_again_is_not_said_of_what_may_not() -> None:
    entries = catalogue()
    assert entries["rate-limited"].again.startswith("Yes")
    assert entries["overloaded"].again.startswith("Yes")
    assert entries["bad-value"].again.startswith("No")
    assert entries["bad-request"].again.startswith("No")


async def test_an_error_that_a_dialect_brings() -> None:
    own = type(
        "StampMissing",
        (errors.BadRequest,),
        {
            "code": "a-dialects-own",
            "title": "The <stamp> & seal are missing",
            "advice": "Run `fakturahub stamp <file>`.",
        },
    )
    kept = type("KeepsItsParentsCode", (own,), {"title": "Has no page of its own"})
    entry = catalogue()["a-dialects-own"]
    assert entry.title == "The <stamp> & seal are missing"
    assert entry.parents == ("fakturahub", "refused", "bad-request")
    assert entry.children == ()
    answer = await ask("/errors/a-dialects-own")
    assert_guarded(answer)
    assert "The &lt;stamp&gt; &amp; seal are missing" in answer.text
    assert "Run <code>fakturahub stamp &lt;file&gt;</code>." in answer.text
    # a class stays in the tree until it is collected; the other tests must not meet these
    del own, kept
    gc.collect()
    assert "a-dialects-own" not in catalogue()


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/errors/too-large.json", BROWSER),
        ("/errors/too-large.json", None),
        ("/errors/too-large", "application/json"),
        ("/errors/too-large", "Application/JSON; charset=utf-8"),
        ("/errors/too-large", "text/html;q=0.5, application/json"),
        ("/errors/too-large", "application/*"),
        ("/errors/too-large", "text/html;q=0, */*"),
    ],
)
async def test_json_for_who_wants_it(path: str, accept: str | None) -> None:
    answer = await ask(path, accept=accept)
    assert answer.status == 200
    assert answer.json == {
        "code": "too-large",
        "title": errors.TooLarge.title,
        "meaning": catalogue()["too-large"].meaning,
        "advice": errors.TooLarge.advice,
        "http": "4xx",
        "again": catalogue()["too-large"].again,
        "parents": ["fakturahub", "refused", "transfer-unreadable"],
        "children": [],
    }
    assert answer.headers["vary"] == "accept"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "accept",
    [
        BROWSER,
        None,
        "*/*",
        "",
        "application/json;q=0.9, text/html",
        "application/json;q=nan",
        "application/json;q=inf",
        "application/json;q=.",
        "application/json;q=-1",
        "image/png",
        ";;,,=",
    ],
)
async def test_html_for_everybody_else(accept: str | None) -> None:
    answer = await ask("/errors/too-large", accept=accept)
    assert answer.status == 200
    assert answer.page.within("h1") == [errors.TooLarge.title]


async def test_all_codes_as_json() -> None:
    for answer in (await ask("/errors.json"), await ask("/errors", accept="application/json")):
        assert [one["code"] for one in answer.json["errors"]] == list(catalogue())


async def test_an_unknown_code_names_those_near() -> None:
    answer = await ask("/errors/to-large")
    assert answer.status == 404
    assert_guarded(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert "/errors/too-large" in answer.page.links()
    as_json = await ask("/errors/to-large.json")
    assert as_json.status == 404
    assert as_json.json["code"] == "not-found"
    assert as_json.json["near"][0] == "too-large"


def test_near_codes() -> None:
    entries = catalogue()
    assert near("TOO-LARGE", entries)[0].code == "too-large"
    assert "xml-too-deep" in [one.code for one in near("too-deep", entries)]
    assert near("", entries) == []
    assert near("qqqqqqqqqq", entries) == []
    assert len(near("e", entries)) <= 5


async def test_nothing_is_near() -> None:
    answer = await ask("/errors/qqqqqqqqqq")
    assert answer.status == 404
    assert "No code is near it." in answer.page.text


@pytest.mark.parametrize(
    "code",
    [
        "<script>alert(1)<script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7 * 7 }}",
        "a\u202eb\u2066c\x00d\x1be\n",
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "x" * 50_000,
        "../../etc/passwd".replace("/", "\\"),
    ],
    ids=["script", "attribute", "template", "controls", "surrogate", "long", "path"],
)
async def test_a_hostile_code_is_only_text(code: str) -> None:
    answer = await ask("/errors/" + quote(code, safe=""))
    assert answer.status == 404
    assert_guarded(answer)
    assert not set(answer.text) & set("\u202e\u2066\x00\x1b")
    assert len(answer.body) < 20_000
    if len(code) < 100 and code.isprintable():
        assert code in answer.page.text
    as_json = await ask("/errors/" + quote(code, safe="") + ".json")
    assert as_json.status == 404
    assert len(as_json.body) < 1_000
