"""The wiring of what leaves the hub: the engine, the ways out that it knows, and what each of them is made of."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakturahub.channels.email import EmailChannel
from fakturahub.channels.http import HttpChannel
from fakturahub.channels.print import PrintChannel
from fakturahub.exchange import contents_acknowledgements
from fakturahub.exchange.contents import Contents
from fakturahub.exchange.contents_http import HttpContents
from fakturahub.exchange.contents_mail import MailContents
from fakturahub.exchange.contents_print import PrintContents
from fakturahub.exchange.dispatch import Dispatcher, node_name
from fakturahub.exchange.inbox_mails import InboxMails
from fakturahub.exchange.renditions import Renditions
from fakturahub.exchange.sending import Sender
from fakturahub.exchange.ways import Ways
from fakturahub.exchange.ways_http import trusted_networks
from fakturahub.exchange.ways_mail import MailWays
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Clock
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.outbound.client import Client
from fakturahub.outbound.guard import Guard, NameLookup
from fakturahub.outbound.smtp import SmtpClient
from fakturahub.outbound.tokens import Tokens
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore


@asynccontextmanager
async def telling(
    database: Database, companies: Companies, key: MasterKey, data: Path, clock: Clock
) -> AsyncIterator[InboxMails]:
    """The mails of the hub itself, about what lies in inboxes."""
    async with SmtpClient() as mail:
        yield InboxMails(database, companies, MailWays(companies, key, data), EmailChannel(mail), clock)


@asynccontextmanager
async def dispatching(
    database: Database,
    payloads: PayloadStore,
    companies: Companies,
    renditions: Renditions,
    key: MasterKey,
    data: Path,
    clock: Clock,
    node: str | None = None,
) -> AsyncIterator[Dispatcher]:
    """The engine of one process; the caller runs it, and stops it before leaving. *node* names the process."""
    lookup = NameLookup()
    client = Client(Guard(lookup, lambda: trusted_networks(companies)))
    tokens = Tokens(client)
    posting = HttpChannel(client, tokens)
    try:
        async with SmtpClient() as mail:
            sender = Sender(
                Ways(companies, key, data),
                Contents(
                    {
                        "http": HttpContents(database, payloads, companies).content_of,
                        "email": MailContents(renditions).content_of,
                        "print": PrintContents(renditions, payloads, companies).content_of,
                        ACKNOWLEDGEMENT: contents_acknowledgements.content_of,
                    }
                ),
                {"http": posting, ACKNOWLEDGEMENT: posting, "email": EmailChannel(mail)},
                {"print": PrintChannel()},
                clock,
                node := node or node_name(),
                random.random,
            )
            yield Dispatcher(database, sender, clock, node)
    finally:
        await tokens.close()
        await client.close()
        lookup.close()
