"""The hub's certificate: what is refused and in which words, what is complained of, and silent callers dropped."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import PlainTextResponse

from fakturahub import certificate, listening
from fakturahub.certificate import Files, read, uncovered
from fakturahub.errors import OperatorError
from fakturahub.listening import Listener
from tests.peers.certificates import Authority, Certificate

AUTHORITY = Authority()
NOW = datetime.now(UTC)


def kept(folder: Path, cert: str, key: str, mode: int = 0o600) -> Files:
    files = Files(str(folder / "hub.pem"), str(folder / "hub.key"))
    Path(files.cert).write_text(cert)
    Path(files.key).write_text(key)
    Path(files.key).chmod(mode)
    return files


def test_a_good_one(tmp_path: Path) -> None:
    own = AUTHORITY.issue("hub.example", "*.api.example", "127.0.0.1", ends=timedelta(days=90))
    files = kept(tmp_path, own.cert + AUTHORITY.cert, own.key)
    shown = read(files)
    assert shown.faults(NOW, files) == []
    assert shown.names == ("hub.example", "*.api.example", "127.0.0.1")
    hosts = ["hub.example", "HUB.example", "a.api.example", "a.b.api.example", "api.example", "127.0.0.1", "x.example"]
    assert uncovered(shown, hosts) == ["a.b.api.example", "api.example", "x.example"]
    assert shown.context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert shown.context.options & ssl.OP_NO_RENEGOTIATION
    assert shown.context.options & ssl.OP_NO_COMPRESSION
    older = {one["name"] for one in shown.context.get_ciphers() if one["protocol"] != "TLSv1.3"}
    assert older == set(certificate.CIPHERS)


@pytest.mark.parametrize(
    ("own", "mode", "words"),
    [
        (AUTHORITY.issue("a.example", ends=timedelta(days=-1), starts=timedelta(days=-2)), 0o600, "ended on"),
        (AUTHORITY.issue("a.example", ends=timedelta(days=13)), 0o600, "ends on"),
        (AUTHORITY.issue("a.example", starts=timedelta(days=1), ends=timedelta(days=90)), 0o600, "not good before"),
        (AUTHORITY.issue("a.example", ends=timedelta(days=90)), 0o644, "every user of this machine; chmod o-r it"),
    ],
    ids=["ended", "ends soon", "not yet", "open key"],
)
def test_what_is_complained_of_and_shown_all_the_same(tmp_path: Path, own: Certificate, mode: int, words: str) -> None:
    files = kept(tmp_path, own.cert, own.key, mode)
    (fault,) = read(files).faults(NOW, files)
    assert words in fault


def _refusal(files: Files) -> str:
    with pytest.raises(OperatorError) as caught:
        read(files)
    assert "BEGIN" not in str(caught.value)
    return str(caught.value)


def test_what_is_refused(tmp_path: Path) -> None:
    own, other = AUTHORITY.issue("a.example"), AUTHORITY.issue("b.example")
    files = kept(tmp_path, own.cert, other.key)
    assert f"{files.key} is not the key of the first certificate in {files.cert}" in _refusal(files)
    assert "first certificate" in _refusal(kept(tmp_path, AUTHORITY.cert + own.cert, own.key))  # wrong order
    rsa_key = AUTHORITY.issue("c.example", key=rsa.generate_private_key(65537, 2048)).key
    assert "is not the key" in _refusal(kept(tmp_path, own.cert, rsa_key))
    locked = AUTHORITY.issue("a.example", password=b"secret")
    assert "is locked with a password" in _refusal(kept(tmp_path, locked.cert, locked.key))
    weak = AUTHORITY.issue("a.example", key=rsa.generate_private_key(65537, 1024))  # noqa: S505
    assert "too weak" in _refusal(kept(tmp_path, weak.cert, weak.key))
    assert "holds no certificate in PEM" in _refusal(kept(tmp_path, own.key, own.key))
    assert "holds no private key in PEM" in _refusal(kept(tmp_path, own.cert, own.cert))
    assert "holds no private key in PEM" in _refusal(kept(tmp_path, own.cert, ""))
    Path(files.key).unlink()
    assert "cannot be read: No such file or directory. Name the right file with --tls-key" in _refusal(files)
    assert "--tls-cert" in _refusal(Files(str(tmp_path), files.key))


@pytest.mark.parametrize("shaken", [False, True], ids=["says nothing at all", "says nothing after its handshake"])
def test_a_silent_caller_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shaken: bool) -> None:
    """The handshake has a time of its own, and the header's begins when it is done."""
    monkeypatch.setattr(listening, "HANDSHAKE_TIME", 0.3)
    monkeypatch.setattr(listening, "FAREWELL_TIME", 0.3)
    monkeypatch.setattr(listening, "HEAD_TIME", 0.3)
    own = AUTHORITY.issue("127.0.0.1")
    context = read(kept(tmp_path, own.cert, own.key)).context

    def called(port: int) -> float:
        line: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        if shaken:
            trusting = ssl.create_default_context(cadata=AUTHORITY.cert)
            line = trusting.wrap_socket(line, server_hostname="127.0.0.1")
        started = time.monotonic()
        with line:
            assert line.recv(100) == b""
        return time.monotonic() - started

    async def run() -> float:
        sock = socket.create_server(("127.0.0.1", 0))
        listener = Listener(PlainTextResponse("x"), context)
        running = asyncio.create_task(listener.serve(sockets=[sock]))
        await listener.up.wait()
        took = await asyncio.to_thread(called, sock.getsockname()[1])
        listener.should_exit = True
        await running
        return took

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert 0.2 < runner.run(run()) < 3
