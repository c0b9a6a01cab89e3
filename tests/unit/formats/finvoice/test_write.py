"""Writing: the worked examples of the mapping, limits and fillers, references and bar codes, files and frames."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from lxml import etree

from fakturahub.errors import MissingTerm, UnwritableDocument
from fakturahub.formats.envelope import with_files
from fakturahub.formats.finvoice.write import write_bare, write_framed
from fakturahub.formats.syntax import Writing
from fakturahub.model import Attachment, Identifier
from fakturahub.model.invoice import (
    AllowanceCharge,
    CreditTransfer,
    Invoice,
    Item,
    Line,
    Note,
    Noun,
    Party,
    PaymentInstructions,
    PostalAddress,
    PrecedingInvoice,
    Price,
    SupportingDocument,
    Totals,
    VatBreakdown,
)
from tests.unit.formats.finvoice.documents import invoice, reading, real_files, schema
from tests.unit.formats.front.crossing import losses_of
from tests.unit.formats.invoices import INVOICES

IBAN = "FI2112345600000785"
PLAIN = Invoice(
    number="1001",
    issue_date=date(2026, 9, 1),
    due_date=date(2026, 9, 15),
    type_code="380",
    currency="EUR",
    seller=Party(name="Myyjä Oy", endpoint=Identifier("003701120389", "0216"), address=PostalAddress(country="FI")),
    buyer=Party(name="Ostaja Oy", endpoint=Identifier("003745678907", "0216"), address=PostalAddress(country="FI")),
    totals=Totals(with_vat=Decimal("1088.36"), payable=Decimal("1088.36")),
    lines=(Line(id="1", quantity=Decimal(2), unit="HUR", amount=Decimal("100.00"), price=Price(net=Decimal("50.00"))),),
)


def _with(**fields: object) -> Invoice:
    return msgspec.structs.replace(PLAIN, **fields)


def _text(writing: Writing, name: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(writing.data).iter(name)]


def _told(writing: Writing) -> set[tuple[str, str]]:
    return {(loss.term, loss.why) for loss in writing.losses}


def _paid(remittance: str | None, account: str = IBAN, **fields: object) -> Invoice:
    transfers = (CreditTransfer(account=account, provider=fields.pop("provider", None)),)
    return _with(payment=PaymentInstructions(remittance=remittance, transfers=transfers, **fields))


def test_every_real_file_written_again_is_valid_and_says_the_same(shared: Path) -> None:
    valid = schema(shared)
    for file in real_files(shared):
        before = reading(file.read_bytes())
        assert isinstance(before.noun, Invoice)
        if before.noun.number is None:
            continue
        writing = write_bare(before.noun)
        valid.assertValid(etree.fromstring(writing.data))
        after = reading(writing.data)
        assert isinstance(after.noun, Invoice)
        vanished, made_up = losses_of(before.noun, after.noun, [*writing.losses, *after.losses])
        assert not vanished, file
        assert not made_up, file


# Without the phase that explains a failure: it traces every line, which takes minutes here.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(noun=INVOICES)
def test_whatever_an_invoice_states_is_written_or_told(shared: Path, noun: Invoice) -> None:
    writing = write_bare(noun)
    schema(shared).assertValid(etree.fromstring(writing.data))
    after = reading(writing.data)
    found, beside = with_files(after.noun, writing.files)
    assert isinstance(found, Invoice)
    assert not beside
    assert losses_of(noun, found, [*writing.losses, *after.losses]) == ([], [])


def test_the_same_invoice_is_the_same_bytes() -> None:
    assert write_bare(PLAIN) == write_bare(msgspec.structs.replace(PLAIN))
    assert write_bare(PLAIN).data != write_bare(_with(number="1002")).data
    (identifier,) = _text(write_bare(PLAIN), "MessageIdentifier")
    assert re.fullmatch("[0-9a-f]{32}", identifier)
    assert _text(write_bare(PLAIN), "MessageTimeStamp") == ["2026-09-01T00:00:00Z"]


def test_a_credit_note_is_negative_but_for_prices() -> None:
    noun = _with(
        type_code="381",
        preceding=(PrecedingInvoice(number="1042", issue_date=date(2026, 9, 22)), PrecedingInvoice(number="1041")),
        vat=(VatBreakdown(taxable=Decimal("100.00"), tax=Decimal("0.00"), category="S", rate=Decimal("25.5")),),
        allowances=(AllowanceCharge(amount=Decimal("5.00")),),
    )
    writing = write_bare(noun)
    assert _text(writing, "InvoiceTypeCode") == ["INV02"]
    assert _text(writing, "InvoiceTypeText") == ["HYVITYSLASKU"]
    assert _text(writing, "EpiInstructedAmount") == ["-1088,36"]
    assert (_text(writing, "VatBaseAmount"), _text(writing, "VatRateAmount")) == (["-100,00"], ["0,00"])
    assert _text(writing, "InvoicedQuantity") == ["-2"]
    assert _text(writing, "UnitPriceNetAmount") == ["50,00"]
    assert _text(writing, "Amount") == ["-5,00"]
    assert (_text(writing, "OriginalInvoiceNumber"), _text(writing, "InvoiceNumber")) == (["1042"], ["1001", "1041"])
    assert _text(writing, "VirtualBankBarcode") == []
    assert invoice(writing.data).totals == noun.totals.__class__(
        lines=Decimal("100.00"), with_vat=Decimal("1088.36"), payable=Decimal("1088.36")
    )


@pytest.mark.parametrize(
    ("type_code", "code"),
    [("380", "INV01"), ("384", "INV01"), ("389", "INV07"), ("325", "INV06"), ("396", "INV02"), ("71", "INV01")],
)
def test_type_codes(type_code: str, code: str) -> None:
    writing = write_bare(_with(type_code=type_code))
    assert (_text(writing, "InvoiceTypeCode"), _text(writing, "InvoiceTypeCodeUN")) == ([code], [type_code])
    assert invoice(writing.data).type_code == type_code


def test_references_and_bar_codes_of_the_worked_example() -> None:
    national = write_bare(_paid("12344"))
    assert _text(national, "EpiRemittanceInfoIdentifier") == ["12344"]
    assert _text(national, "VirtualBankBarcode") == ["421123456000007850010883600000000000000000012344260915"]
    rf = write_bare(_paid("RF08 12344"))
    assert _text(rf, "EpiRemittanceInfoIdentifier") == ["RF0812344"]
    assert _text(rf, "VirtualBankBarcode") == ["521123456000007850010883608000000000000000012344260915"]
    assert not {term for term, _ in _told(national) | _told(rf)} & {"BT-83"}


def test_a_norwegian_kid_is_no_finnish_reference() -> None:
    writing = write_bare(_paid("602243", "16071990021", means_code="30"))
    assert _text(writing, "EpiAccountID") == ["NO2516071990021"]
    assert _text(writing, "EpiRemittanceInfoIdentifier") == []
    assert _text(writing, "EpiReference") == ["602243"]
    assert _text(writing, "InvoiceFreeText") == ["KID 602243"]
    assert {("BT-83", "as-text"), ("BT-84", "recomputed")} <= _told(writing)
    # A number that satisfies the Finnish check is one only for an account in Finland.
    assert _text(write_bare(_paid("12344", "NO2516071990021")), "EpiRemittanceInfoIdentifier") == []


def test_a_danish_payment_slip_is_a_text() -> None:
    writing = write_bare(_paid("71#709056716118001", "85567595", means_code="93"))
    assert _text(writing, "InvoiceFreeText") == ["+71<709056716118001+85567595<"]
    assert _text(writing, "EpiReference") == [""]
    assert ("BT-83", "as-text") in _told(writing)


def test_a_clearing_system_is_no_bic() -> None:
    writing = write_bare(_paid(None, "54029681", provider="SE:BANKGIRO"))
    assert _text(writing, "EpiBfiName") == ["SE:BANKGIRO"]
    payment = invoice(writing.data).payment
    assert payment is not None
    assert payment.transfers[0].provider == "SE:BANKGIRO"


def test_further_accounts_need_a_bic() -> None:
    transfers = (
        CreditTransfer(account=IBAN, provider="NDEAFIHH", account_name="Myyjä"),
        CreditTransfer(account="FI7429501800000014", provider="OKOYFIHH"),
        CreditTransfer(account="DE89370400440532013000"),
    )
    writing = write_bare(_with(payment=PaymentInstructions(transfers=transfers)))
    assert _text(writing, "SellerAccountID") == [IBAN, "FI7429501800000014"]
    assert _told(writing) == {("BT-84", "as-text")}
    assert _text(writing, "InvoiceFreeText") == ["Account: DE89370400440532013000"]
    payment = invoice(writing.data).payment
    assert payment is not None
    assert payment.transfers == transfers[:2]


def test_an_account_that_is_stated_twice_loses_nothing_in_silence() -> None:
    """An account number of Norway is written as its IBAN: what the other says of the same account becomes text."""
    transfers = (
        CreditTransfer(account="NO9386011117947", provider="NDEAFIHH"),
        CreditTransfer(account="86011117947", account_name="Andre navn", provider="HANDSESS"),
    )
    writing = write_bare(_with(payment=PaymentInstructions(transfers=transfers)))
    lost = {(one.place, one.value): one.why for one in writing.losses}
    assert lost[("payment.transfers[1].account_name", "Andre navn")] == "as-text"
    assert lost[("payment.transfers[1].provider", "HANDSESS")] == "as-text"
    assert b"Account: NO9386011117947, Andre navn, HANDSESS" in writing.data
    payment = reading(writing.data).noun.payment
    assert payment is not None
    assert [one.account for one in payment.transfers] == ["NO9386011117947"]


def test_paid_before() -> None:
    part = Totals(with_vat=Decimal("1250.00"), paid=Decimal("250.00"), payable=Decimal("1000.00"))
    assert _text(write_bare(_with(totals=part)), "PaymentStatusCode") == ["PARTLYPAID"]
    whole = Totals(with_vat=Decimal("1250.00"), paid=Decimal("1250.00"), payable=Decimal("0.00"))
    assert _text(write_bare(_with(totals=whole)), "PaymentStatusCode") == ["PAID"]
    assert _text(write_bare(_with(totals=whole)), "EpiInstructedAmount") == ["0,00"]


def test_what_does_not_fit_is_cut_or_carried_on_and_told(shared: Path) -> None:
    noun = _with(
        number="N" * 25,
        notes=(Note(text="n" * 1200), Note(text="s" * 100, subject="AAI")),
        payment_terms="t" * 141,
        preceding=(PrecedingInvoice(number="P" * 21),),
        seller=Party(
            name="S" * 150,
            address=PostalAddress(line1="Kovin pitkän kadun kovin pitkä nimi 1234", city="H", country="FI"),
        ),
        lines=(
            Line(
                id="1",
                price=Price(net=Decimal("0.1234567")),
                item=Item(name="i" * 101, description="d" * 600),
                allowances=(AllowanceCharge(amount=Decimal("1.00"), reason="r" * 36),),
            ),
        ),
    )
    writing = write_bare(noun)
    schema(shared).assertValid(etree.fromstring(writing.data))
    assert _told(writing) == {
        ("BT-1", "as-text"),
        ("BT-20", "as-text"),
        ("BT-25", "as-text"),
        ("BT-35", "as-text"),
        ("BT-36", "recomputed"),
        ("BT-37", "recomputed"),
        ("BT-139", "as-text"),
        ("BT-146", "recomputed"),
        ("BT-153", "as-text"),
        ("BT-154", "as-text"),
    }
    found = invoice(writing.data)
    assert found.seller.name == "S" * 150
    assert Note(text="s" * 100, subject="AAI") in found.notes
    assert {note.text for note in found.notes} >= {"n" * 1200, "s" * 100, f"Invoice number {'N' * 25}"}
    assert f"Preceding invoice {'P' * 21}" in {note.text for note in found.notes}
    assert found.lines[0].price == Price(net=Decimal("12.34567"), base_quantity=Decimal(100))


def test_fillers_are_written_and_not_read(shared: Path) -> None:
    noun = _with(seller=Party(address=PostalAddress(line2="Ovi 2", country="SE")), buyer=Party(), lines=())
    writing = write_bare(noun)
    schema(shared).assertValid(etree.fromstring(writing.data))
    found = invoice(writing.data)
    assert found.seller == Party(address=PostalAddress(line2="Ovi 2", country="SE"))
    assert found.lines == ()
    assert found.due_date == PLAIN.due_date
    assert invoice(write_bare(_with(due_date=None)).data).due_date is None


def test_files_travel_beside_the_document() -> None:
    supporting = (
        SupportingDocument(uri="https://portal.example/1"),
        SupportingDocument(
            reference="ts-1", description="Hours", attachment=Attachment("ts.pdf", "application/pdf", b"1")
        ),
        SupportingDocument(is_picture=True, attachment=Attachment("ts.pdf", "application/pdf", b"2")),
        SupportingDocument(description="Portal", uri="https://portal.example/2"),
    )
    writing = write_bare(_with(supporting=supporting))
    assert _text(writing, "InvoiceUrlNameText") == ["APIX_ATTACHMENT", "APIX_PDFFILE", "Portal"]
    assert _text(writing, "InvoiceUrlText") == [
        "file://ts.pdf",
        "file://ts-2.pdf",
        "https://portal.example/2",
        "https://portal.example/1",
    ]
    assert [(file.name, file.content) for file in writing.files] == [("ts.pdf", b"1"), ("ts-2.pdf", b"2")]
    assert {("BT-122", "as-text"), ("BT-123", "as-text")} <= _told(writing)
    assert _text(writing, "InvoiceFreeText") == ["Supporting reference: ts-1", "Supporting description: Hours"]
    found, beside = with_files(invoice(writing.data), writing.files)
    assert isinstance(found, Invoice)
    assert not beside
    assert [document.is_picture for document in found.supporting] == [False, True, False, False]


def test_the_frame_is_addressed_and_in_the_charset_of_the_banks() -> None:
    noun = _with(notes=(Note(text="Hinta 5 € ja ≥ 3 日"),))
    writing = write_framed(noun, receiver_operator="NDEAFIHH")
    assert b'encoding="ISO-8859-15"' in writing.data
    assert b"5 \xa4 ja &#8805; 3 &#26085;" in writing.data
    read = reading(writing.data)
    assert read.noun == reading(write_bare(noun).data).noun
    # The operator that was named is told, at both of its places; what the writer always writes is not.
    assert [loss.value for loss in read.losses] == ["NDEAFIHH", "NDEAFIHH"]
    assert writing.data.startswith(b"<SOAP-ENV:Envelope ")


def test_a_frame_needs_both_addresses() -> None:
    with pytest.raises(MissingTerm) as missing:
        write_framed(_with(buyer=Party(name="Ostaja")))
    assert missing.value.term == "BT-49"
    assert "MessageTransmissionDetails" not in write_bare(_with(buyer=Party(name="Ostaja"))).data.decode()


@pytest.mark.parametrize(
    ("fields", "term"),
    [
        ({"number": None}, "BT-1"),
        ({"issue_date": None}, "BT-2"),
        ({"currency": None}, "BT-5"),
        ({"totals": Totals()}, "BT-112"),
    ],
)
def test_what_the_schema_requires(fields: dict[str, object], term: str) -> None:
    with pytest.raises(MissingTerm) as missing:
        write_bare(_with(**fields))
    assert missing.value.term == term


def test_what_cannot_be_written() -> None:
    with pytest.raises(UnwritableDocument, match="Noun"):
        write_bare(Noun())
    with pytest.raises(UnwritableDocument, match="15 digits"):
        write_bare(_with(totals=Totals(with_vat=Decimal(10) ** 15)))
    with pytest.raises(UnwritableDocument, match=r"U\+0001"):
        write_bare(_with(notes=(Note(text="a\x01b"),)))


def test_markup_in_texts_is_text() -> None:
    noun = _with(notes=(Note(text="a < b & c > d \"e\" 'f' ]]>\r\nnext"),))
    assert invoice(write_bare(noun).data).notes == noun.notes
    assert invoice(write_framed(noun).data).notes == noun.notes
