"""Starting the hub: folder, keys, database, schema, settings, listening socket, and then the processes."""

from __future__ import annotations

import asyncio
import ipaddress
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import typer

from fakturahub import certificate, config, provision, proxies
from fakturahub.app import DIALECTS, NodeSettings
from fakturahub.certificate import Certificate, Files
from fakturahub.clock import SystemClock
from fakturahub.errors import OperatorError
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
    tls_cert: Path | None = None
    tls_key: Path | None = None
    #: addresses and networks of proxies before the hub, separated by commas
    proxy: str | None = None

    def tls(self) -> Files | None:
        """Where the certificate is. Raises `OperatorError` where only one of the two files is named."""
        return tls_files(self.tls_cert, self.tls_key)


def tls_files(cert: Path | None, key: Path | None) -> Files | None:
    """The two files together, None for neither. Raises `OperatorError` for one of them alone."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise OperatorError("--tls-cert and --tls-key go together: a certificate is of no use without its key.")
    return Files(str(cert.absolute()), str(key.absolute()))


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
    tls = options.tls()
    shown = None if tls is None else certificate.read(tls)
    networks = () if options.proxy is None else proxies.read(options.proxy)
    sock = listen(options.host, options.port)
    if tls is None and not networks:
        _refuse_in_the_open(sock)
    # until the supervisor takes signals itself: without this, a SIGTERM would leave the private server running
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Running(place, say) as running:
        for warning in (*running.folder.warnings, *(running.server.warnings if running.server else ())):
            say(f"Note: {warning}")
        report, companies = asyncio.run(_prepare(running, file, str(options.companies), say))
        if shown is not None and tls is not None:
            for fault in _faults(shown, tls, companies):
                say(f"Note: {fault}")
        if ipaddress.ip_address(_address_of(sock)).is_unspecified and not _public_url(companies):
            say(f"Note: without `public_url` of [hub] access tokens name the hub {options.host}. Set it.")
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
            url=_base(options.host, sock.getsockname()[1], tls),
            proxies=networks,
        )
        plan = Plan(settings, options.host, sock.getsockname()[1], options.processes, sys.stderr.isatty(), tls)
        supervisor = Supervisor(plan, sock, running.server)
        asyncio.run(supervisor.run(lambda: _introduce(plan, companies, file)))
        say("Stopped; everything in hand was finished.")


def _refuse_in_the_open(sock: socket.socket) -> None:
    """Raise `OperatorError` where others than this machine would speak to the hub without TLS."""
    address = _address_of(sock)
    if not ipaddress.ip_address(address).is_loopback:
        sock.close()
        raise OperatorError(
            f"Plain HTTP on {address} would send passwords and documents in the clear. Give the hub a certificate with"
            " --tls-cert and --tls-key; or, where a proxy before it speaks TLS, name the addresses that the proxy calls"
            " from with --proxy."
        )


def _faults(shown: Certificate, files: Files, companies: Companies) -> Iterator[str]:
    """What those who run the hub should know of its certificate."""
    yield from shown.faults(SystemClock().now(), files)
    hosts = [
        urlsplit(_public_url(companies)).hostname or "",
        *(h for one in DIALECTS for h in companies.hosts_of(one)),
    ]
    missing = certificate.uncovered(shown, [host for host in hosts if host])
    if missing:
        yield f"The certificate in {files.cert} is not for {', '.join(missing)}."


def _address_of(sock: socket.socket) -> str:
    """Where *sock* listens, without the zone of a link-local address."""
    address: str = sock.getsockname()[0]
    return address.partition("%")[0]


def _public_url(companies: Companies) -> str:
    hub = companies.setting("hub") or {}
    return hub.get("public_url") or ""


def _base(host: str, port: int, tls: Files | None) -> str:
    scheme = "http" if tls is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _introduce(plan: Plan, companies: Companies, file: config.Provisioning | None) -> None:
    """Say where everything is, and how to send the first document."""
    base = _base(plan.host, plan.port, plan.tls)
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
