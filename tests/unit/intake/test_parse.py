"""Parsing foreign XML: what gets through, and how the rest is refused."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from fakturahub.errors import (
    DoctypeRefused,
    FakturahubError,
    NotWellFormed,
    Overloaded,
    TooDeep,
    TooLarge,
    TooManyParts,
    TransferUnreadable,
    WrongCharset,
)
from fakturahub.intake import xml
from fakturahub.intake.limits import XML
from fakturahub.intake.xml import parse, refuse_internal_subset, sniff


def test_predefined_entities_and_character_references_work() -> None:
    root = parse(b'<a b="&lt;&#228;&amp;&quot;&#10;x">&#228;&#xE4;&lt;&gt;&amp;&apos;</a>')
    assert root.get("b") == '<ä&"\nx'
    assert root.text == "ää<>&'"


def test_a_text_with_comments_in_it_is_one_text() -> None:
    assert parse(b"<a>1<!-- x -->2<?x y?>3<![CDATA[<4>]]></a>").text == "123<4>"
    assert [child.tag for child in parse(b"<!-- --><a><!-- x --><b/><?x?></a><?y?>")] == ["b"]


def test_lines_count_from_the_start_of_the_transfer() -> None:
    root = parse(b'\n\n<?xml version="1.0"?>\n<!-- \n -->\n<a>\n<b/></a>')
    assert root.sourceline == 6
    assert root[0].sourceline == 7
    document = b'<?xml version="1.0"?>\n<!DOCTYPE a\n SYSTEM "a.dtd"\n>\n<a>\n<b/></a>'
    assert parse(document, allow_external_doctype=True)[0].sourceline == 6


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"<a><b>", "line 1, column 7"),
        (b"<a>\n<b></a>", "line 2, column 8"),
        (b"\n\n<?xml version='1.0'?>\n<a>\n  <b></a>", "line 5, column 10"),
        (b"<a/><b/>", "line 1, column 5"),
        (b"<a/>junk", "line 1, column 5"),
        (b"<a/>\x00", "line 1, column 5"),
        (b"<a>\x00</a>", "line 1, column 4"),
        (b"<a>\x01</a>", "line 1, column 4"),
        (b"<a>\x1b[31m</a>", "line 1, column 4"),
        (b"<a>&#0;</a>", "line 1, column 8"),
        (b"<a>&#8;</a>", "line 1, column 8"),
        (b"<a>&#xFFFF;</a>", "line 1, column 12"),
        (b"<a>&nbsp;</a>", "line 1, column 10"),
        (b'<a b="&x;"/>', "line 1, column 10"),
        (b"<a>&amp</a>", "line 1, column 8"),
        (b"<a b='1' b='2'/>", "line 1, column 15"),
        (b"<a><x:b/></a>", "line 1, column 8"),
        (b'<a xmlns:x="u" xmlns:y="u"><b x:c="" y:c=""/></a>', "line 1, column 44"),
        (b"<a>]]></a>", "line 1, column 4"),
        (b"<a><!DOCTYPE a></a>", "line 1, column 5"),
        (b"<1/>", "line 1, column 2"),
        (b"<a/><!DOCTYPE a>", "line 1, column 5"),
        (b'<a><?xml version="1.0"?></a>', "line 1, column 9"),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(data: bytes, place: str) -> None:
    with pytest.raises(NotWellFormed) as refused:
        parse(data)
    assert refused.value.place == place
    assert "column" not in refused.value.reason
    assert refused.value.__cause__ is None


def test_every_cut_of_a_document_is_refused() -> None:
    document = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- å --><a b="å">å<c>x</c><![CDATA[å]]></a>'.encode()
    for length in range(len(document)):
        with pytest.raises(FakturahubError):
            parse(document[:length])
    assert parse(document).get("b") == "å"


# --- document type declarations -------------------------------------------------------------------------------------

DOCTYPES = [
    b"<!DOCTYPE a>",
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b'<!DOCTYPE a PUBLIC "-//x" "http://127.0.0.1/x.dtd">',
    b'<!DOCTYPE a [<!ENTITY x "y">]>',
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>',
    b'<!DOCTYPE a [<!ENTITY l "l"><!ENTITY m "&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;">]>',
    b'<!DOCTYPE a [<!ATTLIST a b CDATA "default">]>',
    b"<!DOCTYPE a [",
    b"<!DOCTYPE",
]


@pytest.mark.parametrize("doctype", DOCTYPES)
@pytest.mark.parametrize("encode", [bytes.decode, None])
def test_every_doctype_is_refused_with_its_line(doctype: bytes, encode: Callable[[bytes], str] | None) -> None:
    document = b'<?xml version="1.0"?>\n<!-- \n --><?x?>' + doctype + b"<a>x</a>"
    if encode is not None:
        document = encode(document).encode("utf-16")
    with pytest.raises(DoctypeRefused) as refused:
        parse(document)
    assert refused.value.place == "line 3"


@pytest.mark.parametrize("doctype", DOCTYPES[:3])
def test_a_bare_one_is_cut_out_where_that_is_allowed(doctype: bytes) -> None:
    root = parse(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + doctype + b"<a>\xe5</a>", allow_external_doctype=True)
    assert root.text == "å"
    assert root.getroottree().docinfo.doctype == ""


@pytest.mark.parametrize("doctype", DOCTYPES[3:])
def test_one_with_declarations_never_is(doctype: bytes) -> None:
    document = doctype + b"<a>x</a>"
    with pytest.raises(DoctypeRefused):
        parse(document, allow_external_doctype=True)
    with pytest.raises(DoctypeRefused):
        refuse_internal_subset(sniff(document))


def test_an_entity_of_a_doctype_that_was_cut_out_is_unknown() -> None:
    with pytest.raises(NotWellFormed, match="not defined"):
        parse(b'<!DOCTYPE a SYSTEM "a.dtd"><a>&x;</a>', allow_external_doctype=True)


def test_a_doctype_that_the_look_missed_would_be_refused_after_all() -> None:
    document = b"<!DOCTYPE a []><a/>"
    blind = mock.Mock(wraps=sniff(b"<a/>"))
    blind.text, blind.begin, blind.doctype, blind.codec = document, 0, None, "utf-8"
    with mock.patch.object(xml, "sniff", return_value=blind), pytest.raises(DoctypeRefused):
        parse(document)


# --- limits ---------------------------------------------------------------------------------------------------------


def test_depth() -> None:
    assert parse(b"<a>" * XML.depth + b"</a>" * XML.depth).tag == "a"
    with pytest.raises(TooDeep, match="256") as refused:
        parse(b"<a>" * (XML.depth + 1) + b"</a>" * (XML.depth + 1))
    assert refused.value.place is not None


def test_a_text_of_ten_million_bytes_has_an_error_of_its_own() -> None:
    fits = b"<a>" + b"x" * XML.text + b"</a>"
    assert len(parse(fits).text or "") == XML.text
    with pytest.raises(TooLarge, match="10,000,000 bytes"):
        parse(fits.replace(b"</a>", b"x</a>"))
    with pytest.raises(TooLarge, match="10,000,000 bytes"):
        parse(b'<a><b c="' + b"x" * (XML.text + 10) + b'"/></a>')


def test_a_name_has_its_limit() -> None:
    with pytest.raises(TooLarge, match="name"):
        parse(b"<a><" + b"b" * 60_000 + b"/></a>")


def test_elements_and_attributes_are_counted() -> None:
    assert len(parse(b"<r>" + b"<a/>" * (XML.parts - 1) + b"</r>")) == XML.parts - 1
    with pytest.raises(TooManyParts, match="1,000,001"):
        parse(b"<r>" + b"<a/>" * XML.parts + b"</r>")


@pytest.mark.parametrize("before", [b"", b'z=">" ', b"z='<' ".replace(b"<", b"&lt;")])
def test_one_element_has_so_many_attributes_and_no_more(before: bytes) -> None:
    attributes = [b'a%d=""' % number for number in range(XML.attributes + 1)]
    padding = b"<p>" + b"x" * XML.small + b"</p>"
    fits = b" ".join(attributes[: XML.attributes - 1])
    assert parse(b"<r>" + padding + b"<b " + before + fits + b"/></r>").tag == "r"
    with pytest.raises(TooManyParts, match="attributes"):
        parse(b"<r>" + padding + b"<b " + before + b" ".join(attributes) + b"/></r>")


def test_a_long_text_full_of_equal_signs_is_no_attack() -> None:
    assert parse(b"<r><n>" + b" a='b' == " * 20_000 + b"</n></r>")[0].text


def test_without_a_thread_the_hub_is_overloaded_and_the_document_not_wrong() -> None:
    with (
        mock.patch.object(ThreadPoolExecutor, "submit", side_effect=RuntimeError("can't start new thread")),
        pytest.raises(Overloaded),
    ):
        parse(b"<r>" + b"x" * XML.small + b"</r>")


def test_errors_of_large_documents_are_the_same() -> None:
    with pytest.raises(NotWellFormed) as refused:
        parse(b"<r>" + b"x" * XML.small + b"\n</q>")
    assert refused.value.place == "line 2, column 5"
    with pytest.raises(WrongCharset):
        parse(b"<r>" + b"x" * XML.small + b"\xe5</r>")


HOSTILE: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: b'<!DOCTYPE a [<!ENTITY l "lol">' + b'<!ENTITY m "&l;&l;">' * 9 + b"]><a>&m;</a>",
    "10,000 deep": lambda: b"<a>" * 10_000 + b"</a>" * 10_000,
    "5,000,000 deep": lambda: b"<a>" * 5_000_000,
    "1,000,000 attributes on the root": lambda: b"<r " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>",
    "900,000 attributes on one element": lambda: (
        b"<r><s " + b" ".join(b'a%d=""' % n for n in range(900_000)) + b"/></r>"
    ),
    "1,600,000 parts": lambda: b"<r>" + b"<s a='' b='' c=''/>" * 400_000 + b"</r>",
    "100 MB of text": lambda: b"<r>" + b"x" * 100_000_000 + b"</r>",
    "49 MB of text": lambda: b"<r>" + b"x" * 49_000_000 + b"</r>",
    "49 MB of one attribute": lambda: b'<r><s a="' + b"x" * 49_000_000 + b'"/></r>',
    "an attribute without end": lambda: b'<r><s a="' + b"= " * 24_000_000,
    "a tag without end": lambda: b"<r " + b"a " * 24_000_000,
    "comments": lambda: b"<r>" + b"<!---->" * 7_000_000 + b"</r>",
    "a DOCTYPE behind 1 MB of comment": lambda: b"<!--" + b"x" * 1_000_000 + b"--><!DOCTYPE a []><a/>",
    "a DOCTYPE behind 1 MB of comments": lambda: b"<!--x-->" * 125_000 + b"<!DOCTYPE a []><a/>",
    "a DOCTYPE in UTF-16": lambda: '<!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode("utf-16"),
    "49 MB of blanks": lambda: b" " * 49_000_000 + b"<r/>",
    "UTF-7": lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a []+AD4-<a/>',
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_an_attack_is_refused_soon(attack: str) -> None:
    """Measured: half a second at most. The bound is generous, a machine may be busy."""
    data = HOSTILE[attack]()
    started = time.process_time()
    with pytest.raises(FakturahubError):
        parse(data)
    assert time.process_time() - started < 5


# Memory is measured in a process of its own, where nothing else has raised its peak.
_PEAKS = """
import resource, sys
from fakturahub.errors import FakturahubError
from fakturahub.intake.xml import parse

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

for _ in range(int(sys.argv[2])):
    data = eval(sys.argv[1])
    before = peak()
    try:
        parse(data)
        print("accepted")
    except FakturahubError as refused:
        print(type(refused).__name__)
    print(len(data) // 2**20, before, peak())
"""


def peaks(attack: str, times: int = 1) -> tuple[set[str], int, list[tuple[int, int]]]:
    """What became of *attack*, an expression; its size; the peak of memory before and after each time; in MiB."""
    command = [sys.executable, "-c", _PEAKS, attack, str(times)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    figures = [[int(figure) for figure in line.split()] for line in lines[1::2]]
    return set(lines[::2]), figures[0][0], [(before, after) for _, before, after in figures]


@pytest.mark.parametrize(
    ("attack", "refused"),
    [
        ("b'<r>' + b'<a/>' * 9_000_000 + b'</r>'", "TooManyParts"),
        ("b'<r><s ' + b' '.join(b'a%d=\"\"' % n for n in range(900_000)) + b'/></r>'", "TooManyParts"),
        ("b'<r>' + b'x' * 100_000_000 + b'</r>'", "TooLarge"),
        ("b'<!DOCTYPE a [' + b'<!ENTITY l \"lol\">' * 1_000_000 + b']><a/>'", "DoctypeRefused"),
        ("b'<a>' * 9_000_000", "TooManyParts"),
    ],
)
def test_what_is_refused_takes_no_memory(attack: str, refused: str) -> None:
    outcome, _, [(before, after)] = peaks(attack)
    assert outcome == {refused}
    assert after - before < 16


def test_the_largest_text_takes_what_a_document_of_its_size_may() -> None:
    outcome, size, [(before, after)] = peaks("b'<r>' + b'x' * 49_000_000 + b'</r>'")
    assert outcome == {"TooLarge"}
    assert after - before < 4 * size


def test_made_up_names_do_not_fill_the_memory_for_good() -> None:
    """The parser's table of names lives as long as its thread; in this one it would grow by 26 MB a document."""
    made_up = "b'<r>' + b''.join(b'<n%d%s/>' % (n + _ * 10**6, b'n' * 60) for n in range(300_000)) + b'</r>'"
    outcome, size, figures = peaks(made_up, times=9)
    assert outcome == {"accepted"}
    assert size >= 19
    # The first few leave holes in the heap that the next ones fill.
    assert figures[-1][1] - figures[2][1] < 40


# --- whatever comes ---------------------------------------------------------------------------------------------------

MARKUP = (
    """<a> </a> <a/> <!DOCTYPE a [ ]> <!-- --> <?xml ?> encoding="utf-16" <![CDATA[ ]]> & &# &lt; ; " ' = < > x 1"""
)
BYTES = (b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xe5", b"\xc3\xa5", b"\n", b" ")
fragments = st.sampled_from((*MARKUP.encode().split(), *BYTES))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(fragments, max_size=20).map(b"".join)))
def test_nothing_but_typed_errors_comes_out(data: bytes) -> None:
    try:
        root = parse(data, allow_external_doctype=True)
    except TransferUnreadable:
        return
    assert isinstance(root, etree._Element)
    assert root.getroottree().docinfo.internalDTD is None


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=50
    )
)
def test_any_text_comes_through(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        root = parse(f"<a><ID>x{escaped}</ID></a>".encode(codec))
        assert root.findtext("ID") == f"x{text}"
        assert sniff(f"<a><ID>x{escaped}</ID></a>".encode(codec)).first_text(b"ID") == f"x{text}".strip()
