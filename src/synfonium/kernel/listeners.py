"""Where a role listens: the front on its ports, the others on a Unix socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.kernel.app import installed_apps
from synfonium.kernel.runtime import Runtime, http_socket
from synfonium.kernel.server import Listener


@asynccontextmanager
async def listening(runtime: Runtime) -> AsyncIterator[None]:
    """Serves the runtime's doors while the block runs. Raises OSError for a taken port."""
    listeners = _listeners(runtime)
    started: list[Listener] = []
    try:
        for listener in listeners:
            await listener.start()
            started.append(listener)
        yield
    finally:
        for listener in reversed(started):
            await listener.stop()


def _listeners(runtime: Runtime) -> list[Listener]:
    config = runtime.house.config
    if "web" in runtime.roles:
        ports = (config.port, config.bound_content_port)
        return [Listener(runtime.application, host=config.host, port=port) for port in ports]
    serves_doors = [role for role in runtime.roles if any(app.doors_role == role for app in installed_apps())]
    return [
        Listener(runtime.application, socket=http_socket(runtime.house.home, role)) for role in serves_doors
    ]
