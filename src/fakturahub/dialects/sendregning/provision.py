"""SendRegning's sections of the provisioning file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fakturahub.config import DialectSection
from fakturahub.config.forms import whole_number


class SendRegningCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.sendregning]``. The company signs in with the e-mail address and password of one of its users."""

    #: invoice numbers are counted from here without gaps
    first_invoice_no: Annotated[int, Meta(extra={"form": whole_number(1, 999_999_999)})] = 1
    #: how the check digit of the payment reference is made (specs/sendregning.md, 14.1)
    kid: Literal["none", "mod10", "mod11"] = "none"


class SendRegningHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.sendregning]``.

    ``date_rollover``: 45.01.07 is 14.02.07 by the calendar, 15.02.07 by the guide's own example (specs/sendregning.md,
    2.1). ``ledger_decimal`` is the mark in the amounts of the sales ledger (specs/sendregning.md, 12).
    """

    date_rollover: Literal["calendar", "guide"] = "calendar"
    ledger_decimal: Literal[".", ","] = "."


COMPANY_SECTION: type[SendRegningCompany] = SendRegningCompany
HUB_SECTION: type[SendRegningHub] = SendRegningHub
