"""Holding a document against the rules that apply to it: recognise, choose packs, XML schema, rules, verdict. Pure.

Nothing here is ever "valid" by default: valid is what at least one pack with rules ran on and nothing fatal was found
in. A check that could not be evaluated is fatal, too. What the engine cannot do at all is raised, never passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from fakturahub import formats
from fakturahub.errors import DocumentRefused, FakturahubError, RulesFailed, SeveralDocuments, UnknownDocument
from fakturahub.formats import Opened, Parsed
from fakturahub.model import Finding, Recognition, Severity, Verdict
from fakturahub.rules import engine, explanations, xsd
from fakturahub.rules.outcome import Fired, Outcome
from fakturahub.rules.report import Report, as_svrl, report

if TYPE_CHECKING:
    from fakturahub.exchange.rulebook import Installed, Rulebook

#: what stands for a pack in findings of the hub's own readers
OWN = "fakturahub"
#: the rule of the remark that a document was not checked
NOT_CHECKED = "not-checked"


class Validation(msgspec.Struct, frozen=True):
    """What is to be said of one document. It can be sent between processes."""

    verdict: Verdict
    report: Report
    #: those of the report, with terms and our explanation
    findings: tuple[Finding, ...]
    #: of each pack, and of the XML schema and the hub's own readers where they found something
    outcomes: tuple[Outcome, ...]

    @property
    def fatal(self) -> tuple[Finding, ...]:
        """The findings that make the document invalid."""
        return tuple(one for one in self.findings if one.severity is Severity.FATAL)


def validate(
    document: bytes | Opened,
    rulebook: Rulebook,
    on: date,
    *,
    packs: Sequence[str] = (),
    next: bool = False,
    language: str = "en",
    file: str = "",
) -> Validation:
    """What the rules in force on the day *on* say of *document*; *next*: those that come after them.

    A ZIP envelope is taken for the one document in it.

    With *packs*, exactly those are run, on anything that is XML, and nothing else: no schema, no choice by profile.
    *language*: of our explanations (ISO 639-1). *file*: the name in the report.

    Raises:
        TransferUnreadable: the bytes are no XML that the hub reads.
        UnknownDocument, SeveralDocuments: there is not one document to choose rules for; not with *packs*.
        NotFound, OperatorError: there is no pack of a name in *packs*.
        RulesFailed: the engine met a defect; the document was not judged.
    """
    subject, refusal = _parsed(document, strict=not packs)
    if packs:
        chosen: tuple[Installed, ...] = tuple(rulebook.named(packs))
        outcomes = _checked(subject, chosen, schema=False)
    elif subject.recognition is None:
        chosen, outcomes = (), ()
    else:
        chosen = tuple(rulebook.chosen(subject.recognition, str(subject.root.tag), on, next=next))
        outcomes = _checked(subject, chosen, schema=True)
        if refusal is not None:
            outcomes = (_own(refusal), *outcomes)
    profile = subject.recognition.profile if subject.recognition is not None else None
    versions = {one.name: one.version for one in chosen if one.version is not None}
    told = report(file, outcomes, profile=profile, versions=versions)
    verdict = Verdict.INVALID if told.valid is False else Verdict.VALID if told.valid else Verdict.NOT_CHECKED
    findings = tuple(
        Finding(
            rule=one.rule,
            severity=one.severity,
            message=one.message,
            path=one.path,
            line=one.line,
            term=", ".join(explanations.terms(one.rule, one.message)) or None,
            pack=one.pack,
            explanation=explanations.explain(one.rule, language),
        )
        for one in told.findings
    )
    return Validation(verdict, told, findings, outcomes)


def remark(recognition: Recognition | None) -> Finding:
    """The remark on a document for which there are no rules."""
    what = f"documents in {recognition.syntax}" if recognition is not None else "it"
    return Finding(NOT_CHECKED, Severity.INFORMATION, f"Not checked: no rules are installed for {what}.")


def as_data(validation: Validation) -> dict[str, Any]:
    """The report as an object of JSON, each finding with its ``terms`` and our ``explanation`` beside the rest."""
    data: dict[str, Any] = msgspec.to_builtins(validation.report)
    for told, finding in zip(data["findings"], validation.findings, strict=True):
        told["terms"] = finding.term.split(", ") if finding.term else []
        told["explanation"] = finding.explanation
    return data


def svrl(validation: Validation, rulebook: Rulebook) -> bytes:
    """The report as SVRL, with what *rulebook* knows of its packs; the XML schema is a pattern of its own."""
    packs = [one for one in map(rulebook.get, dict.fromkeys(each.pack for each in validation.outcomes)) if one]
    namespaces: dict[str, str] = {}
    for one in packs:
        namespaces.update(one.namespaces)
    return as_svrl(
        validation.outcomes,
        title=validation.report.file or None,
        namespaces=namespaces,
        asked={one.name: one.asked for one in packs},
    )


def _parsed(document: bytes | Opened, *, strict: bool) -> tuple[Parsed, DocumentRefused | None]:
    """The tree, and for what the exchange would not take the document in."""
    if isinstance(document, Opened):
        return Parsed(document.recognition, document.root), None
    document = formats.enclosed(document).data
    if not strict:
        return formats.parsed(document, unknown=True), None
    try:
        opened = formats.open_document(document)
    except (UnknownDocument, SeveralDocuments):
        raise
    except DocumentRefused as refusal:
        # A value that the reader of headings refuses does not keep the rules from saying more of the document.
        return formats.parsed(document), refusal
    root = formats.parsed(document).root if formats.has_marks(document) else opened.root
    return Parsed(opened.recognition, root), None


def _checked(subject: Parsed, packs: Sequence[Installed], *, schema: bool) -> tuple[Outcome, ...]:
    try:
        found = xsd.check(subject.root) if schema else None
        if found is not None and len(found.fired) > xsd.FAULTS:
            # Each rule would be held against each of the thousands of things that have no place in it.
            return (found,)
        outcomes = engine.check(subject.root, [one.pack for one in packs]) if packs else []
    except FakturahubError:
        raise
    except Exception as fault:
        names = ", ".join(one.name for one in packs) or xsd.NAME
        raise RulesFailed(f"The document could not be checked by {names}: the rule engine has a defect.") from fault
    # What found nothing and is no pack has nothing to say.
    return (*([found] if found is not None and found.fired else []), *outcomes)


def _own(refusal: DocumentRefused) -> Outcome:
    fired = Fired(refusal.code, None, None, Severity.FATAL, refusal.reason, refusal.place or "/", None)
    return Outcome(OWN, True, 0, (fired,))
