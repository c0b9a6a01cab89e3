"""``serve``: what keeps a hub from being opened to others without TLS."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub.proxies import read
from tests.unit.cli.conftest import Run


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_plain_http_is_for_this_machine_only(fakturahub: Run, tmp_path: Path, host: str) -> None:
    data = tmp_path / "data"
    done = fakturahub("serve", "--host", host, "--port", 0, "--data", data)
    assert done.status == 1
    assert f"Plain HTTP on {host} would send passwords and documents in the clear." in done.err
    assert "--tls-cert" in done.err
    assert "--proxy" in done.err
    assert not data.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tls-cert", "hub.pem"), "--tls-cert and --tls-key go together"),
        (("--tls-key", "hub.key"), "--tls-cert and --tls-key go together"),
        (("--tls-cert", "missing/hub.pem", "--tls-key", "hub.key"), "missing/hub.pem cannot be read"),
        (("--proxy", "0.0.0.0/0"), "is everybody"),
        (("--proxy", "::/0"), "is everybody"),
        (("--proxy", "10.0.0.1/24"), "has host bits set"),
        (("--proxy", "proxy.example"), "Give addresses or networks"),
        (("--proxy", "10.0.0.0/24,"), "Give addresses or networks"),
    ],
)
def test_what_is_refused(fakturahub: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    data = tmp_path / "data"
    done = fakturahub("serve", *arguments, "--port", 0, "--data", data)
    assert done.status == 1, done
    assert words in done.err
    assert not data.exists()


def test_proxies_in_one_form() -> None:
    assert read("10.0.0.0/24, 127.0.0.2,2001:DB8::/32") == ("10.0.0.0/24", "127.0.0.2/32", "2001:db8::/32")
