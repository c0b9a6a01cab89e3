"""The channel of letters: archives of a batch, put on the print house's server or into a folder of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from fakturahub.channels.print import folder
from fakturahub.channels.print.archive import Archive, archives
from fakturahub.model import Fault, Outcome, Parcel, Record, Result
from fakturahub.model.ways import PrintWay, batch_name
from fakturahub.outbound import sftp
from fakturahub.outbound.sftp_line import Times


class PrintChannel:
    """Hands over letters. It keeps nothing between two batches."""

    def __init__(self, times: Times | None = None) -> None:
        self._times = times

    async def send_batch(self, batch_id: UUID, parcels: Sequence[Parcel[PrintWay]]) -> Outcome:
        """Hand over all of *parcels*, letters of one class. Tried again, what is there already is not put again."""
        way = parcels[0].way
        name = batch_name(
            batch_id,
            postal_class=way.postal_class,
            colour=way.colour,
            duplex=way.duplex,
            country_class=way.country_class,
        )
        attempt = max(one.attempt for one in parcels)
        outcomes: list[Outcome] = []
        making = archives(name, parcels)
        # One at a time, made in a thread: they are large, and packing them is all processor and memory.
        while (archive := await asyncio.to_thread(next, making, None)) is not None:
            outcome = await self._put(way, archive, attempt)
            outcomes.append(outcome)
            if outcome.result is not Result.DELIVERED:
                break
        return _together(outcomes, name)

    async def _put(self, way: PrintWay, archive: Archive, attempt: int) -> Outcome:
        if way.server is not None:
            return await sftp.put(way.server, archive.name, archive.data, attempt=attempt, times=self._times)
        return await asyncio.to_thread(_into_folder, Path(way.folder), archive)


def _into_folder(where: Path, archive: Archive) -> Outcome:
    record = Record(to=str(where / archive.name), sent=len(archive.data))
    try:
        there = folder.put(where, archive.name, archive.data)
    except folder.OtherFileError:
        return Outcome(
            Result.HELD,
            f"In {where} there is another file that is called {archive.name}. Compare the two, move that one away, and "
            f"release the deliveries.",
            record,
            Fault.OURS,
        )
    except OSError as error:
        return Outcome(Result.RETRY, f"{where} cannot be written: {error.strerror or error}.", record, Fault.OURS)
    what = "is there from an earlier attempt" if there else "was written"
    return Outcome(
        Result.DELIVERED, f"{archive.name} {what} in {where}, for no print house is set up ([print] url).", record
    )


def _together(outcomes: Sequence[Outcome], name: str) -> Outcome:
    """What came of all archives: the last one, which is the one that failed where one did."""
    last = outcomes[-1]
    receipt = name if last.result is Result.DELIVERED else None
    records = [one.record for one in outcomes if one.record is not None]
    if len(records) < 2:
        return msgspec.structs.replace(last, receipt=receipt)
    record = Record(
        to=records[-1].to,
        request="\n".join(one.request for one in records),
        answer="\n".join(one.answer for one in records),
        sent=sum(one.sent for one in records),
        timings={
            phase: sum(one.timings.get(phase, 0.0) for one in records)
            for phase in {key for one in records for key in one.timings}
        },
    )
    detail = " ".join(one.detail for one in outcomes)
    return msgspec.structs.replace(last, receipt=receipt, record=record, detail=detail)
