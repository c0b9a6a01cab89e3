"""Apix' sections of the provisioning file."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from fakturahub.config import DialectSection
from fakturahub.config.kinds import Duration, HostName, Line, Sealed, Token


class ApixCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.apix]``: the company's identifiers with Apix (specs/apix.md, section 4).

    ``transfer_key`` is the shared secret at the end of every digest, so the hub needs it in plain. The users of the
    company sign with SHA-256 of their passwords, which is sealed beside the hash (`identity.password_digests`).
    """

    password_digest: ClassVar[bool] = True

    transfer_id: Annotated[Token, Meta(extra={"unique": "TransferID"})]
    transfer_key: Sealed
    #: names the company to the unauthenticated balance call; without one, the hub's own id of the company does
    unique_company_id: Annotated[Token, Meta(extra={"unique": "UniqueCompanyID"})] | None = None


class ApixHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.apix]``. At the root of ``test_hosts`` everything is done but the delivery."""

    test_hosts: tuple[HostName, ...] = ()
    #: the unauthenticated balance call (specs/apix.md, 5.4)
    saldo: bool = True
    #: the unauthenticated registration call (specs/apix.md, 5.5)
    registration: bool = False
    #: names of programs (``soft``) that send documents as they are, without a ZIP around them (specs/apix.md, 6.1)
    interfaces: tuple[Token, ...] = ()
    #: codes of payslips (``DeliveryMethodCode``) that ask for a mail, and for paper; the list of codes is not public. A
    #: channel of another code that names a mail address is one by mail (specs/apix.md, 9.3)
    payslips_by_mail: tuple[Token, ...] = ()
    payslips_on_paper: tuple[Token, ...] = ()
    #: this hub in answers of the address register: the name of an operator and its id (specs/apix.md, 6.5)
    operator: Line | None = None
    operator_id: Token | None = None
    #: how far a caller's time stamp may be from the hub's clock, before or after (specs/apix.md, 3.2)
    clock_window: Duration = timedelta(hours=24)


COMPANY_SECTION: type[ApixCompany] = ApixCompany
HUB_SECTION: type[ApixHub] = ApixHub
