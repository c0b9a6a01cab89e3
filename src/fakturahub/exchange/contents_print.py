"""What is handed over for a letter: its pages as a PDF, and what the print house has to know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fakturahub import formats
from fakturahub.errors import InternalFault
from fakturahub.exchange import letters
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.renditions import Renditions
from fakturahub.identity.companies import Companies, Company
from fakturahub.model import Attachment, Content, Kind
from fakturahub.model.letter import Letter, LetterAddress, LetterFile, LetterParty
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import PayloadStore

#: what Letters 1.0 has of a name and of a street
_LINES = 2


class PrintContents:
    """Letters of this hub, for one node. A letter that was made once is kept with the pages of documents."""

    def __init__(self, renditions: Renditions, payloads: PayloadStore, companies: Companies) -> None:
        self._renditions = renditions
        self._payloads = payloads
        self._companies = companies

    async def content_of(self, claimed: Claimed, way: object) -> Made:
        """The letter of a delivery; the same bytes however often it is asked for.

        Raises `UnrenderableDocument` for what is no letter, and what `Renditions.rendition` raises.
        """
        page = await self._renditions.rendition(
            claimed.document_id, "pdf", letters.look_of(claimed.details.get("language"))
        )
        if page is None:
            raise InternalFault(f"The document {claimed.document_id} of a letter is gone.")
        letters.check(page.pages, len(page.data))
        name = f"{claimed.id}.pdf"
        stated = Letter(
            # The print house knows a letter that comes twice by it; the sender's own number may come from two senders.
            number=str(claimed.id),
            sender=await self._sender(claimed),
            recipient=_recipient(claimed),
            files=(LetterFile(role="APIX_PDFFILE", uri=f"file://{name}"),),
        )
        metadata = formats.write(stated, "letters-1.0").data
        beside = Attachment(f"{claimed.id}.xml", "application/xml", metadata)
        return Made(Content(page.data, name, "application/pdf", (beside,)))

    async def _sender(self, claimed: Claimed) -> LetterParty:
        """Where a letter comes back to: the sender that a letter states, else the company."""
        if claimed.heading.kind is Kind.LETTER:
            data = await self._payloads.load(claimed.kept)
            stated = await asyncio.to_thread(_stated_sender, data)
            if stated is not None:
                return stated
        company = self._companies.get(claimed.company_id)
        if company is None:
            return LetterParty(names=_two([claimed.heading.seller.name]))
        return _party(company)


def _stated_sender(data: bytes) -> LetterParty | None:
    noun = formats.read(formats.enclosed(data).data).noun
    return noun.sender if isinstance(noun, Letter) and noun.sender.names else None


def _party(company: Company) -> LetterParty:
    settings = company.settings
    return LetterParty(
        identifier=company.business_id,
        names=_two([company.name, settings.get("additional_name")]),
        address=LetterAddress(
            streets=_two([settings.get("street")]),
            town=settings.get("city"),
            post_code=settings.get("post_code"),
            country=company.country,
        ),
    )


def _recipient(claimed: Claimed) -> LetterParty:
    buyer = claimed.heading.buyer
    stated: dict[str, Any] = claimed.details["recipient"]
    return LetterParty(
        identifier=None if buyer.business_id is None else buyer.business_id.value,
        names=_two([stated["name"]]),
        address=LetterAddress(
            streets=_two(stated.get("streets") or stated["lines"]),
            town=stated.get("town"),
            post_code=stated.get("post_code"),
            country=stated.get("country"),
        ),
    )


def _two(lines: Sequence[str | None]) -> tuple[str, ...]:
    """*lines* in at most two, the second with all that follows the first; the PDF has them as they are."""
    kept = [one for one in lines if one]
    return (*kept[: _LINES - 1], ", ".join(kept[_LINES - 1 :])) if len(kept) > _LINES else tuple(kept)
