"""An installation, people in it, and their browsers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.apps.notifications.tests.push_service import PushService, push_service
from synfonium.testing.client import Installation, installation

Tell = Callable[..., Awaitable[None]]
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


class MovedClock:
    """A clock that can be moved on."""

    def __init__(self) -> None:
        self.time_s = 1_790_000_000.0  # Monday, 21 September 2026, 14:13:20 UTC

    def now_s(self) -> float:
        return self.time_s


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    environment = {"SYNFONIUM_NOTIFICATIONS_LOCAL_PUSH": "true"}
    async with installation(tmp_path / "home", environment) as running:
        yield running


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def sign_in(house: Installation) -> AsyncIterator[SignIn]:
    """Signs a person in by password; a client that keeps the session."""
    async with AsyncExitStack() as stack:

        async def signed(name: str) -> httpx.AsyncClient:
            client = await stack.enter_async_context(house.client())
            answer = await client.post("/signin", data={"name": name, "password": f"{name}-password-1"})
            assert answer.status_code == 303
            return client

        yield signed


@pytest.fixture
def tell(house: Installation) -> Tell:
    """Tells a person something, as an installed app does."""

    async def told(name: str, title: str = "It is done.", *, caller: str = "drive", **more: Any) -> None:
        found = await house.call("identity.user_find", {"name": name})
        arguments = {"person": found["id"], "topic": "job", "title": {"text": title}, **more}
        await house.runtime.call("notifications.notify", arguments, caller=caller)

    return told
