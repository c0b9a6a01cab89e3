"""Questions for a way and a price, their answers, and payslips that are to be deleted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fakturahub.dialects.apix.deletions import Deletion, deletion_of, receiver_hash
from fakturahub.dialects.apix.methods import Asked, Way, answered, asked
from fakturahub.dialects.apix.wire import envelope
from fakturahub.errors import BadRequest

SENDER = {"SenderName": "Apix Messaging Oy", "SenderYtunnus": "2332748-7"}


def test_the_operators_own_examples() -> None:
    """The answer's bytes but for its line ends and version."""
    letter = asked({"DocumentID": "1", **SENDER, "ReceiverName": "Big Company Oy", "LetterPages": "12"})
    named = asked({**SENDER, "ReceiverName": "Apix Messaging Oy"})
    assert (letter.pages, letter.receiver_country) == (12, "FI")
    groups = [
        answered(letter, Way("Paper", Decimal("2.750"), pages=12, postal_class=1)),
        answered(named, Way("eInvoice", receiver_ytunnus="2332748-7")),
    ]
    assert envelope("OK", "7G00", (), groups).decode().partition("<Content>\n")[2] == (
        "<Group>\n"
        '<Value type="DocumentID">1</Value>\n'
        '<Value type="LetterClass">1</Value>\n'
        '<Value type="CostInCredits">2.75</Value>\n'
        '<Value type="LetterPages">12</Value>\n'
        '<Value type="AccountingCopy">YES</Value>\n'
        '<Value type="SenderYtunnus">2332748-7</Value>\n'
        '<Value type="LetterCountry">FI</Value>\n'
        '<Value type="ChannelName">Paper</Value>\n'
        '<Value type="LetterPrintColor">BW</Value>\n'
        '<Value type="SenderName">Apix Messaging Oy</Value>\n'
        '<Value type="ReceiverName">Big Company Oy</Value>\n'
        "</Group>\n"
        "<Group>\n"
        '<Value type="ReceiverYtunnus">2332748-7</Value>\n'
        '<Value type="AccountingCopy">YES</Value>\n'
        '<Value type="SenderYtunnus">2332748-7</Value>\n'
        '<Value type="ChannelName">eInvoice</Value>\n'
        '<Value type="SenderName">Apix Messaging Oy</Value>\n'
        '<Value type="ReceiverName">Apix Messaging Oy</Value>\n'
        "</Group>\n"
        "</Content>\n"
        "</Response>\n"
    )


def test_every_value_of_a_question_in_the_words_of_either_call() -> None:
    stated = {
        "DocumentID": "3",
        **SENDER,
        "ReceiverName": "Wrong name",
        "ReceiverCountryCode": "se",
        "ReceiverYtunnus": "2332748-7",
        "ReceiverOVT": "003723327487",
        "ReceivereInvoiceAddress": "FI3080000710163802",
        "MessageType": "invoic",
        "LetterPages": "1",
    }
    assert asked(stated) == Asked(
        "3",
        "Apix Messaging Oy",
        "2332748-7",
        "Wrong name",
        "SE",
        "FI3080000710163802",
        "003723327487",
        "2332748-7",
        "invoic",
        1,
    )
    old = asked({"Sender": "A", "Receiver": "B", "MessageType": "eInvoice", "LetterPages": "2"})
    assert (old.sender_name, old.receiver_name, old.pages) == ("A", "B", 2)


def test_a_question_with_a_name_and_an_id_only_does_not_fail() -> None:
    """A client of the operator's own posts its register queries here."""
    group = answered(asked({"ReceiverName": "B", "ReceiverYtunnus": "1", "LetterPages": ""}), Way("email"))
    assert [value for value in group if value[1]] == [
        ("AccountingCopy", "YES"),
        ("SenderYtunnus", "N/A"),
        ("ChannelName", "email"),
        ("SenderName", "N/A"),
        ("ReceiverName", "B"),
    ]
    assert answered(asked({}), Way("Paper", colour=True, country="OTHER"))[9] == ("LetterPrintColor", "COLOR")


@pytest.mark.parametrize(
    "stated", [{"LetterPages": one} for one in ("0", "-1", "x", "10000", "1.5")] + [{"ReceiverCountryCode": "Finland"}]
)
def test_a_question_that_is_none(stated: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        asked(stated)


def test_the_example_of_a_payslip_to_delete() -> None:
    """specs/apix.md 3.1 has the hash, the operator's page the date."""
    hashed = receiver_hash("010199A123X")
    assert hashed == "873c9452219f71b453b4294e82da2dd5"
    deletion = deletion_of(hashed.upper(), "20200515-7645849")
    assert deletion == Deletion(hashed, date(2020, 5, 15), "7645849")
    assert hashed not in repr(deletion)
    assert "7645849" not in repr(deletion)
    assert deletion_of(hashed, "20200515-a-b").payslip_id == "a-b"


@pytest.mark.parametrize(
    ("hashed", "date_id"),
    [
        ("873c", "20200515-1"),
        ("z" * 32, "20200515-1"),
        ("8" * 32, "20200532-1"),
        ("8" * 32, "2020-05-15-1"),
        ("8" * 32, "20200515-"),
        ("8" * 32, "20200515-" + "1" * 256),
        ("8" * 32, "20200515"),
    ],
)
def test_parameters_that_name_no_payslip(hashed: str, date_id: str) -> None:
    with pytest.raises(BadRequest) as raised:
        deletion_of(hashed, date_id)
    assert hashed not in str(raised.value)
