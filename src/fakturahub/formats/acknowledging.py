"""What a Technical Acknowledgement takes from the document it is about, and how it is written."""

from __future__ import annotations

import re

import msgspec
from lxml import etree

from fakturahub.errors import DocumentRefused, TransferUnreadable
from fakturahub.formats import parsed
from fakturahub.formats.cii.names import RAM, RSM
from fakturahub.formats.ubl.acknowledgement import returned_information
from fakturahub.formats.ubl.acknowledgement import write_acknowledgement as write_acknowledgement
from fakturahub.formats.ubl.names import CBC
from fakturahub.intake.zip import is_zip

#: where documents state what they are by a code of UNTDID 1001; Finvoice has words of its own for that
_TYPE_CODES = (f"{CBC}InvoiceTypeCode", f"{CBC}CreditNoteTypeCode", f"{RSM}ExchangedDocument/{RAM}TypeCode")
_CODE = re.compile(r"[0-9A-Z]{1,3}")


class Referred(msgspec.Struct, frozen=True):
    """What a response says of a document beside its number and date."""

    #: UNTDID 1001, None where the document states none
    type_code: str | None = None
    #: key and value of what its sender wants back
    restricted: tuple[tuple[str, str], ...] = ()


def referred(data: bytes) -> Referred:
    """What the document *data* says to a response. Of bytes that are no document here, and of none at all, nothing."""
    if not data or is_zip(data):
        return Referred()
    try:
        root = parsed(data).root
    except (DocumentRefused, TransferUnreadable):
        return Referred()
    return Referred(_type_code(root), returned_information(root))


def _type_code(root: etree._Element) -> str | None:
    for path in _TYPE_CODES:
        code = str(root.findtext(path) or "").strip()
        if _CODE.fullmatch(code):
            return code
    return None
