"""The hub held to its OpenAPI files by schemathesis: requests as they describe them, and requests that break them.

Half of the calls of Apix are signed, so that more than the door is tried. ``make test`` tries a few of each operation,
``make conformance`` many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as conforming

from tests.running import Hub, stamp
from tests.wire.apix.terminal import SIGNED, hashed, password_hash
from tests.wire.companies import OFFICE, READERS, Reader
from tests.wire.pagero.apiclient import token_of
from tests.wire.test_openapi import load, operations

#: Failed calls are counted by address; this one is used here only.
SOURCE = "127.0.0.88"
#: requests for each operation
FEW, MANY = 8, 200

OPERATIONS = [
    (dialect, method, path) for dialect in ("pagero", "apix") for method, path, _ in operations(load(dialect))
]
SCHEMAS = {
    dialect: schemathesis.openapi.from_dict(load(dialect), config=SchemathesisConfig.from_dict({}))
    for dialect in ("pagero", "apix")
}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    conforming.status_code_conformance,
    conforming.content_type_conformance,
    conforming.response_headers_conformance,
    conforming.allow_header_conformance,
]


class _From(HTTPAdapter):
    """Connects from `SOURCE`."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more, source_address=(SOURCE, 0))


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.mount("http://", _From())
        made.trust_env = False
        yield made


def _signed(case: Any, reader: Reader) -> bool:
    """Sign the call, as far as its parameters allow it; whether the signature has to be good."""
    endpoint = case.operation.path.removeprefix("/")
    if endpoint not in SIGNED or endpoint == "download":
        return False
    query = case.query = dict(case.query or {})
    names = SIGNED[endpoint]
    by_user = endpoint in ("authuser", "app-transferID")
    own = OFFICE.user if by_user else reader.transfer_id
    query.update({name: own for name in ("uid", "TraID") if name in names})
    query.update({name: stamp() for name in ("t", "ts") if name in names})
    values = [str(query.get(name, "")) for name in names]
    query["d"] = "SHA-256:" + hashed(*values, password_hash(OFFICE.password) if by_user else reader.transfer_key)
    return {"TraID", "uid", "t"}.issuperset(names)  # nothing that was made up is part of the digest


def _as_apix_answers(case: Any, answer: Any) -> None:
    """What no schema can say of an answer of Apix."""
    body = answer.content
    if "text/xml" in str(answer.headers.get("content-type")):
        assert body.isascii()
        assert re.search(rb"<Status>(OK|ERR)</Status>\n<StatusCode>[0-9A-Z]{4,5}</StatusCode>", body), body
        assert b"></Value>" not in body
        if b"<Status>ERR" in body:
            assert body.count(b"<FreeText") >= 2
    elif case.operation.path == "/receive":
        assert body == b"" or body.startswith(b"PK")


def _hold(hub: Hub, session: requests.Session, dialect: str, method: str, path: str, examples: int) -> None:
    reader = READERS[-3]
    operation = SCHEMAS[dialect][path][method]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)), sign=st.booleans())
    def held(case: Any, sign: bool) -> None:
        good = sign and dialect == "apix" and _signed(case, reader)
        if sign and path.startswith(("/file/", "/document/")):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token_of(hub, 'annan')}"}
        answer = case.call(base_url=f"http://127.0.0.1:{hub.port}/{dialect}", session=session)
        # an empty body has no type: programs ask for storages until there is none
        empty = path in ("/download", "/receive") and not answer.content
        case.validate_response(
            answer, checks=CHECKS, excluded_checks=[conforming.content_type_conformance] if empty else []
        )
        if dialect == "apix":
            _as_apix_answers(case, answer)
            assert not (good and b"(not-authenticated)" in answer.content), answer.text

    held()


@pytest.mark.parametrize(("dialect", "method", "path"), OPERATIONS)
def test_a_few_requests(big_hub: Hub, session: requests.Session, dialect: str, method: str, path: str) -> None:
    _hold(big_hub, session, dialect, method, path, FEW)


@pytest.mark.conformance
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("dialect", "method", "path"), OPERATIONS)
def test_many_requests(big_hub: Hub, session: requests.Session, dialect: str, method: str, path: str) -> None:
    _hold(big_hub, session, dialect, method, path, MANY)
