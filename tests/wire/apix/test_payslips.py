"""Payslips: how they leave, the page behind a mailed link, and taking them back (specification 6.3 and 7.5)."""

from __future__ import annotations

import hashlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from tests.running import TRANSFER_ID, TRANSFER_KEY, Answer, Hub
from tests.unit.dialects.apix.transfers import zipped
from tests.wire.apix.sending import code, groups, pdf, sent
from tests.wire.apix.terminal import joined, signed, texts
from tests.wire.companies import API_HOST, PUBLIC_URL, Reader
from tests.wire.raw import RawAnswer, exchange, head, masked
from tests.wire.stored import rows

PERSON = "010199A123X"
PDF = pdf()


def slip(number: str, file: str = "slip.pdf", *, method: str = "01", mail: str = "", address: bool = True) -> str:
    info = f"<RecipientEmailAddress>{mail}</RecipientEmailAddress>" if mail else ""
    postal = "<AddressLine>Katu 5</AddressLine><PostalCode>00150</PostalCode><PostOffice>Helsinki</PostOffice>"
    return (
        f"<Payslip><Version>2.0</Version><HeaderData><MessageId>{number}</MessageId><Timestamp>20261120T120000"
        "</Timestamp><DocumentTitle><Value>Palkka</Value></DocumentTitle><PayDate>20261130</PayDate><NetPayment><Value>"
        "2500.00</Value></NetPayment><Payer>Maksaja Oy</Payer><PartyIdentifications/><DeliveryChannels>"
        f"<DeliveryChannel><DeliveryMethodCode>{method}</DeliveryMethodCode><DeliveryInfo>{info}</DeliveryInfo>"
        "</DeliveryChannel></DeliveryChannels><LanguageCode>fi</LanguageCode><Attachments><Attachment>"
        f"<AttachmentIndex>1</AttachmentIndex><FileType>PDF</FileType><Filename>{file}</Filename></Attachment>"
        "</Attachments></HeaderData><Delivery><Recipient><RecipientName><ForeName>Maija</ForeName><SurName>Malli"
        f"</SurName></RecipientName>{postal if address else ''}</Recipient></Delivery><Employee><Identity>"
        f"<EmployeeIdentity><PersonID>{PERSON}</PersonID></EmployeeIdentity></Identity></Employee></Payslip>"
    )


def data(*slips: str) -> bytes:
    return f'<Payslips xmlns="http://www.tieke.fi/schema/payslipxml/2.0">{"".join(slips)}</Payslips>'.encode()


def mailed(hub: Hub, sender: Reader, number: str) -> Any:
    """Send a payslip by mail, and give the mail that left."""
    body = zipped(("slip.xml", data(slip(number, mail="maija@malli.example"))), ("slip.pdf", PDF))
    answer = sent(hub, "sendpayslip", sender, body)
    assert code(answer) == "1000", answer.text
    assert groups(answer)[0]["NetworkedPayslips"] == "1"
    batch = UUID(groups(answer)[0]["BatchID"])
    until = time.monotonic() + 20
    while True:
        (row,) = rows(
            hub,
            """SELECT d.id, d.state FROM delivery d JOIN document o ON o.id = d.document_id
               WHERE o.submission_id = $1""",
            batch,
        )
        if row["state"] == "delivered":
            break
        assert time.monotonic() < until, row
        time.sleep(0.05)
    (file,) = (hub.data / "mail").glob(f"*{row['id'].hex}*")
    return BytesParser(policy=policy.default).parsebytes(file.read_bytes())


def link_in(mail: Any) -> str:
    """The path and query of the link in a mail."""
    text = mail.get_body(("plain",)).get_content()
    (link,) = re.findall(rf"{re.escape(PUBLIC_URL)}(/payslip\?\S+)", text)
    return str(link)


def answered(hub: Hub, link: str, said: str) -> Answer:
    return hub.request(
        "POST", link, f"answer={quote(said)}".encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    )


def deleted(hub: Hub, sender: Reader, number: str, *, person: str = PERSON, day: str = "20261130") -> RawAnswer:
    given = {
        "TraID": sender.transfer_id,
        "hash": hashlib.md5(person.encode(), usedforsecurity=False).hexdigest(),
        "date": f"{day}-{number}",
    }
    query = signed("senderpayslip", sender.transfer_key, given)
    query["D"] = query.pop("d")
    return exchange(hub.port, head(f"DELETE /apix/senderpayslip?{joined(query)} HTTP/1.1"), to="DELETE")


def test_the_way_is_what_the_payslip_says(big_hub: Hub, reader: Reader) -> None:
    mail = "maija@malli.example"
    body = zipped(
        (
            "slips.xml",
            data(
                slip("P-1", "a.pdf", mail=mail),
                slip("P-2", "b.pdf", method="02", mail=mail),
                slip("P-3", "c.pdf"),
                slip("P-4", "d.pdf", address=False),
            ),
        ),
        *((f"{name}.pdf", pdf(number)) for number, name in enumerate("abcd", 1)),
    )
    answer = sent(big_hub, "sendpayslip", reader, body)
    assert masked(answer.body).partition("</Group>\n")[0] == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Response version="1.0">\n<Status>OK</Status>\n'
        '<StatusCode>1000</StatusCode>\n<FreeText language="en">OK</FreeText>\n<Content>\n<Group>\n'
        '<Value type="BatchID">UUID</Value>\n<Value type="Saldo">99999</Value>\n'
        '<Value type="CostInCredits">4.5</Value>\n<Value type="NetworkedPayslips">1</Value>\n'
        '<Value type="Letters">2</Value>\n<Value type="LetterPages">5</Value>\n'
        '<Value type="RejectedDocument">1</Value>\n<Value type="AcceptedDocument">3</Value>\n'
    )
    _, *told = groups(answer)
    assert [next(iter(one.values())) for one in told] == ["P-1", "P-2", "P-3", "P-4"]
    assert "no-way" in told[3]["ValidateText"]


def test_a_mail_is_a_link_to_a_page_that_asks(big_hub: Hub, reader: Reader) -> None:
    mail = mailed(big_hub, reader, "P-10")
    assert not list(mail.iter_attachments())
    assert "2500" not in mail.as_string()
    link = link_in(mail)
    page = big_hub.request("GET", link)
    assert (page.status, page.header("cache-control")) == (200, "no-store")
    assert "Henkilötunnuksesi neljä viimeistä merkkiä" in page.body.decode()
    assert "form-action 'self'" in (page.header("content-security-policy") or "")
    assert b"Malli" not in page.body
    assert big_hub.request("GET", link, headers={"Host": API_HOST}).body == page.body, "under every name of the hub"
    wrong = answered(big_hub, link, "123Y")
    assert (wrong.status, PDF in wrong.body) == (403, False)
    right = answered(big_hub, link, " 123x")
    assert (right.status, right.header("content-type"), right.body) == (200, "application/pdf", PDF)
    log = big_hub.log.read_text()
    assert PERSON not in log
    assert link.partition("k=")[2] not in log


def test_a_link_that_the_hub_did_not_make_opens_nothing(big_hub: Hub, reader: Reader) -> None:
    link = link_in(mailed(big_hub, reader, "P-15"))
    changed = link[:-1] + ("A" if link[-1] != "A" else "B")
    for one in (changed, "/payslip", "/payslip?d=x&k=y", link.replace("d=", "d=0")):
        assert big_hub.request("GET", one).status == 404
        assert answered(big_hub, one, "123X").status == 404


def test_five_wrong_answers_close_the_page(big_hub: Hub, reader: Reader) -> None:
    link = link_in(mailed(big_hub, reader, "P-20"))
    pages = [answered(big_hub, link, f"00{number}A").body.decode() for number in range(5)]
    assert ["Yritä uudelleen" in page for page in pages] == [True, True, True, True, False]
    late = answered(big_hub, link, "123X")
    assert (late.status, late.body[:5] == b"%PDF-") == (403, False)
    assert "suljettu" in big_hub.request("GET", link).body.decode()


def test_wrong_answers_at_once_are_counted_one_after_the_other(big_hub: Hub, reader: Reader) -> None:
    link = link_in(mailed(big_hub, reader, "P-25"))
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: answered(big_hub, link, f"{number:03d}A"), range(12)))
    (row,) = rows(
        big_hub,
        """SELECT count(*) AS count FROM event e JOIN document o ON o.id = e.document_id
           WHERE o.number = 'P-25' AND e.kind = 'payslip.refused'""",
    )
    assert row["count"] == 5


def test_what_came_is_erased_and_its_page_is_gone(big_hub: Hub, reader: Reader) -> None:
    link = link_in(mailed(big_hub, reader, "P-30"))
    answer = deleted(big_hub, reader, "P-30")
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Response version="1.0">\n<Status>OK</Status>\n'
        '<StatusCode>7PS00</StatusCode>\n<FreeText language="en">OK</FreeText>\n<Content>\n<Group>\n'
        '<Value type="StorageQuota">9999999</Value>\n</Group>\n</Content>\n</Response>\n'
    )
    assert answered(big_hub, link, "123X").status == 404
    (row,) = rows(big_hub, "SELECT id, state, size, facts::text AS facts FROM document WHERE number = 'P-30'")
    assert (row["state"], row["size"]) == ("delivered", 0)
    assert "Malli" not in row["facts"]
    for question in (
        "SELECT count(*) AS count FROM document_file WHERE document_id = $1",
        "SELECT count(*) AS count FROM delivery WHERE document_id = $1 AND row_to_json(delivery)::text LIKE '%malli%'",
        "SELECT count(*) AS count FROM event WHERE document_id = $1 AND data::text LIKE '%malli%'",
    ):
        assert rows(big_hub, question, row["id"])[0]["count"] == 0, question
    assert code(deleted(big_hub, reader, "P-30")) == "7PS05", "there is none any more"


def test_what_has_not_left_is_withdrawn(big_hub: Hub, reader: Reader) -> None:
    body = zipped(("slip.xml", data(slip("P-40", mail=""))), ("slip.pdf", PDF))
    assert code(sent(big_hub, "sendpayslip", reader, body, host="test-api.hub.example")) == "1000"
    today = time.strftime("%Y%m%d", time.gmtime(time.time() + 7200))
    assert code(deleted(big_hub, reader, "P-40", day=today)) == "7PS00"
    (row,) = rows(big_hub, "SELECT state, size FROM document WHERE number = 'P-40'")
    assert dict(row) == {"state": "withdrawn", "size": 0}
    again = sent(big_hub, "sendpayslip", reader, body, host="test-api.hub.example")
    assert code(again) == "1000"
    assert len(rows(big_hub, "SELECT id FROM document WHERE number = 'P-40'")) == 2, "it is no repeat of what is gone"


@pytest.mark.parametrize(
    ("person", "day", "number"),
    [("010199A123Y", "20261130", "P-50"), (PERSON, "20261129", "P-50"), (PERSON, "20261130", "P-51")],
)
def test_only_whose_it_is_at_that_day(big_hub: Hub, reader: Reader, person: str, day: str, number: str) -> None:
    body = zipped(("slip.xml", data(slip("P-50", mail=""))), ("slip.pdf", PDF))
    sent(big_hub, "sendpayslip", reader, body, host="test-api.hub.example")
    answer = deleted(big_hub, reader, number, person=person, day=day)
    assert code(answer) == "7PS05"
    assert "There is no such payslip." in texts(answer)[1]


def test_what_is_no_batch_of_payslips_names_nobody(big_hub: Hub, reader: Reader) -> None:
    broken = zipped(("slip.xml", data(slip("P-60", f"{PERSON}.pdf"))), ("other.pdf", PDF))
    answer = sent(big_hub, "sendpayslip", reader, broken)
    assert code(answer) == "1001"
    assert PERSON not in answer.text
    two = zipped(("a.xml", data(slip("P-61"))), ("b.xml", data(slip("P-62"))), ("slip.pdf", PDF))
    assert "exactly one is expected" in texts(sent(big_hub, "sendpayslip", reader, two))[1]
    none = zipped(("a.xml", data(slip("P-63"))))
    assert "at least one" in texts(sent(big_hub, "sendpayslip", reader, none))[1]
    assert PERSON not in big_hub.log.read_text()
    assert code(sent(big_hub, "invoices", reader, zipped(("a.xml", data(slip("P-64"))), ("slip.pdf", PDF)))) == "1001"


def test_a_mail_that_waits_is_cancelled_but_not_while_it_is_sent(hub: Hub) -> None:
    """A hub that does not know its own address holds the mails of payslips."""
    virta = Reader("virta", TRANSFER_ID, TRANSFER_KEY, "003727901319")
    body = zipped(("slip.xml", data(slip("P-70", mail="maija@malli.example"))), ("slip.pdf", PDF))
    assert code(sent(hub, "sendpayslip", virta, body)) == "1000"
    until = time.monotonic() + 20
    question = """SELECT d.id, d.state, d.last_error, o.state AS document, o.size FROM delivery d
                  JOIN document o ON o.id = d.document_id WHERE o.number = 'P-70'"""
    while (row := rows(hub, question)[0])["state"] != "held":
        assert time.monotonic() < until, row
        time.sleep(0.05)
    assert "`public_url`" in row["last_error"]
    under_way = "UPDATE delivery SET state = 'sending', due_at = now() + interval '1 hour' WHERE id = $1 RETURNING id"
    rows(hub, under_way, row["id"])
    refused = deleted(hub, virta, "P-70")
    assert code(refused) == "7PS12"
    assert "is being sent at this moment" in texts(refused)[1]
    rows(hub, "UPDATE delivery SET state = 'held' WHERE id = $1 RETURNING id", row["id"])
    assert code(deleted(hub, virta, "P-70")) == "7PS00"
    (row,) = rows(hub, question)
    assert (row["state"], row["document"], row["size"]) == ("cancelled", "withdrawn", 0)
    assert "malli" not in str(row["last_error"])


def test_a_letter_at_the_print_house_is_left_to_it(hub: Hub) -> None:
    virta = Reader("virta", TRANSFER_ID, TRANSFER_KEY, "003727901319")
    body = zipped(("slip.xml", data(slip("P-71", mail="maija@malli.example"))), ("slip.pdf", PDF))
    assert code(sent(hub, "sendpayslip", virta, body)) == "1000"
    change = """UPDATE delivery SET state = 'retrying', due_at = now() + interval '1 hour', channel = 'print',
                       batch_id = $1 FROM document o WHERE o.id = document_id AND o.number = 'P-71'
                       AND delivery.state = 'held' RETURNING delivery.id"""
    until = time.monotonic() + 20
    while not rows(hub, change, uuid4()):
        assert time.monotonic() < until
        time.sleep(0.05)
    refused = deleted(hub, virta, "P-71")
    assert code(refused) == "7PS12"
    assert "on its way to the print house" in texts(refused)[1]
