"""A rule pack as its authority publishes it: a file, a folder or a ZIP archive, read whole, and the schemas in it.

Only XML is taken (``.sch``, ``.xsl``, ``.xslt``, ``.xml``); the readme and the licence that are published with the
rules stay where they are. Names are those below the folder, ``/`` between their parts.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from fakturahub.errors import PackRefused
from fakturahub.intake.limits import MIB
from fakturahub.intake.zip import is_zip, open_zip
from fakturahub.rules import schematron, sheet
from fakturahub.rules.markup import XSL, Element, Reasons, parse, tags
from fakturahub.rules.tree import Schema

#: name below the pack's folder -> content
Files: TypeAlias = Mapping[str, bytes]

#: endings of the names that are rules, in small letters
ENDINGS = frozenset({".sch", ".xsl", ".xslt", ".xml"})
#: files of a pack that are read
FILES = 500
#: files and folders that are looked at for them
ENTRIES = 20_000
#: elements of all files that are read; ``markup.ELEMENTS`` is for one
ELEMENTS = 150_000
#: bytes of one file; the largest official one has 2 MB
ONE = 16 * MIB
#: bytes of all of them
TOTAL = 64 * MIB


def read_pack(path: Path) -> Files:
    """The rules in a file, a folder with all that is below it, or a ZIP archive (told by its first bytes).

    A link is followed as long as it stays in the folder. What is at the top of an archive and nothing but a folder is
    left off the names, as unpacking it and naming that folder would.

    Raises ``PackRefused`` where nothing is there, a limit of this module is passed or a link leads out; the family of
    ``TransferUnreadable`` for an archive that ``intake.zip`` refuses.
    """
    try:
        if path.is_dir():
            return _folder(path)
        if not path.is_file():
            raise _refused(path.name, "there is no such file or folder")
        with path.open("rb") as file:
            begin = file.read(4)
            if not is_zip(begin):
                if PurePosixPath(path.name.lower()).suffix not in ENDINGS:
                    raise _refused(path.name, f"it is no ZIP archive, and its name does not end in {_endings()}")
                return {_name(path.name): _bounded(path.name, begin + file.read(ONE))}
            data = begin + file.read(TOTAL)
    except OSError as fault:
        raise _refused(path.name, f"it cannot be read: {fault.strerror or fault}") from None
    if len(data) > TOTAL:
        raise _refused(path.name, f"it has more than {TOTAL:,} bytes")
    return _archive(path.name, data)


def content_hash(files: Files) -> str:
    """SHA-256 over names and contents in hexadecimal digits; the order and the form of the pack are no part of it."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(hashlib.sha256(name.encode()).digest())
        digest.update(hashlib.sha256(files[name]).digest())
    return digest.hexdigest()


def schemas(files: Files) -> tuple[Schema, ...]:
    """The main files, each with all that it includes, in the order of their names.

    A main file has ``schema`` of Schematron as its root and no other file includes it, or it is XSLT that writes SVRL.
    Raises ``PackRefused`` with every reason found; also where there is none, and where two hold the same rules in two
    forms, since every finding would come twice.
    """
    count = sum(map(tags, files.values()))
    if count > ELEMENTS:
        raise PackRefused("The pack", (f"it has more than {ELEMENTS:,} elements: {count:,}",))
    reasons = Reasons("The pack")
    roots: dict[str, Element] = {}
    for name in sorted(files):
        with reasons.kept():
            roots[name] = parse(name, files[name])
    reasons.tell()
    included = {target for root in roots.values() for target in schematron.includes(root, roots)}
    found = []
    for name, root in roots.items():
        with reasons.kept():
            if root.is_a(schematron.NAMESPACE, "schema"):
                if name not in included:
                    found.append(schematron.read(roots, name))
            elif root.namespace == schematron.OLD_NAMESPACE:
                raise schematron.old(root)
            elif root.is_a(XSL, "stylesheet", "transform") and sheet.writes_svrl(root):
                found.append(sheet.read(root))
    reasons.tell()
    whole = [name for name, root in roots.items() if root.is_a(schematron.NAMESPACE, "schema")]
    if not found and whole:
        raise PackRefused("The pack", (f"of the schemas {', '.join(whole)} each is included by another one",))
    if not found:
        raise PackRefused("The pack", ("it has no main file: neither a Schematron schema nor XSLT that writes SVRL",))
    _refuse_twins(found)
    return tuple(found)


def _refuse_twins(found: list[Schema]) -> None:
    seen: dict[frozenset[tuple[str, int]], str] = {}
    for schema in found:
        ids = Counter(check.id for pattern in schema.patterns for rule in pattern.rules for check in rule.checks)
        twin = seen.setdefault(frozenset(ids.items()), schema.file)
        if twin != schema.file:
            what = f"{twin} and {schema.file} hold the same rules; name the one that is meant"
            raise PackRefused("The pack", (what,))


def _folder(path: Path) -> Files:
    inside = path.resolve()
    found: dict[str, bytes] = {}
    entries = total = 0
    for folder, folders, names in os.walk(path):
        folders.sort()
        entries += len(folders) + len(names)
        if entries > ENTRIES:
            raise _refused(path.name, f"it has more than {ENTRIES:,} files and folders")
        for below in folders:
            # a linked folder is not walked into; one that leads out is refused all the same, as a file that does
            _stays(Path(folder, below), inside)
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix.lower() not in ENDINGS:
                continue
            _stays(file, inside)
            if not file.is_file():
                raise _refused(name, "it is no ordinary file")
            with file.open("rb") as opened:
                data = _bounded(name, opened.read(ONE + 1))
            total += len(data)
            _count(path.name, found, total)
            _add(found, _name(file.relative_to(path).as_posix()), data)
    return _some(path.name, found)


def _stays(entry: Path, inside: Path) -> None:
    if not entry.is_symlink():
        return
    try:
        target = entry.resolve()
    except RuntimeError:
        raise _refused(entry.name, "it is a link to itself") from None
    if not target.is_relative_to(inside):
        raise _refused(entry.name, "it is a link that leads out of the folder")


def _archive(name: str, data: bytes) -> Files:
    archive = open_zip(data)
    found: dict[str, bytes] = {}
    total = 0
    for member in archive.members:
        if PurePosixPath(member.path.lower()).suffix not in ENDINGS:
            continue
        if member.size > ONE:
            raise _refused(member.path, f"it has more than {ONE:,} bytes")
        total += member.size
        _count(name, found, total)
        _add(found, _name(member.path), archive.content(member))
    tops = {file.partition("/")[0] for file in found}
    if len(tops) == 1 and all("/" in file for file in found):
        found = {file.partition("/")[2]: content for file, content in found.items()}
    return _some(name, found)


def _name(name: str) -> str:
    """A name as it stands in ``Files``; refused where it is none that an ``include`` could mean."""
    normal = unicodedata.normalize("NFC", name).removeprefix("./")
    try:
        normal.encode()
    except UnicodeEncodeError:
        raise _refused(ascii(name), "its name is no Unicode") from None
    if not normal.isprintable() or "\\" in normal:
        raise _refused(ascii(name), "its name has characters that no name of a rule file has")
    return normal


def _add(found: dict[str, bytes], name: str, data: bytes) -> None:
    if name in found:
        raise _refused(name, "two files have this name")
    found[name] = data


def _count(name: str, found: Files, total: int) -> None:
    if len(found) >= FILES:
        raise _refused(name, f"it has more than {FILES:,} files that could be rules")
    if total > TOTAL:
        raise _refused(name, f"its rules have more than {TOTAL:,} bytes")


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > ONE:
        raise _refused(name, f"it has more than {ONE:,} bytes")
    return data


def _some(name: str, found: Files) -> Files:
    if not found:
        raise _refused(name, f"there is no file in it whose name ends in {_endings()}")
    return found


def _endings() -> str:
    return ", ".join(sorted(ENDINGS))


def _refused(name: str, what: str) -> PackRefused:
    return PackRefused(name, (f"{name}: {what}",))
