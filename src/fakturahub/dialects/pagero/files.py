"""The File API's messages and our commands, one into the other (specs/pagero.md, section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from fakturahub import telemetry
from fakturahub.clock import new_id
from fakturahub.dialects.pagero.batches import Transfer, inspection
from fakturahub.errors import BadRequest, PermissionDenied, WrongState
from fakturahub.exchange.files import Again, File, Shown, Standing
from fakturahub.exchange.submit import Accepted
from fakturahub.identity.companies import Company
from fakturahub.intake.filenames import safe_member_name
from fakturahub.intake.forms import Form
from fakturahub.intake.zip import is_zip
from fakturahub.model import Answer, Mode, Submission

CONTENT_TYPE = "application/json"

#: Document types as the API writes them, by how they are matched and stored. The first and the two after it are what
#: a client in the wild sends; the others follow the Interchange [inferred].
DOCUMENT_TYPES: Mapping[str, str] = {
    name.lower(): name
    for name in (
        "Invoice",
        "PaymentReminder",
        "ApplicationResponse",
        "Order",
        "OrderResponse",
        "DespatchAdvice",
        "Catalogue",
    )
}

#: send modes as the API writes them (specification 1.2)
MODES: Mapping[Mode, str] = {Mode.PROD: "Production", Mode.TEST: "Test", Mode.CERT: "Certification"}
_MODE_OF = {word.lower(): mode for mode, word in MODES.items()}

#: parts of the form that are looked at; any other is noted in the log and left alone
PARTS = ("payload", "documentType", "sendMode", "sendingCompanyId", "senderReference")

#: A part's status in the API's words. A client in the wild takes a file for done once no part is listed, and knows
#: these three; the two words that no list shows are [our choice].
STATUS: Mapping[Standing, str] = {
    Standing.UNDER_WAY: "Processing",
    Standing.FAILED: "Error",
    Standing.WAITING: "AwaitingInteraction",
    Standing.DONE: "Processed",
    Standing.CANCELLED: "Cancelled",
}
#: what is listed where nothing is asked for: what is not done with
LISTED = frozenset({Standing.UNDER_WAY, Standing.FAILED, Standing.WAITING})
_STANDING_OF = {STATUS[one].lower(): one for one in LISTED}

#: sentences that a part's error has, and characters of each
DESCRIPTIONS, DESCRIPTION = 20, 500
#: names of parts that are not known, in a line of the log
UNKNOWN_PARTS = 10

#: which of this dialect's doors a file comes through: its answers are not those of the Interchange
DOOR = "file"

log = telemetry.logger("dialects.pagero")


class Action(msgspec.Struct, frozen=True):
    """The body of a call for an action."""

    action: str


def company_id(company: Company) -> str:
    """The id by which a company is known to the APIs: its own setting, else the hub's id of it."""
    return str(company.section("pagero").get("company_id") or company.id)


def check_company(company: Company, stated: str | None, where: str) -> None:
    """Raise `PermissionDenied` where *stated* is not the caller's own id."""
    if stated is not None and stated.strip().lower() != company_id(company).lower():
        raise PermissionDenied(
            f"{where} is not the id of the company that the access token belongs to; that is {company_id(company)}."
        )


def submission(form: Form, company: Company, request_id: str, at: datetime) -> Submission:
    """The command that a form means.

    Raises `BadRequest` for a part that is missing, stands several times or says what is not known, `PermissionDenied`
    for the id of another company.
    """
    payload = form.field("payload")
    if payload is None:
        raise BadRequest('The form has no part with the name "payload".')
    document_type = form.value("documentType")
    mode = form.value("sendMode")
    check_company(company, form.value("sendingCompanyId"), 'The part "sendingCompanyId"')
    if document_type is None or document_type.lower() not in DOCUMENT_TYPES:
        raise BadRequest(
            f'The part "documentType" says {_said(document_type)}; known are {", ".join(DOCUMENT_TYPES.values())}.'
        )
    if mode is None or mode.lower() not in _MODE_OF:
        raise BadRequest(f'The part "sendMode" says {_said(mode)}; known are {", ".join(MODES.values())}.')
    others = form.others(PARTS)
    if others:
        log.info("parts of a form that are not known", names=[one[:100] for one in others[:UNKNOWN_PARTS]])
    named = payload.file_name
    return Submission(
        id=new_id(at),
        company_id=company.id,
        dialect="pagero",
        data=payload.data,
        mode=_MODE_OF[mode.lower()],
        at=at,
        door=DOOR,
        file_name=safe_member_name(named, set()) if named else None,
        declared_type=document_type.lower(),
        request_id=request_id,
    )


def taken_apart(sent: Submission, transfer: Transfer) -> Submission:
    """*sent* with the documents of its payload, which are looked at as those of the Interchange are."""
    inspect = inspection(sent.declared_type or "", archived=transfer.archived)
    return msgspec.structs.replace(sent, parts=transfer.parts, inspect=inspect)


def _said(text: str | None) -> str:
    return "nothing" if text is None else f'"{text}"'


def restarted(company: Company, request_id: str, at: datetime) -> Callable[[Again], Submission]:
    """How a document that is judged anew is handed in.

    What it gives raises `WrongState` for an archive that was rejected whole, in which there is no document to judge.
    """

    def again(once: Again) -> Submission:
        if is_zip(once.data):
            raise WrongState("An archive that was rejected as a whole is not taken apart again; hand it in again.")
        declared = once.request.get("declared_type")
        return Submission(
            id=new_id(at),
            company_id=company.id,
            dialect="pagero",
            data=once.data,
            mode=once.mode,
            at=at,
            door=DOOR,
            key=once.request.get("key"),
            file_name=once.request.get("file_name"),
            declared_type=declared,
            request_id=request_id,
            parts=(once.part,),
            inspect=inspection(declared or "", archived=bool(once.part.files)),
        )

    return again


def composer(company: Company, reference: str | None) -> Callable[[Accepted], Answer]:
    """What makes the answer to a file of *company*: 201, whatever becomes of what is in it."""

    def compose(accepted: Accepted) -> Answer:
        sent = accepted.submission
        body = _file(company, sent.id, sent.mode, sent.at, sent.declared_type, reference)
        return Answer(201, CONTENT_TYPE, msgspec.json.encode(body))

    return compose


def shown(company: Company, file: File) -> bytes:
    """A file as it was answered; one that came another way, in the same shape."""
    if file.answer.status == 201 and file.answer.content_type == CONTENT_TYPE:
        return file.answer.body
    declared = file.request.get("declared_type")
    return msgspec.json.encode(_file(company, file.id, file.mode, file.created_at, declared, file.request.get("key")))


def _file(
    company: Company, file_id: UUID, mode: Mode, at: datetime, declared: str | None, reference: str | None
) -> dict[str, Any]:
    user = str(company.section("pagero").get("username") or "")
    return {
        "id": str(file_id),
        "sendingCompany": {"id": company_id(company), "name": company.name, "department": ""},
        "sendingUser": {
            "id": user,
            "fullName": company.name,
            "username": user,
            "email": str(company.settings.get("email") or ""),
            "phone": str(company.settings.get("phone") or ""),
        },
        "sendMode": MODES[mode],
        "createTime": instant(at),
        "documentType": DOCUMENT_TYPES.get(declared or "", declared or ""),
        "senderReference": reference or "",
    }


def instant(at: datetime) -> str:
    """A time as the API writes it: UTC, milliseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def standings(words: list[str]) -> frozenset[Standing]:
    """Which parts are wanted, by the values of ``Status``, each with commas in it or none. Raises `BadRequest`."""
    named = [word.strip() for value in words for word in value.split(",")]
    unknown = [word for word in named if word.lower() not in _STANDING_OF]
    if unknown:
        known = ", ".join(STATUS[one] for one in Standing if one in LISTED)
        raise BadRequest(f"There is no status {_said(unknown[0][:100])}; known are {known}.")
    return frozenset(_STANDING_OF[word.lower()] for word in named) or LISTED


def part(one: Shown) -> dict[str, Any]:
    """A part of a file as the API shows it."""
    item: dict[str, Any] = {
        "id": str(one.part.id),
        "fileId": str(one.part.file_id),
        "status": STATUS[one.standing],
    }
    if one.reasons and one.standing in LISTED:
        item["error"] = {"description": [_cut(reason) for reason in one.reasons[:DESCRIPTIONS]]}
        if len(one.reasons) > DESCRIPTIONS:
            item["error"]["description"].append(f"And {len(one.reasons) - DESCRIPTIONS} more.")
    return item


def _cut(text: str) -> str:
    return text if len(text) <= DESCRIPTION else text[: DESCRIPTION - 1] + "…"
