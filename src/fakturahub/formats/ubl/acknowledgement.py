"""Writing a Technical Acknowledgement: the ApplicationResponse of UBL 2.3 with Pagero's extensions.

Source: PUF Technical Acknowledgement 1.0, its two examples, and its schema of the extension, which says the order of
what is in ``puf:ResponseExtension``.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from fakturahub.formats.ubl.names import PUF_EXTENSION, PUF_EXTENSION_URI
from fakturahub.formats.ubl.pen import attribute, content
from fakturahub.model.acknowledgement import Acknowledgement

#: CustomizationID and ProfileID
TECHNICAL_ACKNOWLEDGEMENT = "urn:pagero.com:puf:technical_acknowledgement:1.0"
#: the keys of puf:RestrictedInformation that come back in a response begin with this
RETURNED = "returnInResponse_"
#: entries that come back, and characters of a key and of a value; what is beyond is left out
RESTRICTED = 50
RESTRICTED_TEXT = 1_000

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_NAMESPACES = {
    "xmlns": f"{_UBL}ApplicationResponse-2",
    "xmlns:cac": f"{_UBL}CommonAggregateComponents-2",
    "xmlns:cbc": f"{_UBL}CommonBasicComponents-2",
    "xmlns:ext": f"{_UBL}CommonExtensionComponents-2",
    "xmlns:puf": PUF_EXTENSION,
}
_PUF = f"{{{PUF_EXTENSION}}}"


def write_acknowledgement(one: Acknowledgement) -> bytes:
    """*one* as XML in UTF-8; the same bytes each time."""
    root = " ".join(f'{name}="{attribute(uri)}"' for name, uri in _NAMESPACES.items())
    response = [
        *_extension("ResponseExtension", _response_extension(one)),
        f"<cbc:ResponseCode>{'AP' if one.accepted else 'RE'}</cbc:ResponseCode>",
        *_leaf("cbc:Description", one.description),
    ]
    distribution = _leaf("puf:DistributionMethod", one.distribution)
    reference = [
        *_extension("DocumentReferenceExtension", distribution),
        *_leaf("cbc:ID", one.number),
        *_leaf("cbc:IssueDate", None if one.issue_date is None else one.issue_date.isoformat()),
        *_leaf("cbc:DocumentTypeCode", one.type_code),
    ]
    lines = [
        f"<cbc:CustomizationID>{TECHNICAL_ACKNOWLEDGEMENT}</cbc:CustomizationID>",
        f"<cbc:ProfileID>{TECHNICAL_ACKNOWLEDGEMENT}</cbc:ProfileID>",
        f"<cbc:ID>{one.id}</cbc:ID>",
        f"<cbc:IssueDate>{one.at:%Y-%m-%d}</cbc:IssueDate>",
        f"<cbc:IssueTime>{one.at:%H:%M:%S}</cbc:IssueTime>",
        "<cac:SenderParty/>",
        "<cac:ReceiverParty/>",
        *_within(
            "cac:DocumentResponse", [*_within("cac:Response", response), *_within("cac:DocumentReference", reference)]
        ),
    ]
    body = "".join(f"  {line}\n" for line in lines)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ApplicationResponse {root}>\n{body}</ApplicationResponse>\n'.encode()
    )


def returned_information(root: etree._Element) -> tuple[tuple[str, str], ...]:
    """Key and value of the document's puf:RestrictedInformation that its sender wants back, in its order.

    Those of the document are read, and not those of its lines.
    """
    found: list[tuple[str, str]] = []
    for child in root:
        if child.tag != f"{{{_UBL}CommonExtensionComponents-2}}UBLExtensions":
            continue
        for entry in child.iter(f"{_PUF}RestrictedInformation"):
            key, value = (str(entry.findtext(f"{_PUF}{name}") or "").strip() for name in ("Key", "Value"))
            short = len(key) <= RESTRICTED_TEXT and len(value) <= RESTRICTED_TEXT
            if key.startswith(RETURNED) and value and short and len(found) < RESTRICTED:
                found.append((key, value))
    return tuple(found)


def _response_extension(one: Acknowledgement) -> list[str]:
    lines: list[str] = []
    for key, value in one.restricted:
        lines += _within("puf:RestrictedInformation", [*_leaf("puf:Key", key), *_leaf("puf:Value", value)])
    if one.interchange_id is not None:
        lines += _within("puf:ReferencedDocumentInterchangeID", _leaf("cbc:ID", one.interchange_id))
    return [*lines, *_leaf("puf:ErrorClassificationCode", one.classification)]


def _extension(name: str, lines: list[str]) -> list[str]:
    """An extension of that name with *lines* in it; nothing where there are none."""
    if not lines:
        return []
    for tag in (f"puf:{name}", "puf:PageroExtension", "ext:ExtensionContent"):
        lines = _within(tag, lines)
    uri = f"<ext:ExtensionURI>{PUF_EXTENSION_URI}{name}</ext:ExtensionURI>"
    return _within("ext:UBLExtensions", _within("ext:UBLExtension", [uri, *lines]))


def _within(tag: str, lines: Iterable[str]) -> list[str]:
    return [f"<{tag}>", *(f"  {line}" for line in lines), f"</{tag}>"]


def _leaf(tag: str, text: str | None) -> list[str]:
    """An element with a text; nothing for an empty one."""
    written = content(text) if text else ""
    return [f"<{tag}>{written}</{tag}>"] if written else []
