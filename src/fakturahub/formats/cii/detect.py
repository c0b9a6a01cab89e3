"""Whether it is a Cross Industry Invoice, and of which guideline (BT-24)."""

from __future__ import annotations

import msgspec

from fakturahub.errors import UnknownDocument
from fakturahub.formats.cii.names import INVOICE
from fakturahub.intake.xml import Sniffed
from fakturahub.model import Recognition

_UNCEFACT = "urn:un:unece:uncefact:data:standard:"
# The invoice of ZUGFeRD 1 (2014), made before the Cross Industry Invoice had its name, has other elements.
_ZUGFERD_1 = "urn:ferd:CrossIndustryDocument:invoice:1p0"

# Guidelines that have a name; the first that is in BT-24 decides.
_GUIDELINES = (
    ("urn:xeinkauf.de:kosit:extension:xrechnung_3.0", "XRechnung 3.0 with its extension"),
    ("urn:xeinkauf.de:kosit:xrechnung_3.0", "XRechnung 3.0"),
    ("xrechnung", "XRechnung, an earlier version than 3.0"),
    ("urn:factur-x.eu:1p0:minimum", "Factur-X and ZUGFeRD, profile MINIMUM"),
    ("urn:factur-x.eu:1p0:basicwl", "Factur-X and ZUGFeRD, profile BASIC WL"),
    ("urn:factur-x.eu:1p0:basic", "Factur-X and ZUGFeRD, profile BASIC"),
    ("urn:factur-x.eu:1p0:extended", "Factur-X and ZUGFeRD, profile EXTENDED"),
    ("urn:zugferd.de:2p0:minimum", "ZUGFeRD 2.0, profile MINIMUM"),
    ("urn:zugferd.de:2p0:basicwl", "ZUGFeRD 2.0, profile BASIC WL"),
    ("urn:zugferd.de:2p0:basic", "ZUGFeRD 2.0, profile BASIC"),
    ("urn:zugferd.de:2p0:extended", "ZUGFeRD 2.0, profile EXTENDED"),
    ("urn:ferd:CrossIndustryDocument:invoice:1p0", "ZUGFeRD 1, but the elements are those of its successors"),
    ("urn:fdc:peppol.eu:2017:poacc:billing:3.0", "Peppol BIS Billing 3"),
    ("urn:cpro.gouv.fr:1p0:extended-ctc-fr", "the French extension EXTENDED-CTC-FR"),
)
_EN_16931 = "urn:cen.eu:en16931:2017"


def detect(sniffed: Sniffed) -> Recognition | None:
    """The CII invoice that *sniffed* is, None if it is none; ``UnknownDocument`` for its relatives.

    The namespace names no version: ``:100`` stands for D16B (the one of EN 16931) and later libraries alike.
    """
    namespace = sniffed.namespace
    if namespace == _ZUGFERD_1 or (namespace or "").startswith(f"{_UNCEFACT}CrossIndustryDocument"):
        raise UnknownDocument(
            "This is an invoice of ZUGFeRD 1 (CrossIndustryDocument), which is not read; ZUGFeRD 2, Factur-X and "
            "XRechnung, whose root element is CrossIndustryInvoice, are."
        )
    if namespace is None or not namespace.startswith(_UNCEFACT):
        return None
    if namespace != INVOICE or sniffed.root != "CrossIndustryInvoice":
        raise UnknownDocument(
            f"UN/CEFACT documents with the root element {sniffed.root[:100]!r} in the namespace {namespace[:200]!r} "
            f"are not read; CrossIndustryInvoice in {INVOICE!r} is."
        )
    profile = _guideline(sniffed)
    return Recognition(
        syntax="cii",
        version="D16B",
        profile=profile,
        charset=sniffed.charset,
        why=f"CrossIndustryInvoice of UN/CEFACT; {_why(profile)}.",
    )


def _guideline(sniffed: Sniffed) -> str | None:
    parameter = sniffed.first_element(b"GuidelineSpecifiedDocumentContextParameter")
    if parameter is None:
        return None
    # The identifier is an element of its own in the parameter: it is looked for in there and nowhere else.
    text = msgspec.structs.replace(sniffed, text=parameter, body=0).first_text(b"ID")
    return text if text is None or text.isprintable() else " ".join(text.split())


def _why(profile: str | None) -> str:
    if profile is None:
        return "it names no guideline"
    for guideline, name in _GUIDELINES:
        if guideline in profile:
            return f"the guideline is that of {name}"
    if profile == _EN_16931:
        return "the guideline is that of EN 16931"
    return f"the guideline {profile[:200]!r} is none that has a name of its own here"
