"""Which surface answers which address, and what only this machine is shown."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from fakturahub.app import Hub
from fakturahub.identity.companies import Companies
from fakturahub.storage.companies import Changes, SettingRow


class Recorded:
    """Stands where a dialect's surface stands and answers with the path it was given."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{self.name} {scope['path']}")(scope, receive, send)


def _hub() -> Hub:
    companies = Companies({})
    hosts = {"hosts": ["api.hub.example", "Terminal.Hub.Example."], "test_hosts": ["test-api.hub.example"]}
    companies.apply(Changes(1, [], [SettingRow("dialects", "apix", hosts)]))
    pages = Starlette(
        routes=[Route(path, lambda request: PlainTextResponse("page")) for path in ("/", "/metrics", "/healthz")]
    )
    return Hub({name: Recorded(name) for name in ("pagero", "apix")}, companies, pages)  # type: ignore[misc]


async def _get(path: str, *, host: str = "127.0.0.1:8080", client: str = "127.0.0.1", **more: str) -> tuple[int, str]:
    headers = [
        (b"host", host.encode()),
        *((name.replace("_", "-").encode(), one.encode()) for name, one in more.items()),
    ]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "client": (client, 50000),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await _hub()(scope, receive, send)
    names = [name for name, _ in sent[0]["headers"]]
    assert names.count(b"x-request-id") == 1
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/pagero/incoming/default/invoice/prod", "pagero /incoming/default/invoice/prod"),
        ("/Pagero/incoming", "pagero /incoming"),
        ("/apix", "apix /"),
        ("/apix/", "apix /"),
        ("/apix/list2", "apix /list2"),
        ("/apix//list2", "apix //list2"),
        ("/healthz", "page"),
        ("/apixx/list2", "Not Found"),
        ("//apix/list2", "Not Found"),
        ("*", "Not Found"),
    ],
)
async def test_the_first_segment_names_the_dialect(path: str, answer: str) -> None:
    assert (await _get(path))[1] == answer


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("api.hub.example", "apix /list2"),
        ("API.hub.example:443", "apix /list2"),
        ("terminal.hub.example", "apix /list2"),
        ("terminal.hub.example.", "apix /list2"),
        ("test-api.hub.example", "apix /list2"),
        ("api.hub.example.evil.example", "Not Found"),
        ("hub.example", "Not Found"),
        ("[::1]:8080", "Not Found"),
        ("", "Not Found"),
    ],
)
async def test_a_host_of_a_dialect_has_it_at_its_root(host: str, answer: str) -> None:
    assert (await _get("/list2", host=host))[1] == answer


async def test_prefixes_work_on_a_dialects_host_as_well() -> None:
    assert (await _get("/pagero/x", host="api.hub.example"))[1] == "pagero /x"


@pytest.mark.parametrize("path", ["/", "/metrics"])
@pytest.mark.parametrize(
    "asked",
    [
        {"client": "192.0.2.7"},
        {"client": "10.0.0.5", "host": "localhost:8080"},
        {"client": "::ffff:192.0.2.7"},
        {"client": ""},
        {"host": "hub.example"},  # another site's page, its name pointed at the loopback address
        {"host": ""},
        {"host": "localhost.evil.example"},
        {"x_forwarded_for": "192.0.2.7"},  # a proxy on this machine: the caller is elsewhere
        {"forwarded": "for=192.0.2.7"},
        {"x_real_ip": "192.0.2.7"},
    ],
)
async def test_the_operators_pages_are_for_this_machine_only(path: str, asked: dict[str, str]) -> None:
    status, body = await _get(path, **asked)
    assert status == 403
    assert body == "This page is shown on the hub's own machine only.\n"


@pytest.mark.parametrize("path", ["/", "/metrics"])
@pytest.mark.parametrize(
    "asked",
    [{}, {"host": "localhost"}, {"client": "::1", "host": "[::1]:8080"}, {"client": "127.8.9.1", "host": "127.0.0.1"}],
)
async def test_this_machine_sees_them(path: str, asked: dict[str, str]) -> None:
    assert await _get(path, **asked) == (200, "page")


async def test_health_is_for_everybody() -> None:
    assert await _get("/healthz", client="192.0.2.7", host="hub.example") == (200, "page")
