"""The README's tour, command by command, and its two commands."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree

import typer

from fakturahub.cli import app
from tests.docs.conftest import Tour
from tests.docs.pages import README, ROOT, blocks
from tests.docs.scratch import Scratch
from tests.running import INVOICE

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def _number() -> str:
    number = ElementTree.parse(INVOICE).findtext(f"{CBC}ID")  # noqa: S314 - our own file
    assert number is not None
    return number


def test_posting(tour: Tour) -> None:
    assert (tour.posting.status, tour.posting.answers) == (0, [200]), tour.posting
    # "the same command again would get the same answer, byte for byte"
    assert tour.posting_again == tour.posting
    submission = re.search(r"Submission ([0-9a-f-]{36})", tour.posting.output)
    assert submission is not None
    # "Another invoice under the same id would not"
    assert (tour.conflict.status, tour.conflict.answers) == (0, [409]), tour.conflict
    assert submission[1] in tour.conflict.output


def test_where_is_the_document(tour: Tour) -> None:
    assert tour.listing.status == 0, tour.listing
    # "and no second invoice"
    assert tour.listing.output.count("\n") == 2
    assert re.search(rf"\bdelivered\b.*\bskog\b.*\bvirta\b.*\b{_number()}\b", tour.listing.output)
    # "with the id from the first column"
    shown = tour.document.output
    assert f"invoice {_number()}" in shown
    # "what it is, where it went and why, and every step with its time", in the order of the steps
    for part in ("syntax", "routing", "delivery", "event"):
        assert re.search(rf"(?m)^{part} ", shown), shown
    events = re.findall(r"(?m)^event +\S+ \S+ (\S+)", shown)
    assert events[:2] == ["document.received", "document.routed"]
    # "http://127.0.0.1:8080/ shows the same list as a page"
    assert _number() in tour.scratch.must("curl --fail-with-body http://127.0.0.1:8080/").output


def test_fetching(tour: Tour) -> None:
    assert (tour.fetching.status, tour.fetching.answers) == (0, [200, 200]), tour.fetching
    listed = (tour.scratch.folder / "list.xml").read_text(encoding="ascii")
    assert f'<Value type="DocumentID">{_number()}</Value>' in listed
    assert listed in tour.fetching.output
    assert re.search(r"(?m)^invoice\.xml ", tour.fetching.output)
    with zipfile.ZipFile(tour.scratch.folder / "storage.zip") as archive:
        assert archive.namelist() == ["invoice.xml"]
        # "The ZIP holds the invoice as `invoice.xml`, a Finvoice 3.0 by now"
        assert f"<InvoiceNumber>{_number()}</InvoiceNumber>" in archive.read("invoice.xml").decode()


def test_all_is_well(tour: Tour) -> None:
    assert tour.doctor.status == 0, tour.doctor
    assert tour.doctor.output
    assert all(line.startswith("ok ") for line in tour.doctor.output.splitlines()), tour.doctor.output


def test_trying_without_delivering(scratch: Scratch) -> None:
    text = blocks(README, "sh")[0].text
    tried = scratch.must(text.replace("invoice/prod", "invoice/test").replace("tour-1", "tour-2"))
    assert "Nothing is forwarded" in tried.output


def test_it_says_where_the_hub_listens_by_itself() -> None:
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    default = {option.name: option.default for option in serve.params}
    named = set(re.findall(r"http://([\d.]+:\d+)", README.read_text(encoding="utf-8")))
    assert named == {f"{default['host']}:{default['port']}"}


def test_two_commands() -> None:
    """What the README calls the two commands are targets of the Makefile, and so is every other ``make …`` it names."""
    text = README.read_text(encoding="utf-8")
    section = text.partition("## Two commands")[2].partition("\n## ")[0]
    assert re.findall(r"(?m)^ {4}(\S.*)$", section) == ["make serve", "make test"]
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, re.MULTILINE))
    assert {"serve", "test"} <= named <= targets
