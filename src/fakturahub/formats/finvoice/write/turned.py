"""A credit note of a negative total, turned into the invoice that it is.

Finvoice negates the figures of a credit note (INV02), so that a negative one would become positive, which is what some
senders write for an ordinary one: no receiver could tell the two apart. As an invoice of the opposite figures it says
the same (mapping 3.9: what is still negative becomes an invoice 380).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec

from fakturahub.formats.finvoice.leaves import negated
from fakturahub.formats.finvoice.write.sheet import RECOMPUTED, said
from fakturahub.model import Loss
from fakturahub.model.invoice import AllowanceCharge, Invoice
from fakturahub.model.terms import stated

#: the type that it gets (BT-3)
_INVOICE = "380"
# What has a direction: amounts and quantities, never prices, percentages and rates.
_FIGURES = frozenset(f"BT-{number}" for number in (92, 93, 99, 100, *range(106, 118), 129, 131, 136, 137, 141, 142))

_Part = TypeVar("_Part", bound=msgspec.Struct)


def turned(invoice: Invoice) -> tuple[Invoice, list[Loss]]:
    """*invoice* as the invoice of the opposite figures, and a report of its type and of each of them.

    Any other document than a credit note of a negative total (BT-112) comes back as it is.
    """
    if not invoice.is_credit_note or invoice.totals.with_vat is None or invoice.totals.with_vat >= 0:
        return invoice, []
    losses = [Loss("BT-3", str(invoice.type_code), RECOMPUTED, "type_code")]
    losses += [
        Loss(each.term, said(each.value), RECOMPUTED, each.path)
        for each in stated(invoice)
        if each.term in _FIGURES and each.value
    ]
    made = msgspec.structs.replace(
        invoice,
        type_code=_INVOICE,
        allowances=_turned_all(invoice.allowances),
        charges=_turned_all(invoice.charges),
        totals=_opposite(invoice.totals, *invoice.totals.__struct_fields__),
        vat=tuple(_opposite(each, "taxable", "tax") for each in invoice.vat),
        lines=tuple(
            msgspec.structs.replace(
                _opposite(line, "quantity", "amount"),
                allowances=_turned_all(line.allowances),
                charges=_turned_all(line.charges),
            )
            for line in invoice.lines
        ),
    )
    return made, losses


def _turned_all(several: tuple[AllowanceCharge, ...]) -> tuple[AllowanceCharge, ...]:
    return tuple(_opposite(each, "amount", "base") for each in several)


def _opposite(part: _Part, *fields: str) -> _Part:
    values = {field: getattr(part, field) for field in fields}
    return msgspec.structs.replace(
        part, **{field: negated(value) for field, value in values.items() if isinstance(value, Decimal)}
    )
