"""No column runs into another, no text leaves the page and no digit is lost, whatever the figures and words are."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from fakturahub import formats
from fakturahub.model.invoice import (
    AllowanceCharge,
    Contact,
    CreditTransfer,
    Invoice,
    Item,
    Line,
    Note,
    PaymentInstructions,
    Price,
    VatBreakdown,
)
from fakturahub.model.reminder import Claim, Reminder
from fakturahub.render.page import pdf
from fakturahub.render.page.compiling import TABLE_ROWS
from fakturahub.render.sheet import sheet_of
from tests.running import INVOICE
from tests.unit.render.boxes import misplaced
from tests.unit.render.seen import AT, bare, text_of, unseen, written

#: a word without a blank that no name has, in the widest letter
WIDE = "W" * 36
#: twelve digits, six decimals, and more digits than Python's decimals reckon with
TWELVE, SIX, THIRTY = Decimal("123456789012.34"), Decimal("10001.123456"), Decimal("123456789012345678901234567890.12")
NINETY = Decimal("9" * 90)
SUMS = ("lines", "allowances", "charges", "without_vat", "vat", "with_vat", "paid", "payable")


def invoice_of(*lines: Line) -> Invoice:
    noun = formats.read(INVOICE.read_bytes()).noun
    assert isinstance(noun, Invoice)
    return msgspec.structs.replace(noun, lines=lines)


def line(number: int, **stated: object) -> Line:
    usual = Line(
        id=str(number),
        quantity=Decimal("12345678.123456"),
        unit="H87",
        amount=TWELVE,
        item=Item(name=f"Apparatezubehör {WIDE}", description="x" * 300, vat_rate=Decimal(25)),
        price=Price(
            net=SIX,
            gross=Decimal("20001.123456"),
            discount=Decimal(10000),
            base_quantity=Decimal(1000),
            base_unit="MTQ",
        ),
    )
    return msgspec.structs.replace(usual, **stated)


KINDS: dict[str, dict[str, object]] = {
    "wide figures": {},
    "a long price": {"quantity": Decimal(1), "price": Price(net=Decimal("123456789012.345678"))},
    "thirty digits": {"quantity": THIRTY, "amount": THIRTY, "price": Price(net=THIRTY)},
    "ninety digits": {"quantity": NINETY, "amount": NINETY, "price": Price(net=NINETY)},
    "long numbers and units": {
        "id": "urn:uuid:0f8fad5b-d9cb-469f-a165-7086772",
        "unit": "ABCDEFGHIJKLMNOPQRST",
        "quantity": Decimal("1.5"),
        "price": Price(net=Decimal("1.123456")),
        "amount": Decimal(1),
    },
    "figures as they are": {"quantity": Decimal(2), "price": Price(net=Decimal("1.5")), "amount": Decimal(3)},
}


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_columns_stand_beside_each_other_and_say_all(kind: str, language: str) -> None:
    invoice = invoice_of(*(line(number, **KINDS[kind]) for number in range(1, 13)))
    data = pdf(sheet_of(invoice, language=language), at=AT)
    assert misplaced(data) == []
    if "ninety" not in kind:  # shown as it was written, without groups
        assert unseen(invoice, text_of(data), language) == []
    else:
        assert text_of(data).count("9" * 90) >= 3 * 12


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_a_roll_stand_beside_each_other(kind: str) -> None:
    lines = [line(number, **KINDS[kind]) for number in range(1, TABLE_ROWS + 12)]
    data = pdf(sheet_of(invoice_of(*lines), language="da"), at=AT)
    assert misplaced(data) == []
    text = text_of(data)
    amount = written(lines[0].amount or Decimal(0), "da")[0] if "ninety" not in kind else str(NINETY)
    assert text.count(bare(amount)) >= len(lines)


@pytest.mark.parametrize("amount", [TWELVE, THIRTY])
@pytest.mark.parametrize("kind", ["wide figures", "figures as they are"])
def test_what_is_carried_is_the_sum_of_the_lines_above_to_the_last_digit(kind: str, amount: Decimal) -> None:
    """The sums stand at the foot of each page and at the head of the next, in a table and in a roll alike."""
    for count in (40, TABLE_ROWS + 20):
        lines = [line(number, **KINDS[kind] | {"amount": amount}) for number in range(1, count + 1)]
        sheet = sheet_of(invoice_of(*lines), language="nb")
        whole, _, part = f"{amount:f}".partition(".")
        cents = int(whole + part.ljust(2, "0"))
        for number, row in enumerate(sheet.table.rows, 1):
            digits = "".join(one for one in row.carried if one.isdigit())
            assert int(digits if "," in row.carried else digits + "00") == cents * number, number
        text = text_of(pdf(sheet, at=AT))
        carried = [row.carried for row in sheet.table.rows[:-1] if bare(f"Overføres{row.carried}") in text]
        assert carried
        assert all(bare(f"Overført{one}") in text for one in carried)
        assert text.count("Overføres") == text.count("Overført") == len(carried)


@pytest.mark.parametrize("amount", [TWELVE, THIRTY, NINETY])
@pytest.mark.parametrize("language", ["sv", "fi"])
def test_sums_and_words_of_any_length_stay_in_their_places(amount: Decimal, language: str) -> None:
    charge = AllowanceCharge(
        amount=amount,
        base=amount,
        percent=Decimal("12.345"),
        reason=f"R {WIDE}",
        vat_category="AE",
        vat_rate=Decimal(0),
    )
    vat = VatBreakdown(taxable=amount, tax=amount, category="K", rate=Decimal(0), exemption_reason="EU " + WIDE)
    usual = invoice_of(line(1, amount=amount))
    totals = msgspec.structs.replace(
        usual.totals,
        **dict.fromkeys(
            ("lines", "allowances", "charges", "without_vat", "vat", "with_vat", "paid", "payable"), amount
        ),
    )
    contact = Contact(name=WIDE, email=f"faktura.{WIDE.lower()}@sender.example")
    invoice = msgspec.structs.replace(
        usual,
        totals=totals,
        allowances=(charge,),
        charges=(charge,),
        vat=(vat,),
        notes=(Note(text=f"{'x' * 200} {WIDE * 3}"),),
        payment_terms=WIDE * 2,
        buyer_reference=WIDE,
        order=WIDE,
        seller=msgspec.structs.replace(usual.seller, contact=contact),
    )
    data = pdf(sheet_of(invoice, language=language), at=AT)
    assert misplaced(data) == []
    if amount is not NINETY:
        assert [one for one in unseen(invoice, text_of(data), language) if one.term != "BT-22"] == []


def test_many_accounts_and_a_long_reference_stay_in_their_places() -> None:
    transfers = tuple(CreditTransfer(account=f"{WIDE}{place}", provider="NDEAFIHH") for place in range(7))
    invoice = invoice_of(line(1))
    payment = PaymentInstructions(means_code="30", remittance=WIDE * 2, transfers=transfers)
    data = pdf(sheet_of(msgspec.structs.replace(invoice, payment=payment), language="fi"), at=AT)
    assert misplaced(data) == []
    assert [place for place in range(7) if f"{WIDE}{place}" not in text_of(data)] == []


@pytest.mark.parametrize("amount", [Decimal("1.5"), TWELVE, THIRTY])
def test_claims_stand_beside_each_other(amount: Decimal) -> None:
    fields = ("amount", "paid", "credited", "open", "interest", "fee")
    claims = tuple(
        Claim(id=f"K-{number}", number=f"{WIDE}{number}", **dict.fromkeys(fields, amount)) for number in range(12)
    )
    data = pdf(sheet_of(Reminder(claims=claims, currency="EUR"), language="de"), at=AT)
    assert misplaced(data) == []
    assert text_of(data).count(bare(written(amount, "de")[0])) >= 12 * len(fields)


def test_the_check_sees_what_stands_on_another_text() -> None:
    """Were the width of a column not known, its figures would run into the next one."""
    data = pdf(sheet_of(invoice_of(line(1)), language="en"), at=AT)
    assert misplaced(data) == []
    assert misplaced(_doubled(data))


def _doubled(data: bytes) -> bytes:
    """*data* with each text of its first page drawn a second time, a point lower."""
    import io

    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as document:
        page = document.pages[0]
        content = page.Contents.read_bytes()
        page.Contents = document.make_stream(b"q\n" + content + b"\nQ\nq 1 0 0 1 0 -1 cm\n" + content + b"\nQ")
        made = io.BytesIO()
        document.save(made)
        return made.getvalue()
