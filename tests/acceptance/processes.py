"""The processes of a running hub."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Literal

import psutil

from fakturahub.storage import postmaster
from tests.running import Hub

Role = Literal["http", "work"]


def children(hub: Hub) -> dict[Role, list[psutil.Process]]:
    """The processes that answer HTTP, which have the listening socket, and those that work."""
    found: dict[Role, list[psutil.Process]] = {"http": [], "work": []}
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(hub.process.pid).children():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if child.name() == "postgres" or "node" not in child.cmdline():
                    continue
                listening = any(one.status == psutil.CONN_LISTEN for one in child.net_connections("inet"))
                found["http" if listening else "work"].append(child)
    return found


def pids(hub: Hub) -> dict[str, list[int]]:
    """The pids of all the hub's own processes."""
    return {
        "serve": [hub.process.pid],
        **{role: sorted(one.pid for one in group) for role, group in children(hub).items()},
    }


def private_postmaster(hub: Hub) -> psutil.Process | None:
    """The private PostgreSQL server of a hub, None while there is none."""
    pid = postmaster.named_pid(hub.data / "postgres")
    if pid is None or not postmaster.is_server(pid, hub.data / "postgres"):
        return None
    return psutil.Process(pid)


def show_errors(hub: Hub, most: int = 8) -> None:
    """Print what a hub logged as errors, each kind once, so that it stands beside the failure of a test."""
    shown: set[str] = set()
    for line in hub.logged():
        what = str(line.get("event"))
        if line.get("level") in ("error", "critical") and what not in shown and len(shown) < most:
            shown.add(what)
            sys.stdout.write(f"{line.get('timestamp')} {what} {str(line.get('exception', line))[-3000:]}\n")
