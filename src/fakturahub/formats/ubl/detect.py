"""Which UBL document it is, by its root element and its customisation (BT-24)."""

from __future__ import annotations

import re

from fakturahub.errors import UnknownDocument
from fakturahub.intake.xml import Sniffed
from fakturahub.model import Recognition

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_NAMESPACE_OF = {"Invoice": f"{_UBL}Invoice-2", "CreditNote": f"{_UBL}CreditNote-2"}

# PEPPOL-EN16931-R004 asks for this beginning, not for this value.
_PEPPOL_BIS_3 = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_XRECHNUNG_3 = "urn:xeinkauf.de:kosit:xrechnung_3.0"
# Specifications of the Norwegian agency for public procurement on top of Peppol BIS 3 (forward billing, for one).
_NORWEGIAN = "#urn:fdc:anskaffelser.no:2019:ehf:"
# A reminder is written as an invoice with this customisation; it is no EHF Billing document and its rules differ.
_EHF_REMINDER = "urn:fdc:anskaffelser.no:2019:ehf:reminder:"

_ORGNR_ENDPOINT = re.compile(rb"EndpointID\s[^<>]*schemeID\s*=\s*[\"']0192[\"']")
_IN_NORWAY = re.compile(rb"IdentificationCode(?:\s[^<>]*)?>\s*NO\s*<")


def detect(sniffed: Sniffed) -> Recognition | None:
    """The UBL document that *sniffed* is, None if it is none; ``UnknownDocument`` for UBL that is no invoice.

    ``ehf-3`` and ``peppol-bis-3`` are one specification with the same identifier: EHF Billing 3 is Peppol BIS Billing
    3, whose rules for Norwegian sellers apply by themselves. A document is called ``ehf-3`` when its customisation
    names a Norwegian specification, or its seller is in Norway and has an organisation number (0192) as address.
    """
    namespace = sniffed.namespace
    if namespace is None or not namespace.startswith(_UBL):
        return None
    if _NAMESPACE_OF.get(sniffed.root) != namespace:
        raise UnknownDocument(
            f"UBL documents with the root element {sniffed.root[:100]!r} in the namespace {namespace[:200]!r} "
            f"are not supported yet by this version; Invoice and CreditNote are."
        )
    profile = _first(sniffed, b"CustomizationID")
    syntax, version, why = _decide(sniffed, profile or "")
    return Recognition(
        syntax=syntax, version=version, profile=profile, charset=sniffed.charset, why=f"UBL {sniffed.root}; {why}."
    )


def _first(sniffed: Sniffed, name: bytes) -> str | None:
    # UBLExtensions come first where they are used, are of any length and may hold whole documents.
    text = sniffed.first_text(name, behind=b"UBLExtensions")
    return text if text is None or text.isprintable() else " ".join(text.split())


def _decide(sniffed: Sniffed, profile: str) -> tuple[str, str | None, str]:
    """Name, version and reason."""
    if profile.startswith(_PEPPOL_BIS_3) and _EHF_REMINDER not in profile:
        if _NORWEGIAN in profile:
            return "ehf-3", "3.0", "the customisation names a Norwegian specification on top of Peppol BIS Billing 3"
        seller = sniffed.first_element(b"AccountingSupplierParty")
        if seller is not None and _ORGNR_ENDPOINT.search(seller) and _IN_NORWAY.search(seller):
            return "ehf-3", "3.0", "Peppol BIS Billing 3 of a seller in Norway with an address of scheme 0192"
        return "peppol-bis-3", "3.0", "the customisation begins with that of Peppol BIS Billing 3"
    if _XRECHNUNG_3 in profile:
        return "xrechnung-3", "3.0", "the customisation names XRechnung 3.0"
    version = _first(sniffed, b"UBLVersionID") or "2.1"
    if not profile:
        return "ubl-2.1", version, "it names no customisation"
    return "ubl-2.1", version, f"the customisation {profile[:200]!r} is none that has a name of its own here"
