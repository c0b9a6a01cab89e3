"""What the command about credits prints: accounts, and lines of a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from fakturahub.exchange.credits import Account, Balance
from fakturahub.printing import Text, _console, _table, _when, as_json, visible
from fakturahub.storage.accounts import plain


def accounts(listed: Sequence[Balance], json: bool) -> None:
    """The accounts, one in each line."""
    if json:
        as_json([_data(one) for one in listed])
        return
    if not listed:
        _console().print("No companies.")
        return
    table = _table("company", "name", "paid", "balance", "reserved", "free")
    for one in listed:
        table.add_row(*(Text(visible(cell)) for cell in (one.company, one.name, _paid(one), *_figures(one))))
    _console().print(table)


def balance(one: Balance, json: bool) -> None:
    """One account in a sentence."""
    if json:
        as_json(_data(one))
        return
    there, reserved, free = _figures(one)
    rest = f", {reserved} of them reserved, {free} free" if one.prepaid else ", paid afterwards"
    _console().print(Text(visible(f"{one.name} ({one.company}) has {there} credits{rest}.")))


def account(one: Account, json: bool) -> None:
    """An account and lines of its ledger."""
    if json:
        as_json({**_data(one.balance), "entries": [_plain(entry) for entry in one.entries]})
        return
    balance(one.balance, json)
    if not one.entries:
        return
    table = _table("id", "at (UTC)", "kind", "balance", "reserved", "delivery", "why")
    for entry in one.entries:
        cells = (
            str(entry.id),
            _when(entry.at),
            entry.kind,
            _signed(entry.amount),
            _signed(entry.held),
            str(entry.delivery_id or ""),
            entry.why,
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    _console().print(table)


def _paid(one: Balance) -> str:
    return "before" if one.prepaid else "afterwards"


def _figures(one: Balance) -> tuple[str, str, str]:
    return plain(one.balance), plain(one.reserved), plain(one.free) if one.prepaid else "–"


def _signed(amount: Decimal) -> str:
    return "" if not amount else f"{'+' if amount > 0 else ''}{plain(amount)}"


def _plain(struct: Any) -> dict[str, Any]:
    """The fields of *struct*, its figures as texts without an exponent."""
    fields = msgspec.structs.asdict(struct)
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in fields.items()}


def _data(one: Balance) -> dict[str, Any]:
    return {**_plain(one), "free": plain(one.free) if one.prepaid else None}
