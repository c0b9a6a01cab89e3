"""What a batch is answered with, byte for byte, and what is said of each document in three languages."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

import pytest

from fakturahub.dialects.apix import texts
from fakturahub.dialects.apix.answers import BatchAnswer, Told, answered
from fakturahub.dialects.apix.balance import in_credits
from fakturahub.dialects.apix.texts import Text
from fakturahub.errors import MissingFile, SellerMismatch
from fakturahub.model import Finding, Severity

BATCH = BatchAnswer(
    UUID("1633b003-0315-44ca-a687-a25f92bf6123"),
    Decimal("199"),
    Decimal("1.00"),
    networked=1,
    letters=0,
    letter_pages=0,
    documents=(Told("1001", True, Text("Document InvoiceID 1001 Warning:BuyerOganisationTaxCode is missing")),),
)
STAMP = "2026-11-20 10:33:2202"


def test_the_operators_own_example() -> None:
    """But for the line ends and the version, which its examples have or do not have."""
    assert answered(BATCH, stamp=STAMP).decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Response version="1.0">\n'
        "<Status>OK</Status>\n"
        "<StatusCode>1000</StatusCode>\n"
        '<FreeText language="en">OK</FreeText>\n'
        "<Content>\n"
        "<Group>\n"
        '<Value type="BatchID">1633b003-0315-44ca-a687-a25f92bf6123</Value>\n'
        '<Value type="Saldo">199</Value>\n'
        '<Value type="CostInCredits">1</Value>\n'
        '<Value type="NetworkedInvoices">1</Value>\n'
        '<Value type="Letters">0</Value>\n'
        '<Value type="LetterPages">0</Value>\n'
        '<Value type="AcceptedDocument">1</Value>\n'
        "</Group>\n"
        "<Group>\n"
        '<Value type="AcceptedDocumentID">1001</Value>\n'
        '<Value type="ValidateText">Document InvoiceID 1001 Warning:BuyerOganisationTaxCode is missing</Value>\n'
        "</Group>\n"
        "</Content>\n"
        "</Response>\n"
    )


def test_accepted_and_refused_ones_in_one_answer_in_their_order() -> None:
    documents = (
        Told("2", False, Text("Document 2 Error: é", "Asiakirja 2 Virhe: ä", "Dokument 2 Fel: å")),
        Told("1002", True),
    )
    batch = BatchAnswer(BATCH.id, Decimal("99999"), Decimal("2.75"), 0, 1, 12, documents, payslips=True)
    content = answered(batch, stamp=STAMP).decode("ascii").partition("<Content>\n")[2]
    assert content == (
        "<Group>\n"
        '<Value type="BatchID">1633b003-0315-44ca-a687-a25f92bf6123</Value>\n'
        '<Value type="Saldo">99999</Value>\n'
        '<Value type="CostInCredits">2.75</Value>\n'
        '<Value type="NetworkedPayslips">0</Value>\n'
        '<Value type="Letters">1</Value>\n'
        '<Value type="LetterPages">12</Value>\n'
        '<Value type="RejectedDocument">1</Value>\n'
        '<Value type="AcceptedDocument">1</Value>\n'
        "</Group>\n"
        "<Group>\n"
        '<Value type="RejectedDocumentID">2</Value>\n'
        '<Value type="ValidateText">Document 2 Error: &#233;</Value>\n'
        '<Value type="ValidateText:fi">Asiakirja 2 Virhe: &#228;</Value>\n'
        '<Value type="ValidateText:sv">Dokument 2 Fel: &#229;</Value>\n'
        "</Group>\n"
        "<Group>\n"
        '<Value type="AcceptedDocumentID">1002</Value>\n'
        "</Group>\n"
        "</Content>\n"
        "</Response>\n"
    )


def test_a_batch_of_which_nothing_was_accepted_is_a_refusal() -> None:
    documents = (Told("1", False, Text("a")), Told("2", False, Text("b")))
    batch = BatchAnswer(BATCH.id, Decimal(1), Decimal(0), 0, 0, 0, documents)
    assert batch.is_refused()
    assert answered(batch, stamp=STAMP).decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Response version="1.0">\n'
        "<Status>ERR</Status>\n"
        "<StatusCode>1001</StatusCode>\n"
        '<FreeText language="en">2026-11-20 10:33:2202</FreeText>\n'
        '<FreeText language="en">No document of the batch was accepted; 2 refused.</FreeText>\n'
        "<Content>\n"
        '<Group>\n<Value type="RejectedDocumentID">1</Value>\n<Value type="ValidateText">a</Value>\n</Group>\n'
        '<Group>\n<Value type="RejectedDocumentID">2</Value>\n<Value type="ValidateText">b</Value>\n</Group>\n'
        "</Content>\n"
        "</Response>\n"
    )


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("830.20", "830.2"),
        ("99999", "99999"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("-2.50", "-2.5"),
    ],
)
def test_credits_have_neither_an_exponent_nor_zeros_at_the_end(amount: str, shown: str) -> None:
    assert in_credits(Decimal(amount)) == shown


# --- what is said of a document ---------------------------------------------------------------------------------------


def finding(rule: str, severity: Severity, message: str = "It is wrong.") -> Finding:
    return Finding(rule, severity, message)


def test_findings_the_gravest_first_with_our_explanations_in_finnish_and_swedish() -> None:
    findings = [finding("BR-02", Severity.WARNING, "No number."), finding("BR-CO-15", Severity.FATAL, "Sums differ.")]
    said = texts.of_findings("1001", findings, refused=True)
    assert said is not None
    assert said.en == "Document 1001 Error: Sums differ. [BR-CO-15]; Document 1001 Warning: No number. [BR-02]"
    assert said.fi is not None
    assert said.sv is not None
    assert said.fi.startswith("Asiakirja 1001 Virhe: ")
    assert "; Asiakirja 1001 Varoitus: " in said.fi
    assert said.sv.startswith("Dokument 1001 Fel: ")
    assert said.fi.partition(": ")[2] != said.sv.partition(": ")[2]


def test_where_no_explanation_is_there_a_refusal_still_has_words() -> None:
    findings = [finding("NO-SUCH-RULE-1", Severity.FATAL)]
    said = texts.of_findings("1001", findings, refused=True)
    assert said == Text(
        "Document 1001 Error: It is wrong. [NO-SUCH-RULE-1]",
        "Asiakirja 1001 Virhe: Asiakirja ei täytä sitä koskevia sääntöjä.",
        "Dokument 1001 Fel: Dokumentet uppfyller inte de regler som gäller för det.",
    )
    said = texts.of_findings("1001", findings, refused=False)
    assert said is not None
    assert (said.fi, said.sv) == (None, None), "a remark without words in a language has none in it"
    assert texts.of_findings("1001", [], refused=True) is None


def test_a_refusal_and_remarks() -> None:
    said = texts.of_refusal("3", MissingFile("No picture.", term="InvoiceUrlText"))
    assert said.en == "Document 3 Error: No picture. (term InvoiceUrlText) (missing-file)"
    assert (said.fi or "").startswith("Asiakirja 3 Virhe: Asiakirjaan kuuluva tiedosto puuttuu")
    assert (said.sv or "").startswith("Dokument 3 Fel: En fil som hör till dokumentet saknas")
    assert texts.of_refusal("3", SellerMismatch("x")).fi == "Asiakirja 3 Virhe: Myyjä ei ole lähettävä yritys."
    assert texts.of_remarks("3", ["It was mended."]) == Text("Document 3 Warning: It was mended.")
    assert texts.of_remarks("3", []) is None


def test_texts_are_one_line_within_the_operators_limit() -> None:
    long = texts.of_refusal("3", MissingFile("ä\n" * 1_000))
    assert len(long.en) <= texts.LIMIT
    assert long.en.endswith(" ...")
    many = texts.of_findings("1", [finding("BR-CO-15", Severity.FATAL, "x" * 300)] * 3, refused=True)
    assert many is not None
    for text in (many.en, many.fi or "", many.sv or ""):
        assert len(text) <= texts.LIMIT
        assert not re.search(r"[\n\r\t]|  ", text)
