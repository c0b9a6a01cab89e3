"""Which files are payslips, and how many persons' payslips there are in one."""

from __future__ import annotations

import copy
import re

from lxml import etree

from fakturahub.errors import UnknownDocument
from fakturahub.intake.xml import Sniffed, parse
from fakturahub.model import Recognition

NAME = "payslip-2.0"
NAMESPACE = "http://www.tieke.fi/schema/payslipxml/2.0"
TAG = f"{{{NAMESPACE}}}"

_ANY_VERSION = "http://www.tieke.fi/schema/payslipxml/"
_PAYSLIP = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<(?:[^\s<>/:=\"'!?&]+:)?(Payslip)[\s/>]", re.DOTALL
)


def detect(sniffed: Sniffed) -> Recognition | None:
    """The payslips that *sniffed* holds; ``UnknownDocument`` for a version other than 2.0."""
    namespace = sniffed.namespace
    if namespace is None or not namespace.startswith(_ANY_VERSION):
        return None
    if namespace != NAMESPACE or sniffed.root != "Payslips":
        raise UnknownDocument(
            f"The root element is {sniffed.root[:100]!r} in the namespace {namespace[:200]!r}; of TIEKE's payslips "
            f"those of version 2.0 are read, whose root element is 'Payslips'."
        )
    count = sum(1 for tag in _PAYSLIP.finditer(sniffed.text, sniffed.body) if tag[1])
    return Recognition(
        syntax=NAME,
        version="2.0",
        charset=sniffed.charset,
        documents=max(count, 1),
        why="The root element is Payslips in the namespace of TIEKE's Payslip 2.0.",
    )


def split(sniffed: Sniffed) -> tuple[bytes, ...]:
    """Each payslip as a document of its own, so that nobody gets another person's. Raises the errors of ``parse``."""
    root = parse(sniffed)
    documents = []
    for payslip in root.iterchildren(f"{TAG}Payslip"):
        alone = etree.Element(root.tag, dict(root.attrib), nsmap=root.nsmap)
        alone.append(copy.deepcopy(payslip))
        alone[0].tail = None
        documents.append(etree.tostring(alone, encoding="UTF-8", xml_declaration=True))
    return tuple(documents)
