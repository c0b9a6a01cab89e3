"""docs/reference/oauth2.md: its paths, grants, members and errors are those of the server."""

from __future__ import annotations

import re

from fakturahub.identity.oauth import clients, metadata
from fakturahub.identity.oauth.grants import ALL_GRANTS
from fakturahub.identity.oauth.issuing import answer
from tests.docs.pages import ROOT, tables, ticked

PAGE = ROOT / "docs" / "reference" / "oauth2.md"
TABLES = {heading: rows for heading, _, rows in tables(PAGE)}
CODE = ROOT / "src" / "fakturahub" / "identity" / "oauth"


def test_every_path() -> None:
    told = [path for row in TABLES["Endpoints"] for path in ticked(row[1])]
    assert len(told) == len(set(told))
    assert set(told) == metadata.PATHS


def test_the_first_path_is_the_one_that_the_metadata_names() -> None:
    named = {one for one in metadata.description("").values() if isinstance(one, str) and one.startswith("/")}
    first = {ticked(row[1])[0] for row in TABLES["Endpoints"]}
    assert named == first - {metadata.CACHED_TOKEN[0], metadata.DESCRIPTION[0]}


def test_every_grant() -> None:
    told = {grant for row in TABLES["Clients and their grants"] for grant in ticked(row[1])}
    assert told == set(ALL_GRANTS)
    assert ticked(TABLES["Clients and their grants"][0][1]) == [clients.CODE, clients.PASSWORD, clients.REFRESH]
    assert ticked(TABLES["Clients and their grants"][1][1]) == [clients.CREDENTIALS]


def test_every_member_of_an_answer() -> None:
    told = [ticked(row[0])[0] for row in TABLES["What is answered"]]
    assert told == [*answer("a", "", refresh="r", id_="i"), "claims"]


def test_every_error() -> None:
    told = {code for row in TABLES["Errors"] for code in ticked(row[1])}
    own = "".join((CODE / name).read_text(encoding="utf-8") for name in ("asking.py", "routes.py", "server.py"))
    raised = set(re.findall(r'(?:BadAskingError|_unknown|refuse)\(\s*"([a-z_]+)"', own))
    assert raised <= told
    assert told - raised == {"invalid_grant", "invalid_scope", "unauthorized_client"} - raised  # those of Authlib
