"""BG-16 in the UBL binding: one PaymentMeans for each account, read as one and written as several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lxml import etree

from fakturahub.formats.codes import RECOMPUTED
from fakturahub.formats.ubl.containers import Inside, Parts, seal, steps_of
from fakturahub.formats.ubl.leaves import text
from fakturahub.formats.ubl.names import CBC
from fakturahub.formats.ubl.pen import Pen, attribute
from fakturahub.formats.ubl.walking import Found, Reader, Restated, Step, Steps
from fakturahub.formats.values import attribute_of, date_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN
from fakturahub.intake.limits import TEXT
from fakturahub.model.invoice import CreditTransfer, DirectDebit, Invoice, PaymentCard, PaymentInstructions

#: UNTDID 4461 is the only list that EN 16931 has for means of payment (BR-CL-16)
MEANS_LIST: Restated = frozenset({("listID", "UNCL4461"), ("listAgencyID", "6")})
# An IBAN and a BIC say themselves what they are.
_IBAN: Restated = frozenset({("schemeID", "IBAN")})
_BIC: Restated = frozenset({("schemeID", "BIC")})
#: the schema wants the network of a card, EN 16931 has none: what is written, and what others write for it
NO_NETWORK = "NA"
_NO_NETWORKS = frozenset({NO_NETWORK, "mapped-from-cii"})
# UNTDID 4461: credit transfer, bank card, direct debit, instrument not defined.
_CREDIT_TRANSFER, _CARD, _DIRECT_DEBIT, _NOT_DEFINED = "30", "48", "49", "1"

_ACCOUNT = Parts(
    "PayeeFinancialAccount",
    "transfers",
    CreditTransfer,
    (
        text("ID", "account", restated=_IBAN),
        text("Name", "account_name"),
        Inside("FinancialInstitutionBranch", (text("ID", "provider", restated=_BIC),)),
    ),
    required=("account",),
)


@dataclass(frozen=True, slots=True)
class _PaymentNote:
    """The words for the payee's statement of account, which stand with the account."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{CBC}PaymentNote"

    def step(self, group: str, aggregates: str) -> Step:
        return _value("remittance", "BT-83")

    def write(self, pen: Pen, noun: CreditTransfer, path: str) -> None:
        """Left out: what is written has the reference in PaymentID."""


@dataclass(frozen=True, slots=True)
class Means:
    """Every PaymentMeans of the document; their codes (BT-81, 82) and references (BT-83) have to agree."""

    #: whether the note of an account (PaymentNote) is the reference, as in OIOUBL
    noted: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def key(self, aggregates: str) -> str:
        return f"{aggregates}PaymentMeans"

    def step(self, group: str, aggregates: str) -> Step:
        card = _card(aggregates)
        mandate: Steps = {
            f"{CBC}ID": _value("mandate", "BT-89"),
            f"{aggregates}PayerFinancialAccount": _within({f"{CBC}ID": _value("debited_account", "BT-91", _IBAN)}),
        }
        table = (*_ACCOUNT.table, _PaymentNote()) if self.noted else _ACCOUNT.table
        account = replace(_ACCOUNT, table=table).step("payment", aggregates)
        steps: Steps = {
            f"{CBC}PaymentMeansCode": _code,
            f"{CBC}PaymentDueDate": _due_date,
            f"{CBC}PaymentID": _value("remittance", "BT-83"),
            f"{aggregates}CardAccount": card,
            f"{aggregates}PayeeFinancialAccount": lambda walk, element, _: account(walk, element, walk.payment),
            f"{aggregates}PaymentMandate": _within(mandate),
        }

        def step(walk: Reader, element: etree._Element, found: Found) -> None:
            walk.fields(element, steps, found)

        return step

    def write(self, pen: Pen, noun: Invoice, path: str) -> None:
        payment = noun.payment or PaymentInstructions()
        debit = payment.direct_debit or DirectDebit()
        # A credit note has its due date here (BT-9).
        due = noun.due_date if pen.root_name == "CreditNote" else None
        code = payment.means_code
        if code is None:
            if payment.transfers:
                code = _CREDIT_TRANSFER
            elif payment.card is not None:
                code = _CARD
            elif debit.mandate is not None or debit.debited_account is not None:
                code = _DIRECT_DEBIT
            elif payment.remittance is not None or payment.means_text is not None or due is not None:
                code = _NOT_DEFINED
            else:
                return
            pen.lose("BT-81", code, RECOMPUTED, "payment.means_code")
        name = f' name="{attribute(payment.means_text)}"' if payment.means_text is not None else ""
        for at, transfer in enumerate(payment.transfers or (None,)):
            mark = pen.open("cac:PaymentMeans")
            # The text once, however many accounts there are (UBL-SR-46).
            pen.leaf("cbc:PaymentMeansCode", code, name if at == 0 else "")
            if due is not None:
                pen.day("cbc:PaymentDueDate", due)
            if payment.remittance is not None:
                pen.leaf("cbc:PaymentID", payment.remittance)
            if at == 0 and payment.card is not None:
                _write_card(pen, payment.card)
            if transfer is not None:
                inside = pen.open("cac:PayeeFinancialAccount")
                for entry in _ACCOUNT.table:
                    entry.write(pen, transfer, f"payment.transfers[{at}]")
                pen.close("cac:PayeeFinancialAccount", inside)
            if at == 0:
                _write_mandate(pen, debit)
            pen.close("cac:PaymentMeans", mark)


def _write_card(pen: Pen, card: PaymentCard) -> None:
    mark = pen.open("cac:CardAccount")
    pen.leaf("cbc:PrimaryAccountNumberID", card.number)
    pen.leaf("cbc:NetworkID", NO_NETWORK)
    if card.holder is not None:
        pen.leaf("cbc:HolderName", card.holder)
    pen.close("cac:CardAccount", mark)


def _write_mandate(pen: Pen, debit: DirectDebit) -> None:
    mark = pen.open("cac:PaymentMandate")
    if debit.mandate is not None:
        pen.leaf("cbc:ID", debit.mandate)
    if debit.debited_account is not None:
        inside = pen.open("cac:PayerFinancialAccount")
        pen.leaf("cbc:ID", debit.debited_account)
        pen.close("cac:PayerFinancialAccount", inside)
    pen.close("cac:PaymentMandate", mark)


def _value(field: str, term: str, restated: Restated = frozenset()) -> Step:
    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        if element.attrib or len(element):
            walk.beside(element, restated)
        value = text_of(element, term, TEXT.text)
        if value is not None:
            walk.put(element, walk.payment, field, value, term)

    return step


def _within(steps: Steps) -> Step:
    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        walk.fields(element, steps, found)

    return step


def _code(walk: Reader, element: etree._Element, found: Found) -> None:
    if element.attrib or len(element):
        walk.beside(element, MEANS_LIST, "name")
    code = text_of(element, "BT-81")
    if code is not None:
        walk.put(element, walk.payment, "means_code", code, "BT-81")
    name = attribute_of(element, "name", "BT-82", TEXT.text)
    if name is not None:
        walk.put(element, walk.payment, "means_text", name, "BT-82")


def _due_date(walk: Reader, element: etree._Element, found: Found) -> None:
    if element.attrib or len(element):
        walk.beside(element)
    due = date_of(element, "BT-9")
    if due is not None:
        walk.put(element, found, "due_date", due, "BT-9")


def _card(aggregates: str) -> Step:
    table = (text("PrimaryAccountNumberID", "number"), text("HolderName", "holder"))
    steps = {f"{CBC}NetworkID": _network, **steps_of(table, "payment.card", aggregates)}

    def step(walk: Reader, element: etree._Element, found: Found) -> None:
        mark = walk.mark()
        values = walk.fields(element, steps, {})
        if "number" not in values:
            walk.instead(element, mark)
        elif "card" in walk.payment and walk.payment["card"] != PaymentCard(**values):
            walk.instead(element, mark, REPEATED)
        else:
            walk.payment["card"] = PaymentCard(**values)

    return step


def _network(walk: Reader, element: etree._Element, found: Found) -> None:
    walk.beside(element)
    value = (element.text or "").strip()
    if value and value not in _NO_NETWORKS:
        walk.loss(element, value, UNKNOWN)


def instructions(walk: Reader) -> PaymentInstructions | None:
    """BG-16, of what all PaymentMeans said and the creditor identifier (BT-90) of the payee, else of the seller."""
    values: dict[str, Any] = dict(walk.payment)
    debit: Found = {name: values.pop(name) for name in ("mandate", "debited_account") if name in values}
    for who in ("payee", "seller"):
        if who in walk.creditor_ids:
            element, creditor = walk.creditor_ids[who]
            walk.put(element, debit, "creditor_id", creditor.value, "BT-90")
    if debit:
        values["direct_debit"] = DirectDebit(**debit)
    values = seal(values)
    return PaymentInstructions(**values) if values else None
