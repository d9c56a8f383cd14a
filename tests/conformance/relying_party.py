"""A small site of our own that signs people in: registers, asks, exchanges, and checks what it gets."""

import base64
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

import httpx

from .browser import Answer, Browser
from .proofs import ASSERTION_TYPE, Key, challenge_of, client_assertion, dpop_proof, merged, new_key, public
from .provider import ISSUER, Provider

REDIRECT = "https://rp.example/cb"
LOGGED_OUT = "https://rp.example/post_logout_redirect"
RP_ORIGIN = "https://rp.example"


class Tokens(NamedTuple):
    """What a finished flow gave: the answer at the redirect URI and the token endpoint's."""

    answer: Answer
    response: httpx.Response

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.response.json())

    @property
    def access_token(self) -> str:
        return str(self.body["access_token"])

    @property
    def id_token(self) -> str:
        return str(self.body["id_token"])

    @property
    def refresh_token(self) -> str:
        return str(self.body["refresh_token"])


class RelyingParty:
    """A registered client. `auth` is its way of authentication at the token endpoint."""

    def __init__(self, op: Provider, registration: Mapping[str, Any], key: Key | None = None) -> None:
        self.op, self.registration, self.key = op, dict(registration), key
        self.id = str(registration["client_id"])
        self.secret = str(registration.get("client_secret") or "")
        self.auth = str(
            registration.get("token_endpoint_auth_method")
            or ("client_secret_basic" if self.secret else "none")
        )
        self.alg = str(registration.get("token_endpoint_auth_signing_alg") or "RS256")
        self.redirect = str(registration["redirect_uris"][0])
        self.mode = ""
        self.scope = "openid"
        self.audience: Any = None
        self.is_fapi = self.uses_pkce = False
        self.dpop_key: Key | None = None
        self.dpop_nonce = ""
        self.verifier = ""
        self.state = self.nonce = ""

    # Authorization

    def request(self, *, pkce: bool = False, **changes: str | None) -> dict[str, str]:
        """The fields of an authorization request with fresh state and nonce."""
        self.state, self.nonce = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        fields: dict[str, str | None] = {
            "client_id": self.id,
            "redirect_uri": self.redirect,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce if "openid" in self.scope.split() else None,
            "response_type": "code",
            "response_mode": self.mode or None,
        }
        self.verifier = ""
        if pkce or self.uses_pkce or self.is_fapi or self.auth == "none":
            self.verifier = secrets.token_urlsafe(32)
            fields |= {"code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256"}
        if "state" in changes:
            self.state = changes["state"] or ""
        if "nonce" in changes:
            self.nonce = changes["nonce"] or ""
        return merged(fields, changes)

    def url(self, fields: Mapping[str, str]) -> str:
        return f"{self.op.endpoint('authorization_endpoint')}?{urlencode(fields)}"

    async def push(self, fields: Mapping[str, str], **changes: Any) -> httpx.Response:
        """A pushed authorization request (RFC 9126); `headers` and client credentials may be changed."""
        headers = dict(changes.pop("headers", {}))
        body = {**fields, **self.credentials(headers, "pushed_authorization_request_endpoint")}
        where = "pushed_authorization_request_endpoint"
        return self._learn(await self.op.post(where, merged(body, changes), headers))

    async def ask(self, browser: Browser, **changes: Any) -> Answer:
        """A whole trip of the browser to the provider and back."""
        fields = self.request(**changes)
        if not self.is_fapi:
            return await browser.open(self.url(fields))
        pushed = await self.push(fields)
        assert pushed.status_code == 201, pushed.text
        return await browser.open(
            self.url({"client_id": self.id, "request_uri": pushed.json()["request_uri"]})
        )

    # Token endpoint

    def credentials(self, headers: dict[str, str], endpoint: str = "token_endpoint") -> dict[str, str]:
        """The client's authentication: fields to add; the Basic header goes into `headers`."""
        if self.auth == "client_secret_basic":
            pair = f"{quote_plus(self.id)}:{quote_plus(self.secret)}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
            return {}
        if self.auth == "client_secret_post":
            return {"client_id": self.id, "client_secret": self.secret}
        if self.auth == "private_key_jwt":
            return {
                "client_id": self.id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self.assertion(),
            }
        return {"client_id": self.id}

    def assertion(self, audience: Any = None, **changes: Any) -> str:
        assert self.key is not None
        default = ISSUER if self.is_fapi else self.op.metadata["token_endpoint"]
        wanted = audience or self.audience or default
        return client_assertion(self.id, wanted, self.key, self.alg, self.op.clock.now_s(), **changes)

    def proof(self, method: str, endpoint: str, access_token: str = "", **changes: Any) -> str:
        """A DPoP proof with this client's key, or with `key`."""
        if self.dpop_key is None:
            self.dpop_key = new_key("ES256")
        key = changes.pop("key", self.dpop_key)
        url = str(self.op.metadata.get(endpoint, endpoint))
        changes.setdefault("nonce", self.dpop_nonce or None)
        return dpop_proof(key, method, url, self.op.clock.now_s(), access_token, **changes)

    def _learn(self, response: httpx.Response) -> httpx.Response:
        """RFC 9449, section 8: each answer may bring the nonce of the next proof."""
        self.dpop_nonce = response.headers.get("dpop-nonce", self.dpop_nonce)
        return response

    async def token(self, fields: Mapping[str, str], **changes: Any) -> httpx.Response:
        """The token endpoint, authenticated, with a DPoP proof where the client is FAPI's.

        A proof of our own is sent once more when the provider asks for a nonce.
        """
        given = dict(changes.pop("headers", {}))
        is_own = self.is_fapi and "dpop" not in given
        response = await self._token(fields, given, changes, is_own=is_own)
        if is_own and "use_dpop_nonce" in response.text:
            assert response.status_code == 400
            response = await self._token(fields, given, changes, is_own=is_own)
        return response

    async def _token(
        self, fields: Mapping[str, str], given: Mapping[str, str], changes: Mapping[str, Any], *, is_own: bool
    ) -> httpx.Response:
        headers = dict(given)
        if is_own:
            headers["dpop"] = self.proof("POST", "token_endpoint")
        if headers.get("dpop") == "":
            del headers["dpop"]
        body = {**fields, **self.credentials(headers)}
        return self._learn(await self.op.post("token_endpoint", merged(body, changes), headers))

    async def exchange(self, code: str, **changes: Any) -> httpx.Response:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier or None,
        }
        return await self.token(merged(fields, {}), **changes)

    async def refresh(self, refresh_token: str, **changes: Any) -> httpx.Response:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.token(fields, **changes)

    async def sign_in(self, browser: Browser, **changes: Any) -> Tokens:
        """A whole flow that must succeed."""
        answer = await self.ask(browser, **changes)
        response = await self.exchange(answer.code)
        assert response.status_code == 200, response.text
        return Tokens(answer, response)

    # Resources

    async def userinfo(
        self, access_token: str, method: str = "GET", scheme: str = "", **changes: Any
    ) -> httpx.Response:
        """The userinfo endpoint, with a DPoP proof where the client is FAPI's."""
        given = dict(changes.pop("headers", {}))
        is_own = self.is_fapi and "dpop" not in given
        response = await self._userinfo(access_token, method, scheme, given, changes, is_own=is_own)
        if is_own and "use_dpop_nonce" in response.headers.get("www-authenticate", ""):
            assert response.status_code == 401
            response = await self._userinfo(access_token, method, scheme, given, changes, is_own=is_own)
        return response

    async def _userinfo(
        self,
        access_token: str,
        method: str,
        scheme: str,
        given: Mapping[str, str],
        changes: Mapping[str, Any],
        *,
        is_own: bool,
    ) -> httpx.Response:
        scheme = scheme or ("DPoP" if self.is_fapi else "Bearer")
        headers = {"authorization": f"{scheme} {access_token}", **given}
        if is_own:
            headers["dpop"] = self.proof(method, "userinfo_endpoint", access_token, **changes)
        if headers.get("dpop") == "":
            del headers["dpop"]
        async with self.op.client() as client:
            where = self.op.endpoint("userinfo_endpoint")
            return self._learn(await client.request(method, where, headers=headers))


async def register(op: Provider, *, key: Key | None = None, **metadata: Any) -> RelyingParty:
    """A client of its own, registered by hand where registration is not offered to programs."""
    wanted: dict[str, Any] = {
        "client_name": "Tea Club",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        **metadata,
    }
    if wanted["token_endpoint_auth_method"] == "private_key_jwt" and key is None:
        key = new_key(str(wanted.get("token_endpoint_auth_signing_alg", "RS256")))
    if key is not None and "jwks_uri" not in wanted:
        wanted.setdefault("jwks", {"keys": [public(key)]})
    if "registration_endpoint" not in op.metadata:
        return await _register_by_hand(op, wanted)
    answer = await ask_to_register(op, wanted)
    assert answer.status_code == 201, answer.text
    return RelyingParty(op, {**wanted, **answer.json()}, key)


async def ask_to_register(op: Provider, body: Any, **headers: str) -> httpx.Response:
    """RFC 7591, section 3.1."""
    return await op.post_json("registration_endpoint", body, headers)


async def _register_by_hand(op: Provider, wanted: Mapping[str, Any]) -> RelyingParty:
    method = wanted["token_endpoint_auth_method"]
    given = await op.house.call(
        "identity.client_add",
        {
            "name": wanted["client_name"],
            "redirect_uris": wanted["redirect_uris"],
            "public": method == "none",
        },
    )
    return RelyingParty(op, {**wanted, **given})


async def register_fapi(op: Provider, alg: str = "ES256", **metadata: Any) -> RelyingParty:
    """A client of the FAPI 2.0 security profile: pushed requests, private_key_jwt and DPoP."""
    site = await register(
        op,
        key=new_key(alg),
        **{
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": alg,
            "id_token_signed_response_alg": "ES256",
            "require_pushed_authorization_requests": True,
            "dpop_bound_access_tokens": True,
            "grant_types": ["authorization_code", "refresh_token"],
            **metadata,
        },
    )
    site.is_fapi, site.auth, site.alg = True, "private_key_jwt", alg
    # The first answer brings the nonce, for proofs that a test makes by hand.
    await site.exchange("unknown")
    return site


async def careful(op: Provider, **metadata: Any) -> RelyingParty:
    """A client as RFC 9700 wants it: a secret and PKCE."""
    site = await register(op, **metadata)
    site.uses_pkce = True
    return site
