"""Small UBL documents for tests: an invoice that says the least, and room for what a test is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fakturahub.model.invoice import Invoice, Item, Line, Party, Price, Totals
from tests.unit.formats.ubl.corpus import read

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
PUF = "urn:pagero:PageroUniversalFormat:"
PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
NAMESPACES = (
    f'xmlns:cac="{UBL}CommonAggregateComponents-2" xmlns:cbc="{UBL}CommonBasicComponents-2" '
    f'xmlns:ext="{UBL}CommonExtensionComponents-2" xmlns:puf="urn:pagero:ExtensionComponent:1.0" '
    'xmlns:vrbl="urn:vertexinc:vrbl:ExtensionComponent:1"'
)


def document(content: str, root: str = "Invoice", *, before: str = "") -> bytes:
    """*content* behind the currency, in EUR; *before* is what comes first."""
    return (
        f'<{root} xmlns="{UBL}{root}-2" {NAMESPACES}>{before}<cbc:ID>1</cbc:ID>'
        f"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{content}</{root}>"
    ).encode()


def puf(content: str, root: str = "Invoice", *, before: str = "", version: str = "2.0") -> bytes:
    """The same as PUF Billing."""
    named = f"{before}<cbc:CustomizationID>urn:pagero.com:puf:billing:{version}</cbc:CustomizationID>"
    data = document(content, root, before=named).decode()
    return (
        data.replace(f"{UBL}{root}-2", f"{PUF}{root}:1.0")
        .replace(f"{UBL}CommonAggregateComponents-2", "urn:pagero:CommonAggregateComponents:1.0")
        .encode()
    )


def vrbl(content: str, *, before: str = "") -> bytes:
    named = "<cbc:CustomizationID>urn:vertexinc:vrbl:billing:1</cbc:CustomizationID>"
    return document(content, before=before + named)


def invoice_in(data: bytes) -> Invoice:
    """The invoice in *data*, of which nothing may be lost."""
    reading = read(data)
    assert reading.losses == ()
    assert isinstance(reading.noun, Invoice)
    return reading.noun


def losses_in(data: bytes) -> list[tuple[str, str, str]]:
    """The losses of reading *data*: term or path, value and reason."""
    return [
        (loss.term.partition(", line")[0] + _attribute(loss.term), loss.value, loss.why) for loss in read(data).losses
    ]


def _attribute(term: str) -> str:
    return f" {term[term.index('@') :]}" if "@" in term else ""


def amount(name: str, value: str, currency: str = "EUR") -> str:
    return f'<cbc:{name} currencyID="{currency}">{value}</cbc:{name}>'


def party(content: str, role: str = "AccountingSupplierParty") -> str:
    return f"<cac:{role}><cac:Party>{content}</cac:Party></cac:{role}>"


#: the least that UBL can be written of
LEAST = Invoice(
    number="1",
    issue_date=date(2026, 11, 2),
    type_code="380",
    currency="EUR",
    seller=Party(name="Skog AB"),
    buyer=Party(name="Virta Oy"),
    totals=Totals(payable=Decimal("125.00")),
    lines=(Line(id="1", amount=Decimal("100.00"), item=Item(name="Timber"), price=Price(net=Decimal(100))),),
)
