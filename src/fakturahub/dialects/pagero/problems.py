"""Refusals as the File API and the Document API word them: JSON, with the code, the reason and what to do.

The operator's pages name statuses and no shape. [our choice]: that of RFC 9457, with members of ours.
"""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from fakturahub import errors
from fakturahub.dialects.surface import Call

CONTENT_TYPE = "application/problem+json"

#: what the paths of each begin with, and the realm of its tokens
APIS = {"/file/": "Pagero File API", "/document/": "Pagero Document API"}


def api_of(path: str) -> str | None:
    """The name of the API that a path belongs to, None where it is the Interchange's."""
    return next((name for prefix, name in APIS.items() if path.startswith(prefix)), None)


def refuse(error: errors.FakturahubError, call: Call, api: str, status: int) -> Response:
    """The answer to a request to *api* that was refused."""
    reason = str(error) if isinstance(error, errors.Refused | errors.Unavailable) else "The hub has a defect."
    body = {
        "type": f"/errors/{error.code}",
        "title": error.title,
        "status": status,
        "detail": reason,
        "code": error.code,
        "advice": error.advice,
        "requestId": call.request_id,
    }
    response = Response(msgspec.json.encode(body), status, headers={"content-type": CONTENT_TYPE})
    if status == 401:
        response.headers["www-authenticate"] = _challenge(error, api)
    if isinstance(error, errors.MethodNotAllowed):
        response.headers["allow"] = error.allow
    return response


def _challenge(error: errors.FakturahubError, api: str) -> str:
    """RFC 6750, 3: nothing but a bad token has an error code."""
    bearer = f'Bearer realm="{api}"'
    if not isinstance(error, errors.InvalidToken):
        return bearer
    return f'{bearer}, error="invalid_token", error_description="{error.reason}"'
