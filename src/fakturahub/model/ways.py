"""The settings of a way out for one delivery, as a channel gets them in its parcel; secrets are open in them.

The same settings are the same object until they change, so that a channel may keep what it made of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from fakturahub.config import HttpPush, Secret


class HttpWay(msgspec.Struct, frozen=True, eq=False, weakref=True):
    """Posting to the receiver's own server."""

    push: HttpPush


#: bytes of a whole mail, in which files take a third more than they have: what most mail servers take
MOST_OF_MAIL = 25 * 1024**2


class MailServer(msgspec.Struct, frozen=True):
    """The mail server that takes mails from the hub."""

    host: str
    port: int
    #: ``tls`` from the first byte on; ``starttls``: not without it
    tls: Literal["starttls", "tls", "none"]
    username: str | None = None
    password: Secret | None = None
    #: the authority that signed its certificate, PEM; None: those that the machine knows
    ca: str | None = None


class MailSigning(msgspec.Struct, frozen=True):
    """How mails are signed (DKIM, RFC 6376)."""

    domain: str
    selector: str
    #: an RSA key, PEM
    key: Secret


class MailWay(msgspec.Struct, frozen=True):
    """A mail to the receiver's mailboxes. No address in it was checked yet."""

    to: tuple[str, ...]
    from_name: str
    #: the address that every mail of the hub comes from
    sender: str
    reply_to: str | None
    #: the mailbox that mails come back to, each to a subaddress of its own
    bounces: str
    subject: str
    text: str
    html: str
    #: of subject, text and html, ISO 639-1
    language: str
    #: when the delivery began; the mail bears this time however often it is tried
    begun: datetime
    #: None: mails are put into `folder`
    server: MailServer | None
    folder: str
    signing: MailSigning | None = None
    #: the document as it came goes along
    attach_xml: bool = False


class SftpServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server that takes files, and how the hub is known there."""

    host: str
    port: int = 22
    user: str
    #: as the server names it; one that begins with ``~/`` is below the folder that a login leads to
    folder: str
    password: Secret | None = None
    #: the hub's private key, of OpenSSH or in PEM
    key: Secret | None = None
    #: the server's public keys, a line each, as in ``known_hosts`` or a ``.pub`` file, or as ``SHA256:…``
    host_keys: str | None = None


class PrintWay(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to the print house, which all letters of the hub go to."""

    #: 1 is first class, 2 economy
    postal_class: int
    colour: bool
    #: on both sides of the paper
    duplex: bool
    #: where it goes, seen from the sender: ``FI``, ``EU`` or ``OTHER``
    country_class: str
    pages: int
    #: None: letters are put into `folder`
    server: SftpServer | None
    #: of this machine
    folder: str


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def batch_name(batch_id: UUID, *, postal_class: int, colour: bool, duplex: bool, country_class: str) -> str:
    """What a batch of letters is called, in the console and at the print house: when it was formed, and its letters.

    *batch_id* is a UUID version 7, which tells the time; so the name is the same however often it is asked for.
    """
    formed = _EPOCH + timedelta(milliseconds=batch_id.int >> 80)
    parts = (
        f"{formed:%Y%m%dT%H%MZ}",
        f"class{postal_class}",
        "colour" if colour else "bw",
        "duplex" if duplex else "simplex",
        country_class.lower() or "any",
        batch_id.hex[-12:],
    )
    return "-".join(parts)
