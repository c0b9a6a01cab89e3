"""Which way a document would go, and at what price (specification 6.4)."""

from __future__ import annotations

import pytest

from tests.running import Hub
from tests.wire.apix.sending import bill, code, groups, pdf, sent, transfer
from tests.wire.apix.terminal import joined, put, request, signed
from tests.wire.companies import OFFICE, PAYER, TEST_HOST, Reader
from tests.wire.raw import RawAnswer

SENDER = {"SenderName": "Apix Messaging Oy", "SenderYtunnus": "2332748-7"}


def ask(hub: Hub, sender: Reader, *questions: dict[str, str], endpoint: str = "method", name: str = "uid") -> RawAnswer:
    query = signed(endpoint, sender.transfer_key, {"uid": sender.transfer_id})
    if name != "uid":
        query = {name if key == "uid" else key: value for key, value in query.items()}
    return put(hub, f"{endpoint}?{joined(query)}", request(*questions))


@pytest.mark.parametrize(("endpoint", "name"), [("method", "uid"), ("method", "TraID"), ("pricing", "uid")])
def test_the_whole_answer(big_hub: Hub, endpoint: str, name: str) -> None:
    """The operator's example, its receiver being a company of this hub; the class and colour are the sender's."""
    wrong = {**SENDER, "ReceiverName": "Wrong name"}
    answer = ask(
        big_hub,
        PAYER,
        {"DocumentID": "1", **SENDER, "ReceiverName": "Big Company Oy", "LetterPages": "12"},
        {"DocumentID": "2", **wrong, "ReceiverYtunnus": OFFICE.business_id},
        {"DocumentID": "3", **wrong, "ReceivereInvoiceAddress": "FI21 1234 5600 0007 85"},
        {"DocumentID": "3", **wrong, "ReceiverOVT": "003720667769"},
        {**SENDER, "ReceiverName": "esimerkkitoimisto järvi oy"},
        endpoint=endpoint,
        name=name,
    )
    found = (
        '<Value type="ReceiverYtunnus">2066776-9</Value>\n<Value type="AccountingCopy">YES</Value>\n'
        '<Value type="SenderYtunnus">2332748-7</Value>\n<Value type="ChannelName">eInvoice</Value>\n'
        '<Value type="SenderName">Apix Messaging Oy</Value>\n<Value type="ReceiverName">{}</Value>\n</Group>\n'
    )
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Response version="1.0">\n<Status>OK</Status>\n'
        "<StatusCode>7G00</StatusCode>\n<Content>\n<Group>\n"
        '<Value type="DocumentID">1</Value>\n<Value type="LetterClass">1</Value>\n'
        '<Value type="CostInCredits">2.75</Value>\n<Value type="LetterPages">12</Value>\n'
        '<Value type="AccountingCopy">YES</Value>\n<Value type="SenderYtunnus">2332748-7</Value>\n'
        '<Value type="LetterCountry">FI</Value>\n<Value type="ChannelName">Paper</Value>\n'
        '<Value type="LetterPrintColor">COLOR</Value>\n<Value type="SenderName">Apix Messaging Oy</Value>\n'
        '<Value type="ReceiverName">Big Company Oy</Value>\n</Group>\n'
        '<Group>\n<Value type="DocumentID">2</Value>\n'
        + found.format("Wrong name")
        + '<Group>\n<Value type="DocumentID">3</Value>\n'
        + found.format("Wrong name")
        + '<Group>\n<Value type="DocumentID">3</Value>\n'
        + found.format("Wrong name")
        + "<Group>\n"
        + found.format("esimerkkitoimisto j&#228;rvi oy")
        + "</Content>\n</Response>\n"
    )


def test_mail_print_and_what_has_no_way(big_hub: Hub, reader: Reader) -> None:
    mail, paper, abroad, order, known = groups(
        ask(
            big_hub,
            reader,
            {**SENDER, "ReceiverName": "A", "ReceivereInvoiceAddress": "osto@ostaja.example"},
            {**SENDER, "ReceiverName": "B", "ReceiverYtunnus": OFFICE.business_id, "ReceiverOVT": "TULOSTUS"},
            {**SENDER, "ReceiverName": "C", "ReceiverCountryCode": "US"},
            {**SENDER, "ReceiverName": "D", "MessageType": "orders"},
            {"ReceiverName": "E", "ReceiverYtunnus": OFFICE.business_id, "MessageType": "orders"},
        )
    )
    assert (mail["ChannelName"], mail["CostInCredits"]) == ("email", "0.75")
    assert [paper[name] for name in ("ChannelName", "LetterClass", "LetterPrintColor", "LetterPages")] == [
        "Paper",
        "2",
        "BW",
        "1",
    ]
    assert abroad["LetterCountry"] == "OTHER"
    assert "ChannelName" not in order
    assert "has no page" in order["ValidateText"]
    assert (known["ChannelName"], known["SenderName"], known["ReceiverYtunnus"]) == ("eInvoice", "N/A", "2066776-9")


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_a_submission_goes_the_same_way_at_the_same_price(big_hub: Hub, pages: int) -> None:
    (told,) = groups(ask(big_hub, PAYER, {**SENDER, "ReceiverName": "Ostaja", "LetterPages": str(pages)}))
    body = transfer(bill(f"M-{pages}", PAYER, None, ("APIX_PDFFILE", "file://a.pdf")), a_pdf=pdf(pages))
    summary = groups(sent(big_hub, "invoices", PAYER, body, host=TEST_HOST))[0]
    assert (summary["CostInCredits"], summary["LetterPages"]) == (told["CostInCredits"], told["LetterPages"])


def test_what_is_no_question(big_hub: Hub, reader: Reader) -> None:
    assert code(ask(big_hub, reader, {**SENDER, "ReceiverName": "A", "LetterPages": "many"})) == "7G12"
    query = signed("method", reader.transfer_key, {"uid": reader.transfer_id})
    assert code(put(big_hub, f"method?{joined(query)}", b"")) == "7G12"
    assert code(put(big_hub, f"method?{joined({**query, 'd': 'SHA-256:0'})}", b"")) == "7G04"
