"""The shared material's packs as the engine runs them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fakturahub.rules import pack, sources
from tests.rules.packs import FILES


@cache
def packs_of_the_engine(shared: Path, *, optimise: bool = True) -> dict[str, pack.Pack]:
    """Short name -> the pack, compiled from its one file; once in a process."""
    return {name: pack.load(as_cached(shared / file, name, optimise=optimise)) for name, file in FILES.items()}


@cache
def as_cached(path: Path, name: str, *, optimise: bool = True) -> bytes:
    """What lies in the cache for the file or folder at `path`."""
    return pack.compile_pack(sources.schemas(sources.read_pack(path)), name=name, optimise=optimise).as_bytes()
