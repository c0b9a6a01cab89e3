"""An invoice posted as Pagero is fetched as Apix."""

from __future__ import annotations

import io
import zipfile

from tests.running import Hub, invoice


def test_an_invoice_goes_from_pagero_to_apix(hub: Hub) -> None:
    sent = invoice("FIRST-1")
    answer = hub.post(sent, key="first-path-1")
    assert (answer.status, answer.header("content-type")) == (200, "text/html; charset=iso-8859-1")
    storage = hub.storage_of("FIRST-1")
    assert storage["StorageStatus"] == "UNRECEIVED"
    fetched = hub.download(storage["StorageID"], storage["StorageKey"])
    with zipfile.ZipFile(io.BytesIO(fetched.body)) as archive:
        assert archive.namelist() == ["invoice.xml"]
        # in the syntax that the company asked for
        assert b"<InvoiceNumber>FIRST-1</InvoiceNumber>" in archive.read("invoice.xml")
    original = hub.command("payload", str(hub.document_by_number("FIRST-1")["listed"]["id"]))  # type: ignore[index]
    assert original.encode() == sent
    assert hub.storage_of("FIRST-1")["StorageStatus"] == "RECEIVED"
