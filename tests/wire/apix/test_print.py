"""Letters that are sent for printing (specification 6.2)."""

from __future__ import annotations

from uuid import UUID

from tests.running import Hub
from tests.unit.dialects.apix.transfers import zipped
from tests.wire.apix.sending import bill, code, groups, letter, pdf, sent
from tests.wire.companies import PAYER, TEST_HOST, Reader
from tests.wire.stored import rows


def test_each_letter_goes_on_paper_with_its_own_pages(big_hub: Hub, reader: Reader) -> None:
    body = zipped(
        ("letters.xml", letter("L-1", reader, "a.pdf") + b"\n" + letter("L-2", reader, "b.pdf")),
        ("a.pdf", pdf(2)),
        ("b.pdf", pdf(3)),
    )
    summary, *told = groups(sent(big_hub, "print", reader, body))
    batch = UUID(summary.pop("BatchID"))
    assert summary == {
        "Saldo": "99999",
        "CostInCredits": "3.75",
        "NetworkedInvoices": "0",
        "Letters": "2",
        "LetterPages": "5",
        "AcceptedDocument": "2",
    }
    assert [one["AcceptedDocumentID"] for one in told] == ["L-1", "L-2"]
    found = rows(
        big_hub,
        """SELECT d.channel, d.details::jsonb ->> 'pages' AS pages FROM delivery d
           JOIN document o ON o.id = d.document_id WHERE o.submission_id = $1 ORDER BY o.id""",
        batch,
    )
    assert sorted((one["channel"], one["pages"]) for one in found) == [("print", "2"), ("print", "3")]


def test_class_and_colour_are_the_settings_of_the_company(big_hub: Hub) -> None:
    body = zipped(("letter.xml", letter("L-10", PAYER, "a.pdf")), ("a.pdf", pdf()))
    answer = sent(big_hub, "print", PAYER, body, host=TEST_HOST)
    assert groups(answer)[0]["CostInCredits"] == "1"
    # what was only tried is kept with its way, and nothing of it leaves
    (row,) = rows(big_hub, "SELECT facts FROM document WHERE number = 'L-10'")
    assert '"way": "print"' in row["facts"]


def test_what_is_no_letter_is_refused_by_itself(big_hub: Hub, reader: Reader) -> None:
    body = zipped(("a.xml", letter("L-20", reader, "a.pdf")), ("b.xml", bill("F-1", reader)), ("a.pdf", pdf()))
    answer = sent(big_hub, "print", reader, body)
    assert code(answer) == "1000"
    _, accepted, refused = groups(answer)
    assert (accepted["AcceptedDocumentID"], refused["RejectedDocumentID"]) == ("L-20", "F-1")
    assert "It is a document of the syntax finvoice-3.0" in refused["ValidateText"]
