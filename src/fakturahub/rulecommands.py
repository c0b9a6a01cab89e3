"""The commands about rules: which packs there are, and what files are by them."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fakturahub import printing
from fakturahub.clock import SystemClock
from fakturahub.errors import MasterKeyError, NotFound, OperatorError, PackRefused
from fakturahub.given import found, watched
from fakturahub.options import DEFAULT_DATA, AsJson, Data, DatabaseUrl, place, say

if TYPE_CHECKING:
    from fakturahub.exchange.rulebook import Rulebook, Rulebooks
    from fakturahub.opened import Opened, Place, Running
    from fakturahub.storage.pack_cache import PackCache

# The engine and the database take as long to import as everything else here, and so they wait.

rules = typer.Typer(help="Install, list, show and remove rule packs.", no_args_is_help=True)

Language = Annotated[str, typer.Option("--language", metavar="CODE", help="Of our explanations: en, fi, sv, nb or da.")]


@rules.command()
def install(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="File, folder or ZIP archive, as it is published.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Its name, with its version at the end.")],
    valid_from: Annotated[
        datetime | None,
        typer.Option(
            "--valid-from", metavar="DATE", formats=["%Y-%m-%d"], help="From which day on it takes the place of others."
        ),
    ] = None,
    control: Annotated[
        Path | None,
        typer.Option(
            "--control", metavar="FILE", help="A document that must fail; else one made of the rules' contexts."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="PROFILE",
            help="Which documents it is for: en16931, peppol-bis-3, xrechnung-3, none, or how their BT-24 begins.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Install a rule pack, whole or not at all. All running nodes follow within 5 seconds."""
    from fakturahub.exchange import packs
    from fakturahub.rules import sources

    _asked(packs.check_name, name, "--name")
    if profile is not None:
        _asked(packs.check_profile, profile, "--profile")
    if not Path(pack).exists():
        raise typer.BadParameter(f"there is no file or folder {printing.visible(pack[:200])}.", param_hint="'PACK'")
    day = None if valid_from is None else valid_from.date()
    wish = packs.Wish(name, day, profile, None if control is None else _control(control))
    with _refusals_told():
        files = sources.read_pack(Path(pack))

        async def work(running: Running, all_of_it: Opened) -> tuple[packs.Done, dict[str, Any]]:
            from fakturahub.storage import schema

            await schema.upgrade(all_of_it.database)
            kept = _kept(running)
            done = await packs.install(
                all_of_it.database,
                files,
                wish,
                kept=kept,
                master_key=_master_key(all_of_it.place),
                by=printing.who(),
                now=SystemClock().now(),
            )
            rulebook = (await _loaded(all_of_it, kept)).current
            return done, dict(_facts(rulebook, name))

        done, facts = _opened(place(data, database), work)
    if as_json:
        printing.as_json({"deed": done.deed, "changes": done.changes, **facts})
        return
    from fakturahub import printing_rules

    typer.echo(_sentence(done, name))
    printing_rules.pack(facts, False)


def _sentence(done: Any, name: str) -> str:
    if done.deed == "unchanged":
        return f"Nothing changed: {name} is installed with these very bytes."
    if done.deed == "changed":
        return f"{name} was installed with these very bytes; changed: {'; '.join(done.changes)}."
    return f"Installed {name}."


@rules.command(name="list")
def list_(
    context: typer.Context,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the rule packs, and which of them are in use today."""
    from fakturahub import printing_rules
    from fakturahub.exchange import packs

    rulebook = _rulebook(context, data, database)
    printing_rules.packs([packs.as_facts(rulebook, one, _today()) for one in rulebook.everything], as_json)


@rules.command()
def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="Name of a pack, or id of a rule, such as BR-CO-15.")],
    language: Language = "en",
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show all about one pack, or what a rule asks in every pack that has it."""
    from fakturahub import printing_rules
    from fakturahub.exchange import packs
    from fakturahub.rules import explanations

    _expect(language)
    sources: dict[str, Any] = {}

    async def more(all_of_it: Opened) -> None:
        sources.update(await _stored(all_of_it, id))

    rulebook = _rulebook(context, data, database, more)
    if any(one.name == id for one in rulebook.everything):
        printing_rules.pack({**_facts(rulebook, id), **(sources or _bundled_files())}, as_json)
        return
    rules = packs.rules_of(rulebook, id)
    if not rules:
        near = difflib.get_close_matches(id, [*(one.name for one in rulebook.everything), *packs.ids(rulebook)], 5)
        like = f" There is: {', '.join(near)}." if near else ""
        raise NotFound(f"There is no rule pack and no rule {printing.visible(id[:100])!r}.{like}")
    printing_rules.rules(rules, explanations.explain(rules[0].rule, language), as_json)


@rules.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the pack.")],
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
) -> None:
    """Remove a rule pack. All running nodes follow within 5 seconds."""
    from fakturahub.exchange import packs
    from fakturahub.exchange.rulebook import known_of
    from fakturahub.opened import existing

    if database is None:
        existing(data)

    async def work(running: Running, all_of_it: Opened) -> list[str]:
        known = known_of(await packs.remove(all_of_it.database, name, SystemClock().now()))
        rulebook = (await _loaded(all_of_it, _kept(running))).current
        said = [f"Removed {known.name}."]
        if known.profile is None:
            return [*said, "It ran only where it was named."]
        for one in packs.places(rulebook, known, _today()):
            now = f"now checked with {one.in_force}" if one.in_force else "no longer checked by a pack of this profile"
            said.append(f"{one.root} of {known.profile}: {now}.")
        return said

    for line in _opened(place(data, database), work, check=True):
        typer.echo(line)


def validate(
    context: typer.Context,
    file: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help="Files to check; a folder or archive stands for all in it, - for standard input."
        ),
    ],
    pack: Annotated[
        list[str] | None,
        typer.Option("--pack", metavar="NAME", help="Run exactly this pack, on anything; may be given several times."),
    ] = None,
    next: Annotated[bool, typer.Option("--next", help="Check with the packs that come next.")] = False,
    language: Language = "en",
    as_json: AsJson = False,
    as_svrl: Annotated[bool, typer.Option("--svrl", help="Print SVRL, the report format of Schematron.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=64, help="Processes to work with; else one for each processor.")
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
) -> None:
    """Check files against the rules that apply to them. Needs no hub; beside one, its packs are used."""
    if as_json and as_svrl:
        raise typer.BadParameter("it is one or the other: --json or --svrl.", param_hint="'--svrl'")
    if pack and next:
        raise typer.BadParameter("with --pack exactly those packs are run.", param_hint="'--next'")
    _expect(language)
    files = found(file)
    from fakturahub import printing_rules, validating

    rulebook = _rulebook(context, data, database)
    if pack:
        try:
            rulebook.named(pack)
        except NotFound as error:
            raise typer.BadParameter(error.reason, param_hint="'--pack'") from None
    form: Literal["text", "json", "svrl"] = "json" if as_json else "svrl" if as_svrl else "text"
    question = validating.Question(_today(), tuple(pack or ()), next, language, form)
    answers = printing_rules.Answers(form, one=len(files) == 1 and file[0] == files[0].name)
    results = validating.answered(files, rulebook, question, jobs or validating.processors())
    for of_file, tell in watched(results, len(files), doing="Validating", bar=not answers.streams_to_terminal):
        answers.add(of_file, tell)
    answers.end()
    if form == "text" and sum(answers.verdicts.values()) > 1:
        say(printing_rules.summary(answers.verdicts, len(files)))
    if not files or any(count for verdict, count in answers.verdicts.items() if verdict != "valid"):
        raise typer.Exit(1)


# --- data -----------------------------------------------------------------------------------------------------------


def _rulebook(
    context: typer.Context,
    data: Path,
    database: str | None,
    more: Callable[[Opened], Awaitable[None]] | None = None,
) -> Rulebook:
    """The packs of the hub that is named or has its data here, else those that come with the program."""
    from fakturahub.exchange.rulebook import bundled

    source = context.get_parameter_source("data")
    if database is None and not (data / "postgres" / "PG_VERSION").is_file():
        if (data / "keys").is_dir():
            raise OperatorError(f"The database of the hub in {data} is elsewhere; name it with --database.")
        if source is not None and source.name != "DEFAULT":
            from fakturahub.opened import existing

            existing(data)
        return bundled()

    async def work(running: Running, all_of_it: Opened) -> Rulebook:
        books = await _loaded(all_of_it, _kept(running))
        if more is not None:
            await more(all_of_it)
        return books.current

    rulebook: Rulebook = _opened(place(data, database), work, check=True, make=False)
    return rulebook


def _opened(
    where: Place,
    work: Callable[[Running, Opened], Awaitable[Any]],
    *,
    check: bool = False,
    make: bool = True,
) -> Any:
    from fakturahub.opened import Running, opened

    async def run(running: Running) -> Any:
        async with opened(running, check=check) as all_of_it:
            return await work(running, all_of_it)

    with Running(where, say, make=make) as running:
        return asyncio.run(run(running))


async def _loaded(all_of_it: Opened, kept: PackCache) -> Rulebooks:
    from fakturahub.exchange.rulebook import Rulebooks

    books = Rulebooks(kept, _master_key(all_of_it.place))
    await books.refresh(all_of_it.database)
    return books


def _kept(running: Running) -> PackCache:
    """Where compiled packs are kept: in the data folder where there is one."""
    from fakturahub.storage.pack_cache import PackCache, of_the_user

    return PackCache(running.folder.cache) if running.folder.path.is_dir() else of_the_user()


def _master_key(where: Place) -> Any:
    """The master key, None where this machine has none: then nothing compiled is handed to other nodes or taken."""
    try:
        return where.key()
    except MasterKeyError:
        return None


async def _stored(all_of_it: Opened, name: str) -> dict[str, Any]:
    """What only the database knows of a pack."""
    from fakturahub.storage import packs

    for row in (await packs.listed(all_of_it.database)).packs:
        if row.name == name:
            files = await packs.source(all_of_it.database, name, row.digest)
            return {
                "control": "a document of its own"
                if row.control is not None
                else "an empty root of each kind, with its parts where no rule is about it",
                "installed": f"{row.installed_at:%Y-%m-%d %H:%M:%S} UTC by {row.installed_by}",
                "files": [{"name": one, "bytes": len(data)} for one, data in files.items()],
            }
    return {}


def _bundled_files() -> dict[str, Any]:
    from fakturahub.exchange.rulebook import bundled_source

    files = [{"name": one, "bytes": len(data)} for one, data in bundled_source().items()]
    return {
        "control": "an empty root of each kind, with its parts where no rule is about it",
        "installed": "comes with the program",
        "files": files,
    }


def _asked(check: Callable[[str], None], value: str, option: str) -> None:
    try:
        check(value)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint=f"'{option}'") from None


def _expect(language: str) -> None:
    from fakturahub.rules.explanations import LANGUAGES

    if language.lower().replace("_", "-").partition("-")[0] not in (*LANGUAGES, "no", "nn"):
        raise typer.BadParameter(f"there are {', '.join(LANGUAGES)}.", param_hint="'--language'")


def _control(path: Path) -> bytes:
    from fakturahub.exchange.packs import CONTROL

    try:
        with path.open("rb") as file:
            data = file.read(CONTROL + 1)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > CONTROL:
        raise OperatorError(f"{path} has more than {CONTROL:,} bytes; a control document is small.")
    return data


@contextmanager
def _refusals_told() -> Iterator[None]:
    """A refused pack may have hundreds of reasons, and quotes what somebody else wrote."""
    from fakturahub.printing_rules import refusal

    try:
        yield
    except PackRefused as error:
        say(f"fakturahub: {refusal(error.reason, error.reasons)}")
        if error.reasons != (error.reason,):
            say(f"What to do: {error.advice} (error code {error.code})")
        raise typer.Exit(1) from None


def _facts(rulebook: Rulebook, name: str) -> Any:
    from fakturahub.exchange import packs

    (pack,) = [one for one in rulebook.everything if one.name == name]
    return packs.as_facts(rulebook, pack, _today())


def _today() -> Any:
    return SystemClock().now().date()
