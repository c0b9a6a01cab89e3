"""Which document of the UBL family it is, by its root element, its namespace and its customisation (BT-24)."""

from __future__ import annotations

import re
from typing import NamedTuple

from fakturahub.errors import UnknownDocument
from fakturahub.formats.ubl.documents import OTHER_DOCUMENTS
from fakturahub.formats.ubl.names import PEPPOL_BIS_3, PUF_BILLING_2, PUF_DOCUMENT, UBL_DOCUMENT, VRBL_BILLING
from fakturahub.intake.xml import Sniffed
from fakturahub.model import Recognition

_XRECHNUNG_3 = "urn:xeinkauf.de:kosit:xrechnung_3.0"
# Specifications of the Norwegian agency for public procurement: on top of Peppol BIS 3 (forward billing, for one), ...
_NORWEGIAN = "#urn:fdc:anskaffelser.no:2019:ehf:"
# ... and documents that are written as invoices and are none: their rules differ.
_EHF_REMINDER = "urn:fdc:anskaffelser.no:2019:ehf:reminder:"
_EHF_PAYMENT_REQUEST = "urn:fdc:anskaffelser.no:2019:ehf:spec:payment-request:"
# The customisations of EHF 2, which Peppol BIS 3 took the place of in 2019.
_EHF_2 = re.compile(r"urn:www\.difi\.no:ehf:[a-z-]+:ver2\.([0-9])")
_OIOUBL = re.compile(r"OIOUBL-(2\.[0-9]{1,2})")
# What Pagero tells its customers, as ApplicationResponse of UBL.
_PUF_RESPONSES = {
    "urn:pagero.com:puf:invoice_response:1.0": "puf-response-1.0",
    "urn:pagero.com:puf:technical_acknowledgement:1.0": "puf-technical-acknowledgement-1.0",
    "urn:pagero.com:puf:clearance_notification:1.0": "puf-clearance-notification-1.0",
}

_ORGNR_ENDPOINT = re.compile(rb"EndpointID\s[^<>]*schemeID\s*=\s*[\"']0192[\"']")
_IN_NORWAY = re.compile(rb"IdentificationCode(?:\s[^<>]*)?>\s*NO\s*<")
_CAPITAL = re.compile(r"(?<!\A)([A-Z])")


class _Found(NamedTuple):
    """Name, version and reason."""

    syntax: str
    version: str | None
    why: str


def detect(sniffed: Sniffed) -> Recognition | None:
    """The document of the UBL family that *sniffed* is, None if it is none.

    ``UnknownDocument`` where root element and namespace do not belong together, or UBL has no such document.

    ``ehf-3`` and ``peppol-bis-3`` are one specification with the same identifier: EHF Billing 3 is Peppol BIS Billing
    3, whose rules for Norwegian sellers apply by themselves. A document is called ``ehf-3`` when its customisation
    names a Norwegian specification, or its seller is in Norway and has an organisation number (0192) as address.
    """
    namespace = sniffed.namespace
    if namespace is None or not namespace.startswith((UBL_DOCUMENT, PUF_DOCUMENT)):
        return None
    root, puf = sniffed.root, namespace.startswith(PUF_DOCUMENT)
    invoice = root in ("Invoice", "CreditNote")
    belongs = f"{PUF_DOCUMENT}{root}:1.0" if puf else f"{UBL_DOCUMENT}{root}-2"
    if namespace != belongs or not (invoice or (not puf and root in OTHER_DOCUMENTS)):
        raise UnknownDocument(
            f"There is no document with the root element {root[:100]!r} in the namespace {namespace[:200]!r}; "
            f"of UBL 2 its own document types are known, such as Invoice, CreditNote and Order, of PUF 1.0 Invoice and "
            f"CreditNote."
        )
    profile = _first(sniffed, b"CustomizationID")
    if puf:
        found = _puf(profile or "")
    elif invoice:
        found = _invoice(sniffed, profile or "")
    else:
        found = _other(sniffed, root, profile or "")
    return Recognition(
        syntax=found.syntax,
        version=found.version,
        profile=profile,
        charset=sniffed.charset,
        why=f"{'PUF' if puf else 'UBL'} {root}; {found.why}.",
    )


def _first(sniffed: Sniffed, name: bytes) -> str | None:
    # UBLExtensions come first where they are used, are of any length and may hold whole documents.
    text = sniffed.first_text(name, behind=b"UBLExtensions")
    return text if text is None or text.isprintable() else " ".join(text.split())


def _puf(profile: str) -> _Found:
    if profile == PUF_BILLING_2:
        return _Found("puf-billing-2.0", "2.0", "the customisation is that of PUF Billing 2.0")
    # Earlier ones carry the customisation of Peppol BIS 3, or their own.
    return _Found("puf-billing-1.0", "1.0", "the customisation is not that of PUF Billing 2.0")


def _other(sniffed: Sniffed, root: str, profile: str) -> _Found:
    named = _PUF_RESPONSES.get(profile)
    if named is not None and root == "ApplicationResponse":
        return _Found(named, "1.0", "the customisation is one of Pagero's")
    version = _first(sniffed, b"UBLVersionID") or "2.1"
    kebab = _CAPITAL.sub(r"-\1", root).lower()
    return _Found(f"ubl-{kebab}", version, "a document of UBL that is no invoice")


def _invoice(sniffed: Sniffed, profile: str) -> _Found:
    if profile.startswith(PEPPOL_BIS_3) and _EHF_REMINDER not in profile:
        if _NORWEGIAN in profile:
            why = "the customisation names a Norwegian specification on top of Peppol BIS Billing 3"
            return _Found("ehf-3", "3.0", why)
        seller = sniffed.first_element(b"AccountingSupplierParty")
        if seller is not None and _ORGNR_ENDPOINT.search(seller) and _IN_NORWAY.search(seller):
            why = "Peppol BIS Billing 3 of a seller in Norway with an address of scheme 0192"
            return _Found("ehf-3", "3.0", why)
        return _Found("peppol-bis-3", "3.0", "the customisation begins with that of Peppol BIS Billing 3")
    if _XRECHNUNG_3 in profile:
        return _Found("xrechnung-3", "3.0", "the customisation names XRechnung 3.0")
    if profile == VRBL_BILLING or profile.startswith(f"{VRBL_BILLING}#"):
        return _Found("vrbl", "1", "the customisation is Vertex's")
    if _EHF_REMINDER in profile:
        return _Found("ehf-reminder", "3.0", "the customisation is that of EHF Reminder")
    if _EHF_PAYMENT_REQUEST in profile:
        return _Found("ehf-payment-request", "3.0", "the customisation is that of EHF Payment Request")
    ehf_2 = _EHF_2.search(profile)
    if ehf_2 is not None:
        return _Found("ehf-2", f"2.{ehf_2[1]}", "the customisation names EHF 2")
    oioubl = _OIOUBL.fullmatch(profile)
    if oioubl is not None:
        return _Found(f"oioubl-{oioubl[1]}", oioubl[1], "the customisation is that of OIOUBL")
    version = _first(sniffed, b"UBLVersionID") or "2.1"
    if not profile:
        return _Found("ubl-2.1", version, "it names no customisation")
    why = f"the customisation {profile[:200]!r} is none that has a name of its own here"
    return _Found("ubl-2.1", version, why)
