"""What the OAuth2 server says about itself (RFC 8414, OpenID Connect Discovery 1.0), and where everything is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fakturahub.identity.oauth.clients import ALL, BASIC, OPENID, POST
from fakturahub.identity.oauth.grants import ALL_GRANTS
from fakturahub.identity.oauth.keys import ALGORITHM

#: where each endpoint is; the first path is the one that is told (specs/pagero.md, 3.2), the others are older clients'
AUTHORIZE = ("/oauth/v2/oauth-authorize", "/oauth2/authorize", "/oauth/authorize")
TOKEN = ("/oauth/v2/oauth-token", "/oauth2/token", "/oauth/token")
CACHED_TOKEN = ("/cached/oauth/token",)
REVOKE = ("/oauth/v2/oauth-revoke", "/oauth/revoke")
INTROSPECT = ("/oauth/v2/oauth-introspect", "/oauth/introspect")
JWKS = ("/.well-known/jwks.json",)
DESCRIPTION = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")

#: answered under these paths whatever the host: clients of a dialect look for them beside it
PATHS = frozenset({*AUTHORIZE, *TOKEN, *CACHED_TOKEN, *REVOKE, *INTROSPECT, *JWKS, *DESCRIPTION})


def at_the_root(path: str, issuer: str) -> str:
    """*path*, where it is that of the metadata without the path of the issuer behind it (RFC 8414, 3.1)."""
    behind = urlsplit(issuer).path.rstrip("/")
    return next((one for one in DESCRIPTION if behind and path == one + behind), path)


def description(issuer: str) -> dict[str, Any]:
    """The metadata of the server that *issuer* names."""
    methods = [BASIC, POST]
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE[0],
        "token_endpoint": issuer + TOKEN[0],
        "revocation_endpoint": issuer + REVOKE[0],
        "introspection_endpoint": issuer + INTROSPECT[0],
        "jwks_uri": issuer + JWKS[0],
        "scopes_supported": [ALL, OPENID],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(ALL_GRANTS),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username"],
    }
