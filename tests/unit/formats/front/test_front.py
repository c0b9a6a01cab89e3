"""What the front of the room promises: one call for each question, one error for each refusal, one list of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub import config, formats
from fakturahub.errors import FakturahubError, MissingTerm, UnwritableDocument
from fakturahub.formats.syntax import Name
from fakturahub.model import Recognition
from fakturahub.model.invoice import Invoice, Noun
from fakturahub.model.letter import Letter
from fakturahub.model.payslip import Payslip
from fakturahub.model.reminder import Reminder

#: names a company can ask for that this version does not write yet; the ways out that need them come with them
LATER = {"oioubl-2.1", "oioubl-2.02", "oioxml-0.71", "farpay-bill", "sendregning", "bs-0601", "factur-x"}
#: read and passed on; there is nothing else that it would be written from
PASSED_ON = {"payslip-2.0"}

FOLDERS = ("samples", "corpora")
NOUNS = {"invoice": Invoice, "letter": Letter, "payslip": Payslip, "reminder": Reminder}


def test_the_names_that_a_company_can_ask_for_are_those_that_are_written() -> None:
    written = {name for name, can in formats.NAMES.items() if can.write}
    asked = set(config.SYNTAXES) - {"original"}
    assert asked - written == LATER | PASSED_ON
    assert written <= asked


def test_every_family_stands_in_the_list_of_names_and_no_name_has_two() -> None:
    families = [syntax.family for syntax in formats.SYNTAXES]
    assert families == ["ubl", "cii", "finvoice", "letters", "payslip"]
    assert {can.family for can in formats.NAMES.values()} == set(families)
    writers = [name for syntax in formats.SYNTAXES for name in syntax.writers]
    assert len(writers) == len(set(writers))
    assert set(writers) == {name for name, can in formats.NAMES.items() if can.write}


def test_every_name_of_the_issue() -> None:
    can = formats.NAMES
    for name in ("ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3", "puf-billing-2.0", "vrbl"):
        assert can[name] == Name("ubl", "invoice", read=True, write=True), name
    assert can["cii"] == Name("cii", "invoice", read=True, write=True)
    for name in ("finvoice-3.0", "finvoice-3.0-soap"):
        assert can[name] == Name("finvoice", "invoice", read=True, write=True)
    assert can["finvoice-2.01"] == Name("finvoice", "invoice", read=True, write=False)
    assert can["letters-1.0"] == Name("letters", "letter", read=True, write=True)
    assert can["payslip-2.0"] == Name("payslip", "payslip", read=True, write=False)
    for name in ("ubl-order", "puf-response-1.0"):
        assert can[name] == Name("ubl", "invoice", read=False, write=False), name


def _documents(shared: Path) -> list[tuple[Path, bytes, Recognition]]:
    found = []
    for folder in FOLDERS:
        for path in sorted((shared / folder).rglob("*")):
            if path.suffix.lower() not in (".xml", ".zip") or ("rules" in path.parts and "unit" in path.parent.name):
                continue
            try:
                documents = formats.documents(path.read_bytes())
            except FakturahubError:
                continue
            found.extend((path, data, formats.recognise(data)) for data in documents)
    return found


def test_every_name_that_a_document_gets_is_listed_and_what_is_listed_holds(shared: Path) -> None:
    seen: set[str] = set()
    documents = _documents(shared)
    for path, data, recognition in documents:
        can = formats.NAMES.get(recognition.syntax)
        assert can is not None, (path, recognition)
        if recognition.syntax in seen and len(data) > 3_000:
            # The families' own tests read them all; here a few of each name are enough.
            continue
        seen.add(recognition.syntax)
        try:
            opened = formats.open_document(data)
        except MissingTerm:  # samples that are incomplete on purpose
            continue
        assert opened.syntax.family == can.family
        if can.read:
            try:
                noun: Noun = opened.read().noun
            except UnwritableDocument as refusal:
                raise AssertionError((path, recognition)) from refusal
            except FakturahubError:
                continue
            assert type(noun) is NOUNS[can.noun], path
        else:
            with pytest.raises(UnwritableDocument):
                opened.read()
    assert len(documents) > 250
    assert {"ubl-2.1", "peppol-bis-3", "ehf-3", "xrechnung-3", "cii", "letters-1.0", "payslip-2.0"} <= seen


@pytest.mark.parametrize("name", ["finvoice-2.01", "payslip-2.0", "ubl-order"])
def test_a_name_that_is_not_written(name: str) -> None:
    for ask in (lambda: formats.write(Invoice(number="1"), name), lambda: formats.check_writable(name)):
        with pytest.raises(UnwritableDocument, match=f"in {name} are not written; these are: .*peppol-bis-3"):
            ask()


def test_a_name_that_is_not_known_is_answered_with_those_that_are() -> None:
    with pytest.raises(UnwritableDocument, match=r"no syntax 'finvoice'.* cii, .*finvoice-3\.0-soap") as refused:
        formats.write(Invoice(number="1"), "finvoice")
    for name, can in formats.NAMES.items():
        assert (name in refused.value.reason.split(": ")[1].rstrip(".").split(", ")) is can.write
    with pytest.raises(UnwritableDocument) as refused:
        formats.check_writable("x" * 10_000)
    assert len(refused.value.reason) < 500


@pytest.mark.parametrize("noun", [Invoice(number="1"), Letter(number="1"), Payslip(number="1")])
def test_a_noun_is_not_written_as_another_kind(noun: Noun) -> None:
    for name, can in formats.NAMES.items():
        if can.write and NOUNS[can.noun] is not type(noun):
            with pytest.raises(UnwritableDocument):
                formats.write(noun, name)


def test_one_document_is_itself(shared: Path) -> None:
    data = (shared / "samples/ehf/ehf-3-faktura-1.xml").read_bytes()
    assert formats.documents(data) == (data,)
    assert formats.enclosed(data) == formats.Enclosed("", data)


def test_texts_between_elements_are_told(shared: Path) -> None:
    data = (shared / "samples/finvoice/letter_1.0_apix.xml").read_bytes()
    reading = formats.read(data.replace(b"<InvoiceUrlText>", b"between<InvoiceUrlText>"))
    assert [(loss.value, loss.why) for loss in reading.losses] == [("between", "not-understood")]
    assert formats.open_document(data).read() == formats.read(data)
