"""One installation a file, as an operator would run it behind TLS; a new site and browser a test."""

import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from synfonium.apps.identity.service import passwords
from synfonium.testing.client import installation

from .browser import Browser
from .network import Network, installed
from .provider import ISSUER, Provider

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((ROOT / "docs" / "reference" / "conformance.toml").read_text(encoding="utf-8"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the table says to fail must fail: one that passes is to be said so in the table."""
    failing = {entry["test"]: entry["reason"] for entry in TABLE["module"] if entry["outcome"] == "failing"}
    failing |= {entry["test"]: entry["reason"] for entry in TABLE.get("open", [])}
    for item in items:
        reason = failing.get(item.nodeid) or failing.get(item.nodeid.partition("[")[0])
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="module")
def quick_hashes() -> Iterator[None]:
    """The same argon2id, cheap: these tests hash often and guess nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory, quick_hashes: None) -> AsyncIterator[Provider]:
    home: Path = tmp_path_factory.mktemp("home")
    async with installation(home, {"SYNFONIUM_PUBLIC_URL": ISSUER}) as house:
        for name in ("ada", "bob"):
            await house.person(name)
        yield Provider(house, home)


@pytest_asyncio.fixture(loop_scope="module")
async def op(running: Provider) -> AsyncIterator[Provider]:
    running.clock.ahead_s = 0.0
    await running.discover()
    yield running
    running.clock.ahead_s = 0.0


@pytest_asyncio.fixture(loop_scope="module")
async def ada(op: Provider) -> AsyncIterator[Browser]:
    """Ada's browser; she has not signed in."""
    browser = Browser(op, "ada")
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def bob(op: Provider) -> AsyncIterator[Browser]:
    browser = Browser(op, "bob")
    yield browser
    await browser.close()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    """Whatever the provider fetches, it fetches from here."""
    return installed(monkeypatch)
