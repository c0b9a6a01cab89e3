"""The paths of the File API and the Document API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fakturahub.dialects.pagero import acknowledgement, auth, documents, files
from fakturahub.dialects.pagero.batches import Room
from fakturahub.dialects.pagero.documents import Query
from fakturahub.dialects.surface import Parts, Route, call_of, read_body
from fakturahub.errors import BadRequest, NotAcceptable, NotFound, UnsupportedMediaType
from fakturahub.formats.acknowledging import write_acknowledgement
from fakturahub.identity.companies import Company
from fakturahub.intake.forms import boundary_of, read_form
from fakturahub.intake.limits import BODY_LIMIT, KIB

#: the dialect whose submissions the APIs show
DIALECT = "pagero"
#: bytes of a JSON body: a thousand ids, or the word for an action
JSON_BODY = 64 * KIB
#: bytes of a form above which it is taken apart in a thread
FORM_IN_THREAD = 1024 * KIB

#: what a document that is no XML begins with, such as a letter
_NO_XML = {b"%PDF": "application/pdf", b"PK\x03\x04": "application/zip"}

_Body = TypeVar("_Body")
_Answered = Callable[[Request, Company], Awaitable[Response]]


def routes(parts: Parts, room: Room) -> list[Route]:
    """All of them; each takes an access token."""

    def signed_in(answered: _Answered, *, any_type: bool = False) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            company = await auth.authenticate_bearer(request, parts)
            if not any_type:
                check_accept(request)
            return await answered(request, company)

        return endpoint

    async def post_file(request: Request, company: Company) -> Response:
        boundary = boundary_of(request.headers.get("content-type", ""))
        data = await read_body(request, BODY_LIMIT[DIALECT])
        apart = len(data) > FORM_IN_THREAD
        form = await asyncio.to_thread(read_form, data, boundary) if apart else read_form(data, boundary)
        sent = files.submission(form, company, call_of(request).request_id, parts.clock.now())
        sent = files.taken_apart(sent, await room.taken_apart(sent.data, company))
        compose = files.composer(company, form.value("senderReference"))
        answer, _ = await parts.exchange.submit(sent, company, compose)
        return Response(answer.body, answer.status, headers={"content-type": answer.content_type})

    async def get_file(request: Request, company: Company) -> Response:
        file = await parts.files.file(company, DIALECT, _id(request, "file"))
        return _json(files.shown(company, file))

    async def get_parts(request: Request, company: Company) -> Response:
        query = Query(request.query_params.multi_items())
        first, most = _paging(query, documents.MOST)
        wanted = files.standings(query.all("Status"))
        found, total = await parts.files.parts(company, DIALECT, _id(request, "file"), wanted, first, most)
        body = {"items": [files.part(one) for one in found], "meta": {"offset": first, "total": total}}
        return _json(msgspec.json.encode(body))

    async def post_action(request: Request, company: Company) -> Response:
        # Clients in the wild send no JSON type here, so none is asked for.
        part_id = _id(request, "file part")
        word = (await _read(request, files.Action)).action.lower()
        if word == "restart":
            now = parts.clock.now()
            again = files.restarted(company, call_of(request).request_id, now)
            one = await parts.files.restart(company, DIALECT, part_id, again, files.composer(company, None))
        elif word == "cancel":
            one = await parts.files.cancel(company, DIALECT, part_id)
        else:
            raise BadRequest("The action has to be Restart or Cancel.")
        return _json(msgspec.json.encode(files.part(one)))

    async def get_documents(request: Request, company: Company) -> Response:
        query = Query(request.query_params.multi_items())
        wanted = documents.conditions(query, company)
        first, most = _paging(query, documents.PAGE)
        found, total = await parts.archive.page(company, DIALECT, wanted, first, most)
        meta = {"count": len(found), "limit": most, "offset": first, "total": total}
        items = [documents.document(one, company) for one in found]
        return _json(msgspec.json.encode({"items": items, "meta": meta}))

    async def get_document(request: Request, company: Company) -> Response:
        item = await parts.archive.find(company, DIALECT, _id(request, "document"))
        return _json(msgspec.json.encode(documents.document(item, company)))

    async def get_target(request: Request, company: Company) -> Response:
        document_id = _id(request, "document")
        told = await parts.archive.acknowledged(company, DIALECT, document_id)
        if told is not None:
            return _bytes(await asyncio.to_thread(lambda: write_acknowledgement(acknowledgement.of_stored(*told))))
        target = await parts.archive.target(company, DIALECT, document_id)
        return _bytes(target.data, target.charset)

    async def post_fetch(request: Request, company: Company) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and kind != "text/json" and not (kind.startswith("application/") and kind.endswith("json")):
            raise UnsupportedMediaType("The body has to be application/json.")
        ids = list(dict.fromkeys((await _read(request, documents.Fetch)).ids))
        await parts.archive.fetch(company, DIALECT, ids)
        return _json(msgspec.json.encode({"ids": [str(one) for one in ids]}))

    return [
        Route("POST", "/file/v1/files", signed_in(post_file)),
        Route("GET", "/file/v1/files/{id}", signed_in(get_file)),
        Route("GET", "/file/v1/files/{id}/fileparts", signed_in(get_parts)),
        Route("POST", "/file/v1/fileparts/{id}/action", signed_in(post_action)),
        Route("GET", "/document/v1/documents", signed_in(get_documents)),
        Route("POST", "/document/v1/documents/fetch", signed_in(post_fetch)),
        Route("GET", "/document/v1/documents/{id}", signed_in(get_document)),
        # A client asks for JSON here and wants the document.
        Route("GET", "/document/v1/documents/{id}/targetdocument", signed_in(get_target, any_type=True)),
    ]


def check_accept(request: Request) -> None:
    """Raise `NotAcceptable` where the caller takes no JSON. Without a header it takes everything."""
    stated = ",".join(request.headers.getlist("accept"))
    if not stated.strip():
        return
    for one in stated.split(","):
        kind, *options = (part.strip().lower() for part in one.split(";"))
        refused = any(option.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for option in options)
        if kind in ("*/*", "application/*", "application/json") and not refused:
            return
    raise NotAcceptable("The answer is application/json, which the Accept header does not allow.")


def _id(request: Request, what: str) -> UUID:
    """The id in the path. Raises `NotFound` for what is none: nothing has such an id."""
    text = request.path_params["id"]
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no {what} with this id.") from error


def _paging(query: Query, default: int) -> tuple[int, int]:
    """Where the page begins, and how much there is on it."""
    first = query.number("offset", 0, 0, documents.FURTHEST)
    return first, query.number("limit", default, 1, documents.MOST)


async def _read(request: Request, kind: type[_Body]) -> _Body:
    """The JSON body. Raises `BadRequest` for one of another shape."""
    data = await read_body(request, JSON_BODY)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not the JSON that is wanted here: {str(error)[:200]}.") from error


def _json(body: bytes) -> Response:
    return Response(body, 200, headers={"content-type": files.CONTENT_TYPE})


def _bytes(data: bytes, charset: str = "utf-8") -> Response:
    """A document as it is; where it is not in UTF-8 that is said, for clients that do not look into its declaration."""
    kind = next((kind for first, kind in _NO_XML.items() if data.startswith(first)), "application/xml")
    if kind == "application/xml" and charset != "utf-8":
        kind += f"; charset={charset}"
    return Response(data, 200, headers={"content-type": kind})
