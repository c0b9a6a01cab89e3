"""What `receive_as` says is what the receiver downloads; the original stays, and what was lost is told."""

from __future__ import annotations

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from fakturahub import formats
from tests.conftest import _make_database
from tests.running import COMPANIES, ROOT, Answer, Hub, invoice, running_hub
from tests.wire.companies import Reader, bill, with_attachments

#: what a reader wants -> the company that wants it
WISHES = {
    name: Reader(f"wants-{name}", f"7d1c0f6e-55aa-44ce-b025-{number:012d}", f"61400{number:06d}", f"0037{number:08d}")
    for number, name in enumerate(
        (
            "finvoice-3.0",
            "finvoice-3.0-soap",
            "cii",
            "puf-billing-2.0",
            "vrbl",
            "ubl-2.1",
            "xrechnung-3",
            "ehf-3",
            "peppol-bis-3",
            "letters-1.0",
        ),
        9001,
    )
}
STRICT = Reader("strict", "7d1c0f6e-55aa-44ce-b025-strict", "strict-key", "003700009900")


def tables(strict: bool) -> str:
    wishes = "".join(
        reader.table.replace("contracts =", f'receive_as = "{name}"\ncontracts =') for name, reader in WISHES.items()
    )
    policy = f'receive_as = "finvoice-3.0"\nallow_loss = {"false" if strict else "true"}\ncontracts ='
    return wishes + STRICT.table.replace("contracts =", policy)


@pytest.fixture(scope="module")
def wishing(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose readers want their documents in another syntax each."""
    folder = tmp_path_factory.mktemp("wishing")
    file = folder / "companies.toml"
    file.write_text(COMPANIES.read_text(encoding="utf-8") + tables(strict=True), encoding="utf-8")
    with running_hub(folder / "data", database=_make_database(postgres), companies=file) as running:
        yield running


def post(hub: Hub, body: bytes, key: str) -> Answer:
    answer = hub.post(body, key=key)
    assert answer.status == 200, answer
    return answer


def fetched(hub: Hub, reader: Reader) -> tuple[dict[str, str], dict[str, bytes]]:
    """The newest storage of a reader, and the members of its ZIP."""
    import time

    until = time.monotonic() + 20
    while not (storages := hub.list2(reader.transfer_id, reader.transfer_key)):
        assert time.monotonic() < until, "nothing was delivered"
        time.sleep(0.05)
    answer = hub.download(storages[0]["StorageID"], storages[0]["StorageKey"])
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        return storages[0], {name: archive.read(name) for name in archive.namelist()}


def document(hub: Hub, number: str) -> dict[str, object]:
    return hub.document_by_number(number)


@pytest.mark.parametrize("name", [name for name in WISHES if name not in ("letters-1.0", "peppol-bis-3")])
def test_a_receiver_gets_the_syntax_it_wants(wishing: Hub, name: str, tmp_path: Path) -> None:
    sent = bill(f"W-{name}", WISHES[name])
    post(wishing, sent, f"wish-{name}")
    storage, members = fetched(wishing, WISHES[name])
    assert list(members) == ["invoice.xml"]
    recognition = formats.recognise(members["invoice.xml"])
    # EHF Billing 3 is Peppol BIS Billing 3 under the same identifier, so such a document goes as it came. Plain UBL
    # keeps the identifier that the sender stated.
    assert recognition.syntax == ("peppol-bis-3" if name in ("ehf-3", "ubl-2.1") else name)
    there, here = formats.read(sent).noun, formats.read(members["invoice.xml"]).noun
    assert here.number == there.number == storage["DocumentID"]  # type: ignore[union-attr]
    assert [line.amount for line in here.lines] == [line.amount for line in there.lines]  # type: ignore[union-attr]
    whole = document(wishing, f"W-{name}")
    (delivery,) = whole["deliveries"]  # type: ignore[misc]
    assert (delivery["state"], delivery["delivered_syntax"]) == (
        "delivered",
        "peppol-bis-3" if name == "ehf-3" else name,
    )
    assert delivery["report"]["source"] == "peppol-bis-3"
    listed = whole["listed"]
    assert listed["state"] == "delivered"  # type: ignore[index]
    if name != "ehf-3":
        wishing.command("payload", str(delivery["id"]), "-o", str(tmp_path / "written.xml"))
        assert (tmp_path / "written.xml").read_bytes() == members["invoice.xml"]
    original = wishing.command("payload", str(listed["id"]))  # type: ignore[index]
    assert original.encode() == sent


def test_what_is_wanted_already_goes_as_it_came(wishing: Hub) -> None:
    sent = bill("W-same", WISHES["peppol-bis-3"])
    post(wishing, sent, "wish-same")
    assert fetched(wishing, WISHES["peppol-bis-3"])[1] == {"invoice.xml": sent}
    (delivery,) = document(wishing, "W-same")["deliveries"]  # type: ignore[misc]
    assert (delivery["delivered_syntax"], delivery["report"]) == ("peppol-bis-3", None)


def test_the_finvoice_is_valid(wishing: Hub, shared: Path) -> None:
    sent = bill("W-valid", WISHES["finvoice-3.0"])
    post(wishing, sent, "wish-valid")
    _, members = fetched(wishing, WISHES["finvoice-3.0"])
    schema = etree.XMLSchema(etree.parse(shared / "samples" / "finvoice" / "Finvoice3.0.xsd"))
    schema.assertValid(etree.fromstring(members["invoice.xml"]))


def test_a_document_that_is_not_written_so_goes_as_it_came(wishing: Hub) -> None:
    """A receiver's wish for letters is none for invoices."""
    sent = bill("W-letter", WISHES["letters-1.0"])
    post(wishing, sent, "wish-letter")
    assert fetched(wishing, WISHES["letters-1.0"])[1] == {"invoice.xml": sent}
    whole = document(wishing, "W-letter")
    (delivery,) = whole["deliveries"]  # type: ignore[misc]
    assert (delivery["state"], delivery["delivered_syntax"]) == ("delivered", "peppol-bis-3")
    shown = wishing.command("document", str(whole["listed"]["id"]))  # type: ignore[index]
    assert "as it came: it is not written as letters-1.0" in shown


def test_attachments_lie_beside_a_document_that_has_no_place_for_them(wishing: Hub) -> None:
    """Finvoice names the file; list2 names it alike, and it lies in the ZIP under that name."""
    reader = WISHES["finvoice-3.0-soap"]
    pdf, table = b"%PDF-1.4 picture", b"a;b\n1;2\n"
    sent = with_attachments(
        bill("W-files", reader),
        ("application/pdf", "picture of it.pdf", base64.b64encode(pdf).decode()),
        ("text/csv", "hours.csv", base64.b64encode(table).decode()),
    )
    post(wishing, sent, "wish-files")
    storage = {}
    for _ in range(200):
        storage, members = fetched(wishing, reader)
        if storage["DocumentID"] == "W-files":
            break
    assert storage["DocumentID"] == "W-files"
    assert members.keys() == {"invoice.xml", "picture of it.pdf", "hours.csv"}
    assert (members["picture of it.pdf"], members["hours.csv"]) == (pdf, table)
    assert storage["ImageName"] == "picture of it.pdf"
    assert b"file://picture of it.pdf" in members["invoice.xml"]


def test_a_large_document_is_kept_in_the_payload_store(wishing: Hub) -> None:
    """Both the original and what was written of it, with a file beside it that is too large for a row."""
    reader = WISHES["finvoice-3.0"]
    picture = bytes(range(256)) * 4096
    sent = with_attachments(
        bill("W-large", reader), ("application/pdf", "large.pdf", base64.b64encode(picture).decode())
    )
    post(wishing, sent, "wish-large")
    for _ in range(200):
        storage, members = fetched(wishing, reader)
        if storage["DocumentID"] == "W-large":
            break
    assert storage["DocumentID"] == "W-large"
    assert members["large.pdf"] == picture


def test_a_receiver_may_refuse_what_lost_something_and_change_its_mind(wishing: Hub, tmp_path: Path) -> None:
    # that it is a copy has no place in the terms of EN 16931
    copy = b"<cbc:CopyIndicator>true</cbc:CopyIndicator><cbc:IssueDate>"
    lossy = bill("W-strict", STRICT).replace(b"<cbc:IssueDate>", copy)
    post(wishing, lossy, "wish-strict")
    whole: dict[str, object] = {}
    for _ in range(100):
        whole = document(wishing, "W-strict")
        if whole["deliveries"][0]["state"] != "pending":  # type: ignore[index]
            break
    (delivery,) = whole["deliveries"]  # type: ignore[misc]
    assert (delivery["state"], whole["listed"]["state"]) == ("failed", "failed")  # type: ignore[index]
    assert "would lose" in delivery["last_error"]
    assert "CopyIndicator" in json.dumps(delivery["report"])
    assert wishing.list2(STRICT.transfer_id, STRICT.transfer_key) == []
    assert [event["kind"] for event in whole["events"]][-2:] == ["delivery.failed", "document.failed"]  # type: ignore[union-attr, index]
    relaxed = tmp_path / "relaxed.toml"
    relaxed.write_text(COMPANIES.read_text(encoding="utf-8") + tables(strict=False), encoding="utf-8")
    wishing.command("apply", str(relaxed))
    wishing.command("redeliver", str(delivery["id"]))
    storage, members = fetched(wishing, STRICT)
    assert storage["DocumentID"] == "W-strict"
    assert formats.recognise(members["invoice.xml"]).syntax == "finvoice-3.0"
    (delivery,) = document(wishing, "W-strict")["deliveries"]  # type: ignore[misc]
    assert (delivery["state"], delivery["attempts"], delivery["last_error"]) == ("delivered", 2, None)


def test_the_example_of_the_readme_arrives_as_finvoice(hub: Hub) -> None:
    sent = invoice("README-1", ROOT / "examples" / "invoice.xml")
    assert hub.post(sent, key="readme-finvoice").status == 200
    storage = hub.storage_of("README-1")
    answer = hub.download(storage["StorageID"], storage["StorageKey"], "no")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert formats.recognise(archive.read("invoice.xml")).syntax == "finvoice-3.0"


@pytest.mark.parametrize("name", ["finvoice-3.0", "peppol-bis-3", "ubl-2.1"])
def test_an_invoice_of_pagero_is_written_for_its_receiver(wishing: Hub, shared: Path, name: str) -> None:
    """The operator's own sample; its receiver is looked for in the order of PUF."""
    reader = WISHES[name]
    sample = (shared / "samples" / "puf" / "PUF_Invoice_with_extension_and_attachment.xml").read_bytes()
    head, mark, tail = sample.partition(b"<cac:AccountingCustomerParty>")
    known = b'<cbc:EndpointID schemeID="0088">7300010000001<'
    assert known in tail
    tail = tail.replace(known, b'<cbc:EndpointID schemeID="0216">' + reader.endpoint.encode() + b"<", 1)
    number = f"PUF-{name}".encode()
    sent = re.sub(rb"<cbc:ID>123456<", b"<cbc:ID>" + number + b"<", head, count=1) + mark + tail
    post(wishing, sent, f"puf-{name}")
    until = time.monotonic() + 20
    while not (
        waiting := [
            one
            for one in wishing.list2(reader.transfer_id, reader.transfer_key)
            if one["DocumentID"] == number.decode()
        ]
    ):
        assert time.monotonic() < until, number
        time.sleep(0.05)
    with zipfile.ZipFile(io.BytesIO(wishing.download(waiting[0]["StorageID"], waiting[0]["StorageKey"]).body)) as held:
        written = formats.open_document(held.read("invoice.xml"))
    assert written.recognition.syntax == name
    heading, original = written.heading, formats.read_heading(sent)
    assert (heading.number, heading.issue_date, heading.payable, heading.buyer.name) == (
        original.number,
        original.issue_date,
        original.payable,
        original.buyer.name,
    )
