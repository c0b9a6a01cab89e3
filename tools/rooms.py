"""Two contract types for import-linter, which read the table of rooms as it is written in pyproject.toml.

``rooms`` says which room may import which. Import-linter's own contracts name what is forbidden, and fail on a module
that does not exist; a table of what is allowed needs no change when a room is built, and a room that nobody entered in
the table is an error, not a gap. Only direct imports count: exchange may use identity, and identity may use outbound,
without exchange using outbound.

``libraries`` says which modules may import a library that belongs to one place.

``rooms`` is broken, too, by a folder with Python files and no ``__init__.py``: import-linter does not see into it.
"""

from __future__ import annotations

import abc
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.contract import InvalidContractOptions


def read_arrows(rows: list[str]) -> dict[str, frozenset[str]]:
    """``["intake -> model, clock"]`` as ``{"intake": {"model", "clock"}}``; ValueError for a row of another form."""
    arrows: dict[str, frozenset[str]] = {}
    for row in rows:
        left, arrow, right = row.partition("->")
        name = left.strip()
        if not arrow or not name or name in arrows:
            raise ValueError(f"{row!r}: write each name once, as 'name -> name, name'")
        arrows[name] = frozenset(part.strip() for part in right.split(",") if part.strip())
    return arrows


def folders_not_seen(package: str) -> list[str]:
    """Folders of *package* that hold Python files and no ``__init__.py``, relative to the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"the package {package} is not installed")
    top = Path(spec.origin).parent
    folders = {file.parent for file in top.rglob("*.py")}
    return sorted(str(folder.relative_to(top)) for folder in folders if not (folder / "__init__.py").exists())


class TableContract(Contract):
    """What both types share: faults are sentences, found one import at a time."""

    broken_contract_guidance = fields.TextField(required=False)

    @property
    def root(self) -> str:
        return str(self.session_options["root_packages"][0])

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        faults = list(self.faults(graph))
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    @abc.abstractmethod
    def faults(self, graph: ImportGraph) -> Iterator[str]:
        """One sentence for each import that the table does not allow."""

    def render_broken_contract(self, check: ContractCheck) -> None:
        for fault in check.metadata["faults"]:
            output.print_error(f"- {fault}", bold=False)
        output.new_line()

    def values(self, option: str) -> list[str]:
        return [str(value) for value in getattr(self, option) or ()]

    def own_modules(self, graph: ImportGraph) -> list[str]:
        return sorted(name for name in graph.modules if f"{name}.".startswith(f"{self.root}."))


def lines(graph: ImportGraph, importer: str, imported: str) -> str:
    details = graph.get_import_details(importer=importer, imported=imported)
    return ", ".join(sorted({str(detail["line_number"]) for detail in details}, key=int))


@dataclass(frozen=True)
class Table:
    """The rooms and what each may import, by the name below the root package."""

    foundation: dict[str, frozenset[str]]
    wiring: frozenset[str]
    rooms: dict[str, frozenset[str]]
    apart: frozenset[str]

    def knows(self, module: list[str]) -> bool:
        return not module or module[0] in self.foundation.keys() | self.wiring | self.rooms.keys()

    def forbids(self, importer: list[str], imported: list[str], folders: set[str]) -> str | None:
        """Why *importer* may not import *imported*, or None. Both are names below the root, split at the dots.

        *folders* are the modules with modules in them. In a room whose folders stand apart, a file beside the folders
        is for all of them: they may import it, and it may import none of them.
        """
        source, target = (parts[0] if parts else "" for parts in (importer, imported))
        if source == target:
            apart = source in self.apart and importer[1:2] != imported[1:2] and ".".join(imported[:2]) in folders
            return f"one of the {source} may not import another" if apart else None
        if not target or source in self.wiring:  # the root package holds the version and imports nothing
            return None
        if not source or source in self.foundation:
            allowed = target in self.foundation.get(source, ())
            return None if allowed else "the foundation imports nothing of ours"
        if target in self.foundation or target in self.rooms.get(source, ()):
            return None
        return f"{source} may not import {target}"


class RoomsContract(TableContract):
    """See the module. ``foundation`` and ``rooms`` are lists of rows, ``wiring`` and ``apart`` are lists of names."""

    foundation = fields.ListField(subfield=fields.StringField())
    wiring = fields.ListField(subfield=fields.StringField())
    rooms = fields.ListField(subfield=fields.StringField())
    apart = fields.ListField(subfield=fields.StringField(), required=False)

    def validate(self) -> None:
        try:
            foundation, rooms = read_arrows(self.values("foundation")), read_arrows(self.values("rooms"))
        except ValueError as error:
            raise InvalidContractOptions({"rooms": str(error)}) from error
        apart = frozenset(self.values("apart"))
        unknown = frozenset().union(*rooms.values(), apart) - rooms.keys()
        unknown |= frozenset().union(*foundation.values()) - foundation.keys()
        if unknown:
            raise InvalidContractOptions({"rooms": f"without a row of their own: {', '.join(sorted(unknown))}"})
        self.table = Table(foundation, frozenset(self.values("wiring")), rooms, apart)

    def faults(self, graph: ImportGraph) -> Iterator[str]:
        for folder in folders_not_seen(self.root):
            yield f"{folder}/ has no __init__.py, so nobody checks it"
        modules = {name: name.split(".")[1:] for name in self.own_modules(graph)}
        folders = {".".join(parts[:2]) for parts in modules.values() if len(parts) > 2}
        for importer, below in modules.items():
            if not self.table.knows(below):
                yield f"{importer} stands in no row of the table in pyproject.toml"
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(importer) & modules.keys()):
                reason = self.table.forbids(below, modules[imported], folders)
                if reason:
                    yield f"{importer} -> {imported} (line {lines(graph, importer, imported)}): {reason}"


class LibrariesContract(TableContract):
    """See the module. ``libraries`` is a list of rows; a star on the right stands for one name."""

    libraries = fields.ListField(subfield=fields.StringField())

    def validate(self) -> None:
        try:
            self.homes = read_arrows(self.values("libraries"))
        except ValueError as error:
            raise InvalidContractOptions({"libraries": str(error)}) from error
        if str(self.session_options.get("include_external_packages")).lower() != "true":
            raise InvalidContractOptions({"libraries": "needs include_external_packages = true"})

    def faults(self, graph: ImportGraph) -> Iterator[str]:
        for library, homes in sorted(self.homes.items()):
            if library not in graph.modules:
                continue
            patterns = "|".join(re.escape(home).replace(r"\*", r"[^.]+") for home in sorted(homes))
            at_home = re.compile(rf"{re.escape(self.root)}\.(?:{patterns})(?:\.|$)")
            for importer in sorted(graph.find_modules_that_directly_import(library)):
                if not at_home.match(importer):
                    where = lines(graph, importer, library)
                    yield f"{importer} -> {library} (line {where}): {library} stays in {', '.join(sorted(homes))}"
