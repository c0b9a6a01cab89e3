"""One value out of a document by XPath 1.0, for settings that name a place which no term of the model has.

A document's prefixes are its sender's to choose, so these always mean the same, whatever the document says: ``ubl``,
``cn``, ``cac``, ``cbc`` and ``ext`` of UBL, ``puf`` and ``pcac`` of PUF, ``rsm``, ``ram``, ``udt`` and ``qdt`` of CII.
Other prefixes are those that the root element declares. A name without a prefix is in no namespace, as XPath has it:
``/Finvoice/InvoiceDetails/InvoiceNumber``, ``/ubl:Invoice/cbc:ID``, or ``/*/cbc:ID`` for any document of UBL.
"""

from __future__ import annotations

from types import MappingProxyType

from lxml import etree

from fakturahub import formats
from fakturahub.formats.cii.names import QDT, RAM, RSM, UDT
from fakturahub.formats.ubl.names import CAC, CBC, EXT, PUF_CAC, PUF_EXTENSION, UBL_DOCUMENT
from fakturahub.intake.limits import TEXT

PREFIXES = MappingProxyType(
    {
        "ubl": f"{UBL_DOCUMENT}Invoice-2",
        "cn": f"{UBL_DOCUMENT}CreditNote-2",
        "cac": CAC.strip("{}"),
        "cbc": CBC.strip("{}"),
        "ext": EXT.strip("{}"),
        "puf": PUF_EXTENSION,
        "pcac": PUF_CAC.strip("{}"),
        "rsm": RSM.strip("{}"),
        "ram": RAM.strip("{}"),
        "udt": UDT.strip("{}"),
        "qdt": QDT.strip("{}"),
    }
)

# What comments stand in is still one text.
_STRING = etree.XPath("string()")


def fault_in(expression: str) -> str | None:
    """What is wrong with *expression*, None where it is XPath 1.0."""
    try:
        etree.XPath(expression, namespaces=dict(PREFIXES), regexp=False)
    except etree.XPathError:
        return "is no XPath 1.0"
    return None


def pick(data: bytes, expression: str) -> str | None:
    """The text of the first node that *expression* finds in the document *data*, blanks around it removed.

    None where it finds nothing, or nothing but blanks, or more than ``TEXT.text`` characters; and where it is none of
    XPath 1.0 for this document, such as one with a prefix that the document does not declare. What is true or false is
    ``true`` or ``false``; a whole number has no decimals.

    Raises what ``formats.parsed`` raises for bytes that are no safe XML document.
    """
    root = formats.parsed(data, unknown=True).root
    spaces = {prefix: space for prefix, space in root.nsmap.items() if prefix is not None}
    try:
        found = etree.XPath(expression, namespaces=spaces | dict(PREFIXES), regexp=False)(root.getroottree())
    except etree.XPathError:
        return None
    text = _text(found[0] if isinstance(found, list) and found else found)
    return text if text and len(text) <= TEXT.text else None


def _text(found: object) -> str:
    match found:
        case bool():
            return str(found).lower()
        case float():
            return str(int(found)) if found.is_integer() else str(found)
        case str():
            return found.strip()
        case etree._Element():
            return str(_STRING(found)).strip()
        case _:
            return ""
