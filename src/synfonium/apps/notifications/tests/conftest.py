"""An installation, people in it, and their browsers."""

import asyncio
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
    """Signs a person in by password, and waits until that new device has been told of; a client
    that keeps the session."""

    async def heard(name: str) -> None:
        reading = house.context("notifications").service.reading
        person = (await house.call("identity.user_find", {"name": name}))["id"]
        devices[name] = devices.get(name, 0) + 1
        async with asyncio.timeout(10):
            while True:
                items, _after = await reading.page(person)
                if sum(item.topic == "sign_in" for item in items) == devices[name]:
                    return
                await asyncio.sleep(0.02)

    devices: dict[str, int] = {}
    async with AsyncExitStack() as stack:

        async def signed(name: str) -> httpx.AsyncClient:
            client = await stack.enter_async_context(house.client())
            answer = await client.post("/signin", data={"name": name, "password": f"{name}-password-1"})
            assert answer.status_code == 303
            await heard(name)
            return client

        yield signed


@pytest.fixture
def tell(house: Installation) -> Tell:
    """Tells a person something, as an installed app does."""

    async def told(
        name: str, title: str | dict[str, Any] = "It is done.", *, caller: str = "drive", **more: Any
    ) -> None:
        found = await house.call("identity.user_find", {"name": name})
        words = {"text": title} if isinstance(title, str) else title
        arguments = {"person": found["id"], "topic": "job", "title": words, **more}
        await house.runtime.call("notifications.notify", arguments, caller=caller)

    return told
