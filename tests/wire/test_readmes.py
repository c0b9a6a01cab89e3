"""The READMEs of the dialects say what is so: the tests they name are there, and their figures are the code's."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fakturahub.app import NodeSettings
from fakturahub.cli import serve
from fakturahub.dialects import surface
from fakturahub.dialects.apix import administration, auth, errors, provision, requests, terminal
from fakturahub.dialects.pagero import attachments, batches
from fakturahub.dialects.pagero import auth as basic
from fakturahub.dialects.pagero import errors as pages
from fakturahub.dialects.pagero.document_types import DOCUMENT_TYPES
from fakturahub.dialects.pagero.settings import MODES
from fakturahub.dialects.pagero.wire import HEADERS
from fakturahub.errors import every_error
from fakturahub.exchange import registrations, retention
from fakturahub.exchange.inbox import LEASE
from fakturahub.exchange.submit import REPEAT_WINDOW
from fakturahub.intake.limits import ATTACHMENT, BODY_LIMIT, KIB, MIB, TEXT, XML, ZIP
from fakturahub.listening import HEAD_BYTES, HEAD_FIELDS, HEAD_TIME, KEEP_ALIVE
from fakturahub.model import DeliveryState, DocumentState
from tests.running import Hub
from tests.wire import companies
from tests.wire.raw import exchange, head

#: what some errors are made with, besides a reason
MORE: dict[str, dict[str, Any]] = {"method-not-allowed": {"allow": "GET"}, "rate-limited": {"retry_after": 1}}

HERE = Path(__file__).parent
DIALECTS = HERE.parents[1] / "src" / "fakturahub" / "dialects"


def readme(dialect: str) -> str:
    return (DIALECTS / dialect / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", ["pagero", "apix"])
def test_every_test_that_is_named_is_there(dialect: str) -> None:
    named = re.findall(r"`([\w./]+\.py)::(\w+)`", readme(dialect))
    assert len(named) > 30
    for file, test in named:
        tree = ast.parse((HERE / dialect / file).read_text(encoding="utf-8"))
        defined = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert test in defined, f"{file}::{test}"


@pytest.mark.parametrize("dialect", ["pagero", "apix"])
def test_every_test_of_the_dialect_is_named(dialect: str) -> None:
    """What is worth a test is worth a line of the contract; a few are about the tests' own means."""
    text = readme(dialect)
    means = {
        "test_the_receiver_hash_of_the_last_example",
        "test_values_are_hashed_as_utf_8",
        "test_an_answer_that_the_server_dropped_at_its_very_end_is_not_received",
    }
    for file in sorted((HERE / dialect).glob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        tests = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        unnamed = {one for one in tests if one.startswith("test_") and f"{file.name}::{one}`" not in text} - means
        assert not unnamed, f"{file.name}: {sorted(unnamed)}"


def figures(value: int) -> str:
    return f"{value:,}"


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        ("pagero", f"| body | {BODY_LIMIT['pagero'] // MIB} MiB |"),
        ("pagero", f"| one text in the XML | {figures(XML.text)} bytes"),
        ("pagero", f"| depth of the XML | {XML.depth} elements |"),
        ("pagero", f"| {figures(XML.parts)} together, {figures(XML.attributes)} attributes in one element |"),
        (
            "pagero",
            f"{HEAD_BYTES // KIB} KiB, {HEAD_FIELDS} fields; `Authorization` {figures(basic.HEADER_LIMIT)} char",
        ),
        ("pagero", f"| documents of one ZIP | {figures(batches.DOCUMENTS)}, where several are taken |"),
        (
            "pagero",
            f"| members of a ZIP | {figures(ZIP.members)}, {ZIP.one // MIB} MiB each, {ZIP.total // MIB} MiB tog",
        ),
        ("pagero", f"at most {ZIP.ratio} times their packed size |"),
        ("pagero", f"| attachments | {figures(ATTACHMENT.count)} of a document, {ATTACHMENT.one // MIB} MiB each |"),
        ("pagero", f"| more than {ATTACHMENT.one // MIB} MiB | rejected: `attachment-too-large`, 10400 |"),
        ("pagero", f"| more than {attachments.RECOMMENDED // MIB} MiB, which the operator recommends"),
        ("pagero", f"the first {HEADERS} are kept with the submission"),
        ("pagero", f"{HEAD_TIME:.0f} s for the header, {surface.BODY_TIME:.0f} s for the body; "),
        ("pagero", f"an idle connection is kept {KEEP_ALIVE} s"),
        ("pagero", f"within {REPEAT_WINDOW.total_seconds() / 3600:.0f} hours"),
        ("apix", f"| storages in a list | {terminal.LIST_LIMIT} |"),
        ("apix", f"| parameters that are looked at | {auth.PARAMETERS} |"),
        ("apix", f"| reservation of `receive` | {LEASE.total_seconds() / 60:.0f} minutes |"),
        (
            "apix",
            f"| {requests.BODY // MIB} MiB, {figures(requests.GROUPS)}, {requests.VALUES} |",
        ),
        ("apix", f"| storages are kept for | {retention.MONTHS} calendar months |"),
        ("apix", f"{figures(registrations.WAITING)} wait at most"),
        (
            "apix",
            f"there are at most\n{administration.REGISTRATION_GROUPS}, and `id` has at most {TEXT.identifier} char",
        ),
        ("apix", f"| header of a request | {HEAD_BYTES // KIB} KiB, {HEAD_FIELDS} fields |"),
        ("apix", f"It may be {provision.ApixHub().clock_window.total_seconds() / 3600:.0f} hours off"),
    ],
)
def test_figures_are_those_of_the_code(dialect: str, line: str) -> None:
    assert line in readme(dialect)


def test_quotas_are_those_of_the_command() -> None:
    parameters = inspect.signature(serve).parameters
    account, address = (figures(parameters[name].default) for name in ("account_rate", "address_rate"))
    failures = msgspec.structs.fields(NodeSettings)
    (failure_rate,) = (field.default for field in failures if field.name == "failure_rate")
    assert f"| requests of an account | {account} a minute" in readme("pagero")
    assert f"| requests of an address | {address} a minute" in readme("pagero")
    assert f"| failed sign-ins of an address | {failure_rate} a minute" in readme("pagero")
    assert f"{account} and {address} a minute" in readme("apix")
    assert f"| calls of an address that are not authenticated | {failure_rate} a minute" in readme("apix")


def test_every_type_mode_and_state_is_in_the_tables() -> None:
    pagero, apix = readme("pagero"), readme("apix")
    for word in (*DOCUMENT_TYPES, *MODES):
        assert f"`{word}`" in pagero
    told_at_once = {DocumentState.RECEIVED, DocumentState.VALIDATED}  # never seen from outside
    for state in set(DocumentState) - told_at_once:
        assert f"`{state}`" in pagero
    for delivery in set(DeliveryState) - {DeliveryState.DELIVERED}:
        assert f"`{delivery}`" in apix


@pytest.mark.parametrize("dialect", ["pagero", "apix"])
def test_the_codes_in_the_tables_have_the_status_they_are_said_to_have(dialect: str) -> None:
    known = {one.code: one for one in every_error()}
    rows = re.findall(r"(?m)^\| (\d[\dA-Z]\d{1,2}) \|([^\n]*)\|$", readme(dialect))
    assert len(rows) > 8
    for number, rest in rows:
        cells = rest.split("|")
        column = cells[-1] if dialect == "pagero" else cells[1]
        for code in re.findall(r"`([a-z-]+)`", column):
            error = known[code]("x", **MORE.get(code, {}))
            if dialect == "pagero":
                assert str(pages.status_of(error)) == number
            else:
                assert str(errors.status_of(error)) == cells[0].strip()
                result = next(result for cls, result in errors.RESULT if isinstance(error, cls))
                assert number[2:] == result


def test_every_call_of_the_table_is_served(big_hub: Hub) -> None:
    table = readme("apix").partition("## Endpoints")[2].partition("\n`[dialects.apix]")[0]
    calls = re.findall(r"`(GET|PUT|DELETE) /apix/([A-Za-z0-9-]+)`", table)
    assert len(calls) == 18
    for method, call in calls:
        answer = exchange(big_hub.port, head(f"{method} /apix/{call} HTTP/1.1", host=companies.API_HOST), to=method)
        assert answer.status not in (404, 405), call
        there = exchange(big_hub.port, head(f"PATCH /{call} HTTP/1.1", host=companies.API_HOST), to="PATCH")
        assert (there.status, there.field("allow")) == (405, method)
