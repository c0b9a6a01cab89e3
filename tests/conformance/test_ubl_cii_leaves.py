"""Each value of each UBL and CII document counted: as often as the source has it, the reading has it or says it lost.

This is stricter than comparing sets of values, for one that vanishes cannot hide behind another of its kind, and it
shares no code with the proofs of the unit tests. Besides the whole documents the invoices and reminders inside of the
sets of rule tests are read, which are wrong on purpose.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import FakturahubError
from fakturahub.formats import Reading
from fakturahub.model.invoice import Extension, Invoice
from fakturahub.model.reminder import Reminder

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(600)]

#: what the end of a path may say without being a value of its own: it tells what something else is
TELLING = {
    "TaxScheme/ID": "VAT|TAX|FC|LOC",
    "TaxScheme/ID/@schemeID": "UN/ECE 5153",
    "ChargeIndicator": "true|false|1|0",
    "ChargeIndicator/Indicator": "true|false|1|0",
    "DocumentTypeCode": "130|50",
    "AdditionalReferencedDocument/TypeCode": "130|50|916",
    "ApplicableTradeTax/TypeCode": "VAT",
    "CategoryTradeTax/TypeCode": "VAT",
    "SpecifiedTaxRegistration/ID/@schemeID": "VA|FC",
    "DateTimeString/@format": "102",
    "DateString/@format": "102",
    "SpecifiedProcuringProject/Name": "Project reference",
    "UBLVersionID": r"2\.[0-4]",
    "NetworkID": "NA|mapped-from-cii",
    "PartyIdentification/ID/@schemeID": "SEPA",
    "OrderReference/ID": "NA",
    "TaxCategory/ID/@schemeID": "UNCL5305",
    "ClassifiedTaxCategory/ID/@schemeID": "UNCL5305",
    "IdentificationCode/@listID": "ISO3166-1:Alpha2",
    # BT-149 and BT-150 stand at the net price, too.
    "GrossPriceProductTradePrice/BasisQuantity": ".*",
    "GrossPriceProductTradePrice/BasisQuantity/@unitCode": ".*",
    "ExtensionURI": "urn:pagero:ExtensionComponent:1.0:PageroExtension:.*",
}
#: what only reminders of OIOUBL say so: VAT is 63 of UN/ECE 5153, and numbers of it are of the register of Denmark
TELLING_OF_OIOUBL = {
    "TaxScheme/ID": "63",
    "PartyTaxScheme/CompanyID/@schemeID": "DK:SE",
}
#: categories of VAT of OIOUBL, as UNTDID 5305
OIOUBL_CATEGORIES = {"StandardRated": "S", "ZeroRated": "Z", "ReverseCharge": "AE"}
#: UNTDID 2475, which CII has for BT-8, as UNTDID 2005
TAX_POINT = {"5": "3", "29": "35", "72": "432"}
#: elements of which EN 16931 has one for several, which say the same again; one document has the same buyer twice
AGAIN = re.compile(
    r"/(PaymentMeans/(PaymentMeansCode|PaymentID)|SpecifiedTradeSettlementPaymentMeans/TypeCode"
    r"|BuyerTradeParty/PostalTradeAddress/CountryID)\Z"
)
BILLED = ("Invoice", "CreditNote", "CrossIndustryInvoice", "Reminder")


def sources(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Every XML file, and every invoice and reminder inside of one."""
    for folder in ("samples", "corpora"):
        for path in sorted((shared / folder).rglob("*.xml")):
            data = path.read_bytes()
            yield str(path), data
            try:
                root = etree.fromstring(data)
            except etree.XMLSyntaxError:  # some are broken on purpose, or more than one document
                continue
            for number, element in enumerate(root.iterdescendants(etree.Element)):
                name = etree.QName(element)
                if name.localname in BILLED and name.namespace and len(element):
                    yield f"{path} {number}", etree.tostring(element, with_tail=False)


def leaves(root: etree._Element) -> Iterator[tuple[str, str]]:
    for element in root.iter(etree.Element):
        names = [etree.QName(step).localname for step in (*reversed(list(element.iterancestors())), element)]
        path = "/".join(names)
        for name, value in element.attrib.items():
            if value.strip() and "XMLSchema-instance" not in name:
                yield f"{path}/@{name}", value
        for text in (element.text, *(child.tail for child in element)):
            if text and text.strip():
                yield path, text


def in_one_line(found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same, with the number of a house behind its street, as a reader of reminders puts them."""
    rest = iter([*found, ("", "")])
    path, value = next(rest)
    for next_path, next_value in rest:
        if path.endswith("/StreetName") and next_path == path.removesuffix("StreetName") + "BuildingNumber":
            path, value = next_path, f"{value} {next_value}"
        else:
            yield path, value
            path, value = next_path, next_value


def values(part: object) -> Iterator[str]:
    if isinstance(part, Extension):
        yield from (plain(value) for _, value in leaves(etree.fromstring(part.content)))
    elif isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from values(getattr(part, name))
    elif isinstance(part, tuple):
        for one in part:
            yield from values(one)
    elif isinstance(part, Decimal | int) and not isinstance(part, bool):
        yield number(str(part)) or ""
    elif isinstance(part, date):
        yield part.isoformat()
    elif isinstance(part, bytes):
        yield part.hex()
    elif isinstance(part, str):
        yield plain(part)


def plain(text: str) -> str:
    return " ".join(text.split())


def number(text: str) -> str | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return format(value.normalize(), "f") if value.is_finite() else None


def forms(value: str) -> Iterator[str]:
    """How *value* may stand in the model."""
    text = plain(value)
    yield text
    if (figure := number(text)) is not None:
        yield figure
    if day := re.fullmatch(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:Z|[+-][0-9:]{5})?", text):
        yield "-".join(day.groups())
    if subject := re.fullmatch(r"#[A-Z0-9]{3}#\s*(.*)", text):
        yield subject[1]
    for codes in (TAX_POINT, OIOUBL_CATEGORIES):
        if text in codes:
            yield codes[text]
    try:
        yield base64.b64decode("".join(text.split()), validate=True).hex()
    except (binascii.Error, ValueError):
        return


def is_telling(path: str, value: str, noun: Invoice | Reminder) -> bool:
    if path.endswith("/@currencyID") and value.strip() in (noun.currency, noun.accounting_currency):
        return True
    telling = [*TELLING.items(), *(TELLING_OF_OIOUBL.items() if path.startswith("Reminder/") else ())]
    return any(path.endswith(f"/{end}") and re.fullmatch(told, value.strip(), re.IGNORECASE) for end, told in telling)


def silent(data: bytes, reading: Reading) -> list[tuple[str, str]]:
    """The leaves of *data* that stand in *reading* less often than in the source."""
    assert isinstance(reading.noun, Invoice | Reminder)
    there = Counter(values(reading.noun)) + Counter(plain(loss.value) for loss in reading.losses)
    found: list[tuple[str, str]] = []
    said: set[tuple[str, str]] = set()
    stated = list(leaves(etree.fromstring(data)))
    if stated and stated[0][0].startswith("Reminder/"):
        stated = list(in_one_line(stated))
    for path, value in stated:
        again = (path, value) in said and AGAIN.search(path) is not None
        if not again and not is_telling(path, value, reading.noun):
            found.append((path, value))
        said.add((path, value))
    missing = []
    for path, value in found:
        form = next((one for one in forms(value) if there[one] > 0), None)
        if form is None:
            missing.append((path, value))
        else:
            there[form] -= 1
    return missing


def test_every_value_is_read_or_told(shared: Path) -> None:
    read: Counter[str] = Counter()
    faults = []
    for name, data in sources(shared):
        try:
            can = formats.NAMES[formats.recognise(data).syntax]
            if can.family not in ("ubl", "cii") or not can.read:
                continue
            reading = formats.read(data)
        except FakturahubError:  # another syntax, or wrong on purpose
            continue
        read["reminder" if isinstance(reading.noun, Reminder) else can.family] += 1
        faults += [f"{name}: {path} = {value[:60]!r}" for path, value in silent(data, reading)]
    print(dict(read))
    assert not faults, f"{len(faults)} values:\n" + "\n".join(faults[:60])
    assert read["ubl"] >= 1_200
    assert read["cii"] >= 290
    assert read["reminder"] >= 3


def test_one_that_vanishes_behind_another_is_seen(shared: Path) -> None:
    data = (shared / "samples/ehf/peppol-base-example.xml").read_bytes()
    reading = formats.read(data)
    assert isinstance(reading.noun, Invoice)
    assert silent(data, reading) == []
    lines = [msgspec.structs.replace(line, amount=None) for line in reading.noun.lines]
    without = msgspec.structs.replace(reading, noun=msgspec.structs.replace(reading.noun, lines=tuple(lines)))
    assert [path for path, _ in silent(data, without)] == ["Invoice/InvoiceLine/LineExtensionAmount"] * len(lines)


def test_a_claim_of_a_reminder_that_vanishes_is_seen(shared: Path) -> None:
    data = (shared / "samples/oioubl/OIOUBL_Reminder_v2p2.xml").read_bytes()
    reading = formats.read(data)
    assert isinstance(reading.noun, Reminder)
    assert silent(data, reading) == []
    without = msgspec.structs.replace(reading, noun=msgspec.structs.replace(reading.noun, claims=()))
    line = "Reminder/ReminderLine"
    invoice = f"{line}/BillingReference/InvoiceDocumentReference"
    assert [path for path, _ in silent(data, without)] == [
        f"{line}/ID",
        f"{line}/DebitLineAmount",
        f"{invoice}/ID",
        f"{invoice}/IssueDate",
    ]
