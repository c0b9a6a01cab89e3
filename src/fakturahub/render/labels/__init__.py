"""What is printed beside the data, in the six languages of a page. Each language is a file; all have the same keys."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

#: ISO 639-1: Norwegian bokmål, Swedish, Danish, Finnish, German, English
LANGUAGES = ("nb", "sv", "da", "fi", "de", "en")

#: the language that most people of a country read a bill in; every other country gets English
_OF_COUNTRY = {
    "NO": "nb",
    "SJ": "nb",
    "SE": "sv",
    "AX": "sv",
    "DK": "da",
    "FO": "da",
    "GL": "da",
    "FI": "fi",
    "DE": "de",
    "AT": "de",
    "CH": "de",
    "LI": "de",
}


def language_of(country: str | None) -> str:
    """The language of the pages for a receiver in *country* (ISO 3166-1 alpha-2)."""
    return _OF_COUNTRY.get((country or "").upper(), "en")


def text(language: str, key: str) -> str:
    """The label *key*, such as ``document.invoice``, in *language*. Raises ``KeyError`` for what is not there."""
    return _labels(language)[key]


def word(language: str, key: str) -> str | None:
    """As ``text``, None for a key that is not there: code lists are open, labels are not."""
    return _labels(language).get(key)


@cache
def _labels(language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        raise KeyError(f"there is no language {language!r}; there are {', '.join(LANGUAGES)}")
    tables = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": label for table, labels in tables.items() for key, label in labels.items()}
