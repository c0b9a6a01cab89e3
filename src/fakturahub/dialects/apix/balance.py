"""Saldo: what a company has left, in credits (specification 8)."""

from __future__ import annotations

from decimal import Decimal

from fakturahub.exchange.credits import Balances
from fakturahub.identity.companies import Company

#: what a company that pays afterwards has, whatever it has sent (specification 5.4)
POSTPAID = Decimal(99999)


async def balance_of(company: Company, balances: Balances) -> Decimal:
    """What *company* has left to spend: `POSTPAID` where it pays afterwards. Raises `DatabaseUnavailable`."""
    left = await balances.left(company)
    return POSTPAID if left is None else left


def in_credits(amount: Decimal) -> str:
    """An amount of credits as messages show it: ``830.2``, ``99999``, without an exponent or zeros at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
