"""Document types: the codes of Finvoice and those of UNTDID 1001 (BT-3; mapping 3.5)."""

from __future__ import annotations

from fakturahub.model import Kind
from fakturahub.model.invoice import CREDIT_NOTE_TYPES

#: InvoiceTypeCode -> BT-3 where InvoiceTypeCodeUN does not say it; any other INV or SEI is an invoice
_UN_OF = {"INV02": "381", "INV06": "325", "INV07": "389"}
#: BT-3 -> InvoiceTypeCode; credit notes are INV02, anything else is INV01
_CODE_OF = {"389": "INV07", "325": "INV06"}
#: documents that are written as a Finvoice and are none of these two: quotations and orders, delivery notes, tests,
#: price lists, dunning, receipts, prenotifications of direct debits
_KIND_OF = {
    "INV08": Kind.REMINDER,
    **dict.fromkeys(("REQ", "QUO", "ORD", "ORC"), Kind.ORDER),
    **dict.fromkeys(("DEV", "TES", "PRI", "INF", "DEN", "REC", "RES", "SDD"), Kind.OTHER),
}
#: what is printed: InvoiceTypeText is required, and says no more than the code
_TEXT_OF = {"INV01": "LASKU", "INV02": "HYVITYSLASKU", "INV06": "PROFORMALASKU", "INV07": "ITSELASKUTUS"}
#: titles of a document that say no more than its code, in the languages of Finland and in English
TITLES = frozenset(
    {"LASKU", "INVOICE", "FAKTURA", "VERKKOLASKU", "HYVITYSLASKU", "CREDIT NOTE", "CREDIT INVOICE", "KREDITFAKTURA"}
    | {"KREDITNOTA", "HYVITYS", *_TEXT_OF.values()}
)


def is_credit(code: str) -> bool:
    """Whether InvoiceTypeCode is that of a credit note, which decides the direction of the amounts."""
    return code == "INV02"


def kind_of(code: str) -> Kind:
    """What a document with the InvoiceTypeCode *code* is; one whose code is not in the list is an invoice."""
    if is_credit(code):
        return Kind.CREDIT_NOTE
    return _KIND_OF.get(code) or _KIND_OF.get(code[:3]) or Kind.INVOICE


def type_code_of(code: str, stated: str | None) -> str:
    """BT-3: *stated* (InvoiceTypeCodeUN) where it has the direction of InvoiceTypeCode, which operators act on."""
    usual = _UN_OF.get(code, "380")
    if stated is None or (stated in CREDIT_NOTE_TYPES) is not is_credit(code):
        return usual
    return stated


def code_of(type_code: str | None) -> str:
    """InvoiceTypeCode for BT-3."""
    if type_code in CREDIT_NOTE_TYPES:
        return "INV02"
    return _CODE_OF.get(type_code or "", "INV01")


def title_of(code: str) -> str:
    """InvoiceTypeText for InvoiceTypeCode."""
    return _TEXT_OF[code]


def is_told(code: str, type_code: str) -> bool:
    """Whether InvoiceTypeCode *code* is what a writer makes of *type_code*, so that nothing is lost without it."""
    return code == code_of(type_code)
