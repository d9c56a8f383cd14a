"""In front of software that knows nothing of this house: who asks is said in headers.

At the app's own host name, `/.synfonium/…` is ours: `back` where sign-in ends, `auth` for a
reverse proxy of somebody else's that asks us about each request (nginx `auth_request`, Caddy and
Traefik `forward_auth`), `enter` where such a proxy sends a browser, `give` where a person chooses what
the app gets, and `leave`. All else is the app's.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote

from synfonium.apps.fabric.contract import RegisteredApp
from synfonium.apps.fabric.errors import NothingGiven, SignInRefused
from synfonium.apps.fabric.model import local_path
from synfonium.apps.fabric.service.fronting import Fronting
from synfonium.apps.fabric.service.visitor import Visitor
from synfonium.common.problem import NotFound, Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.forward import FRONTS_OWN, HOP_BY_HOP, Forward
from synfonium.kernel.gate import header, request_scheme
from synfonium.kernel.problems import problem_response, wants_page

OURS = b"/.synfonium/"
COOKIE, TRY = "synfonium-app", "synfonium-try"
SAFE = frozenset({"GET", "HEAD"})
# What only we say, whatever came in: each name as servers read it.
NEVER = FRONTS_OWN | {b"authorization", b"cookie", b"host", b"remote-user", b"x-remote-user"}


class BasicNeeded(SignInNeeded):
    """Calendar and file clients ask a person only when told that Basic is spoken."""

    headers = {"www-authenticate": 'Basic realm="Synfonium", charset="UTF-8"'}


class HostsOfApps:
    """`kernel.hosts.Hosts` for registered apps with an upstream."""

    def __init__(self, context: Context) -> None:
        self._context, self._fronting = context, Fronting(context)
        self._upstreams: dict[str, Forward] = {}

    async def of(self, authority: str) -> ASGIApp | None:
        app = await self._fronting.app_at(authority)
        return None if app is None else _Fronted(self._context, self._fronting, app, self._upstream(app))

    def _upstream(self, app: RegisteredApp) -> Forward:
        if app.upstream not in self._upstreams:
            self._upstreams[app.upstream] = Forward(origin=app.upstream, dropped=HOP_BY_HOP)
        return self._upstreams[app.upstream]


class _Fronted:
    """One request to an app."""

    def __init__(self, context: Context, fronting: Fronting, app: RegisteredApp, upstream: Forward) -> None:
        self._context, self._fronting, self._app, self._upstream = context, fronting, app, upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if raw_path(scope).startswith(OURS):
                await self._own(scope, send)
                return
            visitor = await self._visitor(scope)
        except SignInNeeded:
            if scope["type"] == "http" and wants_page(scope) and scope["method"] in SAFE:
                await self._enter(scope, send, _target(scope))
                return
            await self._refuse(scope, send, BasicNeeded())
            return
        except NothingGiven as nothing:
            if scope["type"] == "http" and wants_page(scope) and scope["method"] in SAFE:
                await self._give(send)
                return
            await self._refuse(scope, send, nothing)
            return
        except Problem as problem:
            await self._refuse(scope, send, problem)
            return
        await self._upstream({**scope, "headers": self._said(scope, visitor)}, receive, send)

    async def _own(self, scope: Scope, send: Send) -> None:
        path = raw_path(scope).removeprefix(OURS).decode("latin-1")
        if scope["type"] != "http" or scope["method"] not in SAFE:
            raise NotFound
        fields = {k: v[0] for k, v in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()}
        if path == "back":
            await self._back(scope, send, fields)
        elif path == "auth":
            visitor = await self._visitor(scope)
            told: Headers = [(k.encode(), v.encode()) for k, v in self._headers_of(visitor).items()]
            await respond(send, 200, [*told, (b"cache-control", b"no-store")])
        elif path == "enter":
            await self._enter(scope, send, local_path(fields.get("to", "/")))
        elif path == "give":
            await self._give(send)
        elif path == "leave":
            await respond(send, 303, [(b"location", b"/"), _cookie(COOKIE, "", 0, secure=self._is_secure)])
        else:
            raise NotFound

    async def _enter(self, scope: Scope, send: Send, to: str) -> None:
        url, kept = self._fronting.begin(self._app, to)
        headers: Headers = [
            (b"location", url.encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            _cookie(TRY, kept, 600, secure=self._is_secure),
        ]
        await respond(send, 303, headers)

    async def _give(self, send: Send) -> None:
        url = self._fronting.picker(self._app)
        await respond(send, 303, [(b"location", url.encode()), (b"cache-control", b"no-store")])

    async def _back(self, scope: Scope, send: Send, fields: Mapping[str, str]) -> None:
        if "code" not in fields:
            raise SignInRefused
        kept = _cookies(scope).get(TRY, "")
        try:
            to, cookie = await self._fronting.back(self._app, kept, fields.get("state", ""), fields["code"])
        except SignInNeeded:
            raise SignInRefused from None
        headers: Headers = [
            (b"location", local_path(to).encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            _cookie(COOKIE, cookie, 0, secure=self._is_secure, is_session=True),
            _cookie(TRY, "", 0, secure=self._is_secure),
        ]
        await respond(send, 303, headers)

    async def _visitor(self, scope: Scope) -> Visitor:
        """Raises SignInNeeded, Forbidden."""
        if header(scope, b"authorization"):
            person = await self._context.authenticate({**scope, "state": {}})
            if person is None:
                raise SignInNeeded
            return await self._fronting.by_person(self._app, person)
        return await self._fronting.by_cookie(self._app, _cookies(scope).get(COOKIE, ""))

    def _headers_of(self, visitor: Visitor) -> dict[str, str]:
        front = self._app.manifest.synfonium.front
        assert front is not None
        told = {front.user: visitor.user, front.name: visitor.name}
        # Header values are Latin-1 on the wire: others are percent-encoded, as in URLs.
        return {name: quote(value, safe="@ -._~") for name, value in told.items() if name and value}

    def _said(self, scope: Scope, visitor: Visitor) -> Headers:
        """What the app is told: what it always was, less what is ours, and who asks."""
        told = self._headers_of(visitor)
        mine = NEVER | {_plain(name.encode()) for name in told}
        headers: Headers = [
            (key, value)
            for key, value in scope["headers"]
            if _plain(key) not in mine and not key.startswith((b"proxy-", b"x-forwarded-"))
        ]
        if kept := _others(scope):
            headers.append((b"cookie", kept))
        peer = (scope.get("client") or ("", 0))[0]
        host = self._app.origin.partition("://")[2]
        scheme = request_scheme(scope, self._context.site)
        return [
            *headers,
            (b"host", host.encode()),
            (b"x-forwarded-for", peer.encode()),
            (b"x-forwarded-host", host.encode()),
            (b"x-forwarded-proto", scheme.encode()),
            *((name.lower().encode(), value.encode()) for name, value in told.items()),
        ]

    @property
    def _is_secure(self) -> bool:
        return self._app.origin.startswith("https:")

    async def _refuse(self, scope: Scope, send: Send, problem: Problem) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        status, headers, body = problem_response(scope, problem, self._context.pages)
        await respond(send, status, headers, body)


def _plain(name: bytes) -> bytes:
    """As servers read names that differ in case and underscore: `Remote_User` is `Remote-User`."""
    return name.lower().replace(b"_", b"-")


def _cookies(scope: Scope) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header(scope, b"cookie")).items()}
    except CookieError:
        return {}


def _others(scope: Scope) -> bytes:
    """The cookies that are the app's own."""
    parts = [part.strip() for part in header(scope, b"cookie").split(";")]
    kept = [part for part in parts if part and part.partition("=")[0] not in (COOKIE, TRY)]
    return "; ".join(kept).encode("latin-1")


def _cookie(
    name: str, value: str, life_s: int, *, secure: bool, is_session: bool = False
) -> tuple[bytes, bytes]:
    life = "" if is_session else f"; Max-Age={life_s}"
    text = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{life}{'; Secure' if secure else ''}"
    return b"set-cookie", text.encode()


def _target(scope: Scope) -> str:
    query = scope.get("query_string", b"")
    return raw_path(scope).decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def hosts(context: Context) -> HostsOfApps:
    return HostsOfApps(context)
