"""A transfer taken apart: one document, or a ZIP of documents with the files that belong to each (specification 6).

A ZIP is read once and nothing in it is unpacked twice: an archive inside it is a file like any other. What belongs to
what, `formats.envelope` decides: what a document names (``file://``), what has the stem of its name, and everything
where there is one document.

What becomes of a ZIP that is no ordinary one is [our choice], in the words of specification 1.4:

===============================================  =====================================================================
a ZIP that cannot be read, or over a limit       raised; nothing is stored
no document in it                                stored whole, and rejected: 13200
more documents than the company may send at once  stored whole, and rejected: 12500
a document that cannot be read, beside others    rejected for itself
===============================================  =====================================================================
"""

from __future__ import annotations

import asyncio

import msgspec

from fakturahub import formats
from fakturahub.dialects.pagero import attachments, document_types
from fakturahub.errors import (
    DocumentRefused,
    FakturahubError,
    NoBusinessDocument,
    TooManyDocuments,
    TransferUnreadable,
    ZipTooLarge,
    ZipUnreadable,
    ZipUnsafe,
)
from fakturahub.identity.companies import Company
from fakturahub.intake.zip import is_zip
from fakturahub.model import Finding, Inspect, Inspected, Part

#: transfers that one process takes apart at a time; one may have `intake.limits.ZIP.total` bytes unpacked
TAKEN_APART_AT_ONCE = 2
#: documents of one ZIP, where a company may send several
DOCUMENTS = 1_000
#: files that belong to no document which an answer names, and characters of each name
UNCLAIMED = 20
NAME = 100


class Transfer(msgspec.Struct, frozen=True):
    """A transfer taken apart."""

    #: what the documents are to be judged as; empty for a document that came alone
    parts: tuple[Part, ...] = ()
    #: the member that each of the parts came in
    names: tuple[str, ...] = ()
    #: what is told of the transfer as a whole
    remarks: tuple[str, ...] = ()

    @property
    def archived(self) -> bool:
        """Whether it was a ZIP."""
        return bool(self.parts)


class Room:
    """Where the transfers of one process are taken apart, whichever call they came by."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(TAKEN_APART_AT_ONCE)

    async def taken_apart(self, body: bytes, sender: Company) -> Transfer:
        """`taken_apart` as the settings of *sender* have it. What may not be sent is not taken apart."""
        if not is_zip(body) or "send" not in sender.contracts:
            return Transfer()
        several = bool(sender.section("pagero").get("several_documents"))
        async with self._room:
            return await asyncio.to_thread(taken_apart, body, several=several)


def taken_apart(body: bytes, *, several: bool) -> Transfer:
    """The documents of *body*, each with its files; *several*: more than one may come in a ZIP.

    Raises ``ZipUnreadable``, ``ZipTooLarge`` and ``ZipUnsafe`` for a ZIP that is refused. It may take a while.
    """
    if not is_zip(body):
        return Transfer()
    try:
        envelope = formats.open_envelope(body, as_sent=True)
    except (ZipUnreadable, ZipTooLarge, ZipUnsafe):
        raise
    except (DocumentRefused, TransferUnreadable) as refusal:
        return _rejected(body, _none(refusal))
    count = len(envelope.documents)
    if count > 1 and not several:
        return _rejected(body, TooManyDocuments(f"The ZIP archive holds {count:,} documents; one is taken at a time."))
    if count > DOCUMENTS:
        return _rejected(
            body, TooManyDocuments(f"The ZIP archive holds {count:,} documents; the limit is {DOCUMENTS:,}.")
        )
    return Transfer(
        tuple(Part(one.data, one.files) for one in envelope.documents),
        tuple(one.member[:NAME] for one in envelope.documents),
        _unclaimed([one.name for one in envelope.unclaimed]),
    )


def inspection(declared: str, *, archived: bool) -> Inspect:
    """What this dialect looks at in a document that was sent as *declared*; *archived*: in a ZIP."""

    def inspect(document: Inspected) -> tuple[Finding, ...]:
        return (*document_types.remarks(declared, document), *attachments.check(document, archived=archived))

    return inspect


def _rejected(body: bytes, refusal: DocumentRefused) -> Transfer:
    return Transfer((Part(body, refusal=refusal),), ("",))


def _none(refusal: FakturahubError) -> DocumentRefused:
    """That no document was found, and why; a refusal that is not about that stays as it is."""
    if isinstance(refusal, DocumentRefused) and refusal.code != "unknown-document":
        return refusal
    reason = refusal.reason
    if not reason.startswith("There is no business document in the ZIP archive"):
        reason = f"There is no business document in the ZIP archive. {reason}"
    return NoBusinessDocument(reason, place=refusal.place)


def _unclaimed(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    more = f", and {len(names) - UNCLAIMED:,} more" if len(names) > UNCLAIMED else ""
    shown = ", ".join(name[:NAME] for name in names[:UNCLAIMED])
    what = "This file of the ZIP archive belongs" if len(names) == 1 else "These files of the ZIP archive belong"
    return (f"{what} to none of its documents, and went with none of them: {shown}{more}.",)
