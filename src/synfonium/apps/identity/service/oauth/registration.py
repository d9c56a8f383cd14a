"""How clients are made, and how they register themselves (RFC 7591, 7592)."""

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth.client import Client, Metadata, parse_metadata
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.oauth.fetching import Fetcher
from synfonium.apps.identity.service.oauth.keys import SigningKeys
from synfonium.apps.identity.service.oauth.proving import public_key
from synfonium.apps.identity.store.oauth import clients as store
from synfonium.common.ids import new_id
from synfonium.kernel.context import Context

MOST_OPEN = 5000
OPEN_AN_HOUR = 300
UNUSED_S = 86_400
_OURS = ("require_pkce", "fapi2", "resource_uris")


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A client just registered; what is secret is shown this once, and empty where there is none."""

    client_id: str
    client_secret: str
    registration_token: str = ""


class Registrations:
    """Makes clients of metadata; answers those that register themselves."""

    def __init__(self, context: Context, fetcher: Fetcher, keys: SigningKeys) -> None:
        self._context, self._fetcher, self._keys = context, fetcher, keys
        self._hour, self._this_hour = 0, 0

    async def metadata(self, fields: Mapping[str, Any]) -> Metadata:
        metadata = parse_metadata(fields)
        try:
            for jwk in (metadata.jwks or {}).get("keys", []):
                public_key(jwk)
        except ValueError:
            raise OAuthError("invalid_client_metadata", "a key of jwks cannot be used") from None
        await self._fetcher.check_sector(metadata)
        for algorithm in (metadata.id_token_signed_response_alg, metadata.userinfo_signed_response_alg):
            if algorithm:
                await self._keys.ensure(algorithm)
        return metadata

    def new(self, metadata: Metadata, *, owner: str, is_open: bool = False) -> tuple[Client, Registration]:
        now_s = self._context.clock.now_s()
        secret = new_secret() if has_secret(metadata) else ""
        registration_token = new_secret("syc_") if is_open else ""
        client = Client(
            id=new_id(now_s),
            metadata=metadata,
            owner=owner,
            secret_hash=digest(secret) if secret else "",
            registration_hash=digest(registration_token) if is_open else "",
            created_s=now_s,
            is_open=is_open,
        )
        fresh = Registration(client_id=client.id, client_secret=secret, registration_token=registration_token)
        return client, fresh

    # By themselves (OpenID Registration 1.0, RFC 7591)

    async def register(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of RFC 7591, 3.2.1. Raises OAuthError."""
        self._count()
        metadata = await self._open_metadata(fields)
        client, fresh = self.new(metadata, owner="", is_open=True)

        def work(connection: Connection) -> None:
            if store.count_clients(connection, is_open=True) >= MOST_OPEN:
                raise OAuthError("temporarily_unavailable", "too many clients have registered themselves")
            store.add_client(connection, client)

        await self._context.database.write(work)
        told = {"client_id_issued_at": int(client.created_s), **self._described(client)}
        if fresh.client_secret:
            told |= {"client_secret": fresh.client_secret, "client_secret_expires_at": 0}
        return told | {"registration_access_token": fresh.registration_token}

    def _count(self) -> None:
        """Without looking at addresses: so many an hour, from everybody together."""
        if not self._context.config.open_registration:
            raise OAuthError("access_denied", "clients are registered by people here")
        hour = int(self._context.clock.now_s() / 3600)
        self._this_hour = self._this_hour + 1 if hour == self._hour else 1
        self._hour = hour
        if self._this_hour > OPEN_AN_HOUR:
            raise OAuthError("temporarily_unavailable", "too many clients register at the moment")

    async def _open_metadata(self, fields: Mapping[str, Any]) -> Metadata:
        """OpenID Registration's own defaults. It has no word for PKCE, so a client with a secret
        may do without; and who registers without being seen is the server of no address."""
        usual = {"id_token_signed_response_alg": "ES256" if fields.get("fapi2") else "RS256"}
        return await self.metadata({**usual, **fields, "resource_uris": (), "require_pkce": False})

    async def reread(self, client_id: str, token: str) -> dict[str, Any]:
        """RFC 7592, section 2.1. Raises OAuthError invalid_token."""
        return self._described(await self._by_registration(client_id, token))

    async def reregister(self, client_id: str, token: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """RFC 7592, section 2.2: what is not said is back at its default. Raises OAuthError."""
        client = await self._by_registration(client_id, token)
        if fields.get("client_id") != client_id or "registration_access_token" in fields:
            raise OAuthError("invalid_client_metadata", "client_id is said, what the server gave is not")
        metadata = await self._open_metadata(fields)
        if has_secret(metadata) != bool(client.secret_hash):
            raise OAuthError("invalid_client_metadata", "a client with a secret keeps it, another gets none")
        changed = msgspec.structs.replace(client, metadata=metadata)
        await self._context.database.write(lambda c: store.change_client(c, changed))
        return self._described(changed)

    async def unregister(self, client_id: str, token: str) -> None:
        """RFC 7592, section 2.3. Raises OAuthError invalid_token."""
        await self._by_registration(client_id, token)
        await self._context.database.write(lambda c: store.remove_client(c, client_id))

    async def _by_registration(self, client_id: str, token: str) -> Client:
        client = await self._context.database.read(lambda c: store.client_by_id(c, client_id))
        known = client.registration_hash if client and client.is_open else ""
        if client is None or not known or not hmac.compare_digest(known, digest(token)):
            raise OAuthError("invalid_token", "the registration token is not this client's")
        return client

    def _described(self, client: Client) -> dict[str, Any]:
        uri = f"{self._context.site.public_url}/oauth/register/{client.id}"
        told = {name: value for name, value in plain(client.metadata).items() if name not in _OURS}
        return {"client_id": client.id, **told, "registration_client_uri": uri}


def plain(metadata: Metadata) -> dict[str, Any]:
    """What is set, without what says nothing."""
    told: dict[str, Any] = msgspec.to_builtins(metadata)
    return {name: value for name, value in told.items() if value not in ("", None, [])}


def has_secret(metadata: Metadata) -> bool:
    return metadata.token_endpoint_auth_method in ("client_secret_basic", "client_secret_post")
