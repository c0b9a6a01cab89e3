"""The reference against the code it speaks of: nothing left out, nothing that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fakturahub import provision, telemetry
from fakturahub.api.catalogue import catalogue
from fakturahub.config.shape import Leaf, Many, Named, Table, table_of
from fakturahub.config.tables import SYNTAXES, Company, Dialects, Provisioning
from fakturahub.dialects.apix.auth import SIGNED
from fakturahub.model.states import DELIVERY_STEPS, DeliveryState, DocumentState, SubmissionState, Verdict
from tests.docs.generated import PAGES as GENERATED
from tests.docs.pages import ROOT, prose, tables, ticked
from tests.docs.scratch import Scratch
from tests.wire import plain_yaml

REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("page", GENERATED)
def test_pages_that_are_made_from_the_code(page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == GENERATED[page](), (
        "run: .venv/bin/python -m tests.docs.generated"
    )


def test_every_error() -> None:
    rows = [row for _, _, rows in tables(REFERENCE / "errors.md") for row in rows]
    assert sorted(row[0] for row in rows) == sorted(f"`{code}`" for code in catalogue() if code != "fakturahub")


# --- configuration --------------------------------------------------------------------------------------------------


class Key(msgspec.Struct, frozen=True):
    """A key of the provisioning file."""

    name: str
    required: bool
    #: as it would stand in the file, empty where there is none
    default: str
    choices: tuple[str, ...]
    #: hashed, sealed, not stored, sourced, or nothing of it
    kept: str


def _keys(table: Table, path: str, *, many: bool = False) -> Iterator[tuple[str, Key | None]]:
    """Every key of *table* and of those in it, by the heading that its table has on the page."""
    heading = f"[[{path}]]" if many else f"[{path}]"
    defaults = {info.encode_name: info for info in msgspec.structs.fields(table.type)}
    for name, field in table.fields.items():
        inner = field.shape.item if isinstance(field.shape, Many) else field.shape
        if isinstance(inner, Table):
            yield from _keys(inner, f"{path}.{name}" if path else name, many=isinstance(field.shape, Many))
            # A list of inline tables is a key as well, which the page names where the table is no [[…]] by custom.
            if path and isinstance(field.shape, Many) and not field.shape.keyed_by:
                yield heading, Key(name, field.required, "", (), "")
            continue
        leaf = inner.item if isinstance(inner, Named) else inner
        assert isinstance(leaf, Leaf)
        info = defaults[name]
        default: Any = None if info.default is msgspec.NODEFAULT else info.default
        shown = "" if default is None or default == () else _shown(default, leaf)
        kept = {"withheld": "not stored", None: "sourced" if leaf.sourced else ""}.get(leaf.kept, leaf.kept)
        yield (
            heading,
            Key(
                name,
                field.required,
                shown.lower() if isinstance(default, bool) else shown,
                leaf.form.choices if leaf.form.choices != SYNTAXES else (),
                kept or "",
            ),
        )


def _shown(default: Any, leaf: Leaf) -> str:
    if isinstance(default, tuple):
        return "[" + ", ".join(f'"{leaf.form.write(one)}"' for one in default) + "]"
    return str(leaf.form.write(default)).strip()


def _configured() -> dict[str, dict[str, Key]]:
    """The whole file: for each table its keys."""
    found: dict[str, dict[str, Key]] = {}
    sections = provision.SECTIONS
    whole = [
        *_keys(table_of(Company, {name: one.company for name, one in sections.items()}), "company", many=True),
        *_keys(table_of(Dialects, {name: one.hub for name, one in sections.items()}), "dialects"),
    ]
    root = table_of(Provisioning)
    for name, field in root.fields.items():
        inner = field.shape.item if isinstance(field.shape, Many) else field.shape
        assert isinstance(inner, Table)
        if name not in ("company", "dialects"):
            whole += _keys(inner, name, many=isinstance(field.shape, Many))
    for heading, key in whole:
        if key is not None:
            found.setdefault(heading, {})[key.name] = key
    return found


CONFIGURED = _configured()
DOCUMENTED = {heading: rows for heading, _, rows in tables(REFERENCE / "configuration.md")}


def test_every_table_of_the_file() -> None:
    assert set(DOCUMENTED) == set(CONFIGURED)


@pytest.mark.parametrize("table", CONFIGURED)
def test_every_key_of_a_table(table: str) -> None:
    rows = {ticked(row[0])[0]: row for row in DOCUMENTED[table]}
    assert list(rows) == list(CONFIGURED[table])
    for name, key in CONFIGURED[table].items():
        _, default, meaning = rows[name]
        assert default == ("required" if key.required else f"`{key.default}`" if key.default else ""), name
        assert set(key.choices) <= set(ticked(f"{default} {meaning}")), name
        kept = re.findall(r"hashed|sealed|not stored|sourced", meaning.lower())
        assert kept == ([key.kept] if key.kept else []), name


def test_every_syntax_that_can_be_asked_for() -> None:
    text = prose(REFERENCE / "configuration.md")
    (sentence,) = re.findall(r"(?s)`receive_as` is one of (.*?)\.\n", text)
    assert ticked(sentence) == list(SYNTAXES)


# --- environment ----------------------------------------------------------------------------------------------------

_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


def _variables(source: Path) -> Iterator[str]:
    """Names of environment variables in a module: looked up, set, or given to an option."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="envvar", value=ast.Constant(value=str(variable))):
                yield variable
            case ast.Call(func=ast.Attribute(attr="get" | "getenv" | "pop" | "setdefault"), args=[first, *_]):
                yield from _upper(first)
            case ast.Subscript(slice=index):
                yield from _upper(index)
            case ast.Dict(keys=keys):
                for key in keys:
                    yield from _upper(key)
            case ast.Tuple(elts=elements):
                for element in elements:
                    yield from _upper(element)


def _upper(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _VARIABLE.fullmatch(node.value):
        yield node.value


def test_every_environment_variable() -> None:
    read = {one for source in (ROOT / "src").rglob("*.py") for one in _variables(source)}
    # keys of tables that are no variables
    read -= {"LC_ALL", "APIX_PDFFILE", "APIX_ATTACHMENT", "UNDEFINED_VAT", "UNDEFINED_ORGNR"}
    text = prose(REFERENCE / "environment.md")
    documented = set(_VARIABLE.findall(" ".join(ticked(text))))
    elsewhere = {"FAKTURAHUB_SHARED"} | {one for one in documented - read if one.startswith("AWS_")}
    assert documented - elsewhere == read
    (rows,) = [rows for _, _, rows in tables(REFERENCE / "environment.md")]
    assert {ticked(row[0])[0] for row in rows} == {one for one in read if one.startswith("FAKTURAHUB_")}


def test_every_variable_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    given = set(re.findall(r"\$\(([A-Z]+)\)", makefile)) - {"BIN"}
    (sentence,) = re.findall(r"(?s)The targets of the `Makefile` read (.*?)\(see", prose(REFERENCE / "environment.md"))
    assert set(re.findall(r"`([A-Z]+)`", sentence)) == {*given, "PYTHON"}
    assert "${PYTHON:" in (ROOT / "tools" / "install").read_text(encoding="utf-8")


# --- metrics and states ---------------------------------------------------------------------------------------------


def _metrics() -> dict[str, tuple[str, list[str]]]:
    return {
        ticked(row[0])[0]: (row[1], ticked(row[2])) for _, _, rows in tables(REFERENCE / "metrics.md") for row in rows
    }


def test_every_metric_that_is_counted() -> None:
    counted = {}
    for metric in telemetry._COUNTED:
        (described,) = metric.describe()
        name = described.name + ("_total" if described.type == "counter" else "")
        counted[name] = (described.type, list(metric._labelnames))
    assert {name: one for name, one in _metrics().items() if one[0] != "gauge"} == counted


def test_every_metric_that_a_hub_shows(scratch: Scratch) -> None:
    shown = scratch.must("curl http://127.0.0.1:8080/metrics").output
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", shown))
    assert types == {name: one[0] for name, one in _metrics().items()}


@pytest.mark.parametrize(
    ("heading", "states"),
    [
        ("Submissions", SubmissionState),
        ("Documents", DocumentState),
        ("Deliveries", DeliveryState),
        ("Verdicts of validation", Verdict),
    ],
)
def test_every_state(heading: str, states: type[DocumentState]) -> None:
    (rows,) = [rows for found, _, rows in tables(REFERENCE / "states.md") if found == heading]
    assert sorted(ticked(row[0])[0] for row in rows) == sorted(states)


def test_every_step_of_a_delivery() -> None:
    (rows,) = [rows for heading, _, rows in tables(REFERENCE / "states.md") if heading == "Deliveries"]
    assert {ticked(row[0])[0]: set(ticked(row[2])) for row in rows} == DELIVERY_STEPS


def test_every_call_of_apix_is_in_the_state_that_is_said() -> None:
    """Against the paths that are served, and those that the digests are known of."""
    ((_, columns, rows),) = tables(REFERENCE / "apix.md")
    assert columns == ["call", "state", "notes"]
    stated = {ticked(row[0])[0]: row[1] for row in rows}
    assert set(stated.values()) <= {"served", "partly", "not served"}
    described = plain_yaml.read((ROOT / "src/fakturahub/dialects/apix/openapi.yaml").read_text(encoding="utf-8"))
    served = {f"{method.upper()} {path}" for path, item in described["paths"].items() for method in item}
    assert {call for call, state in stated.items() if state != "not served"} == served
    assert {call.partition(" ")[2] for call in stated} == {*SIGNED, "/saldo", "/registration"}
