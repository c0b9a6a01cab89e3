"""What a file is, from its first bytes."""

from __future__ import annotations

import pytest

from fakturahub import formats
from fakturahub.errors import DoctypeRefused, EmptyBody, NotXml, UnknownDocument
from fakturahub.model import Kind

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
NORWAY = "urn:fdc:anskaffelser.no:2019:ehf:"


def document(customisation: str | None, *, root: str = "Invoice", seller: str = "", before: str = "") -> bytes:
    named = f"<cbc:CustomizationID>{customisation}</cbc:CustomizationID>" if customisation is not None else ""
    return (
        f'<{root} xmlns="{UBL}{root}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL}CommonBasicComponents-2">{before}{named}<cbc:ID>1</cbc:ID>'
        f"<cac:AccountingSupplierParty>{seller}</cac:AccountingSupplierParty></{root}>"
    ).encode()


def seller(scheme: str, country: str) -> str:
    return (
        f'<cac:Party><cbc:EndpointID schemeID="{scheme}">931415921</cbc:EndpointID><cac:PostalAddress><cac:Country>'
        f"<cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country></cac:PostalAddress></cac:Party>"
    )


@pytest.mark.parametrize(
    ("customisation", "syntax", "version"),
    [
        (PEPPOL, "peppol-bis-3", "3.0"),
        (f"\n   {PEPPOL}\n", "peppol-bis-3", "3.0"),
        (f"{PEPPOL}#conformant#urn:fdc:anyone:extension:1.0", "peppol-bis-3", "3.0"),
        (f"{PEPPOL}#conformant#{NORWAY}forward-billing:3.0", "ehf-3", "3.0"),
        (f"{PEPPOL}#conformant#{NORWAY}reminder:3.0", "ehf-reminder", "3.0"),
        (f"{NORWAY}spec:payment-request:3.0", "ehf-payment-request", "3.0"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "xrechnung-3", "3.0"),
        (
            "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
            "#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0",
            "xrechnung-3",
            "3.0",
        ),
        ("urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3", "ubl-2.1", "2.1"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0", "ubl-2.1", "2.1"),
        ("urn:cen.eu:en16931:2017", "ubl-2.1", "2.1"),
        ("OIOUBL-2.02", "oioubl-2.02", "2.02"),
        ("OIOUBL-3.0", "ubl-2.1", "2.1"),
        ("urn:vertexinc:vrbl:billing:1", "vrbl", "1"),
        ("", "ubl-2.1", "2.1"),
        (None, "ubl-2.1", "2.1"),
    ],
)
@pytest.mark.parametrize("root", ["Invoice", "CreditNote"])
def test_by_customisation(customisation: str | None, syntax: str, version: str, root: str) -> None:
    found = formats.recognise(document(customisation, root=root))
    assert (found.syntax, found.version) == (syntax, version)
    assert found.profile == ((customisation or "").strip() or None)
    assert found.charset == "utf-8"
    assert found.documents == 1
    assert found.why.startswith(f"UBL {root}; ")


@pytest.mark.parametrize(
    ("scheme", "country", "syntax"),
    [
        ("0192", "NO", "ehf-3"),
        ("0192", " NO\n", "ehf-3"),
        ("0088", "NO", "peppol-bis-3"),
        ("0192", "SE", "peppol-bis-3"),
        ("0007", "SE", "peppol-bis-3"),
    ],
)
def test_ehf_is_peppol_bis_of_a_norwegian_seller(scheme: str, country: str, syntax: str) -> None:
    found = formats.recognise(document(PEPPOL, seller=seller(scheme, country)))
    assert found.syntax == syntax
    assert found.profile == PEPPOL
    assert ("Norway" in found.why) is (syntax == "ehf-3")


def test_a_norwegian_buyer_makes_no_ehf() -> None:
    buyer = f"<cac:AccountingCustomerParty>{seller('0192', 'NO')}</cac:AccountingCustomerParty>"
    found = formats.recognise(document(PEPPOL, seller=seller("0007", "SE"), before=buyer))
    assert found.syntax == "peppol-bis-3"


def test_a_stated_ubl_version_is_told() -> None:
    stated = document("urn:cen.eu:en16931:2017", before="<cbc:UBLVersionID>2.0</cbc:UBLVersionID>")
    assert formats.recognise(stated).version == "2.0"


def test_extensions_of_any_length_may_come_first() -> None:
    extensions = (
        f"<x:UBLExtensions xmlns:x='urn:x'><CustomizationID>no</CustomizationID>{'y' * 50_000}</x:UBLExtensions>"
    )
    opened = formats.open_document(document(PEPPOL, before=extensions))
    assert opened.recognition.syntax == "peppol-bis-3"


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<Finvoice Version='4.0'/>", ("Finvoice", "'4.0'", "3.0")),
        (b"<Finvoice/>", ("Finvoice", "no version")),
        (b"<Finvoice xmlns='urn:x'/>", ("'Finvoice'", "'urn:x'")),
        (b"<Invoice/>", ("'Invoice'", "without a namespace")),
        (b'<Order xmlns="urn:pagero:PageroUniversalFormat:Order:1.0"/>', ("PageroUniversalFormat:Order:1.0",)),
        (b'<Invoice xmlns="urn:pagero:PageroUniversalFormat:Invoice:2.0"/>', ("PageroUniversalFormat:Invoice:2.0",)),
        (f'<Gift xmlns="{UBL}Gift-2"/>'.encode(), ("'Gift'", "Gift-2", "Order")),
        (f'<Order xmlns="{UBL}Invoice-2"/>'.encode(), ("'Order'", "Invoice-2")),
        (f'<Invoice xmlns="{UBL}CreditNote-2"/>'.encode(), ("'Invoice'", "CreditNote-2")),
        (f'<Invoice xmlns="{UBL}Invoice-1"/>'.encode(), ("Invoice-1",)),
    ],
)
def test_what_is_not_known_is_named(data: bytes, named: tuple[str, ...]) -> None:
    for ask in (formats.recognise, formats.open_document, formats.read_heading, formats.attachments):
        with pytest.raises(UnknownDocument) as refused:
            ask(data)
        for word in named:
            assert word in refused.value.reason


@pytest.mark.parametrize(
    ("data", "syntax", "version"),
    [
        (b"<Finvoice Version='3.0'/>", "finvoice-3.0", "3.0"),
        (b"<Finvoice Version='1.3'/>", "finvoice-1.3", "1.3"),
        (b'<Invoice xmlns="urn:pagero:PageroUniversalFormat:Invoice:1.0"/>', "puf-billing-1.0", "1.0"),
        (b'<CreditNote xmlns="urn:pagero:PageroUniversalFormat:CreditNote:1.0"/>', "puf-billing-1.0", "1.0"),
        (f'<Order xmlns="{UBL}Order-2"/>'.encode(), "ubl-order", "2.1"),
        (f'<ApplicationResponse xmlns="{UBL}ApplicationResponse-2"/>'.encode(), "ubl-application-response", "2.1"),
        (document("urn:www.difi.no:ehf:faktura:ver2.0"), "ehf-2", "2.0"),
    ],
)
def test_other_families_and_documents(data: bytes, syntax: str, version: str) -> None:
    found = formats.recognise(data)
    assert (found.syntax, found.version) == (syntax, version)
    assert syntax in formats.NAMES


def test_a_long_name_is_not_repeated_whole() -> None:
    with pytest.raises(UnknownDocument) as refused:
        formats.recognise(b"<" + b"x" * 50_000 + b" xmlns='urn:" + b"y" * 50_000 + b"'/>")
    assert len(refused.value.reason) < 500


def test_bytes_that_are_no_document_raise_what_the_intake_raises() -> None:
    with pytest.raises(EmptyBody):
        formats.recognise(b"")
    with pytest.raises(NotXml, match="PDF"):
        formats.recognise(b"%PDF-1.7")
    with pytest.raises(DoctypeRefused):
        formats.recognise(b"<!DOCTYPE Invoice [<!ENTITY a 'b'>]>" + document(PEPPOL))


def test_ubl_readers_take_no_doctype_at_all() -> None:
    with pytest.raises(DoctypeRefused):
        formats.open_document(b"<!DOCTYPE Invoice SYSTEM 'ubl.dtd'>" + document(PEPPOL))


def test_the_syntaxes_have_names_of_their_own() -> None:
    families = [syntax.family for syntax in formats.SYNTAXES]
    assert len(set(families)) == len(families)
    assert "ubl" in families


@pytest.mark.parametrize(
    ("customisation", "type_code", "root", "kind"),
    [
        (PEPPOL, "380", "Invoice", Kind.INVOICE),
        (PEPPOL, None, "Invoice", Kind.INVOICE),
        (PEPPOL, "384", "Invoice", Kind.INVOICE),
        (PEPPOL, "381", "Invoice", Kind.CREDIT_NOTE),
        ("urn:vertexinc:vrbl:billing:1", "381", "Invoice", Kind.CREDIT_NOTE),
        ("urn:vertexinc:vrbl:billing:1", "380", "Invoice", Kind.INVOICE),
        (PEPPOL, None, "CreditNote", Kind.CREDIT_NOTE),
        (f"{PEPPOL}#conformant#{NORWAY}reminder:3.0", None, "Invoice", Kind.REMINDER),
        (f"{NORWAY}spec:payment-request:3.0", None, "Invoice", Kind.OTHER),
    ],
)
def test_the_kind(customisation: str, type_code: str | None, root: str, kind: Kind) -> None:
    before = f"<cbc:InvoiceTypeCode>{type_code}</cbc:InvoiceTypeCode>" if type_code else ""
    assert formats.read_heading(document(customisation, root=root, before=before)).kind is kind
