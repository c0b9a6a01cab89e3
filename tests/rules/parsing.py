"""A document as the engine takes it."""

from __future__ import annotations

from lxml import etree
from lxml.etree import _Element as Element


def parsed(text: str) -> Element:
    """The document's root, comments kept: Saxon sees them, too."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(text.encode(), parser)
