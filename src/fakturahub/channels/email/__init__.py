"""E-mail: a document as a page, with words in the receiver's language, handed to the hub's mail server.

One delivery is one mail, to all of its mailboxes. Its Message-ID and the address in its envelope that it comes back to
(VERP: a subaddress of the mailbox for bounces) are made of the id of the delivery, and the mail is the same however
often it is tried: mail programs, and whoever looks into a mailbox, can tell a mail that was sent twice.

Of several mailboxes some may be refused:

* refused for good: the others get the mail, and the outcome names who does not; where nobody is left it failed;
* put off (greylisting): nobody gets the mail yet, so that nobody gets it twice. From the attempt ``PATIENCE`` on the
  others get it, and whoever is still put off then does not.

The mail server is the delivery's target: where it does not answer, does not let the hub in, or takes nothing from it,
that is the target's trouble and tried again; no mailbox and no document is judged by it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fakturahub.channels.email.composing import Mail, Unfit, composed
from fakturahub.channels.email.folder import put
from fakturahub.channels.email.verdicts import outcome_of
from fakturahub.errors import UnusableCredential
from fakturahub.model import Fault, Outcome, Parcel, Record, Result
from fakturahub.model.ways import MailWay
from fakturahub.outbound.dkim_signing import signed
from fakturahub.outbound.smtp import Envelope, SmtpClient, host_and_port

__all__ = ["PATIENCE", "EmailChannel"]

#: the attempt from which on a mailbox that is put off no longer keeps the mail from the others
PATIENCE = 6


class EmailChannel:
    """The way out by mail, for one process."""

    def __init__(self, client: SmtpClient) -> None:
        self._client = client

    async def send(self, parcel: Parcel[MailWay]) -> Outcome:
        """Try once."""
        way = parcel.way
        try:
            made = await asyncio.to_thread(_made, parcel)
            if isinstance(made, Unfit):
                result = Result.HELD if made.ours else Result.FAILED
                return Outcome(result, made.reason, fault=Fault.OURS if made.ours else Fault.NONE)
            if way.server is None:
                return await asyncio.to_thread(_written, made, Path(way.folder))
            envelope = Envelope(
                sender=made.returns_to,
                recipients=made.recipients,
                message=made.message,
                greeting=made.domain,
                utf8=made.utf8,
                together=parcel.attempt < PATIENCE,
            )
            handover = await self._client.hand_over(way.server, envelope)
        except UnusableCredential as error:
            return Outcome(Result.HELD, f"{error.reason} {error.advice}", fault=Fault.OURS)
        return outcome_of(handover, made, host_and_port(way.server))


def _made(parcel: Parcel[MailWay]) -> Mail | Unfit:
    made = composed(parcel)
    signing = parcel.way.signing
    if isinstance(made, Unfit) or signing is None:
        return made
    return made.with_message(signed(made.message, signing, parcel.way.begun))


def _written(mail: Mail, folder: Path) -> Outcome:
    """The mail as a file, where there is no mail server."""
    try:
        file = put(mail, folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Outcome(
            Result.RETRY, f"The mail could not be written into {folder}: {reason}.", Record(str(folder)), Fault.OURS
        )
    return Outcome(
        Result.DELIVERED,
        f"There is no mail server; the mail was written as {file.name} into {folder}.",
        Record(str(folder), request=mail.head, sent=len(mail.message)),
        receipt=mail.returns_to,
    )
