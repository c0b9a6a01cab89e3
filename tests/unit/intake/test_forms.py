"""Forms taken apart."""

from __future__ import annotations

import time

import pytest

from fakturahub.errors import BadRequest, FakturahubError, TooLarge, UnsupportedMediaType
from fakturahub.intake.forms import Field, boundary_of, read_form
from fakturahub.intake.limits import FORM, MIB

B = "7d1f8b3a-52e1-4b59"


def body(*parts: str, end: str = "\r\n") -> bytes:
    """Each part its headers, an empty line and its content."""
    return "".join(f"--{B}\r\n{part}\r\n" for part in parts).encode() + f"--{B}--{end}".encode()


def named(name: str, content: str = "", more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}'


def test_parts_are_their_bytes() -> None:
    content = "line\r\n--other\r\n\r\n\x00 --" + B + "\r\nå\n"
    form = read_form(body(named("a", content, '; filename="x.xml"'), named("b")), B)
    assert form.fields == (Field("a", "x.xml", content.encode()), Field("b", None, b""))
    assert (form.value("b"), form.value("c"), form.field("c")) == (None, None, None)
    assert form.others(["a"]) == ["b"]


@pytest.mark.parametrize("end", ["\r\n", "", "\r\n\r\n", "\r\nanything behind it"])
def test_what_stands_behind_the_last_delimiter_is_no_part_of_it(end: str) -> None:
    assert read_form(body(named("a", "1"), end=end), B).value("a") == "1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        body(),
        body(named("a", "1"))[:-5],
        body(named("a", "1")).replace(b"\r\n", b"\n"),
        body("Content-Disposition: form-data\r\n\r\n1"),
        body('Content-Disposition: attachment; name="a"\r\n\r\n1'),
        body("\r\n1"),
        body("no header\r\n\r\n1"),
        body(named("a", "1", '"\r\nContent-Length: 2')),
        body(named("a", "1")).replace(b"form-data", b"form-data\xff"),
    ],
)
def test_what_is_no_whole_form(data: bytes) -> None:
    if data == body():  # a form without parts is whole
        assert read_form(data, B).fields == ()
        return
    with pytest.raises(BadRequest, match="no whole form"):
        read_form(data, B)


@pytest.mark.parametrize(
    "data",
    [
        body(*[named("a")] * (FORM.parts + 1)),
        body(named("a", "1", '"; filename="' + "x" * FORM.header)),
        body("\r\n".join(["X: 1"] * FORM.headers) + "\r\n" + named("a")),
    ],
)
def test_what_is_beyond_the_limits(data: bytes) -> None:
    with pytest.raises(TooLarge):
        read_form(data, B)
    assert len(read_form(body(*[named("a")] * FORM.parts), B).fields) == FORM.parts


def test_values() -> None:
    form = read_form(body(named("a", " \ufeffå "), named("b", "x" * 255), named("c", "x" * 256), named("d", "\x7f")), B)
    assert form.value("b") == "x" * 255
    for name in "cd":
        with pytest.raises(BadRequest):
            form.value(name)
    twice = read_form(body(named("a"), named("a")), B)
    with pytest.raises(BadRequest, match="2 parts"):
        twice.value("a")
    with pytest.raises(BadRequest, match="not UTF-8"):
        read_form(body(named("a", "1")).replace(b"\r\n\r\n1", b"\r\n\r\n\xe5"), B).value("a")


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/form-data; boundary="7D1F-a"', "7D1F-a"),
        ("multipart/form-data;boundary=x", "x"),
        ("Multipart/Form-Data; charset=utf-8; Boundary=----WebKitFormBoundaryABC", "----WebKitFormBoundaryABC"),
        ('multipart/form-data; boundary="a b:c"', "a b:c"),
    ],
)
def test_boundaries(content_type: str, boundary: str) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    ("content_type", "error"),
    [
        ("", UnsupportedMediaType),
        ("text/plain; boundary=x", UnsupportedMediaType),
        ("multipart/mixed; boundary=x", UnsupportedMediaType),
        ("multipart/form-data", BadRequest),
        ('multipart/form-data; boundary=" "', BadRequest),
        ('multipart/form-data; boundary="å"', BadRequest),
        ("multipart/form-data; boundary=" + "x" * 71, BadRequest),
        ("multipart/form-data; boundary=x" + ";" * 1024, BadRequest),
    ],
)
def test_content_types_that_are_refused(content_type: str, error: type[FakturahubError]) -> None:
    with pytest.raises(error):
        boundary_of(content_type)


def test_a_large_part_of_almost_delimiters_takes_no_long_time() -> None:
    part = f"\r\n--{B[:-1]}" * (8 * MIB // len(B))
    started = time.perf_counter()
    assert len(read_form(body(named("a", part)), B).fields[0].data) == len(part)
    assert time.perf_counter() - started < 2
