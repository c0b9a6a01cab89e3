"""A letter to be printed and mailed: who sends it, where it goes, and the file that is its pages.

The terms are those of the print metadata that Apix takes (apix.md 6.2); they are no terms of EN 16931.
"""

from __future__ import annotations

from fakturahub.model.invoice import Noun


class LetterAddress(Noun, frozen=True, kw_only=True):
    """A postal address as it is printed on the envelope."""

    streets: tuple[str, ...] = ()
    town: str | None = None
    post_code: str | None = None
    #: ISO 3166-1 alpha-2
    country: str | None = None


class LetterParty(Noun, frozen=True, kw_only=True):
    """The sender or the recipient."""

    #: the business id of its country
    identifier: str | None = None
    #: the name, in at most as many lines as there are entries
    names: tuple[str, ...] = ()
    address: LetterAddress | None = None


class LetterFile(Noun, frozen=True, kw_only=True):
    """A file that belongs to the letter and lies beside it."""

    #: what it is: ``APIX_PDFFILE`` is the letter's pages
    role: str | None = None
    #: where it is: ``file://<name of a member of the ZIP archive>``
    uri: str | None = None


class Letter(Noun, frozen=True, kw_only=True):
    """A letter; its pages are the file with the role ``APIX_PDFFILE``."""

    #: the sender's own number of the letter, unique among the sender's letters
    number: str | None = None
    sender: LetterParty = LetterParty()
    recipient: LetterParty = LetterParty()
    files: tuple[LetterFile, ...] = ()
