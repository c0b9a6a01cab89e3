"""The private server's settings: scaled to the machine, written only where they changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from fakturahub.storage import server_settings
from fakturahub.storage.server_settings import hub_conf, machine_memory, write_settings

GB = 1 << 30


@pytest.mark.parametrize(
    ("memory", "buffers"), [(64 << 20, 32), (GB, 128), (4 * GB, 512), (8 * GB, 1024), (1 << 40, 1024)]
)
def test_an_eighth_of_the_memory_within_bounds(memory: int, buffers: int) -> None:
    assert f"\nshared_buffers = {buffers}MB\n" in hub_conf(memory)


def test_every_line_is_a_setting_or_a_comment() -> None:
    for line in hub_conf(GB).splitlines():
        assert re.fullmatch(r"|#.*|[a-z_]+ = ('[^']*'|[^\s#]+)( +#.*)?", line), line


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    (tmp_path / "postgresql.conf").write_text("# include_dir = 'conf.d'\nport = 1")
    mine = (os.geteuid(), os.getegid())
    assert write_settings(tmp_path, *mine) is True
    assert (tmp_path / "postgresql.conf").read_text().endswith("\nport = 1\n\ninclude_dir = 'conf.d'\n")
    assert (tmp_path / "conf.d" / "hub.conf").stat().st_mode & 0o777 == 0o600
    before = [(one, one.stat().st_ino) for one in sorted(tmp_path.rglob("*"))]
    assert write_settings(tmp_path, *mine) is False
    assert [(one, one.stat().st_ino) for one in sorted(tmp_path.rglob("*"))] == before


def test_another_machine_or_version_changes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postgresql.conf").write_text("")
    mine = (os.geteuid(), os.getegid())
    write_settings(tmp_path, *mine)
    monkeypatch.setattr(server_settings, "machine_memory", lambda: GB)
    assert write_settings(tmp_path, *mine) is True
    assert (tmp_path / "conf.d" / "hub.conf").read_text() == hub_conf(GB)


def test_the_limits_of_control_groups_count(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    root = tmp_path / "sys"
    (root / "a.slice" / "b.service").mkdir(parents=True)
    (root / "a.slice" / "memory.max").write_text("2147483648\n")
    (root / "a.slice" / "b.service" / "memory.max").write_text("max\n")
    membership.write_text("0::/a.slice/b.service\n")
    assert server_settings._limits(membership, root) == [2 * GB]
    (root / "memory" / "docker").mkdir(parents=True)
    (root / "memory" / "docker" / "memory.limit_in_bytes").write_text("536870912\n")
    (root / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    membership.write_text("12:cpu,cpuacct:/x\n7:memory:/docker\n1:name=systemd:/y\n")
    assert server_settings._limits(membership, root) == [GB // 2]
    membership.write_text("0::/../../outside\n")
    assert server_settings._limits(membership, root) == []
    assert server_settings._limits(tmp_path / "no such file", root) == []


def test_this_machine_has_memory() -> None:
    assert 64 << 20 < machine_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
