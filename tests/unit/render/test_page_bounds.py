"""Hostile documents: a page that can be read, or a typed error, within the time and memory that are promised."""

from __future__ import annotations

import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import psutil
import pypdfium2
import pytest

from fakturahub.errors import RenderingFailed
from fakturahub.model.invoice import AllowanceCharge, Invoice, Item, Line, Note, Party, PostalAddress, VatBreakdown
from fakturahub.render.page import pdf
from fakturahub.render.page.characters import LONGEST_WORD, breakable, is_covered, numbered, uncovered
from fakturahub.render.page.typesetting import typeset, typeset_apart
from fakturahub.render.page.work import Work
from fakturahub.render.sheet import MOST_LINES, sheet_of
from tests.unit.render.seen import AT, bare, text_of

MARKUP = '#include "/etc/passwd" #eval("1+1") $x^2$ *b* _i_ `c` <l> @r = h // \\ #set page(width: 1pt) [x] {y}'
HUGE = "A" * 100_000


def count(data: bytes) -> int:
    document = pypdfium2.PdfDocument(data)
    try:
        return len(document)
    finally:
        document.close()


def everywhere(text: str) -> Invoice:
    """An invoice that says *text* wherever a sender may say something."""
    address = PostalAddress(
        line1=text, line2=text, line3=text, city=text, post_code=text, subdivision=text, country="NO"
    )
    party = Party(name=text, trading_name=text, vat_id=text, legal_information=text, address=address)
    item = Item(name=text, description=text, sellers_id=text)
    return Invoice(
        number=text,
        buyer_reference=text,
        order=text,
        payment_terms=text,
        notes=(Note(text=text),),
        seller=party,
        buyer=party,
        lines=(Line(id=text, note=text, item=item, amount=Decimal(1)),),
        allowances=(AllowanceCharge(amount=Decimal(1), reason=text),),
        vat=(VatBreakdown(category="E", exemption_reason=text),),
    )


def test_markup_is_text() -> None:
    text = text_of(pdf(sheet_of(everywhere(MARKUP), language="en"), at=AT))
    assert text.count(bare('#include "/etc/passwd" #eval("1+1")')) > 10
    assert bare("$x^2$ *b* _i_ `c` <l> @r = h // \\ #set page(width: 1pt) [x] {y}") in text
    assert "root:" not in text


def test_names_of_a_hundred_thousand_letters_give_a_few_pages() -> None:
    sheet = sheet_of(everywhere(HUGE), language="en")
    made = pdf(sheet, at=AT)
    assert count(made) <= 12
    assert f"Longtextsareshortened({sheet.shortened})" in text_of(made)


@pytest.mark.parametrize(
    "text", ["\x00\x07\x1b[31m", "\u202eevil\u2066", "\ud83d\udc00", "\ufdd0\U0010ffff", "\u200b" * 50]
)
def test_characters_that_no_page_can_hold_do_no_harm(text: str) -> None:
    shown = text_of(pdf(sheet_of(everywhere(f"before {text} after"), language="en"), at=AT))
    assert "before" in shown
    assert "after" in shown
    assert not set(shown) & set("\x00\x07\x1b\u202e\u2066\ud83d")


def test_no_script_vanishes() -> None:
    """Scripts that the package's fonts have are set; of others the machine's fonts or the character's number."""
    own = "Łódź Ελλάδα Київ שלום Հայ"
    shown = text_of(pdf(sheet_of(everywhere(own), language="en"), at=AT))
    for word in ("Łódź", "Ελλάδα", "Київ", "Հայ"):
        assert word in shown
    assert "שלום" in shown or "םולש" in shown
    foreign = text_of(pdf(sheet_of(everywhere("中文 😀🧿 हिन्दी"), language="en"), at=AT))
    assert "中文" in foreign or "[U+4E2D][U+6587]" in foreign


def test_what_no_font_has_is_shown_as_its_number() -> None:
    data = {"a": ["x中", "plain"], "b": ("é", "\U0001f9ff")}
    assert uncovered(data)
    assert numbered(data) == {"a": ["x[U+4E2D]", "plain"], "b": ["é", "[U+1F9FF]"]}
    assert not uncovered(numbered(data))
    assert is_covered("Ж")
    assert not is_covered("中")


def test_long_words_get_places_to_break_at_and_codes_do_not() -> None:
    word = "x" * (LONGEST_WORD + 1)
    assert breakable([word])[0].replace("\u200b", "") == word
    assert "\u200b" in breakable(word)
    assert breakable("x" * LONGEST_WORD) == "x" * LONGEST_WORD
    assert breakable("a b " * 50) == "a b " * 50


def test_figures_beyond_all_measure_give_a_page() -> None:
    lines = tuple(
        Line(id="i" * 200, quantity=Decimal("1e30"), amount=Decimal(amount), item=Item(name="x"))
        for amount in ("1e999999", "NaN", "-1e-300", "123456789012345678901234567890.12")
    )
    assert count(pdf(sheet_of(Invoice(lines=lines * 60), language="en"), at=AT)) < 60


@pytest.mark.timeout(120)
def test_ten_thousand_lines_are_set_apart_in_bounded_time_and_give_their_memory_back() -> None:
    lines = tuple(
        Line(id=str(place), quantity=Decimal(2), amount=Decimal(1), item=Item(name=f"N{place:05}"))
        for place in range(MOST_LINES)
    )
    before = psutil.Process().memory_info().rss
    started = time.monotonic()
    made = pdf(sheet_of(Invoice(lines=lines, currency="EUR"), language="en"), at=AT)
    assert time.monotonic() - started < 60
    assert psutil.Process().memory_info().rss - before < 150 * 1024**2
    text = text_of(made)
    assert [place for place in range(0, MOST_LINES, 97) if f"N{place:05}" not in text] == []
    assert "N09999" in text


def _work(folder: Path, template: str) -> Work:
    (folder / "page.typ").write_text(f"#set document(title: [x])\n{template}")
    return Work(sheet="{}", setting="{}", at=AT, own_fonts=True)


def test_a_page_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    work = _work(tmp_path, "#for i in range(100000) { for j in range(100000) { let k = i + j } }")
    started = time.monotonic()
    with pytest.raises(RenderingFailed, match="longer than 2 seconds"):
        typeset_apart(tmp_path, work, seconds=2)
    assert time.monotonic() - started < 15
    # another test may have left one that has ended, and whose command is not known any more
    running = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    assert not [one for one in running if str(tmp_path) in " ".join(one.cmdline())]


def test_a_page_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    work = _work(
        tmp_path, "#let a = range(100000).map(str)\n#for i in range(400) { a = a + range(100000).map(str) }\n#a.len()"
    )
    with pytest.raises(RenderingFailed, match="took more than it may"):
        typeset_apart(tmp_path, work, seconds=40, memory=200 * 1024**2)


def test_a_mistake_of_the_template_is_a_typed_error_here_and_apart(tmp_path: Path) -> None:
    work = _work(tmp_path, "#panic(1)")
    for setting in (typeset, typeset_apart):
        with pytest.raises(RenderingFailed, match="typst gave up"):
            setting(tmp_path, work)


def test_nothing_is_read_from_outside_the_folder_or_fetched(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    for template in ('#read("../secret.txt")', '#read("/etc/passwd")', '#import "@preview/cetz:0.3.0"'):
        with pytest.raises(RenderingFailed):
            typeset(tmp_path / "page", _work(tmp_path / "page", template))


def test_the_process_apart_gets_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []
    run = subprocess.run

    def noted(command: list[str], **keywords: object) -> object:
        environment = keywords["env"]
        assert isinstance(environment, dict)
        given.append(environment)
        assert command[0] == sys.executable
        return run(command, **keywords)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", noted)
    monkeypatch.setenv("FAKTURAHUB_MASTER_KEY", "secret")
    assert typeset_apart(tmp_path, _work(tmp_path, "x")).startswith(b"%PDF")
    assert [set(one) for one in given] == [{"PYTHONPATH"}]


def test_a_work_survives_its_way_to_the_other_process() -> None:
    work = Work(sheet='{"a":"é"}', setting="{}", at=AT, own_fonts=False)
    assert msgspec.json.decode(msgspec.json.encode(work), type=Work) == work
