"""The tables, as SQLAlchemy sees them. The migrations are what made them; a test compares the two.

Two kinds of statement use these: lists and look-ups are built from the tables here, the hot path (one batch of
submissions, one batch of deliveries) is hand-written in its own module.
"""

from __future__ import annotations

from fakturahub.storage.tables.accounts import account, account_entry
from fakturahub.storage.tables.base import Instant, Xid8, metadata
from fakturahub.storage.tables.companies import (
    company,
    company_address,
    credential,
    logo,
    provisioning,
    registration,
    setting,
)
from fakturahub.storage.tables.deliveries import attempt, batch, delivery, target
from fakturahub.storage.tables.documents import document, document_file, submission
from fakturahub.storage.tables.files import acknowledgement_fetched, file_part
from fakturahub.storage.tables.made import converted, converted_file, rendered
from fakturahub.storage.tables.oauth import oauth_code, oauth_grant, oauth_key, oauth_revoked
from fakturahub.storage.tables.rules import rule_pack, rule_pack_compiled, rule_pack_file
from fakturahub.storage.tables.told import event, inbox, inbox_mail, inbox_notice

__all__ = [
    "Instant",
    "Xid8",
    "account",
    "account_entry",
    "acknowledgement_fetched",
    "attempt",
    "batch",
    "company",
    "company_address",
    "converted",
    "converted_file",
    "credential",
    "delivery",
    "document",
    "document_file",
    "event",
    "file_part",
    "inbox",
    "inbox_mail",
    "inbox_notice",
    "logo",
    "metadata",
    "oauth_code",
    "oauth_grant",
    "oauth_key",
    "oauth_revoked",
    "provisioning",
    "registration",
    "rendered",
    "rule_pack",
    "rule_pack_compiled",
    "rule_pack_file",
    "setting",
    "submission",
    "target",
]
