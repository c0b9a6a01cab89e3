"""The receiver's address stands in the windows of the country's envelopes, however the sheet lies in them."""

from __future__ import annotations

import msgspec
import pytest

from fakturahub import formats
from fakturahub.model.invoice import Invoice, Party, PostalAddress
from fakturahub.render.page import pdf
from fakturahub.render.page.windows import ENVELOPES, WINDOWS, Envelope, window_of
from fakturahub.render.parts import Style
from fakturahub.render.sheet import sheet_of
from tests.running import INVOICE
from tests.unit.render.boxes import MILLIMETRE, boxes_of
from tests.unit.render.seen import AT

SHEET = 210
HEIGHT = 297


class Area:
    """A part of the sheet, millimetres from its upper left."""

    def __init__(self, left: float, top: float, right: float, bottom: float) -> None:
        self.left, self.top, self.right, self.bottom = left, top, right, bottom

    def lines(self, pdf: bytes) -> list[str]:
        """The text of the first page that stands in it, wholly or in part, line by line."""
        found: dict[int, str] = {}
        for box in boxes_of(pdf)[0]:
            x, y = (box.left + box.right) / 2 / MILLIMETRE, HEIGHT - (box.bottom + box.top) / 2 / MILLIMETRE
            if self.left <= x <= self.right and self.top <= y <= self.bottom:
                place = next((known for known in found if abs(known - y) < 2), int(y))
                found[place] = found.get(place, "") + box.letter
        return list(found.values())


def always(envelope: Envelope) -> Area:
    """What shows wherever the folded sheet lies in *envelope*."""
    aside, down = envelope.width - SHEET, envelope.height - envelope.folded
    return Area(
        envelope.x, envelope.y, envelope.x + envelope.window_width - aside, envelope.y + envelope.window_height - down
    )


def ever(envelope: Envelope) -> Area:
    """What may show when the sheet lies in some corner of *envelope*."""
    aside, down = envelope.width - SHEET, envelope.height - envelope.folded
    return Area(
        envelope.x - aside, envelope.y - down, envelope.x + envelope.window_width, envelope.y + envelope.window_height
    )


def made(country: str, style: Style | None = None) -> bytes:
    """A page of a sender in *country* to a receiver with an address of three lines."""
    invoice = formats.read(INVOICE.read_bytes()).noun
    assert isinstance(invoice, Invoice)
    buyer = Party(name="Receiver AS", address=PostalAddress(line1="Street 1", post_code="1234", city="Town"))
    seller = Party(name="Sender AS", address=PostalAddress(line1="Road 9", city="City", country=country))
    own = msgspec.structs.replace(invoice, buyer=buyer, seller=seller)
    return pdf(sheet_of(own, language="en", style=style), at=AT)


ADDRESS = ["ReceiverAS", "Street1", "1234Town"]
BACK = "SenderAS·Road9·City"
EVERY = [(country, one) for country, envelopes in ENVELOPES.items() for one in envelopes]


@pytest.mark.parametrize(("country", "envelope"), EVERY, ids=[f"{country} {one.name}" for country, one in EVERY])
def test_the_address_shows_in_every_envelope_however_the_sheet_lies(country: str, envelope: Envelope) -> None:
    data = made(country)
    assert [line for line in always(envelope).lines(data) if line != BACK] == ADDRESS
    # Nothing but the address and the sender's own address above it can ever be read there.
    seen = "".join(ever(envelope).lines(data))
    assert seen.replace(BACK, "").replace("SenderAS", "") == "".join(ADDRESS)


def test_the_place_of_denmark_lies_in_norwegian_and_finnish_windows() -> None:
    data = made("DK")
    for envelope in (*ENVELOPES["NO"], *ENVELOPES["FI"]):
        assert [line for line in always(envelope).lines(data) if line != BACK] == ADDRESS, envelope.name


def test_the_place_of_sweden_is_the_norwegian_window_in_a_mirror() -> None:
    data = made("SE")
    for one in ENVELOPES["NO"]:
        mirrored = msgspec.structs.replace(one, x=one.width - one.x - one.window_width)
        # The address is set from the left, so only its beginning can be cut; a window of 95 mm and more shows it.
        assert [line for line in always(mirrored).lines(data) if line != BACK] == ADDRESS, one.name


@pytest.mark.parametrize("country", ["DE", "FR", ""])
def test_every_other_country_has_the_field_of_din_5008(country: str) -> None:
    assert window_of(country) == WINDOWS["DE"]
    assert Area(20, 62.7, 105, 90).lines(made(country)) == ADDRESS
    assert "".join(Area(20, 45, 105, 62.7).lines(made(country))) == BACK


def test_a_finnish_window_shows_nothing_of_the_sender() -> None:
    """SFS 2487; the name at the head of the page stands above the window."""
    data = made("FI")
    assert all(BACK not in line for line in Area(0, 0, SHEET, HEIGHT / 2).lines(data))
    assert Area(18, 35, 113, 75).lines(data) == ADDRESS


def test_a_company_chooses_the_side() -> None:
    assert window_of("SE").side == "right"
    for country in ("SE", "NO", "DK", "FI", "DE"):
        for side in ("left", "right"):
            assert window_of(country, side).side == side
        assert window_of(country, window_of(country).side) == window_of(country)
    assert Area(112, 40, 195, 62).lines(made("NO", Style(window="right"))) == [BACK, *ADDRESS]


def test_a_seller_without_an_address_has_the_envelope_of_its_vat_number() -> None:
    invoice = formats.read(INVOICE.read_bytes()).noun
    assert isinstance(invoice, Invoice)
    for vat_id, country in (("FI01999207", "FI"), ("no123456785MVA", "NO"), ("123", ""), (None, "")):
        own = msgspec.structs.replace(invoice, seller=Party(name="x", vat_id=vat_id))
        assert sheet_of(own, language="en").country == country
