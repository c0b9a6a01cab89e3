"""The words of the File API and the Document API, without a hub."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from fakturahub.clock import new_id
from fakturahub.dialects.pagero import documents, files
from fakturahub.exchange.archive import acknowledged_id, acknowledgement_id, is_acknowledgement
from fakturahub.exchange.files import Standing, reasons, standing
from fakturahub.model import DeliveryState, DocumentState, Identifier, Mode, PartyHeading
from fakturahub.storage.file_parts import FilePart

AT = datetime(2026, 11, 20, 8, 5, 9, 123_999, tzinfo=UTC)


def part(state: DocumentState, *deliveries: DeliveryState, mode: Mode = Mode.PROD, cancelled: bool = False) -> FilePart:
    one = uuid4()
    return FilePart(
        id=one,
        file_id=one,
        document_id=one,
        state=state,
        mode=mode,
        number=None,
        sha256=b"",
        cancelled_at=AT if cancelled else None,
        deliveries=tuple((uuid4(), state, None) for state in deliveries),
    )


@pytest.mark.parametrize(
    ("one", "how"),
    [
        (part(DocumentState.REJECTED), Standing.FAILED),
        (part(DocumentState.REJECTED, cancelled=True), Standing.CANCELLED),
        (part(DocumentState.WITHDRAWN), Standing.CANCELLED),
        (part(DocumentState.UNROUTABLE), Standing.WAITING),
        (part(DocumentState.UNROUTABLE, mode=Mode.TEST), Standing.WAITING),
        (part(DocumentState.ROUTED, mode=Mode.TEST), Standing.DONE),
        (part(DocumentState.ROUTED, DeliveryState.PENDING), Standing.UNDER_WAY),
        (part(DocumentState.ROUTED, DeliveryState.HELD), Standing.UNDER_WAY),
        (part(DocumentState.ROUTED, DeliveryState.RETRYING, DeliveryState.DELIVERED), Standing.UNDER_WAY),
        (part(DocumentState.DELIVERED, DeliveryState.DELIVERED), Standing.DONE),
        (part(DocumentState.FAILED, DeliveryState.FAILED), Standing.FAILED),
        (part(DocumentState.PARTLY_DELIVERED, DeliveryState.DELIVERED, DeliveryState.FAILED), Standing.FAILED),
    ],
)
def test_how_a_part_stands(one: FilePart, how: Standing) -> None:
    assert standing(one) is how
    assert set(files.STATUS) == set(Standing)


def test_reasons_where_what_was_known_is_erased() -> None:
    assert reasons(part(DocumentState.REJECTED), {}) == ("The document was rejected.",)
    assert reasons(part(DocumentState.UNROUTABLE), {}) == ("No receiver was found: nothing more is known.",)
    assert reasons(part(DocumentState.FAILED, DeliveryState.FAILED), {}) == ("The delivery was given up.",)
    assert reasons(part(DocumentState.ROUTED, DeliveryState.PENDING), {}) == ()


def test_ids_of_acknowledgements_are_those_of_their_documents() -> None:
    for _ in range(100):
        one = new_id()
        told = acknowledgement_id(one)
        assert (told.version, is_acknowledgement(told), is_acknowledgement(one)) == (8, True, False)
        assert acknowledged_id(told) == one
    assert acknowledgement_id(UUID("01a1fa6c-ac3b-7734-92c0-359f54da0438")) == UUID(
        "01a1fa6c-ac3b-8734-92c0-359f54da0438"
    )


def test_times_and_amounts() -> None:
    assert files.instant(AT) == "2026-11-20T08:05:09.123Z"
    told = {"1": "1.00", "1.5": "1.50", "1.25": "1.25", "1.125": "1.125", "-3": "-3.00", "1E+3": "1000.00", "0": "0.00"}
    assert {text: documents._amount(Decimal(text)) for text in told} == told


def test_identifiers_by_their_schemes() -> None:
    party = PartyHeading(
        endpoint=Identifier("7300009000118", "0088"),
        identifiers=(
            Identifier("7300009000118", "GLN"),
            Identifier("DK25468740", "0184"),
            Identifier("SE556000001101", "9955"),
            Identifier("4711", None),
        ),
        business_id=Identifier("DK25468740"),
        vat_id="DK25468740",
    )
    assert documents._ids(party) == [
        {"idType": "GLN", "value": "7300009000118"},
        {"idType": "UNDEFINED_ORGNR", "value": "DK25468740"},
        {"idType": "UNDEFINED_VAT", "value": "SE556000001101"},
        {"idType": "UNDEFINED", "value": "4711"},
        {"idType": "UNDEFINED_VAT", "value": "DK25468740"},
    ]
