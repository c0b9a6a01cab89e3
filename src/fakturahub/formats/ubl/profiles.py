"""The profiles that UBL is written in, under the names that users type."""

from __future__ import annotations

import re

from fakturahub.formats import codes
from fakturahub.formats.codes import CODE_UNKNOWN, NO_PLACE
from fakturahub.formats.ubl.extensions import SELF_BILLED_CODES
from fakturahub.formats.ubl.names import (
    EN_16931,
    PEPPOL_BIS_3,
    PEPPOL_SELF_BILLING_3,
    PUF_BILLING_2,
    VRBL_BILLING,
    XRECHNUNG_3,
)
from fakturahub.formats.ubl.pen import Pen, Profile
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

_PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_PEPPOL_SELF_BILLING = "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"
_PUF_PROCESS = "urn:pagero.com:puf:billing:1.0"
_NONE = re.compile(r"(?!)")

#: what only says which syntax a document came in: nothing is lost when it gives way to another syntax's own
_NEUTRAL = frozenset(
    {
        "EN16931",
        EN_16931,
        PEPPOL_BIS_3,
        PEPPOL_SELF_BILLING_3,
        XRECHNUNG_3,
        PUF_BILLING_2,
        _PUF_PROCESS,
        VRBL_BILLING,
        _PEPPOL_PROCESS,
        _PEPPOL_SELF_BILLING,
    }
)

#: Peppol has its invoices of buyers in a specification of their own
_SELF_BILLED = frozenset(SELF_BILLED_CODES.values())
#: the type codes of PUF; 389 and 261 are said by an extension
_PUF_TYPES = frozenset({"380", "381", "383", "384", "386"})


def _starting(beginning: str) -> re.Pattern[str]:
    return re.compile(re.escape(beginning) + ".*", re.DOTALL)


# What an EN 16931 document names beside Vertex's and Pagero's own words; Factur-X profiles are of CII alone.
_ANY_PROCESS = re.compile(r"(?!urn:pagero\.com:puf:|urn:vertexinc:).+", re.DOTALL)
_ANY_EN_16931 = re.compile(re.escape(EN_16931) + r"(?!.*factur-x).*", re.DOTALL)
# PEPPOL-EN16931-R007, and the form that the examples of 3.0.21 have beside it.
_PEPPOL_PROCESSES = r"urn:fdc:peppol\.eu:2017:poacc:billing:[0-9]{2}:1\.0|urn:peppol:bis:[a-z_]+"
# Peppol BIS 3 with what is built on it, but for the specifications of Norway: a document with one of those is EHF.
_ANY_PEPPOL = re.compile(re.escape(PEPPOL_BIS_3) + r"(?!.*#urn:fdc:anskaffelser\.no:).*", re.DOTALL)
_NORWEGIAN_PROCESSES = r"urn:fdc:anskaffelser\.no:2019:ehf:postaward:g3:[0-9]{2}:1\.0"


def _peppol(name: str, own: re.Pattern[str], processes: str) -> Profile:
    return Profile(
        name=name,
        specification=PEPPOL_BIS_3,
        own_specification=own,
        process=_PEPPOL_PROCESS,
        own_process=re.compile(processes),
        peppol=True,
        lists=codes.LISTS,
        mime=codes.MIME,
    )


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="ubl-2.1",
            specification=EN_16931,
            own_specification=_ANY_EN_16931,
            process=None,
            own_process=_ANY_PROCESS,
            lists=codes.LISTS,
            mime=codes.MIME,
        ),
        _peppol("peppol-bis-3", _ANY_PEPPOL, _PEPPOL_PROCESSES),
        _peppol("ehf-3", _starting(PEPPOL_BIS_3), f"{_PEPPOL_PROCESSES}|{_NORWEGIAN_PROCESSES}"),
        Profile(
            name="xrechnung-3",
            specification=XRECHNUNG_3,
            own_specification=_starting(XRECHNUNG_3),
            process=_PEPPOL_PROCESS,
            own_process=_ANY_PROCESS,
            # XRechnung CVD names the class of clean vehicles by a list of its own.
            lists={**codes.LISTS, "7143": codes.CLASSES | {"CVD"}},
            mime=codes.MIME,
        ),
        Profile(
            name="puf-billing-2.0",
            specification=PUF_BILLING_2,
            own_specification=_NONE,
            process=_PUF_PROCESS,
            own_process=_starting("urn:pagero.com:puf:"),
            puf=True,
        ),
        Profile(
            name="vrbl",
            specification=VRBL_BILLING,
            own_specification=_NONE,
            process=VRBL_BILLING,
            own_process=_NONE,
            vrbl=True,
        ),
    )
}


def root_of(profile: Profile, type_code: str | None) -> str:
    """The document type: CreditNote for the type codes of credit notes, but in VRBL, which has none."""
    return "CreditNote" if type_code in CREDIT_NOTE_TYPES and not profile.vrbl else "Invoice"


def settle(pen: Pen) -> None:
    """Decide what the document says of itself (BT-23, BT-24, BT-3), and report what gives way and said more."""
    profile, invoice = pen.profile, pen.invoice
    pen.specification, pen.process = profile.specification, profile.process
    if profile.peppol and invoice.type_code in _SELF_BILLED:
        pen.specification, pen.process = PEPPOL_SELF_BILLING_3, _PEPPOL_SELF_BILLING
    else:
        own, process = invoice.specification, invoice.business_process
        if own is not None and profile.own_specification.fullmatch(own):
            pen.specification = own
        if process is not None and profile.own_process.fullmatch(process):
            pen.process = process
    for term, field, stated, written in (
        ("BT-24", "specification", invoice.specification, pen.specification),
        ("BT-23", "business_process", invoice.business_process, pen.process),
    ):
        if stated is not None and stated != written and stated not in _NEUTRAL:
            pen.lose(term, stated, NO_PLACE, field)
    if profile.puf:
        _settle_puf_type(pen)


def _settle_puf_type(pen: Pen) -> None:
    code = pen.invoice.type_code
    for plain, self_billed in SELF_BILLED_CODES.items():
        if code == self_billed:
            pen.type_code = plain
            return
    if code is not None and code not in _PUF_TYPES:
        pen.type_code = "381" if pen.root_name == "CreditNote" else "380"
        pen.lose("BT-3", code, CODE_UNKNOWN, "type_code")
