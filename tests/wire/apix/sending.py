"""What programs send: whole documents in ZIPs, and the calls that send them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from types import MappingProxyType

import pikepdf

from tests.running import Hub
from tests.unit.dialects.apix.transfers import PICTURE, urls, zipped
from tests.wire.apix.terminal import joined, put, signed
from tests.wire.companies import Reader
from tests.wire.raw import RawAnswer

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def pdf(pages: int = 1) -> bytes:
    """A PDF with so many blank pages."""
    made = io.BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=(595, 842))
        document.save(made, deterministic_id=True)
    return made.getvalue()


def _ytunnus(reader: Reader) -> str:
    return f"{reader.endpoint[4:11]}-{reader.endpoint[11:]}"


def bill(
    number: str,
    seller: Reader,
    buyer: Reader | None = None,
    *links: tuple[str, str],
    mail: str = "",
    address: bool = True,
    to: str = "",
    name: str = "Ostaja Öljy Oy",
) -> bytes:
    """A Finvoice from *seller* to *buyer*, or to nobody of the hub; *to* is the address of its transmission details."""
    towards = (
        f"<MessageTransmissionDetails><MessageSenderDetails><FromIdentifier>{seller.endpoint}</FromIdentifier>"
        "<FromIntermediator>003723327487</FromIntermediator></MessageSenderDetails><MessageReceiverDetails>"
        f"<ToIdentifier>{to}</ToIdentifier><ToIntermediator>003723327487</ToIntermediator></MessageReceiverDetails>"
        f"<MessageDetails><MessageIdentifier>{number}</MessageIdentifier><MessageTimeStamp>2026-11-20T12:00:00"
        "</MessageTimeStamp></MessageDetails></MessageTransmissionDetails>"
        if to
        else ""
    )
    known = f"<BuyerPartyIdentifier>{_ytunnus(buyer)}</BuyerPartyIdentifier>" if buyer else ""
    postal = (
        "<BuyerPostalAddressDetails><BuyerStreetName>Testitie 2</BuyerStreetName><BuyerTownName>Espoo</BuyerTownName>"
        "<BuyerPostCodeIdentifier>02100</BuyerPostCodeIdentifier><CountryCode>FI</CountryCode>"
        "</BuyerPostalAddressDetails>"
        if address
        else ""
    )
    mailed = (
        "<BuyerCommunicationDetails><BuyerEmailaddressIdentifier>"
        f"{mail}</BuyerEmailaddressIdentifier></BuyerCommunicationDetails>"
        if mail
        else ""
    )
    return (
        f'{_HEAD}<Finvoice Version="3.0">{towards}<SellerPartyDetails><SellerPartyIdentifier>{_ytunnus(seller)}'
        f"</SellerPartyIdentifier><SellerOrganisationName>Lukija {seller.key} Oy</SellerOrganisationName>"
        f"</SellerPartyDetails><BuyerPartyDetails>{known}<BuyerOrganisationName>{name}</BuyerOrganisationName>{postal}"
        f"</BuyerPartyDetails>{mailed}<InvoiceDetails><InvoiceTypeCode>INV01</InvoiceTypeCode><InvoiceTypeText>LASKU"
        f"</InvoiceTypeText><OriginCode>Original</OriginCode><InvoiceNumber>{number}</InvoiceNumber>"
        '<InvoiceDate Format="CCYYMMDD">20261120</InvoiceDate><InvoiceTotalVatExcludedAmount '
        'AmountCurrencyIdentifier="EUR">100,00</InvoiceTotalVatExcludedAmount><InvoiceTotalVatAmount '
        'AmountCurrencyIdentifier="EUR">25,50</InvoiceTotalVatAmount><InvoiceTotalVatIncludedAmount '
        'AmountCurrencyIdentifier="EUR">125,50</InvoiceTotalVatIncludedAmount></InvoiceDetails><InvoiceRow>'
        "<ArticleName>Öljy</ArticleName><RowVatRatePercent>25,5</RowVatRatePercent><RowVatExcludedAmount "
        'AmountCurrencyIdentifier="EUR">100,00</RowVatExcludedAmount></InvoiceRow><EpiDetails>'
        '<EpiIdentificationDetails><EpiDate Format="CCYYMMDD">20261120</EpiDate><EpiReference/>'
        "</EpiIdentificationDetails><EpiPartyDetails><EpiBfiPartyDetails/><EpiBeneficiaryPartyDetails>"
        '<EpiAccountID IdentificationSchemeName="IBAN">FI2112345600000785</EpiAccountID>'
        "</EpiBeneficiaryPartyDetails></EpiPartyDetails><EpiPaymentInstructionDetails>"
        '<EpiInstructedAmount AmountCurrencyIdentifier="EUR">125,50</EpiInstructedAmount>'
        '<EpiCharge ChargeOption="SHA">SHA</EpiCharge><EpiDateOptionDate Format="CCYYMMDD">20261204'
        f"</EpiDateOptionDate></EpiPaymentInstructionDetails></EpiDetails>{urls(*links)}</Finvoice>"
    ).encode()


def letter(number: str, seller: Reader, name: str) -> bytes:
    """A letter whose PDF is called *name*."""
    return (
        f'<Letter Version="1.0"><DocumentID>{number}</DocumentID><SenderPartyDetails><SenderPartyIdentifier>'
        f"{_ytunnus(seller)}</SenderPartyIdentifier><SenderOrganisationName>Lukija Oy</SenderOrganisationName>"
        "</SenderPartyDetails><DeliveryPartyDetails><DeliveryOrganisationName>Saaja Oy</DeliveryOrganisationName>"
        "<DeliveryPostalAddressDetails><DeliveryStreetName>Testitie 2</DeliveryStreetName><DeliveryTownName>Espoo"
        "</DeliveryTownName><DeliveryPostCodeIdentifier>02100</DeliveryPostCodeIdentifier><CountryCode>FI</CountryCode>"
        f"</DeliveryPostalAddressDetails></DeliveryPartyDetails>{urls((PICTURE, f'file://{name}'))}</Letter>"
    ).encode()


def transfer(*bills: bytes, **files: bytes) -> bytes:
    """A ZIP with *bills* in one data file and the files beside it, whose names are written with ``_`` for the dot."""
    return zipped(
        ("data.xml", b"\n".join(bills)), *((name.replace("_", "."), content) for name, content in files.items())
    )


def sent(
    hub: Hub,
    endpoint: str,
    sender: Reader,
    body: bytes,
    *fields: str,
    host: str = "",
    also: Mapping[str, str] = MappingProxyType({}),
) -> RawAnswer:
    """Send *body* as *sender*; under the root of *host* where one is named."""
    given = {"soft": "Standard", "ver": "1.0", "TraID": sender.transfer_id}
    if endpoint == "sendpayslip":
        given = {"TraID": sender.transfer_id}
    query = joined(signed(endpoint, sender.transfer_key, {**given, **also}))
    return put(hub, f"{endpoint}?{query}", body, *fields, host=host)


def groups(answer: RawAnswer) -> list[dict[str, str]]:
    """The groups of an answer."""
    return [
        dict(re.findall(r'<Value type="([^"]*)">(.*?)</Value>', group, re.DOTALL))
        for group in re.findall(r"<Group>(.*?)</Group>", answer.text, re.DOTALL)
    ]


def code(answer: RawAnswer) -> str:
    """The StatusCode of an answer."""
    found = re.search(r"<StatusCode>(.*?)</StatusCode>", answer.text)
    assert found is not None, answer.text
    return found[1]
