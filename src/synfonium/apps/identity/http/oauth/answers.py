"""How clients ask and are answered, alike at every endpoint."""

from typing import Any

from litestar import Response

from synfonium.apps.identity.http.browser import form_pairs
from synfonium.apps.identity.model.oauth.words import OAuthError, request_fields
from synfonium.apps.identity.service.oauth.authentication import Asked
from synfonium.common.problem import BadInput
from synfonium.kernel.doors import AnyRequest

# Answers hold no cookie and change nothing by one: pages of any site may read their own.
_ANYBODY = {"access-control-allow-origin": "*"}
_READABLE = {**_ANYBODY, "access-control-expose-headers": "dpop-nonce, www-authenticate"}
NOT_KEPT = {"cache-control": "no-store", "pragma": "no-cache", **_READABLE}
KEPT_A_WHILE = {"cache-control": "public, max-age=3600", **_ANYBODY}
PREFLIGHT = {
    **_ANYBODY,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type, dpop",
    "access-control-max-age": "7200",
}
_STATUS = {
    "invalid_client": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "access_denied": 403,
    "temporarily_unavailable": 429,
}


async def asked(request: AnyRequest) -> Asked:
    """A form of a client. Raises OAuthError."""
    try:
        pairs = await form_pairs(request)
    except BadInput:
        raise OAuthError("invalid_request", "the body is no form in UTF-8") from None
    return Asked(
        fields=request_fields(pairs),
        path=request.scope["path"],
        authorization=request.headers.get("authorization", ""),
        dpop=dpop_of(request),
    )


def dpop_of(request: AnyRequest) -> str | None:
    """The one proof of a request (RFC 9449, 4.3). Raises OAuthError for several."""
    found = request.headers.getall("dpop", [])
    if len(found) > 1:
        raise OAuthError("invalid_dpop_proof", "one proof comes with a request")
    return found[0] if found else None


def refuse(refusal: OAuthError, *, challenge: str = "", status: int = 0) -> Response[Any]:
    """`challenge`: the scheme in which the client came, for WWW-Authenticate."""
    status = status or _STATUS.get(refusal.error, 400)
    headers = dict(NOT_KEPT)
    if challenge and status in (401, 403):
        headers["www-authenticate"] = challenge
    body = {"error": refusal.error, "error_description": refusal.description}
    return Response(body, status_code=status, headers=headers)
