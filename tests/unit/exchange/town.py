"""Companies that know one another, for tests of routing and submitting."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from fakturahub.identity.companies import Companies, Company
from fakturahub.storage.companies import Changes, CompanyRow

TOWN = UUID("6f7a0f5e-6c0e-4b58-9d0a-6d1d2b1b7f10")


def row(key: str, **settings: Any) -> CompanyRow:
    """A company as it is stored, with what every company has."""
    table = {"name": f"{key.title()} Ltd", "country": "FI", "contracts": ["send", "receive"], **settings}
    return CompanyRow(uuid5(TOWN, key), key, table)


def known(*rows: CompanyRow) -> Companies:
    companies = Companies({"pagero": "username", "apix": "transfer_id"})
    companies.apply(Changes(1, list(rows), []))
    return companies


def named(companies: Companies, key: str) -> Company:
    return next(one for one in companies if one.key == key)
