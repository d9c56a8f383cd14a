"""The provider as a site sees it: an origin, and whatever discovery says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from synfonium.testing.client import Installation

ISSUER = "https://op.example"
PASSWORD = "{name}-password-1"


class MovedClock:
    """The machine's clock, `ahead_s` later."""

    def __init__(self, clock: Any) -> None:
        self._clock, self.ahead_s = clock, 0.0

    def now_s(self) -> float:
        return float(self._clock.now_s()) + self.ahead_s


class Provider:
    """A whole installation, asked by HTTP and nothing else."""

    def __init__(self, house: Installation, home: Path) -> None:
        self.house, self.home = house, home
        self.metadata: dict[str, Any] = {}
        context = house.context("identity")
        self.clock = context.clock = MovedClock(context.clock)

    def client(self, **headers: str) -> httpx.AsyncClient:
        return self.house.client(origin=ISSUER, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def discover(self) -> dict[str, Any]:
        async with self.client() as client:
            answer = await client.get("/.well-known/openid-configuration")
        assert answer.status_code == 200
        self.metadata = answer.json()
        return self.metadata

    def supports(self, name: str, value: str) -> bool:
        return value in self.metadata.get(name, ())

    def endpoint(self, name: str) -> str:
        """Path and query of an endpoint; what discovery does not name does not exist."""
        parts = urlsplit(str(self.metadata[name]))
        assert f"{parts.scheme}://{parts.netloc}" == ISSUER
        return parts.path + (f"?{parts.query}" if parts.query else "")

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        async with self.client() as client:
            return await client.get(url, headers=dict(headers or {}))

    async def post(
        self,
        name: str,
        fields: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A form to the endpoint that discovery calls `name`; None leaves a field out."""
        wanted = {k: v for k, v in (fields or {}).items() if v is not None}
        async with self.client() as client:
            return await client.post(self.endpoint(name), data=wanted, headers=dict(headers or {}))

    async def post_json(
        self, name: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = {"content-type": "application/json", **(headers or {})}
        async with self.client() as client:
            return await client.post(self.endpoint(name), content=json.dumps(body), headers=sent)

    async def keys(self) -> list[dict[str, Any]]:
        answer = await self.get(self.endpoint("jwks_uri"))
        assert answer.status_code == 200
        return list(answer.json()["keys"])

    async def rotate_keys(self) -> None:
        """New signing keys, as the operator's command makes them."""
        await self.house.call("identity.keys_rotate", {})
