"""Settings at rest: what the provisioning file states, with its secrets hashed or sealed, laid over what is stored.

What is stored for a table of the file is that table in JSON, in the file's own names and texts, without defaults:

* a secret that is only compared is an Argon2id hash; one the protocol needs in plain is sealed for its place, the
  context ``company/virta/apix.transfer_key``; the master key is left out;
* applied again, the file changes nothing: a hash that fits the file's password stays, and so does a sealed text that
  opens to the file's value. Comparing a hash costs what checking a password does, about 25 ms each;
* a key that vanished from the file stays and is reported. So do users (known by their e-mail address) and postal
  addresses (known by their type). A list of plain values, and a map whose keys the operator chose such as HTTP
  headers, is one value: it is replaced.

Beside the password's hash of a user may lie what a dialect signs with: see `password_digests`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from fakturahub.config import Application, Company, Entry, Letters, Operator, Secret, Sections
from fakturahub.config.lines import Path
from fakturahub.config.reading import Reader, label
from fakturahub.config.shape import Leaf, Many, Named, Shape, Table, table_of
from fakturahub.errors import InternalFault, MasterKeyError
from fakturahub.identity import password_digests
from fakturahub.identity.passwords import hash_password, verify
from fakturahub.identity.sealing import MasterKey

_Entry = TypeVar("_Entry", bound=Entry)
_Part = TypeVar("_Part", bound=msgspec.Struct)


class Hasher(msgspec.Struct, frozen=True):
    """How passwords are hashed and compared; a test may hand in a quicker one."""

    hash: Callable[[str], str] = hash_password
    verify: Callable[[str, str], bool] = verify


class Protected(msgspec.Struct, frozen=True):
    """What is to be stored, and how it differs from what is stored: the paths of keys, sorted."""

    #: keys in sorted order, so that two are equal when their JSON is
    settings: dict[str, Any]
    #: given a value for the first time, or another one
    changed: tuple[str, ...]
    #: stored, but no longer in the file; they stay
    vanished: tuple[str, ...]


def context_of(entry: Entry) -> str:
    """What the secrets of a table are sealed for: ``company/virta``, ``application/<client id>``, ``mail`` ..."""
    match entry:
        case Company(key=key):
            return f"company/{key}"
        case Application(client_id=client_id):
            return f"application/{client_id}"
        case Operator(email=email):
            return f"user/{email.casefold()}"
        case Letters():
            return "print"
        case _:
            return type(entry).__name__.lower()


def protected(
    entry: Entry, previous: Mapping[str, Any] | None, *, master_key: MasterKey, hasher: Hasher | None = None
) -> Protected:
    """What to store for *entry*, a table of the file, where *previous* is stored for it so far.

    The result's ``settings`` equal *previous* where nothing changed, byte for byte as JSON. It blocks while it hashes.
    """
    context = context_of(entry)
    overlay = _Overlay(master_key, hasher or Hasher(), context)
    bare, digests = password_digests.taken_out(previous)
    settings = overlay.table(_shape_of(entry), entry.stated, bare, ())
    if isinstance(entry, Company):
        made = password_digests.laid_in(settings, entry, digests, master_key=master_key, context=context)
        # one that follows its password is no change of its own
        overlay.changed += [place for place in made if place.removesuffix("_sha256") not in overlay.changed]
    return Protected(settings, tuple(sorted(overlay.changed)), tuple(sorted(overlay.vanished)))


def revealed(
    of: type[_Entry],
    stored: Mapping[str, Any],
    *,
    master_key: MasterKey,
    context: str,
    sections: Mapping[str, Sections] | None = None,
) -> _Entry:
    """The typed settings of what :func:`protected` gave, defaults filled in and sealed secrets open.

    A hashed secret holds its hash. *context* is that of :func:`context_of`; *sections* are the types of the dialects,
    where *of* is Company. Keys that this version does not know are passed over: a newer one may have stored them.

    Raises MasterKeyError where a secret does not open, InternalFault where what is stored does not fit the type.
    """

    shape = table_of(of, {name: section.company for name, section in (sections or {}).items()})
    return cast(_Entry, _revealed(shape, stored, (), master_key, context))


def revealed_part(
    of: type[_Part], stored: Mapping[str, Any], path: Path, *, master_key: MasterKey, context: str
) -> _Part:
    """The typed settings of a table inside the one that *context* is of, by the keys that lead there.

    So ``("pagero", "push")`` and what is stored there for ``company/skog``; raises as `revealed` does.
    """
    return cast(_Part, _revealed(table_of(of), stored, path, master_key, context))


def _revealed(shape: Table, stored: Mapping[str, Any], path: Path, master_key: MasterKey, context: str) -> Any:
    def source(text: str, leaf: Leaf, place: Path) -> str:
        if leaf.kept != "sealed":
            return text
        return master_key.unseal(text, f"{context}/{label(place, reader.identities)}")

    reader = Reader(source, strict=False)
    got = reader.read(shape, dict(stored), path)
    if got is None or reader.faults:
        faults = "; ".join(f"{label(fault.path)}: {fault.text}" for fault in reader.faults)
        raise InternalFault(f"what is stored for {context} does not fit: {faults}")
    return got[0]


def _shape_of(entry: Entry) -> Table:
    sections: Mapping[str, msgspec.Struct] = getattr(entry, "sections", {})
    return table_of(type(entry), {name: type(section) for name, section in sections.items()})


class _Overlay:
    """One table of the file on its way into the store."""

    def __init__(self, master_key: MasterKey, hasher: Hasher, context: str) -> None:
        self._master_key = master_key
        self._hasher = hasher
        self._context = context
        self.changed: list[str] = []
        self.vanished: list[str] = []

    def table(self, shape: Table, stated: Mapping[str, Any], previous: object, path: Path) -> dict[str, Any]:
        known = previous if isinstance(previous, Mapping) else {}
        stored = {}
        for key in sorted(stated.keys() | known.keys()):
            here = (*path, key)
            if key not in stated:
                self.vanished.append(label(here))
                stored[key] = known[key]
            elif not self._withheld(shape.fields[key].shape):
                stored[key] = self._value(shape.fields[key].shape, stated[key], known.get(key), here)
        return stored

    def _withheld(self, shape: Shape) -> bool:
        return isinstance(shape, Leaf) and shape.kept == "withheld"

    def _value(self, shape: Shape, stated: Any, previous: object, path: Path) -> Any:
        if isinstance(shape, Table):
            return self.table(shape, stated, previous, path)
        if isinstance(shape, Many) and shape.keyed_by and isinstance(shape.item, Table):
            return self._keyed(shape.item, shape.keyed_by, stated, previous, path)
        stored = self._whole(shape, stated, previous, path)
        if stored != previous:
            self.changed.append(label(path))
        return stored

    def _keyed(self, item: Table, key: str, stated: list[Any], previous: object, path: Path) -> list[Any]:
        """Tables that are told apart by one of their keys, in the order of that key."""
        field = item.fields[key].shape
        same = field.form.same if isinstance(field, Leaf) else str
        known = {same(one[key]): one for one in previous} if isinstance(previous, list) else {}
        given = {same(one[key]): one for one in stated}
        stored = []
        for name in sorted(known.keys() | given.keys()):
            if name in given:
                stored.append(self.table(item, given[name], known.get(name), (*path, name)))
            else:
                self.vanished.append(label((*path, name)))
                stored.append(known[name])
        return stored

    def _whole(self, shape: Shape, stated: Any, previous: object, path: Path) -> Any:
        """A value that is replaced as a whole; secrets in it stay as they are stored where they are the same."""
        match shape:
            case Named():
                known = previous if isinstance(previous, Mapping) else {}
                return {
                    name: self._whole(shape.item, stated[name], known.get(name), (*path, name))
                    for name in sorted(stated)
                }
            case Many():
                former = previous if isinstance(previous, list) else []
                former = former + [None] * (len(stated) - len(former))
                return [self._whole(shape.item, one, former[place], (*path, place)) for place, one in enumerate(stated)]
            case Table():
                known = previous if isinstance(previous, Mapping) else {}
                return {
                    key: self._whole(shape.fields[key].shape, stated[key], known.get(key), (*path, key))
                    for key in sorted(stated)
                }
            case Leaf():
                return self._secret(shape, stated, previous, path) if isinstance(stated, Secret) else stated

    def _secret(self, leaf: Leaf, secret: Secret, previous: object, path: Path) -> str:
        plain = secret.reveal()
        if leaf.kept == "hashed":
            if isinstance(previous, str) and self._hasher.verify(plain, previous):
                return previous
            return self._hasher.hash(plain)
        context = f"{self._context}/{label(path)}"
        if isinstance(previous, str) and self._opens_to(plain, previous, context):
            return previous
        return self._master_key.seal(plain, context)

    def _opens_to(self, plain: str, sealed: str, context: str) -> bool:
        try:
            return Secret(self._master_key.unseal(sealed, context)) == Secret(plain)
        except MasterKeyError:  # sealed with a former key, or damaged: the file says what it is, so it is sealed anew
            return False
