"""HTTP by hand: requests as bytes, sent in pieces or not to the end, over sockets of one's own."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Mapping

from tests.acceptance.town import SKOG, Sender
from tests.running import Answer, Hub

INCOMING = "/pagero/incoming/default/invoice/prod"


def basic(sender: Sender = SKOG) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{sender.user}:{sender.password}".encode()).decode()}


def head(fields: Mapping[str, str], path: str = INCOMING, method: str = "POST") -> bytes:
    """Request line and header, with the empty line that ends it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def post(body: bytes, key: str, sender: Sender = SKOG) -> bytes:
    """A whole request to the Interchange."""
    return head({**basic(sender), "Content-Length": str(len(body)), "x-interchange-id": key}) + body


def connect(hub: Hub, wait: float = 30) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hub.port), timeout=wait)


def answer(sock: socket.socket) -> Answer:
    """Read one answer. Raises what ``http.client`` raises where there is none."""
    response = http.client.HTTPResponse(sock)
    try:
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        response.close()


def at_once(hub: Hub, requests: list[bytes]) -> list[Answer]:
    """Send each request on a connection of its own, all last bytes together, and read all answers."""
    socks = [connect(hub) for _ in requests]
    try:
        for sock, request in zip(socks, requests, strict=True):
            sock.sendall(request[:-1])
        for sock, request in zip(socks, requests, strict=True):
            sock.sendall(request[-1:])
        return [answer(sock) for sock in socks]
    finally:
        for sock in socks:
            sock.close()
