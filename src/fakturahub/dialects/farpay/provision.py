"""FarPay's sections of the provisioning file."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fakturahub.config import DialectSection
from fakturahub.config.forms import text_form
from fakturahub.config.kinds import Sealed

_EIGHT_DIGITS = text_form("8 digits", r"[0-9]{8}")
_FIVE_DIGITS = text_form("5 digits", r"[0-9]{5}")


class FarPayCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.farpay]``. ``api_key`` names the company, so no two may have the same.

    The numbers are those of Betalingsservice: records BS002 and BS012 of 0601 and 0602 files (specs/farpay.md, 9).
    """

    api_key: Annotated[Sealed, Meta(extra={"unique": "API key"})]
    pbs_creditor: Annotated[str, Meta(extra={"form": _EIGHT_DIGITS})] | None = None
    data_supplier: Annotated[str, Meta(extra={"form": _EIGHT_DIGITS})] | None = None
    debtor_group: Annotated[str, Meta(extra={"form": _FIVE_DIGITS})] | None = None


class FarPayHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.farpay]``."""


COMPANY_SECTION: type[FarPayCompany] = FarPayCompany
HUB_SECTION: type[FarPayHub] = FarPayHub
