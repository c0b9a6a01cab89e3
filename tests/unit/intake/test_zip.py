"""Archives as real programs write them are opened; whatever is ambiguous, oversized or damaged is refused."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from fakturahub.errors import FakturahubError, TransferUnreadable, ZipTooLarge, ZipUnreadable, ZipUnsafe
from fakturahub.intake.limits import MIB, ZIP
from fakturahub.intake.zip import Archive, is_zip, open_zip

DEFLATED = zipfile.ZIP_DEFLATED


def archive(*members: tuple[str, bytes], method: int = DEFLATED, comment: bytes = b"") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as made:
        made.comment = comment
        for name, content in members:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)  # of two members with one name
                made.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0)), content, method)
    return data.getvalue()


def by_hand(members: list[tuple[bytes, bytes]], *, flags: int = 0, method: int = 0, shared: bool = False) -> bytes:
    """An archive of stored members that no program would write; all at the same place if *shared*."""
    body, directory, at = b"", b"", 0
    for name, content in members:
        crc, size = zlib.crc32(content), len(content)
        if not shared or not body:
            at = len(body)
            body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, flags, method, 0, 0, crc, size, size, len(name), 0)
            body += name + content
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, flags, method, 0, 0, crc, size, size, len(name), 0, 0, 0, 0, 0, at
        )
        directory += name
    count = len(members)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def unpack_often(content: bytes, outer: Archive) -> None:
    for _ in range(100):
        open_zip(content, inside=outer)


def contents(data: bytes) -> dict[str, bytes]:
    opened = open_zip(data)
    return {member.name: opened.content(member) for member in opened.members}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, DEFLATED])
def test_members_come_out_as_they_went_in(method: int) -> None:
    members = {"invoice.xml": b"<Invoice/>" * 100, "image.pdf": b"%PDF-1.7", "empty.txt": b""}
    assert contents(archive(*members.items(), method=method)) == members


def test_real_archives(shared: Path) -> None:
    for name in ("apix_send_invoice_zip_example.zip", "apix_send_print_zip_example.zip"):
        data = (shared / "samples/finvoice" / name).read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as plain:
            assert contents(data) == {one: plain.read(one) for one in plain.namelist()}


def test_a_comment_and_a_directory_record_in_it() -> None:
    comment = b"packed on PK\5\6 the 20th of November"
    assert contents(archive(("a.xml", b"<a/>"), comment=comment)) == {"a.xml": b"<a/>"}


def test_streamed_archives_have_their_sizes_behind_the_members() -> None:
    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", DEFLATED) as made, made.open("a.xml", "w", force_zip64=True) as member:  # type: ignore[call-overload]
        member.write(b"<a/>" * 1000)
    assert contents(stream.data) == {"a.xml": b"<a/>" * 1000}


def test_zip64_records_whatever_the_size() -> None:
    plain = by_hand([(b"a.xml", b"<a/>")])
    end = plain.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<2I", plain, end + 12)
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert contents(plain[:end] + record + locator + last) == {"a.xml": b"<a/>"}
    wrong = struct.pack("<4sIQI", b"PK\6\7", 0, end + 1_000_000_000_000, 1)
    with pytest.raises(ZipUnreadable, match="ZIP64"):
        open_zip(plain[:end] + record + wrong + last)


def test_names_are_flat_and_safe_and_folders_are_left_out() -> None:
    data = archive(
        ("attachments/", b""),
        ("attachments/CON.pdf", b"1"),
        ("attachments/sopimus ä.pdf", b"2"),
        ("other\\sopimus ä.pdf", b"3"),
        ("__MACOSX/._a.pdf", b"4"),
        ("attachments/.DS_Store", b"5"),
    )
    opened = open_zip(data)
    assert [member.name for member in opened.members] == ["_CON.pdf", "sopimus ä.pdf", "sopimus ä-2.pdf"]
    assert [member.path for member in opened.members][2] == "other/sopimus ä.pdf"
    assert [opened.content(member) for member in opened.members] == [b"1", b"2", b"3"]


def test_names_in_the_character_set_of_the_format() -> None:
    assert list(contents(by_hand([("ä.pdf".encode("cp437"), b"1")]))) == ["ä.pdf"]
    assert list(contents(by_hand([("ä.pdf".encode(), b"1")]))) == ["ä.pdf"]
    with pytest.raises(ZipUnsafe, match="UTF-8"):
        open_zip(by_hand([("ä.pdf".encode("cp437"), b"1")], flags=1 << 11))


@pytest.mark.parametrize(
    "name",
    [
        "../a.xml",
        "/etc/passwd",
        "a/../../b.xml",
        "C:/a.xml",
        "c:a.xml",
        "\\\\host\\a.xml",
        "a//b.xml",
        "a\nb.xml",
        "..",
    ],
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(ZipUnsafe, match="leads out"):
        open_zip(by_hand([(name.encode(), b"1")]))


def test_a_name_without_letters_is_refused() -> None:
    for name in (b"", b"\0", b"a\0.xml"):
        with pytest.raises(ZipUnsafe):
            open_zip(by_hand([(name, b"1")]))


@pytest.mark.parametrize(("first", "second"), [("a.xml", "a.xml"), ("INV.xml", "inv.XML"), ("a/b.pdf", "a\\B.pdf")])
def test_one_name_twice_is_refused(first: str, second: str) -> None:
    with pytest.raises(ZipUnsafe, match="same name"):
        open_zip(by_hand([(first.encode(), b"1"), (second.encode(), b"2")]))


@pytest.mark.parametrize("bit", [0, 6, 13])
def test_encrypted_members_are_refused(bit: int) -> None:
    with pytest.raises(ZipUnreadable, match="encrypted"):
        open_zip(by_hand([(b"a.xml", b"1")], flags=1 << bit))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused_by_number(method: int) -> None:
    with pytest.raises(ZipUnreadable, match=f"method {method}"):
        open_zip(archive(("a.xml", b"<a/>"), method=method))


def test_links_are_refused() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        link = zipfile.ZipInfo("a.xml")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    with pytest.raises(ZipUnsafe, match="link"):
        open_zip(data.getvalue())


def test_members_that_share_their_bytes_are_refused() -> None:
    with pytest.raises(ZipUnsafe):
        open_zip(by_hand([(b"a.xml", b"1" * 100)] * 1 + [(b"b.xml", b"1" * 100)], shared=True))
    # The name is one in both headers, so that only the layout tells.
    data = bytearray(by_hand([(b"a.xml", b"1" * 100), (b"a.xmm", b"1" * 100)]))
    inner = data.index(b"PK\3\4", 4)
    second = data.rindex(b"PK\1\2")
    first = data.index(b"PK\1\2")
    # The first member now reaches over the second.
    for at in (first + 20, first + 24, 18, 22):
        struct.pack_into("<I", data, at, 200)
    assert struct.unpack_from("<I", data, second + 42) == (inner,)
    with pytest.raises(ZipUnsafe, match="share"):
        open_zip(bytes(data))


def test_headers_that_disagree_are_refused() -> None:
    data = by_hand([(b"a.xml", b"<a/>")])
    with pytest.raises(ZipUnsafe, match="disagree"):
        open_zip(data.replace(b"a.xml", b"b.xml", 1))
    with pytest.raises(ZipUnsafe, match="disagree"):
        open_zip(data[:6] + b"\1" + data[7:])


def test_a_wrong_checksum_a_lie_about_the_size_and_rubbish() -> None:
    data = bytearray(archive(("a.xml", b"<a>" + bytes(random.Random(1).randbytes(500)) + b"</a>")))
    at = data.index(b"a.xml") + 100
    data[at] ^= 0x55
    opened = open_zip(bytes(data))
    with pytest.raises(ZipUnreadable, match=r"damaged|not of the"):
        opened.content(opened.members[0])
    stored = bytearray(by_hand([(b"a.xml", b"<a/>")]))
    stored[stored.index(b"<a/>")] = 0x20
    opened = open_zip(bytes(stored))
    with pytest.raises(ZipUnreadable, match="checksum"):
        opened.content(opened.members[0])


def _with_size(data: bytes, size: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<I", changed, 22, size)
    struct.pack_into("<I", changed, changed.rindex(b"PK\1\2") + 24, size)
    return bytes(changed)


@pytest.mark.parametrize("size", [0, 10, 999_999])
def test_a_member_of_another_size_than_it_says(size: int) -> None:
    opened = open_zip(_with_size(archive(("a.xml", random.Random(2).randbytes(100_000))), size))
    with pytest.raises(ZipUnreadable, match="not of the"):
        opened.content(opened.members[0])


def test_a_bomb_that_lies_takes_no_memory() -> None:
    data = _with_size(archive(("a.xml", b"\0" * (40 * MIB))), 1000)
    opened = open_zip(data)
    tracemalloc.start()
    try:
        with pytest.raises(ZipUnreadable):
            opened.content(opened.members[0])
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def test_sizes_are_held_against_the_limits_before_anything_is_unpacked() -> None:
    with pytest.raises(ZipTooLarge, match="200 times"):
        open_zip(archive(("a.xml", b"\0" * (2 * MIB))))
    with pytest.raises(ZipTooLarge, match=f"{ZIP.one:,}"):
        open_zip(_with_size(archive(("a.xml", b"1")), ZIP.one + 1))
    large = _with_size(by_hand([(b"a.xml", b"1")]), 1)
    assert contents(large) == {"a.xml": b"1"}
    with pytest.raises(ZipTooLarge, match=f"{ZIP.bytes:,}"):
        open_zip(b"PK\3\4" + b"\0" * ZIP.bytes)


def test_all_members_together_have_a_limit() -> None:
    packed = random.Random(3).randbytes(300_000)
    members = [(b"%d.pdf" % number, packed) for number in range(4)]
    data = bytearray(by_hand(members))
    at = 0
    directory = data.index(b"PK\1\2")
    # Deflated, and so large that the four are over the limit while each is not.
    for _ in members:
        struct.pack_into("<H", data, at + 8, 8)
        struct.pack_into("<I", data, at + 22, 40 * MIB)
        struct.pack_into("<H", data, directory + 10, 8)
        struct.pack_into("<I", data, directory + 24, 40 * MIB)
        at, directory = data.index(b"PK\3\4", at + 4) if at < 900_000 else at, directory + 46 + 5
    with pytest.raises(ZipTooLarge, match="together"):
        open_zip(bytes(data))


def test_too_many_members() -> None:
    data = by_hand([(b"%d" % number, b"") for number in range(ZIP.members + 1)])
    with pytest.raises(ZipTooLarge, match=f"{ZIP.members:,}"):
        open_zip(data)
    assert len(open_zip(by_hand([(b"%d" % number, b"") for number in range(ZIP.members)])).members) == ZIP.members


def test_names_stay_unique_and_soon_however_many_are_alike() -> None:
    long = "x" * 130
    members = [(f"{number}/{long}.pdf".encode(), b"") for number in range(ZIP.members - 2)]
    data = by_hand([*members, (f"a/{long}-2.PDF".encode(), b""), (b"b/.pdf", b"")])
    started = time.process_time()
    names = [member.name for member in open_zip(data).members]
    assert time.process_time() - started < 1
    assert len({name.casefold() for name in names}) == ZIP.members
    assert all(name.endswith((".pdf", ".PDF")) or name == "pdf" for name in names)
    assert names[:3] == [f"{long}.pdf", f"{long}-2.pdf", f"{long}-3.pdf"]


def test_an_archive_in_an_archive_is_a_file_and_counts_with_it_when_opened() -> None:
    inner = archive(("b.pdf", b"2" * 1000))
    outer = open_zip(archive(("a.xml", b"1" * 500), ("c.zip", inner)))
    content = outer.content(outer.members[1])
    assert content == inner
    opened = open_zip(content, inside=outer)
    assert opened.unpacked == outer.unpacked == 500 + len(inner) + 1000


def test_nested_bombs_are_bounded_by_what_is_around_them() -> None:
    body = random.Random(4).randbytes(2 * MIB // 100)
    inner = archive(("b.pdf", body * 100))
    outer = open_zip(archive(("c.zip", inner)))
    content = outer.content(outer.members[0])
    for _ in range(70):
        open_zip(content, inside=outer)
    assert ZIP.total - outer.unpacked < 10 * MIB
    with pytest.raises(ZipTooLarge, match="together"):
        unpack_often(content, outer)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\3\4",
        b"PK\5\6" + b"\0" * 17,
        b"PK\5\6" + b"\xff" * 18,
        b"PK\3\4" + b"\0" * 100,
        b"<?xml version='1.0'?><a/>",
        by_hand([(b"a.xml", b"<a/>")]) + b"added",
        b"before" + by_hand([(b"a.xml", b"<a/>")]),
        by_hand([(b"a.xml", b"<a/>")])[:-1],
    ],
)
def test_what_is_no_archive(data: bytes) -> None:
    with pytest.raises(ZipUnreadable):
        open_zip(data)


def test_an_empty_archive_has_no_members() -> None:
    assert open_zip(b"PK\5\6" + b"\0" * 18).members == ()
    assert is_zip(b"PK\5\6")
    assert not is_zip(b"<a/>")


def test_damaged_archives_are_read_or_refused() -> None:
    chance = random.Random(20261120)
    whole = archive(
        ("invoice.xml", b"<Invoice>" + chance.randbytes(300).hex().encode()), ("sub/a.pdf", chance.randbytes(200))
    )
    refused = 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(4, len(data))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        cut = bytes(data[: chance.randrange(len(data))]) if chance.random() < 0.2 else bytes(data)
        started = time.process_time()
        try:
            contents(cut)
        except TransferUnreadable:
            refused += 1
        assert time.process_time() - started < 1
    assert refused > 1500


def test_no_member_is_in_a_message_or_a_repr() -> None:
    data = archive(("a.xml", b"secret content"))
    assert "secret" not in repr(open_zip(data))
    with pytest.raises(FakturahubError) as refused:
        open_zip(data + b"secret")
    assert "secret" not in str(refused.value)
