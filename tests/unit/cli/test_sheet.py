"""``sheet``: what stands in it for a company with all there is, and that no secret does."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub.dialects.apix.auth import SIGNED
from fakturahub.dialects.apix.errors import HTTP_STATUS
from fakturahub.dialects.apix.sheet import TO_DO as APIX_TO_DO
from fakturahub.dialects.pagero.errors import STATUS
from fakturahub.dialects.pagero.sheet import TO_DO
from tests.unit.cli.conftest import Run

FILE = """
[dialects.apix]
clock_window = "2h"
interfaces = ["Tool"]

[[company]]
key = "alt"
name = "Allt & `Sånt` AB"
country = "SE"
business_id = "556161-8033"
contracts = ["send", "receive"]
receive_as = "peppol-bis-3"
test_mode = true

  [[company.user]]
  email = "aino@alt.example"
  password = "HIDE-ME-1"

  [company.pagero]
  username = "it's`alt`"
  password = "HIDE-ME-2"
  client_id = "alt-erp"
  client_secret = "HIDE-ME-3"
  redirect_uris = ["https://erp.alt.example/callback"]
  acknowledgements_url = "https://erp.alt.example/receipts?key=HIDE-ME-4"

    [company.pagero.push]
    url = "https://erp.alt.example/inbound?key=HIDE-ME-5"
    auth = "basic"
    username = "hub"
    password = "HIDE-ME-6"
    headers = { X-Api-Key = "HIDE-ME-7" }
    document_headers = { X-Number = "number" }

  [company.apix]
  transfer_id = "alt-id"
  transfer_key = "HIDE-ME-8"

  [company.farpay]
  api_key = "HIDE-ME-9"

  [company.vertex]
  tenant_id = "alt"
  client_id = "alt-vertex"
  client_secret = "HIDE-ME-10"

[[company]]
key = "none"
name = "Ingenting AB"
country = "SE"
business_id = "556161-8041"
contracts = []
"""


@pytest.fixture
def provisioned(fakturahub: Run, empty: tuple[str, ...], tmp_path: Path) -> tuple[str, ...]:
    file = tmp_path / "companies.toml"
    file.write_text(FILE, encoding="utf-8")
    done = fakturahub("apply", file, *empty)
    assert done.status == 0, done
    return empty


def test_all_there_is(fakturahub: Run, provisioned: tuple[str, ...]) -> None:
    done = fakturahub("sheet", "alt", *provisioned)
    assert done.status == 0, done
    assert "HIDE-ME" not in done.out
    assert "$argon2" not in done.out
    text = " ".join(done.out.split())
    for said in (
        "# How to connect Allt & `Sånt` AB",
        "The hub has no `public_url`",
        "The company may: receive and send",
        "User name: `` it's`alt` ``",
        "--user 'it'\"'\"'s`alt`:'\"$PAGERO_PASSWORD\"",
        "OAuth2 `client_id`: `alt-erp`",
        "`https://erp.alt.example/callback`",
        "`aino@alt.example`",
        "`POST` to `https://erp.alt.example/inbound?…`",
        "How the hub signs in there: `basic`",
        "Headers of your own: `X-Api-Key`; values are not shown",
        "Headers from the document: `X-Number` from `number`",
        "Technical Acknowledgements: posted to `https://erp.alt.example/receipts?…`",
        "given up 7d after the first time",
        "As what: `peppol-bis-3`",
        "TransferID: `alt-id`",
        "it may be 2h off",
        "`prod` delivers; `test` does everything but the delivery",
        "A body: 30 MiB",
        "A body: 50 MiB",
        "Not served yet. What `[company.farpay]` says is stored",
        "Not served yet. What `[company.vertex]` says is stored",
        "/pagero/file/v1`",
        "`sendingCompanyId` of the File API: `",
        "Several documents in a ZIP: are rejected: send one in each",
        "and a token on the others, is 401",
        "/pagero/document/v1`",
    ):
        assert said in text, said
    assert text.count("Test mode: the company is in it") == 2
    assert "this sends for real" not in text
    titles = [line for line in done.out.splitlines() if line.startswith("## ")]
    assert titles == ["## The hub", "## Pagero", "## Apix", "## FarPay", "## Vertex"]
    for path in SIGNED:
        assert f" {path}`" in text
    assert max(len(line) for line in done.out.splitlines() if "http" not in line and "|" not in line) <= 120


def test_every_status_is_explained() -> None:
    assert set(TO_DO) == {status for _, status in STATUS}
    assert set(APIX_TO_DO) == {status for _, status in HTTP_STATUS}


def test_the_methods_are_those_of_the_calls() -> None:
    from fakturahub.dialects.apix.sheet import METHODS

    contract = (Path(__file__).parents[3] / "src/fakturahub/dialects/apix/README.md").read_text(encoding="utf-8")
    for path in SIGNED:
        assert f"`{METHODS.get(path, 'GET')} /apix{path}`" in contract


def test_a_company_without_a_dialect_and_none(fakturahub: Run, provisioned: tuple[str, ...]) -> None:
    done = fakturahub("sheet", "none", *provisioned)
    assert done.status == 0
    assert "The company may: do nothing yet" in done.out
    assert "no section of an operator" in done.out
    unknown = fakturahub("sheet", "Ingenting", *provisioned)
    assert unknown.status == 1
    assert "There is no company 'Ingenting'; known are alt, none." in unknown.err
    refused = fakturahub("sheet", "none", "--output", "missing/x.md", *provisioned)
    assert "missing/x.md cannot be written" in refused.err
