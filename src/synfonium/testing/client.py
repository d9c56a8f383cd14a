# SPDX-License-Identifier: Apache-2.0
"""A whole installation inside a test: real engines in a temporary home, no sockets to listen on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from synfonium.composition import build_house
from synfonium.kernel.app import ROLES
from synfonium.kernel.config import Settings
from synfonium.kernel.runtime import Runtime
from synfonium.testing.chosen_database import database_of

ORIGIN = "http://localhost:8600"
CONTENT_ORIGIN = "http://localhost:8601"


class Installation:
    """A running home. `call` runs commands; `client` speaks HTTP to the dispatcher."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.call = runtime.call

    def context(self, app: str) -> Any:
        return self.runtime.contexts[app]

    def client(
        self, *, token: str = "", headers: Mapping[str, str] | None = None, origin: str = ORIGIN
    ) -> httpx.AsyncClient:
        """An HTTP client; with `token`, one that sends it as bearer token."""
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(app=self.runtime.application, client=("127.0.0.1", 1234))
        return httpx.AsyncClient(transport=transport, base_url=origin, headers=sent, follow_redirects=False)

    async def person(self, name: str, *, administrator: bool = False, scopes: tuple[str, ...] = ()) -> str:
        """Adds a person and gives a token of theirs."""
        account = {
            "name": name,
            "display": name.title(),
            "admin": administrator,
            "password": f"{name}-password-1",
        }
        await self.call("identity.user_add", account)
        token = await self.call(
            "identity.user_token", {"name": name, "label": "test", "scopes": list(scopes)}
        )
        return str(token["token"])


@asynccontextmanager
async def installation(
    home: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Installation]:
    """Runs all roles of a home in this process until the block ends."""
    roles = frozenset(ROLES)
    settings = Settings(home, {**database_of(home), **(environment or {})})
    async with Runtime(build_house(home, settings, roles), roles) as runtime:
        yield Installation(runtime)
