"""The SCIM doors before a foreign checker: scim2-tester of the python-scim project."""

import asyncio
from typing import Any

from scim2_client.client import BaseSyncSCIMClient
from scim2_client.engines.asgi import ASGISCIMClient
from scim2_tester import Status, check_server

from synfonium.testing.client import ORIGIN, Installation

from .directory import token_of


class Checker(BaseSyncSCIMClient):
    """Works in a thread of its own; its requests run in the event loop of the house."""

    def __init__(self, house: Installation, token: str) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._engine = ASGISCIMClient(
            house.runtime.application,
            base_url=f"{ORIGIN}/scim/v2/school",
            headers={"Authorization": f"Bearer {token}"},
        )

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return self._engine._stays_under_base_url(endpoint)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **options: Any) -> Any:
        asked = self._engine.request(method, url, **options)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(30)


async def test_a_foreign_checker_finds_nothing_wrong(house: Installation) -> None:
    checker = Checker(house, await token_of(house, "school"))
    results = await asyncio.to_thread(check_server, checker)
    wrong = [(one.status.name, one.title, one.reason) for one in results if one.status != Status.SUCCESS]
    assert len(results) > 50
    assert not wrong, "\n".join(map(str, wrong))
