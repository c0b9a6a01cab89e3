"""Foreign ZIP archives made safe: the only place that opens one.

The archive is read from its central directory (PKWARE APPNOTE 6.3.10, 4.3), in memory, by this module's own reader:
nothing is ever written to a disk, and what is ambiguous is refused instead of guessed.

==========================================  ===========================================================
bombs: sizes that lie, members that share   declared sizes are summed and held against the limits before
their bytes (42.zip, Fifield), a quine      anything is inflated; inflating stops one byte after what was
                                            declared; members may not overlap; an archive inside an
                                            archive is a file like any other until somebody asks
``../``, absolute names, drives, links      refused; what is left of a folder is cut off
two members of one name, in any case        refused: which is meant is open
encrypted, split, compressed otherwise      refused, with the reason
a directory that disagrees with the          refused: two readers would see two archives
headers in front of the members
==========================================  ===========================================================
"""

from __future__ import annotations

import itertools
import struct
import unicodedata
import zlib

import msgspec

from fakturahub.errors import ZipTooLarge, ZipUnreadable, ZipUnsafe
from fakturahub.intake.filenames import FlatNames
from fakturahub.intake.limits import ZIP

__all__ = ["Archive", "Member", "is_zip", "open_zip"]

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCATOR64 = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
_EXTRA = struct.Struct("<HH")

_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_DESCRIPTOR = 1 << 3
_UTF8 = 1 << 11
_STORED, _DEFLATED = 0, 8
_UNIX, _LINK, _TYPE = 3, 0o120000, 0o170000
# What the archivers of other systems add of their own.
_ADDED = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


class Member(msgspec.Struct, frozen=True):
    """One file of an archive. Its content is taken out by ``Archive.content``."""

    #: a flat file name, safe and unique in the archive
    name: str
    #: the name as the archive states it, with its folders, ``/`` between them
    path: str
    #: bytes, unpacked; as declared, and held to when it is unpacked
    size: int
    packed: int
    crc: int
    deflated: bool
    #: where its packed content begins
    at: int


class Archive:
    """An archive whose directory was read and found sound. Members are unpacked one by one, on demand."""

    def __init__(self, data: bytes, members: tuple[Member, ...], unpacked: int) -> None:
        self._data = memoryview(data)
        #: in the order of the directory; folders and what archivers add of their own are left out
        self.members = members
        #: bytes that all members have together, those of archives opened inside and around this one included
        self.unpacked = unpacked

    def __repr__(self) -> str:
        return f"Archive(members={len(self.members)}, unpacked={self.unpacked})"

    def content(self, member: Member) -> bytes:
        """*member* unpacked. Raises ``ZipUnreadable`` where it is damaged or not what the directory says."""
        packed = self._data[member.at : member.at + member.packed]
        if member.deflated:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                content = inflater.decompress(packed, member.size + 1)
            except zlib.error as fault:
                raise ZipUnreadable(f"A member of the ZIP archive is damaged: {fault}.", place=member.path) from None
            if not inflater.eof or inflater.unused_data or len(content) != member.size:
                raise ZipUnreadable(
                    f"A member of the ZIP archive is not of the {member.size:,} bytes that its directory states.",
                    place=member.path,
                )
        else:
            content = bytes(packed)
        if zlib.crc32(content) != member.crc:
            raise ZipUnreadable("A member of the ZIP archive is damaged: its checksum is wrong.", place=member.path)
        return content

    def beginning(self, member: Member, size: int) -> bytes:
        """The first *size* bytes of *member*, unchecked; enough to see what it is."""
        packed = self._data[member.at : member.at + member.packed]
        if not member.deflated:
            return bytes(packed[:size])
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)
        except zlib.error as fault:
            raise ZipUnreadable(f"A member of the ZIP archive is damaged: {fault}.", place=member.path) from None


def is_zip(data: bytes) -> bool:
    """Whether *data* begins like a ZIP archive."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def open_zip(data: bytes, *, inside: Archive | None = None) -> Archive:
    """The directory of the archive *data*, every limit of ``ZIP`` checked; nothing is unpacked yet.

    For an archive that was a member of another, *inside* is that other: all that is opened in it together is held to
    ``ZIP.total``.

    Raises ``ZipUnreadable`` for bytes that are no archive this reads, ``ZipTooLarge`` with the limit, ``ZipUnsafe``
    for names and layouts that are refused.
    """
    if len(data) > ZIP.bytes:
        raise ZipTooLarge(f"The ZIP archive has {len(data):,} bytes; the limit is {ZIP.bytes:,}.")
    if not is_zip(data):
        raise ZipUnreadable("The bytes do not begin like a ZIP archive.")
    count, start, end = _directory(data)
    if count > ZIP.members:
        raise ZipTooLarge(f"The ZIP archive has {count:,} members; the limit is {ZIP.members:,}.")
    total = inside.unpacked if inside is not None else 0
    members: list[Member] = []
    extents: list[tuple[int, int]] = []
    paths: set[str] = set()
    names = FlatNames()
    at = start
    for _ in range(count):
        entry, at = _entry(data, at, end)
        if entry.path.casefold() in paths:
            raise ZipUnsafe("Two members of the ZIP archive have the same name.", place=entry.path)
        paths.add(entry.path.casefold())
        total += entry.size
        _check_size(entry, total)
        begin, content = _local(data, entry, start)
        extents.append((begin, content + entry.packed))
        if not entry.path.endswith("/") and not _is_added(entry.path):
            name = names.of(entry.path)
            members.append(
                Member(name, entry.path, entry.size, entry.packed, entry.crc, entry.method == _DEFLATED, content)
            )
    if at != end:
        raise ZipUnreadable("The directory of the ZIP archive does not have the size that its end states.")
    extents.sort()
    for (_, before), (after, _) in itertools.pairwise(extents):
        if after < before:
            raise ZipUnsafe("Members of the ZIP archive share the same bytes, as a ZIP bomb's do.")
    if inside is not None:
        inside.unpacked = total
    return Archive(data, tuple(members), total)


class _Entry(msgspec.Struct, frozen=True):
    """What the central directory says of a member."""

    path: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


def _directory(data: bytes) -> tuple[int, int, int]:
    """How many members the directory names, and where it begins and ends."""
    at = _end_record(data)
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(data, at)
    end = at
    if _MAX16 in (disk, first_disk, here, count) or _MAX32 in (size, offset):
        found = _zip64_record(data, at)
        if found is not None:
            end = found
            *_, disk, first_disk, here, count, size, offset = _END64.unpack_from(data, end)
    if disk or first_disk or here != count:
        raise ZipUnreadable("The ZIP archive is split over several files.")
    if offset + size != end:
        raise ZipUnreadable("The directory of the ZIP archive is not where its end states; the archive may be cut.")
    return count, offset, end


def _end_record(data: bytes) -> int:
    lowest = max(len(data) - _END.size - _MAX16, 0)
    at = len(data)
    while (at := data.rfind(b"PK\x05\x06", lowest, at)) >= 0:
        # The comment behind the record reaches to the last byte; the same four bytes in a comment are no record.
        if at + _END.size <= len(data) and at + _END.size + _END.unpack_from(data, at)[7] == len(data):
            return at
    raise ZipUnreadable("The ZIP archive has no end; it was cut off, or something was added to it.")


def _zip64_record(data: bytes, end: int) -> int | None:
    """Where the record of large archives is. Streaming writers make one whatever the size."""
    at = end - _LOCATOR64.size
    if at < 0 or data[at : at + 4] != b"PK\x06\x07":
        return None
    _, disk, record, disks = _LOCATOR64.unpack_from(data, at)
    if disk or disks > 1 or record + _END64.size > at or data[record : record + 4] != b"PK\x06\x06":
        raise ZipUnreadable("The ZIP64 records of the archive are damaged.")
    return int(record)


def _entry(data: bytes, at: int, end: int) -> tuple[_Entry, int]:
    if at + _CENTRAL.size > end or data[at : at + 4] != b"PK\x01\x02":
        raise ZipUnreadable("The directory of the ZIP archive is damaged.", place=f"byte {at}")
    (
        _, made_by, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size, disk, _, attributes,
        offset,
    ) = _CENTRAL.unpack_from(data, at)  # fmt: skip
    name_at = at + _CENTRAL.size
    extra_at = name_at + name_size
    following = extra_at + extra_size + comment_size
    if following > end:
        raise ZipUnreadable("The directory of the ZIP archive is damaged.", place=f"byte {at}")
    raw = data[name_at:extra_at]
    path = _path(raw, flags)
    if made_by >> 8 == _UNIX and attributes >> 16 & _TYPE == _LINK:
        raise ZipUnsafe("A member of the ZIP archive is a link.", place=path)
    if flags & _ENCRYPTED:
        raise ZipUnreadable("A member of the ZIP archive is encrypted; the hub has no password for it.", place=path)
    if method not in (_STORED, _DEFLATED):
        raise ZipUnreadable(
            f"A member of the ZIP archive is compressed by method {method}; stored (0) and deflated (8) are read.",
            place=path,
        )
    if _MAX32 in (packed, size, offset):
        size, packed, offset = _large(data[extra_at : extra_at + extra_size], size, packed, offset, path)
    if disk not in (0, _MAX16) or (path.endswith("/") and size):
        raise ZipUnreadable("The directory of the ZIP archive is damaged.", place=path)
    return _Entry(path, raw, flags, method, crc, packed, size, offset), following


def _large(extra: bytes, size: int, packed: int, offset: int, path: str) -> tuple[int, int, int]:
    """The sizes and the offset, those that do not fit taken from the ZIP64 field (4.5.3)."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == 1:
            values = [size, packed, offset]
            field = extra[at : at + length]
            for place, value in enumerate(values):
                if value == _MAX32:
                    values[place] = int.from_bytes(field[:8], "little") if len(field) >= 8 else value
                    field = field[8:]
            return values[0], values[1], values[2]
        at += length
    raise ZipUnreadable("The ZIP64 field of a member is missing.", place=path)


def _path(raw: bytes, flags: int) -> str:
    if len(raw) > ZIP.name:
        raise ZipTooLarge(f"The name of a member has {len(raw):,} bytes; the limit is {ZIP.name:,}.")
    try:
        # Many writers use UTF-8 without saying so; what is no UTF-8 is in the character set of the format (4.4.4).
        path = raw.decode("utf-8")
    except UnicodeDecodeError:
        if flags & _UTF8:
            raise ZipUnsafe("The name of a member of the ZIP archive is not the UTF-8 that it claims to be.") from None
        path = raw.decode("cp437")
    path = unicodedata.normalize("NFC", path).replace("\\", "/")
    parts = path.removesuffix("/").split("/")
    if "" in parts or ".." in parts or "." in parts[1:] or path[1:2] == ":" or not path.isprintable():
        raise ZipUnsafe("A member of the ZIP archive has a name that leads out of it.", place=path[:200])
    return path


def _check_size(entry: _Entry, total: int) -> None:
    if entry.size > ZIP.one:
        raise ZipTooLarge(
            f"A member of the ZIP archive has {entry.size:,} bytes; the limit is {ZIP.one:,}.", place=entry.path
        )
    if total > ZIP.total:
        raise ZipTooLarge(f"The members of the ZIP archive have more than {ZIP.total:,} bytes together.")
    if entry.size > ZIP.ratio_from and entry.size > ZIP.ratio * entry.packed:
        raise ZipTooLarge(
            f"A member of the ZIP archive is more than {ZIP.ratio} times as large as its packed form.", place=entry.path
        )
    if entry.method == _STORED and entry.size != entry.packed:
        raise ZipUnreadable("A stored member of the ZIP archive has two sizes.", place=entry.path)


def _local(data: bytes, entry: _Entry, limit: int) -> tuple[int, int]:
    """Where the member begins, its own header included, and where its content does; the two headers must agree."""
    at = entry.offset
    if at + _LOCAL.size > limit or data[at : at + 4] != b"PK\x03\x04":
        raise ZipUnreadable("A member of the ZIP archive is not where its directory states.", place=entry.path)
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(data, at)
    name_at = at + _LOCAL.size
    content = name_at + name_size + extra_size
    if content + entry.packed > limit:
        raise ZipUnreadable("A member of the ZIP archive is cut off.", place=entry.path)
    agree = data[name_at : name_at + name_size] == entry.raw and method == entry.method
    if not flags & _DESCRIPTOR:
        agree = agree and crc == entry.crc and packed in (entry.packed, _MAX32) and size in (entry.size, _MAX32)
    if not agree or flags & _ENCRYPTED:
        raise ZipUnsafe("The directory of the ZIP archive and the header of a member disagree.", place=entry.path)
    return at, content


def _is_added(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder.partition("/")[0] == "__MACOSX" or name.lower() in _ADDED
