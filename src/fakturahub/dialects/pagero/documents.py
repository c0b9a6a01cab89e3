"""The Document API's messages (specs/pagero.md, section 4.2): conditions of a list, and documents as it shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from fakturahub.dialects.pagero.files import MODES, check_company, company_id, instant
from fakturahub.errors import BadRequest
from fakturahub.exchange.archive import COUNTED, Conditions, Item, Source
from fakturahub.identity.companies import Company
from fakturahub.model import Heading, Identifier, Kind, Mode, PartyHeading, PostalHeading

#: Our kinds in the API's words; a client in the wild knows the first three. The rest is [our choice].
DOCUMENT_TYPES: Mapping[Kind, str] = {
    Kind.INVOICE: "Invoice",
    Kind.CREDIT_NOTE: "Invoice",
    Kind.REMINDER: "PaymentReminder",
    Kind.RESPONSE: "ApplicationResponse",
    Kind.ORDER: "Order",
    Kind.LETTER: "Letter",
    Kind.PAYSLIP: "Payslip",
    Kind.OTHER: "Other",
}
#: A word of its own, so that who asks for a buyer's answer (ApplicationResponse) never takes this for one. [our choice]
ACKNOWLEDGEMENT = "TechnicalAcknowledgement"
_SUB_TYPES = {Kind.INVOICE: "Debit", Kind.CREDIT_NOTE: "Credit"}
#: UNCL4343 codes of a response in the API's words; of any other no sub-type is told, which a client passes over
RESPONSES: Mapping[str, str] = {"AP": "RecipientAccept", "RE": "RecipientReject"}
#: our channels in the API's words (PUF DistributionMethod)
DISTRIBUTION: Mapping[str, str] = {
    "inbox": "Electronic",
    "http": "Electronic",
    "pushed": "Electronic",
    "email": "Email",
    "print": "Print",
}

#: documents on a page where nothing is said, and at most
PAGE, MOST = 10, 1_000
#: how far a page may lie from the newest document: what is further is found by its number
FURTHEST = COUNTED

#: Codes of identifier schemes (ISO 6523 ICD and EAS) in the API's words; what is in none of them is "UNDEFINED".
#: [our choice] of which codes are which; the words are those of a sample
_GLN = frozenset({"0088", "GLN", "EAN"})
_ORGNR = frozenset({"0002", "0007", "0009", "0106", "0184", "0192", "0196", "0208", "0212", "0204"})
_VAT = frozenset({"0213", "0211", "VAT", *(str(code) for code in range(9906, 9958))})


class Fetch(msgspec.Struct, frozen=True):
    """The body of a call that marks documents as fetched."""

    ids: list[UUID]


class Query:
    """The parameters of a request: names whatever their case, values that were given."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in items:
            self._values.setdefault(name.lower(), []).append(value)

    def all(self, name: str) -> list[str]:
        """The values of a parameter. Raises `BadRequest` for an empty one: what was meant to narrow must not widen."""
        values = [value.strip() for value in self._values.get(name.lower(), [])]
        if "" in values:
            raise BadRequest(f"The parameter {name} is empty.")
        if any(len(value) > 255 for value in values) or len(values) > 50:
            raise BadRequest(f"The parameter {name} is too long, or given too often.")
        if not all(value.isprintable() for value in values):
            raise BadRequest(f"The parameter {name} has a control character in it.")
        return values

    def one(self, name: str) -> str | None:
        """The value of a parameter, None where it is not given. Raises `BadRequest` for several."""
        values = self.all(name)
        if len(values) > 1:
            raise BadRequest(f"The parameter {name} is given {len(values)} times; it is taken once.")
        return values[0] if values else None

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """The value of a parameter that is a whole number. Raises `BadRequest`."""
        text = self.one(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 9 or not least <= int(text) <= most:
            raise BadRequest(f"The parameter {name} has to be a whole number from {least:,} to {most:,}.")
        return int(text)

    def word(self, name: str, known: Iterable[str]) -> str | None:
        """The value of a parameter that is one of *known*, whatever its case. Raises `BadRequest`."""
        text = self.one(name)
        return None if text is None else _known(name, text, known)

    def words(self, name: str, known: Iterable[str]) -> list[str]:
        """The same of a parameter that may be given several times."""
        return [_known(name, text, known) for text in self.all(name)]

    def id(self, name: str) -> UUID | None:
        """The value of a parameter that is an id. Raises `BadRequest`."""
        text = self.one(name)
        if text is None:
            return None
        try:
            return UUID(text)
        except ValueError as error:
            raise BadRequest(f"The parameter {name} is no id of this hub.") from error


def _known(name: str, text: str, known: Iterable[str]) -> str:
    by_form = {one.lower(): one for one in known}
    found = by_form.get(text.lower())
    if found is None:
        raise BadRequest(f'The parameter {name} says "{text[:100]}"; known are {", ".join(by_form.values())}.')
    return found


def conditions(query: Query, company: Company) -> Conditions:
    """Which documents a request asks for. What is not known among its parameters is passed over.

    ``showFetchedOnly`` [inferred]: a client asks for ``false``, marks what it got as fetched, and must not get it again
    the next time; so ``false`` is what was not fetched, ``true`` what was, and without it both are listed.

    Raises `BadRequest` for a value that is not known, `PermissionDenied` for the id of another company.
    """
    check_company(company, query.one("companyId"), "The parameter companyId")
    direction = query.word("direction", ("Sent", "Received"))
    fetched = query.word("showFetchedOnly", ("true", "false"))
    types = query.words("documentType", dict.fromkeys((*DOCUMENT_TYPES.values(), ACKNOWLEDGEMENT)))
    modes = query.words("sendMode", MODES.values())
    return Conditions(
        sent=direction != "Received",
        received=direction != "Sent",
        # Listed only where they are asked for: who looks for the document of a file wants that, and takes the first.
        acknowledgements=ACKNOWLEDGEMENT in types,
        fetched=None if fetched is None else fetched == "true",
        kinds=frozenset(kind for kind, word in DOCUMENT_TYPES.items() if word in types) if types else None,
        number=query.one("documentIdentifier"),
        answered=query.one("referenceDocumentIdentifier"),
        modes=frozenset(mode for mode, word in MODES.items() if word in modes) if modes else None,
        file=query.id("fileId"),
    )


def document(item: Item, company: Company) -> dict[str, Any]:
    """A document as the API shows it."""
    if item.source is Source.ACKNOWLEDGEMENT:
        return _acknowledgement(item)
    sent = item.source is Source.SENT
    heading = item.heading
    shown: dict[str, Any] = {
        "attachments": [{"name": one.name or one.id or "", "mimeType": one.mime or ""} for one in heading.attachments],
        "createTime": instant(item.at),
        "distribution": DISTRIBUTION.get(item.channel or "", "None"),
        "documentInfo": _info(item),
        "documentReferences": _references(heading),
        "eventDetails": [
            {"eventType": one.kind, "eventTime": instant(one.at), "description": one.why or ""} for one in item.events
        ],
        "fileId": str(item.file_id),
        "id": str(item.id),
        "isFetched": item.fetched_at is not None,
        "isSelfBilled": "self-billed" in (item.syntax or ""),
        "sendMode": MODES[Mode(item.mode)],
    }
    if sent:
        shown["sendingCompanyId"] = company_id(company)
    shown["validationErrors"] = {"noOfErrors": item.errors}
    return shown


def identifier(item: Item) -> str:
    """What a document is called: by its number; a response by that of the document it answers, as a client expects."""
    if item.kind is Kind.RESPONSE and item.heading.answered is not None:
        return item.heading.answered
    return item.number or ""


def _info(item: Item) -> dict[str, Any]:
    heading = item.heading
    info: dict[str, Any] = {"amounts": _amounts(heading)} if heading.currency is not None else {}
    info |= {
        "direction": "Sent" if item.source is Source.SENT else "Received",
        "documentIdentifier": identifier(item),
    }
    sub_type = RESPONSES.get(heading.response or "") if item.kind is Kind.RESPONSE else _SUB_TYPES.get(item.kind)
    if sub_type is not None:
        info["documentSubType"] = sub_type
    info["documentType"] = DOCUMENT_TYPES[item.kind]
    if heading.due_date is not None:
        info["dueDate"] = heading.due_date.isoformat()
    if heading.issue_date is not None:
        info["issueDate"] = heading.issue_date.isoformat()
    info["receiverParty"] = _party(heading.buyer, heading.buyer_address, heading.buyer_email)
    info["senderParty"] = _party(heading.seller, None, None)
    return info


def _amounts(heading: Heading) -> dict[str, str]:
    """As stated; the VAT is the difference of the totals with and without it (EN 16931, BR-CO-15)."""
    total = heading.total if heading.total is not None else heading.payable
    amounts = {"currency": heading.currency or ""}
    if heading.net is not None:
        amounts["netAmount"] = _amount(heading.net)
    if total is not None:
        amounts["totalAmount"] = _amount(total)
    if heading.net is not None and heading.total is not None:
        amounts["vatAmount"] = _amount(heading.total - heading.net)
    return amounts


def _amount(value: Decimal) -> str:
    """With the decimals it was stated with, two at least."""
    exponent = value.as_tuple().exponent
    return f"{value:.2f}" if not isinstance(exponent, int) or exponent > -2 else f"{value:f}"


def _party(party: PartyHeading, address: PostalHeading | None, email: str | None) -> dict[str, Any]:
    stated = {
        "countryCode": party.country,
        "postCode": None if address is None else address.post_code,
        "street": None if address is None or not address.lines else ", ".join(address.lines),
        "town": None if address is None else address.city,
    }
    shown: dict[str, Any] = {"address": {name: value for name, value in stated.items() if value}, "ids": _ids(party)}
    if party.name is not None:
        shown["name"] = party.name
    if email is not None:
        shown["personalContact"] = {"email": email}
    return shown | {"type": "Business"}


def _ids(party: PartyHeading) -> list[dict[str, str]]:
    named = [_id_type(one) for one in (party.endpoint, *party.identifiers) if one is not None]
    if party.vat_id is not None:
        named.append(("UNDEFINED_VAT", party.vat_id))
    if party.business_id is not None:
        named.append(("UNDEFINED_ORGNR", party.business_id.value))
    return [{"idType": id_type, "value": value} for id_type, value in dict.fromkeys(named)]


def _id_type(one: Identifier) -> tuple[str, str]:
    scheme = (one.scheme or "").upper()
    for word, schemes in (("GLN", _GLN), ("UNDEFINED_VAT", _VAT), ("UNDEFINED_ORGNR", _ORGNR)):
        if scheme in schemes:
            return word, one.value
    return "UNDEFINED", one.value


def _references(heading: Heading) -> list[dict[str, str]]:
    stated = (("Invoice", heading.answered), ("Order", heading.order_reference))
    return [{"documentIdentifier": number, "documentType": kind} for kind, number in stated if number is not None]


def _acknowledgement(item: Item) -> dict[str, Any]:
    """A Technical Acknowledgement among the documents; its shape is that of a response."""
    return {
        "createTime": instant(item.at),
        "documentInfo": {
            "direction": "Received",
            "documentIdentifier": item.number or "",
            "documentSubType": "Accepted" if item.accepted else "Rejected",
            "documentType": ACKNOWLEDGEMENT,
        },
        "documentReferences": [
            {"documentIdentifier": item.number or "", "documentType": DOCUMENT_TYPES[item.kind]},
        ],
        "fileId": str(item.file_id),
        "id": str(item.id),
        "isFetched": item.fetched_at is not None,
        "sendMode": MODES[item.mode],
    }
