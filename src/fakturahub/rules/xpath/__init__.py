"""XPath 2.0 as written in rule packs: text to syntax tree."""

from __future__ import annotations

from fakturahub.rules.xpath.parser import XPathRefused, parse

__all__ = ["XPathRefused", "parse"]
