"""Signing in for software that cannot: a person is known by a cookie of the app's own host, which
stands for an access token of the app, or by a token of theirs in HTTP Basic."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from synfonium.apps.fabric.contract import Apps, RegisteredApp, in_language
from synfonium.apps.fabric.errors import NotAsked, NothingGiven
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.service.mounting import Mounting
from synfonium.apps.fabric.service.picking import PAGE as PICKER
from synfonium.apps.fabric.service.registering import BACK_PATH, EVERYBODY
from synfonium.apps.fabric.service.visitor import Visitor, known_as
from synfonium.apps.identity.contract import AccessTokens, Codes, People
from synfonium.common.ids import PersonId
from synfonium.common.problem import Forbidden, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

TRY_S = 600.0
LONGEST_COOKIE = 4000


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that was begun: what the browser keeps of it, sealed."""

    state: str
    verifier: str
    to: str
    until_s: float


class Holding(Protocol):
    """Of the service: what was given to whom."""

    @property
    def granting(self) -> Granting: ...
    @property
    def authority(self) -> Authority: ...
    @property
    def mounting(self) -> Mounting: ...


class Fronting:
    """What the door in front of an app calls; in the web role."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def app_at(self, authority: str) -> RegisteredApp | None:
        """The app whose host this is, when we stand in front of it."""
        for app in await self._context.offer(Apps).all(EVERYBODY):  # type: ignore[type-abstract]
            if app.upstream and app.origin.partition("://")[2] == authority:
                return app
        return None

    def begin(self, app: RegisteredApp, to: str) -> tuple[str, str]:
        """Where the browser goes to sign in, and what it keeps of that until it comes back."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        fields = {
            "client_id": app.client_id,
            "redirect_uri": f"{app.origin}{BACK_PATH}",
            "response_type": "code",
            "scope": " ".join(app.manifest.synfonium.scopes),
            "state": state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        begun = Try(state=state, verifier=verifier, to=to, until_s=self._context.clock.now_s() + TRY_S)
        url = f"{self._context.site.public_url}/oauth/authorize?{urlencode(fields)}"
        return url, self._seal(app, "try", msgspec.json.encode(begun))

    async def back(self, app: RegisteredApp, kept: str, state: str, code: str) -> tuple[str, str]:
        """Where in the app the browser goes on, and its cookie. Raises SignInNeeded."""
        try:
            begun = msgspec.json.decode(self._open(app, "try", kept), type=Try)
        except (ValueError, msgspec.MsgspecError):
            raise SignInNeeded from None
        if not secrets.compare_digest(begun.state, state) or self._context.clock.now_s() > begun.until_s:
            raise SignInNeeded
        codes = self._context.offer(Codes)  # type: ignore[type-abstract]
        token = await codes.redeem(app.client_id, code, f"{app.origin}{BACK_PATH}", begun.verifier)
        return begun.to, self._seal(app, "cookie", token.encode())

    async def by_cookie(self, app: RegisteredApp, cookie: str) -> Visitor:
        """Raises SignInNeeded for a cookie that is wrong, or whose token ended."""
        try:
            token = self._open(app, "cookie", cookie).decode()
        except ValueError:
            raise SignInNeeded from None
        access = await self._context.offer(AccessTokens).of(token)  # type: ignore[type-abstract]
        if access is None or access.client_id != app.client_id:
            raise SignInNeeded
        person = await self._context.offer(People).by_id(access.person)  # type: ignore[type-abstract]
        if person is None or person.is_suspended:
            raise SignInNeeded
        await self._check_given(app, person.id)
        return await known_as(self._context, app, person, agreed=access.scopes)

    async def by_person(self, app: RegisteredApp, person: Person) -> Visitor:
        """Somebody who showed a token of theirs. Raises Forbidden for one that does not cover it."""
        if person.app is not None or not person.may(scope_of(app)):
            raise Forbidden
        await self._check_given(app, person.id)
        return await known_as(self._context, app, person)

    async def _check_given(self, app: RegisteredApp, person: PersonId) -> None:
        """Raises NothingGiven for an app that is nothing without a thing of the person's."""
        front = app.manifest.synfonium.front
        if front is None or not front.needs_grant:
            return
        service: Holding = self._context.service
        held = await service.granting.of_app(app.name, person)
        good = [grant for grant in held if await service.authority.of(grant.id)]
        if not good:
            raise NothingGiven(origin=app.origin)
        await service.mounting.wait_shown(app.name, good)

    def picker(self, app: RegisteredApp) -> str:
        """Where the person chooses what the app gets: the first of what its manifest asks for.
        Raises NotAsked."""
        asks = app.manifest.synfonium.asks
        if not asks:
            raise NotAsked
        interface, actions = next(iter(asks.items()))
        asked = {"for": app.name, "interfaces": interface, "actions": ",".join(actions), "back": "/"}
        return f"{self._context.site.public_url}{PICKER}?{urlencode(asked)}"

    def _seal(self, app: RegisteredApp, what: str, content: bytes) -> str:
        sealed = self._context.secrets.seal(content, purpose=f"fabric.front.{what}.{app.client_id}")
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _open(self, app: RegisteredApp, what: str, text: str) -> bytes:
        """Raises ValueError."""
        if not text or len(text) > LONGEST_COOKIE:
            raise ValueError("cookie")
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise ValueError("cookie") from None
        return self._context.secrets.open(sealed, purpose=f"fabric.front.{what}.{app.client_id}")


class AppScopes:
    """`identity.contract.TokenScopes`: a token for a phone opens one app that we stand in front of."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def names(self, locale: str) -> Mapping[str, str]:
        apps = await self._context.offer(Apps).all(EVERYBODY)  # type: ignore[type-abstract]
        return {scope_of(app): in_language(app.manifest.name, locale)[:60] for app in apps if app.upstream}


def scope_of(app: RegisteredApp) -> str:
    return f"app.{app.name}"


def token_scopes(context: Context) -> AppScopes:
    return AppScopes(context)
