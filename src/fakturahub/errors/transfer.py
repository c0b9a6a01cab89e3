"""What makes a transfer unreadable: the bytes, their character set, the XML, the ZIP archive."""

from __future__ import annotations

from fakturahub.errors.tree import Refused


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
