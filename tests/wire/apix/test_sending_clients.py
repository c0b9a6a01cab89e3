"""How programs that exist send: their parameters and header fields, and what each reads (specification 10)."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from tests.running import Hub, stamp
from tests.unit.dialects.apix.transfers import ATTACHMENT, PICTURE, zipped
from tests.wire.apix.sending import bill, code, groups, pdf
from tests.wire.apix.terminal import hashed
from tests.wire.companies import TEST_HOST, Reader
from tests.wire.raw import RawAnswer, connected, exchange, head

PDF = pdf()
NAMED = (PICTURE, "file://invoice.pdf")


def put(hub: Hub, target: str, body: bytes, *fields: str, host: str = "") -> RawAnswer:
    """Put *body* with exactly these fields besides the host."""
    path = f"/{target}" if host else f"/apix/{target}"
    request = head(f"PUT {path} HTTP/1.1", *fields, f"Content-Length: {len(body)}", host=host or "127.0.0.1")
    return exchange(hub.port, request + body, to="PUT")


def batch(number: str, reader: Reader) -> bytes:
    return zipped(("invoice.xml", bill(number, reader, reader, NAMED)), ("invoice.pdf", PDF))


def test_the_shell_script_of_the_reference_clients(big_hub: Hub, reader: Reader, tmp_path: Path) -> None:
    """SendInvoiceZIP.bash: curl with an encoded colon, which asks before it sends what is longer than a mebibyte."""
    assert shutil.which("curl"), "the client is a shell script around curl"
    file = tmp_path / "batch.zip"
    noise = random.Random(7).randbytes(1_500_000)
    file.write_bytes(zipped(("invoice.xml", bill("S-1", reader, reader, NAMED)), ("invoice.pdf", PDF + noise)))
    now = stamp()
    digest = hashed("Standard", "1.0", reader.transfer_id, now, reader.transfer_key)
    url = (
        f"http://127.0.0.1:{big_hub.port}/apix/invoices?soft=Standard&ver=1.0&TraID={reader.transfer_id}&t={now}"
        f"&d=SHA-256%3A{digest}"
    )
    command = ["curl", "-sS", "-H", "Content-Type: application/octet-stream", "-H", "Expect: 100-continue", "-T"]
    answer = subprocess.run([*command, str(file), url], capture_output=True, timeout=60, check=True).stdout
    assert b"<Status>OK</Status>" in answer
    assert b"S-1" in answer


def test_who_waits_to_be_told_to_go_on_is_told(big_hub: Hub, reader: Reader) -> None:
    body, now = batch("S-5", reader), stamp()
    digest = hashed("Standard", "1.0", reader.transfer_id, now, reader.transfer_key)
    target = f"invoices?soft=Standard&ver=1.0&TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{digest}"
    fields = ("Expect: 100-continue", f"Content-Length: {len(body)}")
    with connected(big_hub.port) as wire:
        wire.send(head(f"PUT /apix/{target} HTTP/1.1", *fields))
        assert wire.answer().wire == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(body)
        assert b"<Status>OK</Status>" in wire.answer(to="PUT").body


def test_the_python_client_of_the_reference_clients(big_hub: Hub, reader: Reader) -> None:
    """The month for the minutes; sends soft and ver with payslips, too, whose digest has neither."""
    late = datetime.now(UTC)
    now = late.strftime("%Y%m%d%H%m%S")
    signed = hashed(reader.transfer_id, now, reader.transfer_key)
    target = f"sendpayslip?soft=Standard&ver=1.0&TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{signed}"
    answer = put(big_hub, target, zipped(("a.txt", b"no payslip")), "Content-Type: application/octet-stream")
    assert code(answer) == "1001", "the digest fits; the transfer is none"
    assert "no data file" in answer.text


def test_the_ruby_client(big_hub: Hub, reader: Reader, shared: Path) -> None:
    """Local time; its own sample, a blank line before the declaration; reads the status and the values."""
    body = (shared / "samples" / "finvoice" / "apix_send_print_zip_example.zip").read_bytes()
    now = stamp(datetime.now(UTC) + timedelta(hours=2))
    digest = hashed("Economix", "1.0", reader.transfer_id, now, reader.transfer_key)
    target = f"print?soft=Economix&ver=1.0&TraID={reader.transfer_id}&t={now}&d=SHA-256%3A{digest}"
    answer = put(big_hub, target, body, "Accept: */*", "Content-Type: application/octet-stream")
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own hub's answer
    assert root.findtext("Status") == "OK"
    values = {one.get("type"): one.text for one in root.iterfind("Content/Group/Value")}
    assert (values["Letters"], values["AcceptedDocumentID"]) == ("1", "63411234")


def test_the_odoo_connector_of_tawasta(big_hub: Hub, reader: Reader) -> None:
    """A bare colon, no type of content; reads BatchID, AcceptedDocumentID and CostInCredits wherever they stand."""
    body = zipped(
        ("invoice.pdf", PDF),
        ("attachments.zip", zipped(("note.txt", b"x"))),
        ("INV_1.xml", bill("S-10", reader, reader, NAMED, (ATTACHMENT, "file://attachments.zip"))),
    )
    now = stamp()
    digest = hashed("Standard", "1.0", reader.transfer_id, now, reader.transfer_key)
    target = f"invoices?soft=Standard&ver=1.0&TraID={reader.transfer_id}&t={now}&d=SHA-256:{digest}"
    answer = put(big_hub, target, body, "User-Agent: python-requests/2.31.0", "Accept: */*")
    assert answer.field("content-type") == "text/xml"
    root = ElementTree.fromstring(answer.text.encode("utf-8"))  # noqa: S314 - our own hub's answer
    assert root.findtext("Status") == "OK"
    found = {name: next(root.iterfind(f".//Value[@type='{name}']")).text for name in ("BatchID", "AcceptedDocumentID")}
    assert found["AcceptedDocumentID"] == "S-10"
    assert re.fullmatch(r"[0-9a-f-]{36}", found["BatchID"] or "")
    assert next(root.iterfind(".//Value[@type='CostInCredits']")).text == "0"


def test_pupesoft_sends_many_in_one_file(big_hub: Hub, reader: Reader) -> None:
    """TraID and t before soft and ver; documents after one another; attachments in a folder of their ZIP; own hosts."""
    names = [(f"Apix_invoice_{number}.pdf", f"Apix_attachments_{number}.zip") for number in range(1, 21)]
    bills = [
        bill(f"S-2{place:02d}", reader, reader, (PICTURE, f"file://{image}"), (ATTACHMENT, f"file://{attached}"))
        for place, (image, attached) in enumerate(names)
    ]
    members = [("Apix_finvoice_1.xml", b"\n".join(bills))]
    for image, attached in names:
        members += [(image, PDF), (attached, zipped(("attachments/liite.txt", image.encode())))]
    now = stamp()
    digest = hashed("Pupesoft", "1.0", reader.transfer_id, now, reader.transfer_key)
    target = f"invoices?TraID={reader.transfer_id}&t={now}&soft=Pupesoft&ver=1.0&d=SHA-256:{digest}"
    answer = put(big_hub, target, zipped(*members), "Content-Type: application/x-www-form-urlencoded", host=TEST_HOST)
    summary, *told = groups(answer)
    assert (summary["AcceptedDocument"], summary["NetworkedInvoices"]) == ("20", "20")
    assert [one["AcceptedDocumentID"] for one in told] == [f"S-2{place:02d}" for place in range(20)]
