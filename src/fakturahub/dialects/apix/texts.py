"""ValidateText: what is said of a document, in English and where there are words for it in Finnish and Swedish.

The form is that of the operator's example, ``Document InvoiceID 1001 Warning:BuyerOganisationTaxCode is missing``
(specification 6.1). English quotes the rule's own message, the other two the hub's explanation of the rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fakturahub.errors import FakturahubError
from fakturahub.exchange.explained import explained
from fakturahub.model import Finding, Severity

#: characters of a ValidateText (specification 4)
LIMIT = 512

#: language -> what a document is called, and a severity
_DOCUMENT = {"en": "Document", "fi": "Asiakirja", "sv": "Dokument"}
_SEVERITY = {
    "en": {Severity.FATAL: "Error", Severity.WARNING: "Warning", Severity.INFORMATION: "Information"},
    "fi": {Severity.FATAL: "Virhe", Severity.WARNING: "Varoitus", Severity.INFORMATION: "Tieto"},
    "sv": {Severity.FATAL: "Fel", Severity.WARNING: "Varning", Severity.INFORMATION: "Information"},
}
#: code of an error -> what it means; any other is told by the general sentence
_REASONS = {
    "fi": {
        "missing-file": "Asiakirjaan kuuluva tiedosto puuttuu, tai asiakirja ei nimeä sitä.",
        "unreadable-attachment": "Liitettä ei voi lukea.",
        "empty-attachment": "Liite on tyhjä.",
        "attachment-too-large": "Liite on liian suuri.",
        "unknown-document": "Tiedosto ei ole tunnettu asiakirja.",
        "missing-term": "Pakollinen tieto puuttuu.",
        "bad-value": "Asiakirjassa on arvo, jota ei voi lukea.",
        "no-way": "Asiakirjalle ei löydy kanavaa vastaanottajalle: verkkolasku-, sähköposti- tai postiosoite puuttuu.",
        "unrenderable-document": "Asiakirjasta ei voi tehdä sivua.",
        "invalid-document": "Asiakirja ei täytä sitä koskevia sääntöjä.",
        "seller-mismatch": "Myyjä ei ole lähettävä yritys.",
        "several-documents": "Tiedostossa on useita asiakirjoja, kun odotettiin yhtä.",
        "xml-not-well-formed": "XML ei ole oikein muodostettu.",
        "doctype-refused": "DOCTYPE-määrittelyä ei hyväksytä.",
    },
    "sv": {
        "missing-file": "En fil som hör till dokumentet saknas, eller dokumentet namnger den inte.",
        "unreadable-attachment": "En bilaga kan inte läsas.",
        "empty-attachment": "En bilaga är tom.",
        "attachment-too-large": "En bilaga är för stor.",
        "unknown-document": "Filen är inget känt dokument.",
        "missing-term": "En obligatorisk uppgift saknas.",
        "bad-value": "Dokumentet har ett värde som inte kan läsas.",
        "no-way": "Dokumentet har ingen kanal till mottagaren: e-faktura-, e-post- eller postadress saknas.",
        "unrenderable-document": "Det går inte att göra en sida av dokumentet.",
        "invalid-document": "Dokumentet uppfyller inte de regler som gäller för det.",
        "seller-mismatch": "Säljaren är inte det sändande företaget.",
        "several-documents": "Filen innehåller flera dokument där ett väntades.",
        "xml-not-well-formed": "XML-koden är inte välformad.",
        "doctype-refused": "En DOCTYPE godtas inte.",
    },
}
_REFUSED = {"fi": "Asiakirjaa ei hyväksytty.", "sv": "Dokumentet godtogs inte."}


class Text(msgspec.Struct, frozen=True):
    """What is said of one document; Finnish and Swedish where there are words for it."""

    en: str
    fi: str | None = None
    sv: str | None = None


def of_refusal(name: str, refusal: FakturahubError) -> Text:
    """Why the document *name* was not accepted."""
    return Text(
        _cut(f"{_lead('en', name, Severity.FATAL)}{refusal} ({refusal.code})"),
        *(
            _cut(_lead(language, name, Severity.FATAL) + _REASONS[language].get(refusal.code, _REFUSED[language]))
            for language in ("fi", "sv")
        ),
    )


def of_findings(name: str, findings: Sequence[Finding], *, refused: bool) -> Text | None:
    """What the findings of the document *name* say, the gravest first; None where there are none.

    Where it is *refused* for them, Finnish and Swedish have a sentence even where no finding has an explanation.
    """
    order = list(Severity)
    sorted_findings = sorted(findings, key=lambda one: order.index(one.severity))
    if not sorted_findings:
        return None
    english = "; ".join(
        f"{_lead('en', name, one.severity)}{one.message}" + (f" [{one.rule}]" if one.rule else "")
        for one in sorted_findings
    )
    others: list[str | None] = []
    for language in ("fi", "sv"):
        said = [
            f"{_lead(language, name, one.severity)}{explanation}"
            for one in sorted_findings
            if (explanation := explained(one.rule, language)) is not None
        ]
        if not said and refused:
            said = [_lead(language, name, Severity.FATAL) + _REASONS[language]["invalid-document"]]
        others.append(_cut("; ".join(dict.fromkeys(said))) if said else None)
    return Text(_cut(english), *others)


def of_remarks(name: str, remarks: Sequence[str]) -> Text | None:
    """Remarks in the hub's own English words, of a document that was accepted; None where there are none."""
    if not remarks:
        return None
    return Text(_cut("; ".join(f"{_lead('en', name, Severity.WARNING)}{one}" for one in remarks)))


def _lead(language: str, name: str, severity: Severity) -> str:
    return f"{_DOCUMENT[language]} {name} {_SEVERITY[language][severity]}: "


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 4].rstrip()} ..."
