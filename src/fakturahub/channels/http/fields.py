"""The header of a push. Nothing that a document says can end a field or begin another one. Pure.

The hub sends of its own accord, beside ``Content-Type``, ``Content-Length`` and ``User-Agent``:

========================  ===========================================================================================
``Idempotency-Key``       the id of the delivery, whenever it is tried: by it a receiver tells a repeat
``X-Delivery-Id``         the same
``X-Interchange-Id``      the same: by it another hub, or an operator's Interchange, tells a repeat; settings may set it
``X-Document-Id``         the id of the document, the same in every delivery of it
``X-Delivery-Attempt``    1 for the first
========================  ===========================================================================================
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from urllib.parse import quote

from fakturahub import __version__
from fakturahub.config import HttpPush, Secret
from fakturahub.errors import MissingTerm
from fakturahub.model import Parcel
from fakturahub.model.ways import HttpWay

#: characters of a field's value that is taken from a document; a longer one counts as missing
LONGEST_VALUE = 2_000
USER_AGENT = f"Fakturahub/{__version__}"

_PLAIN = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
# RFC 8187, 3.2.1: what stands in an extended value as it is; a blank does not.
_AS_IT_IS = "!#$&+-.^_`|~"


def value_of(text: str) -> str | None:
    """*text* as the value of a field, None where nothing of it is left or it is too long.

    Visible ASCII and blanks within it go as they are. Line breaks and other controls become a blank. Anything else goes
    as the extended value of RFC 8187, ``UTF-8''Skog%20%26%20S%C3%A5g``, and so does a text that looks like one.
    """
    seen = _UNSEEN.sub(" ", text).strip()
    if not _PLAIN.fullmatch(seen) or seen.startswith("UTF-8''"):
        if not seen:
            return None
        seen = f"UTF-8''{quote(seen.encode('utf-8', 'replace'), safe=_AS_IT_IS)}"
    return seen if len(seen) <= LONGEST_VALUE else None


def header_of(parcel: Parcel[HttpWay]) -> dict[str, str]:
    """The fields of the request for *parcel*, without those that prove who sends it. Raises `MissingTerm`."""
    push = parcel.way.push
    id_ = str(parcel.delivery_id)
    header = {
        "Content-Type": push.content_type or parcel.content.media_type,
        "User-Agent": USER_AGENT,
        "Idempotency-Key": id_,
        "X-Delivery-Id": id_,
        "X-Interchange-Id": id_,
        "X-Document-Id": str(parcel.document_id),
        "X-Delivery-Attempt": str(parcel.attempt),
    }
    if push.headers:
        _put(header, {name: value.reveal().strip() for name, value in push.headers.items()})
    if push.document_headers:
        _put(header, _of_document(push, parcel.terms))
    return header


def _of_document(push: HttpPush, terms: Mapping[str, str | None]) -> dict[str, str]:
    found = {}
    for name, term in push.document_headers.items():
        stated = terms.get(term)
        value = None if stated is None else value_of(stated)
        if value is not None:
            found[name] = value
        elif push.missing_header == "stop":
            raise MissingTerm(f"The document has no {term}, which the header {name} is taken from.", term=term)
    return found


def _put(header: dict[str, str], more: Mapping[str, str]) -> None:
    """*more* in place of the hub's own fields of the same name, however it is written."""
    named = {name.casefold() for name in more}
    for name in [one for one in header if one.casefold() in named]:
        del header[name]
    header.update(more)


def basic(username: str, password: Secret) -> str:
    """The value of Authorization (RFC 7617), in UTF-8."""
    return "Basic " + base64.b64encode(f"{username}:{password.reveal()}".encode("utf-8", "surrogatepass")).decode()
