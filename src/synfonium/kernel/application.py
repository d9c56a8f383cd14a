"""The ASGI application of one process: doors of its apps, and the way to the others'."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import cache
from typing import TypeVar

from synfonium.kernel.app import App, Role, installed_apps, resolve
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send
from synfonium.kernel.authentication import Authentication
from synfonium.kernel.context import Context
from synfonium.kernel.dispatcher import Dispatcher
from synfonium.kernel.hosts import Hosts
from synfonium.kernel.limits import Limits, Rate, Tokens
from synfonium.kernel.machine_doors import MachineDoors
from synfonium.kernel.neighbours import Neighbours
from synfonium.kernel.pages import Pages
from synfonium.kernel.static import StaticFiles
from synfonium.kernel.tls import Certificates
from synfonium.kernel.typed_doors import TypedDoors

P = TypeVar("P")


def build_application(
    *,
    contexts: Iterable[Context],
    roles: Collection[Role],
    authentication: Authentication,
    certificates: Certificates | None,
    neighbours: Neighbours,
    name: str,
    language: str,
    rate: Rate,
    closing: AsyncExitStack,
) -> Dispatcher:
    """The dispatcher over everything that these roles serve; the web role also forwards.

    name: of the installation, on its pages. language: for whoever wished for none. rate: of questions
    to the anonymous doors.
    closing: closes what forwarding opened.
    """
    contexts = tuple(contexts)
    site = contexts[0].site
    pages = Pages(installed_apps(), name, language)
    served = [context for context in contexts if context.app.doors_role in roles]
    mounts: dict[str, ASGIApp] = {"/static": StaticFiles()}
    for context in served:
        context.pages = pages
        mounts |= {mount.prefix: resolve(mount.asgi)(context) for mount in context.app.mounts}
    is_front = "web" in roles
    if is_front:
        mounts |= _elsewhere(roles, neighbours, closing)
        mounts |= certificates.doors if certificates else {}
    machine = MachineDoors(neighbours.health, neighbours.metrics, authentication, site)
    mounts |= dict.fromkeys(("/healthz", "/readyz", "/metrics"), machine)
    return Dispatcher(
        site=site,
        pages=pages,
        typed=TypedDoors(served, authentication, pages),
        mounts=mounts,
        anonymous=[prefix for app in installed_apps() for prefix in app.anonymous],
        shared=["/static", "/api/openapi.json", *(p for app in installed_apps() for p in app.cross_origin)],
        popups=[prefix for app in installed_apps() for prefix in app.popups],
        hosts=_offered(served, Hosts) if is_front else None,  # type: ignore[type-abstract]
        limits=Limits(rate, _offered(served, Tokens)) if is_front else None,  # type: ignore[type-abstract]
        is_front=is_front,
    )


def _offered(served: Sequence[Context], protocol: type[P]) -> P | None:
    """What an app of this role offers to the front under the protocol."""
    found = served[0].offers(protocol) if served else []
    return found[0] if found else None


def _elsewhere(
    roles: Collection[Role], neighbours: Neighbours, closing: AsyncExitStack
) -> dict[str, ASGIApp]:
    found: dict[str, ASGIApp] = {}
    for app in installed_apps():
        if app.doors_role not in roles:
            found |= dict.fromkeys(_prefixes(app), _forward(app, neighbours, closing))
    return found


def _prefixes(app: App) -> list[str]:
    """An app that another role serves lives wholly under its path and /api/NAME."""
    return [app.path, f"/api/{app.name}", *(mount.prefix for mount in app.mounts)]


def _forward(app: App, neighbours: Neighbours, closing: AsyncExitStack) -> ASGIApp:
    """Begins with the first request: until then nobody waits for an HTTP client to be imported."""

    @cache
    def begun() -> ASGIApp:
        from synfonium.kernel.forward import Forward

        forward = Forward(neighbours.http_socket(app.doors_role))
        closing.push_async_callback(forward.close)
        return forward

    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        await begun()(scope, receive, send)

    return pass_on
