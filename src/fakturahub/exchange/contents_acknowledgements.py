"""What is posted as an acknowledgement: the XML of what stands in the delivery, nothing of the document itself."""

from __future__ import annotations

from fakturahub.errors import UnwritableDocument
from fakturahub.exchange.acknowledgements import of_details
from fakturahub.exchange.contents_http import XML
from fakturahub.exchange.parcels import Made
from fakturahub.formats.acknowledging import write_acknowledgement
from fakturahub.formats.enclosing import stem_of
from fakturahub.model import Content
from fakturahub.model.ways import HttpWay
from fakturahub.storage.outgoing import Claimed


async def content_of(claimed: Claimed, way: HttpWay) -> Made:
    """The acknowledgement, the same bytes each time. Raises `UnwritableDocument` where it was erased."""
    one = of_details(claimed.details)
    if one is None:
        raise UnwritableDocument("The acknowledgement was erased with its document.")
    return Made(Content(write_acknowledgement(one), f"{stem_of(claimed.id, one.number)}.xml", XML))
