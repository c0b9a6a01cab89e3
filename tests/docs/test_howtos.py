"""The how-to guides: their commands are run, their settings are read, and what they say of both is so."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from fakturahub import config, provision
from fakturahub.intake.limits import BODY_LIMIT
from tests.docs.conftest import Tour
from tests.docs.pages import DOCS, ROOT, Block, blocks, prose, ticked
from tests.docs.scratch import Scratch, scratch_folder

GUIDES = ROOT / "docs" / "how-to"
#: guides that have tests of their own
APART = {"provision-companies.md", "run-on-your-own-postgresql.md", "serve-under-host-names.md"}
THEIR_DATABASE = "postgresql://hub:change-me@db.example/hub"


@pytest.mark.parametrize("guide", sorted({one.name for one in GUIDES.glob("*.md")} - APART))
def test_commands(guide: str, scratch: Scratch) -> None:
    """In order, each block in a shell of its own."""
    for block in blocks(GUIDES / guide, "sh"):
        scratch.must(block)


def test_every_block_of_commands_is_run() -> None:
    """Elsewhere in docs there are none: what a reader is to type is in the guides and in the README."""
    assert not [str(block) for page in DOCS if page.parent != GUIDES for block in blocks(page, "sh", "console", "bash")]
    assert {block.language for page in DOCS for block in blocks(page)} <= {"sh", "console", "toml", "text"}


@pytest.mark.parametrize("block", [one for page in DOCS for one in blocks(page, "toml")], ids=str)
def test_settings_are_read(block: Block) -> None:
    read = config.load(
        block.text, file=str(block), sections=provision.SECTIONS, env={}, folder=ROOT, look_at=provision.why_no_logo
    )
    assert read != config.Provisioning()


# --- find-a-document.md, watch-it.md --------------------------------------------------------------------------------


def test_from_a_refusal_to_the_log(tour: Tour) -> None:
    """The page that refuses names the request; every line of the log about it does so, too."""
    (named,) = re.findall(r"Request ([0-9a-f]{32})", tour.conflict.output)
    events = [one["event"] for one in tour.scratch.logged() if one.get("request_id") == named]
    assert events == ["refused", "request"]


def test_from_a_document_to_the_log(tour: Tour) -> None:
    (named,) = re.findall(r"(?m)^request +([0-9a-f]{32})$", tour.document.output)
    (line,) = [one for one in tour.scratch.logged() if one.get("request_id") == named]
    guide = prose(GUIDES / "watch-it.md")
    (told,) = re.findall(r"(?s)is one line with (.*?)\. Secrets", guide)
    assert set(ticked(told)) - {"event", "request"} <= set(line)
    assert (line["event"], line["surface"], line["company"]) == ("request", "pagero", "skog")


def test_apix_stamps_lead_to_the_log(scratch: Scratch) -> None:
    refused = scratch.must("curl http://127.0.0.1:8080/apix/list2").output
    stamp = re.search(r"<FreeText[^>]*>([^<]*)", refused)
    assert stamp is not None
    assert stamp[1] in [one.get("stamp") for one in scratch.logged()]


# --- provision-companies.md -----------------------------------------------------------------------------------------


def _words(text: str) -> str:
    return " ".join(text.split())


def test_a_fault_is_told_as_the_guide_shows(scratch: Scratch) -> None:
    (shown,) = blocks(GUIDES / "provision-companies.md", "console")
    message = shown.text.partition("\n")[2]
    wrong = "sed '0,/language/s/language/langauge/' examples/companies.toml > companies.toml"
    done = scratch.run(f"{wrong}; .venv/bin/fakturahub apply companies.toml")
    assert (done.status, done.errors) == (1, message)


def test_what_vanishes_stays_and_is_told(scratch: Scratch) -> None:
    guide = _words((GUIDES / "provision-companies.md").read_text(encoding="utf-8"))
    (told,) = re.findall(r"`(kept company [^`]*)`", guide)
    done = scratch.must(
        "sed '/key = \"skog\"/,/password/d' examples/companies.toml | sed '0,/\\[\\[company\\]\\]/{//d}' > less.toml; "
        ".venv/bin/fakturahub apply less.toml"
    )
    assert told in _words(done.output)


def test_a_company_that_may_do_nothing_is_no_fault(tmp_path: Path) -> None:
    assert "contracts = []" in (GUIDES / "provision-companies.md").read_text(encoding="utf-8")
    text = (ROOT / "examples" / "companies.toml").read_text(encoding="utf-8")
    file = tmp_path / "companies.toml"
    file.write_text(text.replace('contracts = ["send", "receive"]', "contracts = []"), encoding="utf-8")
    assert {company.contracts for company in provision.read(file).companies} == {()}


def test_applying_changing_and_keeping_secrets_out(scratch: Scratch) -> None:
    applying, changing, moving = blocks(GUIDES / "provision-companies.md", "sh")
    # the demo's own file was applied by serve, and twice changes nothing
    assert "Nothing changed" in scratch.must(applying).output
    assert _words(scratch.must(changing).output) == "changed company skog: language"
    # nobody's secret changes by where it is written
    assert "Nothing changed" in scratch.must(moving).output
    file = (scratch.folder / "companies.toml").read_text(encoding="utf-8")
    assert '"env:VIRTA_KEY"' in file
    assert '"file:skog.password"' in file


# --- serve-under-host-names.md --------------------------------------------------------------------------------------


def test_a_dialect_answers_at_the_root_of_its_host(scratch: Scratch) -> None:
    *before, asking = blocks(GUIDES / "serve-under-host-names.md", "sh")
    for block in before:
        scratch.must(block)
    assert "<Status>ERR</Status>" in scratch.must(asking).output
    assert scratch.run("curl http://127.0.0.1:8080/list2").answers == [404]


def test_proxies(scratch: Scratch) -> None:
    """What the guide warns of: only a header of a proxy, or another name, tells that a request came through one."""
    of_proxies = ("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1")
    for header in (*of_proxies, "Host: hub.example"):
        for path in ("/", "/metrics"):
            assert scratch.run(f"curl --header '{header}' http://127.0.0.1:8080{path}").answers == [403], header
    assert scratch.run("curl http://127.0.0.1:8080/metrics").answers == [200]
    (nginx,) = [one for one in blocks(GUIDES / "serve-under-host-names.md", "text") if "proxy_pass" in one.text]
    assert re.findall(r"client_max_body_size (\d+)m;", nginx.text) == [str(max(BODY_LIMIT.values()) // 1024**2)]
    assert "proxy_set_header Host " in nginx.text
    assert "proxy_set_header X-Forwarded-For " in nginx.text


# --- run-on-your-own-postgresql.md ----------------------------------------------------------------------------------


def _database_of_its_own(postgres: str) -> str:
    """A database that belongs to a role without any rights beyond it, as the guide has it made."""
    name = f"docs{uuid4().hex[:12]}"

    async def make() -> None:
        connection = await asyncpg.connect(postgres)
        try:
            await connection.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
            await connection.execute(f"CREATE DATABASE {name} OWNER {name} ENCODING 'UTF8' TEMPLATE template0")
        finally:
            await connection.close()

    asyncio.run(make())
    return f"postgresql://{name}@/{name}?{postgres.partition('?')[2]}"


def test_a_database_of_ones_own(postgres: str) -> None:
    making, bringing = blocks(GUIDES / "run-on-your-own-postgresql.md", "sh")
    assert THEIR_DATABASE in making.text
    assert THEIR_DATABASE in bringing.text
    with scratch_folder() as scratch:
        scratch.instead[THEIR_DATABASE] = _database_of_its_own(postgres)
        done = scratch.must(making)
        assert "created company skog" in _words(done.output)
        assert "a server of your own" in done.output
        assert "BAD" not in done.output


def test_the_private_database_is_brought_along(scratch: Scratch, postgres: str) -> None:
    _, bringing = blocks(GUIDES / "run-on-your-own-postgresql.md", "sh")
    new = _database_of_its_own(postgres)
    scratch.must(bringing.text.replace(THEIR_DATABASE, new))
    old = scratch.must(".venv/bin/fakturahub documents --json").output
    assert json.loads(old)
    assert scratch.must(f".venv/bin/fakturahub documents --json --database '{new}'").output == old


# --- move-or-keep-the-master-key.md ---------------------------------------------------------------------------------


def test_a_key_that_is_made_first_is_the_hubs(database: str) -> None:
    guide = (GUIDES / "move-or-keep-the-master-key.md").read_text(encoding="utf-8")
    (making,) = re.findall(r"`(head -c [^`]*)`", guide)
    with scratch_folder() as scratch:
        apply = f'export FAKTURAHUB_MASTER_KEY="$({making})"; .venv/bin/fakturahub apply examples/companies.toml'
        apply += f" --database '{database}'"
        scratch.must(apply)
        assert not (scratch.folder / "var" / "keys" / "master.key").exists()
        # the hub does not start with another one, which is what losing it means
        refused = scratch.run(apply)
        assert refused.status == 1
        assert "another master key" in refused.errors
