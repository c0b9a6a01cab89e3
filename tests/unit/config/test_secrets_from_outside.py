"""Secrets from the environment and from files; and no fault, whatever it is about, shows one."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub.errors import ProvisioningError
from tests.unit.config.sections import COMPANY, faults_of, read

PASSWORD = "[[user]]\nemail = 'a@b.example'\npassword = {}\n"
PLACE = "line 3: user[a@b.example].password"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_its_last_line_break(tmp_path: Path, ending: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "secret").write_bytes(f"two\nlines \n{ending}".encode())
    provisioning = read(PASSWORD.format("'file:sub/secret'"), folder=tmp_path)
    assert provisioning.operators[0].password.reveal() == ("two\nlines \n" if ending else "two\nlines ")


def test_a_secret_comes_from_an_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    assert read(PASSWORD.format(f"'file:{tmp_path}/secret'")).operators[0].password.reveal() == "s"


def test_a_secret_comes_from_the_environment_as_it_is() -> None:
    assert read(PASSWORD.format("'env:PW'"), env={"PW": " p\n"}).operators[0].password.reveal() == " p\n"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("'env:MISSING'", "the environment variable `MISSING` is not set"),
        ("'env:EMPTY'", "expected text that is not empty"),
        ("'env:not a name'", "expected the name of an environment variable after env:"),
        ("'file:absent'", "the file `absent` cannot be read: No such file or directory"),
        ("'file:.'", "the file `.` cannot be read: Is a directory"),
        ("'file:binary'", "the file `binary` is not text in UTF-8"),
        ("'file:large'", "the file `large` is larger than 65536 bytes"),
        ("'file:newline'", "expected text that is not empty"),
        ('"file:a\\u0000b"', "expected the path of a file after file:"),
        ("''", "expected text that is not empty"),
        ("12", "expected text, env:NAME or file:PATH"),
        ('"a\\u0000b"', "expected text that is not empty"),
    ],
)
def test_a_secret_that_is_not_there(tmp_path: Path, value: str, fault: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    (tmp_path / "newline").write_bytes(b"\n")
    assert faults_of(PASSWORD.format(value), env={"EMPTY": ""}, folder=tmp_path) == [f"{PLACE}: {fault}"]


@pytest.mark.parametrize(
    "text",
    [
        "[mail]\nsender = 'a@b.example'\nurl = 'https://user:s3cr3t@mail.example'",
        "[mail]\nsender = 's3cr3t'\nurl = 'smtp://mail.example'",
        "[mail]\nsender = 'a@b.example'\nurl = 'smtp://u:s3cr3t@host:port'",
        "[hub]\npublic_url = 'https://user:s3cr3t@hub.example'",
        "[hub]\nmaster_key = ['s3cr3t']",
        "[hub]\nmaster_key = ''\npasword = 's3cr3t'",
        f"{COMPANY}[company.apix]\ntransfer_id = 'a b s3cr3t'\ntransfer_key = 's3cr3t'",
        f"{COMPANY}[company.apix]\ntransfer_key = 's3cr3t'\nkey = 's3cr3t'",
        f"{COMPANY}[company.pagero]\nusername = 'u'\npassword = 's3cr3t'\n"
        '[company.pagero.push]\nurl = "http://a.example"\nheaders = { x = "s3cr3t\\n" }',
        "[[user]]\nemail = 'a@b.example'\npassword = 's3cr3t",
        "[[user]]\nemail = 'a@b.example'\npassword = s3cr3t",
        "[[user]]\nemail = 'a@b.example'\npassword = 's3cr3t' 's3cr3t'",
        "[[user]]\nemail = 'a@b.example'\npassword = 's3cr3t'\npassword = 's3cr3t'",
    ],
)
def test_no_fault_shows_a_secret(text: str) -> None:
    with pytest.raises(ProvisioningError) as caught:
        read(text)
    error = caught.value
    assert "s3cr3t" not in str(error) + repr(error) + repr(error.args) + repr(error.faults)
    assert error.__cause__ is None
