"""Which hosts are the operator's own: only those may be asked more often than once a second."""

from collections.abc import Sequence

from synfonium.apps.search.model import host_of
from synfonium.libraries.network.addresses import Resolver, is_public, resolve

LEAST_DELAY_S = 1.0


class OwnHosts:
    """Hosts that the setting `own_hosts` names (and those below them), and, where the
    operator allows the own network to be visited, hosts all of whose addresses are in it."""

    def __init__(self, names: Sequence[str], *, is_local_allowed: bool, resolver: Resolver = resolve) -> None:
        self._names = tuple(name.strip(".").lower() for name in names)
        self._is_local_allowed, self._resolver = is_local_allowed, resolver

    async def least_delay_s(self, url: str, wished_s: float) -> float:
        """The least wait between two requests to the host of `url`: at least a second for
        a stranger's, whatever is wished."""
        return wished_s if await self._owns(url) else max(LEAST_DELAY_S, wished_s)

    async def _owns(self, url: str) -> bool:
        host = host_of(url)
        if any(host == name or host.endswith(f".{name}") for name in self._names):
            return True
        return self._is_local_allowed and await self._is_local(host)

    async def _is_local(self, host: str) -> bool:
        try:
            addresses = await self._resolver(host.strip("[]"), 80)
        except OSError:
            return False
        return bool(addresses) and not any(is_public(address) for address in addresses)
