"""Writing the parties of a Cross Industry Invoice."""

from __future__ import annotations

from fakturahub.formats.cii.markup import container, day, identified, leaf
from fakturahub.formats.cii.report import Report
from fakturahub.formats.codes import NO_PLACE
from fakturahub.model import Identifier
from fakturahub.model.invoice import Delivery, Party, Payee, PostalAddress, TaxRepresentative
from fakturahub.model.terms import TERM


def _id_or_global_id(identifier: Identifier | None, place: str, report: Report) -> str:
    stated = report.identifier(identifier, "icd", TERM[place], place)
    return identified("GlobalID" if stated is not None and stated.scheme else "ID", stated)


def party(party: Party, role: str, report: Report) -> str:
    """What is in SellerTradeParty and BuyerTradeParty; *role* is the field of the invoice."""
    contact = party.contact
    term = TERM[f"{role}.identifiers"]
    identifiers = [
        report.identifier(one, "icd", term, f"{role}.identifiers[{at}]") for at, one in enumerate(party.identifiers)
    ]
    legal_id = report.identifier(party.legal_id, "icd", TERM[f"{role}.legal_id"], f"{role}.legal_id")
    endpoint = report.schemed(party.endpoint, "eas", TERM[f"{role}.endpoint"], f"{role}.endpoint")
    seller = role == "seller"
    if not seller:
        # EN 16931 has these for the seller only.
        for name in ("tax_registration", "legal_information"):
            value = getattr(party, name)
            if value:
                report.lose("BG-7", value, NO_PLACE, f"{role}.{name}")
    return "".join(
        (
            *(identified("ID", one) for one in identifiers if one is not None and not one.scheme),
            *(identified("GlobalID", one) for one in identifiers if one is not None and one.scheme),
            leaf("Name", party.name),
            leaf("Description", party.legal_information) if seller else "",
            container(
                "SpecifiedLegalOrganization",
                identified("ID", legal_id),
                leaf("TradingBusinessName", party.trading_name),
            ),
            container(
                "DefinedTradeContact",
                leaf("PersonName", contact.name),
                container("TelephoneUniversalCommunication", leaf("CompleteNumber", contact.telephone)),
                container("EmailURIUniversalCommunication", leaf("URIID", contact.email)),
            )
            if contact is not None
            else "",
            _address(party.address),
            container("URIUniversalCommunication", identified("URIID", endpoint)),
            _registration(party.vat_id, "VA"),
            _registration(party.tax_registration, "FC") if seller else "",
        )
    )


def representative(party: TaxRepresentative | None) -> str:
    """SellerTaxRepresentativeTradeParty."""
    if party is None:
        return ""
    return container(
        "SellerTaxRepresentativeTradeParty",
        leaf("Name", party.name),
        _address(party.address),
        _registration(party.vat_id, "VA"),
    )


def payee(party: Payee | None, report: Report) -> str:
    """PayeeTradeParty."""
    if party is None:
        return ""
    legal_id = report.identifier(party.legal_id, "icd", "BT-61", "payee.legal_id")
    return container(
        "PayeeTradeParty",
        _id_or_global_id(party.identifier, "payee.identifier", report),
        leaf("Name", party.name),
        container("SpecifiedLegalOrganization", identified("ID", legal_id)),
    )


def delivered(delivery: Delivery | None, report: Report) -> str:
    """ShipToTradeParty and the date of delivery."""
    if delivery is None:
        return ""
    return container(
        "ShipToTradeParty",
        _id_or_global_id(delivery.location, "delivery.location", report),
        leaf("Name", delivery.party_name),
        _address(delivery.address),
    ) + container("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", delivery.actual_date))


def _address(address: PostalAddress | None) -> str:
    if address is None:
        return ""
    return container(
        "PostalTradeAddress",
        leaf("PostcodeCode", address.post_code),
        leaf("LineOne", address.line1),
        leaf("LineTwo", address.line2),
        leaf("LineThree", address.line3),
        leaf("CityName", address.city),
        leaf("CountryID", address.country),
        leaf("CountrySubDivisionName", address.subdivision),
    )


def _registration(value: str | None, scheme: str) -> str:
    return container("SpecifiedTaxRegistration", leaf("ID", value, f' schemeID="{scheme}"'))
