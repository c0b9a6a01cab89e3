"""Technical Acknowledgements: what they are made from, and the deliveries by which they reach a company's own server.

Nothing is stored for one. Who asks for it gets it made from what is stored of the document, the same each time. Only
where a company has them pushed does one travel in a delivery: a row beside that of the document, in the same
transaction, which says nothing of the state of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import msgspec

from fakturahub.clock import new_id
from fakturahub.identity.companies import Company
from fakturahub.model import DocumentState
from fakturahub.model.acknowledgement import CHANNEL, Acknowledgement, Distribution
from fakturahub.storage.delivery_verbs import NewDelivery
from fakturahub.storage.submission_rows import DeliveryRow, DocumentRow, SubmissionRows

#: the syntax of what is delivered, as lists of deliveries show it
SYNTAX = "puf-technical-acknowledgement"

_DISTRIBUTION: dict[str, Distribution] = {"email": "Email", "print": "Print"}


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is stored, as far as its acknowledgement depends on it."""

    id: UUID
    state: DocumentState
    kind: str
    number: str | None
    issue_date: date | None
    #: when it was received
    at: datetime
    #: ``document.facts``
    facts: Mapping[str, Any]
    #: ``submission.request``
    request: Mapping[str, Any]


#: makes the acknowledgement of a stored document, whose bytes are the second argument
Compose = Callable[[StoredDocument, bytes], Acknowledgement]


def url_of(company: Company) -> str | None:
    """Where the acknowledgements of *company* are posted, None where they are not."""
    url: str | None = company.section("pagero").get("acknowledgements_url")
    return url


def response_id(document_id: UUID, classification: str | None) -> UUID:
    """The id of the response to a document: one for ``AP``, another for each code of ``RE``."""
    return uuid5(document_id, "AP" if classification is None else f"RE {classification}")


def distribution_of(channel: str) -> Distribution:
    """How a document that leaves by *channel* is distributed, in PUF's words; every network is electronic."""
    return _DISTRIBUTION.get(channel, "Electronic")


def with_acknowledgements(rows: SubmissionRows, data: Sequence[bytes], url: str, compose: Compose) -> SubmissionRows:
    """*rows* with a delivery to *url* for the acknowledgement of each document; *data* are their bytes, in order."""
    request = msgspec.json.decode(rows.request)
    deliveries = []
    for document, content in zip(rows.documents, data, strict=True):
        one = compose(_stored(document, rows.at, request), content)
        new = _new(rows.company_id, url, one)
        deliveries.append(
            DeliveryRow(
                id=new_id(rows.at),
                document_id=document.id,
                receiver_id=None,
                channel=new.channel,
                address=new.address,
                why=new.why,
                wanted_syntax=new.wanted_syntax,
                target=new.target,
                details=new.details,
            )
        )
    return msgspec.structs.replace(rows, deliveries=(*rows.deliveries, *deliveries))


def routed_later(
    details: Mapping[str, Any] | None, document_id: UUID, company: Company | None, channel: str, at: datetime
) -> NewDelivery | None:
    """The acknowledgement of a document that was routed after *details*, its last one, had said that it is refused.

    None where there was none, or *company* has them posted no more.
    """
    last = of_details(details)
    url = None if company is None else url_of(company)
    if last is None or last.accepted or company is None or url is None:
        return None
    accepted = msgspec.structs.replace(
        last,
        id=response_id(document_id, None),
        at=at,
        accepted=True,
        classification=None,
        description=None,
        distribution=distribution_of(channel),
    )
    return _new(company.id, url, accepted)


def of_details(details: Mapping[str, Any] | None) -> Acknowledgement | None:
    """The acknowledgement in the details of a delivery; None where it was erased."""
    stated = (details or {}).get(CHANNEL)
    return None if stated is None else msgspec.convert(stated, Acknowledgement)


def _new(company_id: UUID, url: str, one: Acknowledgement) -> NewDelivery:
    said = "AP" if one.accepted else f"RE {one.classification}"
    return NewDelivery(
        receiver_id=None,
        channel=CHANNEL,
        address=_place(url),
        why=f"Technical Acknowledgement {said}",
        wanted_syntax=SYNTAX,
        target=f"{CHANNEL} {company_id}",
        details=msgspec.json.encode({CHANNEL: one}).decode(),
    )


def _place(url: str) -> str:
    """*url* as people see it: without credentials and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _stored(document: DocumentRow, at: datetime, request: Mapping[str, Any]) -> StoredDocument:
    return StoredDocument(
        id=document.id,
        state=DocumentState(document.state),
        kind=document.kind,
        number=document.number,
        issue_date=document.issue_date,
        at=at,
        facts=msgspec.json.decode(document.facts),
        request=request,
    )
