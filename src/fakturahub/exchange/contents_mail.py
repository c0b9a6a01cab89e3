"""What is handed over in a mail: the document as a PDF, what is attached to it, and the document where it is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from fakturahub import formats
from fakturahub.errors import InternalFault
from fakturahub.exchange import render
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.render import Look
from fakturahub.exchange.renditions import Renditions
from fakturahub.model import Attachment, Content, Kind
from fakturahub.model.ways import MOST_OF_MAIL, MailWay
from fakturahub.render.mail import file_name
from fakturahub.storage.outgoing import Claimed


class MailContents:
    """Mails of this hub, for one node."""

    def __init__(self, renditions: Renditions) -> None:
        self._renditions = renditions

    async def content_of(self, claimed: Claimed, way: MailWay) -> Made:
        """The content of a mail; the same bytes however often it is asked for.

        What is attached to the document goes along as files. In a page that the hub made it lies as well; where both
        would be too much for a mail it lies in there only.

        Raises `UnrenderableDocument` for a document that there is no page of, and what `Renditions.rendition` raises.
        """
        if claimed.heading.kind is Kind.PAYSLIP:
            # what somebody earns is in no mail: it names the page where it can be seen
            return Made(Content(b"", "", "text/plain"))
        page = await self._renditions.rendition(claimed.document_id, "pdf", Look(language=way.language))
        loaded = await self._renditions.document(claimed.document_id)
        if page is None or loaded is None:
            raise InternalFault(f"The document {claimed.document_id} of a mail is gone.")
        data, files = loaded
        name = file_name(claimed.heading, way.language)
        document, attached = await asyncio.to_thread(_taken_apart, data, files)
        xml = Attachment(f"{name}.xml", "application/xml", document)
        beside = [xml] if way.attach_xml else []
        size = sum(len(one.content) for one in (*beside, *attached)) + len(page.data)
        if page.own or size * 4 // 3 < MOST_OF_MAIL - _ROOM:
            beside += attached
        return Made(Content(page.data, f"{name}.pdf", page.mime, _apart(f"{name}.pdf", beside)))


#: bytes of a mail for its head and its words
_ROOM = 256 * 1024


def _taken_apart(data: bytes, files: Sequence[Attachment]) -> tuple[bytes, tuple[Attachment, ...]]:
    """The document without its envelope, and what is attached to it."""
    enclosed = formats.enclosed(data)
    return enclosed.data, render.attachments_of(enclosed, files=files)


def _apart(first: str, files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """*files* under names that differ from one another and from *first*."""
    taken = {first.casefold()}
    named = []
    for number, file in enumerate(files, 1):
        name = file.name if file.name.casefold() not in taken else f"{number}-{file.name}"
        taken.add(name.casefold())
        named.append(msgspec.structs.replace(file, name=name))
    return tuple(named)
