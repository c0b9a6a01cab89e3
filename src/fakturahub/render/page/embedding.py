"""Files inside a PDF."""

from __future__ import annotations

import msgspec


class EmbeddedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file inside the PDF."""

    #: unique among the files of a PDF, without folders
    name: str
    mime: str
    content: bytes
    #: ``source`` for what the page was made of, ``data`` for what says the same in a form for machines, ``alternative``
    #: for Factur-X, ``supplement`` for attachments; the AFRelationship of ISO 19005-3
    relationship: str = "supplement"
    description: str = ""
