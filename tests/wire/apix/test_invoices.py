"""Invoices that are sent: what becomes of them, and what the program is told (specification 6.1)."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from uuid import UUID

from tests.running import Hub
from tests.unit.dialects.apix.transfers import ATTACHMENT, PICTURE, zipped
from tests.wire.apix.sending import bill, code, groups, pdf, sent, transfer
from tests.wire.apix.terminal import Terminal, members, texts
from tests.wire.companies import DEAF, PAYER, TEST_HOST, Reader
from tests.wire.raw import masked
from tests.wire.stored import count_numbered, documents, rows


def accepted(number: str) -> str:
    """The group of a document that was accepted; no rules are installed here."""
    return (
        f'<Group>\n<Value type="AcceptedDocumentID">{number}</Value>\n<Value type="ValidateText">Document {number} '
        "Information: Not checked: no rules are installed for documents in finvoice-3.0. [not-checked]</Value>\n"
        "</Group>\n"
    )


PDF = pdf()
NAMED = (PICTURE, "file://a.pdf")


def test_the_whole_answer_to_a_batch_of_every_kind(big_hub: Hub, reader: Reader) -> None:
    body = transfer(
        bill("F-1", reader, reader, NAMED),
        bill("F-2", reader, None, NAMED, mail="osto@ostaja.example"),
        bill("F-3", reader, None, (PICTURE, "file://gone.pdf")),
        bill("F-4", reader, None, (PICTURE, "file://two.pdf")),
        bill("F-5", reader, None, NAMED, address=False),
        a_pdf=PDF,
        two_pdf=pdf(2),
    )
    answer = sent(big_hub, "invoices", reader, body)
    assert answer.status == 200
    assert answer.field("content-type") == "text/xml"
    assert masked(answer.body) == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Response version="1.0">\n'
        "<Status>OK</Status>\n"
        "<StatusCode>1000</StatusCode>\n"
        '<FreeText language="en">OK</FreeText>\n'
        "<Content>\n"
        "<Group>\n"
        '<Value type="BatchID">UUID</Value>\n'
        '<Value type="Saldo">99999</Value>\n'
        '<Value type="CostInCredits">1.75</Value>\n'
        '<Value type="NetworkedInvoices">2</Value>\n'
        '<Value type="Letters">1</Value>\n'
        '<Value type="LetterPages">2</Value>\n'
        '<Value type="RejectedDocument">2</Value>\n'
        '<Value type="AcceptedDocument">3</Value>\n'
        "</Group>\n"
        f"{accepted('F-1')}{accepted('F-2')}"
        "<Group>\n"
        '<Value type="RejectedDocumentID">F-3</Value>\n'
        "<Value type=\"ValidateText\">Document F-3 Error: The document names the file 'gone.pdf', which is not in the "
        "ZIP archive. (term InvoiceUrlText) (missing-file)</Value>\n"
        '<Value type="ValidateText:fi">Asiakirja F-3 Virhe: Asiakirjaan kuuluva tiedosto puuttuu, tai asiakirja ei '
        "nime&#228; sit&#228;.</Value>\n"
        '<Value type="ValidateText:sv">Dokument F-3 Fel: En fil som h&#246;r till dokumentet saknas, eller dokumentet '
        "namnger den inte.</Value>\n"
        "</Group>\n"
        f"{accepted('F-4')}"
        "<Group>\n"
        '<Value type="RejectedDocumentID">F-5</Value>\n'
        '<Value type="ValidateText">Document F-5 Error: The document has no way to its receiver: the document names '
        "its buyer by no electronic address, business id, VAT id or GLN; the document names no mail address of its "
        "buyer; the postal address of its buyer has no street or box and no post code and no town. (term BG-7) (no-way)"
        "</Value>\n"
        '<Value type="ValidateText:fi">Asiakirja F-5 Virhe: Asiakirjalle ei l&#246;ydy kanavaa vastaanottajalle: '
        "verkkolasku-, s&#228;hk&#246;posti- tai postiosoite puuttuu.</Value>\n"
        '<Value type="ValidateText:sv">Dokument F-5 Fel: Dokumentet har ingen kanal till mottagaren: e-faktura-, '
        "e-post- eller postadress saknas.</Value>\n"
        "</Group>\n"
        "</Content>\n"
        "</Response>\n"
    )
    stored = rows(
        big_hub,
        """SELECT o.number, o.state, d.channel, d.cost FROM document o LEFT JOIN delivery d ON d.document_id = o.id
           WHERE o.submission_id = $1 ORDER BY o.id""",
        UUID(groups(answer)[0]["BatchID"]),
    )
    by_number = {one["number"]: (one["state"] == "rejected", one["channel"], str(one["cost"])) for one in stored}
    assert by_number == {
        "F-1": (False, "inbox", "None"),
        "F-2": (False, "email", "0.75"),
        "F-3": (True, None, "None"),
        "F-4": (False, "print", "1"),
        "F-5": (True, None, "None"),
    }


def test_a_resend_gets_the_same_bytes_and_sends_nothing(big_hub: Hub, reader: Reader) -> None:
    body = transfer(bill("F-10", reader, reader, NAMED), a_pdf=PDF)
    first, second = (sent(big_hub, "invoices", reader, body) for _ in range(2))
    assert first.body == second.body
    assert count_numbered(big_hub, "F-10") == 1


def test_what_was_sent_arrives_with_its_files(big_hub: Hub, reader: Reader) -> None:
    attached = zipped(("attachments/spec.csv", b"1;2"), ("attachments/more.pdf", PDF))
    body = transfer(bill("F-20", reader, reader, NAMED, (ATTACHMENT, "file://all.zip")), a_pdf=PDF, all_zip=attached)
    assert code(sent(big_hub, "invoices", reader, body)) == "1000"
    terminal = Terminal(big_hub, reader)
    (storage,) = terminal.waiting(1)
    assert (storage["DocumentID"], storage["ImageName"]) == ("F-20", "a.pdf")
    found = members(terminal.download(storage).body)
    assert {name: found[name] for name in found if name != "invoice.xml"} == {
        "a.pdf": PDF,
        "spec.csv": b"1;2",
        "more.pdf": PDF,
    }
    assert re.findall(rb"<InvoiceUrlText>(.*?)</InvoiceUrlText>", found["invoice.xml"]) == [
        b"file://a.pdf",
        b"file://spec.csv",
        b"file://more.pdf",
    ]


def test_paper_where_the_print_service_is_addressed(big_hub: Hub, reader: Reader) -> None:
    body = transfer(bill("F-30", reader, reader, NAMED, mail="osto@ostaja.example", to="TULOSTUS"), a_pdf=PDF)
    summary = groups(sent(big_hub, "invoices", reader, body))[0]
    assert (summary["NetworkedInvoices"], summary["Letters"], summary["LetterPages"]) == ("0", "1", "1")


def test_nothing_accepted_is_a_refusal_whose_stamp_finds_the_log(big_hub: Hub, reader: Reader) -> None:
    body = transfer(bill("F-40", reader, None, (PICTURE, "file://gone.pdf")), a_pdf=PDF)
    answer = sent(big_hub, "invoices", reader, body)
    assert code(answer) == "1001"
    assert b"<Status>ERR</Status>" in answer.body
    stamp, reason = texts(answer)
    assert reason == "No document of the batch was accepted; 1 refused."
    assert [one for one in big_hub.log.read_text().splitlines() if stamp in one and "missing-file" in one]
    assert groups(answer)[0]["RejectedDocumentID"] == "F-40"
    again = sent(big_hub, "invoices", reader, body)
    assert texts(again)[0] != stamp, "what was refused is judged anew"


def test_a_company_that_pays_before(big_hub: Hub) -> None:
    """5 credits: a letter of three pages at 2.75, a mail at 0.75, and then there is too little for another letter."""
    letter = bill("F-50", PAYER, None, (PICTURE, "file://three.pdf"))
    mail = bill("F-51", PAYER, None, NAMED, mail="osto@ostaja.example")
    first = groups(sent(big_hub, "invoices", PAYER, transfer(letter, mail, three_pdf=pdf(3), a_pdf=PDF)))[0]
    assert (first["Saldo"], first["CostInCredits"], first["LetterPages"]) == ("1.5", "3.5", "3")
    more = transfer(bill("F-52", PAYER, None, (PICTURE, "file://three.pdf")), three_pdf=pdf(3))
    refused = sent(big_hub, "invoices", PAYER, more)
    assert code(refused) == "1002"
    assert "costs 2.75 credits; the account has 1.5 to spend" in texts(refused)[1]
    assert count_numbered(big_hub, "F-52") == 0
    tested = sent(big_hub, "invoices", PAYER, more, host=TEST_HOST)
    assert code(tested) == "1000"
    assert (groups(tested)[0]["Saldo"], groups(tested)[0]["CostInCredits"]) == ("1.5", "2.75")
    (row,) = rows(
        big_hub, "SELECT balance - reserved AS left FROM account JOIN company ON id = company_id WHERE key = 'payer'"
    )
    assert row["left"] * 2 == 3


def test_at_a_test_host_nothing_is_delivered(big_hub: Hub, reader: Reader) -> None:
    body = transfer(bill("F-60", reader, reader, NAMED), a_pdf=PDF)
    answer = sent(big_hub, "invoices", reader, body, host=TEST_HOST)
    assert groups(answer)[0]["NetworkedInvoices"] == "1"
    (stored,) = documents(big_hub, groups(answer)[0]["BatchID"])
    assert (stored["mode"], stored["deliveries"]) == ("test", [])
    real = sent(big_hub, "invoices", reader, body)
    assert real.body != answer.body, "what was tried is not thereby sent"


def test_without_the_contract_nothing_is_taken(big_hub: Hub) -> None:
    answer = sent(big_hub, "invoices", DEAF, transfer(bill("F-70", DEAF, None, NAMED), a_pdf=PDF))
    assert code(answer) == "1003"
    assert count_numbered(big_hub, "F-70") == 0


def test_a_body_that_is_no_zip_is_for_interfaces_that_are_configured(big_hub: Hub, reader: Reader) -> None:
    body = bill("F-80", reader, reader)
    assert code(sent(big_hub, "invoices", reader, body)) == "1001"
    raw = sent(big_hub, "invoices", reader, body, also={"soft": "PupesoftEDI"})
    assert groups(raw)[1]["AcceptedDocumentID"] == "F-80"


def test_the_sample_of_a_real_client(big_hub: Hub, reader: Reader, shared: Path) -> None:
    """Blanks before the declaration, sums that do not fit: taken, addressed to somebody who is no company here."""
    body = (shared / "samples" / "finvoice" / "apix_send_invoice_zip_example.zip").read_bytes()
    with zipfile.ZipFile(shared / "samples" / "finvoice" / "apix_send_invoice_zip_example.zip") as archive:
        assert not archive.read("test_invoice.xml").startswith(b"<")
    answer = sent(big_hub, "invoices", reader, body)
    assert code(answer) == "1000", answer.text
    assert groups(answer)[0]["AcceptedDocument"] == "1"
