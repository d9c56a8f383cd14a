"""One installation for all tests of a file; none of them may write without saying so."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.journeys.bad_input.house import House
from tests.journeys.raw import exchange, request

from synfonium.kernel.server import Listener
from synfonium.testing.client import installation


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("bad") / "home"
    # Ana comes in by password here; that administrators need a passkey is identity's own test. What the
    # drive writes down of itself after a minute is not what a request has written.
    settings = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false", "SYNFONIUM_DRIVE_SCRUB_DAYS": "0"}
    async with installation(home, settings) as inside:
        token = await inside.person("ana", administrator=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        listener = Listener(inside.runtime.application, port=port)
        await listener.start()
        try:
            found = House(inside, port, home, token, await _sign_in(port))
            await found.send("GET", b"/drive")  # a person's first visit makes their drive
            await _settled(found)
            yield found
        finally:
            await listener.stop()


async def _settled(house: House) -> None:
    """What coming in made is told to all who hear of it, and has left the outboxes."""
    before = house.rows()
    for _try in range(50):
        await asyncio.sleep(0.2)
        now = house.rows()
        if now == before and not any(count for name, count in now.items() if name.endswith("_outbox")):
            return
        before = now
    raise AssertionError("the house did not come to rest")


async def _sign_in(port: int) -> str:
    form = {"content_type": "application/x-www-form-urlencoded"}
    body = b"name=ana&password=ana-password-1"
    answer = await exchange(port, request("POST", b"/signin", body=body, **form))
    assert answer is not None
    assert answer.status == 303
    return answer.cookie("synfonium").partition(";")[0]


@pytest.fixture
def may_write() -> None:
    """Asked for by a test that writes."""


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_written(house: House, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Every test here leaves every table as it was, unless it says that it writes."""
    before = house.rows()
    yield
    if "may_write" not in request.fixturenames:
        assert house.rows() == before
