"""Finvoice 1.0 to 3.0 of Finance Finland, bare or behind a SOAP frame."""

from __future__ import annotations

from lxml import etree

from fakturahub.formats.finvoice.detect import FRAME, VERSIONS, detect
from fakturahub.formats.finvoice.framing import parse_document, split, unframed
from fakturahub.formats.finvoice.heading import heading
from fakturahub.formats.finvoice.read import read
from fakturahub.formats.finvoice.write import write_bare, write_framed
from fakturahub.formats.syntax import Syntax
from fakturahub.model import Attachment

__all__ = ["FRAME", "NAMES", "SYNTAX", "split"]

#: what `detect` calls documents that can be read
NAMES = tuple(f"finvoice-{version}{frame}" for version in VERSIONS for frame in ("", "-soap"))


def _attachments(root: etree._Element) -> tuple[Attachment, ...]:
    """Nothing is embedded in a Finvoice; its files lie beside it, and the heading names them."""
    return ()


SYNTAX = Syntax(
    family="finvoice",
    detect=detect,
    heading=heading,
    attachments=_attachments,
    read=read,
    writers={"finvoice-3.0": write_bare, "finvoice-3.0-soap": write_framed},
    split=split,
    unframed=unframed,
    parse=parse_document,
    allows_doctype=True,
)
