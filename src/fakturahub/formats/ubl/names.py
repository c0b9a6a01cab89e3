"""Namespaces of UBL 2 and of the specifications built on its shape, and what their documents are recognised by."""

from __future__ import annotations

from lxml import etree

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"

#: in the form lxml names elements with
CAC = f"{{{_UBL}CommonAggregateComponents-2}}"
CBC = f"{{{_UBL}CommonBasicComponents-2}}"
EXT = f"{{{_UBL}CommonExtensionComponents-2}}"

#: what the namespace of every document type of UBL begins with; its own name and ``-2`` follow
UBL_DOCUMENT = _UBL
#: the same for Pagero's PUF, whose document types are followed by ``:1.0``
PUF_DOCUMENT = "urn:pagero:PageroUniversalFormat:"
#: PUF has aggregates of its own; the rest of it is in the namespaces of UBL
PUF_CAC = "{urn:pagero:CommonAggregateComponents:1.0}"
#: the content of PUF's extensions, and what their ExtensionURI begins with
PUF_EXTENSION = "urn:pagero:ExtensionComponent:1.0"
PUF_EXTENSION_URI = f"{PUF_EXTENSION}:PageroExtension:"
#: the content of Vertex's extensions
VRBL_EXTENSION = "urn:vertexinc:vrbl:ExtensionComponent:1"

#: DocumentDescription of the reference that holds PUF's picture of the document itself
PUF_PICTURE = {"Invoice": "Commercial Invoice", "CreditNote": "Credit Note"}

#: the scheme that marks the creditor identifier of a direct debit (BT-90), which names no party
SEPA = "SEPA"

#: BT-24
EN_16931 = "urn:cen.eu:en16931:2017"
PEPPOL_BIS_3 = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_SELF_BILLING_3 = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"
XRECHNUNG_3 = f"{EN_16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PUF_BILLING_2 = "urn:pagero.com:puf:billing:2.0"
VRBL_BILLING = "urn:vertexinc:vrbl:billing:1"


def local_name(element: etree._Element) -> str:
    """The name of *element* without its namespace."""
    return str(element.tag).rpartition("}")[2]


def aggregates_of(root: etree._Element) -> str:
    """The namespace of the aggregates in the document *root*: PUF's own, else UBL's."""
    return PUF_CAC if str(root.tag).startswith(f"{{{PUF_DOCUMENT}") else CAC
