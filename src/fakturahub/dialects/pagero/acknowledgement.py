"""The Technical Acknowledgement of a document, from what is stored of it (specs/pagero.md, section 5).

``AP`` says that the document was taken and has a way to its receiver, in modes test and cert that it would have one;
``RE`` that it was rejected, or that no receiver was found. One that was routed later is ``AP`` from then on. What
becomes of the delivery afterwards is not told here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from fakturahub.dialects.pagero import classification
from fakturahub.exchange.acknowledgements import StoredDocument, distribution_of, response_id
from fakturahub.formats.acknowledging import Referred, referred
from fakturahub.model import DocumentState, Finding, Heading, Kind, Severity
from fakturahub.model.acknowledgement import Acknowledgement

#: findings that a description names one by one, and characters of the message and of the path in each
FINDINGS = 20
FINDING_TEXT = 300

#: what a document is that does not say so by a code of its own (UNTDID 1001, PUF-019); of any other none is told
_TYPE_CODES = {Kind.INVOICE: "380", Kind.CREDIT_NOTE: "381"}


def of_stored(stored: StoredDocument, data: bytes) -> Acknowledgement:
    """The acknowledgement of *stored*, whose bytes are *data*; the same each time.

    Of a document that was erased, *data* is empty: what only the bytes said is then left out.
    """
    refusal = _refusal(stored)
    said = referred(data)
    accepted = refusal is None
    code, why = refusal or (None, None)
    return Acknowledgement(
        id=response_id(stored.id, code),
        at=_at(stored),
        accepted=accepted,
        # UBL demands one: a document without a number is named by the hub's own id of it [our choice]
        number=(stored.number or "").strip() or str(stored.id),
        issue_date=stored.issue_date,
        type_code=_type_code(stored, said),
        interchange_id=stored.request.get("key"),
        classification=code,
        description=why,
        distribution=distribution_of(stored.facts["way"]) if accepted else None,
        restricted=said.restricted,
    )


def _at(stored: StoredDocument) -> datetime:
    """When the document was received, or was routed later."""
    later = stored.facts.get("routed_at")
    return stored.at if later is None else msgspec.convert(later, datetime).astimezone(UTC)


def _refusal(stored: StoredDocument) -> tuple[str, str] | None:
    """The code and the words for which a document is refused; None where it is not."""
    facts = stored.facts
    if stored.state is not DocumentState.REJECTED:
        if facts.get("way"):
            return None
        return classification.NO_RECEIVER, f"No receiver was found: {facts.get('route') or 'its reason was erased'}."
    findings = [one for one in _findings(facts) if one.severity is Severity.FATAL]
    seller = msgspec.convert(facts["heading"], Heading).seller
    return classification.of_findings(findings, seller), _words(findings)


def _findings(facts: Any) -> list[Finding]:
    return msgspec.convert(facts.get("findings") or [], list[Finding])


def _words(findings: list[Finding]) -> str:
    """A line for each finding, as the operator's own examples write it: ``[rule]-message``."""
    lines = [_line(one) for one in findings[:FINDINGS]]
    if len(findings) > FINDINGS:
        lines.append(f"And {len(findings) - FINDINGS} more.")
    return "\n".join(lines) or "The document was rejected."


def _line(finding: Finding) -> str:
    # many authorities begin the message with the rule already
    message = _cut(finding.message.strip().removeprefix(f"[{finding.rule}]").lstrip("- "))
    place = "" if finding.path is None else f" Location: {_cut(finding.path)}"
    line = "" if finding.line is None else f", line {finding.line}"
    return f"[{finding.rule}]-{message}{place}{line if place else ''}"


def _cut(text: str) -> str:
    return text if len(text) <= FINDING_TEXT else text[: FINDING_TEXT - 1] + "…"


def _type_code(stored: StoredDocument, said: Referred) -> str | None:
    return said.type_code or _TYPE_CODES.get(Kind(stored.kind))
