"""Finds out who asks, from a session cookie, a bearer token or HTTP Basic."""

import base64
import binascii
from collections.abc import Mapping, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from synfonium.common.problem import SignInNeeded
from synfonium.kernel.actor import Authenticator, Person
from synfonium.kernel.context import Offers
from synfonium.kernel.site import Site

Scope = MutableMapping[str, Any]
_KEPT = "synfonium.person"
_SERVED = "synfonium.authentication"


def cookie_name(site: Site) -> str:
    """`__Host-` binds the cookie to this very origin; browsers refuse it without TLS."""
    return "__Host-synfonium" if site.is_secure else "synfonium"


def header(scope: Scope, name: bytes) -> str:
    """The first header of that (lower-case) name, or an empty string."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


class Authentication:
    """Asks every authenticator that apps of this process offer."""

    def __init__(self, offers: Offers, site: Site) -> None:
        self._offers, self._site = offers, site

    def serve(self, scope: Scope) -> None:
        """Who sends a request with this scope is asked of this."""
        scope[_SERVED] = self

    @staticmethod
    def of(scope: Mapping[str, Any]) -> "Authentication":
        """That of a request to a typed door; raises KeyError elsewhere."""
        served: Authentication = scope[_SERVED]
        return served

    async def person_of(self, scope: Scope) -> Person | None:
        """Who asks, or None for nobody. Raises SignInNeeded for a credential that is wrong.

        The answer is kept in the scope, so that one request asks once.
        """
        state = scope.setdefault("state", {})
        if _KEPT not in state:
            state[_KEPT] = await self._find(scope)
        person: Person | None = state[_KEPT]
        return person

    async def _find(self, scope: Scope) -> Person | None:
        authenticators = self._offers.all(Authenticator)  # type: ignore[type-abstract]
        authorization = header(scope, b"authorization")
        if authorization:
            return await self._by_authorization(authenticators, authorization)
        session = self._session(header(scope, b"cookie"))
        if not session:
            return None
        for authenticator in authenticators:
            try:
                person = await authenticator.by_session(session)
            except SignInNeeded:
                return None  # an old cookie is no reason to refuse a public page
            if person:
                return person
        return None

    async def _by_authorization(self, authenticators: Sequence[Authenticator], authorization: str) -> Person:
        kind, _, credential = authorization.partition(" ")
        for authenticator in authenticators:
            if kind.lower() == "bearer":
                person = await authenticator.by_token(credential.strip())
            elif kind.lower() == "basic":
                name, secret = _basic(credential)
                person = await authenticator.by_password(name, secret)
            else:
                raise SignInNeeded
            if person:
                return person
        raise SignInNeeded

    def _session(self, cookies: str) -> str:
        if not cookies:
            return ""
        try:
            morsel = SimpleCookie(cookies).get(cookie_name(self._site))
        except CookieError:
            return ""
        return morsel.value if morsel else ""


def _basic(credential: str) -> tuple[str, str]:
    """Name and secret of RFC 7617. Raises SignInNeeded for anything else."""
    try:
        name, colon, secret = base64.b64decode(credential, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SignInNeeded from None
    if not colon:
        raise SignInNeeded
    return name, secret
