"""Identifiers of messages that the writer makes, and the constants of the SOAP frame: what says nothing when read.

An identifier of this writer is known by itself: 24 hexadecimal digits of a digest of the document, and eight that
follow from them. Beside it the time stamp is the date of the invoice at midnight. All that comes from another sender
and says something is reported as ever.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from fakturahub.formats.finvoice.framing import EBXML, SOAP

#: the operator that messages are exchanged with when nothing else is said: Apix, by its OVT address
APIX = "003723327487"

_FORM = re.compile(r"[0-9a-f]{32}")
_DIGEST = 24
_EB, _SOAP = f"{{{EBXML}}}", f"{{{SOAP}}}"

#: element and attribute (None: its text) of a frame -> the value that the guidelines give it (Finvoice 2.0, chapter 19)
CONSTANTS = {
    (f"{_EB}MessageHeader", f"{_SOAP}mustUnderstand"): "1",
    (f"{_EB}MessageHeader", f"{_EB}version"): "2.0",
    (f"{_EB}Role", None): "Intermediator",
    (f"{_EB}CPAId", None): "yoursandmycpa",
    (f"{_EB}Service", None): "Routing",
    (f"{_EB}Action", None): "ProcessInvoice",
    (f"{_EB}Manifest", f"{_EB}id"): "Manifest",
    (f"{_EB}Manifest", f"{_EB}version"): "2.0",
    (f"{_EB}Reference", f"{_EB}id"): "Finvoice",
    (f"{_EB}schema", f"{_EB}location"): "http://www.finvoice.info/finvoice.xsd",
    (f"{_EB}schema", f"{_EB}version"): "3.0",
}


def message_id_of(document: str) -> str:
    """The identifier of the message that *document* goes in: the same for the same document."""
    digest = _digest(document.encode(errors="replace"))[:_DIGEST]
    return f"{digest}{_check(digest)}"


def is_own_message_id(value: str) -> bool:
    """Whether ``message_id_of`` made *value*."""
    return _FORM.fullmatch(value) is not None and _check(value[:_DIGEST]) == value[_DIGEST:]


def time_stamp_of(issued: date) -> str:
    """The time stamp of the message of an invoice of the day *issued*."""
    return f"{issued.isoformat()}T00:00:00Z"


def is_own_time_stamp(value: str, invoice_date: str) -> bool:
    """Whether *value* is what ``time_stamp_of`` makes of *invoice_date*, in Finvoice's form CCYYMMDD."""
    return value == f"{invoice_date[:4]}-{invoice_date[4:6]}-{invoice_date[6:]}T00:00:00Z"


def _check(digest: str) -> str:
    return _digest(b"fakturahub" + digest.encode())[:8]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
