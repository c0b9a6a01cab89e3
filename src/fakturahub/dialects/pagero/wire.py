"""The Interchange's wire messages and our commands, one into the other."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape

from starlette.requests import Request

from fakturahub.clock import new_id
from fakturahub.dialects.surface import call_of
from fakturahub.errors import BadRequest, UnknownPath
from fakturahub.exchange.submit import Accepted, Judged, broken
from fakturahub.exchange.validate import NOT_CHECKED
from fakturahub.identity.companies import Company
from fakturahub.model import Answer, DocumentState, Finding, Mode, Severity, Submission, Verdict

#: The content type of the operator's own examples. Bodies are ASCII with numeric references, so any reader is right.
CONTENT_TYPE = "text/html; charset=iso-8859-1"

#: Document types in the URL. Only ``invoice`` is documented, and it carries credit notes as well; the other names
#: follow the operator's File API (specification 1.1, inferred).
DOCUMENT_TYPES = frozenset(
    {
        "invoice",
        "paymentreminder",
        "applicationresponse",
        "order",
        "orderresponse",
        "despatchadvice",
        "catalogue",
    }
)

#: what the paths for access tokens begin with; the others are for Basic (specification 1)
TOKEN_PATH = "/incoming/tokenauth"  # noqa: S105 - no secret

#: Send modes in the URL (specification 1.2; ``cert`` inferred).
MODES = {"prod": Mode.PROD, "test": Mode.TEST, "cert": Mode.CERT}

#: fatal findings that an answer names one by one, and characters of the authority's message and of the path in each
FINDINGS = 20
FINDING_TEXT = 300

#: the channels that reach receivers outside a network, in words
_OTHER_WAYS = {"email": "by e-mail", "print": "on paper"}

_INTERCHANGE_ID = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


def submission(request: Request, company: Company, data: bytes, at: datetime) -> Submission:
    """The command that a POST to the Interchange means.

    Raises `UnknownPath` for a document type or send mode that does not exist, `BadRequest` for an interchange id that
    cannot be told apart from others safely.
    """
    document_type, mode = path_parts(request)
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
    )


def path_parts(request: Request) -> tuple[str, Mode]:
    """Document type and send mode of the path, which is in lower case by now."""
    document_type, mode = request.path_params["document_type"], request.path_params["mode"]
    if document_type not in DOCUMENT_TYPES:
        raise UnknownPath(
            f'There is no document type "{document_type}"; known are {", ".join(sorted(DOCUMENT_TYPES))}.'
        )
    if mode not in MODES:
        raise UnknownPath(f'There is no send mode "{mode}"; known are {", ".join(MODES)}.')
    return document_type, MODES[mode]


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


def answer(accepted: Accepted) -> Answer:
    """What the sender is told once everything is stored: 200, whatever the document's content (specification 1.4)."""
    lines = [f"Submission {accepted.submission.id}"]
    for document in accepted.documents:
        if document.refusal is not None:
            error = document.refusal
            lines.append(f"The transfer is stored, but its document was rejected: {error.code}: {error}")
        elif document.verdict is Verdict.INVALID:
            lines.append(f"The document was taken as it is, as the company's settings say. {broken(document.findings)}")
        lines += _findings(document)
        if document.state is DocumentState.UNROUTABLE:
            lines.append("No receiver was found for the document yet. It is kept, and can be routed later.")
        lines += _way(document)
    if accepted.submission.mode is not Mode.PROD:
        lines.append(f"Mode {accepted.submission.mode}: everything was done but the delivery. Nothing is forwarded.")
    return Answer(200, CONTENT_TYPE, page("Received", *lines))


def _way(document: Judged) -> list[str]:
    """That a document leaves by another way than a network, and what its way costs."""
    decision = document.decision
    if decision is None or decision.channel is None:
        return []
    lines = [f"It leaves {_OTHER_WAYS[decision.channel]}: {decision.why}."] if decision.channel in _OTHER_WAYS else []
    if decision.price is not None:
        lines.append(f"Price: {decision.price:f} credits.")
    return lines


def _findings(document: Judged) -> list[str]:
    """What the rules say against the document, or that there are none for it."""
    if document.verdict is not Verdict.INVALID:
        return [one.message for one in document.findings if one.rule == NOT_CHECKED]
    fatal = [one for one in document.findings if one.severity is Severity.FATAL and one.pack is not None]
    lines = [_finding(one) for one in fatal[:FINDINGS]]
    if len(fatal) > FINDINGS:
        lines.append(f"And {len(fatal) - FINDINGS} more findings that are not shown here.")
    return lines


def _finding(finding: Finding) -> str:
    at = f", at {_cut(finding.path)}" if finding.path is not None else ""
    line = f", line {finding.line}" if finding.line is not None else ""
    said = f"{finding.rule} of {finding.pack}{at}{line}: {_cut(finding.message)}"
    return f"{said} {finding.explanation}" if finding.explanation is not None else said


def _cut(text: str) -> str:
    return text if len(text) <= FINDING_TEXT else text[: FINDING_TEXT - 1] + "…"
