"""Where a role listens: the front on its ports, the others on a Unix socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from synfonium.kernel import logs
from synfonium.kernel.app import installed_apps
from synfonium.kernel.config import HouseConfig
from synfonium.kernel.neighbours import http_socket
from synfonium.kernel.runtime import Runtime
from synfonium.kernel.server import Listener
from synfonium.kernel.tls import Certificates, Pair, RenewalFailed

log = logs.get("kernel")
LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def listening(runtime: Runtime) -> AsyncIterator[None]:
    """Serves the runtime's doors while the block runs. Raises OSError for a taken port."""
    async with AsyncExitStack() as stack:
        certificates = runtime.certificates
        pair = await asyncio.to_thread(certificates.pair) if certificates else None
        faces = _faces(runtime, pair)
        listeners = [*faces, *_plain(runtime)]
        for listener in listeners:
            await listener.start()
            stack.push_async_callback(listener.stop)
        if listeners:
            await runtime.application.build()
        if certificates and pair and faces:
            keeper = asyncio.create_task(_keep_fresh(certificates, pair, faces))
            stack.callback(keeper.cancel)
        yield


async def _keep_fresh(certificates: Certificates, pair: Pair, faces: list[Listener]) -> None:
    """Serves a newer certificate as soon as there is one, without a restart."""
    while True:
        try:
            await asyncio.to_thread(certificates.renew)
            newest = await asyncio.to_thread(certificates.pair)
            if newest.version != pair.version:
                pair = newest
                for listener in faces:
                    listener.renew(pair)
                log.info("tls.renewed")
        except RenewalFailed as failure:
            log.warning("tls.renewal_failed", reason=failure.code)
        except Exception as failure:  # the certificate in use stays; the next try may do better
            log.error("tls.renewal_failed", failure)
        await asyncio.sleep(certificates.check_every_s)


def _faces(runtime: Runtime, pair: Pair | None) -> list[Listener]:
    """The front's own origin and the one for people's content."""
    config = runtime.house.config
    ports = (config.port, config.bound_content_port) if "web" in runtime.roles else ()
    return [Listener(runtime.application, host=config.host, port=port, tls=pair) for port in ports]


def _plain(runtime: Runtime) -> list[Listener]:
    """Those without TLS: for this machine, for other roles, and to say what to do."""
    if "web" in runtime.roles:
        addresses = _plain_addresses(runtime.house.config)
        return [Listener(runtime.application, host=host, port=port) for host, port in addresses]
    serves_doors = [role for role in runtime.roles if any(app.doors_role == role for app in installed_apps())]
    return [
        Listener(runtime.application, socket=http_socket(runtime.house.home, role)) for role in serves_doors
    ]


def _plain_addresses(config: HouseConfig) -> list[tuple[str, int]]:
    found = [] if config.tls == "off" else [(LOOPBACK, config.bound_local_port)]
    return [*found, *([(config.host, config.bound_http_port)] if config.bound_http_port else [])]
