"""File names from outside."""

from __future__ import annotations

import unicodedata
from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakturahub.intake.filenames import MIME, UNKNOWN_TYPE, extension_of, safe_member_name, type_of
from fakturahub.intake.limits import TEXT


@pytest.mark.parametrize(
    ("stated", "safe"),
    [
        ("lasku.pdf", "lasku.pdf"),
        ("Följesedel 4410.pdf", "Följesedel 4410.pdf"),
        ("Fo\u0308ljesedel.pdf", "F\u00f6ljesedel.pdf"),
        ("счёт.pdf", "счёт.pdf"),
        ("請求書.pdf", "請求書.pdf"),
        ("archive.tar.gz", "archive.tar.gz"),
        ("noextension", "noextension"),
        # folders
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\Temp\\a.pdf", "a.pdf"),
        ("C:a.pdf", "C_a.pdf"),
        ("/a.pdf", "a.pdf"),
        ("a/b/", "b"),
        ("..", "attachment"),
        ("", "attachment"),
        ("///", "attachment"),
        (" . ", "attachment"),
        # controls and marks that are not seen
        ("a\x00.pdf", "a.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb.pdf", "ab.pdf"),
        ("a\u00a0b.pdf", "a b.pdf"),
        ("a\ud800.pdf", "a.pdf"),
        # what systems and shells trip over
        ('a<b>c:"d|e?f*.pdf', "a_b_c__d_e_f_.pdf"),
        ("-rf.pdf", "rf.pdf"),
        (".htaccess", "htaccess"),
        ("a.pdf.", "a.pdf"),
        ("a.pdf ...", "a.pdf"),
        ("a .pdf", "a.pdf"),
        # devices
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("lpt¹.pdf", "_lpt¹.pdf"),
        ("console.txt", "console.txt"),
    ],
)
def test_table(stated: str, safe: str) -> None:
    assert safe_member_name(stated, set()) == safe


def test_names_differ_whatever_the_case_and_the_form() -> None:
    taken = {"Invoice.XML"}
    assert safe_member_name("invoice.xml", taken) == "invoice-2.xml"
    assert safe_member_name("INVOICE.xml", taken) == "INVOICE-3.xml"
    assert safe_member_name("invoice-2.xml", taken) == "invoice-2-2.xml"
    assert safe_member_name("så.pdf", taken) == "så.pdf"
    assert safe_member_name("sa\u030a.pdf", taken) == "så-2.pdf"
    assert len(taken) == 6


def test_a_long_name_is_cut_and_keeps_its_extension() -> None:
    taken: set[str] = set()
    for _ in range(12):
        name = safe_member_name("å" * 1000 + ".pdf", taken)
        assert len(name.encode()) <= TEXT.file_name
        assert name.endswith(".pdf")
        assert name.startswith("åååå")
    assert len(taken) == 12


def test_what_is_no_extension_is_not_kept_as_one() -> None:
    name = safe_member_name("see page 2. " + "x" * 500, set())
    assert len(name.encode()) <= TEXT.file_name


@given(st.lists(st.text(max_size=300), min_size=1, max_size=8))
def test_whatever_comes_the_names_are_flat_short_and_different(stated: list[str]) -> None:
    taken: set[str] = set()
    for name in stated:
        safe = safe_member_name(name, taken)
        assert safe
        assert len(safe.encode("utf-8")) <= TEXT.file_name
        assert safe == unicodedata.normalize("NFC", safe)
        assert not set(safe) & set('<>:"|?*/\\')
        assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in safe)
        assert safe[0] not in " .-"
        assert safe[-1] not in " ."
        assert not PureWindowsPath(safe).is_reserved()
    assert len({name.casefold() for name in taken}) == len(stated)


@given(st.text(max_size=300))
def test_a_safe_name_stays_as_it_is(stated: str) -> None:
    once = safe_member_name(stated, set())
    assert safe_member_name(once, set()) == once


@pytest.mark.parametrize(
    ("mime", "extension"),
    [
        ("application/pdf", ".pdf"),
        ("image/jpeg", ".jpg"),
        ("IMAGE/TIFF", ".tif"),
        ("image/jpg", ".jpg"),
        ("text/xml", ".xml"),
        ("text/txt", ".txt"),
        ("application/x-msdownload", ".bin"),
        ("", ".bin"),
    ],
)
def test_the_extension_of_a_type(mime: str, extension: str) -> None:
    assert extension_of(mime) == extension


def test_the_type_of_a_name() -> None:
    assert type_of("a.PDF") == "application/pdf"
    assert type_of("a.b") == type_of("pdf.") == UNKNOWN_TYPE
    assert all(type_of(f"a{extension_of(mime)}") == mime for mime in MIME.values())
