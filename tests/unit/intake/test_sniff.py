"""The look at the first bytes of a document."""

from __future__ import annotations

import codecs

import pytest

from fakturahub.errors import EmptyBody, NotWellFormed, NotXml, TooLarge, TooManyParts, UnknownCharset, WrongCharset
from fakturahub.intake.limits import XML
from fakturahub.intake.xml import parse, sniff

ROOTS = [
    (b"<Finvoice/>", "Finvoice", None),
    (b"<Finvoice Version='3.0'>", "Finvoice", None),
    (b'<Invoice xmlns="urn:x">', "Invoice", "urn:x"),
    (b"<Invoice\n  xmlns = 'urn:x'\t>", "Invoice", "urn:x"),
    (b'<inv:Invoice xmlns="urn:other" xmlns:inv="urn:x"/>', "Invoice", "urn:x"),
    (b'<inv:Invoice xmlns:cac="urn:y" xmlns:inv="urn:x" a="b">', "Invoice", "urn:x"),
    (b'<Invoice xmlns:inv="urn:x">', "Invoice", None),
    (b'<Invoice xmlns="">', "Invoice", None),
    (b'<Invoice xmlns="urn:a&amp;b&#x2F;&#47;">', "Invoice", "urn:a&b//"),
    # a value that holds what looks like a declaration, and a '>'
    (b"""<Invoice a=' xmlns="urn:evil" > ' xmlns="urn:x">""", "Invoice", "urn:x"),
    (b"""<Invoice xmlns='urn:x' a='xmlns="urn:evil"'>""", "Invoice", "urn:x"),
    ("<Lähetys xmlns='urn:x'>".encode(), "Lähetys", "urn:x"),
]


@pytest.mark.parametrize(("document", "root", "namespace"), ROOTS)
def test_the_root_element_is_named(document: bytes, root: str, namespace: str | None) -> None:
    found = sniff(document)
    assert (found.root, found.namespace) == (root, namespace)
    assert found.text[found.body - 1 : found.body] == b">"


@pytest.mark.parametrize(("document", "root", "namespace"), ROOTS)
def test_the_look_and_the_parser_agree(document: bytes, root: str, namespace: str | None) -> None:
    if not document.endswith(b"/>"):
        name = document[1:].split(None, 1)[0].rstrip(b">")
        document += b"</" + name + b">"
    assert parse(document).tag == (f"{{{namespace}}}{root}" if namespace else root)


@pytest.mark.parametrize(
    "prolog",
    [
        b'<?xml version="1.0"?>',
        b"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n",
        b"<!-- <Order> --><!-- a - b -->\n",
        b'<?xml-stylesheet href="a.xsl" type="text/xsl"?>\n<?x <Order>?>',
        b"\n\r\n  \t",
        b'\n<?xml version="1.0"?>',
        b"<!-- <!DOCTYPE x [ --><?y <!DOCTYPE x []> ?>",
    ],
)
def test_a_prolog_is_passed_over(prolog: bytes) -> None:
    found = sniff(prolog + b"<Invoice><ID>1</ID></Invoice>")
    assert found.root == "Invoice"
    assert found.doctype is None
    assert found.first_text(b"ID") == "1"
    assert parse(found).findtext("ID") == "1"


@pytest.mark.parametrize(
    ("doctype", "internal"),
    [
        (b"<!DOCTYPE Finvoice>", False),
        (b'<!DOCTYPE Finvoice SYSTEM "Finvoice.dtd">', False),
        (b"<!DOCTYPE\n Finvoice\n PUBLIC '-//x' \"http://x/y>z\"  >", False),
        (b"<!DOCTYPE Finvoice []>", True),
        (b'<!DOCTYPE Finvoice SYSTEM "Finvoice.dtd" [<!ENTITY a "b">]>', True),
        (b'<!DOCTYPE Finvoice [<!ENTITY a "]>"> %b; ]>', True),
        (b"<!DOCTYPE Finvoice SYSTEM>", True),  # malformed: taken for the worse
        (b"<!DOCTYPE Finvoice ", True),
    ],
)
def test_a_doctype_is_seen(doctype: bytes, internal: bool) -> None:
    found = sniff(b'<?xml version="1.0"?>\n<!-- x -->' + doctype + b"\n<Finvoice/>")
    assert found.doctype is not None
    assert found.doctype.internal_subset is internal
    assert found.doctype.start == 32
    assert found.root == ("" if internal else "Finvoice")


def test_a_second_doctype_is_malformed() -> None:
    with pytest.raises(NotWellFormed, match="second DOCTYPE"):
        sniff(b"<!DOCTYPE a><!DOCTYPE b><a/>")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b'{"invoice": 1}', "JSON"),
        (b"  \n[1]", "JSON"),
        (b'--x\r\nContent-Disposition: form-data; name="f"', "multipart"),
        (b"<html><body>502</body></html>", "HTML"),
        (b"<!DOCTYPE html>\n<html>", "HTML"),
        (b"<!doctype HTML>\n<html>", "HTML"),
        (b"PD94bWwgdmVyc2lvbj0iMS4wIj8+", "base64"),
        (b"%3C%3Fxml", "percent-encoded"),
        (b"&lt;Invoice&gt;", "escaped"),
        (b"UNA:+.? '", "EDIFACT"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"+ADw-a/+AD4-", "0x2B"),  # UTF-7
        (b"\x00\x01\x02", "0x00"),
        (b"BS0020060752", "0x42"),
    ],
)
def test_what_is_no_xml_is_called_by_its_name(data: bytes, what: str) -> None:
    with pytest.raises(NotXml, match=what):
        sniff(data)


def test_the_message_shows_nothing_of_a_form_with_a_password() -> None:
    with pytest.raises(NotXml) as refused:
        sniff(b"password=hemlig&user=x")
    assert "pass" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [b"", b" ", b"\r\n\t \n", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\n", codecs.BOM_UTF16_LE]
)
def test_an_empty_body_is_called_empty(data: bytes) -> None:
    with pytest.raises(EmptyBody):
        sniff(data)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"<?xml version='1.0'", "line 1, column 6"),
        (b"<?xml version='1.0'?>", "line 1, column 22"),
        (b"<!-- no end", "line 1, column 5"),
        (b"<?pi no end", "line 1, column 3"),
        (b"\n\n<!-- x -->\n x<Invoice/>", "line 4, column 2"),
        (b"< Invoice/>", "line 1, column 1"),
        (b"<Invoice", "line 1, column 1"),
        (b"<Invoice xmlns='urn:x'", "line 1, column 1"),
        (b"<Invoice xmlns=urn:x>", "line 1, column 1"),
        (b"<Invoice a='<'>", "line 1, column 1"),
        (b"<Invoice xmlns='urn:x\n", "line 1, column 1"),
    ],
)
def test_a_malformed_start_names_its_place(data: bytes, place: str) -> None:
    with pytest.raises(NotWellFormed) as refused:
        sniff(data)
    assert refused.value.place == place


# --- character sets -------------------------------------------------------------------------------------------------

TEXT = "<a>Såg € äö</a>"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16le"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16le"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16be"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32le"),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "utf-32be"),
        (TEXT.encode("utf-16-le"), "utf-16le"),
        (TEXT.encode("utf-16-be"), "utf-16be"),
        (TEXT.encode("utf-32-le"), "utf-32le"),
        (TEXT.encode("utf-32-be"), "utf-32be"),
        (f"<?xml version='1.0' encoding='ISO-8859-15'?>{TEXT}".encode("iso-8859-15"), "iso-8859-15"),
        (f"<?xml version='1.0' encoding='iso8859-15'?>{TEXT}".encode("iso-8859-15"), "iso-8859-15"),
        (f'<?xml version="1.0" encoding = "windows-1252"?>{TEXT}'.encode("cp1252"), "windows-1252"),
        (f'<?xml version="1.0" encoding="CP1252"?>{TEXT}'.encode("cp1252"), "windows-1252"),
        (f'<?xml version="1.0" encoding="utf8"?>{TEXT}'.encode(), "utf-8"),
        (f'<?xml version="1.0" encoding="UTF-16"?>{TEXT}'.encode("utf-16"), "utf-16le"),
        # the mark wins over the declaration, whatever that says
        (f'<?xml version="1.0" encoding="UTF-8"?>{TEXT}'.encode("utf-16"), "utf-16le"),
        (codecs.BOM_UTF8 + f'<?xml version="1.0" encoding="ISO-8859-1"?>{TEXT}'.encode(), "utf-8"),
        (codecs.BOM_UTF8 + f'<?xml version="1.0" encoding="klingon"?>{TEXT}'.encode(), "utf-8"),
        # seen in the wild: a .NET string written to a UTF-8 file
        (f'<?xml version="1.0" encoding="utf-16"?>{TEXT}'.encode(), "utf-8"),
        (b"\r\n" + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + b"\r\n" + TEXT.encode(), "utf-8"),
    ],
)
def test_character_sets(data: bytes, charset: str) -> None:
    found = sniff(data)
    assert found.charset == charset
    assert found.root == "a"
    assert parse(found).text == "Såg € äö"
    assert parse(data).text == "Såg € äö"


@pytest.mark.parametrize("part", [part for part in range(1, 17) if part != 12])
def test_every_part_of_iso_8859_is_read(part: int) -> None:
    declared = f'<?xml version="1.0" encoding="ISO-8859-{part}"?><a>x</a>'
    assert sniff(declared.encode()).charset == f"iso-8859-{part}"
    assert parse(declared.encode()).text == "x"


@pytest.mark.parametrize(
    "label", ["UTF-7", "EBCDIC-CP-FI", "ISO-8859-12", "Shift_JIS", "GB18030", "ISO-2022-JP", "HZ", "x"]
)
def test_other_character_sets_are_named_and_refused(label: str) -> None:
    with pytest.raises(UnknownCharset, match=label):
        sniff(f'<?xml version="1.0" encoding="{label}"?><a/>'.encode())


@pytest.mark.parametrize(
    ("data", "byte", "both"),
    [
        ("<a>\nSåg</a>".encode("latin-1"), 5, ("UTF-8", "ISO-8859-1")),
        (codecs.BOM_UTF8 + "<a>\nSåg</a>".encode("latin-1"), 8, ("UTF-8", "ISO-8859-1")),
        ("<a>5 €</a>".encode("cp1252"), 5, ("UTF-8", "WINDOWS-1252")),
        ("<?xml version='1.0' encoding='UTF-16'?><a>å</a>".encode("latin-1"), 42, ("UTF-8", "ISO-8859-1")),
        ("<?xml version='1.0' encoding='us-ascii'?><a>å</a>".encode(), 44, ("US-ASCII", "UTF-8")),
        ("<?xml version='1.0' encoding='windows-1252'?><a>Á</a>".encode(), 49, ("WINDOWS-1252", "UTF-8")),
        (b"<a><!-- \xff --></a>", 8, ("UTF-8", "ISO-8859-1")),
        (b"<a b='\xed\xa0\x80'/>", 6, ("UTF-8", "WINDOWS-1252")),  # half a surrogate pair is no UTF-8
        (b"<a>\xc0\xaf</a>", 3, ("UTF-8", "ISO-8859-1")),  # neither is an overlong slash
        ("<a>".encode("utf-16") + b"\x00\xd8" + "</a>".encode("utf-16-le"), 8, ("UTF-16LE", "one byte")),
        (b"<\xe5/>", 1, ("UTF-8", "ISO-8859-1")),
    ],
)
def test_bytes_of_another_set_are_refused_with_their_place(data: bytes, byte: int, both: tuple[str, str]) -> None:
    with pytest.raises(WrongCharset) as refused:
        parse(data)
    assert refused.value.place == f"byte {byte}"
    for name in both:
        assert name in refused.value.reason


def test_a_character_that_is_cut_in_two_is_a_cut_document() -> None:
    with pytest.raises(NotWellFormed):
        parse("<a>Så".encode()[:-1])


# --- the first texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (b"<c:ID>1</c:ID>", "1"),
        (b"<ID>1</ID><ID>2</ID>", "1"),
        (b"<ID\n a='>'>\n 1 \n</ID>", "1"),
        (b"<ID a='/'>1</ID>", "1"),
        (b"<IDs>0</IDs><ID>1</ID>", "1"),
        (b"<UUID>0</UUID><ID>1</ID>", "1"),
        (b"<ID>a &amp; b &#228;&#xE4; &lt;&gt;&quot;&apos;</ID>", "a & b ää <>\"'"),
        (b"<ID>a&nbsp;b</ID>", "a&nbsp;b"),
        (b"<ID>a&#0;&#xD800;&#x110000;b</ID>", "a&#0;&#xD800;&#x110000;b"),
        (b"<ID>a<!-- not me --><?nor me?>b</ID>", "ab"),
        (b"<ID><![CDATA[a&b<c]]></ID>", "a&b<c"),
        (b"<!-- <ID>0</ID> --><ID>1</ID>", "1"),
        (b"<![CDATA[<ID>0</ID>]]><ID>1</ID>", "1"),
        (b"<?x <ID>0</ID> ?><ID>1</ID>", "1"),
        (b"<ID/><ID>2</ID>", None),
        (b"<ID a='b' /><ID>2</ID>", None),
        (b"<ID> \n</ID>", None),
        (b"<Other>1</Other>", None),
        (b"<!-- <ID>0</ID>", None),
        (b"<![CDATA[<ID>0</ID>", None),
        (b"<ID>1", None),
    ],
)
def test_first_text(inside: bytes, text: str | None) -> None:
    assert sniff(b"<Invoice>" + inside).first_text(b"ID") == text


def test_the_first_text_is_looked_for_near_the_start_only() -> None:
    near = b"<Invoice>" + b" " * (XML.look - 20) + b"<ID>1</ID></Invoice>"
    far = b"<Invoice>" + b" " * XML.look + b"<ID>1</ID></Invoice>"
    assert sniff(near).first_text(b"ID") == "1"
    assert sniff(far).first_text(b"ID") is None


@pytest.mark.parametrize(
    "extensions",
    [
        b"<e:UBLExtensions><ID>0</ID></e:UBLExtensions>",
        b"\n<!-- x --><?y?>\n<UBLExtensions a='b'><ID>0</ID>" + b"x" * 40_000 + b"</UBLExtensions>",
        b"<UBLExtensions><UBLExtension>UBLExtensions <UBLExtensions/></UBLExtension><ID>0</ID></UBLExtensions>",
    ],
)
def test_the_first_text_behind_an_element_of_any_length(extensions: bytes) -> None:
    found = sniff(b"<Invoice>" + extensions + b"<ID>1</ID></Invoice>")
    assert found.first_text(b"ID", behind=b"UBLExtensions") == "1"
    assert sniff(b"<Invoice><ID>1</ID></Invoice>").first_text(b"ID", behind=b"UBLExtensions") == "1"


def test_a_first_text_in_the_wrong_set_is_refused() -> None:
    with pytest.raises(WrongCharset) as refused:
        sniff(b"<Invoice><ID>\xe5</ID></Invoice>").first_text(b"ID")
    assert refused.value.place == "byte 13"


def test_the_first_element_may_begin_anywhere() -> None:
    padding = b"x" * 100_000
    found = sniff(
        b"<I>" + padding + b"Party <NoParty/><c:Party><!-- <No/> --><ID>1</ID></c:Party><Party><ID>2</ID></Party></I>"
    )
    assert found.first_element(b"Party") == b"Party><ID>1</ID></c:"
    assert found.first_element(b"Buyer") is None


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b"x" * XML.bytes,
        b"<!--" + b"x" * XML.prolog + b"--><a/>",
        b"<!--x-->" * (XML.prolog // 8 + 1) + b"<a/>",
        b" " * (XML.prolog + 1) + b"<a/>",
        b"<?xml " + b"x" * XML.prolog + b"?><a/>",
    ],
)
def test_too_large(data: bytes) -> None:
    with pytest.raises(TooLarge):
        sniff(data)


def test_a_root_element_has_so_many_attributes_and_no_more() -> None:
    attributes = [b'a%d=""' % number for number in range(XML.attributes + 1)]
    assert sniff(b"<a " + b" ".join(attributes[1:]) + b"/>").root == "a"
    with pytest.raises(TooManyParts, match="1,000"):
        sniff(b"<a " + b" ".join(attributes) + b"/>")


def test_a_document_does_not_show_in_a_log() -> None:
    assert "secret" not in repr(sniff(b"<Invoice><ID>secret</ID></Invoice>"))
