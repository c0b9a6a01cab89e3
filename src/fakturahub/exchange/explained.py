"""What a finding means, in a language that its sender reads and the hub's explanations are written in."""

from __future__ import annotations

from fakturahub.rules import explanations

#: ISO 639-1 codes of the languages in which every explanation exists
LANGUAGES = explanations.LANGUAGES


def explained(rule: str, language: str) -> str | None:
    """The hub's own explanation of *rule*, None where there is none, or none in that language."""
    return explanations.explain(rule, language) if language in LANGUAGES else None
