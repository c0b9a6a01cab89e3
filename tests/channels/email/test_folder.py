"""Mails of a hub without a mail server."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path

from fakturahub.channels.email import EmailChannel
from fakturahub.model import Fault, Outcome, Result
from fakturahub.model.ways import MOST_OF_MAIL
from fakturahub.outbound.smtp import SmtpClient
from tests.channels.email.parcels import DELIVERY, PDF, parcel


async def send(folder: Path, **changes: object) -> Outcome:
    async with SmtpClient() as client:
        return await EmailChannel(client).send(parcel(folder=str(folder), **changes))  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes | None]:
    return {one.name: one.read_bytes() if one.is_file() else None for one in folder.iterdir()}


async def test_a_mail_is_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    outcome = await send(folder, to=("ap@skog.example", "boss@skog.example"))
    assert outcome.result is Result.DELIVERED
    assert outcome.detail == f"There is no mail server; the mail was written as {DELIVERY.hex}.eml into {folder}."
    assert outcome.receipt == f"bounces+{DELIVERY.hex}@hub.example"
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["X-Envelope-From"] == f"<{outcome.receipt}>"
    assert message["X-Envelope-To"] == "<ap@skog.example>, <boss@skog.example>"
    assert message["Message-ID"] == f"<{DELIVERY.hex}@hub.example>"
    assert [one.get_payload(decode=True) for one in message.iter_attachments()] == [PDF]


async def test_written_again_it_is_one_file(tmp_path: Path) -> None:
    await send(tmp_path)
    before = (tmp_path / f"{DELIVERY.hex}.eml").read_bytes()
    await send(tmp_path, attempt=2)
    assert contents(tmp_path) == {f"{DELIVERY.hex}.eml": before}


async def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    outcome = await send(tmp_path / "mail")
    assert (outcome.result, outcome.fault) == (Result.RETRY, Fault.OURS)
    assert "could not be written" in outcome.detail


async def test_nothing_is_left_of_a_mail_that_failed_half_way(tmp_path: Path) -> None:
    (tmp_path / f"{DELIVERY.hex}.eml").mkdir()
    outcome = await send(tmp_path)
    assert outcome.result is Result.RETRY
    assert list(contents(tmp_path)) == [f"{DELIVERY.hex}.eml"]


async def test_the_largest_mail(tmp_path: Path) -> None:
    outcome = await send(tmp_path, data=b"x" * (MOST_OF_MAIL // 4 * 3))
    assert outcome.result is Result.FAILED
    assert f"the limit is {MOST_OF_MAIL:,}" in outcome.detail
    assert (await send(tmp_path, data=b"x" * (MOST_OF_MAIL // 4 * 3 - 800_000))).result is Result.DELIVERED


async def test_a_sender_that_is_none_is_the_operators(tmp_path: Path) -> None:
    outcome = await send(tmp_path, sender="hub at hub.example")
    assert (outcome.result, outcome.fault) == (Result.HELD, Fault.OURS)
    assert "`[mail]`" in outcome.detail
