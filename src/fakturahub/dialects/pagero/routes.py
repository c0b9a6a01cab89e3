"""The paths of the Pagero Interchange, and of the APIs beside it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.dialects.pagero import api, auth, batches, wire
from fakturahub.dialects.pagero.errors import refuse
from fakturahub.dialects.pagero.settings import InForce
from fakturahub.dialects.surface import Parts, Route, Surface, read_body
from fakturahub.identity.companies import Company
from fakturahub.intake.limits import BODY_LIMIT


class Interchange:
    """The calls of the Interchange."""

    def __init__(self, parts: Parts, room: batches.Room) -> None:
        self._parts = parts
        self._room = room
        self._settings = InForce(parts)

    async def by_password(self, request: Request) -> Response:
        """``POST /incoming/default/{document_type}/{mode}``."""
        # The caller first: who is not known learns nothing about paths, and nobody's body is read for nothing.
        crossed = self._settings.words.crossed and auth.scheme_of(request) == "bearer"
        who = await (auth.authenticate_bearer if crossed else auth.authenticate)(request, self._parts)
        return await self._incoming(request, who)

    async def by_token(self, request: Request) -> Response:
        """The same for a caller with an access token."""
        crossed = self._settings.words.crossed and auth.scheme_of(request) == "basic"
        who = await (auth.authenticate if crossed else auth.authenticate_bearer)(request, self._parts)
        return await self._incoming(request, who)

    async def _incoming(self, request: Request, company: Company) -> Response:
        words = self._settings.words
        wire.path_parts(request, words)
        wire.interchange_id(request)
        data = await read_body(request, BODY_LIMIT["pagero"])
        transfer = await self._room.taken_apart(data, company)
        submission = wire.submission(request, company, data, self._parts.clock.now(), words, transfer)
        answer, _ = await self._parts.exchange.submit(
            submission, company, lambda accepted: wire.answer(accepted, transfer)
        )
        return Response(answer.body, answer.status, headers={"content-type": answer.content_type})


def surface(parts: Parts) -> Surface:
    """The dialect, ready to be mounted under ``/pagero`` and at the root of its hosts."""
    room = batches.Room()
    interchange = Interchange(parts, room)
    return Surface(
        "pagero",
        [
            Route("POST", "/incoming/default/{document_type}/{mode}", interchange.by_password),
            Route("POST", wire.TOKEN_PATH + "/default/{document_type}/{mode}", interchange.by_token),
            *api.routes(parts, room),
        ],
        refuse,
        parts,
        # Segments are matched without regard to case, one slash at the end is tolerated (specification 1, inferred).
        path_form=lambda path: path.lower().removesuffix("/"),
    )
