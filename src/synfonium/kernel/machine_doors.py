"""Doors for machines: alive, ready, metrics."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import msgspec

from synfonium.common.problem import Forbidden, SignInNeeded
from synfonium.kernel import gate
from synfonium.kernel.asgi import Receive, Scope, Send, raw_path, respond
from synfonium.kernel.authentication import Authentication
from synfonium.kernel.metrics import exposition
from synfonium.kernel.site import Site

Health = Callable[[], Awaitable[dict[str, bool]]]
Samples = Callable[[], Awaitable[dict[str, dict[str, float]]]]


class MachineDoors:
    """`/healthz` (this process), `/readyz` (all roles), `/metrics` (loopback or administrators)."""

    def __init__(self, health: Health, samples: Samples, authentication: Authentication, site: Site) -> None:
        self._health, self._samples, self._authentication = health, samples, authentication
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = raw_path(scope)
        if path == b"/healthz":
            await respond(send, 200, [(b"content-type", b"application/json")], b'{"status":"ok"}')
        elif path == b"/readyz":
            await self._ready(send)
        else:
            await self._metrics(scope, send)

    async def _ready(self, send: Send) -> None:
        roles = await self._health()
        status = 200 if all(roles.values()) else 503
        body = msgspec.json.encode({"status": "ok" if status == 200 else "starting", "roles": roles})
        await respond(send, status, [(b"content-type", b"application/json")], body)

    async def _metrics(self, scope: Scope, send: Send) -> None:
        if not _is_loopback(scope, self._site):
            person = await self._authentication.person_of(scope)
            if person is None:
                raise SignInNeeded
            if not person.is_administrator:
                raise Forbidden
        text = exposition(await self._samples())
        await respond(send, 200, [(b"content-type", b"text/plain; version=0.0.4")], text.encode())


def _is_loopback(scope: Scope, site: Site) -> bool:
    """By the peer's own address; what came through a proxy on this machine is from elsewhere."""
    if any(key in (b"x-forwarded-for", b"forwarded", b"x-real-ip") for key, _ in scope["headers"]):
        return False
    peer = (scope.get("client") or ("", 0))[0]
    if site.trusts(peer) or not gate.is_local(gate.host_of(scope)[0]):
        return False
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
