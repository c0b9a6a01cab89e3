"""Which addresses the hub connects to: range by range, names that lead elsewhere, and what lifts a refusal."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.errors import TargetRefused
from fakturahub.outbound.guard import ADDRESSES, Guard, NameLookup

REFUSED = [
    ("0.0.0.0", "no address"),  # noqa: S104
    ("0.255.255.255", "no address"),
    ("10.0.0.0", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "shared"),
    ("100.127.255.255", "shared"),
    ("127.0.0.1", "own machine"),
    ("127.255.255.254", "own machine"),
    ("169.254.169.254", "link-local"),
    ("169.254.0.1", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "protocols"),
    ("192.0.0.192", "metadata"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "relay"),
    ("192.168.0.1", "private"),
    ("198.18.0.1", "measurements"),
    ("198.19.255.255", "measurements"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("100.100.100.200", "metadata"),
    ("168.63.129.16", "cloud"),
    ("::", "no address"),
    ("::1", "own machine"),
    ("::7f00:1", "no address"),
    ("fc00::1", "private"),
    ("fd12:3456::1", "private"),
    ("fd00:ec2::254", "metadata"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local"),
    ("fec0::1", "private"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("100::1", "discarded"),
    ("2002:7f00:1::", "translated"),
    ("64:ff9b::7f00:1", "translated"),
    ("64:ff9b:1::1", "translated"),
    ("2001::1", "protocols"),
    ("5f00::1", "routing"),
    ("4000::1", "not of the public internet"),
    ("::ffff:127.0.0.1", "own machine"),
    ("::ffff:a9fe:a9fe", "link-local"),
    ("::ffff:10.1.2.3", "private"),
    ("fe80::1%eth0", "one network card"),
    ("2606:4700::1111%1", "one network card"),
]
TAKEN = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"]
TAKEN += ["172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "169.253.255.255"]
TAKEN += ["2606:4700:4700::1111", "2a00:1450::1", "::ffff:101:101"]


class Names:
    """A name service that gives what it is told, one answer after the other, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def guard(*answers: Sequence[str], trusted: Sequence[str] = ()) -> Guard:
    networks = [ip_network(one) for one in trusted]
    return Guard(Names(*answers), lambda: networks)


@pytest.mark.parametrize(("address", "word"), REFUSED)
async def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str, word: str) -> None:
    with pytest.raises(TargetRefused) as literal:
        await guard().resolve(address, 443)
    with pytest.raises(TargetRefused) as named:
        await guard([address]).resolve("firm.example", 443)
    assert word in str(literal.value)
    assert word in str(named.value)
    assert str(named.value).startswith(f"firm.example leads to {address}")
    with pytest.raises(TargetRefused):
        guard().socket_for(address)


@pytest.mark.parametrize("address", TAKEN)
async def test_an_address_of_the_public_internet_is_taken(address: str) -> None:
    assert await guard().resolve(address, 443) == (address,)
    guard().judge(address)


async def test_one_refused_address_refuses_the_name() -> None:
    with pytest.raises(TargetRefused, match=r"^mixed\.example leads to 10\.0\.0\.1, which is private\.$"):
        await guard(["1.1.1.1", "10.0.0.1", "1.0.0.1"]).resolve("mixed.example", 443)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "0", "1.2.3.4.5", "", "[1.1.1", "a:b"],
)
async def test_other_forms_of_an_address_are_refused_unread(host: str) -> None:
    names = Names(["1.1.1.1"])
    with pytest.raises(TargetRefused):
        await Guard(names).resolve(host, 443)
    assert names.asked == []


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_no_number_is_taken_for_a_name(number: int, form: str) -> None:
    text = form.format(number)
    with pytest.raises(TargetRefused):
        asyncio.run(guard(["1.1.1.1"]).resolve(text, 80))


@given(st.ip_addresses())
def test_what_is_taken_is_global_for_the_standard_library_too(address: IPv4Address | IPv6Address) -> None:
    try:
        guard().judge(str(address))
    except TargetRefused:
        return
    assert (getattr(address, "ipv4_mapped", None) or address).is_global


async def test_a_name_that_leads_elsewhere_a_moment_later_is_judged_again() -> None:
    names = Names(["1.1.1.1"], ["127.0.0.1"])
    judging = Guard(names)
    assert await judging.resolve("rebinding.example", 80) == ("1.1.1.1",)
    with pytest.raises(TargetRefused):
        await judging.resolve("rebinding.example", 80)
    assert len(names.asked) == 2


@pytest.mark.parametrize(
    ("trusted", "address", "taken"),
    [
        ("127.0.0.1/32", "127.0.0.1", True),
        ("127.0.0.1/32", "127.0.0.2", False),
        ("127.0.0.1/32", "::1", False),
        ("127.0.0.1/32", "::ffff:127.0.0.1", True),
        ("::ffff:127.0.0.1/128", "127.0.0.1", False),
        ("10.1.0.0/16", "10.1.200.3", True),
        ("10.1.0.0/16", "10.2.0.1", False),
        ("0.0.0.0/0", "192.168.7.7", True),
        ("fd00::/8", "fd12::1", True),
        ("fd00::/8", "fd00:ec2::254", False),
        ("fd00:ec2::254/128", "fd00:ec2::254", True),
        ("0.0.0.0/0", "169.254.169.254", False),
        ("169.254.0.0/16", "169.254.169.254", False),
        ("169.254.169.254/32", "169.254.169.254", True),
        ("169.254.169.254/32", "169.254.169.253", False),
        ("100.64.0.0/10", "100.100.100.200", False),
        ("fe80::/10", "fe80::1", False),
        ("fe80::1/128", "fe80::1", True),
        ("224.0.0.0/4", "224.0.0.1", False),
        ("0.0.0.0/32", "0.0.0.0", False),  # noqa: S104
        ("::/0", "::", False),
        ("64:ff9b::/96", "64:ff9b::101:101", True),
        ("64:ff9b::/96", "64:ff9b::a00:1", False),
        ("2002::/16", "2002:a9fe:a9fe::1", False),
    ],
)
async def test_what_lifts_a_refusal(trusted: str, address: str, taken: bool) -> None:
    judging = guard([address], trusted=[trusted])
    if taken:
        assert await judging.resolve("inside.example", 1) == (address,)
    else:
        with pytest.raises(TargetRefused):
            await judging.resolve("inside.example", 1)


async def test_a_change_of_the_networks_counts_at_once() -> None:
    networks = [ip_network("10.0.0.0/8")]
    judging = Guard(Names(["10.0.0.1"]), lambda: networks)
    await judging.resolve("inside.example", 1)
    networks.clear()
    with pytest.raises(TargetRefused):
        await judging.resolve("inside.example", 1)


async def test_a_name_without_addresses_and_one_with_too_many() -> None:
    with pytest.raises(socket.gaierror):
        await guard([]).resolve("nobody.example", 1)
    with pytest.raises(TargetRefused, match="65 addresses"):
        await guard(["1.1.1.1"] * (ADDRESSES + 1)).resolve("many.example", 1)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "[::1]", "10.0.0.1", "0x7f.1"])
def test_a_host_that_a_proxy_resolves(host: str) -> None:
    with pytest.raises(TargetRefused):
        guard().judge_unresolved(host)


def test_other_names_are_the_proxys_to_judge() -> None:
    for host in ("firm.example", "localhost.firm.example", "1.1.1.1"):
        guard().judge_unresolved(host)


async def test_the_systems_own_names() -> None:
    names = NameLookup()
    assert "127.0.0.1" in await names("localhost", 80)
    for unknown in ("a..b", "x" * 64 + ".example", "nobody.invalid"):
        with pytest.raises(socket.gaierror):
            await names(unknown, 80)
    names.close()
