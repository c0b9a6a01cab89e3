"""A payslip as far as the hub has to understand it: who pays whom, when, how much, and how it is to be delivered.

The terms are those of TIEKE's Payslip 2.0. What a payslip says beyond them (calculation, earnings, messages) is kept
in the original, which is what its recipient gets.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fakturahub.model.invoice import Noun
from fakturahub.model.party import Identifier


class PersonId(Noun, frozen=True):
    """A Finnish personal identity code (henkilötunnus), which no log, list or error may show."""

    value: str

    def __repr__(self) -> str:
        return "PersonId(hidden)"

    def __str__(self) -> str:
        return "hidden"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("value", "hidden")]


class PayslipAddress(Noun, frozen=True, kw_only=True):
    """The sender or the recipient on paper."""

    #: of an organisation
    names: tuple[str, ...] = ()
    #: of a person
    fore_name: str | None = None
    surname: str | None = None
    lines: tuple[str, ...] = ()
    post_code: str | None = None
    town: str | None = None
    #: ISO 3166-1 alpha-2 where the payslip has a code
    country: str | None = None


class DeliveryChannel(Noun, frozen=True, kw_only=True):
    """One way in which the payslip may be delivered."""

    #: two digits of TIEKE's list of delivery methods
    method: str | None = None
    bank: str | None = None
    telephone: str | None = None
    email: str | None = None
    reply_to: str | None = None


class PayslipFile(Noun, frozen=True, kw_only=True):
    """A file that lies beside the payslip."""

    #: 1 is the picture of the payslip itself
    index: int | None = None
    #: as stated, such as ``PDF``
    type: str | None = None
    name: str | None = None


class Employee(Noun, frozen=True, kw_only=True):
    """Whose payslip it is."""

    person: PersonId | None = None
    #: the employee's number in the payer's books, where there is no person id
    number: str | None = None
    fore_name: str | None = None
    surname: str | None = None


class Payslip(Noun, frozen=True, kw_only=True):
    """One payslip of one person."""

    number: str | None = None
    #: as stated; the format has no fixed form for it
    timestamp: str | None = None
    titles: tuple[str, ...] = ()
    pay_date: date | None = None
    #: as a number where it is one; payslips have no currency, it is the euro
    net: Decimal | None = None
    #: what the sender calls the net payment
    net_label: str | None = None
    payer: str | None = None
    #: the payer's identifiers; the scheme is the authority that gave them
    payer_ids: tuple[Identifier, ...] = ()
    #: ISO 639-1
    language: str | None = None
    channels: tuple[DeliveryChannel, ...] = ()
    files: tuple[PayslipFile, ...] = ()
    sender: PayslipAddress | None = None
    recipient: PayslipAddress | None = None
    employee: Employee | None = None
