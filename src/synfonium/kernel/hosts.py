"""Host names that are an app's own: behind them is software that knows nothing of this house."""

from typing import Protocol

from synfonium.kernel.asgi import ASGIApp


class Hosts(Protocol):
    """Who answers at names that are not ours; offered by an app of the web role."""

    async def of(self, authority: str) -> ASGIApp | None:
        """What answers at a `name` or `name:port` in small letters, if anything does."""
        ...
