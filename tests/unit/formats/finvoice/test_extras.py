"""What Finvoice says beyond the model: kept whole from Finvoice to Finvoice, said in words elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from fakturahub import formats
from fakturahub.formats.finvoice.write import write_bare
from fakturahub.model import Loss
from fakturahub.model.invoice import Extension, Invoice
from tests.unit.formats.finvoice.documents import (
    FRAME,
    ROW,
    amount,
    finvoice,
    in_another,
    invoice,
    opened,
    reading,
    real_files,
    schema,
    transmission,
)

SUB = f"<SubInvoiceRow><SubArticleName>Osa</SubArticleName>{amount('SubRowAmount', '1,00')}</SubInvoiceRow>"
EXTRA = (
    "<SalesPersonName>Liisa</SalesPersonName>"
    "<PaymentTermsDetails><PaymentTermsFreeText>14 pv</PaymentTermsFreeText><PaymentOverDueFineDetails>"
    "<PaymentOverDueFinePercent>8,5</PaymentOverDueFinePercent></PaymentOverDueFineDetails></PaymentTermsDetails>"
)
ROWS = (
    ROW.replace("<InvoicedQuantity", "<OrderedQuantity QuantityUnitCode='h'>3</OrderedQuantity><InvoicedQuantity")
    + "<InvoiceRow><RowFreeText>Kiitos</RowFreeText></InvoiceRow>"
    + f"<InvoiceRow>{SUB}</InvoiceRow>"
    + ROW
)


def _leaves(data: bytes) -> Counter[tuple[str, str]]:
    """Elements and texts of the invoice, without those of the message that it goes in."""
    root = opened(data)[0]
    for part in [*root.findall("MessageTransmissionDetails"), *root.findall("{*}Envelope")]:
        root.remove(part)
    return Counter(
        (str(part.tag), " ".join(part.text.split())) for part in root.iter(etree.Element) if (part.text or "").strip()
    )


def _again(data: bytes) -> bytes:
    return write_bare(invoice(data)).data


def test_finvoice_to_finvoice_keeps_what_has_no_term(shared: Path) -> None:
    data = finvoice(details=EXTRA, row=ROWS, tail="<LayOutIdentifier>L1</LayOutIdentifier>")
    writing = write_bare(invoice(data))
    schema(shared).assertValid(etree.fromstring(writing.data))
    assert writing.losses == ()
    assert _leaves(data) - _leaves(writing.data) == Counter()
    assert _again(writing.data) == writing.data
    # In their places: the text and the sub-rows stand behind the row that they followed.
    rows = etree.fromstring(writing.data).findall("InvoiceRow")
    assert [row[0].tag for row in rows] == ["ArticleName", "RowFreeText", "SubInvoiceRow", "ArticleName"]


def test_another_syntax_gets_it_in_words() -> None:
    noun = in_another(finvoice(details=EXTRA, row=ROWS))
    assert noun.payment_terms == "14 pv\nInterest on overdue payment 8,5 %"
    assert [note.text for note in noun.notes] == ["Sales person name: Liisa"]
    assert [line.note for line in noun.lines] == [
        "Ordered quantity: 3 h\nKiitos\nOsa; Sub row amount: 1,00 EUR",
        None,
    ]
    writing = formats.write(invoice(finvoice(details=EXTRA, row=ROWS)), "cii")
    assert Loss("InvoiceDetails/SalesPersonName", "Sales person name: Liisa", "as-text", "extensions[0]") in (
        writing.losses
    )
    assert b"Sales person name: Liisa" in writing.data


def test_all_real_files_come_through_whole(shared: Path) -> None:
    """Gone are at most values that the writer makes anew, and those of a frame."""
    anew = {
        *("VirtualBankBarcode", "EpiReference", "CountryName", "InvoiceTypeText", "PaymentStatusCode", "EpiBei"),
        *("EpiBfiName", "EpiNameAddressDetails", "InvoiceUrlNameText", "SellerOrganisationTaxCode", "OriginCode"),
        *("BuyerOrganisationTaxCode", "DeliveredQuantity", "InvoiceTypeCode", "EpiRemittanceInfoIdentifier"),
    }
    valid = schema(shared)
    kept = stated = 0
    for file in real_files(shared):
        data = file.read_bytes()
        if invoice(data).number is None:
            continue
        writing = write_bare(invoice(data))
        valid.assertValid(etree.fromstring(writing.data))
        before, after = _leaves(data), _leaves(writing.data)
        kept, stated = kept + sum((before & after).values()), stated + sum(before.values())
        texts = " ".join(text for _, text in after)
        numbers = {text.rstrip("0").rstrip(",") for _, text in after}
        gone = {
            (tag, text)
            for tag, text in before - after
            if tag not in anew and text not in texts and text.rstrip("0").rstrip(",") not in numbers
        }
        # Prices in cents are written in euros.
        assert {tag for tag, _ in gone} <= {"UnitPriceAmount", "UnitPriceNetAmount", "SpecificationFreeText"}, file
        assert {loss.why for loss in (*reading(data).losses, *writing.losses)} <= {"recomputed", "frame", "as-text"}
    assert kept / stated > 0.9


def test_what_the_schema_takes_no_longer_is_said_in_words(shared: Path) -> None:
    old = (
        "<OrderDate Format='CCYYMMDD'>2026-01-01</OrderDate><SalesPersonName>L</SalesPersonName>"
        "<SalesPersonName>M</SalesPersonName><OriginCode>Kopio</OriginCode>"
    )
    writing = write_bare(invoice(finvoice(details=old)))
    schema(shared).assertValid(etree.fromstring(writing.data))
    assert [(loss.term, loss.why) for loss in writing.losses] == [
        ("InvoiceDetails/OrderDate", "as-text"),
        ("InvoiceDetails/SalesPersonName", "as-text"),
        ("InvoiceDetails/OriginCode", "as-text"),
    ]
    assert {"Order date: 2026-01-01", "Sales person name: M", "Origin code: Kopio"} <= {
        note.text for note in invoice(writing.data).notes
    }
    assert _again(writing.data) == writing.data


def test_what_the_writer_puts_there_for_want_of_better_is_replaced() -> None:
    data = finvoice(code="INV03").replace(b">LASKU<", b">KORKOLASKU<").replace(b">Original<", b">Copy<")
    root = etree.fromstring(_again(data))
    assert [
        root.findtext(f"InvoiceDetails/{name}") for name in ("InvoiceTypeCode", "InvoiceTypeText", "OriginCode")
    ] == [
        "INV03",
        "KORKOLASKU",
        "Copy",
    ]


def test_the_direction_of_the_figures_is_not_replaced() -> None:
    noun = msgspec.structs.replace(invoice(finvoice(code="INV03")), type_code="381")
    written = write_bare(noun)
    assert b"<InvoiceTypeCode>INV02</InvoiceTypeCode>" in written.data
    assert [loss.why for loss in written.losses] == ["as-text"]


def test_amounts_of_a_credit_note_of_positive_figures_are_not_kept() -> None:
    """They would stand beside negative ones."""
    read = reading(finvoice(code="INV02", row=ROW + f"<InvoiceRow>{SUB}</InvoiceRow>"))
    assert isinstance(read.noun, Invoice)
    assert read.noun.extensions == ()
    assert ("1,00", "no-place") in {(loss.value, loss.why) for loss in read.losses}


def test_a_frame_or_none_makes_no_difference_to_what_is_kept() -> None:
    head = transmission("003700000001", "003700000002")
    bare = finvoice(head=head, details=EXTRA)
    framed = FRAME.encode() + bare
    assert invoice(framed).extensions == invoice(bare).extensions
    assert {loss.why for loss in reading(framed).losses} == {"frame"}
    assert formats.write(invoice(framed), "finvoice-3.0") == formats.write(invoice(bare), "finvoice-3.0")


def test_two_names_or_banks_of_one_account_are_both_there() -> None:
    def account(bic: str, name: str) -> str:
        return (
            "<SellerInformationDetails><SellerAccountDetails><SellerAccountID IdentificationSchemeName='IBAN'>"
            f"FI2112345600000785</SellerAccountID><SellerBic IdentificationSchemeName='BIC'>{bic}</SellerBic>"
            f"<SellerAccountName>{name}</SellerAccountName></SellerAccountDetails></SellerInformationDetails>"
        )

    details = account("NDEAFIHH", "Yksi") + account("OKOYFIHH", "Kaksi")
    data = finvoice().replace(b"<BuyerPartyDetails>", f"{details}<BuyerPartyDetails>".encode())
    assert {"OKOYFIHH", "Kaksi"} <= {text for _, text in _leaves(_again(data))}
    words = " ".join(each.words or "" for each in invoice(data).extensions)
    assert re.search("OKOYFIHH.*Kaksi", words)


@pytest.mark.parametrize(
    "content", ["<a", "<SalesPersonName/>", "<Other>x</Other>", "<InvoiceNumber>2</InvoiceNumber>"]
)
def test_an_extension_that_fits_nowhere_is_told(shared: Path, content: str) -> None:
    extension = Extension(family="finvoice", name="InvoiceDetails/Other", place="lines[7]", content=content)
    noun = msgspec.structs.replace(invoice(finvoice()), extensions=(extension,))
    writing = write_bare(noun)
    schema(shared).assertValid(etree.fromstring(writing.data))
    told = Loss("InvoiceDetails/Other", content, "no-place", "extensions[0]")
    assert writing.losses == ((told,) if "SalesPerson" not in content else writing.losses)
    foreign = msgspec.structs.replace(noun, extensions=(msgspec.structs.replace(extension, family="ubl"),))
    assert write_bare(foreign).losses == (told,)


def test_totals_that_do_not_add_up_are_found_and_left_as_they_are() -> None:
    details = amount("RowsTotalVatExcludedAmount", "99,00") + (
        f"<VatSpecificationDetails>{amount('VatBaseAmount', '100,00')}<VatRatePercent>25,5</VatRatePercent>"
        f"<VatCode>S</VatCode>{amount('VatRateAmount', '20,00')}</VatSpecificationDetails>"
    )
    read = reading(finvoice(details=details, totals=("100,00", "25,50", "130,00")))
    assert isinstance(read.noun, Invoice)
    stated = read.noun.totals
    assert tuple(map(str, (stated.lines, stated.without_vat, stated.vat, stated.with_vat, stated.payable))) == (
        *("99.00", "100.00", "25.50", "130.00", "130.00"),
    )
    assert {(each.rule, each.term) for each in read.findings} >= {
        *(("sum", "BT-106"), ("sum", "BT-109"), ("sum", "BT-110"), ("sum", "BT-112"), ("vat", "BT-117")),
    }
    again = reading(write_bare(read.noun).data)
    assert isinstance(again.noun, Invoice)
    assert (again.noun.totals, again.noun.vat) == (stated, read.noun.vat)
    assert not {each.rule for each in reading(finvoice()).findings} & {"sum", "vat", "row-amount"}


def test_a_bar_code_that_says_another_payment_is_found() -> None:
    written = write_bare(invoice(finvoice())).data
    (code,) = re.findall(rb"<VirtualBankBarcode>([0-9]{54})<", written)
    assert "bar-code" not in {each.rule for each in reading(written).findings}
    other = reading(written.replace(code, code[:20] + b"9" + code[21:]))
    assert "bar-code" in {each.rule for each in other.findings}
    assert "recomputed" in {loss.why for loss in other.losses}
