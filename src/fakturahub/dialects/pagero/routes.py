"""The paths of the Pagero Interchange, and of the APIs beside it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from fakturahub.dialects.pagero import api, auth, wire
from fakturahub.dialects.pagero.errors import refuse
from fakturahub.dialects.surface import Parts, Route, Surface, read_body
from fakturahub.identity.companies import Company
from fakturahub.intake.limits import BODY_LIMIT


def surface(parts: Parts) -> Surface:
    """The dialect, ready to be mounted under ``/pagero`` and at the root of its hosts."""

    async def by_password(request: Request) -> Response:
        # The caller first: who is not known learns nothing about paths, and nobody's body is read for nothing.
        return await incoming(request, await auth.authenticate(request, parts))

    async def by_token(request: Request) -> Response:
        return await incoming(request, await auth.authenticate_bearer(request, parts))

    async def incoming(request: Request, company: Company) -> Response:
        wire.path_parts(request)
        wire.interchange_id(request)
        data = await read_body(request, BODY_LIMIT["pagero"])
        submission = wire.submission(request, company, data, parts.clock.now())
        answer, _ = await parts.exchange.submit(submission, company, wire.answer)
        return Response(answer.body, answer.status, headers={"content-type": answer.content_type})

    return Surface(
        "pagero",
        [
            Route("POST", "/incoming/default/{document_type}/{mode}", by_password),
            Route("POST", wire.TOKEN_PATH + "/default/{document_type}/{mode}", by_token),
            *api.routes(parts),
        ],
        refuse,
        parts,
        # Segments are matched without regard to case, one slash at the end is tolerated (specification 1, inferred).
        path_form=lambda path: path.lower().removesuffix("/"),
    )
