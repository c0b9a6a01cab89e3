"""Applying the provisioning file: the dialects' sections come together here; the rest is `identity` and `storage`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from fakturahub import config
from fakturahub.dialects.apix import provision as apix
from fakturahub.dialects.farpay import provision as farpay
from fakturahub.dialects.pagero import provision as pagero
from fakturahub.dialects.sendregning import provision as sendregning
from fakturahub.dialects.vertex import provision as vertex
from fakturahub.errors import (
    InsufficientCredit,
    MasterKeyError,
    ProvisioningError,
    UnrenderableDocument,
    UnusableCredential,
)
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import Protected, protected
from fakturahub.outbound.tls import client_context
from fakturahub.storage import companies as stored
from fakturahub.storage import ledger
from fakturahub.storage.database import Database

#: the sections of all five dialects; those that are not served yet are validated and stored all the same
SECTIONS = {
    "pagero": config.Sections(pagero.COMPANY_SECTION, pagero.HUB_SECTION),
    "apix": config.Sections(apix.COMPANY_SECTION, apix.HUB_SECTION),
    "farpay": config.Sections(farpay.COMPANY_SECTION, farpay.HUB_SECTION),
    "sendregning": config.Sections(sendregning.COMPANY_SECTION, sendregning.HUB_SECTION),
    "vertex": config.Sections(vertex.COMPANY_SECTION, vertex.HUB_SECTION),
}

#: the dialects whose sections of a company name clients of the OAuth2 server
CLIENT_DIALECTS = ("pagero",)

#: the keys of such a section that make the client
CLIENT_KEYS = ("client_id", "client_secret", "redirect_uris")

#: the key of a company's section by which a caller of the dialect is known; behind ``oauth/``, its OAuth2 client
CREDENTIAL_NAMES = {
    "pagero": "username",
    "apix": "transfer_id",
    **{f"oauth/{dialect}": "client_id" for dialect in CLIENT_DIALECTS},
}

#: the key of a company's section by which others know it
OTHER_NAMES = {"apix": "unique_company_id"}


class Report(msgspec.Struct):
    """What applying a file did."""

    created: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    #: stored, but no longer in the file: nothing is ever deleted
    kept: list[str] = []


def read(path: Path, env: Mapping[str, str] | None = None) -> config.Provisioning:
    """Read and validate a provisioning file. Raises `ProvisioningError` with every fault and its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProvisioningError(str(path), (f"it cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError as error:
        raise ProvisioningError(str(path), (f"it is not UTF-8: byte {error.start}",)) from None
    environment = os.environ if env is None else env
    found = config.load(
        text,
        file=str(path),
        sections=SECTIONS,
        env=environment,
        folder=path.resolve().parent,
        look_at=why_no_logo,
    )
    if found.letters is not None:
        _check_keys(found.letters, str(path))
    _check_certificates(found, str(path))
    return found


def why_no_logo(data: bytes) -> str | None:
    """Why the picture *data* is taken for no logo, in a sentence; None where it is."""
    # What draws takes a while to import, and most files have no logo.
    from fakturahub.exchange.render import check_logo

    try:
        check_logo(data)
    except UnrenderableDocument as refused:
        return refused.reason
    return None


def _check_certificates(file: config.Provisioning, name: str) -> None:
    """Raise `ProvisioningError` for certificates of pushes that cannot be used: better now than when documents wait."""
    faults: list[str] = []
    for company in file.companies:
        section = company.section(pagero.PageroCompany)
        push = None if section is None else section.push
        if push is None or (push.cert is None and push.ca is None):
            continue
        try:
            client_context(ca=push.ca, cert=push.cert, key=push.key)
        except UnusableCredential as error:
            faults.append(f"company.{company.key}.pagero.push: {error.reason}")
    if faults:
        raise ProvisioningError(name, tuple(faults))


def _check_keys(letters: config.Letters, name: str) -> None:
    """Raise `ProvisioningError` for keys of SSH that cannot be used: better now than when letters wait."""
    # It takes a tenth of a second to import, and most commands have nothing to do with it.
    from fakturahub.outbound.ssh_keys import UnusableKeyError, host_keys, private_key

    faults: list[str] = []
    for key, secret, reads in (
        ("host_key", letters.host_key, host_keys),
        ("key", None if letters.key is None else letters.key.reveal(), private_key),
    ):
        try:
            if secret is not None:
                reads(secret)
        except UnusableKeyError as error:
            faults.append(f"print.{key}: {error}")
    if faults:
        raise ProvisioningError(name, tuple(faults))


async def claim_key(database: Database, key: MasterKey) -> None:
    """Raise `MasterKeyError` where this database was sealed with another key than *key*."""
    fingerprint = key.fingerprint()
    if await stored.claim_key_fingerprint(database, fingerprint) != fingerprint:
        raise wrong_key()


def wrong_key() -> MasterKeyError:
    """The error for a master key that is not the database's."""
    return MasterKeyError("The secrets in this database were sealed with another master key.")


async def apply(database: Database, file: config.Provisioning, *, name: str, key: MasterKey, now: datetime) -> Report:
    """Make the stored settings those of *file*, in one transaction; applied twice it changes nothing.

    Raises `ProvisioningError` where an address or a name belongs to a company that is stored but not in the file, and
    where an account would be overdrawn by what is granted now.
    """
    report = Report()
    async with stored.changing(database.patient(), now) as change:  # another change may be long
        known = await change.companies()
        to_store: dict[str, dict[str, Any]] = {}
        logos: list[config.Logo] = []
        credits: dict[str, str] = {}
        for company in file.companies:
            previous = known.get(company.key)
            result = await asyncio.to_thread(
                protected, company, None if previous is None else previous.settings, master_key=key
            )
            if _note(report, f"company {company.key}", result, previous is None):
                to_store[company.key] = result.settings
                if company.style.logo is not None and company.style.logo.data:
                    logos.append(company.style.logo)
            credits[company.key] = result.settings.get("credits") or "postpaid"
        await _put_companies(change, to_store, name)
        for logo in logos:
            await change.put_logo(logo.sha256, logo.data)
        if to_store:
            await change.drop_logos()
        await _grant(change, credits, name, now)
        report.kept += [f"company {one}" for one in sorted(known.keys() - {one.key for one in file.companies})]
        await _apply_settings(change, file, key, report)
    return report


async def _put_companies(change: stored.Change, companies: Mapping[str, dict[str, Any]], name: str) -> None:
    """Store *companies*, by key; an address may move from one of them to another, whichever comes first."""
    await change.release(list(companies))
    faults: list[str] = []
    for key, settings in companies.items():
        taken = await change.put_company(key, settings, _addresses(settings), _credentials(settings))
        faults += [f"company {key}: {one.what} belongs to company {one.owner} already" for one in taken]
    if faults:
        raise ProvisioningError(name, tuple(faults))


async def _grant(change: stored.Change, credits: Mapping[str, str], name: str, now: datetime) -> None:
    """Make the accounts of companies, by key, what the file grants them in all, or paid afterwards."""
    ids = {key: company.id for key, company in (await change.companies()).items()}
    so_far = await ledger.granted(change.connection)
    faults: list[str] = []
    for key, wanted in credits.items():
        amount = None if wanted == "postpaid" else Decimal(wanted)
        if so_far.get(ids[key]) == amount:
            continue
        try:
            await ledger.grant(change.connection, ids[key], amount, now)
        except InsufficientCredit as refusal:
            faults.append(f"company {key}: {refusal.reason}")
    if faults:
        raise ProvisioningError(name, tuple(faults))


async def _apply_settings(change: stored.Change, file: config.Provisioning, key: MasterKey, report: Report) -> None:
    known = await change.settings()
    seen = set()
    for section, name, entry in _entries(file):
        seen.add((section, name))
        previous = known.get((section, name))
        result = await asyncio.to_thread(protected, entry, previous, master_key=key)
        if _note(report, _label(section, name), result, previous is None):
            await change.put_setting(section, name, result.settings)
    prices = [await asyncio.to_thread(protected, price, None, master_key=key) for price in file.prices]
    if prices:
        seen.add(("price", ""))
        table = [price.settings for price in prices]
        previous = known.get(("price", ""))
        if _note(report, "price", Protected({}, ("price",) if table != previous else (), ()), previous is None):
            await change.put_setting("price", "", table)
    # an application that was removed is an empty row, see `remove_client`
    report.kept += [_label(*one) for one in sorted(known.keys() - seen) if known[one] or one[0] != "application"]


async def remove_client(database: Database, client_id: str, now: datetime) -> bool:
    """Take a client of the OAuth2 server away, an application or that of a company; False where there is none.

    A file that names it brings it back.
    """
    async with stored.changing(database, now) as change:
        if (await change.settings()).get(("application", client_id)):
            # rows of settings are read on by their version, so one that is gone has to be seen: it is left empty
            await change.put_setting("application", client_id, {})
            return True
        for company in (await change.companies()).values():
            for dialect in CLIENT_DIALECTS:
                section = company.settings.get(dialect) or {}
                if section.get("client_id") == client_id:
                    kept = {name: value for name, value in section.items() if name not in CLIENT_KEYS}
                    settings = {**company.settings, dialect: kept}
                    await change.put_company(company.key, settings, _addresses(settings), _credentials(settings))
                    return True
    return False


def _note(report: Report, what: str, result: Protected, new: bool) -> bool:
    """Enter what happened to one table in the report; True where it has to be stored."""
    report.kept += [f"{what}: {path}" for path in result.vanished]
    if new:
        report.created.append(what)
    elif result.changed:
        report.changed.append(f"{what}: {', '.join(result.changed)}")
    else:
        report.unchanged.append(what)
    return new or bool(result.changed)


def _label(section: str, name: str) -> str:
    return f"{section} {name}".strip()


def _entries(file: config.Provisioning) -> Iterator[tuple[str, str, config.Entry]]:
    """Every table of the file that is no company and no price: its section, its own name, and itself."""
    for section, entry in (
        ("hub", file.hub),
        ("outbound", file.outbound),
        ("mail", file.mail),
        ("print", file.letters),
    ):
        if entry is not None and entry.stated:
            yield section, "", entry
    for dialect, entry in file.dialects.sections.items():
        yield "dialects", dialect, entry
    for operator in file.operators:
        yield "user", operator.email.casefold(), operator
    for application in file.applications:
        yield "application", application.client_id, application
    for participant in file.participants:
        yield (
            "participant",
            f"{participant.country or ''} {participant.business_id or participant.name}".strip(),
            participant,
        )


def _addresses(settings: Mapping[str, Any]) -> list[str]:
    return [config.routing_form(address) for address in settings.get("addresses", ())]


def _credentials(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = (
        (dialect, settings.get(dialect.rpartition("/")[2], {}).get(key)) for dialect, key in CREDENTIAL_NAMES.items()
    )
    return [(dialect, name) for dialect, name in named if name]
