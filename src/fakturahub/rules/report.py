"""What is told of a document after its packs ran: a report, as JSON and as SVRL (ISO/IEC 19757-3, annex D)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec
from lxml import etree

from fakturahub.model import Severity
from fakturahub.rules.engine import Outcome
from fakturahub.rules.tree import Schema

SVRL = "http://purl.oclc.org/dsdl/svrl"
_NONE: Mapping[str, str] = MappingProxyType({})
#: what XML 1.0 has no place for
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Ran(msgspec.Struct, frozen=True):
    """A pack that was run on the document."""

    name: str
    #: None where the pack states none
    version: str | None
    #: checks in force for a document of this kind
    rules: int


class Found(msgspec.Struct, frozen=True):
    """One finding; a check that could not be evaluated is one, too, and fatal."""

    #: the authority's id
    rule: str
    severity: Severity
    #: name of the pack
    pack: str
    #: XPath of the node
    path: str | None
    line: int | None
    message: str


class Report(msgspec.Struct, frozen=True):
    """The verdict on one file."""

    file: str
    #: None: not checked, because no pack had rules for it
    valid: bool | None
    #: the profile recognised, by its identifier; None where none was
    profile: str | None
    packs: tuple[Ran, ...]
    findings: tuple[Found, ...]


class Asked(msgspec.Struct, frozen=True):
    """What a check asks, for reports that tell it."""

    test: str
    is_report: bool = False


def report(
    file: str,
    outcomes: Iterable[Outcome],
    *,
    profile: str | None = None,
    versions: Mapping[str, str] = _NONE,
    others: Sequence[Found] = (),
) -> Report:
    """The report on *file*; *versions*: name of a pack -> its version; *others*: findings not of packs, told first.

    Valid is what at least one pack with rules for it ran on and nobody found anything fatal in. Where no such pack ran
    and nothing fatal was found, the document is not checked. Packs without rules for it are not among those that ran.
    """
    outcomes = tuple(outcomes)
    ran = tuple(
        Ran(outcome.pack, versions.get(outcome.pack), outcome.rules)
        for outcome in outcomes
        if outcome.applicable and outcome.rules
    )
    findings = (
        *others,
        *(
            Found(fired.id, fired.severity, outcome.pack, fired.path, fired.line, fired.message)
            for outcome in outcomes
            for fired in outcome.fired
        ),
    )
    valid: bool | None = True if ran else None
    # A fault is fatal by itself, whatever severity the engine gave it.
    if any(found.severity is Severity.FATAL for found in findings) or any(
        fired.fault for outcome in outcomes for fired in outcome.fired
    ):
        valid = False
    return Report(file.encode(errors="backslashreplace").decode(), valid, profile, ran, findings)


def as_json(reports: Iterable[Report]) -> bytes:
    """A list in UTF-8, one object for a report with the names of its fields; ``valid`` is null where not checked."""
    return msgspec.json.encode(list(reports))


def asked_by(schemas: Iterable[Schema]) -> dict[str, Asked]:
    """Id of a check -> what it asks, for ``as_svrl``; of several checks of one id the first."""
    found: dict[str, Asked] = {}
    for schema in schemas:
        for pattern in schema.patterns:
            for rule in pattern.rules:
                for check in rule.checks:
                    found.setdefault(check.id, Asked(" ".join(check.test.split()), check.is_report))
    return found


def as_svrl(
    outcomes: Iterable[Outcome],
    *,
    title: str | None = None,
    namespaces: Mapping[str, str] = _NONE,
    asked: Mapping[str, Mapping[str, Asked]] = MappingProxyType({}),
) -> bytes:
    """One document of SVRL in UTF-8: an ``active-pattern`` for each pack that ran, its findings behind it.

    *title*: of the report, such as the name of the file. *namespaces*: the prefixes that the paths use. *asked*: name
    of a pack -> ``asked_by`` its schemas; what is not told there is a ``failed-assert`` with an empty ``test``, as SVRL
    demands one. Rules that matched and found nothing (``fired-rule``) are not told. A check that could not be evaluated
    has the role ``fault`` where the pack states none.
    """
    root = etree.Element(f"{{{SVRL}}}schematron-output", nsmap={"svrl": SVRL})
    if title is not None:
        root.set("title", _plain(title))
    for prefix, uri in namespaces.items():
        etree.SubElement(root, f"{{{SVRL}}}ns-prefix-in-attribute-values", prefix=_plain(prefix), uri=_plain(uri))
    for outcome in outcomes:
        if not outcome.applicable and not outcome.fired:
            continue
        etree.SubElement(root, f"{{{SVRL}}}active-pattern", name=_plain(outcome.pack))
        known = asked.get(outcome.pack, {})
        for fired in outcome.fired:
            tested = known.get(fired.id, Asked(""))
            name = "successful-report" if tested.is_report and not fired.fault else "failed-assert"
            finding = etree.SubElement(root, f"{{{SVRL}}}{name}", id=_plain(fired.id), location=_plain(fired.path))
            finding.set("test", _plain(tested.test))
            # The severity that was made of what the pack states, where it states nothing itself.
            finding.set("flag", _plain(fired.flag or str(fired.severity)))
            role = fired.role or ("fault" if fired.fault else None)
            if role:
                finding.set("role", _plain(role))
            etree.SubElement(finding, f"{{{SVRL}}}text").text = _plain(fired.message)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _plain(text: str) -> str:
    """*text* with U+FFFD for each character that XML has no place for."""
    return _NO_XML.sub("\ufffd", text)
