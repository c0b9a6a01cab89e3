"""Factur-X 1.0 (ZUGFeRD 2): the invoice as CII inside the PDF, and the metadata that say so.

The embedded file is ``factur-x.xml`` with the relationship Alternative, the profile EN 16931 (its conformance level is
written ``EN 16931``, with a blank). The XMP properties ``fx:`` need a description of their schema, since PDF/A knows
only the schemas of its own. Source: Factur-X 1.0, section 6.2; ISO 19005-3, 6.6.2.3.
"""

from __future__ import annotations

import io
import re

import pikepdf

from fakturahub.errors import RenderingFailed
from fakturahub.render.page.embedding import EmbeddedFile

FILE_NAME = "factur-x.xml"
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_END = b"</rdf:RDF>"
#: the end of the list of schema descriptions that typst writes; XMP takes one such list only
_SCHEMAS_END = re.compile(rb"</rdf:Bag>\s*</pdfaExtension:schemas>")
_PROPERTIES = (
    ("DocumentFileName", "The name of the embedded XML document", FILE_NAME),
    ("DocumentType", "The type of the hybrid document in capital letters", "INVOICE"),
    ("Version", "The version of the standard that the embedded XML document follows", "1.0"),
    ("ConformanceLevel", "The conformance level of the embedded XML document", "EN 16931"),
)


def embedded(content: bytes) -> EmbeddedFile:
    """The CII document *content* as the file of a Factur-X invoice."""
    return EmbeddedFile(
        name=FILE_NAME, mime="text/xml", content=content, relationship="alternative", description="Factur-X"
    )


def declared(pdf: bytes) -> bytes:
    """*pdf* with the Factur-X properties in its metadata. Raises ``RenderingFailed`` for metadata without RDF."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        metadata = document.Root.Metadata
        packet = metadata.read_bytes()
        ends = list(_SCHEMAS_END.finditer(packet))
        if packet.count(_END) != 1 or len(ends) != 1:
            raise RenderingFailed("The metadata of the page are not what typst writes; it cannot become a Factur-X.")
        place = ends[0].start()
        packet = packet[:place] + _schema() + packet[place:]
        metadata.write(packet.replace(_END, _values() + _END))
        made = io.BytesIO()
        # Metadata stay in plain text, as PDF/A wants them; the file's identifier follows from its content.
        document.save(made, deterministic_id=True, compress_streams=True)
        return made.getvalue()


def _schema() -> bytes:
    described = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{what}</pdfaProperty:description></rdf:li>"
        for name, what, _ in _PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>"
    ).encode()


def _values() -> bytes:
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, _, value in _PROPERTIES)
    return f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">{values}</rdf:Description>'.encode()
