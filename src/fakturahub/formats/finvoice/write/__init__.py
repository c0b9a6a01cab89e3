"""An invoice as Finvoice 3.0, bare or behind a SOAP frame, valid by the schema of Finance Finland (11/2019).

The bare document is UTF-8, as the hub writes everything and most senders do. The framed one goes to banks, whose
guidelines say ISO-8859-15: it is written in that, and what that set does not have as references to characters.

There is no clock here. The message identifier is a digest of the document, the time stamp the date of the invoice at
midnight: the same invoice is the same bytes, and an acknowledgement finds its message.
"""

from __future__ import annotations

import decimal
import re

from fakturahub.errors import MissingTerm, UnwritableDocument
from fakturahub.formats.finvoice.framing import EBXML, SOAP
from fakturahub.formats.finvoice.messages import APIX, message_id_of, time_stamp_of
from fakturahub.formats.finvoice.routing import SPECIFICATIONS
from fakturahub.formats.finvoice.write.attachments import Links, links
from fakturahub.formats.finvoice.write.details import details
from fakturahub.formats.finvoice.write.extras import put_back
from fakturahub.formats.finvoice.write.parties import (
    contact,
    delivery_party,
    is_unit_number,
    party,
    payee,
    tax_representative,
    unit_number,
)
from fakturahub.formats.finvoice.write.payment import Plan, accounts, bar_code, card_and_debit, epi, plan, status
from fakturahub.formats.finvoice.write.rows import row
from fakturahub.formats.finvoice.write.sheet import NO_PLACE, TOO_LONG, Sheet, attribute, escaped, is_currency
from fakturahub.formats.finvoice.write.turned import turned
from fakturahub.formats.syntax import Writing
from fakturahub.model import Identifier
from fakturahub.model.invoice import Delivery, Invoice, Line, Noun

__all__ = ["APIX", "write_bare", "write_framed"]

_FRAME_CHARSET = "iso-8859-15"
_EXACT = decimal.Context(prec=100)
_STANDARD = "EN16931"
# What the schema takes as the scheme of an address: a name of ten characters, such as an EAS code.
_SCHEME = re.compile(r"[A-Za-z0-9._:-]{1,10}")


def write_bare(noun: Noun, *, sender_operator: str = APIX, receiver_operator: str = APIX) -> Writing:
    """*noun* as a Finvoice 3.0 document in UTF-8, and what of it is not in it.

    Raises ``UnwritableDocument`` for what is no invoice and for amounts of more digits than the schema has;
    ``MissingTerm`` without number, date, currency or total (BT-1, 2, 5, 112).
    """
    made = _Finvoice(noun, sender_operator, receiver_operator)
    return Writing(made.document("UTF-8").encode(), tuple(made.sheet.losses), made.links.files)


def write_framed(noun: Noun, *, sender_operator: str = APIX, receiver_operator: str = APIX) -> Writing:
    """*noun* as a Finvoice 3.0 document behind a SOAP frame, in ISO-8859-15.

    Raises what ``write_bare`` raises, and ``MissingTerm`` without the electronic addresses of both parties (BT-34, 49),
    for a frame says nothing else.
    """
    made = _Finvoice(noun, sender_operator, receiver_operator)
    text = made.frame() + made.document("ISO-8859-15")
    return Writing(text.encode(_FRAME_CHARSET, "xmlcharrefreplace"), tuple(made.sheet.losses), made.links.files)


class _Finvoice:
    """One invoice on its way to a Finvoice: the parts of it, before they are put together."""

    def __init__(self, noun: Noun, sender_operator: str, receiver_operator: str) -> None:
        if not isinstance(noun, Invoice):
            raise UnwritableDocument(f"A {type(noun).__name__} cannot be written as a Finvoice; an invoice can.")
        self.operators = sender_operator, receiver_operator
        totals, currency = noun.totals, noun.currency
        for term, value in (("BT-1", noun.number), ("BT-2", noun.issue_date), ("BT-112", totals.with_vat)):
            if value is None or (isinstance(value, str) and not value.strip()):
                raise MissingTerm(
                    "Finvoice requires it of every document, and the invoice does not state it.", term=term
                )
        if currency is None or not is_currency(currency):
            raise MissingTerm(
                "Finvoice has the currency at every amount, and the invoice states none of three letters.", term="BT-5"
            )
        self.invoice, changed = turned(noun)
        self.sheet = Sheet(currency, -1 if self.invoice.is_credit_note else 1)
        self.sheet.losses += changed
        with decimal.localcontext(_EXACT):
            self.links: Links = links(self.sheet, self.invoice.supporting)
            self.sheet.said = frozenset(note.text for note in self.invoice.notes)
            self._addresses()
            self._body()
            put_back(self.sheet, self.invoice.extensions, addressed=self.addressed)
        self.message_id = message_id_of("".join(self.sheet.out))

    def _body(self) -> None:
        """All of the document but the transmission details, in the order of the schema."""
        sheet, invoice = self.sheet, self.invoice
        made: Plan = plan(sheet, invoice)
        party(sheet, "Seller", invoice.seller, "seller")
        unit_number(sheet, "Seller", invoice.seller.endpoint)
        contact(sheet, "Seller", invoice.seller.contact, "seller.contact")
        mark = sheet.open("SellerInformationDetails")
        sheet.text("SellerTaxRegistrationText", invoice.seller.tax_registration, "seller.tax_registration", 35)
        sheet.text("SellerAdditionalLegalInfo", invoice.seller.legal_information, "seller.legal_information", 512)
        accounts(sheet, made)
        sheet.close("SellerInformationDetails", mark)
        party(sheet, "Buyer", invoice.buyer, "buyer")
        unit_number(sheet, "Buyer", invoice.buyer.endpoint)
        contact(sheet, "Buyer", invoice.buyer.contact, "buyer.contact")
        delivery_party(sheet, invoice.delivery)
        self._delivery()
        payee(sheet, invoice.payee)
        tax_representative(sheet, invoice.tax_representative)
        details(sheet, invoice)
        card_and_debit(sheet, invoice.payment)
        status(sheet, invoice)
        bar_code(sheet, invoice, made)
        for number, line in enumerate(invoice.lines or (Line(),)):
            row(sheet, line, f"lines[{number}]")
        epi(sheet, invoice, made)
        self.links.write(sheet)
        sheet.texts_done("InvoiceFreeText")

    def _delivery(self) -> None:
        sheet, invoice = self.sheet, self.invoice
        delivery = invoice.delivery or Delivery()
        mark = sheet.open("DeliveryDetails")
        sheet.day("DeliveryDate", delivery.actual_date)
        sheet.text("WaybillIdentifier", invoice.receiving_advice, "receiving_advice", 70)
        sheet.text("DeliveryNoteIdentifier", invoice.despatch_advice, "despatch_advice", 70)
        sheet.identifier("FinalDestinationName", delivery.location, "delivery.location", 35)
        sheet.close("DeliveryDetails", mark)

    def _addresses(self) -> None:
        """Whether there are transmission details: they need both addresses, each of 2 to 35 characters."""
        sheet, invoice = self.sheet, self.invoice
        self.addressed = True
        for place, endpoint in (("seller", invoice.seller.endpoint), ("buyer", invoice.buyer.endpoint)):
            if endpoint is None:
                self.addressed = False
            elif not 2 <= len(endpoint.value) <= 35:
                sheet.say(f"{place}.endpoint", endpoint)
                self.addressed = False
            elif endpoint.scheme is not None and _SCHEME.fullmatch(endpoint.scheme) is None:
                sheet.say(f"{place}.endpoint", endpoint)
        if self.addressed:
            self._specification()
            return
        for place, endpoint in (("seller", invoice.seller.endpoint), ("buyer", invoice.buyer.endpoint)):
            # All that is left is a place for OVT addresses, without a scheme.
            if endpoint is not None and 2 <= len(endpoint.value) <= 35 and not is_unit_number(endpoint):
                sheet.say(f"{place}.endpoint", endpoint)
        sheet.lose_all({"business_process": invoice.business_process, "specification": invoice.specification}, "")

    def _specification(self) -> None:
        """BT-24: the standard has a name here, what is built on it has none."""
        stated = self.invoice.specification
        if stated is not None and stated != SPECIFICATIONS[_STANDARD]:
            self.sheet.lose("specification", stated, TOO_LONG if len(stated) > 35 else NO_PLACE)
        process = self.invoice.business_process
        if process is not None and len(process) > 4:
            self.sheet.lose("business_process", process, TOO_LONG)

    @property
    def _time_stamp(self) -> str:
        return time_stamp_of(self.invoice.issue_date) if self.invoice.issue_date is not None else ""

    def document(self, charset: str) -> str:
        """The document with its declaration."""
        return (
            f'<?xml version="1.0" encoding="{charset}"?>\n<Finvoice Version="3.0">'
            f"{self._transmission() if self.addressed else ''}{self.sheet.text_of_all()}</Finvoice>\n"
        )

    def _transmission(self) -> str:
        seller, buyer = self.invoice.seller.endpoint, self.invoice.buyer.endpoint
        process = self.invoice.business_process
        sender, receiver = self.operators
        code = f"<ImplementationCode>{escaped(process)}</ImplementationCode>" if process and len(process) <= 4 else ""
        name = f"<SpecificationIdentifier>{_STANDARD}</SpecificationIdentifier>" if self.invoice.specification else ""
        return (
            f"<MessageTransmissionDetails><MessageSenderDetails>{_address('FromIdentifier', seller)}"
            f"<FromIntermediator>{escaped(sender)}</FromIntermediator></MessageSenderDetails>"
            f"<MessageReceiverDetails>{_address('ToIdentifier', buyer)}"
            f"<ToIntermediator>{escaped(receiver)}</ToIntermediator></MessageReceiverDetails>"
            f"<MessageDetails><MessageIdentifier>{self.message_id}</MessageIdentifier>"
            f"<MessageTimeStamp>{self._time_stamp}</MessageTimeStamp>{code}{name}</MessageDetails>"
            f"</MessageTransmissionDetails>"
        )

    def frame(self) -> str:
        """The SOAP frame with the ebXML header, in the order of the guidelines (Finvoice 2.0, chapter 19)."""
        for term, endpoint in (("BT-34", self.invoice.seller.endpoint), ("BT-49", self.invoice.buyer.endpoint)):
            if endpoint is None or not 2 <= len(endpoint.value) <= 35:
                raise MissingTerm("A SOAP frame is addressed from one electronic address to another.", term=term)
        sender, receiver = self.operators
        parties = "".join(
            f"<eb:{side}><eb:PartyId>{escaped(value)}</eb:PartyId><eb:Role>{role}</eb:Role></eb:{side}>"
            for side, value, role in (
                ("From", _value(self.invoice.seller.endpoint), "Sender"),
                ("From", sender, "Intermediator"),
                ("To", _value(self.invoice.buyer.endpoint), "Receiver"),
                ("To", receiver, "Intermediator"),
            )
        )
        return (
            f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:eb="{EBXML}">'
            f'<SOAP-ENV:Header><eb:MessageHeader SOAP-ENV:mustUnderstand="1" eb:version="2.0">{parties}'
            f"<eb:CPAId>yoursandmycpa</eb:CPAId><eb:ConversationId/><eb:Service>Routing</eb:Service>"
            f"<eb:Action>ProcessInvoice</eb:Action><eb:MessageData><eb:MessageId>{self.message_id}</eb:MessageId>"
            f"<eb:Timestamp>{self._time_stamp}</eb:Timestamp></eb:MessageData></eb:MessageHeader></SOAP-ENV:Header>"
            f'<SOAP-ENV:Body><eb:Manifest eb:id="Manifest" eb:version="2.0">'
            f'<eb:Reference eb:id="Finvoice" xlink:href="{self.message_id}">'
            f'<eb:schema eb:location="http://www.finvoice.info/finvoice.xsd" eb:version="3.0"/></eb:Reference>'
            f"</eb:Manifest></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
        )


def _value(endpoint: Identifier | None) -> str:
    return endpoint.value if endpoint is not None else ""


def _address(tag: str, endpoint: Identifier | None) -> str:
    scheme = endpoint.scheme if endpoint is not None else None
    if scheme is not None and _SCHEME.fullmatch(scheme) is None:
        scheme = None
    return f"<{tag}{attribute('SchemeID', scheme)}>{escaped(_value(endpoint))}</{tag}>"
