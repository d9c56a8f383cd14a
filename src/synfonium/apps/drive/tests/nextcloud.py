"""A client of Nextcloud's protocol for tests: one person at all doors."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from synfonium.apps.drive.nextcloud import index_app, ocs_app, remote_app, status_app
from synfonium.apps.drive.tests.conftest import House
from synfonium.kernel.asgi import Receive, Scope, Send

FILES = "/remote.php/dav/files/ada"
UPLOADS = "/remote.php/dav/uploads/ada"
TRASH = "/remote.php/dav/trashbin/ada/trash"
VERSIONS = "/remote.php/dav/versions/ada"
NAMESPACES = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"'


class Client:
    """Speaks with methods that httpx does not name."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def __call__(
        self, method: str, path: str, content: Any = None, headers: dict[str, str] | None = None, **more: str
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in more.items()}
        return await self.http.request(method, path, content=content, headers={**(headers or {}), **sent})

    async def props(self, path: str, *names: str, depth: str = "0") -> str:
        inner = "".join(f"<{name}/>" for name in names)
        body = f"<d:propfind {NAMESPACES}><d:prop>{inner}</d:prop></d:propfind>"
        answer = await self("PROPFIND", path, body, depth=depth)
        assert answer.status_code == 207, answer.text
        return answer.text

    async def value(self, path: str, name: str) -> str:
        """The inner XML of a property that is there."""
        text = await self.props(path, name)
        found = re.search(f"<{name}>(.*?)</{name}>", text)
        assert found, text
        assert "404 Not Found" not in text, text
        return found[1]


@asynccontextmanager
async def client_of(house: House, name: str = "ada") -> AsyncIterator[Client]:
    doors = {
        "/remote.php": remote_app(house.context),
        "/ocs": ocs_app(house.context),
        "/index.php": index_app(house.context),
        "/status.php": status_app(house.context),
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await doors["/" + scope["path"].split("/")[1]](scope, receive, send)

    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers={"x-test-person": name}
    ) as http:
        yield Client(http)


def hrefs(text: str) -> list[str]:
    return re.findall("<d:href>(.*?)</d:href>", text)
