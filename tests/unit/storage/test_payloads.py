"""Payloads in rows and in stores: what was put comes back or is an error, and is on the disk when put returns."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import LocalStore, MemoryStore

from fakturahub.errors import InternalFault, OperatorError, PayloadCorrupt, PayloadStoreUnavailable
from fakturahub.storage.payloads import INLINE_LIMIT, PayloadStore, decode_inline, encode_inline


def path_of(folder: Path, digest: bytes) -> Path:
    name = digest.hex()
    return folder / name[:2] / name[2:4] / name


@given(st.binary(max_size=2000))
def test_inline_there_and_back(data: bytes) -> None:
    encoding, payload = encode_inline(data)
    assert decode_inline(encoding, payload) == data
    assert len(payload) <= len(data)
    assert encoding == ("zlib" if len(payload) < len(data) else "identity")


def test_inline_takes_just_the_limit() -> None:
    assert decode_inline(*encode_inline(b"x" * INLINE_LIMIT)) == b"x" * INLINE_LIMIT
    with pytest.raises(InternalFault):
        encode_inline(b"x" * (INLINE_LIMIT + 1))


@pytest.mark.parametrize(
    ("encoding", "payload"),
    [
        ("zlib", b""),
        ("zlib", b"no zlib"),
        ("zlib", zlib.compress(b"truncated")[:-1]),
        ("zlib", zlib.compress(b"and more") + b"!"),
        ("zlib", zlib.compress(b"\0" * (INLINE_LIMIT + 1))),
        ("store", b""),
        ("gzip", b"x"),
    ],
)
def test_damaged_rows_are_said_to_be(encoding: str, payload: bytes) -> None:
    with pytest.raises(PayloadCorrupt):
        decode_inline(encoding, payload)


@pytest.mark.parametrize("kind", ["folder", "memory"])
@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT + 1, 7_000_000])
async def test_put_and_get(tmp_path: Path, kind: str, size: int) -> None:
    store = PayloadStore.open(tmp_path) if kind == "folder" else PayloadStore(MemoryStore())
    data = os.urandom(size)
    digest = await store.put(data)
    assert digest == hashlib.sha256(data).digest()
    assert await store.put(data) == digest
    assert await store.get(digest) == data
    await store.check()


async def test_in_a_folder_only_the_hub_reads(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = PayloadStore.open(str(tmp_path / "payloads"))
        path = path_of(tmp_path / "payloads", await store.put(b"data"))
        await store.check()
    finally:
        os.umask(old)
    files = [one for one in (tmp_path / "payloads").rglob("*") if one.is_file()]
    assert files == [path]
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (tmp_path / "payloads", path.parent, path.parent.parent):
        assert folder.stat().st_mode & 0o777 == 0o700


async def test_a_payload_is_on_the_disk_when_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's bytes before its name, the name before the answer, and the names of new folders before both."""
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append(f"sync {Path(f'/dev/fd/{descriptor}').resolve().relative_to(tmp_path)}")
        sync(descriptor)

    def replaced(self: Path, target: Path) -> Path:
        done.append(f"name {target.relative_to(tmp_path)}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    store = PayloadStore.open(tmp_path)
    path = path_of(tmp_path, await store.put(b"data")).relative_to(tmp_path)
    temporary = done.pop(2)
    assert temporary.startswith("sync incoming/")
    assert done == ["sync .", f"sync {path.parent.parent}", f"name {path}", f"sync {path.parent}"]
    done.clear()
    # Another process may have put the same bytes and not have come to its own sync.
    await store.put(b"data")
    assert done == [f"sync {path}", f"sync {path.parent}"]


async def test_a_disk_that_fails_to_sync_fails_the_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PayloadStore.open(tmp_path)

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(PayloadStoreUnavailable, match="Input/output error"):
        await store.put(b"data")


@pytest.mark.parametrize("damage", [b"", b"dat", b"dato", b"data and more"])
async def test_damage_is_found_and_mended_by_the_next_put(tmp_path: Path, damage: bytes) -> None:
    store = PayloadStore.open(tmp_path)
    digest = await store.put(b"data")
    path_of(tmp_path, digest).write_bytes(damage)
    with pytest.raises(PayloadCorrupt, match=digest.hex()):
        await store.get(digest)
    await store.put(b"data")
    assert await store.get(digest) == b"data"


async def test_what_is_missing_is_corrupt_and_a_missing_folder_unavailable(tmp_path: Path) -> None:
    store = PayloadStore.open(tmp_path / "payloads")
    with pytest.raises(PayloadCorrupt, match="is not in the store"):
        await store.get(b"\0" * 32)
    (tmp_path / "payloads").rmdir()
    with pytest.raises(PayloadStoreUnavailable, match="mounted"):
        await store.get(b"\0" * 32)


@pytest.mark.parametrize(
    "key", ["../../../etc/passwd", b"../../../etc/passwd", b"", b"a" * 31, b"a" * 33, "a" * 64, None]
)
async def test_hostile_keys_reach_nothing(tmp_path: Path, key: bytes) -> None:
    store = PayloadStore.open(tmp_path / "payloads")
    (tmp_path / "secret").write_bytes(b"secret")
    with pytest.raises(InternalFault, match="no SHA-256"):
        await store.get(key)


async def test_bytes_that_look_like_paths_stay_inside(tmp_path: Path) -> None:
    store = PayloadStore.open(tmp_path / "payloads")
    digest = b"../../..//etc/passwd\0\0/.." + b"/" * 7
    with pytest.raises(PayloadCorrupt):
        await store.get(digest)


@pytest.mark.parametrize("url", ["memory:///", "bogus://bucket", "s3://", "://", "https://"])
def test_urls_that_name_no_lasting_store_are_refused(url: str) -> None:
    with pytest.raises(OperatorError):
        PayloadStore.open(url)


def test_a_refused_url_is_not_repeated() -> None:
    with pytest.raises(OperatorError) as refusal:
        PayloadStore.open("bogus://key:very-secret@bucket")
    assert "very-secret" not in str(refusal.value)


async def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    store = PayloadStore.open((tmp_path / "with space").as_uri())
    digest = await store.put(b"data")
    assert path_of(tmp_path / "with space", digest).read_bytes() == b"data"


async def test_a_remote_store_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_REGION": "eu-north-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("fakturahub.storage.payloads._RETRIES", {"max_retries": 0})
    store = PayloadStore.open("s3://bucket/prefix")
    for attempt in (store.put(b"data"), store.get(b"\0" * 32), store.check()):
        with pytest.raises(PayloadStoreUnavailable) as failure:
            await attempt
        assert "very-secret" not in str(failure.value)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PayloadStoreUnavailable):
        PayloadStore.open(tmp_path / "file" / "payloads")


async def test_check_finds_a_store_that_loses_bytes() -> None:
    class Loses(MemoryStore):
        async def get_async(self, path, *, options=None):  # type: ignore[no-untyped-def]
            await self.put_async(path, b"other")
            return await super().get_async(path)

    with pytest.raises(PayloadStoreUnavailable, match="other bytes"):
        await PayloadStore(Loses()).check()


async def test_it_reads_what_the_library_wrote(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"data").digest()
    LocalStore(tmp_path).put(str(path_of(Path(), digest)), b"data")
    assert await PayloadStore.open(tmp_path).get(digest) == b"data"
