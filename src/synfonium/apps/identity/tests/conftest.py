"""A house with identity alone, browsers that keep cookies, and a clock that can be moved."""

from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from synfonium.apps.identity.service import passwords
from synfonium.kernel import app as kernel_app
from synfonium.kernel import commands
from synfonium.testing.client import Installation, installation

SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}


class MovedClock:
    """The machine's clock, `ahead_s` later."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s, self.ahead_s = now_s, 0.0

    def now_s(self) -> float:
        return self._now_s() + self.ahead_s


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same argon2id, cheap: these tests hash often and guess nothing."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture(autouse=True)
def identity_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Other apps are not installed: what fails here is identity's."""

    def only_identity(group: str) -> list[EntryPoint]:
        return [point for point in entry_points(group=group) if point.name == "identity"]

    monkeypatch.setattr(kernel_app, "entry_points", only_identity)
    _forget_apps()
    yield
    _forget_apps()


def _forget_apps() -> None:
    """What was found once in this process is found anew; other tests share it."""
    for kept in (kernel_app.installed_apps, kernel_app._packages, commands._all):
        kept.cache_clear()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    """Administrators may sign in by password here: it is not what most of these tests are about.
    test_administrators.py has the house as it comes."""
    async with installation(tmp_path, {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}) as running:
        yield running


@pytest.fixture
def clock(house: Installation) -> MovedClock:
    context = house.context("identity")
    context.clock = MovedClock(context.clock.now_s)
    clock: MovedClock = context.clock
    return clock


@pytest.fixture
async def browser(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(headers=SAME_ORIGIN) as client:
        yield client


@pytest.fixture
async def ada(house: Installation, browser: httpx.AsyncClient) -> httpx.AsyncClient:
    """Ada's browser; she administers and has signed in by password."""
    await house.person("ada", administrator=True)
    answer = await browser.post("/signin", data={"name": "ada", "password": "ada-password-1"})
    assert answer.status_code == 303
    return browser
