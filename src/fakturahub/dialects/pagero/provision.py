"""Pagero's sections of the provisioning file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from fakturahub.config import DialectSection, HttpPush, forms
from fakturahub.config.kinds import ClientId, Hashed, RedirectUri, Text, Url, Username
from fakturahub.exchange import terms

#: most document types and most send modes
WORDS = 100
#: a segment of the path; paths are brought to small letters before they are compared
_WORD = forms.text_form(
    'a word of small letters, digits, dots, hyphens and underscores such as "invoice", at most 64 characters',
    r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?",
)
Word = Annotated[str, Meta(extra={"form": _WORD})]


class PageroCompany(msgspec.Struct, frozen=True, kw_only=True):
    """``[company.pagero]``: how the company signs in to the Interchange and the APIs, and how it is reached.

    ``username`` and ``password`` are those of Basic authentication and of the password grant; ``client_id`` and
    ``client_secret`` those of OAuth2 (specs/pagero.md, section 3).
    """

    username: Annotated[Username, Meta(extra={"unique": "user name"})]
    password: Hashed
    client_id: ClientId | None = None
    client_secret: Hashed | None = None
    redirect_uris: tuple[RedirectUri, ...] = ()
    #: the File API's sendingCompanyId; without one the hub makes it
    company_id: Annotated[Text, Meta(extra={"unique": "Pagero company id"})] | None = None
    #: Technical Acknowledgements are posted here and nowhere else
    acknowledgements_url: Url | None = None
    #: how received documents are posted to the company
    push: HttpPush | None = None
    #: a ZIP may hold more than one document; the operator recommends one (specs/pagero.md, section 6)
    several_documents: bool = False

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that do not go together: the key at fault, and what is wrong with it."""
        found = []
        if self.client_id and not self.client_secret:
            found.append(("client_id", "needs `client_secret` as well"))
        if self.client_secret and not self.client_id:
            found.append(("client_secret", "needs `client_id` as well"))
        headers = {} if self.push is None else self.push.document_headers
        found += [
            ("push", f"`document_headers`: what `{name}` is taken from {fault}")
            for name, term in headers.items()
            if (fault := terms.fault_in(term))
        ]
        return found


class PageroHub(DialectSection, frozen=True, kw_only=True):
    """``[dialects.pagero]``: the words of the Interchange's paths, and who may call which (specs/pagero.md, 1)."""

    #: what a path may say a document is; without any the known ones, ``document_types.DOCUMENT_TYPES``
    document_types: tuple[Word, ...] = ()
    #: a word of the path -> what it means; without any ``prod``, ``test`` and ``cert``
    send_modes: Annotated[dict[str, Literal["prod", "test", "cert"]], Meta(extra={"names": _WORD})] = field(
        default_factory=dict
    )
    #: Basic on the paths for access tokens is taken, and a token on those for passwords
    crossed_authentication: bool = False

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys that hold too much, or the same twice."""
        found = [
            (key, f"has {len(words):,} words; the limit is {WORDS}")
            for key, words in (("document_types", self.document_types), ("send_modes", self.send_modes))
            if len(words) > WORDS
        ]
        twice = sorted({one for one in self.document_types if self.document_types.count(one) > 1})
        return found + [("document_types", f"`{one}` stands there twice") for one in twice]


COMPANY_SECTION: type[PageroCompany] = PageroCompany
HUB_SECTION: type[PageroHub] = PageroHub
