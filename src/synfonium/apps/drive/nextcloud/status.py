"""`/status.php`: what is here, for clients that have only an address."""

import msgspec

from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, respond
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed

# Whose protocol we speak, as far as clients decide by it what they may ask.
VERSION = (29, 0, 16, 1)
VERSION_TEXT = "29.0.16"
STATUS = {
    "installed": True,
    "maintenance": False,
    "needsDbUpgrade": False,
    "version": ".".join(map(str, VERSION)),
    "versionstring": VERSION_TEXT,
    "edition": "",
    "productname": "Synfonium",
    "extendedSupport": False,
}
JSON_TYPE = (b"content-type", b"application/json; charset=utf-8")


def status_app(context: Context) -> ASGIApp:
    """Answers anybody: clients ask before they know who they are."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed
        await respond(send, 200, [JSON_TYPE], msgspec.json.encode(STATUS))

    return app
