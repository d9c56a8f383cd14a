"""What clients let us fetch or tell: key sets, lists of addresses, logout tokens. All guarded."""

from collections import OrderedDict
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from synfonium.apps.identity.model.oauth.client import Client, Metadata, is_public_set
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.kernel.context import Context
from synfonium.libraries.network.client import GuardedClient, RequestFailed

LARGEST_BYTES = 64 * 1024
KEYS_KEPT_S = 600
FRESH_EVERY_S = 30
MOST_KEPT = 200


class Fetcher:
    """Asks clients' own machines; private networks only where the operator allows them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._client = GuardedClient("Synfonium", is_local_allowed=context.config.local_clients)
        self._keys: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    async def close(self) -> None:
        await self._client.close()

    async def keys(self, url: str, *, is_fresh: bool = False) -> dict[str, Any]:
        """The public keys at `url`, kept for ten minutes; asked for anew at most every half minute.

        Raises OAuthError invalid_client when there are none.
        """
        now_s = self._context.clock.now_s()
        kept = self._keys.get(url)
        if kept and now_s - kept[0] < (FRESH_EVERY_S if is_fresh else KEYS_KEPT_S):
            return kept[1]
        found = await self._json(url, "invalid_client", "jwks_uri cannot be read")
        if not isinstance(found, dict) or not is_public_set(found.get("keys")):
            raise OAuthError("invalid_client", "jwks_uri holds no public keys")
        self._keys[url] = (now_s, found)
        if len(self._keys) > MOST_KEPT:
            self._keys.popitem(last=False)
        return found

    async def check_sector(self, metadata: Metadata) -> None:
        """OpenID Registration 1.0, section 5. Raises OAuthError invalid_client_metadata."""
        url = metadata.sector_identifier_uri
        if not url:
            return
        if urlsplit(url).scheme != "https" and not self._context.config.local_clients:
            raise OAuthError("invalid_client_metadata", "sector_identifier_uri is https")
        found = await self._json(url, "invalid_client_metadata", "sector_identifier_uri cannot be read")
        if not isinstance(found, list) or not set(metadata.redirect_uris) <= set(map(str, found)):
            raise OAuthError("invalid_client_metadata", "sector_identifier_uri does not list redirect_uris")

    async def _json(self, url: str, error: str, why: str) -> Any:
        try:
            answer = await self._client.request(
                "GET", url, headers={"accept": "application/json"}, largest_bytes=LARGEST_BYTES
            )
            if answer.status == 200:
                return msgspec.json.decode(answer.body)
        except (RequestFailed, msgspec.DecodeError, ValueError, RecursionError):
            pass
        raise OAuthError(error, why)

    async def tell_logout(self, client: Client, token: str) -> bool:
        """Whether the client took it (Back-Channel Logout 1.0, 2.5 and 2.8)."""
        try:
            answer = await self._client.request(
                "POST",
                client.metadata.backchannel_logout_uri,
                headers={"content-type": "application/x-www-form-urlencoded"},
                body=urlencode({"logout_token": token}).encode(),
                largest_bytes=LARGEST_BYTES,
            )
        except RequestFailed:
            return False
        # 400 says that the client found the token wrong: another try would not mend it.
        return answer.status in (200, 204, 400)
