"""Starting the hub: folder, keys, database, schema, settings, listening socket, and then the processes."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import typer

from fakturahub import config, provision
from fakturahub.app import DIALECTS, NodeSettings
from fakturahub.clock import SystemClock
from fakturahub.identity.companies import Companies, refresh
from fakturahub.identity.sealing import MasterKey
from fakturahub.opened import Place, Running, opened
from fakturahub.serve import Plan, Supervisor, listen
from fakturahub.storage import schema

#: the invoice that the printed example sends, where it lies beside the current folder
EXAMPLE_INVOICE = Path("examples/invoice.xml")


class Options(msgspec.Struct, frozen=True):
    """What `serve` was asked for."""

    companies: Path | None
    host: str
    port: int
    processes: int
    account_rate: int
    address_rate: int
    failure_rate: int = 60
    log_level: str = "info"


def _read(file: Path | None) -> config.Provisioning | None:
    return None if file is None else provision.read(file)


def _keyed(place: Place, file: config.Provisioning | None) -> Place:
    """The place with the master key that the provisioning file names, unless the environment gave one."""
    if place.master_key is None and file is not None and file.hub.master_key is not None:
        return msgspec.structs.replace(place, master_key=file.hub.master_key.reveal())
    return place


async def _prepare(
    running: Running, file: config.Provisioning | None, name: str, say: Callable[[str], None]
) -> tuple[provision.Report | None, Companies]:
    """Bring the schema up to date and apply the settings."""
    key: MasterKey = running.place.key(create=True)
    async with opened(running, check=False) as all_of_it:
        before = await schema.upgrade(all_of_it.database)
        if before != schema.newest_revision():
            say(f"The database was brought from schema {before or 'none'} to {schema.newest_revision()}.")
        await provision.claim_key(all_of_it.database, key)
        report = None
        if file is not None:
            now = SystemClock().now()
            report = await provision.apply(all_of_it.database, file, name=name, key=key, now=now)
        companies = Companies(provision.CREDENTIAL_NAMES)
        await refresh(all_of_it.database, companies)
        return report, companies


def apply(place: Place, path: Path, say: Callable[[str], None]) -> provision.Report:
    """Apply a provisioning file. Raises `ProvisioningError`, `OperatorError` and `Unavailable`."""
    file = provision.read(path)
    with Running(_keyed(place, file), say) as running:
        report, _ = asyncio.run(_prepare(running, file, str(path), say))
    if report is None:
        raise AssertionError("a file was applied, so there is a report")
    return report


def run(place: Place, options: Options, say: Callable[[str], None]) -> None:
    """Serve until told to stop. Raises `OperatorError` for what keeps the hub from starting."""
    file = _read(options.companies)
    place = _keyed(place, file)
    sock = listen(options.host, options.port)
    # until the supervisor takes signals itself: without this, a SIGTERM would leave the private server running
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Running(place, say) as running:
        for warning in (*running.folder.warnings, *(running.server.warnings if running.server else ())):
            say(f"Note: {warning}")
        report, companies = asyncio.run(_prepare(running, file, str(options.companies), say))
        if report is not None:
            for kept in report.kept:
                say(f"Note: {kept} is no longer in {options.companies}; what is stored stays.")
        settings = NodeSettings(
            database=running.url,
            payloads=place.payload_target,
            data=str(place.data),
            master_key=place.master_key,
            # each process counts for itself, so each gets its share
            account_rate=-(-options.account_rate // options.processes),
            address_rate=-(-options.address_rate // options.processes),
            failure_rate=-(-options.failure_rate // options.processes),
            log_level=options.log_level,
            url=_base(options.host, sock.getsockname()[1]),
        )
        plan = Plan(settings, options.host, sock.getsockname()[1], options.processes, sys.stderr.isatty())
        supervisor = Supervisor(plan, sock, running.server)
        asyncio.run(supervisor.run(lambda: _introduce(plan, companies, file)))
        say("Stopped; everything in hand was finished.")


def _base(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _introduce(plan: Plan, companies: Companies, file: config.Provisioning | None) -> None:
    """Say where everything is, and how to send the first document."""
    base = _base(plan.host, plan.port)
    lines = [f"Fakturahub answers on {base} for {len(companies)} companies.", ""]
    lines += [f"  {name:<10} {base}/{name}{_on_hosts(name, companies)}" for name in DIALECTS]
    lines += [
        f"  {'documents':<10} {base}/",
        f"  {'health':<10} {base}/healthz  {base}/readyz  {base}/metrics",
        f"  {'errors':<10} {base}/errors",
        "",
        "Try it:",
        f"  {_example(base, companies, file)}",
        "",
    ]
    typer.echo("\n".join(lines))
    sys.stdout.flush()


def _on_hosts(dialect: str, companies: Companies) -> str:
    hosts = companies.hosts_of(dialect)
    return f"  and at the root of {', '.join(hosts)}" if hosts else ""


def _example(base: str, companies: Companies, file: config.Provisioning | None) -> str:
    """One request that works as it is printed.

    Only a company whose mail address ends in ``.example``, a name that nobody can own (RFC 2606), is shown with its
    password: that is a demonstration. For any other the command asks for it.
    """
    sender = companies.first_with("pagero")
    if sender is None or not EXAMPLE_INVOICE.is_file():
        return f"curl {base}/healthz"
    user = sender.section("pagero")["username"]
    for company in file.companies if file is not None else ():
        if company.key == sender.key and (company.email or "").endswith(".example"):
            user += ":" + company.sections["pagero"].password.reveal()
    return (
        f"curl -u {shlex.quote(user)} -H 'x-interchange-id: first-1' -H 'Content-Type: application/xml'"
        f" --data-binary @{EXAMPLE_INVOICE} {base}/pagero/incoming/default/invoice/test"
    )
