"""The way by mail: the hub's mail server, and how the sending company's mails look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fakturahub.config import Mail, Secret
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.payslip_pages import PayslipLinks
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed
from fakturahub.model import Kind
from fakturahub.model.ways import MailServer, MailSigning, MailWay
from fakturahub.render import labels
from fakturahub.render.mail import Words, words
from fakturahub.storage.outgoing import Claimed

#: the table of the provisioning file, and what its secrets are sealed for
SECTION = "mail"
#: RFC 8314, 7.3, RFC 6409, 3.1 and RFC 5321, 4.5.4.2
_PORTS = {"tls": 465, "starttls": 587, "none": 25}
#: what mails of a company without an address come from where there is no mail server; nobody sends them as they are
_NOBODY = "fakturahub@localhost"


def server_of(settings: Mail) -> MailServer:
    """The mail server that ``[mail]`` names."""
    url = urlsplit(settings.url.reveal())
    tls: Any = "tls" if url.scheme == "smtps" else parse_qs(url.query).get("tls", ["starttls"])[0]
    return MailServer(
        host=url.hostname or "",
        port=url.port or _PORTS[tls],
        tls=tls,
        username=unquote(url.username) if url.username else None,
        password=Secret(unquote(url.password)) if url.password else None,
        ca=settings.ca,
    )


def signing_of(settings: Mail) -> MailSigning | None:
    """How mails are signed, None where they are not."""
    if settings.dkim_domain is None or settings.dkim_selector is None or settings.dkim_key is None:
        return None
    return MailSigning(settings.dkim_domain, settings.dkim_selector, settings.dkim_key)


class MailWays:
    """Ways of mails. The mail server is the same object until its settings change."""

    def __init__(self, companies: Companies, master_key: MasterKey, data_folder: Path) -> None:
        """``data_folder``: mails go into its folder ``mail`` where there is no mail server."""
        self._companies = companies
        self._master_key = master_key
        self._links = PayslipLinks(master_key)
        self._folder = str(data_folder / "mail")
        self._known: tuple[Mapping[str, Any], Mail, MailServer, MailSigning | None] | None = None

    def way_of(self, claimed: Claimed) -> MailWay | Withheld:
        """Raises `MasterKeyError` where a secret does not open, `InternalFault` where what is stored does not fit."""
        company = self._companies.get(claimed.company_id)
        settings: Mapping[str, Any] = {} if company is None else company.settings
        style: Mapping[str, Any] = settings.get("mail") or {}
        name = (company.name if company else claimed.heading.seller.name) or ""
        address: str | None = settings.get("email")
        language = claimed.details.get("language")
        if language not in labels.LANGUAGES:
            language = labels.language_of(claimed.heading.buyer.country)
        link = None
        if claimed.heading.kind is Kind.PAYSLIP:
            public_url = (self._companies.setting("hub") or {}).get("public_url")
            if not public_url:
                return Withheld(
                    "A payslip is mailed as a link to a page of this hub, whose address is not known: state "
                    "`public_url` in `[hub]`, then release the delivery."
                )
            link = self._links.of(public_url, claimed.id)
        said = words(
            claimed.heading,
            language=language,
            sender=name,
            subject=(style.get("subject") or {}).get(language),
            body=(style.get("body") or {}).get(language),
            link=link,
        )
        hub = self._hub()
        sender = address or _NOBODY if hub is None else _address(hub[1].sender)
        return MailWay(
            to=tuple(claimed.details["to"]),
            from_name=style.get("from_name") or name,
            sender=sender,
            reply_to=style.get("reply_to") or address,
            bounces=(hub[1].bounces if hub else None) or sender,
            subject=said.subject,
            text=said.text,
            html=said.html,
            language=language,
            begun=claimed.created_at,
            server=None if hub is None else hub[2],
            folder=self._folder,
            signing=None if hub is None else hub[3],
            attach_xml=bool(style.get("attach_xml")),
        )

    def own_way(self, to: str, said: Words, *, language: str, begun: datetime) -> MailWay:
        """A mail of the hub itself, to one of its companies. Raises `MasterKeyError` and `InternalFault`."""
        hub = self._hub()
        mailbox = _NOBODY if hub is None else hub[1].sender
        sender = _address(mailbox)
        return MailWay(
            to=(to,),
            from_name=mailbox.rpartition("<")[0].strip().strip('"') or "Fakturahub",
            sender=sender,
            reply_to=None,
            bounces=(hub[1].bounces if hub else None) or sender,
            subject=said.subject,
            text=said.text,
            html=said.html,
            language=language,
            begun=begun,
            server=None if hub is None else hub[2],
            folder=self._folder,
            signing=None if hub is None else hub[3],
        )

    def _hub(self) -> tuple[Mapping[str, Any], Mail, MailServer, MailSigning | None] | None:
        stored: Mapping[str, Any] | None = self._companies.setting(SECTION)
        if stored is None:
            return None
        # Settings are replaced as a whole when they change, never written into.
        if self._known is None or self._known[0] is not stored:
            settings = revealed(Mail, stored, master_key=self._master_key, context=SECTION)
            self._known = (stored, settings, server_of(settings), signing_of(settings))
        return self._known


def _address(mailbox: str) -> str:
    """The address in ``Name <name@firm.example>``, or the address itself."""
    return mailbox.rpartition("<")[2].rstrip("> ")
