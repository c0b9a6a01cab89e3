"""A pack's source made into what the engine runs: from the cache where it was compiled before, else by the compiler.

What is kept in the cache is the code and, beside it, what the pack says in its own words, for those who ask what a rule
is and for reports that tell it.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import msgspec

from fakturahub import formats
from fakturahub.errors import FakturahubError, PackRefused, StalePack
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Severity
from fakturahub.rules import engine, sources
from fakturahub.rules import pack as packs
from fakturahub.rules.pack import COMPILER, Pack, compile_pack, load
from fakturahub.rules.tree import Message, Name, Schema, ValueOf
from fakturahub.storage.pack_cache import PackCache
from fakturahub.storage.packs import Compiled

#: raised whenever what is kept beside the code takes another form
_FORM = 1


class Stated(msgspec.Struct, frozen=True, array_like=True):
    """A check as the pack states it."""

    id: str
    is_report: bool
    flag: str | None
    role: str | None
    #: the nodes it is about
    context: str
    test: str
    #: with the expressions of its values in braces
    message: str
    file: str
    line: int


class Contents(msgspec.Struct, frozen=True):
    """What a pack says in its own words."""

    #: prefix -> namespace, as its contexts and tests use them
    namespaces: dict[str, str]
    checks: tuple[Stated, ...]


class _Kept(msgspec.Struct, frozen=True):
    contents: bytes
    #: SHA-256 of ``contents``; the code beside it carries its own
    digest: bytes
    compiled: bytes


class Made(msgspec.Struct, frozen=True):
    """A pack that can be run."""

    pack: Pack
    #: `Contents` in MessagePack: few ever look into it
    contents: bytes
    #: all of this for a cache; executable
    entry: bytes


def digest_of(files: sources.Files) -> str:
    """What a pack is known by: SHA-256 of its source, in hexadecimal digits.

    Of several files their names count, for they include one another by name; one file may be called anything.
    """
    if len(files) == 1:
        return hashlib.sha256(*files.values()).hexdigest()
    return sources.content_hash(files)


def make(files: sources.Files, name: str, kept: PackCache) -> Made:
    """The pack *name* of the source *files*, from the cache or compiled. Raises ``PackRefused`` with every reason."""
    digest = digest_of(files)
    made = remembered(digest, name, kept)
    if made is not None:
        return made
    with kept.alone():
        made = remembered(digest, name, kept)
        if made is None:
            schemas = sources.schemas(files)
            compiled = compile_pack(schemas, name=name).as_bytes()
            contents = msgspec.msgpack.encode(_contents(schemas))
            entry = msgspec.msgpack.encode(_Kept(contents, hashlib.sha256(contents).digest(), compiled))
            made = Made(load(compiled), contents, entry)
            kept.store(key_of(digest, name), entry)
    return made


def remembered(digest: str, name: str, kept: PackCache) -> Made | None:
    """The pack *name* as the cache has it, without its source; None where it is not there."""
    found = kept.load(key_of(digest, name))
    return None if found is None else _opened(found)


def _opened(entry: bytes) -> Made | None:
    try:
        found = msgspec.msgpack.decode(entry, type=_Kept)
        if hashlib.sha256(found.contents).digest() != found.digest:
            return None
        with _uncollected():
            return Made(load(found.compiled), found.contents, entry)
    except (msgspec.MsgspecError, StalePack):
        return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic collector: of tens of milliseconds that a large pack takes to load, half would be its."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# --- what nodes hand to one another ---------------------------------------------------------------------------------


def sealed(made: Made, digest: str, name: str, master_key: MasterKey) -> Compiled:
    """What was made of a pack for nodes that have the same program and the same master key."""
    key = key_of(digest, name)
    return Compiled(key, _seal(key, made.entry, master_key), made.entry)


def unsealed(found: Compiled, master_key: MasterKey, kept: PackCache) -> Made | None:
    """What another node made; None where the seal is not that of the master key: it may be anybody's code."""
    if not hmac.compare_digest(found.seal, _seal(found.key, found.data, master_key)):
        return None
    made = _opened(found.data)
    if made is not None:
        kept.store(found.key, found.data)
    return made


def _seal(key: str, data: bytes, master_key: MasterKey) -> bytes:
    return hmac.digest(master_key.derive("compiled rule packs"), key.encode() + b"\0" + data, "sha256")


def key_of(digest: str, name: str) -> str:
    """Under which a pack lies in a cache: names its source, the compiler and the Python."""
    python = f"{sys.implementation.cache_tag}-{sys.hexversion:x}"
    parts = (digest, name, str(COMPILER), str(_FORM), _program(), python)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def _program() -> str:
    """A hash of the compiler and of what its code calls, for whoever changed them and left ``COMPILER`` as it was."""
    digest = hashlib.sha256()
    top = Path(packs.__file__).parent
    for path in sorted(top.rglob("*.py")):
        digest.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# --- in its own words -----------------------------------------------------------------------------------------------


def _contents(schemas: tuple[Schema, ...]) -> Contents:
    namespaces: dict[str, str] = {}
    for schema in schemas:
        for prefix, uri in schema.namespaces.items():
            namespaces.setdefault(prefix, uri)
    stated = [
        Stated(
            check.id,
            check.is_report,
            check.flag or rule.flag,
            check.role or rule.role,
            _one_line(rule.context),
            _one_line(check.test),
            _template(check.message),
            check.place.file,
            check.place.line,
        )
        for schema in schemas
        for pattern in schema.patterns
        for rule in pattern.rules
        for check in rule.checks
    ]
    return Contents(namespaces, tuple(stated))


def _template(message: Message) -> str:
    parts = []
    for part in message:
        if isinstance(part, ValueOf):
            parts.append(f"{{{part.select}}}")
        elif isinstance(part, Name):
            parts.append(f"{{{part.path or 'name()'}}}")
        else:
            parts.append(part)
    return _one_line("".join(parts))


def _one_line(text: str) -> str:
    return " ".join(text.split())


#: profile -> how ids begin that only rules of it have; asked in this order, for XRechnung repeats rules of Peppol and
#: both stand on EN 16931
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "xrechnung-3": ("BR-DE-",),
    "peppol-bis-3": ("PEPPOL-EN16931-",),
    "en16931": ("BR-CO-", "BR-S-"),
}


def inferred_profile(pack: Pack) -> str | None:
    """Which documents a pack is for, told by the ids of its rules; None where they tell nothing."""
    ids = [check.id for check in pack.checks]
    for profile, beginnings in _FAMILIES.items():
        if all(any(one.startswith(beginning) for one in ids) for beginning in beginnings):
            return profile
    return None


# --- control documents ----------------------------------------------------------------------------------------------


def check_control(pack: Pack, control: bytes | None) -> None:
    """Run the control documents of *pack*: *control*, else an empty root of each type that it addresses.

    Where that passes, as no rule is about the root itself, the elements that contexts name stand in it, as empty. One
    of the two must have a fatal finding. Raises ``PackRefused`` where neither has, which means that the pack does not
    do what it is there for, and where there is none to run.
    """
    documents = [("the control document", (control,))] if control is not None else list(_empty_roots(pack))
    if not documents:
        raise PackRefused(
            f"The rule pack {pack.name}",
            ("its rules do not tell which documents they are for; name one that must fail with --control FILE",),
        )
    for what, forms in documents:
        if not any(_fails(pack, data, what) for data in forms):
            raise PackRefused(
                f"The rule pack {pack.name}",
                (f"{what} must fail and does not: it has no fatal finding; {_advice(control)}",),
            )


def _advice(control: bytes | None) -> str:
    if control is None:
        return "name a document that must fail with --control FILE"
    return "name another document that must fail with --control FILE"


def _fails(pack: Pack, data: bytes, what: str) -> bool:
    try:
        (outcome,) = engine.check(formats.parsed(data, unknown=True).root, [pack])
    except FakturahubError as error:
        raise PackRefused(f"The rule pack {pack.name}", (f"{what} cannot be checked: {error}",)) from error
    # One that cannot be evaluated proves nothing.
    return any(fired.severity is Severity.FATAL and not fired.fault for fired in outcome.fired)


def _empty_roots(pack: Pack) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    for root in pack.roots:
        within: dict[str, Any] = {}
        for chain in pack.chains:
            place = within
            for name in chain[1:] if chain[0] == root else chain:
                place = place.setdefault(name, {})
        yield f"an empty {split_name(root)[1]}", (_element(root, {}), _element(root, within))


def _element(name: str, within: Mapping[str, Any]) -> bytes:
    """An element with nothing but the elements *within* it."""
    namespace, local = split_name(name)
    inner = b"".join(_element(one, below) for one, below in within.items())
    return f"<{local} xmlns={quoteattr(namespace)}>".encode() + inner + f"</{local}>".encode()


def split_name(tag: str) -> tuple[str, str]:
    """Namespace, empty where there is none, and local name of ``{namespace}local``."""
    before, _, local = tag.rpartition("}")
    return before.removeprefix("{"), local
