"""A payslip as a noun, and its heading. Paths: payslipxml-2-0.xsd.

A person's identity code is taken into a value that does not show itself; no message of this module quotes a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lxml import etree

from fakturahub.errors import BadValue, MissingTerm, UnknownDocument
from fakturahub.formats.embedded import too_many
from fakturahub.formats.headings import postal_heading
from fakturahub.formats.payslip.detect import TAG
from fakturahub.formats.syntax import Reading
from fakturahub.formats.values import place_of, text_of
from fakturahub.formats.walk import REPEATED, UNKNOWN, Fields, Step, Walk, many, one, part, parts
from fakturahub.intake.limits import ATTACHMENT, TEXT
from fakturahub.model import Attachment, AttachmentHeading, Heading, Identifier, Kind, Loss, PartyHeading, Recognition
from fakturahub.model.payslip import DeliveryChannel, Employee, Payslip, PayslipAddress, PayslipFile, PersonId

#: the version that this reader knows
VERSION = "2.0"

# PayDateType.
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
# NetPayment/Value is a string of the sender's: 2500.00, 2 500,00.
_AMOUNT = re.compile(r"-?[0-9]{1,3}(?:[ \u00a0\u202f]?[0-9]{3}){0,8}(?:[.,][0-9]{1,4})?")
_INDEX = re.compile(r"[1-9][0-9]{0,8}")


def _table(steps: Mapping[str, Step[Fields]]) -> dict[str, Step[Fields]]:
    return {TAG + name: step for name, step in steps.items()}


def _pay_date(walk: Walk, element: etree._Element, into: Fields) -> None:
    walk.leaf(element)
    text = text_of(element, "PayDate")
    if text is None:
        return
    if "pay_date" in into:
        walk.loss(element, text, REPEATED)
        return
    form = _DATE.fullmatch(text)
    try:
        if form is None:
            raise ValueError
        into["pay_date"] = date(int(form[1]), int(form[2]), int(form[3]))
    except ValueError:
        raise BadValue(
            "The date of payment is no date; a date is written 20261120.", term="PayDate", place=place_of(element)
        ) from None


def _net(walk: Walk, element: etree._Element, into: Fields) -> None:
    walk.leaf(element)
    text = text_of(element, "NetPayment")
    if text is None:
        return
    if "net" in into:
        walk.loss(element, text, REPEATED)
    elif _AMOUNT.fullmatch(text):
        into["net"] = Decimal("".join(text.split()).replace(",", "."))
    else:
        walk.loss(element, text, UNKNOWN)


def _index(walk: Walk, element: etree._Element, into: Fields) -> None:
    walk.leaf(element)
    text = text_of(element, "AttachmentIndex")
    if text is None:
        return
    if "index" not in into and _INDEX.fullmatch(text):
        into["index"] = int(text)
    else:
        walk.loss(element, text, REPEATED if "index" in into else UNKNOWN)


def _person(walk: Walk, element: etree._Element, into: Fields) -> None:
    walk.leaf(element)
    text = text_of(element, "PersonID")
    if text is None:
        return
    if "person" in into:
        walk.loss(element, text, REPEATED)
    else:
        into["person"] = PersonId(text)


def _version(walk: Walk, element: etree._Element, into: Fields) -> None:
    walk.leaf(element)
    text = text_of(element, "Version")
    if text is not None and text != VERSION:
        walk.loss(element, text, UNKNOWN)


def _address(found: Fields) -> PayslipAddress:
    name = found.pop("name", {})
    return PayslipAddress(names=tuple(found.pop("names", ())), lines=tuple(found.pop("lines", ())), **found, **name)


def _employee(found: Fields) -> Employee:
    return Employee(**found.pop("identity", {}).get("employee", {}), **found.pop("name", {}))


def _channel(found: Fields) -> DeliveryChannel:
    return DeliveryChannel(method=found.get("method"), **found.get("info", {}))


def _identifier(found: Fields) -> Identifier:
    return Identifier(found.get("value", ""), found.get("authority"))


def _same(found: Fields) -> Fields:
    return found


_PERSON_NAME = part("name", _table({"ForeName": one("fore_name"), "SurName": one("surname")}), _same)

_ADDRESS = _table(
    {
        "Name": many("names"),
        "RecipientName": _PERSON_NAME,
        "AddressLine": many("lines"),
        "PostalCode": one("post_code", TEXT.identifier),
        "PostOffice": one("town"),
        "CountryCode": one("country", TEXT.identifier),
    }
)

_CHANNEL = _table(
    {
        "DeliveryMethodCode": one("method", TEXT.identifier),
        "DeliveryInfo": part(
            "info",
            _table(
                {
                    "BankCode": one("bank", TEXT.identifier),
                    "ReplyToEmail": one("reply_to"),
                    "RecipientTelephone": one("telephone", TEXT.identifier),
                    "RecipientEmailAddress": one("email"),
                }
            ),
            _same,
        ),
    }
)

_HEADER = _table(
    {
        "MessageId": one("number", TEXT.identifier),
        "Timestamp": one("timestamp", TEXT.identifier),
        "DocumentTitle": part("title", _table({"Value": many("titles")}), _same),
        "PayDate": _pay_date,
        "NetPayment": part("payment", _table({"Label": one("net_label"), "Value": _net}), _same),
        "Payer": one("payer"),
        "PartyIdentifications": part(
            "identifications",
            _table(
                {
                    "PartyIdentificationId": parts(
                        "ids",
                        _table(
                            {"Authority": one("authority", TEXT.identifier), "Value": one("value", TEXT.identifier)}
                        ),
                        _identifier,
                    )
                }
            ),
            _same,
        ),
        "DeliveryChannels": part(
            "delivery",
            _table({"DeliveryChannel": parts("channels", _CHANNEL, _channel)}),
            _same,
        ),
        "LanguageCode": one("language", TEXT.identifier),
        "Attachments": part(
            "attached",
            _table(
                {
                    "Attachment": parts(
                        "files",
                        _table(
                            {
                                "AttachmentIndex": _index,
                                "FileType": one("type", TEXT.identifier),
                                "Filename": one("name"),
                            }
                        ),
                        lambda found: PayslipFile(**found),
                    )
                }
            ),
            _same,
        ),
    }
)

_PAYSLIP = _table(
    {
        "Version": _version,
        "HeaderData": part("header", _HEADER, _same),
        "Delivery": part(
            "delivery",
            _table({"Sender": part("sender", _ADDRESS, _address), "Recipient": part("recipient", _ADDRESS, _address)}),
            _same,
        ),
        "Employee": part(
            "employee",
            _table(
                {
                    "Identity": part(
                        "identity",
                        _table(
                            {
                                "EmployeeIdentity": part(
                                    "employee",
                                    _table({"PersonID": _person, "EmployeeID": one("number", TEXT.identifier)}),
                                    _same,
                                )
                            }
                        ),
                        _same,
                    ),
                    "EmployeeName": _PERSON_NAME,
                }
            ),
            _employee,
        ),
    }
)


def read(root: etree._Element, recognition: Recognition) -> Reading:
    """The payslip in *root*, with what the hub does not have to understand of it as losses.

    Raises ``MissingTerm`` without a number, ``BadValue`` for a date that is none and a text that is too long, and
    ``UnreadableAttachment`` for too many files.
    """
    payslip, losses = _read(root)
    return Reading(payslip, losses)


def heading(root: etree._Element, recognition: Recognition) -> Heading:
    """Number, date of payment, parties by name, files; neither what is paid nor who the person is beyond the name.

    Raises ``MissingTerm``, ``BadValue``.
    """
    payslip, _ = _read(root)
    recipient = payslip.recipient or PayslipAddress()
    return Heading(
        kind=Kind.PAYSLIP,
        number=payslip.number,
        issue_date=payslip.pay_date,
        seller=PartyHeading(
            name=payslip.payer,
            identifiers=payslip.payer_ids[: TEXT.identifiers],
            country=payslip.sender.country if payslip.sender else None,
        ),
        buyer=PartyHeading(
            name=" ".join(name for name in (*recipient.names, recipient.fore_name, recipient.surname) if name)[
                : TEXT.text
            ]
            or None,
            country=recipient.country,
        ),
        attachments=tuple(AttachmentHeading(name=file.name) for file in payslip.files),
        buyer_email=next((channel.email for channel in payslip.channels if channel.email), None),
        buyer_address=postal_heading(recipient.lines, recipient.town, recipient.post_code),
    )


def attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """None: the files of a payslip lie beside it."""
    return ()


def _read(root: etree._Element) -> tuple[Payslip, tuple[Loss, ...]]:
    walk = Walk()
    walk.attributes(root)
    payslip = root.find(f"{TAG}Payslip")
    if payslip is None:
        raise UnknownDocument("There is no payslip in the element Payslips.")
    for other in root:
        if other is not payslip:
            walk.unknown(other)
    found: Fields = walk.children(payslip, _PAYSLIP, {})
    header = found.get("header", {})
    if "number" not in header:
        raise MissingTerm("The payslip has no number.", term="MessageId", place=place_of(payslip))
    files = header.get("attached", {}).get("files", ())
    if len(files) > ATTACHMENT.count:
        raise too_many(payslip)
    payment, delivery = header.get("payment", {}), found.get("delivery", {})
    noun = Payslip(
        number=header["number"],
        timestamp=header.get("timestamp"),
        titles=tuple(header.get("title", {}).get("titles", ())),
        pay_date=header.get("pay_date"),
        net=payment.get("net"),
        net_label=payment.get("net_label"),
        payer=header.get("payer"),
        payer_ids=tuple(
            identifier
            for identifier in header.get("identifications", {}).get("ids", ())
            if identifier.value or identifier.scheme
        ),
        language=header.get("language"),
        channels=tuple(header.get("delivery", {}).get("channels", ())),
        files=tuple(files),
        sender=delivery.get("sender"),
        recipient=delivery.get("recipient"),
        employee=found.get("employee"),
    )
    return noun, tuple(walk.losses)
