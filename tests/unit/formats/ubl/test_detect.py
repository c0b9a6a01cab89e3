"""Which document of the UBL family it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fakturahub.errors import UnknownDocument
from fakturahub.formats import ubl
from fakturahub.formats.ubl.documents import OTHER_DOCUMENTS
from fakturahub.intake.xml import sniff
from fakturahub.model import Recognition
from tests.unit.formats.ubl.corpus import documents
from tests.unit.formats.ubl.parts import PEPPOL, PUF, UBL

NORWAY = "urn:fdc:anskaffelser.no:2019:ehf:"


def look(root: str, namespace: str, customisation: str | None = None, version: str | None = None) -> Recognition | None:
    stated = f"<b:UBLVersionID>{version}</b:UBLVersionID>" if version else ""
    if customisation is not None:
        stated += f"<b:CustomizationID>{customisation}</b:CustomizationID>"
    cbc = f"{UBL}CommonBasicComponents-2"
    return ubl.SYNTAX.detect(sniff(f'<{root} xmlns="{namespace}" xmlns:b="{cbc}">{stated}</{root}>'.encode()))


def named(root: str, namespace: str, customisation: str | None = None) -> str:
    found = look(root, namespace, customisation)
    assert found is not None
    return found.syntax


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
@pytest.mark.parametrize(
    ("customisation", "syntax", "version"),
    [
        ("urn:vertexinc:vrbl:billing:1", "vrbl", "1"),
        ("urn:vertexinc:vrbl:billing:1#Statement#VRBL-Rejections-HR-1p0", "vrbl", "1"),
        ("urn:vertexinc:vrbl:billing:12", "ubl-2.1", "2.1"),
        ("OIOUBL-2.01", "oioubl-2.01", "2.01"),
        ("OIOUBL-2.02", "oioubl-2.02", "2.02"),
        ("OIOUBL-2.1", "oioubl-2.1", "2.1"),
        ("OIOUBL-3", "ubl-2.1", "2.1"),
        (f"{NORWAY}spec:payment-request:3.0", "ehf-payment-request", "3.0"),
        (f"{PEPPOL}#conformant#{NORWAY}reminder:3.0", "ehf-reminder", "3.0"),
        (f"{PEPPOL}#conformant#{NORWAY}forward-billing:3.0", "ehf-3", "3.0"),
        (
            "urn:www.cenbii.eu:transaction:biitrns010:ver2.0:extended:urn:www.peppol.eu:bis:peppol5a:ver2.0"
            ":extended:urn:www.difi.no:ehf:faktura:ver2.0",
            "ehf-2",
            "2.0",
        ),
        ("urn:x:extended:urn:www.difi.no:ehf:kreditnota:ver2.1", "ehf-2", "2.1"),
        ("urn:cen.eu:en16931:2017", "ubl-2.1", "2.1"),
        (None, "ubl-2.1", "2.1"),
    ],
)
def test_invoices_by_their_customisation(root: str, customisation: str | None, syntax: str, version: str) -> None:
    found = look(root, f"{UBL}{root}-2", customisation)
    assert found is not None
    assert (found.syntax, found.version, found.profile) == (syntax, version, customisation)
    assert found.why.startswith(f"UBL {root}; ")


@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_puf(root: str) -> None:
    for customisation, syntax in (
        ("urn:pagero.com:puf:billing:2.0", "puf-billing-2.0"),
        ("urn:pagero.com:puf:billing:1.0", "puf-billing-1.0"),
        (f"{PEPPOL}#conformant", "puf-billing-1.0"),
        (None, "puf-billing-1.0"),
    ):
        assert named(root, f"{PUF}{root}:1.0", customisation) == syntax


@pytest.mark.parametrize(
    ("customisation", "syntax"),
    [
        ("urn:pagero.com:puf:invoice_response:1.0", "puf-response-1.0"),
        ("urn:pagero.com:puf:technical_acknowledgement:1.0", "puf-technical-acknowledgement-1.0"),
        ("urn:pagero.com:puf:clearance_notification:1.0", "puf-clearance-notification-1.0"),
        ("urn:fdc:peppol.eu:poacc:trns:invoice_response:3", "ubl-application-response"),
        (None, "ubl-application-response"),
    ],
)
def test_responses(customisation: str | None, syntax: str) -> None:
    assert named("ApplicationResponse", f"{UBL}ApplicationResponse-2", customisation) == syntax


def test_other_documents_are_called_by_their_root() -> None:
    names = {root: named(root, f"{UBL}{root}-2") for root in OTHER_DOCUMENTS}
    assert names["Order"] == "ubl-order"
    assert names["OrderResponseSimple"] == "ubl-order-response-simple"
    assert names["CatalogueItemSpecificationUpdate"] == "ubl-catalogue-item-specification-update"
    assert len(set(names.values())) == len(OTHER_DOCUMENTS) >= 80
    stated = look("Order", f"{UBL}Order-2", "OIOUBL-2.1", version="2.0")
    assert stated is not None
    assert (stated.version, stated.profile) == ("2.0", "OIOUBL-2.1")


@pytest.mark.parametrize(
    ("root", "namespace"),
    [
        ("Invoice", f"{UBL}CreditNote-2"),
        ("Invoice", f"{UBL}Invoice-1"),
        ("Fancy", f"{UBL}Fancy-2"),
        ("Order", f"{PUF}Order:1.0"),
        ("Invoice", f"{PUF}Invoice:2.0"),
        ("Invoice", f"{PUF}CreditNote:1.0"),
    ],
)
def test_what_is_no_document_of_the_family_is_named(root: str, namespace: str) -> None:
    with pytest.raises(UnknownDocument, match=namespace):
        look(root, namespace)


def test_documents_of_others_are_left_to_them() -> None:
    assert look("Invoice", "urn:sfti:documents:BasicInvoice:1:0") is None
    assert look("CrossIndustryInvoice", "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100") is None


def test_every_shared_document_has_a_name(shared: Path) -> None:
    found = Counter(one.recognition.syntax for one in documents(shared))
    least = {
        "peppol-bis-3": 70,
        "xrechnung-3": 25,
        "ubl-2.1": 20,
        "ehf-3": 8,
        "puf-billing-2.0": 4,
        "vrbl": 3,
        "oioubl-2.1": 9,
        "oioubl-2.02": 4,
        "oioubl-2.01": 3,
        "ehf-2": 1,
        "ehf-payment-request": 3,
        "ehf-reminder": 1,
        "ubl-order": 3,
        "ubl-order-response": 7,
        "ubl-catalogue": 7,
        "ubl-application-response": 7,
        "ubl-reminder": 2,
        "ubl-statement": 2,
        "ubl-despatch-advice": 2,
        "puf-response-1.0": 2,
        "puf-technical-acknowledgement-1.0": 2,
        "puf-clearance-notification-1.0": 1,
    }
    assert {name: found[name] for name in least if found[name] < least[name]} == {}
