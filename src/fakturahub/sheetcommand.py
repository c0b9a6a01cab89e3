"""``fakturahub sheet``: what somebody needs who connects a company's program to this hub, as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakturahub.errors import NotFound, OperatorError
from fakturahub.options import DEFAULT_DATA, Data, DatabaseUrl, place, with_data

if TYPE_CHECKING:
    from fakturahub.dialects.sheet import Section, Sheet, Write
    from fakturahub.identity.companies import Companies, Company
    from fakturahub.opened import Opened

#: where a hub is that says nothing else
LOCAL = "http://127.0.0.1:8080"
#: keys that are named where another was asked for
NAMED = 20
_WIDTH = 100

#: how the operators write their names
_TITLES = {"farpay": "FarPay", "sendregning": "SendRegning", "vertex": "Vertex"}


def sheet(
    company: Annotated[str, typer.Argument(help="Key of the company in the provisioning file.")],
    url: Annotated[
        str | None, typer.Option("--url", help="Where the hub is reached; without it, what `public_url` says.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write to.")] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
) -> None:
    """Print what a company's programs need to connect: addresses, names, headers, limits, answers, examples."""

    async def work(all_of_it: Opened) -> Companies:
        from fakturahub.identity.companies import Companies, refresh
        from fakturahub.provision import CREDENTIAL_NAMES

        companies = Companies(CREDENTIAL_NAMES)
        await refresh(all_of_it.database, companies)
        return companies

    text = written(with_data(place(data, database), work), company, url)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{output} cannot be written: {error.strerror or error}.") from error


def written(companies: Companies, key: str, url: str | None) -> str:
    """The sheet of the company with that *key*. Raises `NotFound`."""
    company = next((one for one in companies if one.key == key), None)
    if company is None:
        known = sorted(one.key for one in companies)
        more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
        raise NotFound(f"There is no company {key!r}; known are {', '.join(known[:NAMED]) or 'none'}{more}.")
    hub: Mapping[str, Any] = companies.setting("hub") or {}
    base = (url or hub.get("public_url") or LOCAL).rstrip("/")
    return "".join(_lines(companies, company, base, stated=bool(url or hub.get("public_url"))))


def _lines(companies: Companies, company: Company, url: str, *, stated: bool) -> Iterator[str]:
    from fakturahub.printing import visible

    yield f"# How to connect {visible(company.name)}\n\n"
    yield f"Company `{company.key}` of the hub at {url}. No secret stands here: examples read them from variables.\n"
    if not stated:
        yield "\n" + _wrapped(
            "The hub has no `public_url`: the addresses are those of a hub on this machine. Set it under `[hub]`, or "
            "print this sheet with `--url`."
        )
    yield "\n## The hub\n\n" + _facts(_hub_facts(url, company))
    served = 0
    for name, page in _sheets(companies, company, url):
        served += page is not None
        yield f"\n## {_TITLES[name] if page is None else page.title}\n"
        if page is None:
            yield "\n" + _wrapped(
                f"Not served yet. What `[company.{name}]` says is stored, and nothing answers under `{url}/{name}`."
            )
            continue
        for section in page.sections:
            yield from _section(section)
    if not served:
        yield "\n" + _wrapped("The company has no section of an operator that this hub serves.")


def _hub_facts(url: str, company: Company) -> tuple[tuple[str, str], ...]:
    from fakturahub.certificate import CIPHERS

    may = " and ".join(sorted(company.contracts)) or "do nothing yet: it has no contract"
    tls = (
        f"1.2 and 1.3, nothing older. Of 1.2: {', '.join(CIPHERS)}. A proxy in front of the hub may take fewer."
        if url.startswith("https:")
        else "none: this address is plain HTTP, which the hub speaks on its own machine only"
    )
    return (
        ("The company may", may),
        ("TLS", tls),
        ("HTTP", "1.1; a connection is kept for the next request"),
        ("Every code of an error is explained at", f"`{url}/errors/<code>`"),
        ("Whether the hub is up", f"`{url}/readyz`: 200 or 503"),
    )


def _sheets(companies: Companies, company: Company, url: str) -> Iterator[tuple[str, Sheet | None]]:
    """A page for each dialect that the company has a section of; None for one that is not served yet."""
    from fakturahub.dialects.apix.sheet import sheet as apix
    from fakturahub.dialects.pagero.sheet import sheet as pagero
    from fakturahub.dialects.sheet import Asked
    from fakturahub.provision import SECTIONS

    writers: Mapping[str, Write] = {"pagero": pagero, "apix": apix}
    for name in SECTIONS:
        if not company.section(name):
            continue
        if name not in writers:
            yield name, None
            continue
        hub = companies.setting("dialects", name) or {}
        test_hosts = tuple(hub.get("test_hosts", ()))
        yield name, writers[name](Asked(company, name, hub, url, tuple(hub.get("hosts", ())), test_hosts))


def _section(section: Section) -> Iterator[str]:
    yield f"\n### {section.title}\n"
    if section.facts:
        yield "\n" + _facts(section.facts)
    for note in section.notes:
        yield "\n" + _wrapped(note)
    if section.example:
        yield f"\n```sh\n{section.example}\n```\n"


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    from fakturahub.printing import visible

    return "".join(_wrapped(f"{what}: {visible(says)}", first="- ") for what, says in facts)


def _wrapped(text: str, first: str = "") -> str:
    """*text* in lines of a terminal; addresses and other words are never broken."""
    lines = textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"
