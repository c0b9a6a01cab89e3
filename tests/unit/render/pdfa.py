"""What ISO 19005-3 (PDF/A-3, level B) demands of a file, as far as the objects of a PDF tell it without a renderer.

No validator of PDF/A is to be had where this project gets its packages (veraPDF is a Java program that is in none of
the registries), so this stands in its place. It knows what a page of ours may have and says of everything else that it
is not known to be fine: a kind of font, of filter, of annotation or of action that is not listed here is a fault. What
it does not see: whether the widths of a font are those of its glyphs, and whether the streams of fonts and of images
are sound inside. Clauses are those of ISO 19005-3:2012.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf
from lxml import etree

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"
_EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}"
_SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
_PROPERTY = "{http://www.aiim.org/pdfa/ns/property#}"
#: the namespaces whose properties PDF/A knows without a description (XMP 2005)
_KNOWN = frozenset(
    {
        "http://purl.org/dc/elements/1.1/",
        "http://ns.adobe.com/xap/1.0/",
        "http://ns.adobe.com/xap/1.0/mm/",
        "http://ns.adobe.com/xap/1.0/rights/",
        "http://ns.adobe.com/xap/1.0/t/pg/",
        "http://ns.adobe.com/pdf/1.3/",
        "http://www.aiim.org/pdfa/ns/id/",
        "http://www.aiim.org/pdfa/ns/extension/",
    }
)
_FILTERS = frozenset({"/FlateDecode", "/DCTDecode"})
_OPERATORS = frozenset(
    re.split(
        r"\s+",
        "q Q cm w J j M d ri i gs m l c v y h re S s f F f* B B* b b* n W W* BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* Tj "
        "TJ ' \" CS cs SC SCN sc scn G g RG rg K k sh Do MP DP BMC BDC EMC",
    )
)
_BLENDS = frozenset({"/Normal", "/Compatible", "/Multiply", "/Screen", "/Overlay", "/Darken", "/Lighten"})
_CATALOGUE = frozenset(
    {"/Type", "/Pages", "/Metadata", "/OutputIntents", "/MarkInfo", "/StructTreeRoot", "/Lang", "/ViewerPreferences"}
    | {"/Names", "/AF", "/PageLabels", "/Outlines", "/PageMode", "/Dests", "/Version"}
)
_RELATIONS = frozenset({"/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified"})
_PRINT, _NEVER_SHOWN = 4, 1 | 2 | 32 | 256
_LONGEST_STRING, _LONGEST_NAME, _DEEPEST = 32_767, 127, 28


def faults(data: bytes) -> list[str]:
    """A sentence with its clause for everything in the PDF *data* that PDF/A-3b forbids or misses."""
    with pikepdf.open(io.BytesIO(data)) as document:
        return [
            *_file(data, document),
            *_catalogue(document),
            *_intent(document),
            *_objects(document),
            *_pages(document),
            *_metadata(document),
            *_attached(document),
        ]


def _file(data: bytes, document: pikepdf.Pdf) -> Iterator[str]:
    first, _, rest = data.partition(b"\n")
    if not re.fullmatch(rb"%PDF-1\.[0-7]\r?", first):
        yield "6.1.2: the file does not begin with its version"
    comment = rest.partition(b"\n")[0]
    if not comment.startswith(b"%") or sum(byte > 127 for byte in comment[:5]) < 4:
        yield "6.1.2: no comment of four bytes above 127 follows the version"
    if not re.search(rb"%%EOF[\r\n]{0,2}$", data):
        yield "6.1.3: something stands behind the end of the file"
    identifier = document.trailer.get("/ID")
    if identifier is None or len(identifier) != 2 or not all(len(bytes(one)) >= 16 for one in identifier):
        yield "6.1.3: the file has no identifier"
    if "/Encrypt" in document.trailer:
        yield "6.1.3: the file is encrypted"


def _catalogue(document: pikepdf.Pdf) -> Iterator[str]:
    for key in sorted(set(document.Root.keys()) - _CATALOGUE):
        yield f"6.4 to 6.11: the catalogue has {key}"
    for key in sorted(set(document.Root.get("/Names", {}).keys()) - {"/EmbeddedFiles", "/Dests"}):
        yield f"6.5, 6.10: the catalogue names {key}"


def _intent(document: pikepdf.Pdf) -> Iterator[str]:
    intents = list(document.Root.get("/OutputIntents", []))
    ours = [one for one in intents if one.get("/S") == "/GTS_PDFA1"]
    if len(ours) != 1 or len(intents) != 1:
        yield f"6.2.3: there are {len(ours)} output intents of PDF/A, and {len(intents)} in all"
        return
    profile = ours[0].get("/DestOutputProfile")
    if not isinstance(profile, pikepdf.Stream):
        yield "6.2.3: the output intent has no profile"
        return
    header = profile.read_bytes()[:128]
    if header[36:40] != b"acsp" or header[8] > 4 or header[12:16] not in (b"prtr", b"mntr") or header[16:20] != b"RGB ":
        yield "6.2.3: the profile is no ICC profile of RGB up to version 4"
    if profile.get("/N") != 3:
        yield "6.2.3: the profile does not say that it has three parts"
    if "/OutputConditionIdentifier" not in ours[0]:
        yield "6.2.3: the output intent does not say what it is for"


def _objects(document: pikepdf.Pdf) -> Iterator[str]:
    fonts = 0
    for one in document.objects:
        yield from _limits(one, 0)
        if isinstance(one, pikepdf.Stream):
            yield from _stream(one)
        if not isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
            continue
        yield from _actions(one)
        kind = one.get("/Type")
        if kind == "/Font" and one.get("/Subtype") != "/CIDFontType2" and one.get("/Subtype") != "/CIDFontType0":
            fonts += 1
            yield from _font(one)
        if kind == "/Annot" or ("/Subtype" in one and "/Rect" in one):
            yield from _annotation(one)
        if kind == "/ExtGState" or set(one.keys()) & {"/BM", "/SMask", "/CA", "/ca"}:
            yield from _state(one)
    if not fonts:
        yield "the file has no font, so nothing of it can be read"


def _actions(one: Any) -> Iterator[str]:
    """What acts when it is opened or touched; a page of ours has nothing that does."""
    if set(one.keys()) & {"/AA", "/OpenAction"}:
        yield "6.5.2: something acts by itself"
    if one.get("/Type") == "/Action" or set(one.keys()) & {"/JS", "/URI"}:
        yield f"6.5.1: there is an action {one.get('/S')}"
    action = one.get("/A")
    if isinstance(action, pikepdf.Dictionary) and "/S" in action:
        yield f"6.5.1: there is an action {action.S}"


def _limits(one: Any, depth: int) -> Iterator[str]:
    if depth > 60:
        return
    if isinstance(one, pikepdf.String) and len(bytes(one)) > _LONGEST_STRING:
        yield "6.1.13: a string is too long"
    elif isinstance(one, pikepdf.Name) and len(str(one).encode()) > _LONGEST_NAME + 1:
        yield "6.1.13: a name is too long"
    elif isinstance(one, pikepdf.Array):
        for value in one:
            if not _is_indirect(value):
                yield from _limits(value, depth + 1)
    elif isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
        for key, value in one.items():
            if len(key.encode()) > _LONGEST_NAME + 1:
                yield "6.1.13: a key is too long"
            if not _is_indirect(value):
                yield from _limits(value, depth + 1)


def _is_indirect(value: Any) -> bool:
    return isinstance(value, pikepdf.Object) and value.is_indirect


def _stream(stream: pikepdf.Stream) -> Iterator[str]:
    if set(stream.keys()) & {"/F", "/FFilter", "/FDecodeParms"}:
        yield "6.1.7.1: a stream lies outside of the file"
    filters = stream.get("/Filter", [])
    for one in [filters] if isinstance(filters, pikepdf.Name) else filters:
        if one not in _FILTERS:
            yield f"6.1.7.2: a stream has the filter {one}"
    kind = stream.get("/Subtype")
    if kind == "/PS" or stream.get("/Subtype2") == "/PS" or "/PS" in stream or "/OPI" in stream or "/Ref" in stream:
        yield "6.2.9: there is PostScript, OPI or a page of another file"
    if kind == "/Image":
        if stream.get("/Interpolate", False) or "/Alternates" in stream:
            yield "6.2.8: an image is smoothed, or has others in its place"
        yield from _colours([stream.get("/ColorSpace")], "an image")
    if kind in ("/Image", "/Form") and stream.get("/Group") is not None:
        yield from _colours([stream.Group.get("/CS")], "a group")


def _colours(spaces: Iterable[Any], where: str) -> Iterator[str]:
    for space in spaces:
        if isinstance(space, pikepdf.Array):
            if space[0] == "/ICCBased":
                profile = space[1]
                names = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
                if profile.read_bytes()[16:20] != names.get(int(profile.N)):
                    yield f"6.2.4.2: {where} has a profile of another number of parts"
            elif space[0] not in ("/Indexed", "/CalRGB", "/CalGray", "/Lab"):
                yield f"6.2.4: {where} has colours of {space[0]}"
            elif space[0] == "/Indexed":
                yield from _colours([space[1]], where)
        elif space is not None and space not in ("/DeviceRGB", "/DeviceGray", "/Pattern"):
            yield f"6.2.4.3: {where} has colours of {space}"


def _font(font: pikepdf.Dictionary) -> Iterator[str]:
    name = str(font.get("/BaseFont"))
    if font.get("/Subtype") != "/Type0" or len(font.get("/DescendantFonts", [])) != 1:
        yield f"6.2.11.3: {name} is no composite font"
        return
    inner = font.DescendantFonts[0]
    descriptor = inner.get("/FontDescriptor", {})
    if not {"/FontFile2", "/FontFile3"} & set(descriptor.keys()):
        yield f"6.2.11.4.1: {name} is not embedded"
    if font.get("/Encoding") not in ("/Identity-H", "/Identity-V"):
        yield f"6.2.11.3.3: {name} has a map of characters that is not embedded"
    if inner.get("/Subtype") == "/CIDFontType2" and inner.get("/CIDToGIDMap") is None:
        yield f"6.2.11.3.2: {name} has no map of its glyphs"
    if "/ToUnicode" not in font:
        yield f"6.2.11.7.2: the text in {name} cannot be read"
    if "+" not in name or (name != str(inner.get("/BaseFont")) and not name.startswith(str(inner.get("/BaseFont")))):
        yield f"6.2.11.4.2: {name} is a part of a font and does not say so"
    if "/W" not in inner and "/DW" not in inner:
        yield f"6.2.11.5: {name} has no widths"


def _annotation(one: pikepdf.Dictionary) -> Iterator[str]:
    flags = int(one.get("/F", 0))
    if one.get("/Subtype") not in ("/Link", "/Text", "/FreeText", "/FileAttachment"):
        yield f"6.3.1: there is an annotation {one.get('/Subtype')}"
    if not flags & _PRINT or flags & _NEVER_SHOWN:
        yield "6.3.2: an annotation is hidden, or is not printed"
    if one.get("/Subtype") != "/Link" and "/AP" not in one:
        yield "6.3.3: an annotation has no picture of itself"


def _state(one: pikepdf.Dictionary) -> Iterator[str]:
    if set(one.keys()) & {"/TR", "/HTP"} or one.get("/TR2", "/Default") != "/Default":
        yield "6.2.5: a state of graphics has functions of a device"
    if one.get("/BM", "/Normal") not in _BLENDS:
        yield f"6.2.10: colours are mixed by {one.get('/BM')}"


def _pages(document: pikepdf.Pdf) -> Iterator[str]:
    for number, page in enumerate(document.pages, 1):
        where = f"page {number}"
        if set(page.keys()) & {"/AA", "/PresSteps", "/Trans"}:
            yield f"6.5.2, 6.10: {where} acts or is a show"
        if not all(3 <= float(edge) <= 14_400 for edge in list(page.MediaBox)[2:]):
            yield f"6.1.13: {where} is too large"
        if "/Resources" not in page:
            yield f"6.2.2: {where} has no resources of its own"
        if "/Group" in page:
            yield from _colours([page.Group.get("/CS")], where)
        yield from _content(page, where)
        for form in page.get("/Resources", {}).get("/XObject", {}).values():
            if form.get("/Subtype") == "/Form":
                yield from _content(form, f"a form of {where}")


def _content(of: Any, where: str) -> Iterator[str]:
    resources = of.get("/Resources", {})
    depth = 0
    fonts = set(resources.get("/Font", {}).keys())
    for operands, operator in pikepdf.parse_content_stream(of):
        name = str(operator)
        if name not in _OPERATORS:
            yield f"6.2.2: {where} has the operator {name}"
        depth += {"q": 1, "Q": -1}.get(name, 0)
        if depth > _DEEPEST:
            yield f"6.1.13: {where} nests its states more than {_DEEPEST} deep"
            return
        if name in ("k", "K"):
            yield f"6.2.4.3: {where} has colours of CMYK"
        elif name in ("cs", "CS"):
            space = operands[0]
            known = resources.get("/ColorSpace", {}).get(str(space), space)
            yield from _colours([known], where)
        elif name == "ri" and str(operands[0])[1:] not in (
            "RelativeColorimetric", "AbsoluteColorimetric", "Perceptual", "Saturation",
        ):  # fmt: skip
            yield f"6.2.6: {where} has an unknown intent"
        elif name == "Tf" and str(operands[0]) not in fonts:
            yield f"6.2.11.4.1: {where} sets text in a font that it has not"
        elif name in ("Tj", "'", '"', "TJ"):
            yield from _glyphs(operands[-1], where)


def _glyphs(shown: Any, where: str) -> Iterator[str]:
    texts = [shown] if isinstance(shown, pikepdf.String) else [one for one in shown if isinstance(one, pikepdf.String)]
    for text in map(bytes, texts):
        if any(text[place : place + 2] == b"\0\0" for place in range(0, len(text), 2)):
            yield f"6.2.11.8: {where} shows a character that its font has not"


# --- XMP ------------------------------------------------------------------------------------------------------------


def _metadata(document: pikepdf.Pdf) -> Iterator[str]:
    stream = document.Root.get("/Metadata")
    if not isinstance(stream, pikepdf.Stream) or (stream.get("/Type"), stream.get("/Subtype")) != ("/Metadata", "/XML"):
        yield "6.6.2.1: there are no metadata"
        return
    if "/Filter" in stream:
        yield "6.6.2.1: the metadata are packed"
    raw = stream.read_bytes()
    opening = re.search(rb"<\?xpacket begin=[^?]*\?>", raw)
    if opening is not None and re.search(rb"(bytes|encoding)=", opening[0]):
        yield "6.6.2.1: the packet of the metadata says bytes or encoding"
    try:
        tree = etree.fromstring(raw)
    except etree.XMLSyntaxError as trouble:
        yield f"6.6.2.1: the metadata are no XML: {trouble}"
        return
    used = [child for one in tree.iter(f"{RDF}Description") for child in one if isinstance(child.tag, str)]
    top = [child for child in used if child.getparent().getparent().tag == f"{RDF}RDF"]
    values = {child.tag: child.text for child in top}
    if (values.get(f"{_PDFAID}part"), values.get(f"{_PDFAID}conformance")) not in (("3", "B"), ("3", "U"), ("3", "A")):
        yield "6.6.4: the metadata do not say that it is a PDF/A-3"
    yield from _schemas(tree, top)


def _schemas(tree: etree._Element, top: list[etree._Element]) -> Iterator[str]:
    lists = tree.findall(f".//{_EXTENSION}schemas")
    if len(lists) > 1:
        yield f"6.6.2.3.2: there are {len(lists)} lists of schemas"
    described: dict[str, set[str]] = {}
    for one in lists[:1]:
        for schema in one.iterfind(f"{RDF}Bag/{RDF}li"):
            space = schema.findtext(f"{_SCHEMA}namespaceURI")
            if not (space and schema.findtext(f"{_SCHEMA}schema") and schema.findtext(f"{_SCHEMA}prefix")):
                yield "6.6.2.3.3: a schema has no name, address or prefix"
                continue
            names = set()
            for told in schema.iterfind(f"{_SCHEMA}property/{RDF}Seq/{RDF}li"):
                parts = {part: told.findtext(f"{_PROPERTY}{part}") for part in ("name", "valueType", "description")}
                if not all(parts.values()) or told.findtext(f"{_PROPERTY}category") not in ("internal", "external"):
                    yield f"6.6.2.3.3: a property of {space} is not told in full"
                names.add(parts["name"] or "")
            described[space] = names
    for child in top:
        space, _, name = str(child.tag)[1:].partition("}")
        if space not in _KNOWN and name not in described.get(space, set()):
            yield f"6.6.2.3.1: the metadata have {name} of {space}, which is not described"


# --- attachments ----------------------------------------------------------------------------------------------------


def _attached(document: pikepdf.Pdf) -> Iterator[str]:
    named = _leaves(document.Root.get("/Names", {}).get("/EmbeddedFiles"))
    associated = list(document.Root.get("/AF", []))
    if {one.objgen for one in named} != {one.objgen for one in associated}:
        yield "6.8: the files that are named are not those that belong to the document"
    for one in associated:
        name = str(one.get("/UF", ""))
        if one.get("/Type") != "/Filespec" or not name or "/F" not in one:
            yield f"6.8: the file {name!r} has not both of its names"
        if one.get("/AFRelationship") not in _RELATIONS:
            yield f"6.8: the file {name!r} has no relationship"
        stream = one.get("/EF", {}).get("/F")
        if stream is None:
            yield f"6.8: the file {name!r} is not there"
            continue
        if not re.fullmatch(r"/[\w.+-]+/[\w.+-]+", str(stream.get("/Subtype", ""))):
            yield f"6.8: the file {name!r} has no MIME type"
        if "/ModDate" not in stream.get("/Params", {}):
            yield f"6.8: the file {name!r} has no date"


def _leaves(node: Any) -> list[Any]:
    """The file specifications of a tree of names."""
    if node is None:
        return []
    return list(node.get("/Names", []))[1::2] + [leaf for kid in node.get("/Kids", []) for leaf in _leaves(kid)]
