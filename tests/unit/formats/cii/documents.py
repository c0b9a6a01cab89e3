"""Cross Industry Invoices for tests: a small one in pieces, and invoices of the model made at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args, get_origin

import msgspec

from fakturahub.formats import cii
from fakturahub.formats.syntax import Reading
from fakturahub.intake.xml import parse, sniff
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import Classification, Invoice, Line, SupportingDocument, Totals, VatBreakdown

STANDARD = "urn:un:unece:uncefact:data:standard:"
TOTALS = "<ram:GrandTotalAmount>119.00</ram:GrandTotalAmount><ram:DuePayableAmount>99.00</ram:DuePayableAmount>"


def stating(**fields: Any) -> Invoice:
    """An invoice that states *fields* and what no document can do without."""
    totals = msgspec.structs.replace(fields.pop("totals", Totals()), payable=Decimal("1.00"))
    lines = fields.pop("lines", None) or (Line(),)
    return Invoice(
        **{"number": "1", "issue_date": date(2026, 11, 20), "type_code": "380", "currency": "EUR", **fields},
        totals=totals,
        lines=tuple(msgspec.structs.replace(line, id=line.id or "1", amount=Decimal("1.00")) for line in lines),
    )


def document(
    *,
    guideline: str = "urn:cen.eu:en16931:2017",
    number: str = "<ram:ID>471102</ram:ID>",
    exchanged: str = "",
    lines: str = "",
    seller: str = "<ram:Name>Lieferant GmbH</ram:Name>",
    buyer: str = "<ram:Name>Kunden AG</ram:Name>",
    agreement: str = "",
    delivery: str = "",
    currency: str = "<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>",
    settlement: str = "",
    totals: str = TOTALS,
    root: str = "rsm:CrossIndustryInvoice",
    namespace: str = f"{STANDARD}CrossIndustryInvoice:100",
) -> bytes:
    """A small invoice; each argument is the content of the part that it names."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns:rsm="{namespace}"
  xmlns:ram="{STANDARD}ReusableAggregateBusinessInformationEntity:100"
  xmlns:qdt="{STANDARD}QualifiedDataType:100" xmlns:udt="{STANDARD}UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext>
    <ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>process</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>
    <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{guideline}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>
  </rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>{number}<ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20261120</udt:DateTimeString></ram:IssueDateTime>{exchanged}
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>{lines}
    <ram:ApplicableHeaderTradeAgreement>
      <ram:SellerTradeParty>{seller}</ram:SellerTradeParty>
      <ram:BuyerTradeParty>{buyer}</ram:BuyerTradeParty>{agreement}
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery>{delivery}</ram:ApplicableHeaderTradeDelivery>
    <ram:ApplicableHeaderTradeSettlement>{currency}{settlement}
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>{totals}</ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</{root}>
""".encode()


def reference(content: str) -> str:
    return f"<ram:AdditionalReferencedDocument>{content}</ram:AdditionalReferencedDocument>"


def tax(content: str) -> str:
    return f"<ram:ApplicableTradeTax>{content}</ram:ApplicableTradeTax>"


def line(product: str = "", agreement: str = "", delivery: str = "", settlement: str = "") -> str:
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"<ram:SpecifiedTradeProduct>{product}</ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement>{agreement}</ram:SpecifiedLineTradeAgreement>"
        f"<ram:SpecifiedLineTradeDelivery>{delivery}</ram:SpecifiedLineTradeDelivery>"
        f"<ram:SpecifiedLineTradeSettlement>{settlement}</ram:SpecifiedLineTradeSettlement>"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )


def read(data: bytes) -> Reading:
    """The reading of *data* by this folder, whatever else is registered."""
    sniffed = sniff(data)
    recognition = cii.detect(sniffed)
    assert recognition is not None
    return cii.read(parse(sniffed), recognition)


def invoice_of(data: bytes) -> Invoice:
    noun = read(data).noun
    assert isinstance(noun, Invoice)
    return noun


def lost(data: bytes) -> list[tuple[str, str]]:
    """Value and reason of each loss."""
    return [(loss.value, loss.why) for loss in read(data).losses]


# --- invoices at random ---------------------------------------------------------------------------------------------

_TEXTS = ("Ä & Ö", '<"quoted">', "line’s end", "漢字 – ½", "a'b", "Zürich-Nord", "x]]>y", "10 %", "0")
# What the writer translates or judges by its shape.
_SCHEMES = {"endpoint": ("0192", "EM"), "object_id": ("AWV", None), "standard_id": ("0160", "GTIN")}
# What no document can do without, and codes of which only some are codes.
_STATED = {"number", "issue_date", "type_code", "currency", "totals", "payable", "lines", "amount", "id"}
_CODES = {
    "subject": ("AAI", "XYZ"),
    "tax_point_code": ("35", "99"),
    "allowances": ("95", "ZZ"),
    "charges": ("FC", "95"),
}


def every_term() -> Invoice:
    """An invoice that states each term of EN 16931 at least once."""
    return _made(Invoice, random.Random(0), "", 1.0)


def at_random(count: int) -> Iterator[Invoice]:
    for seed in range(count):
        chance = random.Random(seed)
        yield _made(Invoice, chance, "", chance.choice((0.1, 0.4, 0.7, 0.95)))


def _made(noun: type, chance: random.Random, path: str, share: float) -> Any:
    if noun is Attachment:
        name = f"{path}{chance.randrange(10**9)}.pdf"
        return Attachment(name, "application/pdf", chance.randbytes(40), None)
    if noun is Classification:
        return Classification(
            code=_text(chance),
            list_id="IB" if share == 1.0 else chance.choice(("IB", None)),
            list_version=chance.choice(("88", None)),
        )
    if noun is Identifier:
        schemes = _SCHEMES.get(path, ("0088", "0007", None))
        return Identifier(_text(chance), schemes[0] if share == 1.0 else chance.choice(schemes))
    fields = {}
    for field in msgspec.structs.fields(noun):
        required = field.required or share == 1.0 or field.name in _STATED
        # A part that states nothing is no part of a document.
        first = not fields and noun in (VatBreakdown, SupportingDocument)
        if (required or first or chance.random() < share) and field.name not in ("extensions", "is_picture"):
            fields[field.name] = _value(field.name, field.type, chance, share)
    if "reason_code" in fields:
        fields["reason_code"] = _code(path, chance, share)
    if noun is Line:
        # EN 16931 has a VAT category at the allowances and charges of the document only.
        for several in {"allowances", "charges"} & fields.keys():
            fields[several] = tuple(
                msgspec.structs.replace(one, vat_category=None, vat_rate=None) for one in fields[several]
            )
    if "buyer" in fields:
        # EN 16931 has these for the seller only.
        fields["buyer"] = msgspec.structs.replace(fields["buyer"], tax_registration=None, legal_information=None)
    if noun is SupportingDocument and fields.get("attachment") is not None:
        # CII has one description for the reference and what is attached.
        fields["attachment"] = msgspec.structs.replace(fields["attachment"], description=fields.get("description"))
    return noun(**fields)


def _value(name: str, kind: Any, chance: random.Random, share: float) -> Any:
    if get_origin(kind) is tuple:
        count = 2 if share == 1.0 else chance.choice((1, 1, 2, 3))
        return tuple(_value(name, get_args(kind)[0], chance, share) for _ in range(count))
    kind = next((one for one in get_args(kind) if one is not type(None)), kind)
    if kind is str:
        if name == "specification":
            return "urn:cen.eu:en16931:2017#compliant#x"
        return _code(name, chance, share) if name in _CODES else _text(chance)
    if kind is Decimal:
        return Decimal(chance.choice(("0", "-12.5", "1000.00", "0.25", "3", "7.50")))
    if kind is date:
        return date(2026, 1, 1) + timedelta(days=chance.randrange(3000))
    return _made(kind, chance, name, share)


def _code(name: str, chance: random.Random, share: float) -> str:
    return _CODES[name][0] if share == 1.0 else chance.choice(_CODES[name])


def _text(chance: random.Random) -> str:
    return f"{chance.choice(_TEXTS)} {chance.randrange(10**6)}"
