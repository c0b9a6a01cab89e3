"""Which Finvoice it is: by the version that the root element names, and by a SOAP frame before it."""

from __future__ import annotations

import re

from fakturahub.errors import UnknownDocument
from fakturahub.formats.finvoice.framing import invoice_of, is_frame, parts
from fakturahub.intake.limits import XML
from fakturahub.intake.xml import Sniffed, refuse_internal_subset
from fakturahub.model import Recognition

#: the versions there are; the syntax is called ``finvoice-`` and the version, and ``-soap`` behind it in a frame
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "2.0", "2.01", "3.0")
#: a frame with no invoice behind it: routed by what the frame says and passed on as it came
FRAME = "finvoice-soap-frame"

_SPECIFICATION = b"SpecificationIdentifier"
_ATTRIBUTE = re.compile(rb"\s([^\s=\"'<>]+)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")


def detect(sniffed: Sniffed) -> Recognition | None:
    """The Finvoice that *sniffed* is or begins with, None if it is none.

    The character set is that of the invoice: the frame before it has no declaration. Several documents in a file are
    counted and called by the first. Raises ``UnknownDocument`` for a version that does not exist, and what ``sniff``
    raises for what follows a frame.
    """
    framed = is_frame(sniffed)
    if not framed and (sniffed.root != "Finvoice" or sniffed.namespace is not None):
        return None
    found = parts(sniffed)
    invoice = invoice_of(sniffed, found[0]) if framed else sniffed
    if invoice is not None:
        # Behind a DOCTYPE with declarations nobody knows what comes.
        refuse_internal_subset(invoice)
    if invoice is None or invoice.root != "Finvoice" or invoice.namespace is not None:
        return Recognition(
            syntax=FRAME,
            charset=sniffed.charset,
            documents=len(found),
            why="It is a SOAP envelope with an ebXML message header, as Finvoice is sent in, and no Finvoice follows.",
        )
    version = _version(invoice)
    return Recognition(
        syntax=f"finvoice-{version}-soap" if framed else f"finvoice-{version}",
        version=version,
        profile=_specification(invoice),
        charset=invoice.charset,
        documents=len(found),
        why=f"The root element is Finvoice, version {version}{', behind a SOAP frame' if framed else ''}.",
    )


def _version(invoice: Sniffed) -> str:
    tag = invoice.text[invoice.text.rfind(b"<Finvoice", invoice.begin, invoice.body) : invoice.body]
    version = ""
    for name, double, single in _ATTRIBUTE.findall(tag):
        if name == b"Version":
            version = str(double or single, "ascii", "replace").strip()
    if version not in VERSIONS:
        raise UnknownDocument(
            f"It is a Finvoice of the version {version[:20]!r}; the versions {', '.join(VERSIONS)} are known."
            if version
            else "It is a Finvoice that names no version; the attribute Version has to."
        )
    return version


def _specification(invoice: Sniffed) -> str | None:
    """What the transmission details, the first element of all, name as the specification."""
    if invoice.text.find(_SPECIFICATION, invoice.body, invoice.body + XML.look) < 0:
        return None
    return invoice.first_text(_SPECIFICATION)
