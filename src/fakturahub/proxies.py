"""Who calls, where a proxy that was declared stands between: the caller's own address instead of the proxy's."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import Scope

from fakturahub.errors import OperatorError

#: set in the scope of a request that came through a declared proxy
THROUGH = "fakturahub.through_proxy"
#: addresses of X-Forwarded-For that are looked at, from the right; each proxy on the way adds one
HOPS = 16

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The networks that proxies call from.

    What they say of a caller is believed, and nobody else's word is: of ``X-Forwarded-For`` the rightmost address that
    is no proxy's counts, because each proxy adds at the right whom it saw, and what stands left of that the caller may
    have written himself.
    """

    def __init__(self, networks: Sequence[str]) -> None:
        """*networks* in the form of `read`."""
        self._networks = tuple(ipaddress.ip_network(one) for one in networks)

    def seen_through(self, scope: Scope) -> Scope:
        """*scope* with the caller's address and scheme where a proxy sent the request, else as it was."""
        client = scope.get("client")
        peer = None if client is None or not self._networks else _address(client[0])
        if peer is None or not self._is_one(peer):
            return scope
        headers = Headers(scope=scope)
        caller = self._caller(headers.getlist("x-forwarded-for"), peer)
        scheme = headers.get("x-forwarded-proto", "").strip().lower()
        return {
            **scope,
            "client": (str(caller), 0),
            "scheme": scheme if scheme in ("http", "https") else scope.get("scheme", "http"),
            THROUGH: True,
        }

    def _caller(self, forwarded: list[str], peer: _Address) -> _Address:
        """The caller; the last proxy that is known where it names nobody, or something that is no address."""
        last = peer
        for one in reversed(",".join(forwarded).rsplit(",", HOPS)[-HOPS:]):
            address = _address(one.strip())
            if address is None:
                return last
            if not self._is_one(address):
                return address
            last = address
        return last

    def _is_one(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)


def _address(text: str) -> _Address | None:
    """An address as proxies write it: by itself, or with a port behind it; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1 and text.partition(":")[2].isdecimal():
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped


def read(text: str) -> tuple[str, ...]:
    """Networks and addresses, separated by commas, in canonical form.

    Raises `OperatorError` for what is none, and for a network of all addresses: everybody could then be anybody.
    """
    found = []
    for one in text.split(","):
        try:
            network = ipaddress.ip_network(one.strip())
        except ValueError as error:
            raise OperatorError(f"--proxy: {error}. Give addresses or networks such as 10.0.0.0/24.") from None
        if network.prefixlen == 0:
            raise OperatorError(f"--proxy: {network} is everybody. Name the addresses that your proxies call from.")
        found.append(str(network))
    return tuple(found)
