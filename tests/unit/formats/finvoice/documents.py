"""Finvoice documents for the tests: one of our own making, its parts to be changed, and where the real ones lie."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from fakturahub.formats.finvoice import SYNTAX
from fakturahub.formats.in_words import in_words
from fakturahub.formats.syntax import Reading
from fakturahub.intake.xml import sniff
from fakturahub.model import Heading, Recognition
from fakturahub.model.invoice import Invoice

FRAME = """<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:eb="http://www.oasis-open.org/committees/ebxml-msg/schema/msg-header-2_0.xsd">
<SOAP-ENV:Header><eb:MessageHeader>
<eb:From><eb:PartyId>003700000001</eb:PartyId><eb:Role>Sender</eb:Role></eb:From>
<eb:From><eb:PartyId>NDEAFIHH</eb:PartyId><eb:Role>Intermediator</eb:Role></eb:From>
<eb:To><eb:PartyId>003700000002</eb:PartyId><eb:Role>Receiver</eb:Role></eb:To>
<eb:To><eb:PartyId>OKOYFIHH</eb:PartyId><eb:Role>Intermediator</eb:Role></eb:To>
<eb:MessageData><eb:MessageId>m-1</eb:MessageId></eb:MessageData>
</eb:MessageHeader></SOAP-ENV:Header><SOAP-ENV:Body/></SOAP-ENV:Envelope>
"""

ROW = """<InvoiceRow><ArticleName>Työ</ArticleName>
<InvoicedQuantity QuantityUnitCode="h" QuantityUnitCodeUN="HUR">2</InvoicedQuantity>
<UnitPriceAmount AmountCurrencyIdentifier="EUR">50,00</UnitPriceAmount><RowPositionIdentifier>1</RowPositionIdentifier>
<RowVatRatePercent>25,5</RowVatRatePercent><RowVatCode>S</RowVatCode>
<RowVatExcludedAmount AmountCurrencyIdentifier="EUR">100,00</RowVatExcludedAmount></InvoiceRow>"""


def amount(name: str, value: str, currency: str = "EUR") -> str:
    return f'<{name} AmountCurrencyIdentifier="{currency}">{value}</{name}>'


def finvoice(
    *,
    version: str = "3.0",
    number: str = "1001",
    code: str = "INV01",
    head: str = "",
    details: str = "",
    totals: tuple[str, str, str] = ("100,00", "25,50", "125,50"),
    row: str = ROW,
    reference: str = "12344",
    tail: str = "",
    charset: str = "UTF-8",
) -> bytes:
    """A document; *head* stands before the seller, *details* at the end of InvoiceDetails, *tail* at the end."""
    net, vat, gross = totals
    text = f"""<?xml version="1.0" encoding="{charset}"?>
<Finvoice Version="{version}">{head}<SellerPartyDetails><SellerPartyIdentifier>0112038-9</SellerPartyIdentifier>
<SellerOrganisationName>Myyjä Oy</SellerOrganisationName></SellerPartyDetails>
<SellerOrganisationUnitNumber>003701120389</SellerOrganisationUnitNumber>
<BuyerPartyDetails><BuyerOrganisationName>Ostaja Oy</BuyerOrganisationName></BuyerPartyDetails>
<BuyerOrganisationUnitNumber>003745678907</BuyerOrganisationUnitNumber>
<InvoiceDetails><InvoiceTypeCode>{code}</InvoiceTypeCode><InvoiceTypeText>LASKU</InvoiceTypeText>
<OriginCode>Original</OriginCode><InvoiceNumber>{number}</InvoiceNumber>
<InvoiceDate Format="CCYYMMDD">20260901</InvoiceDate>{amount("InvoiceTotalVatExcludedAmount", net)}
{amount("InvoiceTotalVatAmount", vat)}{amount("InvoiceTotalVatIncludedAmount", gross)}{details}</InvoiceDetails>
{row}<EpiDetails><EpiIdentificationDetails><EpiDate Format="CCYYMMDD">20260901</EpiDate><EpiReference/>
</EpiIdentificationDetails><EpiPartyDetails><EpiBfiPartyDetails/><EpiBeneficiaryPartyDetails>
<EpiNameAddressDetails>Myyjä Oy</EpiNameAddressDetails>
<EpiAccountID IdentificationSchemeName="IBAN">FI2112345600000785</EpiAccountID></EpiBeneficiaryPartyDetails>
</EpiPartyDetails><EpiPaymentInstructionDetails>
<EpiRemittanceInfoIdentifier IdentificationSchemeName="SPY">{reference}</EpiRemittanceInfoIdentifier>
{amount("EpiInstructedAmount", gross)}<EpiCharge ChargeOption="SHA"/>
<EpiDateOptionDate Format="CCYYMMDD">20260915</EpiDateOptionDate></EpiPaymentInstructionDetails></EpiDetails>
{tail}</Finvoice>"""
    return text.encode(charset)


def transmission(sender: str, receiver: str, scheme: str = "") -> str:
    """MessageTransmissionDetails between two addresses."""
    said = f' SchemeID="{scheme}"' if scheme else ""
    return (
        f"<MessageTransmissionDetails><MessageSenderDetails><FromIdentifier{said}>{sender}</FromIdentifier>"
        f"<FromIntermediator>003723327487</FromIntermediator></MessageSenderDetails><MessageReceiverDetails>"
        f"<ToIdentifier{said}>{receiver}</ToIdentifier><ToIntermediator>NDEAFIHH</ToIntermediator>"
        f"</MessageReceiverDetails><MessageDetails><MessageIdentifier>m</MessageIdentifier>"
        f"<MessageTimeStamp>2026-09-01T00:00:00</MessageTimeStamp></MessageDetails></MessageTransmissionDetails>"
    )


def opened(data: bytes) -> tuple[etree._Element, Recognition]:
    """What the seam does with a document, by this folder alone."""
    sniffed = sniff(data)
    recognition = SYNTAX.detect(sniffed)
    assert recognition is not None
    assert SYNTAX.parse is not None
    return SYNTAX.parse(sniffed), recognition


def reading(data: bytes) -> Reading:
    assert SYNTAX.read is not None
    return SYNTAX.read(*opened(data))


def invoice(data: bytes) -> Invoice:
    noun = reading(data).noun
    assert isinstance(noun, Invoice)
    return noun


def in_another(data: bytes) -> Invoice:
    """The invoice as a syntax of another family gets it: what is kept is said in words."""
    noun, _ = in_words(invoice(data), "ubl")
    assert isinstance(noun, Invoice)
    return noun


def heading(data: bytes) -> Heading:
    return SYNTAX.heading(*opened(data))


def real_files(shared: Path) -> list[Path]:
    """Every real file of a Finvoice, a frame alone left out."""
    files = [*(shared / "samples/finvoice").glob("*.xml"), *(shared / "corpora/finvoice").rglob("*.xml")]
    other = {"letter_1.0_apix.xml", "payslip_2.0_valid.xml", "soap_frame_receiverproposal.xml"}
    return sorted(file for file in files if file.name not in other)


def schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(shared / "samples/finvoice/Finvoice3.0.xsd")))
