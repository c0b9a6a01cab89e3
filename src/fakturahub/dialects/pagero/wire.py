"""The Interchange's wire messages and our commands, one into the other."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape

from starlette.requests import Request

from fakturahub.clock import new_id
from fakturahub.dialects.pagero import attachments, document_types
from fakturahub.dialects.pagero.batches import Transfer, inspection
from fakturahub.dialects.pagero.codes import coded
from fakturahub.dialects.pagero.settings import Words
from fakturahub.dialects.surface import call_of
from fakturahub.errors import BadRequest, UnknownPath
from fakturahub.exchange.submit import Accepted, Judged, broken
from fakturahub.exchange.validate import NOT_CHECKED
from fakturahub.identity.companies import Company
from fakturahub.model import Answer, DocumentState, Finding, Mode, Severity, Submission, Verdict

#: The content type of the operator's own examples. Bodies are ASCII with numeric references, so any reader is right.
CONTENT_TYPE = "text/html; charset=iso-8859-1"

#: what the paths for access tokens begin with; the others are for Basic (specification 1)
TOKEN_PATH = "/incoming/tokenauth"  # noqa: S105 - no secret

#: fatal findings that an answer names one by one, and characters of the authority's message and of the path in each
FINDINGS = 20
FINDING_TEXT = 300

#: further headers that are kept with a submission, and characters of the name and the value of each
HEADERS = 20
HEADER_NAME = 64
HEADER_VALUE = 256

#: the rules of the remarks that an answer tells
REMARKS = attachments.REMARKS | {document_types.RULE}

#: the channels that reach receivers outside a network, in words
_OTHER_WAYS = {"email": "by e-mail", "print": "on paper"}

# Headers that may carry a credential, and those that the hub or a proxy before it sets.
_UNKEPT = re.compile(
    r"x-interchange-id|x-request-id|x-forwarded-.*|x-real-ip"
    r"|.*(?:auth|token|key|secret|passw|cookie|session|signature|credential|cert|jwt|csrf|xsrf).*"
)
_INTERCHANGE_ID = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


def submission(
    request: Request, company: Company, data: bytes, at: datetime, words: Words, transfer: Transfer
) -> Submission:
    """The command that a POST to the Interchange means; *data* is what *transfer* was before it was taken apart.

    Raises `UnknownPath` for a document type or send mode that does not exist, `BadRequest` for an interchange id that
    cannot be told apart from others safely.
    """
    document_type, mode = path_parts(request, words)
    return Submission(
        id=new_id(at),
        company_id=company.id,
        dialect="pagero",
        data=data,
        mode=mode,
        at=at,
        key=interchange_id(request),
        declared_type=document_type,
        request_id=call_of(request).request_id,
        headers=kept_headers(request),
        inspect=inspection(document_type, archived=transfer.archived),
        parts=transfer.parts,
    )


def path_parts(request: Request, words: Words) -> tuple[str, Mode]:
    """Document type and send mode of the path, which is in lower case by now."""
    document_type, mode = request.path_params["document_type"], request.path_params["mode"]
    if document_type not in words.document_types:
        raise UnknownPath(f'There is no document type "{document_type}"; known are {", ".join(words.document_types)}.')
    if mode not in words.modes:
        raise UnknownPath(f'There is no send mode "{mode}"; known are {", ".join(words.modes)}.')
    return document_type, words.modes[mode]


def kept_headers(request: Request) -> dict[str, str]:
    """The ``x-…`` headers that are kept with the submission: the first `HEADERS`, none that may carry a credential.

    The operator's list of headers "may be extended" (specification 1.3): what is not known is not looked at, and kept.
    Names are in small letters, as they come; what is not visible ASCII in a value is escaped.
    """
    kept: dict[str, str] = {}
    for raw, value in request.headers.raw:
        if not raw.startswith(b"x-") or len(raw) > HEADER_NAME:
            continue
        name = raw.decode("latin-1")
        if _UNKEPT.fullmatch(name) or name in kept:
            continue
        kept[name] = ascii(value[:HEADER_VALUE].decode("latin-1"))[1:-1][:HEADER_VALUE]
        if len(kept) == HEADERS:
            break
    return kept


def interchange_id(request: Request) -> str | None:
    """The sender's id of this transfer (``x-interchange-id``), None where it sent none."""
    values = request.headers.getlist("x-interchange-id")
    if not values or values == [""]:
        return None
    if len(values) > 1 or not _INTERCHANGE_ID.fullmatch(values[0]):
        raise BadRequest("x-interchange-id must be given once, with 1 to 255 visible ASCII characters.")
    return values[0]


def page(title: str, *lines: str) -> bytes:
    """A small HTML page; whatever is not ASCII becomes a numeric reference."""
    body = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    return f"{head}{body}</body></html>\n".encode("ascii", "xmlcharrefreplace")


def answer(accepted: Accepted, transfer: Transfer | None = None) -> Answer:
    """What the sender is told once everything is stored: 200, whatever the document's content (specification 1.4).

    Of several documents each is told of under its place and its name in the *transfer*.
    """
    names = transfer.names if transfer is not None else ()
    lines = [f"Submission {accepted.submission.id}"]
    left = FINDINGS
    for place, document in enumerate(accepted.documents, 1):
        if len(accepted.documents) > 1:
            number = f", number {_cut(document.number)}" if document.number is not None else ""
            lines.append(f"Document {place:,} of {len(accepted.documents):,}: {names[place - 1]}{number}.")
        told, left = _told(document, left)
        lines += told
    lines += transfer.remarks if transfer is not None else ()
    if accepted.submission.mode is not Mode.PROD:
        lines.append(f"Mode {accepted.submission.mode}: everything was done but the delivery. Nothing is forwarded.")
    return Answer(200, CONTENT_TYPE, page("Received", *lines))


def _told(document: Judged, left: int) -> tuple[list[str], int]:
    """What is told of *document*, of at most *left* broken rules; and how many may be told of the next."""
    lines = []
    if document.refusal is not None:
        error = document.refusal
        lines.append(f"The transfer is stored, but its document was rejected: {coded(error)}: {error}")
    elif document.verdict is Verdict.INVALID:
        lines.append(f"The document was taken as it is, as the company's settings say. {broken(document.findings)}")
    lines += [one.message for one in document.findings if one.rule in REMARKS]
    findings, left = _findings(document, left)
    lines += findings
    if document.state is DocumentState.UNROUTABLE:
        lines.append("No receiver was found for the document yet. It is kept, and can be routed later.")
    return lines + _way(document), left


def _way(document: Judged) -> list[str]:
    """That a document leaves by another way than a network, and what its way costs."""
    decision = document.decision
    if decision is None or decision.channel is None:
        return []
    lines = [f"It leaves {_OTHER_WAYS[decision.channel]}: {decision.why}."] if decision.channel in _OTHER_WAYS else []
    if decision.price is not None:
        lines.append(f"Price: {decision.price:f} credits.")
    return lines


def _findings(document: Judged, left: int) -> tuple[list[str], int]:
    """What the rules say against the document, or that there are none for it."""
    if document.verdict is not Verdict.INVALID:
        return [one.message for one in document.findings if one.rule == NOT_CHECKED], left
    fatal = [one for one in document.findings if one.severity is Severity.FATAL and one.pack is not None]
    lines = [_finding(one) for one in fatal[:left]]
    more = len(fatal) - len(lines)
    if more:
        lines.append(f"And {more} more findings that are not shown here.")
    return lines, left - (len(fatal) - more)


def _finding(finding: Finding) -> str:
    at = f", at {_cut(finding.path)}" if finding.path is not None else ""
    line = f", line {finding.line}" if finding.line is not None else ""
    said = f"{finding.rule} of {finding.pack}{at}{line}: {_cut(finding.message)}"
    return f"{said} {finding.explanation}" if finding.explanation is not None else said


def _cut(text: str) -> str:
    return text if len(text) <= FINDING_TEXT else text[: FINDING_TEXT - 1] + "…"
