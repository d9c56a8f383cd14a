"""What a site is told about a person: scopes, the `claims` parameter (Core 1.0, 5.4 and 5.5)."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import Account

CLAIMS_OF = {
    "profile": ("name", "preferred_username", "locale"),
    "email": ("email", "email_verified"),
}
SCOPE_OF = {claim: scope for scope, claims in CLAIMS_OF.items() for claim in claims}


def wanted_claims(text: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Claims wanted in the id token, claims wanted from userinfo, and the one `sub` wanted.

    Unknown claims are left out (Core 1.0, 5.5.1). Raises OAuthError invalid_request.
    """
    if not text:
        return (), (), ""
    try:
        asked = msgspec.json.decode(text, type=dict[str, dict[str, dict[str, Any] | None] | None])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise OAuthError("invalid_request", "claims is an object of objects") from None
    id_token, userinfo = asked.get("id_token") or {}, asked.get("userinfo") or {}
    sub = (id_token.get("sub") or {}).get("value", "")
    if not isinstance(sub, str):
        raise OAuthError("invalid_request", "the value of sub is a text")
    return _known(id_token), _known(userinfo), sub


def _known(claims: Collection[str]) -> tuple[str, ...]:
    return tuple(claim for claim in claims if claim in SCOPE_OF)


def consent_scopes(scopes: Collection[str], claims: Collection[str]) -> tuple[str, ...]:
    """What a person must agree to: the scopes, and those that single claims belong to."""
    return tuple(dict.fromkeys((*scopes, *(SCOPE_OF[claim] for claim in claims))))


def wants_email(scopes: Collection[str], claims: Collection[str]) -> bool:
    return "email" in scopes or bool({"email", "email_verified"} & set(claims))


def claims_about(
    account: Account, scopes: Collection[str], claims: Collection[str], email: str = ""
) -> Mapping[str, Any]:
    """What is known of `account` among what was agreed to; what is not known is left out.

    email: an address that was proved to be the person's, empty for none.
    """
    known: dict[str, Any] = {
        "name": account.display,
        "preferred_username": account.name,
        "locale": account.locale,
    }
    if email:
        known |= {"email": email, "email_verified": True}
    wanted = {claim for scope in scopes for claim in CLAIMS_OF.get(scope, ())} | set(claims)
    return {name: value for name, value in known.items() if name in wanted and value != ""}
