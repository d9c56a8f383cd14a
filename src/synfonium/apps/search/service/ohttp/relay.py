"""The relay: passes sealed questions on to the gateways that the settings name, with nothing of who asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.search.errors import NoSuchGateway
from synfonium.common.problem import Unavailable
from synfonium.libraries.oblivious_http import KEYS_TYPE, REQUEST_TYPE, RESPONSE_TYPE

if TYPE_CHECKING:
    import httpx

LARGEST_ANSWER_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 10.0
LARGEST_TOKEN_BYTES = 200


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway answered. type: its media type."""

    status: int
    type: str
    body: bytes


def gateways_of(addresses: tuple[str, ...]) -> dict[str, str]:
    """Host to address of each gateway that is named; others are left out."""
    parts = [(urlsplit(address), address) for address in addresses]
    return {found.netloc.lower(): address for found, address in parts if found.scheme in ("http", "https")}


class Relay:
    """gateways: host to address. token_files: host to the file of an API token, for a higher limit there."""

    def __init__(self, gateways: Mapping[str, str], token_files: Mapping[str, str]) -> None:
        self.gateways, self._token_files = gateways, token_files
        self._client: httpx.AsyncClient | None = None

    async def keys(self, gateway: str) -> Passed:
        """The keys of a gateway, for who does not want to be seen asking for them either.

        Raises NoSuchGateway, Unavailable.
        """
        return await self._pass("GET", gateway, b"")

    async def relay(self, gateway: str, message: bytes) -> Passed:
        """Raises NoSuchGateway, Unavailable."""
        return await self._pass("POST", gateway, message)

    async def _pass(self, method: str, gateway: str, message: bytes) -> Passed:
        import httpx

        address = self.gateways.get(gateway.lower())
        if address is None:
            raise NoSuchGateway
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False)
        try:
            async with self._client.stream(
                method, address, content=message, headers=self._headers(method, gateway)
            ) as answer:
                return await _passed(answer)
        except httpx.HTTPError:
            raise Unavailable from None

    def _headers(self, method: str, gateway: str) -> dict[str, str]:
        """All that a gateway is told besides the sealed message."""
        told = {"user-agent": "Synfonium", "accept": RESPONSE_TYPE if method == "POST" else KEYS_TYPE}
        if method == "POST":
            told["content-type"] = REQUEST_TYPE
        if file := self._token_files.get(gateway.lower()):
            token = Path(file).read_text("ascii")[:LARGEST_TOKEN_BYTES].strip()
            told["authorization"] = f"Bearer {token}"
        return told

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


async def _passed(answer: "httpx.Response") -> Passed:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER_BYTES:
            raise Unavailable
    kind = answer.headers.get("content-type", "")
    kept = (
        kind if kind in (RESPONSE_TYPE, KEYS_TYPE, "application/problem+json") else "application/octet-stream"
    )
    return Passed(status=answer.status_code, type=kept, body=bytes(body))
