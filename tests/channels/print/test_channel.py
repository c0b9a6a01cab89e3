"""Letters handed over: to a print house, or into a folder; once, however often it is tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from fakturahub.channels.print import PrintChannel, archive
from fakturahub.channels.print.archive import archives
from fakturahub.config import Secret
from fakturahub.model import Fault, Result
from fakturahub.model.ways import batch_name
from tests.channels.print.letters import BATCH, letter, to_folder, to_server
from tests.peers.sftp import PASSWORD, DroppedError, PrintHouse, print_house

NAME = "20261120T1300Z-class2-bw-duplex-fi-0123456789ab"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PrintHouse]:
    with print_house(tmp_path / "house") as opened:
        yield opened


def test_the_name_of_a_batch_tells_what_is_in_it() -> None:
    assert batch_name(BATCH, postal_class=2, colour=False, duplex=True, country_class="FI") == NAME
    other = batch_name(BATCH, postal_class=1, colour=True, duplex=False, country_class="OTHER")
    assert other == "20261120T1300Z-class1-colour-simplex-other-0123456789ab"


async def test_a_batch_is_one_archive_at_the_print_house(house: PrintHouse) -> None:
    parcels = to_server(house.server(), 1, 2, 3)
    outcome = await PrintChannel().send_batch(BATCH, parcels)
    assert (outcome.result, outcome.receipt) == (Result.DELIVERED, NAME)
    (made,) = archives(NAME, parcels)
    assert house.files() == {f"{NAME}.zip": made.data}
    assert outcome.record is not None
    assert outcome.record.to.endswith(f"/inbox/{NAME}.zip")
    assert outcome.record.sent == len(made.data)


async def test_an_answer_that_was_lost_is_no_second_letter(house: PrintHouse) -> None:
    lost = [DroppedError()]

    def fault(operation: str, name: str) -> None:
        if operation == "rename done" and lost:
            raise lost.pop()

    house.fault = fault
    channel = PrintChannel()
    first = await channel.send_batch(BATCH, to_server(house.server(), 1, 2))
    second = await channel.send_batch(BATCH, to_server(house.server(), 2, 1, attempt=2))
    assert (first.result, second.result) == (Result.DELIVERED, Result.DELIVERED)
    assert (first.receipt, second.receipt) == (NAME, NAME)
    assert house.arrived == [f"{NAME}.zip"]


async def test_trouble_is_that_of_the_whole_batch(house: PrintHouse) -> None:
    house.fault = lambda operation, name: None
    house.passwords = {}
    outcome = await PrintChannel().send_batch(BATCH, to_server(house.server(), 1, 2))
    assert (outcome.result, outcome.fault, outcome.receipt) == (Result.HELD, Fault.OURS, None)
    assert PASSWORD not in repr(outcome)
    house.stop()
    outcome = await PrintChannel().send_batch(BATCH, to_server(house.server(), 1, 2))
    assert (outcome.result, outcome.fault, outcome.receipt) == (Result.RETRY, Fault.RECEIVER, None)


async def test_of_several_archives_those_that_arrived_are_not_put_again(
    house: PrintHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    full = [asyncssh.SFTPNoSpaceOnFilesystem("full")]

    def fault(operation: str, name: str) -> None:
        if operation == "write" and "2of3" in name and full:
            raise full.pop()

    house.fault = fault
    channel, big = PrintChannel(), bytes(90)
    first = await channel.send_batch(BATCH, to_server(house.server(), 1, 2, 3, data=big))
    assert (first.result, first.receipt) == (Result.RETRY, None)
    assert house.arrived == [f"{NAME}-1of3.zip"]
    second = await channel.send_batch(BATCH, to_server(house.server(), 1, 2, 3, data=big, attempt=2))
    assert (second.result, second.receipt) == (Result.DELIVERED, NAME)
    assert house.arrived == [f"{NAME}-{number}of3.zip" for number in (1, 2, 3)]
    assert second.record is not None
    assert second.record.request.count("CONNECT") == 3
    assert "earlier attempt" in second.detail


# --- into a folder --------------------------------------------------------------------------------------------------


async def test_without_a_print_house_it_is_a_file_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "print"
    parcels = to_folder(folder, 1, 2)
    outcome = await PrintChannel().send_batch(BATCH, parcels)
    assert (outcome.result, outcome.receipt) == (Result.DELIVERED, NAME)
    assert "no print house is set up" in outcome.detail
    (file,) = folder.iterdir()
    (made,) = archives(NAME, parcels)
    assert (file.name, file.read_bytes()) == (f"{NAME}.zip", made.data)
    assert file.stat().st_mode & 0o777 == 0o600
    again = await PrintChannel().send_batch(BATCH, to_folder(folder, 1, 2, attempt=2))
    assert again.result is Result.DELIVERED
    assert "earlier attempt" in again.detail


async def test_another_file_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.zip").write_bytes(b"mine")
    outcome = await PrintChannel().send_batch(BATCH, to_folder(tmp_path, 1))
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
    assert (tmp_path / f"{NAME}.zip").read_bytes() == b"mine"


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "print").write_bytes(b"a file")
    outcome = await PrintChannel().send_batch(BATCH, to_folder(tmp_path / "print", 1))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.OURS)


async def test_what_was_half_written_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    outcome = await PrintChannel().send_batch(BATCH, to_folder(tmp_path, 1))
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.OURS)
    assert "No space left" in outcome.detail
    assert not any(tmp_path.iterdir()), "not even a draft"  # noqa: ASYNC240 - a look at a temporary folder


async def test_secrets_show_nowhere(house: PrintHouse) -> None:
    parcel = letter(1, server=house.server(key=Secret("PRIVATE")))
    assert PASSWORD not in repr(parcel)
    assert "PRIVATE" not in repr(parcel)
