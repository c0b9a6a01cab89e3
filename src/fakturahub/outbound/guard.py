"""The target guard: which addresses the hub connects to, judged after the name was resolved and at every connection.

A receiver names the place where it wants its documents, and a place that it names must not become a way into the hub's
own network: to its database, to the page of a router, to the address where a cloud hands out credentials. Names prove
nothing, because whoever owns a name may point it anywhere, and elsewhere a moment later. So

* every address that a name has is judged, and one that is refused refuses the name;
* the connection goes to an address that was judged, and is judged once more when its socket is made;
* numeric forms that only a system library takes for an address (``2130706433``, ``0x7f.1``) are refused unread.

Refused is whatever is not the public internet: the special-purpose registries of IANA (RFC 6890 and its successors),
and the addresses at which clouds serve their machines. ``trusted_networks`` under ``[outbound]`` lifts that for the
networks it lists. What is link-local or serves metadata is lifted only by its own address, written alone; nothing lifts
what is no address of one machine.
"""

from __future__ import annotations

import asyncio
import functools
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from fakturahub.errors import TargetRefused

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
#: host and port -> the addresses of that name, each as text; raises `socket.gaierror`
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

#: names that are looked up at the same time, each in a thread of its own
LOOKUPS = 32
#: addresses of one name that are looked at; a name with more is refused
ADDRESSES = 64

# Digits and hexadecimal numbers only: what a system library reads as an IPv4 address however it is written.
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)


class _Lifted(IntEnum):
    """What lifts the refusal of a range."""

    BY_NETWORK = 0
    ALONE = 1
    NEVER = 2


# The first range that an address is in tells what it is.
_RANGES: tuple[tuple[Network, str, _Lifted], ...] = tuple(
    (ip_network(text), words, lifted)
    for text, words, lifted in (
        ("169.254.0.0/16", "link-local, where clouds serve metadata", _Lifted.ALONE),
        ("fe80::/10", "link-local", _Lifted.ALONE),
        ("100.100.100.200/32", "where a cloud serves metadata", _Lifted.ALONE),
        ("168.63.129.16/32", "where a cloud serves its machines", _Lifted.ALONE),
        ("192.0.0.192/32", "where a cloud serves metadata", _Lifted.ALONE),
        ("fd00:ec2::254/128", "where a cloud serves metadata", _Lifted.ALONE),
        ("fd20:ce::254/128", "where a cloud serves metadata", _Lifted.ALONE),
        ("0.0.0.0/8", "no address of a machine", _Lifted.NEVER),
        ("224.0.0.0/4", "multicast", _Lifted.NEVER),
        ("240.0.0.0/4", "reserved", _Lifted.NEVER),
        ("::/128", "no address of a machine", _Lifted.NEVER),
        ("ff00::/8", "multicast", _Lifted.NEVER),
        ("127.0.0.0/8", "the hub's own machine", _Lifted.BY_NETWORK),
        ("::1/128", "the hub's own machine", _Lifted.BY_NETWORK),
        ("::/96", "no address of a machine", _Lifted.NEVER),
        ("10.0.0.0/8", "private", _Lifted.BY_NETWORK),
        ("172.16.0.0/12", "private", _Lifted.BY_NETWORK),
        ("192.168.0.0/16", "private", _Lifted.BY_NETWORK),
        ("fc00::/7", "private", _Lifted.BY_NETWORK),
        ("fec0::/10", "private", _Lifted.BY_NETWORK),
        ("100.64.0.0/10", "shared by a provider's customers", _Lifted.BY_NETWORK),
        ("192.0.0.0/24", "for protocols, not for machines", _Lifted.BY_NETWORK),
        ("192.0.2.0/24", "for documentation", _Lifted.BY_NETWORK),
        ("198.51.100.0/24", "for documentation", _Lifted.BY_NETWORK),
        ("203.0.113.0/24", "for documentation", _Lifted.BY_NETWORK),
        ("2001:db8::/32", "for documentation", _Lifted.BY_NETWORK),
        ("3fff::/20", "for documentation", _Lifted.BY_NETWORK),
        ("192.88.99.0/24", "a relay into other networks", _Lifted.BY_NETWORK),
        ("198.18.0.0/15", "for measurements", _Lifted.BY_NETWORK),
        ("100::/64", "discarded", _Lifted.BY_NETWORK),
        ("64:ff9b::/96", "translated into another network", _Lifted.BY_NETWORK),
        ("64:ff9b:1::/48", "translated into another network", _Lifted.BY_NETWORK),
        ("2002::/16", "translated into another network", _Lifted.BY_NETWORK),
        ("2001::/23", "for protocols, not for machines", _Lifted.BY_NETWORK),
        ("5f00::/16", "for routing inside a network", _Lifted.BY_NETWORK),
    )
)
_NAT64 = ip_network("64:ff9b::/96")
#: RFC 4291, 2.4 and the registry of IANA: all that is given out for single machines
_UNICAST = ip_network("2000::/3")


class NameLookup:
    """The system's name service. It may hang for as long as it likes without holding up anything but its own name.

    An event loop's own look-up shares a few threads with others, and one name server that does not answer would take
    them all.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, "names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of *host*. Raises `socket.gaierror`."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses_of, host, port)
        return tuple(dict.fromkeys(found))

    def close(self) -> None:
        """End the threads that wait for nothing; one that waits for a name server ends with its answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses_of(host: str, port: int) -> list[str]:
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
    return [str(info[4][0]) for info in infos]


def _trusts_nothing() -> Iterable[Network]:
    return ()


class Guard:
    """Judges targets for every connection that the hub opens."""

    def __init__(self, lookup: Lookup, trusted: Callable[[], Iterable[Network]] = _trusts_nothing) -> None:
        """``trusted``: asked at each judgement, so that a change of settings counts at once."""
        self._lookup = lookup
        self._trusted = trusted

    def judge(self, address: str, host: str | None = None) -> None:
        """Raise `TargetRefused` unless the hub may connect to *address*, which *host* leads to."""
        try:
            judged = ip_address(address)
        except ValueError:
            raise TargetRefused(f"{_led(address, host)} is no address that the hub connects to.") from None
        refusal = self._refusal(judged)
        if refusal is not None:
            raise TargetRefused(f"{_led(address, host)} is {refusal}.")

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of *host*, a name or an address in its usual form, all of which the hub may connect to.

        Raises `TargetRefused` where one of them is refused, `socket.gaierror` where there is none.
        """
        name = host.strip("[]")
        literal = self._literal(name)
        if literal is not None:
            self.judge(literal)
            return (literal,)
        addresses = await self._lookup(name, port)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if len(addresses) > ADDRESSES:
            raise TargetRefused(f"{host} has {len(addresses):,} addresses; the hub looks at {ADDRESSES} at most.")
        for address in addresses:
            self.judge(address, host)
        return tuple(addresses)

    def judge_unresolved(self, host: str) -> None:
        """Judge a host that somebody else resolves, such as a proxy: an address in it, and the name of that machine.

        Raises `TargetRefused`. What other names lead to is the resolver's to judge.
        """
        name = host.strip("[]")
        literal = self._literal(name)
        if literal is not None:
            self.judge(literal)
        elif name.rstrip(".").casefold().rpartition(".")[2] == "localhost":
            raise TargetRefused(f"{host} is the machine of whoever resolves it.")

    def socket_for(self, address: str) -> socket.socket:
        """A new socket for a connection to *address*: the last gate. Raises `TargetRefused`."""
        self.judge(address)
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)
        return made

    def _literal(self, name: str) -> str | None:
        """*name* where it is an address, None where it is a name. Raises `TargetRefused` for other forms of one."""
        try:
            return str(ip_address(name))
        except ValueError:
            pass
        if _NUMERIC.fullmatch(name) or ":" in name or not name:
            raise TargetRefused(f"{name[:100]!r} is neither a name nor an address in its usual form.")
        return None

    def _refusal(self, address: Address) -> str | None:
        """Why *address* is refused, None where it is not."""
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return "an address of one network card"
            if address.ipv4_mapped is not None:
                return self._refusal(address.ipv4_mapped)
        found = _range_of(address)
        if found is None:
            return None
        words, lifted = found
        if not self._is_trusted(address, lifted):
            return words
        inner = _inner(address)
        return None if inner is None else self._refusal(inner)

    def _is_trusted(self, address: Address, lifted: _Lifted) -> bool:
        if lifted is _Lifted.NEVER:
            return False
        return any(
            address in network and (lifted is _Lifted.BY_NETWORK or network.num_addresses == 1)
            for network in self._trusted()
        )


@functools.lru_cache(maxsize=4096)
def _range_of(address: Address) -> tuple[str, _Lifted] | None:
    """What the range is that *address* is refused for, and what lifts that; None for the public internet."""
    found = next(((words, lifted) for network, words, lifted in _RANGES if address in network), None)
    if found is None and not (address.is_global and (address.version == 4 or address in _UNICAST)):
        return "not of the public internet", _Lifted.BY_NETWORK
    return found


def _inner(address: Address) -> IPv4Address | None:
    """The address in another network that *address* is translated into."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _led(address: str, host: str | None) -> str:
    return address if host is None or host == address else f"{host} leads to {address}, which"
