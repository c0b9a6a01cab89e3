"""The interconnect sheet: its examples run as they are printed, and get what they promise."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.running import TRANSFER_KEY, Hub, invoice
from tests.wire.companies import API_HOST, PAGERO_HOST, PUBLIC_URL, TERMINAL_HOST, TEST_HOST

SECRETS = {
    "PAGERO_PASSWORD": "skog-password",
    "PAGERO_CLIENT_SECRET": "skog-erp-secret",
    "APIX_TRANSFER_KEY": TRANSFER_KEY,
}


def sheet(hub: Hub, company: str, *arguments: str) -> str:
    return hub.command("sheet", company, *arguments)


def examples(text: str) -> dict[str, str]:
    """Each example by its heading."""
    return dict(re.findall(r"### Example: ([^\n]*)\n(?:\n[^\n`#]+)*\n\n?```sh\n(.*?)\n```", text, re.S))


@pytest.mark.parametrize("company", ["skog", "virta"])
def test_every_example_runs(big_hub: Hub, tmp_path: Path, company: str) -> None:
    text = sheet(big_hub, company, "--url", f"http://127.0.0.1:{big_hub.port}/")
    found = examples(text)
    assert (
        list(found)
        == {
            "skog": ["a document with Basic", "the same with an access token", "a file for the File API"],
            "virta": ["what lies in the inbox", "an invoice is sent"],
        }[company]
    )
    (tmp_path / "invoice.xml").write_bytes(invoice(f"SHEET-{company}"))
    # the host for tests is none of this machine's names
    (tmp_path / ".curlrc").write_text(f'connect-to = "{TEST_HOST}::127.0.0.1:{big_hub.port}"\n')
    assert (f"http://{TEST_HOST}:{big_hub.port}/invoices" in text) == (company == "virta")
    for heading, commands in found.items():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=tmp_path,
            env={**os.environ, "CURL_HOME": str(tmp_path), **SECRETS},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, (heading, done)
        said = [one in done.stdout for one in ("<h1>Received</h1>", "<Status>OK</Status>", '"sendMode":"Test"')]
        assert sum(said) == 1, (heading, done)
        wrong = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=tmp_path,
            env={**os.environ, "CURL_HOME": str(tmp_path), **dict.fromkeys(SECRETS, "wrong")},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert wrong.returncode or "<Status>ERR</Status>" in wrong.stdout, (heading, wrong)


def test_addresses_are_those_of_public_url_and_hosts(big_hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "skog.md"
    assert sheet(big_hub, "skog", "--output", str(file)) == ""
    text = " ".join(file.read_text().split())
    for address in (
        f"{PUBLIC_URL}/pagero/incoming/default/{{documentType}}/{{sendMode}}",
        f"{PUBLIC_URL}/pagero/incoming/tokenauth/default/{{documentType}}/{{sendMode}}",
        f"https://{PAGERO_HOST}",
        f"{PUBLIC_URL}/oauth/v2/oauth-token",
        f"{PUBLIC_URL}/readyz",
    ):
        assert f"`{address}`" in text
    assert "1.2 and 1.3, nothing older" in text
    apix = " ".join(sheet(big_hub, "virta").split())
    for address in (f"https://{API_HOST}", f"https://{TERMINAL_HOST}", f"https://{TEST_HOST}", f"{PUBLIC_URL}/apix/"):
        assert f"`{address}`" in apix
    # where the hosts of tests are told, those that deliver are not
    (tests,) = re.findall(r"For tests, [^-]*", apix)
    assert API_HOST not in tests.replace(TEST_HOST, "")


def test_a_company_that_nobody_knows(big_hub: Hub) -> None:
    assert big_hub.command("sheet", "nobody", status=1) == ""
