"""The ASGI app in front of everything: routes `raw_path` by whole segments.

It refuses what is not for us and who asks too much, removes who asks before the anonymous doors (web search)
see a request, hands file doors and streams to their plain ASGI apps undecoded, and
everything else to the typed doors. People's content has an origin of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from synfonium.common.problem import NotFound, Problem
from synfonium.kernel import cross_origin, gate, logs
from synfonium.kernel.asgi import (
    ASGIApp,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    plain_path,
    raw_path,
    respond,
    under,
)
from synfonium.kernel.hosts import Hosts
from synfonium.kernel.leftover import Leftover
from synfonium.kernel.limits import Limits
from synfonium.kernel.metrics import Metric
from synfonium.kernel.pages import Pages
from synfonium.kernel.problems import problem_response, wants_page
from synfonium.kernel.refusals import HeadersTooLarge, InternalError, NotEncrypted
from synfonium.kernel.site import LOOPBACK_NAMES, Site
from synfonium.kernel.typed_doors import TypedDoors

log = logs.get("kernel")
requests = Metric("http_requests_total", "Requests answered, by status class and kind of door.")
CONTENT_PREFIX = b"/content"
ALWAYS_OPEN = (b"/healthz", b"/readyz", b"/.well-known/acme-challenge")
LARGEST_HEADERS_BYTES = 64 * 1024


class Dispatcher:
    """Routes one request. Longest prefix first; `typed` takes what no prefix claims.

    shared: prefixes that pages of other origins may call; popups: that they may open.
    """

    def __init__(
        self,
        *,
        site: Site,
        pages: Pages,
        typed: TypedDoors,
        mounts: Mapping[str, ASGIApp],
        anonymous: Sequence[str],
        shared: Sequence[str] = (),
        popups: Sequence[str] = (),
        hosts: Hosts | None = None,
        limits: Limits | None = None,
        is_front: bool = True,
    ) -> None:
        self._site, self._pages, self._typed = site, pages, typed
        by_length = sorted(mounts.items(), key=lambda item: -len(item[0]))
        self._mounts = [(prefix.encode(), app) for prefix, app in by_length]
        self._anonymous = [prefix.encode() for prefix in anonymous]
        self._cross_origin = tuple(prefix.encode() for prefix in shared)
        self._popups = [tuple(popup.encode().split(b"?")) for popup in popups]
        self._content_authority = urlsplit(site.content_url).netloc.lower()
        self._page_headers = gate.security_headers(site, gate.page_policy(site))
        self._content_headers = gate.security_headers(site, gate.CONTENT_POLICY)
        self._is_front, self._hosts, self._limits = is_front, hosts, limits
        urls = (site.public_url, site.content_url, site.local_url)
        self._own_names = {urlsplit(url).hostname for url in urls} | set(LOOPBACK_NAMES)

    async def build(self) -> None:
        """Builds what else is built when it is first asked for."""
        await self._typed.build()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        scope["state"] = {}  # the server's own state is of no use to doors
        if await self._serve_another_host(scope, receive, send):
            return
        body = Leftover(scope, receive)
        watch = _Watch(send, self._headers(scope), body, drop_body=scope.get("method") == "HEAD")
        try:
            await self._route(scope, body, watch)
        except Problem as problem:
            await self._refuse(scope, watch, problem)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as failure:
            log.error("dispatcher.failed", failure)
            await self._refuse(scope, watch, InternalError())
        finally:
            requests.add(status=f"{watch.status // 100}xx", kind=scope["type"])
        await body.forget()

    async def _serve_another_host(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request is for a name of an app's own, and was answered so."""
        host, authority = gate.host_of(scope)
        if not self._is_front or self._hosts is None or host in self._own_names or not host:
            return False
        app = await self._hosts.of(authority)
        if app is None:
            return False
        body = Leftover(scope, receive)
        watch = _Watch(send, [], body, drop_body=scope.get("method") == "HEAD")
        try:
            if not await self._refuse_plain_http(scope, watch):
                await app(scope, body, watch)
        except Problem as problem:
            await self._refuse(scope, watch, problem)
        finally:
            requests.add(status=f"{watch.status // 100}xx", kind=scope["type"])
        await body.forget()
        return True

    def _headers(self, scope: Scope) -> Headers:
        if self._is_content(scope):
            return self._content_headers
        path, query = raw_path(scope), bytes(scope.get("query_string", b"")).split(b"&")
        extra: Headers = []

        def said(mark: bytes) -> bool:
            return mark in query

        # Whoever opened the window must keep hold of it until the answer comes (HTML, 7.1.3).
        if any(under(path, prefix) and all(said(m) for m in marks) for prefix, *marks in self._popups):
            extra.append((b"cross-origin-opener-policy", b"unsafe-none"))
        if self._is_cross_origin(path):
            extra += cross_origin.ANY
        return gate.with_missing(extra, self._page_headers) if extra else self._page_headers

    def _is_cross_origin(self, path: bytes) -> bool:
        return path.startswith(self._cross_origin) and any(
            under(path, prefix) for prefix in self._cross_origin
        )

    def _is_content(self, scope: Scope) -> bool:
        return self._is_front and gate.host_of(scope)[1] == self._content_authority

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if sum(len(k) + len(v) for k, v in scope["headers"]) > LARGEST_HEADERS_BYTES:
            raise HeadersTooLarge
        path = raw_path(scope)
        app = self._app_for(path)
        if any(under(path, open_) for open_ in ALWAYS_OPEN) and app is not self._typed:
            await app(scope, receive, send)
            return
        if self._is_front:
            if await self._refuse_plain_http(scope, send):
                return
            gate.check_host(scope, self._site)
        if app is self._typed:
            path = _for_typed_doors(scope, path)
        if self._is_cross_origin(path) and cross_origin.is_preflight(scope):
            await cross_origin.answer_preflight(send)
            return
        if self._is_content(scope) != under(path, CONTENT_PREFIX) and self._is_front:
            raise NotFound
        if any(under(path, prefix) for prefix in self._anonymous):
            if self._limits is not None:
                await self._limits.check(scope, self._site)
            scope = gate.anonymised(scope)
        else:
            gate.check_origin(scope, self._site)
        await app(scope, receive, send)

    def _app_for(self, path: bytes) -> ASGIApp:
        for prefix, app in self._mounts:
            if under(path, prefix):
                return app
        return self._typed

    async def _refuse_plain_http(self, scope: Scope, send: Send) -> bool:
        """Without TLS nothing but localhost is served: one page says what to do."""
        host, _authority = gate.host_of(scope)
        if gate.is_local(host) or gate.request_scheme(scope, self._site) == "https":
            return False
        if scope["type"] != "http" or not wants_page(scope):
            raise NotEncrypted
        reader = self._pages.reader(scope)
        page = self._pages.render("kit/plain_http.html", reader, {"public_url": self._site.public_url})
        await respond(send, 403, [(b"content-type", b"text/html; charset=utf-8")], page.encode())
        return True

    async def _refuse(self, scope: Scope, watch: "_Watch", problem: Problem) -> None:
        if watch.started:
            return  # too late to say why; the broken response tells the client
        if scope["type"] == "websocket":
            await watch({"type": "websocket.close", "code": 1008})
            return
        status, headers, body = problem_response(scope, problem, self._pages)
        await respond(watch, status, headers, body)


def _for_typed_doors(scope: Scope, path: bytes) -> bytes:
    """Fits the scope for Litestar and gives the path as Litestar will read it.

    Litestar decodes, collapses slashes and has no HEAD: what is decided here by the path
    must be decided by the very same one. Raises NotFound for a path with two readings.
    """
    decoded = plain_path(path)
    if decoded is None:
        raise NotFound
    scope["path"] = decoded
    if scope.get("method") == "HEAD":  # the watch drops the body
        scope["method"] = "GET"
    return decoded.encode()


class _Watch:
    """Passes messages on; adds missing headers, remembers the status, drops HEAD's body."""

    def __init__(self, send: Send, headers: Headers, body: Leftover, *, drop_body: bool) -> None:
        self._send, self._headers, self._body, self._drop_body = send, headers, body, drop_body
        self.started, self.status = False, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            extra = [*self._headers, (b"cache-control", b"no-store")]
            if self._body.is_held_back:
                extra.append((b"connection", b"close"))
            message = {**message, "headers": gate.with_missing(list(message.get("headers", ())), extra)}
        elif message["type"] == "http.response.body" and self._drop_body:
            message = {**message, "body": b""}
        elif message["type"] in ("websocket.accept", "websocket.close"):
            self.started, self.status = True, 101 if message["type"] == "websocket.accept" else 403
        await self._send(message)
