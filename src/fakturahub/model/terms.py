"""Which business term of EN 16931-1 each field of the model is, and a walk over all terms of a document.

Reports of losses, comparisons of two documents and tests speak in these numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fakturahub.model.heading import Attachment
from fakturahub.model.invoice import Classification, Extension, Invoice
from fakturahub.model.party import Identifier

#: path of a field, without the places in lists, to its term; groups are what their fields are in
TERM: dict[str, str] = {
    "number": "BT-1",
    "issue_date": "BT-2",
    "type_code": "BT-3",
    "currency": "BT-5",
    "accounting_currency": "BT-6",
    "tax_point_date": "BT-7",
    "tax_point_code": "BT-8",
    "due_date": "BT-9",
    "buyer_reference": "BT-10",
    "project": "BT-11",
    "contract": "BT-12",
    "order": "BT-13",
    "sales_order": "BT-14",
    "receiving_advice": "BT-15",
    "despatch_advice": "BT-16",
    "tender": "BT-17",
    "object_id": "BT-18",
    "buyer_accounting": "BT-19",
    "payment_terms": "BT-20",
    "notes.subject": "BT-21",
    "notes.text": "BT-22",
    "business_process": "BT-23",
    "specification": "BT-24",
    "preceding.number": "BT-25",
    "preceding.issue_date": "BT-26",
    "seller.name": "BT-27",
    "seller.trading_name": "BT-28",
    "seller.identifiers": "BT-29",
    "seller.legal_id": "BT-30",
    "seller.vat_id": "BT-31",
    "seller.tax_registration": "BT-32",
    "seller.legal_information": "BT-33",
    "seller.endpoint": "BT-34",
    "seller.address.line1": "BT-35",
    "seller.address.line2": "BT-36",
    "seller.address.line3": "BT-162",
    "seller.address.city": "BT-37",
    "seller.address.post_code": "BT-38",
    "seller.address.subdivision": "BT-39",
    "seller.address.country": "BT-40",
    "seller.contact.name": "BT-41",
    "seller.contact.telephone": "BT-42",
    "seller.contact.email": "BT-43",
    "buyer.name": "BT-44",
    "buyer.trading_name": "BT-45",
    "buyer.identifiers": "BT-46",
    "buyer.legal_id": "BT-47",
    "buyer.vat_id": "BT-48",
    "buyer.endpoint": "BT-49",
    "buyer.address.line1": "BT-50",
    "buyer.address.line2": "BT-51",
    "buyer.address.line3": "BT-163",
    "buyer.address.city": "BT-52",
    "buyer.address.post_code": "BT-53",
    "buyer.address.subdivision": "BT-54",
    "buyer.address.country": "BT-55",
    "buyer.contact.name": "BT-56",
    "buyer.contact.telephone": "BT-57",
    "buyer.contact.email": "BT-58",
    "payee.name": "BT-59",
    "payee.identifier": "BT-60",
    "payee.legal_id": "BT-61",
    "tax_representative.name": "BT-62",
    "tax_representative.vat_id": "BT-63",
    "tax_representative.address.line1": "BT-64",
    "tax_representative.address.line2": "BT-65",
    "tax_representative.address.line3": "BT-164",
    "tax_representative.address.city": "BT-66",
    "tax_representative.address.post_code": "BT-67",
    "tax_representative.address.subdivision": "BT-68",
    "tax_representative.address.country": "BT-69",
    "delivery.party_name": "BT-70",
    "delivery.location": "BT-71",
    "delivery.actual_date": "BT-72",
    "period.start": "BT-73",
    "period.end": "BT-74",
    "delivery.address.line1": "BT-75",
    "delivery.address.line2": "BT-76",
    "delivery.address.line3": "BT-165",
    "delivery.address.city": "BT-77",
    "delivery.address.post_code": "BT-78",
    "delivery.address.subdivision": "BT-79",
    "delivery.address.country": "BT-80",
    "payment.means_code": "BT-81",
    "payment.means_text": "BT-82",
    "payment.remittance": "BT-83",
    "payment.transfers.account": "BT-84",
    "payment.transfers.account_name": "BT-85",
    "payment.transfers.provider": "BT-86",
    "payment.card.number": "BT-87",
    "payment.card.holder": "BT-88",
    "payment.direct_debit.mandate": "BT-89",
    "payment.direct_debit.creditor_id": "BT-90",
    "payment.direct_debit.debited_account": "BT-91",
    "allowances.amount": "BT-92",
    "allowances.base": "BT-93",
    "allowances.percent": "BT-94",
    "allowances.vat_category": "BT-95",
    "allowances.vat_rate": "BT-96",
    "allowances.reason": "BT-97",
    "allowances.reason_code": "BT-98",
    "charges.amount": "BT-99",
    "charges.base": "BT-100",
    "charges.percent": "BT-101",
    "charges.vat_category": "BT-102",
    "charges.vat_rate": "BT-103",
    "charges.reason": "BT-104",
    "charges.reason_code": "BT-105",
    "totals.lines": "BT-106",
    "totals.allowances": "BT-107",
    "totals.charges": "BT-108",
    "totals.without_vat": "BT-109",
    "totals.vat": "BT-110",
    "totals.vat_accounting": "BT-111",
    "totals.with_vat": "BT-112",
    "totals.paid": "BT-113",
    "totals.rounding": "BT-114",
    "totals.payable": "BT-115",
    "vat.taxable": "BT-116",
    "vat.tax": "BT-117",
    "vat.category": "BT-118",
    "vat.rate": "BT-119",
    "vat.exemption_reason": "BT-120",
    "vat.exemption_code": "BT-121",
    "supporting.reference": "BT-122",
    "supporting.description": "BT-123",
    "supporting.uri": "BT-124",
    "supporting.attachment": "BT-125",
    "lines.id": "BT-126",
    "lines.note": "BT-127",
    "lines.object_id": "BT-128",
    "lines.quantity": "BT-129",
    "lines.unit": "BT-130",
    "lines.amount": "BT-131",
    "lines.order_line": "BT-132",
    "lines.buyer_accounting": "BT-133",
    "lines.period.start": "BT-134",
    "lines.period.end": "BT-135",
    "lines.allowances.amount": "BT-136",
    "lines.allowances.base": "BT-137",
    "lines.allowances.percent": "BT-138",
    "lines.allowances.reason": "BT-139",
    "lines.allowances.reason_code": "BT-140",
    "lines.charges.amount": "BT-141",
    "lines.charges.base": "BT-142",
    "lines.charges.percent": "BT-143",
    "lines.charges.reason": "BT-144",
    "lines.charges.reason_code": "BT-145",
    "lines.price.net": "BT-146",
    "lines.price.discount": "BT-147",
    "lines.price.gross": "BT-148",
    "lines.price.base_quantity": "BT-149",
    "lines.price.base_unit": "BT-150",
    "lines.item.vat_category": "BT-151",
    "lines.item.vat_rate": "BT-152",
    "lines.item.name": "BT-153",
    "lines.item.description": "BT-154",
    "lines.item.sellers_id": "BT-155",
    "lines.item.buyers_id": "BT-156",
    "lines.item.standard_id": "BT-157",
    "lines.item.classifications": "BT-158",
    "lines.item.origin": "BT-159",
    "lines.item.attributes.name": "BT-160",
    "lines.item.attributes.value": "BT-161",
}

#: path of a field that EN 16931 has no term for at this place -> the group that it is in
GROUP: dict[str, str] = {
    "buyer.tax_registration": "BG-7",
    "buyer.legal_information": "BG-7",
    "lines.allowances.vat_category": "BG-27",
    "lines.allowances.vat_rate": "BG-27",
    "lines.charges.vat_category": "BG-28",
    "lines.charges.vat_rate": "BG-28",
}

#: values that are one term although they have parts
_WHOLE = (Identifier, Attachment, Classification)


class Stated(msgspec.Struct, frozen=True):
    """One term that a document states."""

    #: BT number; that of the group where EN 16931 has no term for the field at its place
    term: str
    #: dotted path with places from 0: ``lines[2].item.name``
    path: str
    value: object


def stated(invoice: Invoice) -> Iterator[Stated]:
    """Every term that *invoice* states, in the order of the model. What stands in ``extensions`` has no term."""
    yield from _walk(invoice, "", "")


def _walk(noun: msgspec.Struct, path: str, key: str) -> Iterator[Stated]:
    for field in noun.__struct_fields__:
        value = getattr(noun, field)
        if value is None or value == ():
            continue
        here, name = f"{path}.{field}".lstrip("."), f"{key}.{field}".lstrip(".")
        members = enumerate(value) if isinstance(value, tuple) else ((None, value),)
        for place, member in members:
            where = here if place is None else f"{here}[{place}]"
            if isinstance(member, Extension) or field == "is_picture":
                continue
            if isinstance(member, msgspec.Struct) and not isinstance(member, _WHOLE):
                yield from _walk(member, where, name)
            else:
                yield Stated(TERM.get(name) or GROUP[name], where, member)
