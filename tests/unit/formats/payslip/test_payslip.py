"""Payslips: the real one, one with everything the schema has, several in one file, and nobody's secrets in sight."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.errors import (
    BadValue,
    FakturahubError,
    MissingTerm,
    SeveralDocuments,
    UnknownDocument,
    UnreadableAttachment,
    UnwritableDocument,
)
from fakturahub.intake.limits import ATTACHMENT
from fakturahub.model import Identifier, Kind
from fakturahub.model.payslip import DeliveryChannel, Payslip, PayslipFile, PersonId
from tests.unit.formats.prove import unaccounted, unheard

NAMESPACE = "http://www.tieke.fi/schema/payslipxml/2.0"
TAG = f"{{{NAMESPACE}}}"
PERSON = "010199A123X"

XSD = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture
def real(shared: Path) -> bytes:
    return (shared / "samples/finvoice/payslip_2.0_valid.xml").read_bytes()


@pytest.fixture
def schema(shared: Path) -> etree._Element:
    return etree.parse(shared / "samples/finvoice/payslipxml-2-0.xsd").getroot()


def _version(path: str, value: str) -> bool:
    return path.endswith("/Version") and value == "2.0"


def test_the_real_payslip(real: bytes) -> None:
    found = formats.recognise(real)
    assert (found.syntax, found.version, found.documents) == ("payslip-2.0", "2.0", 1)
    heading = formats.read_heading(real)
    assert (heading.kind, heading.number, heading.issue_date) == (Kind.PAYSLIP, "12345", date(2025, 3, 10))
    assert (heading.seller.name, heading.seller.identifiers) == ("Company Ltd", (Identifier("1234567", "FI"),))
    assert heading.buyer.name == "John Doe"
    reading = formats.read(real)
    payslip = reading.noun
    assert isinstance(payslip, Payslip)
    assert (payslip.pay_date, payslip.net, payslip.net_label) == (date(2025, 3, 10), Decimal("2500.00"), "Net Salary")
    assert payslip.channels == (DeliveryChannel(method="01", bank="001"),)
    assert payslip.employee is not None
    assert payslip.employee.person == PersonId(PERSON)
    assert reading.losses == ()
    assert unaccounted(real, reading, prescribed=_version) == []
    assert unheard(real, formats.read, prescribed=_version) == []


def _whole(schema: etree._Element) -> bytes:
    """A payslip with every element that the schema has, each text another one."""
    types = {kind.get("name"): kind for kind in schema.iter(f"{XSD}complexType", f"{XSD}simpleType")}
    fixed = {
        "PayDateType": "20261120",
        "PersonIDType": PERSON,
        "LanguageCodeType": "fi",
        "StorageTimeType": "20271231",
        "DeliveryMethodType": "11",
        "AttachmentIndexType": "1",
    }
    count = 0

    def fill(parent: etree._Element, declared: etree._Element) -> None:
        nonlocal count
        element = etree.SubElement(parent, TAG + str(declared.get("name")))
        name = (declared.get("type") or "").partition(":")[2]
        kind = types.get(name) if name in types else declared.find(f"{XSD}complexType")
        if name in fixed:
            element.text = fixed[name]
        elif kind is None or kind.tag == f"{XSD}simpleType":
            count += 1
            element.text = "2.0" if declared.get("name") == "Version" else f"{declared.get('name')} {count}"
        elif name == "AccountCodeType":
            count += 1
            element.text = f"FI{count}"
            element.set("Type", "IBAN")
        else:
            for child in kind.iterfind(f".//{XSD}element"):
                inside = next(outer for outer in child.iterancestors(f"{XSD}element", f"{XSD}complexType"))
                if inside is kind:
                    fill(element, child)

    root = etree.Element(f"{TAG}Payslips", nsmap={None: NAMESPACE})
    (declared,) = schema.iterfind(f"{XSD}element")
    for child in declared.iterfind(f".//{XSD}element"):
        fill(root, child)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def test_everything_that_the_schema_has_is_read_or_told(schema: etree._Element) -> None:
    data = _whole(schema)
    names = {etree.QName(element).localname for element in etree.fromstring(data).iter()}
    declared = {element.get("name") for element in schema.iter(f"{XSD}element")}
    assert names == declared
    reading = formats.read(data)
    assert unaccounted(data, reading, prescribed=_version) == []
    assert unheard(data, formats.read, prescribed=_version) == []
    payslip = reading.noun
    assert isinstance(payslip, Payslip)
    assert [(file.index, file.name is not None) for file in payslip.files] == [(1, True)]
    assert payslip.channels[0].email is not None
    lost = {str(loss.place).rpartition("Payslip/")[2].partition("/")[0] for loss in reading.losses}
    assert {"BankAccount", "CalculationBases", "PayDetails", "EarningsToDate", "Messages", "PayPeriod"} <= lost
    assert not any("HeaderData/MessageId" in str(loss.place) for loss in reading.losses)


def test_the_person_is_not_shown(real: bytes) -> None:
    found = formats.recognise(real)
    opened = formats.open_document(real)
    reading = opened.read()
    payslip = reading.noun
    assert isinstance(payslip, Payslip)
    assert payslip.employee is not None
    for shown in (repr(found), repr(opened.heading), repr(reading), repr(payslip), str(payslip.employee.person)):
        assert PERSON not in shown
    assert f"{payslip.employee.person}" == "hidden"
    assert PERSON not in repr(payslip.employee.person.__rich_repr__())  # type: ignore[union-attr]
    for damaged in (
        real.replace(PERSON.encode(), PERSON.encode() * 50),
        real.replace(b"</PersonID>", b"</PersonIDs>"),
        real.replace(b"12345", b""),
    ):
        with pytest.raises(FakturahubError) as refused:
            formats.read(damaged)
        assert PERSON not in str(refused.value)


def test_two_persons_get_a_document_each(real: bytes) -> None:
    root = etree.fromstring(real)
    second = copy.deepcopy(root[0])
    second.find(f".//{TAG}MessageId").text = "12346"  # type: ignore[union-attr]
    second.find(f".//{TAG}PersonID").text = "020299A123Y"  # type: ignore[union-attr]
    root.append(second)
    data = etree.tostring(root, encoding="UTF-8")
    assert formats.recognise(data).documents == 2
    for ask in (formats.open_document, formats.read, formats.attachments):
        with pytest.raises(SeveralDocuments):
            ask(data)
    each = formats.documents(data)
    assert [formats.read_heading(one).number for one in each] == ["12345", "12346"]
    assert PERSON.encode() not in each[1]
    assert b"020299A123Y" not in each[0]
    assert formats.documents(each[0]) == (each[0],)


@pytest.mark.parametrize(
    ("stated", "net"),
    [
        ("2500.00", "2500.00"),
        ("2 500,00", "2500.00"),
        ("2\u00a0500,5", "2500.5"),
        ("-12", "-12"),
        ("1234567", "1234567"),
    ],
)
def test_amounts_as_people_write_them(real: bytes, stated: str, net: str) -> None:
    payslip = formats.read(real.replace(b"2500.00", stated.encode())).noun
    assert isinstance(payslip, Payslip)
    assert str(payslip.net) == net


@pytest.mark.parametrize("stated", ["2500 EUR", "1e5", "NaN", "2.500,00", "9" * 60])
def test_an_amount_that_is_none_is_told(real: bytes, stated: str) -> None:
    reading = formats.read(real.replace(b"2500.00", stated.encode()))
    assert isinstance(reading.noun, Payslip)
    assert reading.noun.net is None
    assert [(loss.value, loss.why) for loss in reading.losses] == [(stated, "not-understood")]


@pytest.mark.parametrize("stated", ["20250230", "2025-03-10", "00000000", "tomorrow"])
def test_a_date_that_is_none_is_refused_with_its_place(real: bytes, stated: str) -> None:
    for ask in (formats.read, formats.read_heading):
        with pytest.raises(BadValue, match="20261120") as refused:
            ask(real.replace(b"<PayDate>20250310", f"<PayDate>{stated}".encode()))
        assert "HeaderData/PayDate, line" in str(refused.value.place)


def test_files_beside_it(real: bytes) -> None:
    listed = (
        b"<Attachments><Attachment><AttachmentIndex>1</AttachmentIndex><FileType>PDF</FileType><Filename>a.pdf</Filename>"
        b"</Attachment><Attachment><AttachmentIndex>0</AttachmentIndex><Filename>b.pdf</Filename></Attachment>"
        b"</Attachments></HeaderData>"
    )
    data = real.replace(b"</HeaderData>", listed)
    assert [(one.name, one.embedded) for one in formats.read_heading(data).attachments] == [
        ("a.pdf", False),
        ("b.pdf", False),
    ]
    reading = formats.read(data)
    assert isinstance(reading.noun, Payslip)
    assert reading.noun.files == (PayslipFile(index=1, type="PDF", name="a.pdf"), PayslipFile(name="b.pdf"))
    assert [loss.value for loss in reading.losses] == ["0"]


def test_refusals(real: bytes) -> None:
    with pytest.raises(MissingTerm, match="MessageId"):
        formats.read(real.replace(b"12345", b" ", 1))
    with pytest.raises(UnknownDocument, match=r"2\.0"):
        formats.recognise(real.replace(b"payslipxml/2.0", b"payslipxml/1.1"))
    with pytest.raises(UnknownDocument, match="no payslip"):
        formats.read(f'<Payslips xmlns="{NAMESPACE}"/>'.encode())
    with pytest.raises(UnwritableDocument, match=r"payslip-2\.0 are not written"):
        formats.write(formats.read(real).noun, "payslip-2.0")
    with pytest.raises(UnwritableDocument):
        formats.write(formats.read(real).noun, "letters-1.0")


def test_another_version_within_is_told(real: bytes) -> None:
    reading = formats.read(real.replace(b"<Version>2.0", b"<Version>2.1"))
    assert [(loss.value, loss.why) for loss in reading.losses] == [("2.1", "not-understood")]


def test_a_payslip_has_so_many_files_and_no_more(real: bytes) -> None:
    def with_files(count: int) -> bytes:
        files = b"<Attachments>" + b"<Attachment><Filename>a.pdf</Filename></Attachment>" * count + b"</Attachments>"
        return real.replace(b"</HeaderData>", files + b"</HeaderData>", 1)

    assert b"<Attachments>" not in real
    assert len(formats.read_heading(with_files(ATTACHMENT.count)).attachments) == ATTACHMENT.count
    with pytest.raises(UnreadableAttachment, match=f"more than {ATTACHMENT.count:,}"):
        formats.read(with_files(ATTACHMENT.count + 1))
