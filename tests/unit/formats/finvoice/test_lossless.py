"""Nothing of a Finvoice is lost in silence: each leaf of each real file is in the model or in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakturahub.intake.xml import sniff
from fakturahub.model.invoice import Invoice
from tests.unit.formats.finvoice.documents import finvoice, invoice, opened, reading, real_files
from tests.unit.formats.prove import unaccounted, unheard

# Attributes that say in which form the value beside them is written; the schema allows one value for most of them.
_FORMS = ("@Format", "@Version", "@IdentificationSchemeName", "@CodeListAgencyIdentifier")
# What says once more what a code or a figure beside it says. That it is looked at, and reported where it says something
# else, is shown by `unheard`, which changes each of them.
_REPEATS = (
    *(
        "InvoiceTypeCode",
        "InvoiceTypeText",
        "InvoiceUrlNameText",
        "OriginCode",
        "CountryName",
        "PaymentStatusCode",
        "SpecificationIdentifier",
    ),
    *("@QuantityUnitCode", "@UnitPriceUnitCode", "RowVatAmount", "RowAmount", "VirtualBankBarcode"),
    "@DefinitionCode",
    *("EpiReference", "EpiCharge", "@ChargeOption", "EpiNameAddressDetails", "FromIdentifier/@SchemeID"),
    *("ToIdentifier/@SchemeID", "DefinitionHeaderText", "DefinitionValue", "StartDate", "RowFreeText"),
)


def _form(path: str, value: str) -> bool:
    return path.endswith(_FORMS)


def _prescribed(path: str, value: str) -> bool:
    return path.endswith((*_FORMS, *_REPEATS))


def _bare(data: bytes) -> bytes:
    """The invoice without the frame before it: the provers look at one tree."""
    at = data.find(b"</SOAP-ENV:Envelope>")
    return data if at < 0 else data[at + 20 :].lstrip()


def test_every_leaf_of_every_real_file_is_accounted_for(shared: Path) -> None:
    silent = {
        file.name: missing
        for file in real_files(shared)
        if (missing := unaccounted(_bare(file.read_bytes()), reading(_bare(file.read_bytes())), prescribed=_prescribed))
    }
    assert silent == {}


@pytest.mark.parametrize(
    "name", ["gobl_invoice_3.0.xml", "gobl_credit_note_1.3.xml", "rfinvoice_1.0.xml", "finvoice201_wo_SOAP_example.xml"]
)
def test_every_leaf_of_a_real_file_is_listened_to(shared: Path, name: str) -> None:
    assert unheard((shared / "samples/finvoice" / name).read_bytes(), reading, prescribed=_form) == []


@pytest.mark.conformance
def test_every_leaf_of_all_real_files_is_listened_to(shared: Path) -> None:
    silent = {
        file.name: missing
        for file in real_files(shared)
        if (missing := unheard(_bare(file.read_bytes()), reading, prescribed=_form))
    }
    assert silent == {}


def test_unknown_elements_and_attributes_are_reported() -> None:
    data = finvoice(
        head="<New><Deep a='1'>x</Deep></New>", details="<Newer>y</Newer>", tail="<StorageUrlText>z</StorageUrlText>"
    )
    read = reading(data)
    assert {"1", "x", "y"} <= {loss.value for loss in read.losses}
    # This one Finvoice knows: it is kept.
    assert isinstance(read.noun, Invoice)
    assert [each.words for each in read.noun.extensions] == ["Storage url text: z"]
    assert invoice(data).number == "1001"


def test_a_file_that_a_frame_is_cut_from_has_the_same_leaves(shared: Path) -> None:
    data = (shared / "samples/finvoice/gobl_soap_framed_3.0.xml").read_bytes()
    whole, alone = reading(data), reading(_bare(data))
    assert whole.noun == alone.noun
    # All the texts of the frame are told but the two addresses and what the guidelines write into every frame.
    frame = opened(data)[0][0]
    texts = {text.strip() for text in frame.itertext() if text.strip()}
    texts -= {"Sender", "Receiver", "Intermediator", "Routing", "ProcessInvoice", "yoursandmycpa"}
    assert texts - {loss.value for loss in whole.losses} <= {"003776543212", "003745678907"}
    assert sniff(data).root == "Envelope"
