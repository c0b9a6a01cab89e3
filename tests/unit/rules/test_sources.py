"""A pack as bytes: which files are read, where reading stops, and which of them are schemas."""

from __future__ import annotations

import io
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fakturahub.errors import PackRefused, TransferUnreadable
from fakturahub.rules import sources
from fakturahub.rules.markup import ELEMENTS, SCOPES

ISO = "http://purl.oclc.org/dsdl/schematron"


def written(body: str = '<pattern><rule context="a"><assert id="x" test="1"/></rule></pattern>') -> bytes:
    return f'<schema xmlns="{ISO}" queryBinding="xslt2">\n{body}</schema>'.encode()


def zipped(path: Path, files: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


FILES = {"main.sch": written('<include href="parts/p.sch"/>'), "parts/p.sch": f'<pattern xmlns="{ISO}"/>'.encode()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pack"
    for name, data in {**FILES, "README.md": b"words", "doc/x.pdf": b"%PDF"}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(data)
    return made


def test_a_file(folder: Path) -> None:
    assert sources.read_pack(folder / "main.sch") == {"main.sch": FILES["main.sch"]}


def test_a_folder(folder: Path) -> None:
    assert sources.read_pack(folder) == FILES


def test_an_archive(tmp_path: Path) -> None:
    assert sources.read_pack(zipped(tmp_path / "x.zip", {**FILES, "LICENSE.txt": b"words"})) == FILES
    below = {f"pack-1.0/{name}": data for name, data in FILES.items()}
    assert sources.read_pack(zipped(tmp_path / "x.zip", below)) == FILES
    assert sources.read_pack(zipped(tmp_path / "named.bin", below)) == FILES


def test_the_hash_is_that_of_names_and_contents(folder: Path, tmp_path: Path) -> None:
    wanted = sources.content_hash(FILES)
    assert len(wanted) == 64
    assert sources.content_hash(dict(reversed(FILES.items()))) == wanted
    assert sources.content_hash(sources.read_pack(folder)) == wanted
    stored = zipped(tmp_path / "s.zip", dict(reversed(FILES.items())), compression=zipfile.ZIP_STORED)
    assert sources.content_hash(sources.read_pack(stored)) == wanted
    assert sources.content_hash({**FILES, "main.sch": FILES["main.sch"] + b"\n"}) != wanted
    assert sources.content_hash({name + "x": data for name, data in FILES.items()}) != wanted
    assert sources.content_hash({"a": b"bc"}) != sources.content_hash({"ab": b"c"})


def _reason(call: Callable[[], object]) -> str:
    with pytest.raises(PackRefused) as refused:
        call()
    return refused.value.reasons[0]


def test_nothing_there(tmp_path: Path) -> None:
    assert _reason(lambda: sources.read_pack(tmp_path / "gone")) == "gone: there is no such file or folder"
    assert "no file in it whose name ends in .sch" in _reason(lambda: sources.read_pack(tmp_path))
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    assert "no ZIP archive, and its name does not end in" in _reason(lambda: sources.read_pack(tmp_path / "x.pdf"))
    empty = zipped(tmp_path / "e.zip", {"a.txt": b""})
    assert "no file in it whose name ends in" in _reason(lambda: sources.read_pack(empty))
    os.mkfifo(tmp_path / "f.sch")
    assert "f.sch" in _reason(lambda: sources.read_pack(tmp_path))
    assert "no such file" in _reason(lambda: sources.read_pack(tmp_path / "f.sch"))


def test_a_link_may_lead_about_in_the_folder_and_not_out(folder: Path, tmp_path: Path) -> None:
    (folder / "again.sch").symlink_to("parts/p.sch")
    assert sources.read_pack(folder)["again.sch"] == FILES["parts/p.sch"]
    (tmp_path / "secret.xml").write_bytes(b"<secret/>")
    (folder / "out.xml").symlink_to(tmp_path / "secret.xml")
    assert _reason(lambda: sources.read_pack(folder)) == "out.xml: it is a link that leads out of the folder"
    (folder / "out.xml").unlink()
    (folder / "doc" / "up").symlink_to(tmp_path)
    assert _reason(lambda: sources.read_pack(folder)) == "up: it is a link that leads out of the folder"
    (folder / "doc" / "up").unlink()
    (folder / "self.sch").symlink_to("self.sch")
    assert "self.sch" in _reason(lambda: sources.read_pack(folder))


def test_names_that_no_rule_has(folder: Path) -> None:
    (folder / "a\\b.sch").write_bytes(b"<a/>")
    assert "characters that no name of a rule file has" in _reason(lambda: sources.read_pack(folder))
    (folder / "a\\b.sch").unlink()
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.sch"))).write_bytes(b"<a/>")
    assert "its name is no Unicode" in _reason(lambda: sources.read_pack(folder))


def test_limits(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "x.zip", FILES)
    with monkeypatch.context() as patch:
        patch.setattr(sources, "ONE", 40)
        assert "has more than 40 bytes" in _reason(lambda: sources.read_pack(folder))
        assert "has more than 40 bytes" in _reason(lambda: sources.read_pack(folder / "main.sch"))
        assert "has more than 40 bytes" in _reason(lambda: sources.read_pack(archive))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "TOTAL", 150)
        assert "its rules have more than 150 bytes" in _reason(lambda: sources.read_pack(folder))
        assert "has more than 150 bytes" in _reason(lambda: sources.read_pack(archive))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "FILES", 1)
        assert "more than 1 files that could be rules" in _reason(lambda: sources.read_pack(folder))
        assert "more than 1 files that could be rules" in _reason(lambda: sources.read_pack(archive))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "ENTRIES", 3)
        assert "more than 3 files and folders" in _reason(lambda: sources.read_pack(folder))


def test_an_archive_that_leads_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TransferUnreadable):
        sources.read_pack(zipped(tmp_path / "x.zip", {"../main.sch": written()}))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    whole = buffer.getvalue()
    chance = random.Random(4)
    path = tmp_path / "x.zip"
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(4, len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged[: chance.choice((len(damaged), chance.randrange(4, len(damaged))))])
        try:
            sources.schemas(sources.read_pack(path))
        except (PackRefused, TransferUnreadable):
            refused += 1
    assert refused > 200


# --- which files are schemas ----------------------------------------------------------------------------------------


def test_main_files_are_those_that_no_other_includes() -> None:
    found = sources.schemas(
        {
            "b/two.sch": written('<pattern><rule context="b"><assert id="y" test="1"/></rule></pattern>'),
            "a/one.sch": FILES["main.sch"],
            "a/parts/p.sch": FILES["parts/p.sch"],
            "unused.sch": f'<pattern xmlns="{ISO}"/>'.encode(),
            "example.xml": b"<Invoice/>",
            "show.xsl": b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
        }
    )
    assert [schema.file for schema in found] == ["a/one.sch", "b/two.sch"]


def test_a_pack_without_a_schema_is_refused() -> None:
    assert "it has no main file" in _reason(lambda: sources.schemas({"a.xml": b"<a/>"}))
    assert "it has no main file" in _reason(lambda: sources.schemas({}))


def test_the_same_rules_in_two_forms_are_refused() -> None:
    reason = _reason(lambda: sources.schemas({"a.sch": written(), "b.sch": written() + b"\n"}))
    assert reason == "a.sch and b.sch hold the same rules; name the one that is meant"


def test_files_that_cannot_be_read_are_all_named() -> None:
    files = {
        "a.sch": b"<a>",
        "b.sch": b"<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>",
        "c.sch": b"",
        "d.sch": b"\xff\xfe\x00",
        "e.sch": b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "f.sch": b"<a>" * 400,
        "g.sch": b"no XML",
    }
    with pytest.raises(PackRefused) as refused:
        sources.schemas(files)
    assert [reason[:5] for reason in refused.value.reasons] == list(files)
    assert refused.value.reasons[0].startswith("a.sch, line 1: The XML is not well-formed")
    assert refused.value.reasons[1].startswith("b.sch, line 1: The document has a DOCTYPE")


# --- hostile packs: refused, and soon -------------------------------------------------------------------------------


def _nested(count: int) -> bytes:
    return written("<pattern><rule context='a'><assert test='1'>" + "<emph>" * count + "x" + "</emph>" * count
                   + "</assert></rule></pattern>")  # fmt: skip


def _laughs() -> bytes:
    values = [f"$p{n + 1:02}x" * 10 for n in range(12)]
    params = "".join(f'<param name="p{n:02}x" value="{value}"/>' for n, value in enumerate(values))
    pattern = '<pattern abstract="true" id="a"><rule context="$p00x"/></pattern>'
    return written(f'{pattern}<pattern is-a="a">{params}</pattern>')


def _many_long() -> bytes:
    rules = '<rule context="$p"/>' * 200
    use = f'<pattern is-a="a"><param name="p" value="{"x" * 500_000}"/></pattern>'
    return written(f'<pattern abstract="true" id="a">{rules}</pattern>{use}')


def _extends() -> bytes:
    rules = "".join(
        f'<rule abstract="true" id="r{n}">' + f'<extends rule="r{n + 1}"/>' * 10 + "</rule>" for n in range(12)
    )
    last = '<rule abstract="true" id="r12"/><rule context="a"><extends rule="r0"/></rule>'
    return written(f"<pattern>{rules}{last}</pattern>")


def _instances() -> bytes:
    rules = '<rule context="a"/>' * 1000
    return written(f'<pattern abstract="true" id="a">{rules}</pattern>' + '<pattern is-a="a"/>' * 1000)


def _scopes() -> bytes:
    outer = " ".join(f'xmlns:n{n}="u"' for n in range(900))
    return written(f"<p {outer}>" + '<p xmlns:m="v"/>' * (SCOPES // 900) + "</p>")


def _parameters() -> bytes:
    rules = '<rule context="$x"/>' * 20_000
    params = "".join(f'<param name="p{n}" value="1"/>' for n in range(20_000))
    return written(f'<pattern abstract="true" id="a">{rules}</pattern><pattern is-a="a">{params}</pattern>')


def _rule(content: str) -> bytes:
    return f'<rule xmlns="{ISO}" context="a">{content}</rule>'.encode()


def _doubling() -> dict[str, bytes]:
    files = {f"r{n}.sch": _rule(f'<include href="r{n + 1}.sch"/>' * 10) for n in range(30)}
    let = f'<let xmlns="{ISO}" name="a" value="1"/>'.encode()
    return {"main.sch": written('<pattern><include href="r0.sch"/></pattern>'), **files, "r30.sch": let}


def _chain() -> dict[str, bytes]:
    files = {f"r{n}.sch": _rule(f'<include href="r{n + 1}.sch"/>') for n in range(400)}
    return {"main.sch": written('<pattern><include href="r0.sch"/></pattern>'), **files}


def _many_includes() -> dict[str, bytes]:
    includes = '<include href="big.sch"/>' * 900
    return {"main.sch": written(f"<pattern>{includes}</pattern>"), "big.sch": _rule('<assert test="1"/>' * 2000)}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"main.sch": _nested(150)}, "nested more than 100 deep", id="depth"),
        pytest.param({"main.sch": _nested(10_000)}, "nested more than", id="great depth"),
        pytest.param({"main.sch": _laughs()}, "make the expressions too long", id="laughs"),
        pytest.param({"main.sch": _many_long()}, "make the expressions too long", id="long expressions"),
        pytest.param({"main.sch": _extends()}, "make the schema too large", id="extends"),
        pytest.param({"main.sch": _instances()}, "make the schema too large", id="instances"),
        pytest.param({"main.sch": written('<include href="p.sch"/>' * 100_000)}, "has more than 100,000", id="10^5"),
        pytest.param(
            {"main.sch": written('<include href="p.sch"/>' * 50_000), "p.sch": FILES["parts/p.sch"]},
            "more than 1,000 files are included",
            id="includes",
        ),
        pytest.param(_doubling(), "more than 1,000 files are included", id="doubling includes"),
        pytest.param(_chain(), "nested more than 100 deep", id="chain of includes"),
        pytest.param(_many_includes(), "more than 100,000 elements with what it includes", id="large includes"),
        pytest.param(
            {f"{n}.xml": b"<a>" + b"<b/>" * 80_000 + b"</a>" for n in range(2)},
            "more than 150,000 elements",
            id="files",
        ),
        pytest.param({"main.sch": _scopes()}, "too many namespaces in scope", id="namespaces"),
        pytest.param({"main.sch": _parameters()}, "too many parameters stand in too many expressions", id="parameters"),
        pytest.param({"main.sch": written("<p/>" * (ELEMENTS + 1))}, "more than 100,000 elements", id="elements"),
        pytest.param({"main.sch": written("<p>" + "<" * 120_000)}, "more than 100,000 elements", id="brackets"),
    ],
)
def test_a_pack_that_would_grow_is_refused_within_a_second(files: dict[str, bytes], said: str) -> None:
    begin = time.process_time()
    with pytest.raises(PackRefused) as refused:
        sources.schemas(files)
    assert time.process_time() - begin < 1
    assert said in refused.value.reasons[0]
    assert len(refused.value.reasons) <= 100


def test_official_packs_damaged_at_random_are_read_or_refused(shared: Path) -> None:
    """Flipped bytes, cut ends and swapped pieces: never another error than a refusal, never long."""
    chance = random.Random(16931)
    whole = sources.read_pack(shared / "rulepacks" / "en16931-1.3.16-source" / "ubl")
    names = sorted(whole)
    refused = 0
    for _ in range(60):
        files = dict(whole)
        name = chance.choice(names)
        data = bytearray(files[name])
        match chance.randrange(4):
            case 0:
                for _ in range(chance.randint(1, 20)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
            case 1:
                del data[chance.randrange(len(data)) :]
            case 2:
                at = chance.randrange(len(data))
                del data[at : at + chance.randint(1, 200)]
            case _:
                del files[name]
        if name in files:
            files[name] = bytes(data)
        begin = time.process_time()
        try:
            sources.schemas(files)
        except PackRefused:
            refused += 1
        assert time.process_time() - begin < 1
    assert refused > 30
