"""Every limit of foreign bytes, in one table.

Sizes are bytes unless the field says otherwise. A limit is checked before the memory it protects is taken, and the
error that names it says the figure, so that a sender knows what to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """Limits of one XML document. See ``intake.xml`` for what happens at each."""

    #: the whole document, as sent
    bytes: int
    #: one text or one attribute value: libxml2's own limit, which stays in force because ``huge_tree`` is never set.
    #: For an embedded attachment it means about 7.5 MB once decoded.
    text: int
    #: open elements at one place: libxml2's own limit, too
    depth: int
    #: elements and attributes together; one costs about 120 bytes of memory
    parts: int
    #: attributes and namespace declarations of one element, looked for where the document is not ``small``
    attributes: int
    #: what may stand before the root element: XML declaration, comments, processing instructions, DOCTYPE
    prolog: int
    #: how much of the document, from its root start tag on, is looked at before it is parsed
    look: int
    #: documents up to this size are parsed where they stand, larger ones are counted and parsed apart
    small: int


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """Limits of the attachments of one document."""

    #: one attachment, decoded
    one: int
    #: how many; their sum is bounded by the document or the archive that holds them
    count: int


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Limits of the values that are taken from a document for lists, routing and file names."""

    #: characters of a number, an identifier, a code or a reference; a database index entry holds it in any script
    identifier: int
    #: how many further identifiers a party may have
    identifiers: int
    #: characters of a name, a description or an address on the web
    text: int
    #: digits of a decimal number
    digits: int
    #: UTF-8 bytes of a file name; file systems take 255
    file_name: int


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """Limits of the report of what a reader did not understand."""

    #: values that are told one by one; those beyond are counted, and a last entry says how many and where they stand
    losses: int
    #: characters of the places that they stand at, all together; their values are as long as the document at most
    places: int


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """Limits of one archive with all that is opened inside it. Sizes are bytes."""

    #: the archive as sent
    bytes: int
    #: members, folders among them
    members: int
    #: one member, unpacked
    one: int
    #: all members together, unpacked
    total: int
    #: how many times larger a member may be than its packed form, once it is larger than ``ratio_from``
    ratio: int
    ratio_from: int
    #: UTF-8 bytes of a member's name with its folders
    name: int


@dataclass(frozen=True, slots=True)
class FormLimits:
    """Limits of one ``multipart/form-data`` body (RFC 7578). Sizes are bytes; the body itself is bounded before."""

    #: parts
    parts: int
    #: headers of one part
    headers: int
    #: one header line of a part, which holds its name and file name
    header: int
    #: a part that is a value and no file
    value: int
    #: characters of the boundary (RFC 2046, 5.1.1)
    boundary: int


# 1,000,000 parts are an invoice of about 17,000 ordinary lines: 0.15 s and 130 MB while it is parsed.
XML = XmlLimits(
    bytes=50 * MIB,
    text=10_000_000,
    depth=256,
    parts=1_000_000,
    attributes=1_000,
    prolog=64 * KIB,
    look=16 * KIB,
    small=128 * KIB,
)

# An attachment inside an XML document meets XML.text before it meets this size; one in a ZIP or a form does not.
ATTACHMENT = AttachmentLimits(one=25 * MIB, count=1_000)

TEXT = TextLimits(identifier=255, identifiers=100, text=2_000, digits=30, file_name=180)

# 250 lines with 40 values each that EN 16931 does not have; a report of this size is 3 MB of JSON.
REPORT = ReportLimits(losses=10_000, places=10_000_000)

# An invoice of 5,000 lines packs about 1:40 and deflate can reach 1:1,032. The total is what a body of 50 MiB of PDFs,
# which hardly pack, and the XML beside them need.
ZIP = ZipLimits(
    bytes=50 * MIB,
    members=2 * ATTACHMENT.count,
    one=XML.bytes,
    total=150 * MIB,
    ratio=200,
    ratio_from=1 * MIB,
    name=4 * TEXT.file_name,
)

FORM = FormLimits(parts=50, headers=8, header=4 * KIB, value=4 * KIB, boundary=70)

DEFAULT_BODY = 1 * MIB

#: name of a dialect -> how large the body of a request to it may be; a dialect that is not named takes DEFAULT_BODY
BODY_LIMIT: Mapping[str, int] = MappingProxyType(
    {
        "apix": 50 * MIB,  # a ZIP of many invoices and their PDFs
        "pagero": 30 * MIB,  # one document, attachments embedded
    }
)


def body_limit(dialect: str) -> int:
    """The largest body of a request to *dialect*, in bytes."""
    return BODY_LIMIT.get(dialect, DEFAULT_BODY)
