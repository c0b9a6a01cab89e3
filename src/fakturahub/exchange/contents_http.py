"""What is posted to a company's own server: the document in its syntax, its attachments in it or with it in a ZIP."""

from __future__ import annotations

import asyncio

import msgspec

from fakturahub import formats, telemetry
from fakturahub.errors import ConversionLoss, FakturahubError, InternalFault
from fakturahub.exchange import terms
from fakturahub.exchange.contents import prepared_of
from fakturahub.exchange.convert import Report, is_as_wanted
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.prepare import Preparation, prepare
from fakturahub.formats.enclosing import archive, stem_of
from fakturahub.identity.companies import Companies
from fakturahub.model import Attachment, Content, Heading, Loss
from fakturahub.model.ways import HttpWay
from fakturahub.storage import document_files
from fakturahub.storage.database import Database
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import PayloadStore

XML = "application/xml"
ZIP = "application/zip"

log = telemetry.logger("exchange.contents")


class _Work(msgspec.Struct, frozen=True):
    """What is done with a document away from the event loop."""

    claimed: Claimed
    way: HttpWay
    allow_loss: bool
    data: bytes
    files: tuple[Attachment, ...]


class _Result(msgspec.Struct, frozen=True):
    content: Content | None
    terms: dict[str, str | None]
    #: None: it goes as it came
    preparation: Preparation | None


class HttpContents:
    """Contents of pushes, for one node."""

    def __init__(self, database: Database, payloads: PayloadStore, companies: Companies) -> None:
        self._database = database
        self._payloads = payloads
        self._companies = companies

    async def content_of(self, claimed: Claimed, way: HttpWay) -> Made:
        """The document as its receiver wants it. One that goes as it came costs no more than unpacking it.

        Raises what reading payloads raises, and `InternalFault` for a defect in a reader or a writer.
        """
        data = await self._payloads.load(claimed.kept)
        push = way.push
        beside = any(one.beside for one in claimed.heading.attachments)
        wanted = push.document_headers.values()
        as_it_came = push.attachments == "embedded" and is_as_wanted(claimed.recognition, claimed.wanted)
        if as_it_came and not beside and terms.in_heading(wanted):
            return Made(_content(claimed, data), terms.terms_of(wanted, claimed.heading, data))
        files = await self._files(claimed) if beside else ()
        company = None if claimed.receiver_id is None else self._companies.get(claimed.receiver_id)
        allow_loss = True if company is None else bool(company.settings.get("allow_loss", True))
        work = _Work(claimed, way, allow_loss, data, files)
        try:
            made = await asyncio.to_thread(_make, work)
        except FakturahubError:
            raise
        except Exception as error:  # a defect met by one document
            log.exception("making a push failed", delivery=str(claimed.id), wanted=claimed.wanted)
            raise InternalFault(f"Writing the document as {claimed.wanted} failed.") from error
        prepared = None if made.preparation is None else await prepared_of(made.preparation, self._payloads)
        return Made(made.content, made.terms, prepared)

    async def _files(self, claimed: Claimed) -> tuple[Attachment, ...]:
        """The files that came beside the document."""
        rows = await document_files.files_of(self._database, claimed.document_id)
        return tuple(
            [Attachment(row.name, row.mime, await self._payloads.load(row.kept), row.description) for row in rows]
        )


def _make(work: _Work) -> _Result:
    claimed, push = work.claimed, work.way.push
    data, files, heading = work.data, work.files, claimed.heading
    preparation: Preparation | None = None
    if not is_as_wanted(claimed.recognition, claimed.wanted):
        preparation = prepare(data, claimed.wanted, allow_loss=work.allow_loss, files=files)
        if preparation.refusal is not None:
            return _Result(None, {}, preparation)
        if preparation.written is not None:
            data, files = preparation.written.data, preparation.written.files
            heading = preparation.written.heading
    if push.attachments == "zip":
        content = _zipped(claimed, data, files, heading)
    else:
        content = _content(claimed, data)
        if files:
            preparation = _without(preparation, claimed, files, allow_loss=work.allow_loss)
            if preparation.refusal is not None:
                return _Result(None, {}, preparation)
    found = terms.terms_of(push.document_headers.values(), claimed.heading, work.data)
    return _Result(content, dict(found), preparation)


def _without(
    preparation: Preparation | None, claimed: Claimed, files: tuple[Attachment, ...], *, allow_loss: bool
) -> Preparation:
    """*preparation* of a document whose receiver takes no files beside it: they are lost, and that is told."""
    syntax = claimed.recognition.syntax
    report = preparation.report if preparation else Report(source=syntax, target=syntax, unchanged=True)
    lost = tuple(Loss("BG-24", file.name, "no-place") for file in files)
    report = msgspec.structs.replace(report, not_written=(*report.not_written, *lost), files=())
    if not allow_loss:
        count = "a file lies" if len(files) == 1 else f"{len(files):,} files lie"
        refusal = ConversionLoss(
            f"Beside the document {count}, and {report.target} has no place inside. The receiver may set `attachments` "
            f'of its push to "zip".',
            report=report.as_data(),
        )
        return Preparation(report, refusal=refusal)
    if preparation is None or preparation.written is None:
        return Preparation(report)
    written = msgspec.structs.replace(preparation.written, files=())
    return Preparation(report, written)


def _content(claimed: Claimed, data: bytes) -> Content:
    return Content(data, f"{stem_of(claimed.id, claimed.heading.number)}.xml", XML)


def _zipped(claimed: Claimed, data: bytes, files: tuple[Attachment, ...], heading: Heading) -> Content:
    """The document with all its files: those beside it, and those in it a second time, for who does not look there."""
    if any(one.embedded for one in heading.attachments):
        files = (*files, *formats.attachments(data))
    stem = stem_of(claimed.id, claimed.heading.number)
    return Content(archive(data, stem, files, heading), f"{stem}.zip", ZIP)
