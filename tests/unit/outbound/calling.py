"""A client whose names lead where a test says, and calls to make with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network

from fakturahub.config import Secret
from fakturahub.outbound.client import Answer, Call, Client, Failed
from fakturahub.outbound.guard import Guard
from fakturahub.outbound.tls import client_context

HERE = "127.0.0.1"


class Names:
    """A name service: each name has answers, given one after the other, the last for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        known = self._answers.get(host, [[HERE]])
        return known.pop(0) if len(known) > 1 else known[0]


@asynccontextmanager
async def calling(names: Names | None = None, trusted: Sequence[str] = (f"{HERE}/32",)) -> AsyncIterator[Client]:
    """A client to which this machine is a target like any other."""
    networks = [ip_network(one) for one in trusted]
    client = Client(Guard(names or Names(), lambda: networks))
    try:
        yield client
    finally:
        await client.close()


def call(
    url: str,
    body: bytes = b"<Invoice/>",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    connect: float = 2.0,
    read: float = 2.0,
    ca: str | None = None,
    cert: tuple[str, str] | None = None,
    proxy: str | None = None,
) -> Call:
    """A call; *cert* is a certificate and its key."""
    tls = None
    if ca or cert:
        shown, key = cert or (None, None)
        tls = client_context(ca=ca, cert=shown, key=None if key is None else Secret(key))
    return Call(
        method,
        url,
        {"Content-Type": "application/xml", **(headers or {})},
        body,
        connect,
        read,
        tls,
        None if proxy is None else Secret(proxy),
    )


def answered(made: Answer | Failed) -> Answer:
    """*made* where it is an answer."""
    assert isinstance(made, Answer), made
    return made


def failed(made: Answer | Failed) -> Failed:
    """*made* where it is none."""
    assert isinstance(made, Failed), made
    return made
