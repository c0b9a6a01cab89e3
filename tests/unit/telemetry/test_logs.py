"""Logs: one JSON object a line with its request, and never a secret."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from fakturahub.config import Secret
from fakturahub.telemetry import redacted

HUSH = "correct-horse"


def passed(**event: Any) -> dict[str, Any]:
    return dict(redacted(None, "", event))


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "new_password",
        "client_secret",
        "authorization",
        "Authorization",
        "proxy-authorization",
        "access_token",
        "digest",
        "master_key",
        "FAKTURAHUB_MASTER_KEY",
        "transfer_key",
        "TransferKey",
        "StorageKey",
        "storage-key",
        "api_key",
        "x-api-key",
        "private_key",
        "Set-Cookie",
        "pass",
        "PASS",
        "passphrase",
    ],
)
def test_what_speaks_of_a_secret_is_hidden(name: str) -> None:
    assert passed(**{name: HUSH}) == {name: "[redacted]"}
    assert HUSH not in repr(passed(settings={"inner": [{name: HUSH}]}))
    assert HUSH not in repr(passed(headers=[(name, HUSH)]))
    assert HUSH not in repr(passed(headers=[(name.encode(), HUSH.encode())]))


@pytest.mark.parametrize("name", ["key", "path", "code", "company", "passed", "storage", "bypass", "user", "id"])
def test_what_does_not_is_shown(name: str) -> None:
    assert passed(**{name: "shown"}) == {name: "shown"}


def test_hiding_goes_to_any_depth() -> None:
    class Settings(msgspec.Struct):
        user: str
        password: str

    event = {
        "event": "x",
        "a": {"b": {"c": {"password": HUSH, "d": 1}}},
        "list": [{"token": HUSH}, [{"secret": HUSH}], ("authorization", HUSH), {"shown": "yes"}],
        "tuple": ({"password": HUSH}, "shown"),
        "struct": Settings("anna", HUSH),
        "wrapped": Secret(HUSH),
        1: {2: "shown"},
        "numbers": {1: {3: {"password": HUSH}}},
    }
    text = repr(redacted(None, "", event))  # type: ignore[arg-type]
    assert HUSH not in text
    assert text.count("[redacted]") == 7
    assert text.count("shown") == 3
    assert "anna" in text


def test_what_was_logged_stays_what_it_was() -> None:
    """A log line about settings must not take the password out of them."""
    settings = {"user": "anna", "inner": [{"password": HUSH}]}
    redacted(None, "", {"settings": settings})
    assert settings == {"user": "anna", "inner": [{"password": HUSH}]}


LOGGING = """
import asyncio, logging
from fakturahub import telemetry

telemetry.set_up_logs("info", colours=%s)
log = telemetry.logger("test")

def fail(password):
    kept = {"key": password}
    raise ValueError("it failed")

async def request(number):
    telemetry.request_id.set(f"request-{number}")
    await asyncio.sleep(0)
    log.info("in hand", number=number, password="correct-horse", at={"when": object})

async def main():
    await asyncio.gather(*(request(number) for number in range(3)))

asyncio.run(main())
log.debug("not shown")
log.info("outside", request_id="given")
logging.getLogger("library").warning("of a library, %%d", 7)
logging.getLogger("library").info("not shown")
telemetry.request_id.set("request-9")
try:
    fail("correct-horse")
except ValueError:
    log.exception("failed")
    logging.getLogger("library").exception("failed in a library")
"""


def logged(colours: bool) -> str:
    done = subprocess.run([sys.executable, "-c", LOGGING % colours], capture_output=True, text=True, check=True)
    assert done.stdout == "", "standard output belongs to what commands print"
    return done.stderr


def test_every_line_is_an_object_with_its_request() -> None:
    text = logged(colours=False)
    assert HUSH not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["request_id"] for line in lines if line["event"] == "in hand"} == {f"request-{n}" for n in range(3)}
    for line in lines:
        assert {"event", "level", "timestamp"} <= line.keys()
        assert line["timestamp"].endswith("Z")
        if line["event"] == "in hand":
            assert (line["request_id"], line["password"]) == (f"request-{line['number']}", "[redacted]")
    by_event = {line["event"]: line for line in lines}
    assert set(by_event) == {"in hand", "outside", "of a library, 7", "failed", "failed in a library"}
    assert by_event["outside"]["request_id"] == "given"
    assert by_event["outside"]["room"] == "test"
    assert "request_id" not in by_event["of a library, 7"]
    assert by_event["of a library, 7"]["level"] == "warning"
    for event in ("failed", "failed in a library"):
        assert "ValueError: it failed" in by_event[event]["exception"]
        assert by_event[event]["request_id"] == "request-9"


def test_a_person_sees_no_local_variables() -> None:
    """The traceback that is pretty shows them, and with them whatever password a function was called with."""
    text = logged(colours=True)
    assert "ValueError: it failed" in text
    assert "in hand" in text
    assert HUSH not in text
