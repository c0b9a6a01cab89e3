"""The master key and what it seals."""

from __future__ import annotations

import base64
import os
import pickle
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.errors import MasterKeyError
from fakturahub.identity.sealing import MasterKey

KEY = MasterKey(bytes(range(32)))
PLACE = "company/virta/apix.transfer_key"


@given(st.text(), st.text(max_size=50))
def test_what_is_sealed_opens_for_its_place(plain: str, context: str) -> None:
    assert KEY.unseal(KEY.seal(plain, context), context) == plain


def test_a_text_sealed_by_an_earlier_version_opens() -> None:
    """What a database holds has to open for ever: this text was sealed when the form ``v1`` was made."""
    sealed = "v1:GDaEu-RZB0NYahuchq7TftgbR9Q-ZbAxJn-dkyDu21ymgHOCAqRQRIJa3WmX1aCLX-kyBRfLb-GRCvpY2aTTLqKOEGk"
    assert KEY.unseal(sealed, PLACE) == "de6b8d40-f81b-4d51-b977-c998510b51bb"


def test_a_sealed_text_tells_nothing() -> None:
    first, second = KEY.seal("s3cr3t", PLACE), KEY.seal("s3cr3t", PLACE)
    assert first != second
    assert first.startswith("v1:")
    assert set(first[3:]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    data = base64.urlsafe_b64decode(first[3:] + "==")
    assert data[:4].hex() == KEY.id
    assert len(data) == 4 + 12 + len("s3cr3t") + 16
    assert b"s3cr3t" not in data


def test_it_does_not_open_for_another_place() -> None:
    with pytest.raises(MasterKeyError, match="was altered or belongs to another place"):
        KEY.unseal(KEY.seal("s3cr3t", PLACE), "company/skog/apix.transfer_key")


def test_it_does_not_open_with_another_key() -> None:
    other = MasterKey.generate()
    with pytest.raises(MasterKeyError, match=f"sealed with the key {KEY.id}, this one is {other.id}"):
        other.unseal(KEY.seal("s3cr3t", PLACE), PLACE)


def test_no_altered_bit_goes_unnoticed() -> None:
    data = bytearray(base64.urlsafe_b64decode(KEY.seal("s3cr3t", PLACE)[3:] + "=="))
    for place in range(len(data)):
        data[place] ^= 1
        altered = "v1:" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        with pytest.raises(MasterKeyError) as caught:
            KEY.unseal(altered, PLACE)
        assert "s3cr3t" not in str(caught.value)
        data[place] ^= 1


@pytest.mark.parametrize("text", ["", "v1:", "v1:!!!!", "v1:AAAA", "v2:" + "A" * 60, "s3cr3t", "v1:" + "å" * 60])
def test_what_was_never_sealed(text: str) -> None:
    with pytest.raises(MasterKeyError, match=f"what is stored for {PLACE} is not a sealed text"):
        KEY.unseal(text, PLACE)


def test_each_purpose_has_its_own_key() -> None:
    """The values are those of HKDF-SHA256 (RFC 5869) computed by hand with HMAC, so they hold for ever."""
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(32), bytes(range(32)), hashlib.sha256)
    assert KEY.derive("sessions") == hmac.digest(extracted, b"fakturahub/sessions\x01", hashlib.sha256)
    assert len({KEY.derive(purpose) for purpose in ("sealing", "id", "fingerprint", "sessions")}) == 4
    assert KEY.fingerprint() == KEY.derive("fingerprint").hex()[:32]
    assert KEY.fingerprint() != MasterKey.generate().fingerprint()


# --- the key as text ------------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32))
def test_hexadecimal_and_base64_are_read(key: bytes) -> None:
    standard, urlsafe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()
    forms = [
        key.hex(),
        key.hex().upper(),
        standard,
        standard.rstrip("="),
        urlsafe,
        urlsafe.rstrip("="),
        f" {standard}\n",
    ]
    assert {MasterKey.from_text(form).fingerprint() for form in forms} == {MasterKey(key).fingerprint()}


@pytest.mark.parametrize(
    "text",
    ["", "s3cr3t", "s3cr3t!" * 6, "zz" * 32, bytes(31).hex(), base64.b64encode(bytes(33)).decode(), "å" * 64, "å" * 44],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(MasterKeyError, match="a master key is") as caught:
        MasterKey.from_text(text)
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_it_shows_itself_to_nothing() -> None:
    shown = repr(KEY) + str(KEY)
    assert KEY.id in shown
    assert bytes(range(32)).hex() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


# --- the key in the data folder -------------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_first_start_makes_it(tmp_path: Path, umask: int) -> None:
    former = os.umask(umask)
    try:
        made = MasterKey.kept_in(tmp_path / "data")
    finally:
        os.umask(former)
    file = tmp_path / "data" / "keys" / "master.key"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]
    assert file.stat().st_nlink == 1
    assert MasterKey.from_text(file.read_text()).fingerprint() == made.fingerprint()
    assert MasterKey.kept_in(tmp_path / "data").fingerprint() == made.fingerprint()
    assert MasterKey.kept_in(tmp_path / "data", create=False).fingerprint() == made.fingerprint()


def test_it_is_not_made_where_it_has_to_be(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="there is no master key in"):
        MasterKey.kept_in(tmp_path, create=False)
    assert not (tmp_path / "keys").exists()
    (tmp_path / "keys").mkdir(mode=0o700)
    with pytest.raises(MasterKeyError, match=r"there is no master key in .*master\.key"):
        MasterKey.kept_in(tmp_path, create=False)


@pytest.mark.parametrize(("path", "open_mode", "advice"), [("keys", 0o750, "700"), ("keys/master.key", 0o604, "600")])
def test_others_must_not_read_it(tmp_path: Path, path: str, open_mode: int, advice: str) -> None:
    MasterKey.kept_in(tmp_path)
    (tmp_path / path).chmod(open_mode)
    with pytest.raises(MasterKeyError, match=f"open to others than its owner .mode {open_mode:04o}.*chmod {advice} "):
        MasterKey.kept_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 44, b"A" * 5_000])
def test_a_file_that_holds_no_key_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    MasterKey.kept_in(tmp_path)
    file = tmp_path / "keys" / "master.key"
    file.write_bytes(content)
    with pytest.raises(MasterKeyError):
        MasterKey.kept_in(tmp_path)
    assert file.read_bytes() == content


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    os.mkfifo(keys / "master.key", 0o600)
    with pytest.raises(MasterKeyError, match="is not a regular file"):
        MasterKey.kept_in(tmp_path)
    (keys / "master.key").unlink()
    (keys / "master.key").mkdir(mode=0o700)
    with pytest.raises(MasterKeyError, match=r"is not a regular file|Is a directory"):
        MasterKey.kept_in(tmp_path)


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(MasterKeyError, match="cannot be used: Not a directory"):
        MasterKey.kept_in(tmp_path / "data")


def fingerprint_in(folder: Path) -> str:
    return MasterKey.kept_in(folder).fingerprint()


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        for round_ in range(5):
            folder = tmp_path / str(round_)
            folder.mkdir()
            assert len(set(pool.map(fingerprint_in, [folder] * 4))) == 1
            assert [path.name for path in (folder / "keys").iterdir()] == ["master.key"]
