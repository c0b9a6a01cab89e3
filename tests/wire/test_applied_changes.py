"""A provisioning file applied while the hub runs is in force within 5 seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.conftest import _make_database
from tests.running import Answer, Hub, invoice, running_hub
from tests.wire.apix.terminal import Terminal, hashed, joined
from tests.wire.companies import READERS, Reader, bill
from tests.wire.pagero.interchange import paragraphs, posting
from tests.wire.raw import RawAnswer, basic, exchange, head

#: seconds that a change may take, from the end of the command on (issue 2)
IN_FORCE = 5.0

BASE = """
[[company]]
key = "sender"
name = "Sändare AB"
country = "SE"
business_id = "556000-0009"
email = "faktura@sender.example"
contracts = ["send"]
credits = "postpaid"

  [company.pagero]
  username = "sender"
  password = "first-password"
"""

NEWCOMER = """
[[company]]
key = "newcomer"
name = "Ny AB"
country = "SE"
business_id = "556000-0010"
email = "faktura@ny.example"
contracts = ["send"]
credits = "postpaid"

  [company.pagero]
  username = "ny"
  password = "nytt-password"
"""


@pytest.fixture(scope="module")
def changing_hub(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("changing")
    file = folder / "companies.toml"
    file.write_text(BASE, encoding="utf-8")
    with running_hub(
        folder / "data",
        database=_make_database(postgres),
        companies=file,
        arguments=("--address-rate", "0"),
    ) as running:
        yield running


def apply(hub: Hub, text: str) -> float:
    """Apply a file to the running hub; returns until when it has to be in force."""
    file = hub.data.parent / "changed.toml"
    file.write_text(text, encoding="utf-8")
    hub.command("apply", str(file))
    return time.monotonic() + IN_FORCE


def becomes(wanted: object, question: Callable[[], object], until: float) -> None:
    """Ask until the answer is the wanted one, which has to be in time."""
    while (answer := question()) != wanted:
        assert time.monotonic() < until, f"still {answer!r} instead of {wanted!r}"
        time.sleep(0.1)


READER, OTHER = READERS[:2]
numbers = count(1)


def post(hub: Hub, user: str, password: str, to: Reader = OTHER) -> RawAnswer:
    """Post a new bill from an address of its own: a sign-in that fails counts against it."""
    number = next(numbers)
    request = posting(bill(f"C-{number}", to), authorization=basic(user, password))
    return exchange(hub.port, request, source=f"127.0.1.{number % 250 + 1}")


def status(hub: Hub, user: str, password: str) -> int:
    return post(hub, user, password).status


def routed(hub: Hub, to: Reader) -> bool:
    return len(paragraphs(post(hub, "sender", "first-password", to))) == 1


def opens(hub: Hub, key: str) -> bool:
    terminal = Terminal(hub, READER, source="127.0.0.54")
    given = terminal.parameters("list2")
    digest = hashed(given["TraID"], given["t"], key)
    return b"<Status>OK</Status>" in terminal.get(f"list2?{joined({**given, 'd': digest})}").body


def kind_at(hub: Hub, host: str) -> str | None:
    return exchange(hub.port, head("GET /list2 HTTP/1.1", host=host)).field("content-type")


def test_what_is_added_is_there(changing_hub: Hub) -> None:
    hub = changing_hub
    assert status(hub, "ny", "nytt-password") == 401
    assert not routed(hub, READER)
    assert not opens(hub, READER.transfer_key)
    assert kind_at(hub, "new.apix.example") == "text/plain; charset=utf-8"
    until = apply(hub, BASE + NEWCOMER + READER.table + '[dialects.apix]\nhosts = ["new.apix.example"]\n')
    becomes(200, lambda: status(hub, "ny", "nytt-password"), until)
    becomes(True, lambda: routed(hub, READER), until)
    becomes(True, lambda: opens(hub, READER.transfer_key), until)
    becomes("text/xml", lambda: kind_at(hub, "new.apix.example"), until)
    assert status(hub, "sender", "first-password") == 200
    Terminal(hub, READER).waiting(1)


def test_what_is_changed_ends(changing_hub: Hub) -> None:
    hub = changing_hub
    until = apply(hub, BASE + NEWCOMER + READER.table)
    becomes(200, lambda: status(hub, "ny", "nytt-password"), until)
    becomes(True, lambda: opens(hub, READER.transfer_key), until)
    assert status(hub, "sender", "first-password") == 200  # remembered from here on
    until = apply(
        hub,
        BASE.replace("first-password", "second-password")
        + NEWCOMER.replace('["send"]', '["receive"]')
        + READER.table.replace(READER.transfer_key, "another-key"),
    )
    becomes(401, lambda: status(hub, "sender", "first-password"), until)
    becomes(403, lambda: status(hub, "ny", "nytt-password"), until)
    becomes(False, lambda: opens(hub, READER.transfer_key), until)
    assert status(hub, "sender", "second-password") == 200
    assert opens(hub, "another-key")


CLIENT = BASE.replace(
    '  username = "sender"\n',
    '  username = "sender"\n  client_id = "sender-erp"\n  client_secret = "sender-erp-secret"\n',
)
APPLICATION = """
[[application]]
client_id = "watcher"
client_secret = "watcher-secret"
audiences = ["pagero"]
"""


def test_a_client_that_is_removed_has_no_tokens_any_more_and_a_file_brings_it_back(changing_hub: Hub) -> None:
    def token(client: str) -> Answer:
        grants = {"watcher": "grant_type=client_credentials"}
        body = grants.get(client, "grant_type=password&username=sender&password=first-password").encode()
        headers = {"Authorization": basic(client, f"{client}-secret").partition(": ")[2]}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return changing_hub.request("POST", "/oauth/v2/oauth-token", body, headers)

    def posted(with_token: str) -> int:
        headers = {"Authorization": f"Bearer {with_token}"}
        path = "/pagero/incoming/tokenauth/default/invoice/test"
        return changing_hub.request("POST", path, invoice("REMOVED"), headers).status

    clients = ("sender-erp", "watcher")
    until = apply(changing_hub, CLIENT + APPLICATION)
    for client in clients:
        becomes(200, lambda client=client: token(client).status, until)
    access = json.loads(token("sender-erp").body)["access_token"]
    assert posted(access) == 200
    listed = json.loads(changing_hub.command("clients", "--json"))
    assert listed == [
        {"client_id": "sender-erp", "company": "sender", "audiences": ["pagero"]},
        {"client_id": "watcher", "company": None, "audiences": ["pagero"]},
    ]
    for client in clients:
        changing_hub.command("clients", "--remove", client)
        becomes(401, lambda client=client: token(client).status, time.monotonic() + IN_FORCE)
    assert posted(access) == 401
    assert changing_hub.command("clients") == "0 clients.\n"
    changing_hub.command("clients", "--remove", "watcher", status=1)
    # the company itself works on, and nobody is told of what was removed on purpose
    assert post(changing_hub, "sender", "first-password").status != 401
    file = changing_hub.data.parent / "changed.toml"
    file.write_text(BASE, encoding="utf-8")
    kept = json.loads(changing_hub.command("apply", str(file), "--json"))["kept"]
    assert not [one for one in kept if "client" in one or "application" in one]
    until = apply(changing_hub, CLIENT + APPLICATION)
    for client in clients:
        becomes(200, lambda client=client: token(client).status, until)


def _paths(hub: Hub, *paths: str, field: str | None = None) -> list[int]:
    """The statuses of a transfer that cannot be read, sent to each of the *paths* of the Interchange."""
    found = []
    for path in paths:
        request = posting(
            b"%PDF", path=f"/pagero/incoming/{path}", authorization=field or basic("sender", "first-password")
        )
        found.append(exchange(hub.port, request, source=f"127.0.2.{next(numbers) % 250 + 1}").status)
    return found


def test_the_words_of_the_interchange_and_who_may_call_it(changing_hub: Hub) -> None:
    """400 is a path that is known, and bytes that cannot be read."""
    hub = changing_hub
    until = apply(hub, BASE)
    first = ("default/invoice/prod", "default/order/test", "default/faktura/prod", "default/invoice/live")
    becomes([400, 400, 404, 404], lambda: _paths(hub, *first), until)
    assert _paths(hub, "tokenauth/default/invoice/prod") == [401]
    bearer = "Authorization: Bearer no-token"
    assert _paths(hub, "default/invoice/prod", field=bearer) == [401]
    until = apply(
        hub,
        f"""{BASE}  client_id = "sender-erp"
  client_secret = "sender-secret"
[dialects.pagero]
document_types = ["invoice", "faktura", "own-1.0"]
send_modes = {{ live = "prod", try = "test" }}
crossed_authentication = true
""",
    )
    second = ("default/faktura/live", "default/own-1.0/try", "default/order/try", "default/invoice/prod")
    becomes([400, 400, 404, 404], lambda: _paths(hub, *second), until)
    assert _paths(hub, "tokenauth/default/invoice/try") == [400]
    crossed = exchange(hub.port, posting(b"%PDF", path="/pagero/incoming/default/invoice/try", authorization=bearer))
    assert crossed.status == 401
    assert str(crossed.field("www-authenticate")).startswith('Bearer realm="Pagero Interchange", error="invalid_token"')
    unknown = exchange(
        hub.port,
        posting(b"x", path="/pagero/incoming/default/order/try", authorization=basic("sender", "first-password")),
    )
    assert paragraphs(unknown)[1] == 'There is no document type "order"; known are faktura, invoice, own-1.0.'
    token = hub.request(
        "POST",
        "/oauth/v2/oauth-token",
        b"grant_type=password&username=sender&password=first-password",
        {
            "Authorization": basic("sender-erp", "sender-secret").removeprefix("Authorization: "),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    bearer = f"Authorization: Bearer {json.loads(token.body)['access_token']}"
    for path in ("default/invoice/try", "tokenauth/default/invoice/try"):
        assert _paths(hub, path, field=bearer) == [400]
    # a word of the hub's own means what it was said to mean
    answer = exchange(
        hub.port,
        posting(
            bill("C-words", OTHER),
            path="/pagero/incoming/default/own-1.0/try",
            authorization=basic("sender", "first-password"),
        ),
    )
    assert paragraphs(answer)[-1] == "Mode test: everything was done but the delivery. Nothing is forwarded."
    assert not [one for one in paragraphs(answer) if one.startswith("It was sent as")]
