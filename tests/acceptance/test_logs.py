"""No secret reaches a log, at the most talkative level, through all calls and refusals and trouble of the database."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import raw, stored, town
from tests.acceptance.load import answers, say, until
from tests.acceptance.town import KOSKI, LUND, SKOG, VIRTA, bill
from tests.running import Answer, Hub, running_hub, stamp

MASTER_KEY = hashlib.sha256(b"the master key of test_logs").hexdigest()
DATABASE_PASSWORD = "database-gehaim-51c2"
WRONG_PASSWORD = "wrong-gehaim-88d0"
WRONG_KEY = "wrong-key-a41f-77"
IN_A_QUERY = "in-a-query-gehaim-02b9"
IN_A_FILE = "in-a-file-gehaim-6e1d"


@pytest.fixture
def hub(place: Path, database: str) -> Iterator[Hub]:
    url = database.replace("postgres:@", f"postgres:{DATABASE_PASSWORD}@")
    assert DATABASE_PASSWORD in url
    environment = {"FAKTURAHUB_MASTER_KEY": MASTER_KEY, "FAKTURAHUB_LOG_LEVEL": "debug"}
    with running_hub(place / "data", database=url, companies=town.companies(place), environment=environment) as running:
        yield running


class Calls:
    """Makes calls and remembers what was secret in them, and what was answered."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.secrets: dict[str, str] = {}
        self.answered: list[Answer] = []

    def secret(self, name: str, value: str) -> None:
        self.secrets[name] = value

    def kept(self, answer: Answer) -> Answer:
        self.answered.append(answer)
        return answer

    def post(self, number: str, user: str, password: str, *, key: str | None = None, mode: str = "prod") -> Answer:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.secret(f"Authorization of {user}", token)
        self.secret(f"password of {user}", password)
        return self.kept(self.hub.post(bill(number), user=user, password=password, key=key, mode=mode))

    def get(self, path: str, digest: tuple[str, ...], key: str, **query: str) -> Answer:
        """Call the terminal; its digest and key are secret."""
        value = hashlib.sha256("+".join([*(query[name] for name in digest), key]).encode()).hexdigest()
        self.secret(f"digest for {path} {len(self.secrets)}", value)
        self.secret(f"key {key}", key)
        return self.kept(self.hub.apix(path, digest=digest, secret=key, query=query))


def pagero(calls: Calls) -> None:
    for sender in (SKOG, LUND):
        assert calls.post("LOG-1", sender.user, sender.password, key="log-key").status == 200
        assert calls.post("LOG-2", sender.user, sender.password, key="log-key").status == 409
        assert calls.post("LOG-3", sender.user, sender.password, mode="nonsense").status == 404
        assert calls.post("LOG-3", sender.user, sender.password, key="x" * 300).status == 400
    assert calls.post("LOG-3", SKOG.user, WRONG_PASSWORD).status == 401
    assert calls.post("LOG-3", "nobody", WRONG_PASSWORD).status == 401
    for header in ("Bearer " + WRONG_PASSWORD, "Basic " + WRONG_PASSWORD, WRONG_PASSWORD, "Digest " + WRONG_PASSWORD):
        given = {"Authorization": header}
        assert calls.kept(calls.hub.request("POST", raw.INCOMING, b"<a/>", given)).status == 401
    in_query = calls.hub.request("POST", f"{raw.INCOMING}?password={IN_A_QUERY}", b"", raw.basic())
    assert calls.kept(in_query).status == 400
    for body in (b"", b"<a", b"%PDF", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"):
        assert calls.kept(calls.hub.request("POST", raw.INCOMING, body, raw.basic())).status == 400
    assert calls.kept(calls.hub.request("GET", raw.INCOMING, headers=raw.basic())).status == 405


def terminal(calls: Calls) -> None:
    hub = calls.hub
    storage = hub.storage_of("LOG-1")
    for number, one in enumerate(hub.list2()):
        calls.secret(f"StorageKey {number}", one["StorageKey"])
    for receiver in (VIRTA, KOSKI):
        for key in (receiver.transfer_key, WRONG_KEY):
            calls.get("list2", ("TraID", "t"), key, TraID=receiver.transfer_id, t=stamp())
            calls.get("list2", ("TraID", "t"), key, TraID=receiver.transfer_id, t="19990101000000")
            calls.get(
                "receive", ("soft", "ver", "TraID", "t"), key, TraID=receiver.transfer_id, t=stamp(), soft="S", ver="1"
            )
    for key in (storage["StorageKey"], WRONG_KEY):
        calls.get("download", ("SID", "t"), key, SID=storage["StorageID"], t=stamp())
        calls.get("download", ("markreceived", "SID", "t"), key, SID=storage["StorageID"], t=stamp(), markreceived="no")
        calls.get("download", ("SID", "t"), key, SID="no-id", t="no time")
    # An old client sends the password of the web in the query, and the digest in a header.
    given = {"Authorization": f"SHA-256:{WRONG_KEY}"}
    calls.kept(hub.request("GET", f"/apix/list2?TraID={VIRTA.transfer_id}&pass={IN_A_QUERY}&t=1&d=2", headers=given))
    calls.kept(hub.request("GET", f"/apix/nothing?pass={IN_A_QUERY}"))


def own_surface(calls: Calls) -> None:
    for path in ("/", "/healthz", "/readyz", "/metrics", "/errors", "/errors/no-such", "/nothing"):
        calls.kept(calls.hub.request("GET", f"{path}?token={IN_A_QUERY}", headers=raw.basic()))


def trouble(calls: Calls) -> None:
    """All sessions ended under it, statements that fail, a change of settings with a table missing."""
    url = stored.url_of(calls.hub)
    stored.rows(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'fakturahub%'",
    )
    calls.post("LOG-4", SKOG.user, SKOG.password)
    until(lambda: answers(calls.hub), 30, "a ready hub")
    stored.rows(url, "ALTER TABLE document RENAME TO elsewhere")
    assert calls.post("LOG-5", SKOG.user, SKOG.password).status == 500
    calls.get("list2", ("TraID", "t"), VIRTA.transfer_key, TraID=VIRTA.transfer_id, t=stamp())
    stored.rows(url, "ALTER TABLE elsewhere RENAME TO document")
    assert calls.post("LOG-6", SKOG.user, SKOG.password).status == 200


def commands(hub: Hub, place: Path) -> str:
    """What commands say on both channels, a file with faults among them."""
    faulty = town.companies(place, also=FAULTY)
    clashing = place / "clashing.toml"
    clashing.write_text(CLASHING, encoding="utf-8")
    said = ""
    for words in (
        ("documents",),
        ("doctor",),
        ("apply", str(faulty)),
        ("apply", str(clashing)),
        ("deliveries", "--json"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "fakturahub", *words, "--data", str(hub.data), "--database", str(hub.database)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **hub.environment},
            check=False,
        )
        said += done.stdout + done.stderr
    assert "was not applied" in said
    assert "belongs to company" in said
    return said


FAULTY = f"""
[[company]]
key = "faulty"
name = "Faulty AB"
country = "SE"
business_id = "556600-1133"
contracts = ["send"]

  [company.pagero]
  username = "faulty"
  password = ["{IN_A_FILE}"]
  client_secret = "{IN_A_FILE}"

  [company.apix]
  transfer_id = "{IN_A_FILE}"
  transfer_key = {{ a = "{IN_A_FILE}" }}
"""

CLASHING = f"""
[[company]]
key = "clashing"
name = "Clashing AB"
country = "SE"
business_id = "556600-1144"
email = "a@clashing.example"
addresses = ["0216:{VIRTA.endpoint}"]
contracts = ["send"]

  [company.pagero]
  username = "skog"
  password = "{IN_A_FILE}"
"""


@pytest.mark.timeout(120)
def test_no_secret_in_the_logs(hub: Hub, place: Path) -> None:
    calls = Calls(hub)
    for name, value in (
        ("master key", MASTER_KEY),
        ("master key in base64", base64.b64encode(bytes.fromhex(MASTER_KEY)).decode()),
        ("password of the database", DATABASE_PASSWORD),
        ("wrong password", WRONG_PASSWORD),
        ("wrong key", WRONG_KEY),
        ("in a query", IN_A_QUERY),
        ("in a file", IN_A_FILE),
    ):
        calls.secret(name, value)
    for make in (pagero, terminal, own_surface, trouble):
        make(calls)
    said = commands(hub, place)
    assert hub.stop() == 0
    log = hub.log.read_text(encoding="utf-8")
    for place_name, text in (("log", log), ("output of commands", said)):
        for name, value in calls.secrets.items():
            at = text.find(value)
            assert at < 0, f"{name} stands in the {place_name}: …{text[max(0, at - 200) : at + 100]}…"
        for pattern in (
            r"\$argon2",
            r"\bv1:[A-Za-z0-9_-]{20}",
            r"(?i)authorization\W+(basic|bearer)",
            r"postgres(ql)?://",
        ):
            found = re.search(pattern, text)
            assert found is None, f"{pattern} in the {place_name}: {text[found.start() - 200 : found.end() + 100]}"
    assert not re.search(r"[?&](TraID|SID|t|d|pass|token|password)=", log)
    everything_is_found_again(calls, hub)
    say(f"{len(calls.secrets)} secrets looked for in {len(log)} characters of log, {len(calls.answered)} calls")


def everything_is_found_again(calls: Calls, hub: Hub) -> None:
    """Each answer's request id stands in the log; and what is answered to refusals holds no secret either."""
    logged = {line["request_id"] for line in hub.logged() if "request_id" in line}
    surfaces = [one for one in calls.answered if "ratelimit" in {name.lower() for name, _ in one.headers}]
    assert len(surfaces) > 30
    for answer in surfaces:
        assert answer.header("x-request-id") in logged, answer
    # list2 tells a receiver the keys of its storages; nothing else that is secret is ever in an answer
    told = {value for name, value in calls.secrets.items() if name.startswith("StorageKey")}
    for answer in calls.answered:
        assert answer.header("x-request-id"), answer
        for name, value in calls.secrets.items():
            assert value in told or value not in answer.text, (name, answer)
