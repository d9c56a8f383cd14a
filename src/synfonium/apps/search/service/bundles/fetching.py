"""Reads the feed and the bundles of another installation; a download goes on where it ended."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from synfonium.apps.search.service.bundles.files import NoBundle
from synfonium.apps.search.service.bundles.format import FORMAT, Feed, Listed
from synfonium.apps.search.service.bundles.keys import fingerprint_of

if TYPE_CHECKING:
    from synfonium.libraries.network.client import Answer, GuardedClient

PIECE_BYTES = 4 << 20
_LARGEST_FEED_BYTES = 1 << 20
_PIECE_S = 120.0


class BundleFetcher:
    """Speaks HTTPS with public machines; with others only where the operator allows it."""

    def __init__(self, user_agent: str, *, is_local_allowed: bool, piece_bytes: int = PIECE_BYTES) -> None:
        self._user_agent, self._is_local_allowed = user_agent, is_local_allowed
        self._piece_bytes = piece_bytes
        self._client: GuardedClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def feed(self, origin: str) -> Feed:
        """Raises NoBundle: `unreachable`, `feed`."""
        answer = await self._get(f"{origin}/search/bundles/index.json", _LARGEST_FEED_BYTES)
        try:
            feed = msgspec.json.decode(answer.body, type=Feed)
            fingerprint_of(feed.key)
        except (ValueError, RecursionError):
            raise NoBundle("feed") from None
        if answer.status != 200 or feed.format != FORMAT or feed.origin != origin:
            raise NoBundle("feed")
        return feed

    async def fetch(self, origin: str, listed: Listed, target: Path, *, largest_bytes: int) -> None:
        """Fills `target` with the bundle, from where it is. Raises NoBundle: `unreachable`,
        `too_large`."""
        if listed.size_bytes > largest_bytes:
            raise NoBundle("too_large")
        url = f"{origin}/search/bundles/{listed.epoch}-{listed.number}.bundle"
        size = target.stat().st_size if target.exists() else 0
        while size < listed.size_bytes:
            most = min(self._piece_bytes, listed.size_bytes - size)
            answer = await self._get(f"{url}?start={size}&most={most}", most)
            if answer.status != 200 or not answer.body:
                raise NoBundle("unreachable")
            await asyncio.to_thread(_append, target, answer.body)
            size += len(answer.body)

    async def _get(self, url: str, largest_bytes: int) -> "Answer":
        from synfonium.libraries.network.client import GuardedClient, RequestFailed

        if self._client is None:
            self._client = GuardedClient(
                self._user_agent, is_local_allowed=self._is_local_allowed, slowest_s=_PIECE_S
            )
        try:
            return await self._client.request("GET", url, largest_bytes=largest_bytes)
        except RequestFailed as failed:
            raise NoBundle("too_large" if failed.reason == "too_large" else "unreachable") from None


def _append(target: Path, piece: bytes) -> None:
    with target.open("ab") as file:
        file.write(piece)
