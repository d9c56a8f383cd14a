"""One outside OpenID Provider, spoken to: what it publishes, and the exchange of a code."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey

from synfonium.apps.identity.model.outside import (
    OpenIdSettings,
    TokenRefused,
    check_common,
    check_id_token,
    checked_subject,
    parse_issuer,
)
from synfonium.apps.identity.model.people import new_secret
from synfonium.apps.identity.service.outside.tokens import (
    Key,
    UnknownKey,
    check_access_hash,
    import_keys,
    read_json,
    signed_claims,
)
from synfonium.libraries.network.client import GuardedClient, RequestFailed

KEPT_S = 3600.0
REFETCH_S = 30.0
ASSERTION_LIFE_S = 60
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """OpenID Connect Discovery 1.0, section 3, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A token endpoint's answer (RFC 6749, section 5.1)."""

    id_token: str
    access_token: str = ""


class UpstreamFailed(Exception):
    """The provider cannot be spoken with; `reason` in one word of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Upstream:
    """Speaks with the provider of `settings` as the client `secret` belongs to."""

    def __init__(
        self, settings: OpenIdSettings, secret: str, client: GuardedClient, now_s: Callable[[], float]
    ) -> None:
        self.settings, self._secret = settings, secret
        self._client, self._now_s = client, now_s
        self._lock = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, list[Key]] | None = None

    async def metadata(self) -> Metadata:
        """What the provider says of itself, kept for an hour. Raises UpstreamFailed."""
        async with self._lock:
            if self._metadata is None or self._now_s() - self._metadata[0] >= KEPT_S:
                self._metadata = (self._now_s(), await self._discover())
            return self._metadata[1]

    async def _discover(self) -> Metadata:
        settings = self.settings
        address = f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = read_json(await self._fetch(address), Metadata)
        except ValueError:
            raise UpstreamFailed("metadata") from None
        if found.issuer != settings.issuer:
            raise UpstreamFailed("issuer")
        endpoints = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        for endpoint in (*endpoints, *filter(None, [found.userinfo_endpoint])):
            _check_endpoint(endpoint, is_local=settings.is_local)
        return found

    async def keys(self, *, older_than_s: float = KEPT_S) -> list[Key]:
        """The provider's signing keys, fetched anew when those kept are older. Raises UpstreamFailed."""
        metadata = await self.metadata()
        async with self._lock:
            if self._keys is None or self._now_s() - self._keys[0] >= older_than_s:
                try:
                    fresh = import_keys(await self._fetch(metadata.jwks_uri))
                except ValueError:
                    raise UpstreamFailed("jwks") from None
                self._keys = (self._now_s(), fresh)
            return self._keys[1]

    async def _fetch(self, url: str) -> bytes:
        return await self._ask("GET", url, {"accept": "application/json"})

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
        try:
            answer = await self._client.request(method, url, headers=headers, body=body)
        except RequestFailed as failure:
            raise UpstreamFailed(failure.reason) from None
        if answer.status != 200 or not answer.media_type.endswith("json"):
            raise UpstreamFailed("status")
        return answer.body

    async def _claims(self, token: str) -> tuple[dict[str, Any], str]:
        """Of a token that the provider signed; an unknown key is looked for once more, rarely."""
        try:
            return signed_claims(token, await self.keys())
        except UnknownKey:
            return signed_claims(token, await self.keys(older_than_s=REFETCH_S))

    async def exchange(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """RFC 6749, section 4.1.3, with PKCE. Raises UpstreamFailed, TokenRefused."""
        metadata = await self.metadata()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        self._authenticate(fields, headers)
        body = urlencode(fields).encode()
        try:
            return read_json(await self._ask("POST", metadata.token_endpoint, headers, body), Tokens)
        except ValueError:
            raise TokenRefused("form") from None

    def _authenticate(self, fields: dict[str, str], headers: dict[str, str]) -> None:
        client_id, secret = self.settings.client_id, self._secret
        match self.settings.authentication:
            case "client_secret_basic":
                pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749, section 2.3.1
                headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            case "client_secret_post":
                fields |= {"client_id": client_id, "client_secret": secret}
            case "none":
                fields["client_id"] = client_id
            case "private_key_jwt":
                fields |= {
                    "client_id": client_id,
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    "client_assertion": self._assertion(),
                }

    def _assertion(self) -> str:
        """RFC 7523, section 3; the audience is the issuer, so that it serves nobody else."""
        key, now_s = ECKey.import_key(msgspec.json.decode(self._secret)), int(self._now_s())
        claims = {
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.issuer,
            "jti": new_secret(),
            "iat": now_s,
            "exp": now_s + ASSERTION_LIFE_S,
        }
        header = {"alg": "ES256", "kid": key.kid}
        return jws.serialize_compact(header, msgspec.json.encode(claims), key, ["ES256"])

    async def id_claims(self, tokens: Tokens, nonce: str) -> dict[str, Any]:
        """The checked claims of the ID token. Raises TokenRefused, UpstreamFailed."""
        claims, algorithm = await self._claims(tokens.id_token)
        settings = self.settings
        check_id_token(
            claims,
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=nonce,
            now_s=self._now_s(),
        )
        check_access_hash(claims, algorithm, tokens.access_token)
        return claims

    async def more_claims(self, claims: dict[str, Any], tokens: Tokens) -> dict[str, Any]:
        """`claims`, completed from UserInfo where what is mapped is missing (Core 1.0, section
        5.3.2: of the same subject, or refused). Raises TokenRefused, UpstreamFailed."""
        settings, metadata = self.settings, await self.metadata()
        mapped = (settings.name_claim, settings.display_claim, settings.email_claim)
        if all(name in claims for name in mapped) or not (metadata.userinfo_endpoint and tokens.access_token):
            return claims
        headers = {"accept": "application/json", "authorization": f"Bearer {tokens.access_token}"}
        try:
            told = read_json(await self._ask("GET", metadata.userinfo_endpoint, headers), dict[str, Any])
        except ValueError:
            raise TokenRefused("userinfo") from None
        if told.get("sub") != claims["sub"]:
            raise TokenRefused("userinfo_sub")
        return {**told, **claims}

    async def logout_claims(self, token: str) -> dict[str, Any]:
        """Of a logout token (Back-Channel Logout 1.0, section 2.6). Raises TokenRefused, UpstreamFailed."""
        claims, _algorithm = await self._claims(token)
        settings = self.settings
        check_common(claims, issuer=settings.issuer, client_id=settings.client_id, now_s=self._now_s())
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise TokenRefused("events")
        if "nonce" in claims:
            raise TokenRefused("nonce")
        if not isinstance(claims.get("jti"), str):
            raise TokenRefused("jti")
        if "sub" in claims:
            checked_subject(claims)
        if not isinstance(claims.get("sid", claims.get("sub")), str):
            raise TokenRefused("sub")
        return claims


def _check_endpoint(url: str, *, is_local: bool) -> None:
    try:
        parse_issuer(url.partition("?")[0], is_local=is_local)
    except ValueError:
        raise UpstreamFailed("endpoint") from None
