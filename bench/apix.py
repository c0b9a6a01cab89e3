"""Apix: invoices taken in as ZIPs of twenty, each with its picture; all that was sent is looked at afterwards.

The documents are the example invoice as Finvoice 3.0, and, to see what the rules of EN 16931 cost, as it is: a hub has
no rules for Finvoice until somebody installs some.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import os
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.load import Result, load
from bench.setting import COMPANIES, Requests, bench_hub, say
from bench.submit import dsn_of, wait_until_delivered
from fakturahub.exchange.convert import convert
from fakturahub.storage.database import Database
from fakturahub.storage.document_files import files_of
from fakturahub.storage.inbox import payload_of
from fakturahub.storage.payloads import PayloadStore
from tests.running import INVOICE, Hub, stamp

#: invoices of a ZIP, and bytes of the picture of each
INVOICES = 20
PICTURE = 24 * 1024
#: transfers before anything is measured, and of each measurement
WARM_UP = 10
MEASURED = 100
CONNECTIONS = 4


def run() -> bool:
    """Print the figures; nothing was promised of them."""
    size = len(Transfers(finvoice=True).zip(1)[0])
    print(
        f"apix: PUT /invoices, ZIPs of {INVOICES} invoices, {size:,} bytes with pictures of {PICTURE:,} bytes; "
        f"{MEASURED} of them over {CONNECTIONS} connections"
    )
    for what, finvoice, validation in (
        ("Finvoice 3.0 with pictures, validation off", True, "off"),
        ("Finvoice 3.0 with pictures, validation on, no rules installed", True, "reject"),
        ("UBL without pictures, validation off", False, "off"),
        ("UBL without pictures, rules of EN 16931", False, "reject"),
    ):
        with bench_hub(validation=validation) as hub:
            _measure(
                hub, what, Transfers(finvoice=finvoice), "valid" if not finvoice and validation == "reject" else ""
            )
    return True


def _measure(hub: Hub, what: str, transfers: Transfers, verdict: str) -> None:
    dsn = dsn_of(hub)
    requests = iter(transfers)
    _loaded(hub, requests, WARM_UP)
    wait_until_delivered(dsn, WARM_UP * INVOICES)
    made = [next(requests) for _ in range(MEASURED)]  # not made while it is measured
    started = time.perf_counter()
    result = _loaded(hub, iter(made), MEASURED)
    wait_until_delivered(dsn, (WARM_UP + MEASURED) * INVOICES)
    whole = MEASURED * INVOICES / (time.perf_counter() - started)
    say(
        f"{what}: {result.rate * INVOICES:,.0f} documents accepted a second, {whole:,.0f} to the last delivery; "
        f"a ZIP p50 {result.quantile(0.5):.0f} ms, p99 {result.quantile(0.99):.0f} ms"
    )
    asyncio.run(_look_at_all(hub, dsn, transfers, verdict))


def _loaded(hub: Hub, requests: Iterator[bytes], count: int) -> Result:
    result = load(hub.port, requests, count, connections=CONNECTIONS)
    if result.good != count:
        raise AssertionError(f"not every transfer was answered: {result.statuses}")
    return result


class Transfers:
    """Requests, each with documents of its own, from the companies that speak Apix to one another in turn."""

    def __init__(self, *, finvoice: bool) -> None:
        self._ubl = Requests()
        self._finvoice = finvoice
        self._templates = [_finvoice(one) for one in range(COMPANIES)]
        self._counter = itertools.count(1)
        #: number of a document -> SHA-256 of the document, and of its picture
        self.sent: dict[str, tuple[bytes, bytes | None]] = {}

    def zip(self, number: int) -> tuple[bytes, int]:
        """The ZIP with that number, and the company that sends it."""
        company = number % COMPANIES
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            documents = []
            for place in range(INVOICES):
                name = f"{number}-{place}"
                if not self._finvoice:
                    document, picture = (
                        self._ubl.body(number * INVOICES * COMPANIES + place * COMPANIES + company),
                        None,
                    )
                    name = document.partition(b"<cbc:ID>")[2].partition(b"<")[0].decode()
                else:
                    document = self._templates[company].replace(b"@NUMBER@", name.encode())
                    picture = b"%PDF-1.7\n%" + name.encode() + b"\n" + os.urandom(PICTURE)
                    archive.writestr(f"{name}.pdf", picture)
                documents.append(document)
                self.sent[name] = (_sha(document), None if picture is None else _sha(picture))
            # Finvoices stand in one file, as the programs write them that send several; of others each has its own
            files = [b"\n".join(documents)] if self._finvoice else documents
            for place, data in enumerate(files, 1):
                archive.writestr(f"invoices-{place}.xml", data)
        return made.getvalue(), company

    def __iter__(self) -> Iterator[bytes]:
        for number in self._counter:
            body, company = self.zip(number)
            now = stamp()
            digest = hashlib.sha256(f"Standard+1.0+transfer-{company}+{now}+key-{company}".encode()).hexdigest()
            yield (
                f"PUT /apix/invoices?soft=Standard&ver=1.0&TraID=transfer-{company}&t={now}&d=SHA-256:{digest} HTTP/1.1"
                f"\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
            ).encode() + body


def _finvoice(company: int) -> bytes:
    """The example invoice as Finvoice, from *company* to the next, with ``@NUMBER@`` where its number stands."""
    written = convert(INVOICE.read_bytes(), "finvoice-3.0", allow_loss=True).data.strip()
    seller, buyer = 3_700_000_000 + company, 3_700_000_000 + (company + 1) % COMPANIES
    text = re.sub(rb"(<InvoiceNumber>)[^<]*(<)", rb"\1@NUMBER@\2", written)
    for old, new in (
        (b'SchemeID="0007">5561618033', b'SchemeID="0216">%d' % seller),
        (b"003727901319", b"%d" % buyer),
        (b"2790131-9", b"%d" % buyer),
        (
            b"</Finvoice>",
            b"<InvoiceUrlNameText>APIX_PDFFILE</InvoiceUrlNameText>"
            b"<InvoiceUrlText>file://@NUMBER@.pdf</InvoiceUrlText></Finvoice>",
        ),
    ):
        if old not in text:
            raise AssertionError(f"the example invoice as Finvoice has no {old!r}")
        text = text.replace(old, new)
    return text


async def _look_at_all(hub: Hub, dsn: str, transfers: Transfers, verdict: str) -> None:
    """Every document is there once, delivered, with the bytes that were sent, its picture beside it."""
    database = Database(dsn)
    payloads = PayloadStore.open(str(Path(hub.data) / "payloads"))
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT id, number, state, facts ->> 'verdict' AS verdict FROM document")
        boxes = await connection.fetchval("SELECT count(DISTINCT document_id) FROM inbox")
        if sorted(row["number"] for row in rows) != sorted(transfers.sent) or boxes != len(rows):
            raise AssertionError(f"{len(rows)} documents and {boxes} in inboxes, of {len(transfers.sent)}")
        for row in rows:
            kept = await payload_of(database, row["id"])
            files = await files_of(database, row["id"])
            found = [
                _sha(await payloads.load(one)) for one in (kept, *(file.kept for file in files)) if one is not None
            ]
            if (
                found != [one for one in transfers.sent[row["number"]] if one is not None]
                or row["state"] != "delivered"
            ):
                raise AssertionError(f"document {row['number']} is not as it was sent: {row}")
            if verdict and row["verdict"] != verdict:
                raise AssertionError(f"document {row['number']} was found {row['verdict']}")
        say(f"  looked at: {len(rows):,} documents and their files are stored as they were sent, and delivered")
    finally:
        await connection.close()
        await database.close()


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
