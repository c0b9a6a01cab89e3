"""Every error the hub can raise, as one tree.

::

    FakturahubError
    ├── Refused                      the caller's bytes or request; not retried unchanged
    │   ├── TransferUnreadable       nothing of the transfer is stored
    │   │   ├── EmptyBody            TooLarge            NotXml
    │   │   ├── NotWellFormed        WrongCharset        UnknownCharset
    │   │   ├── DoctypeRefused       TooDeep             TooManyParts
    │   │   └── ZipUnreadable        ZipTooLarge         ZipUnsafe
    │   ├── DocumentRefused          the transfer is readable, a document in it is not acceptable
    │   │   ├── UnknownDocument      MissingTerm         BadValue
    │   │   ├── UnreadableAttachment SellerMismatch      SeveralDocuments
    │   │   ├── UnwritableDocument   ConversionLoss      MissingFile
    │   │   ├── InvalidDocument          rules that apply to the document are broken
    │   │   └── UnrenderableDocument
    │   ├── IdempotencyConflict      the key was used for other bytes
    │   ├── UnknownPath              MethodNotAllowed    BadRequest
    │   ├── NotAuthenticated         the caller did not prove who it is
    │   │   └── ClockSkew
    │   └── PermissionDenied         NoContract          NotFound            RateLimited
    ├── Unavailable                  the hub's fault, the same request may succeed later
    │   ├── DatabaseUnavailable      PayloadStoreUnavailable
    │   ├── Overloaded           RenderingFailed
    │   └── RulesFailed              PackUnusable        the document was not judged: a defect, an unusable pack
    ├── InternalFault                a defect of the hub
    │   └── PayloadCorrupt           what was stored is not what is there now
    └── OperatorError                what the person who runs the hub has to put right
        ├── ProvisioningError        DataFolderError     MasterKeyError
        ├── SchemaTooNew             SchemaTooOld        PrivateServerError
        └── PackRefused              StalePack           a rule pack that is not taken whole; one compiled by another
        version

Each class has a permanent ``code``: it names the page ``/errors/<code>``, appears in every answer and is never
given another meaning. ``title`` and ``advice`` are what that page says; the message of an instance says what was
wrong this time, ``term`` names the EN 16931 business term concerned and ``place`` where in the input it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar


class FakturahubError(Exception):
    """Root of the tree. ``reason`` is one sentence for a person and never holds a secret."""

    code: ClassVar[str] = "fakturahub"
    title: ClassVar[str] = "Something went wrong"
    advice: ClassVar[str] = "See the message of the error."

    def __init__(self, reason: str, *, term: str | None = None, place: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.term = term
        self.place = place

    def __str__(self) -> str:
        parts = [self.reason]
        if self.term:
            parts.append(f"(term {self.term})")
        if self.place:
            parts.append(f"(at {self.place})")
        return " ".join(parts)


class Refused(FakturahubError):
    """The caller sent something that will be refused again unless it changes."""

    code = "refused"
    title = "The request was refused"
    advice = "Correct what the message names and send it again."


# --- the transfer ---------------------------------------------------------------------------------------------------


class TransferUnreadable(Refused):
    code = "transfer-unreadable"
    title = "The transfer could not be read"
    advice = "Nothing of it was stored. Correct what the message names and send it again."


class EmptyBody(TransferUnreadable):
    code = "empty-body"
    title = "The request had no body"
    advice = "Send the document itself as the body of the request. Nothing was stored."


class TooLarge(TransferUnreadable):
    code = "too-large"
    title = "The transfer is larger than the hub takes"
    advice = (
        "The message names the limit. Send fewer or smaller attachments, or ask the hub's operator for a higher limit."
    )


class NotXml(TransferUnreadable):
    code = "not-xml"
    title = "The body is not XML"
    advice = "Send the XML document as it is: no multipart form, no JSON around it, not compressed."


class NotWellFormed(TransferUnreadable):
    code = "xml-not-well-formed"
    title = "The XML is not well-formed"
    advice = "The message names the line and column at which reading stopped. A truncated transfer ends this way, too."


class WrongCharset(TransferUnreadable):
    code = "wrong-charset"
    title = "The bytes are not in the character set that the document declares"
    advice = "Write the file in the encoding its XML declaration names, or declare the encoding it is written in."


class UnknownCharset(TransferUnreadable):
    code = "unknown-charset"
    title = "The declared character set is not supported"
    advice = "Use UTF-8. UTF-16, US-ASCII, ISO-8859-x and windows-125x are read as well."


class DoctypeRefused(TransferUnreadable):
    code = "doctype-refused"
    title = "Document type declarations are refused"
    advice = (
        "Remove the DOCTYPE. No business document needs one, and an internal subset can be used to attack the reader."
    )


class TooDeep(TransferUnreadable):
    code = "xml-too-deep"
    title = "The XML is nested too deeply"
    advice = "The message names the limit; no business document comes near it."


class TooManyParts(TransferUnreadable):
    code = "xml-too-many-parts"
    title = "The XML has too many elements or attributes"
    advice = "The message names the limit. Split the document if it is a real one."


class ZipUnreadable(TransferUnreadable):
    code = "zip-unreadable"
    title = "The ZIP archive cannot be read"
    advice = "Send a ZIP archive in one piece, stored or deflated, without a password."


class ZipTooLarge(TransferUnreadable):
    code = "zip-too-large"
    title = "The ZIP archive holds more than the hub takes"
    advice = "The message names the limit. Send fewer or smaller files in one archive."


class ZipUnsafe(TransferUnreadable):
    code = "zip-unsafe"
    title = "The ZIP archive is put together in a way that is refused"
    advice = "Give each file a name of its own, and write the archive with an ordinary program."


# --- the documents in it --------------------------------------------------------------------------------------------


class DocumentRefused(Refused):
    code = "document-refused"
    title = "The document was refused"
    advice = "Correct what the message names and send the document again."


class UnknownDocument(DocumentRefused):
    code = "unknown-document"
    title = "No business document was recognised"
    advice = "The message says what was found. Send one of the syntaxes that the hub's documentation lists."


class MissingTerm(DocumentRefused):
    code = "missing-term"
    title = "Something the document must state is missing"
    advice = "Add the business term that the message names."


class SeveralDocuments(DocumentRefused):
    code = "several-documents"
    title = "There are several documents where one is asked for"
    advice = "Send them one by one. The message tells how many documents the file holds."


class BadValue(DocumentRefused):
    code = "bad-value"
    title = "A value in the document cannot be read"
    advice = "Correct the value at the place that the message names."


class UnreadableAttachment(DocumentRefused):
    code = "unreadable-attachment"
    title = "An attachment cannot be read"
    advice = "Embed attachments as base64 with their file name and MIME type."


class MissingFile(DocumentRefused):
    code = "missing-file"
    title = "A file that belongs to the document is missing"
    advice = "Put every file that the document names into the archive, under that name, and name its picture in it."


class UnwritableDocument(DocumentRefused):
    code = "unwritable-document"
    title = "The document cannot be written in the syntax asked for"
    advice = "Ask for a syntax of the same kind of document: an invoice does not become an order."


class ConversionLoss(DocumentRefused):
    code = "conversion-loss"
    title = "The conversion would lose something and that is not allowed"
    advice = "The report names every term that the target cannot carry. Allow the loss, or choose another syntax."

    def __init__(self, reason: str, *, report: Mapping[str, object] | None = None) -> None:
        """``report``: all that would be lost, as objects of JSON; it holds values and is no part of the message."""
        super().__init__(reason)
        self.report: Mapping[str, object] = report or {}


class UnrenderableDocument(DocumentRefused):
    code = "unrenderable-document"
    title = "The document cannot be drawn as a page"
    advice = "The message says what no page can be made of. The document itself is not changed and can be passed on."


class SellerMismatch(DocumentRefused):
    code = "seller-mismatch"
    title = "The seller in the document is not the sending company"
    advice = "Use the account of the seller it names, or ask the hub's operator to set seller_mismatch to warn."


class InvalidDocument(DocumentRefused):
    code = "invalid-document"
    title = "The document breaks rules that apply to it"
    advice = "Correct what the findings name. The same check, without sending, is `POST /validate` of the hub."


# --- the request ----------------------------------------------------------------------------------------------------


class IdempotencyConflict(Refused):
    code = "idempotency-conflict"
    title = "The same key was used for another body"
    advice = "Use a new key for a new document. The message names the submission that used the key first."


class UnknownPath(Refused):
    code = "unknown-path"
    title = "There is no such address"
    advice = "Compare the address with the operator's documentation; the message names the part that is unknown."


class MethodNotAllowed(Refused):
    code = "method-not-allowed"
    title = "The address does not take this HTTP method"
    advice = "The Allow header names the methods it takes."

    def __init__(self, reason: str, *, allow: str) -> None:
        super().__init__(reason)
        self.allow = allow


class BadRequest(Refused):
    code = "bad-request"
    title = "The request is malformed"
    advice = "The message names the part of the request that is wrong."


class NotAuthenticated(Refused):
    code = "not-authenticated"
    title = "The caller is not known"
    advice = (
        "Check user name, password, key or digest. For the caller's safety the answer does not say which was wrong."
    )


class ClockSkew(NotAuthenticated):
    code = "clock-skew"
    title = "The time stamp is too far from the hub's clock"
    advice = "Send the current time in UTC. The message says which clock was off and by how much."


class PermissionDenied(Refused):
    code = "permission-denied"
    title = "The account may not do this"
    advice = "Ask the hub's operator for the right that the message names."


class NoContract(Refused):
    code = "no-contract"
    title = "The company has no contract for this service"
    advice = "Ask the hub's operator to add the service to the company's contracts."


class NotFound(Refused):
    code = "not-found"
    title = "There is nothing under this id"
    advice = "Check the id. What belongs to another company is not shown either."


class RateLimited(Refused):
    code = "rate-limited"
    title = "Too many requests"
    advice = "Wait as long as the Retry-After header says. The RateLimit headers of every answer tell what is left."

    def __init__(self, reason: str, *, retry_after: int, quota: tuple[str, int, int] | None = None) -> None:
        """``quota``: name and size of the quota that is used up, and the seconds until all of it is there again."""
        super().__init__(reason)
        self.retry_after = retry_after
        self.quota = quota


# --- the hub --------------------------------------------------------------------------------------------------------


class Unavailable(FakturahubError):
    """Nothing was acknowledged; the same request with the same key may be sent again. ``retry_after`` in seconds."""

    code = "unavailable"
    title = "The hub cannot answer at the moment"
    advice = "Nothing was acknowledged. Send the same request again with the same key after the Retry-After time."

    def __init__(self, reason: str, *, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class DatabaseUnavailable(Unavailable):
    code = "database-unavailable"
    title = "The database cannot be reached"


class PayloadStoreUnavailable(Unavailable):
    code = "payload-store-unavailable"
    title = "The payload store cannot be reached"


class Overloaded(Unavailable):
    code = "overloaded"
    title = "The hub has more to do than it can take"


class RulesFailed(Unavailable):
    """The engine met a defect; ``__cause__`` is what it was. What was not judged is neither valid nor refused."""

    code = "rules-failed"
    title = "The document could not be checked"
    advice = (
        "Nothing was acknowledged. Send the same request again with the same key; where the answer stays, tell the "
        "hub's operator its request id. With `validation` of the company set to off the document passes unchecked."
    )


class PackUnusable(Unavailable):
    """A rule pack that applies cannot be used: documents that it would have to check are neither valid nor refused."""

    code = "pack-unusable"
    title = "A rule pack that applies cannot be used"
    advice = (
        "Nothing was acknowledged. The hub's operator removes the pack or installs it again; "
        "`fakturahub doctor` says why."
    )


class RenderingFailed(Unavailable):
    code = "rendering-failed"
    title = "The page could not be made"
    advice = "Ask again. If it fails again, use the document itself, and tell the hub's operator which one it was."


class InternalFault(FakturahubError):
    code = "internal-fault"
    title = "A defect of the hub"
    advice = "Nothing was acknowledged. Tell the hub's operator the request id of the answer; it finds the log line."


class PayloadCorrupt(InternalFault):
    code = "payload-corrupt"
    title = "A stored payload is missing or damaged"
    advice = (
        "The hub's operator has to restore it from a backup: the message names the SHA-256 that its bytes must have."
    )


class OperatorError(FakturahubError):
    """Something on the side of the hub's operator: the set-up, a file, a key. Commands end with exit code 1."""

    code = "operator"
    title = "The hub is not set up right"
    advice = "Run `fakturahub doctor`; it says what to do."


class ProvisioningError(OperatorError):
    """The provisioning file is wrong; ``faults`` has one sentence per fault, each with the line."""

    code = "provisioning"
    title = "The provisioning file was not applied"
    advice = "Correct the lines named and apply the file again. Nothing of it was applied."

    def __init__(self, file: str, faults: tuple[str, ...]) -> None:
        super().__init__(f"{file} was not applied:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class DataFolderError(OperatorError):
    code = "data-folder"
    title = "The data folder cannot be used"


class MasterKeyError(OperatorError):
    code = "master-key"
    title = "The master key does not fit"
    advice = "Give the hub the master key that this database was sealed with; it cannot be made anew."


class SchemaTooNew(OperatorError):
    code = "schema-too-new"
    title = "The database was upgraded by a newer program"
    advice = "Run a version of the hub that is at least as new as the one that upgraded the database."


class SchemaTooOld(OperatorError):
    code = "schema-too-old"
    title = "The database was not upgraded yet"
    advice = "Start `fakturahub serve` once, it upgrades the database."


class PrivateServerError(OperatorError):
    code = "private-server"
    title = "The private PostgreSQL server cannot be started"


class PackRefused(OperatorError):
    """A rule pack is not taken; ``reasons``: one sentence each with file, line and what, an expression as written."""

    code = "pack-refused"
    title = "The rule pack was refused"
    advice = (
        "A pack is taken whole or not at all. The message names file and line, and what the hub does not know there."
    )

    def __init__(self, reason: str, reasons: tuple[str, ...] = ()) -> None:
        """``reason``: what holds for the pack as a whole, in most cases its name or that of a file."""
        super().__init__("\n  ".join((f"{reason} was refused:", *reasons)) if reasons else reason)
        self.reasons = reasons or (reason,)


class StalePack(OperatorError):
    """The bytes are no rule pack compiled by this version of the hub under this Python; compiling it again helps."""

    code = "stale-pack"
    title = "A compiled rule pack does not fit this version"
    advice = "The hub compiles an installed pack again by itself. If this stays, remove the cache of compiled packs."


def every_error() -> Iterator[type[FakturahubError]]:
    """All classes of the tree, the root first, for the pages under ``/errors`` and the tests that hold codes unique."""
    pending: list[type[FakturahubError]] = [FakturahubError]
    while pending:
        cls = pending.pop(0)
        yield cls
        pending.extend(cls.__subclasses__())
