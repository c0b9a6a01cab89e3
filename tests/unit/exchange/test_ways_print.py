"""The way to the print house, from what is provisioned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakturahub.config import Letters, Secret
from fakturahub.errors import MasterKeyError
from fakturahub.exchange.ways_print import PrintWays, server_of
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import protected
from fakturahub.model.ways import PrintWay, SftpServer
from fakturahub.storage.companies import Changes, SettingRow
from tests.unit.config.sections import read
from tests.unit.exchange.claims import claimed

KEY = MasterKey(bytes(32))
DETAILS = {"class": 1, "colour": True, "duplex": False, "country_class": "EU", "pages": 4}


def settings(table: str) -> Letters:
    letters = read(f"[print]\n{table}").letters
    assert letters is not None
    return letters


def stored(letters: Letters) -> dict[str, Any]:
    return protected(letters, None, master_key=KEY).settings


def way_of(ways: PrintWays) -> PrintWay:
    way = ways.way_of(claimed("print", details=DETAILS))
    assert isinstance(way, PrintWay)
    return way


def house(url: str, more: str = "key = 'KEY'") -> SftpServer:
    server = server_of(settings(f"url = '{url}'\nhost_key = 'ssh-ed25519 AAAA'\n{more}\n"))
    assert server is not None
    return server


def test_the_parts_of_a_url() -> None:
    server = house("sftp://hub@printhouse.example/in/box")
    assert (server.host, server.port, server.user, server.folder) == ("printhouse.example", 22, "hub", "/in/box")
    assert (server.password, server.key, server.host_keys) == (None, Secret("KEY"), "ssh-ed25519 AAAA")
    server = house("sftp://a%40b:p%2Fw%3A@[2001:db8::1]:2222/~/in%20box", "")
    assert (server.host, server.port, server.user, server.folder) == ("2001:db8::1", 2222, "a@b", "~/in box")
    assert (server.password, server.key) == (Secret("p/w:"), None)
    assert "p/w" not in repr(server)


def test_the_way_of_a_letter(tmp_path: Path) -> None:
    companies = Companies({})
    ways = PrintWays(companies, KEY, tmp_path)
    way = way_of(ways)
    assert (way.server, way.folder) == (None, str(tmp_path / "print"))
    assert (way.postal_class, way.colour, way.duplex, way.country_class, way.pages) == (1, True, False, "EU", 4)

    table = stored(settings("url = 'sftp://hub@a.example/in'\nhost_key = 'k'\nkey = 'KEY'\n"))
    assert "KEY" not in str(table)
    companies.apply(Changes(1, [], [SettingRow("print", "", table)]))
    server = way_of(ways).server
    assert server is not None
    assert (server.host, server.key) == ("a.example", Secret("KEY"))
    assert way_of(ways).server is server, "the same until it changes"

    moved = stored(settings("url = 'sftp://hub:pw@b.example/in'\nhost_key = 'k'\n"))
    companies.apply(Changes(2, [], [SettingRow("print", "", moved)]))
    server = way_of(ways).server
    assert server is not None
    assert (server.host, server.key, server.password) == ("b.example", None, Secret("pw"))

    companies.apply(Changes(3, [], [SettingRow("print", "", stored(settings("cut_offs = ['10:00']\n")))]))
    assert way_of(ways).server is None


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    companies = Companies({})
    table = stored(settings("url = 'sftp://hub@a.example/in'\nhost_key = 'k'\nkey = 'KEY'\n"))
    companies.apply(Changes(1, [], [SettingRow("print", "", table)]))
    with pytest.raises(MasterKeyError):
        PrintWays(companies, MasterKey(bytes(31) + b"x"), tmp_path).way_of(claimed("print", details=DETAILS))
