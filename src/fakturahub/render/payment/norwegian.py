"""The Norwegian giro: account, KID and the figures of its code line.

Source of the order and of the amount's check digit: the slip with KID at the foot of A4 (form F60-1). The form number
and the ``H`` mark belong to pre-printed forms and are left out.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from fakturahub.model.checkdigits import is_iban, is_norwegian_account
from fakturahub.render.payment.luhn import check_digit

# The form has eight places for the kroner.
_LARGEST = Decimal("99999999.99")


class GiroFigures(msgspec.Struct, frozen=True):
    """What stands in the fields at the foot of the giro."""

    #: None where the payment has no KID; a giro without one has no machine-readable line
    kid: str | None
    kroner: str
    ore: str
    #: of kroner and øre together (modulo 10)
    check: str
    #: eleven digits in three groups
    account: str

    @property
    def line(self) -> str:
        """The fields in the order in which the form has them."""
        before = f"{self.kid}   " if self.kid else ""
        return f"{before}{self.kroner}  {self.ore}   < {self.check} >   {self.account.replace(' ', '')}"


def account_of(account: str) -> str | None:
    """The eleven digits of a Norwegian account, stated as such or as an IBAN; None for any other."""
    plain = account.replace(" ", "").replace(".", "")
    if plain.startswith("NO") and is_iban(plain):
        return plain[4:]
    return plain if is_norwegian_account(plain) else None


def grouped(account: str) -> str:
    """Eleven digits as people write them: ``1234 56 78903``."""
    return f"{account[:4]} {account[4:6]} {account[6:]}"


def figures(account: str, kid: str | None, amount: Decimal) -> GiroFigures | None:
    """The figures for eleven digits of *account* and an *amount* in kroner.

    None for an amount that the form cannot hold: nothing or less, parts of an øre, or 100 million and more.
    """
    if not 0 < amount <= _LARGEST or amount * 100 != int(amount * 100):
        return None
    cents = f"{int(amount * 100):03d}"
    return GiroFigures(kid, cents[:-2], cents[-2:], check_digit(cents), grouped(account))
