"""What is handed over in a delivery, made of the document anew at each attempt, the same bytes each time.

Each channel has a module that knows what it hands over: ``contents_http``, ``contents_mail``, ``contents_print``,
``contents_acknowledgements``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from fakturahub.errors import InternalFault
from fakturahub.exchange.parcels import Made
from fakturahub.exchange.prepare import Preparation
from fakturahub.storage.converted import Converted, FileRow, Prepared
from fakturahub.storage.outgoing import Claimed
from fakturahub.storage.payloads import PayloadStore

#: makes what a channel hands over
Maker = Callable[[Claimed, Any], Awaitable[Made]]


class Contents:
    """The contents of all channels, for one node."""

    def __init__(self, makers: Mapping[str, Maker]) -> None:
        """``makers``: by the name of the channel."""
        self._makers = makers

    async def content_of(self, claimed: Claimed, way: Any) -> Made:
        """Raises `DocumentRefused` where it can never be made, any other error of ours where it cannot be now."""
        maker = self._makers.get(claimed.channel)
        if maker is None:
            raise InternalFault(f"There is nothing that makes what goes out by {claimed.channel}.")
        return await maker(claimed, way)


async def prepared_of(preparation: Preparation, payloads: PayloadStore) -> Prepared:
    """What is stored of *preparation* with its delivery. Raises what keeping payloads raises."""
    report = msgspec.json.encode(preparation.report).decode()
    if preparation.refusal is not None:
        return Prepared(report, error=str(preparation.refusal))
    written = preparation.written
    if written is None:
        return Prepared(report)
    files = [
        FileRow(file.name, file.mime, file.description, await payloads.keep(file.content)) for file in written.files
    ]
    facts = msgspec.json.encode({"recognition": written.recognition, "heading": written.heading}).decode()
    return Prepared(
        report, Converted(facts, await payloads.keep(written.data), tuple(files)), preparation.report.target
    )
