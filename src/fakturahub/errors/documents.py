"""What makes a document in a readable transfer unacceptable."""

from __future__ import annotations

from collections.abc import Mapping

from fakturahub.errors.tree import Refused


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


class MissingFile(DocumentRefused):
    code = "missing-file"
    title = "A file that belongs to the document is missing"
    advice = "Put every file that the document names into the archive, under that name, and name its picture in it."


class UnreadableAttachment(DocumentRefused):
    code = "unreadable-attachment"
    title = "An attachment cannot be read"
    advice = "Embed attachments as base64 with their file name and MIME type."


class EmptyAttachment(UnreadableAttachment):
    code = "empty-attachment"
    title = "An attachment holds nothing"
    advice = "Leave the file out, or send it with its content."


class AttachmentTooLarge(UnreadableAttachment):
    code = "attachment-too-large"
    title = "An attachment is larger than the hub takes"
    advice = "The message names the limit. Send a smaller file, or none with this document."


class AttachmentTypeRefused(UnreadableAttachment):
    code = "attachment-type-refused"
    title = "An attachment is of a type that is not taken"
    advice = "The message names the file and the types that are taken. Give the file the ending of what it is."


class NoBusinessDocument(DocumentRefused):
    """An archive that was read and stored, with nothing in it that the hub knows."""

    code = "no-business-document"
    title = "There is no business document in the archive"
    advice = "Put the document itself into the archive, as XML, beside the files that belong to it."


class TooManyDocuments(DocumentRefused):
    """An archive of several documents from somebody who is to send one at a time."""

    code = "several-documents-refused"
    title = "There are several documents in the archive, and one is taken"
    advice = (
        "Send one document in an archive, or ask the hub's operator to set `several_documents = true` for the company."
    )


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


class NoWay(DocumentRefused):
    code = "no-way"
    title = "The document has no way to its receiver"
    advice = (
        "The message says why each way was not gone. State an electronic address, a mail address or a complete postal "
        "address of the receiver, and send the document again."
    )


class SellerMismatch(DocumentRefused):
    code = "seller-mismatch"
    title = "The seller in the document is not the sending company"
    advice = "Use the account of the seller it names, or ask the hub's operator to set seller_mismatch to warn."


class InvalidDocument(DocumentRefused):
    code = "invalid-document"
    title = "The document breaks rules that apply to it"
    advice = "Correct what the findings name. The same check, without sending, is `POST /validate` of the hub."
