"""Pages are PDF/A-3b, whatever is on them; and the check that says so finds each thing that PDF/A forbids."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from fakturahub import formats
from fakturahub.model.invoice import Invoice
from fakturahub.model.letter import Letter, LetterParty
from fakturahub.model.reminder import Claim, Reminder
from fakturahub.render.page import EmbeddedFile, pdf
from fakturahub.render.page.compiling import TABLE_ROWS
from fakturahub.render.parts import Style
from fakturahub.render.sheet import sheet_of
from tests.unit.render.pdfa import faults
from tests.unit.render.seen import AT
from tests.unit.render.test_logos import SVG, picture, svg_of
from tests.unit.render.test_page import with_lines

EXAMPLES = Path(__file__).parents[3] / "examples"
CLEAR = svg_of(
    '<linearGradient id="a"><stop offset="0" stop-opacity=".2"/><stop offset="1"/></linearGradient>'
    '<g opacity=".5"><rect width="40" height="20" fill="url(#a)"/></g>'
)


def example(name: str = "invoice-with-attachment.xml") -> Invoice:
    noun = formats.read((EXAMPLES / name).read_bytes()).noun
    assert isinstance(noun, Invoice)
    return noun


def made(style: Style | None = None, *, factur_x: bool = False) -> bytes:
    """A page with two files in it, as the CII of a Factur-X besides."""
    invoice = example()
    source = (EXAMPLES / "invoice-with-attachment.xml").read_bytes()
    embedded = (
        EmbeddedFile(name="invoice.xml", mime="application/xml", content=source, relationship="source"),
        EmbeddedFile(name="räkning 1.pdf", mime="application/pdf", content=b"%PDF-1.4"),
    )
    cii = formats.write(invoice, "cii").data if factur_x else None
    return pdf(sheet_of(invoice, style=style), at=AT, embedded=embedded, factur_x=cii)


@pytest.mark.parametrize("factur_x", [False, True], ids=["plain", "factur-x"])
@pytest.mark.parametrize(
    "logo",
    [None, SVG, CLEAR, picture(), picture(mode="RGBA"), picture("JPEG"), picture("JPEG", "CMYK"), picture(mode="I;16")],
    ids=["none", "svg", "clear svg", "png", "clear png", "jpeg", "cmyk", "16 bits"],
)
def test_a_page_is_a_pdf_a(logo: bytes | None, factur_x: bool) -> None:
    assert faults(made(Style(logo=logo), factur_x=factur_x)) == []


def test_other_pages_are_too() -> None:
    claims = (Claim(number="1", open=Decimal(3)),)
    other = {
        "several pages": with_lines(60),
        "a roll": with_lines(TABLE_ROWS + 5),
        "bar code and QR code": formats.read((EXAMPLES / "finvoice.xml").read_bytes()).noun,
        "a reminder": Reminder(claims=claims, currency="DKK"),
        "a letter": Letter(number="1", recipient=LetterParty(names=("A",))),
        "other scripts": msgspec.structs.replace(example(), number="Łódź Ελλάδα Київ 中文 😀"),
    }
    found = {what: faults(pdf(sheet_of(noun, language="en"), at=AT)) for what, noun in other.items()}
    assert found == {what: [] for what in other}


# --- the check itself -------------------------------------------------------------------------------------------------


def _first_font(document: pikepdf.Pdf) -> Dictionary:
    return next(iter(document.pages[0].Resources.Font.values()))


def _descriptor(document: pikepdf.Pdf) -> Dictionary:
    return _first_font(document).DescendantFonts[0].FontDescriptor


def _without_file(document: pikepdf.Pdf) -> None:
    descriptor = _descriptor(document)
    for key in [key for key in descriptor.keys() if key.startswith("/FontFile")]:  # noqa: SIM118 - no plain dict
        del descriptor[key]


def _metadata(document: pikepdf.Pdf, old: bytes, new: bytes) -> None:
    packet = document.Root.Metadata.read_bytes()
    assert old in packet
    document.Root.Metadata.write(packet.replace(old, new))


def _content(document: pikepdf.Pdf, more: bytes) -> None:
    page = document.pages[0]
    page.Contents = document.make_stream(page.Contents.read_bytes() + b"\n" + more)


def _annotate(document: pikepdf.Pdf, **more: object) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], **more)
    document.pages[0].Annots = Array([document.make_indirect(note)])


def _state(document: pikepdf.Pdf, **more: object) -> None:
    document.pages[0].Resources.ExtGState = Dictionary(
        X=document.make_indirect(Dictionary(Type=Name.ExtGState, **more))
    )


def _image(document: pikepdf.Pdf, **more: object) -> None:
    image = document.make_stream(b"\0\0\0\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, **more)
    document.pages[0].Resources.XObject = Dictionary(X=image)


def _packed(document: pikepdf.Pdf) -> None:
    stream = document.make_stream(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01")
    stream.Filter = Name.LZWDecode
    document.Root.PageLabels = document.make_indirect(stream)


def _delete(of: Callable[[pikepdf.Pdf], object], key: str) -> Callable[[pikepdf.Pdf], None]:
    def act(document: pikepdf.Pdf) -> None:
        holder = of(document)
        assert isinstance(holder, (Dictionary, pikepdf.Stream))
        del holder[key]

    return act


def _put(of: Callable[[pikepdf.Pdf], object], key: str, value: object) -> Callable[[pikepdf.Pdf], None]:
    def act(document: pikepdf.Pdf) -> None:
        holder = of(document)
        assert isinstance(holder, (Dictionary, pikepdf.Stream))
        holder[key] = value

    return act


def _root(document: pikepdf.Pdf) -> object:
    return document.Root


def _file(document: pikepdf.Pdf) -> object:
    return document.Root.AF[0]


def _embedded(document: pikepdf.Pdf) -> object:
    return document.Root.AF[0].EF.F


DAMAGES: dict[str, tuple[str, Callable[[pikepdf.Pdf], None]]] = {
    "no output intent": ("6.2.3", _delete(_root, "/OutputIntents")),
    "no profile": ("6.2.3", _delete(lambda d: d.Root.OutputIntents[0], "/DestOutputProfile")),
    "another profile": ("6.2.3", lambda document: document.Root.OutputIntents[0].DestOutputProfile.write(b"x" * 200)),
    "script": ("6.5, 6.10", _put(lambda d: d.Root.Names, "/JavaScript", Dictionary(Names=[]))),
    "opens with an action": ("6.5.2", _put(_root, "/OpenAction", Dictionary(S=Name.Launch, F=b"x"))),
    "launches": ("6.5.1", lambda d: _annotate(d, F=4, A=Dictionary(Type=Name.Action, S=Name.Launch))),
    "leads away": ("6.5.1", lambda d: _annotate(d, F=4, A=Dictionary(S=Name.URI, URI=b"http://a.example"))),
    "hidden annotation": ("6.3.2", lambda d: _annotate(d, F=6)),
    "annotation not printed": ("6.3.2", lambda d: _annotate(d, F=0)),
    "form": ("6.4 to 6.11", _put(_root, "/AcroForm", Dictionary(Fields=[]))),
    "layers": ("6.4 to 6.11", _put(_root, "/OCProperties", Dictionary())),
    "font not embedded": ("6.2.11.4.1", _without_file),
    "font without text": ("6.2.11.7.2", _delete(_first_font, "/ToUnicode")),
    "another font": ("6.2.11.3", _put(_first_font, "/Subtype", Name.Type1)),
    "font of nobody": ("6.2.11.4.1", lambda d: _content(d, b"BT /F99 9 Tf ET")),
    "missing glyph": ("6.2.11.8", lambda d: _content(d, b"BT <00000000> Tj ET")),
    "cmyk": ("6.2.4.3", lambda d: _content(d, b"0 0 0 1 k")),
    "cmyk image": ("6.2.4.3", lambda d: _image(d, ColorSpace=Name.DeviceCMYK, BitsPerComponent=8)),
    "separation": ("6.2.4", lambda d: _image(d, ColorSpace=Array([Name.Separation, Name.All, Name.DeviceCMYK]))),
    "smoothed image": ("6.2.8", lambda d: _image(d, ColorSpace=Name.DeviceGray, Interpolate=True)),
    "postscript": ("6.2.9", lambda d: _image(d, PS=b"x")),
    "transfer function": ("6.2.5", lambda d: _state(d, TR=Name.Identity)),
    "odd mixing": ("6.2.10", lambda d: _state(d, BM=Name.Odd)),
    "unknown operator": ("6.2.2", lambda d: _content(d, b"BX 1 odd EX")),
    "too deep": ("6.1.13", lambda d: _content(d, b"q " * 40 + b"Q " * 40)),
    "unknown intent": ("6.2.6", lambda d: _content(d, b"/Odd ri")),
    "lzw": ("6.1.7.2", _packed),
    "outside": ("6.1.7.1", _put(_embedded, "/FFilter", Name.FlateDecode)),
    "long string": ("6.1.13", _put(_file, "/Desc", pikepdf.String("x" * 40_000))),
    "huge page": ("6.1.13", lambda d: setattr(d.pages[0], "MediaBox", Array([0, 0, 20_000, 20_000]))),
    "no metadata": ("6.6.2.1", _delete(_root, "/Metadata")),
    "another part": ("6.6.4", lambda d: _metadata(d, b"part>3<", b"part>1<")),
    "undescribed": ("6.6.2.3.1", lambda d: _metadata(d, b"fx:Version>", b"fx:Edition>")),
    "half described": ("6.6.2.3.3", lambda d: _metadata(d, b"category>external", b"category>none")),
    "no xml": ("6.6.2.1", lambda d: _metadata(d, b"</rdf:RDF>", b"</rdf:RFD>")),
    "no relation": ("6.8", _delete(_file, "/AFRelationship")),
    "no type": ("6.8", _delete(_embedded, "/Subtype")),
    "no date": ("6.8", _delete(lambda d: d.Root.AF[0].EF.F.Params, "/ModDate")),
    "one name only": ("6.8", _delete(_file, "/UF")),
    "not associated": ("6.8", lambda d: setattr(d.Root, "AF", Array(list(d.Root.AF)[:1]))),
}  # fmt: skip


@pytest.fixture(scope="module")
def fine() -> bytes:
    return made(Style(logo=SVG), factur_x=True)


@pytest.mark.parametrize("what", DAMAGES)
def test_the_check_finds_what_is_wrong(fine: bytes, what: str) -> None:
    clause, damage = DAMAGES[what]
    with pikepdf.open(io.BytesIO(fine)) as document:
        damage(document)
        saved = io.BytesIO()
        # As it is: saving would unpack what is packed in an odd way, and mend the metadata.
        document.save(
            saved,
            deterministic_id=True,
            fix_metadata_version=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
        )
    found = faults(saved.getvalue())
    assert any(one.startswith(clause) for one in found), found


def test_the_check_finds_what_is_wrong_with_the_file(fine: bytes) -> None:
    assert any(one.startswith("6.1.3") for one in faults(fine + b"\nmore"))
    assert any(one.startswith("6.1.2") for one in faults(fine.replace(b"\n%", b"\n ", 1)))
    with pikepdf.open(io.BytesIO(fine)) as document:
        saved = io.BytesIO()
        document.save(saved, encryption=pikepdf.Encryption(owner="x", user=""))
    assert any("encrypted" in one for one in faults(saved.getvalue()))
    with pikepdf.open(io.BytesIO(fine)) as document:
        saved = io.BytesIO()
        document.save(saved, deterministic_id=True)
    assert faults(saved.getvalue()) == [], "saving it again does no harm"
