"""The mail that a parcel becomes: the same bytes however often it is made, but for the signature. Pure; it computes."""

from __future__ import annotations

import msgspec

from fakturahub.channels.email import mime
from fakturahub.model import Attachment, Parcel
from fakturahub.model.ways import MOST_OF_MAIL, MailWay

#: mailboxes that one mail goes to
MOST_RECIPIENTS = 20


class Mail(msgspec.Struct, frozen=True):
    """A mail ready to be handed over."""

    #: the address in the envelope that it comes back to
    returns_to: str
    recipients: tuple[str, ...]
    message: bytes
    message_id: str
    #: the domain that the hub sends for
    domain: str
    #: an address is not ASCII
    utf8: bool

    @property
    def head(self) -> str:
        """What stands before the first part of the message, for people to look at."""
        return self.message.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")

    def with_message(self, message: bytes) -> Mail:
        return msgspec.structs.replace(self, message=message)


class Unfit(msgspec.Struct, frozen=True):
    """Why there is no mail."""

    #: one sentence for a person
    reason: str
    #: it is a setting of the hub that does not fit
    ours: bool = False


def composed(parcel: Parcel[MailWay]) -> Mail | Unfit:
    """The mail for *parcel*."""
    way = parcel.way
    checked = {text: mime.address(text) for text in way.to}
    recipients = tuple(dict.fromkeys(one for one in checked.values() if one))
    if wrong := [text for text, one in checked.items() if one is None]:
        shown = ", ".join(repr(text[:80]) for text in wrong[:5])
        return Unfit(f"{shown} is no e-mail address; send the document again with another.")
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        return Unfit(f"The mail has {len(recipients)} recipients; from 1 to {MOST_RECIPIENTS} are possible.")
    sender, bounces = mime.address(way.sender), mime.address(way.bounces)
    if sender is None or bounces is None:
        return Unfit("`sender` or `bounces` of `[mail]` is no e-mail address that mails can be sent from.", ours=True)
    domain = sender.rpartition("@")[2]
    head = mime.Head(
        from_name=way.from_name,
        sender=sender,
        to=recipients,
        reply_to=mime.address(way.reply_to) if way.reply_to else None,
        subject=way.subject,
        language=way.language,
        message_id=f"{parcel.delivery_id.hex}@{domain}",
        date=way.begun,
    )
    content = parcel.content
    document = (Attachment(content.name, content.media_type, content.data),) if content.name else ()
    files = (*document, *content.files)
    size = sum(len(file.content) for file in files) * 4 // 3
    if size <= MOST_OF_MAIL:
        message = mime.message(head, way.text, way.html, files, boundary=parcel.delivery_id.hex)
        size = len(message)
    if size > MOST_OF_MAIL:
        return Unfit(f"The mail would have {size:,} bytes with its attachments; the limit is {MOST_OF_MAIL:,}.")
    addresses = "".join((sender, bounces, *recipients, head.reply_to or ""))
    return Mail(
        returns_to=mime.subaddress(bounces, parcel.delivery_id.hex),
        recipients=recipients,
        message=message,
        message_id=head.message_id,
        domain=domain,
        utf8=not addresses.isascii(),
    )
