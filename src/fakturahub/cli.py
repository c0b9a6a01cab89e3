"""The command line. Every command exits 0 when done, 1 when refused or not found, 2 when misused."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from fakturahub import (
    __version__,
    clientscommand,
    creditscommand,
    deliverycommands,
    filecommands,
    keyscommand,
    printing,
    registrationcommand,
    rendercommand,
    rulecommands,
    sheetcommand,
    telemetry,
)
from fakturahub.clock import SystemClock
from fakturahub.errors import FakturahubError, NotFound, OperatorError, ProvisioningError
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, say, with_data

if TYPE_CHECKING:
    from fakturahub.opened import Opened

app = typer.Typer(
    name="fakturahub",
    help="A self-hosted e-invoicing hub: Pagero, SendRegning, Apix, FarPay and Vertex over one exchange.",
    epilog="Start with `fakturahub serve --companies FILE`, then look at http://127.0.0.1:8080/.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Payloads = Annotated[
    str | None,
    typer.Option(
        "--payloads",
        envvar="FAKTURAHUB_PAYLOADS",
        help="Folder or URL (s3://bucket/prefix …) for documents over 256 KiB; else payloads/ in the data folder.",
    ),
]
TlsCert = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert",
        envvar="FAKTURAHUB_TLS_CERT",
        help="Certificate that callers are shown, PEM, with those up to its authority behind it.",
    ),
]
TlsKey = Annotated[
    Path | None,
    typer.Option("--tls-key", envvar="FAKTURAHUB_TLS_KEY", help="Key of that certificate, PEM, without a password."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most, the newest first.")]
Before = Annotated[UUID | None, typer.Option("--before", help="Only those before this id: the next page.")]

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


@contextmanager
def _loading() -> Iterator[None]:
    """Modules are loaded for good: the collector, which would find nothing, is a sixth of the time it takes."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _log_level() -> str:
    level = os.environ.get("FAKTURAHUB_LOG_LEVEL", "info").lower()
    if level not in LOG_LEVELS:
        raise OperatorError(f"FAKTURAHUB_LOG_LEVEL is {level!r}; it can be {', '.join(LOG_LEVELS)}.")
    return level


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fakturahub {__version__}")
        raise typer.Exit


@app.callback()
def common(
    # In a callback of its own, which is called where no command is named, too.
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    telemetry.set_up_logs(_log_level(), colours=sys.stderr.isatty())


@app.command()
def serve(
    companies: Annotated[
        Path | None, typer.Option("--companies", help="Provisioning file that is applied before serving.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8080,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer HTTP; half as many more, at least one, deliver.")
    ] = 1,
    account_rate: Annotated[int, typer.Option(min=0, help="Requests a minute of one account, 0 for no limit.")] = 6_000,
    address_rate: Annotated[
        int, typer.Option(min=0, help="Requests a minute of one address, 0 for no limit.")
    ] = 60_000,
    failure_rate: Annotated[
        int, typer.Option(min=0, help="Failed sign-ins a minute of one address, 0 for no limit.")
    ] = 60,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    proxy: Annotated[
        str | None,
        typer.Option(
            "--proxy",
            help="Addresses or networks that proxies before the hub call from, with commas between: they are believed.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    payloads: Payloads = None,
) -> None:
    """Run the hub. Stops in order on Ctrl-C or SIGTERM: requests and deliveries in hand are finished."""
    with _loading():
        from fakturahub import start

    start.run(
        place(data, database, payloads),
        start.Options(
            companies=companies,
            host=host,
            port=port,
            processes=processes,
            account_rate=account_rate,
            address_rate=address_rate,
            failure_rate=failure_rate,
            log_level=_log_level(),
            tls_cert=tls_cert,
            tls_key=tls_key,
            proxy=proxy,
        ),
        say,
    )


@app.command(hidden=True)
def node() -> None:
    """One process of the hub; `serve` starts it."""
    with _loading():
        from fakturahub.node import run

    run()


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="Provisioning file (TOML).")],
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Apply a provisioning file. All running nodes follow within 5 seconds; what the file leaves out stays."""
    from fakturahub import start

    report = start.apply(place(data, database), file, say)
    printing.report(report, as_json)


@app.command()
def documents(
    limit: Limit = 50,
    before: Before = None,
    company: Annotated[str | None, typer.Option(help="Only those sent by the company with this key.")] = None,
    state: Annotated[
        Literal["unroutable", "rejected"] | None,
        typer.Option(help="Only those that found no receiver, or were refused."),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List documents, the newest first."""
    from fakturahub.exchange.overview import Overview

    listed = with_data(
        place(data, database),
        lambda all_of_it: Overview(all_of_it.database, SystemClock()).newest(
            limit, before=before, company=company, state=state
        ),
    )
    printing.documents(listed, as_json)


@app.command()
def document(
    id: Annotated[UUID, typer.Argument(help="Id of the document, as `documents` shows it.")],
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show all about one document: what it is, where it went and why, every attempt and event."""
    from fakturahub.exchange.overview import Overview

    whole = with_data(place(data, database), lambda o: Overview(o.database, SystemClock()).document(id))
    if whole is None:
        raise NotFound(f"There is no document with the id {id}.")
    printing.document(whole, as_json)


@app.command()
def deliveries(
    limit: Limit = 50,
    before: Before = None,
    state: Annotated[
        Literal["pending", "sending", "delivered", "retrying", "failed", "held", "cancelled"] | None,
        typer.Option(help="Only those in this state."),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""
    from fakturahub.exchange.overview import Overview

    listed = with_data(
        place(data, database),
        lambda o: Overview(o.database, SystemClock()).deliveries(limit, before=before, state=state),
    )
    printing.deliveries(listed, as_json)


@app.command()
def payload(
    id: Annotated[UUID, typer.Argument(help="Id of the document, or of a delivery that converted it.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write to instead of standard output.")
    ] = None,
    form: Annotated[
        rendercommand.Form | None, typer.Option("--form", help="Write a page that is made of it, not its bytes.")
    ] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="Which page, of JPEG and PNG.")] = 1,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    payloads: Payloads = None,
) -> None:
    """Write the original bytes of a document, or what a delivery wrote for its receiver; or either as a page."""
    from fakturahub.exchange import inbox

    async def work(all_of_it: Opened) -> bytes | None:
        if form is not None:
            return await rendercommand.stored(all_of_it, id, form, page)
        return await inbox.payload(all_of_it.database, all_of_it.payloads(), id)

    found = with_data(place(data, database, payloads), work)
    if found is None:
        raise NotFound(f"There is no document with the id {id}, and nothing was written for a delivery with it.")
    if output is None:
        sys.stdout.buffer.write(found)
        return
    try:
        output.write_bytes(found)
    except OSError as error:
        raise OperatorError(f"{output} cannot be written: {error.strerror or error}.") from error


@app.command()
def doctor(
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    payloads: Payloads = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
) -> None:
    """Check database, payload store, clock, disk, keys and configuration, and say what to do."""
    from fakturahub import doctor as examination

    findings = examination.examine(place(data, database, payloads), say, tls_cert, tls_key)
    printing.examination(findings, as_json)
    if any(not finding.ok for finding in findings):
        raise typer.Exit(1)


for verb in (
    deliverycommands.redeliver,
    deliverycommands.cancel,
    deliverycommands.hold,
    deliverycommands.release,
    deliverycommands.withdraw,
    deliverycommands.resend,
    deliverycommands.targets,
):
    app.command()(verb)
app.command()(filecommands.detect)
app.command()(filecommands.convert)
app.command()(rulecommands.validate)
app.add_typer(rulecommands.rules, name="rules")
app.command()(rendercommand.render)
app.command()(creditscommand.credits)
app.command()(registrationcommand.registrations)
app.command()(keyscommand.signing_keys)
app.command()(clientscommand.clients)
app.command()(sheetcommand.sheet)


def main(arguments: list[str] | None = None) -> Any:
    """The entry point: one sentence and what to do instead of a traceback, for every error of ours."""
    try:
        return app(arguments)
    except FakturahubError as error:
        say(f"fakturahub: {printing.reason(error)}")
        advice = printing.advice(error)
        if advice and not isinstance(error, ProvisioningError):
            say(f"What to do: {advice} (error code {error.code})")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
