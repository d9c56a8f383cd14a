"""How every module of the FAPI 2.0 security profile (final) begins: private_key_jwt, DPoP, unsigned requests.

A plan runs them with OpenID Connect and, where a module does not need it, as plain OAuth.
"""

from typing import Any

import httpx

from . import conditions as must
from .browser import Answer, Browser
from .proofs import read
from .provider import Provider
from .relying_party import RelyingParty, Tokens, register_fapi

PAR = "pushed_authorization_request_endpoint"
SIGNS_WELL = {"PS256", "ES256", "EdDSA", "Ed25519"}
PROOF_ERRORS = ("invalid_request", "invalid_grant", "invalid_dpop_proof")
REQUEST_URI_ERRORS = ("invalid_request_uri", "invalid_request", "invalid_request_object")


class Profile:
    """A FAPI 2.0 flow as every module begins it."""

    scope = "openid"

    @property
    def is_openid(self) -> bool:
        return "openid" in self.scope.split()

    async def site(self, op: Provider, **metadata: Any) -> RelyingParty:
        site = await register_fapi(op, **metadata)
        site.scope = self.scope
        return site

    async def pushed(self, site: RelyingParty, fields: dict[str, str], **changes: Any) -> str:
        """The request_uri of a pushed request that must be accepted (RFC 9126, 2.2)."""
        answer = await site.push(fields, **changes)
        assert answer.status_code == 201, answer.text
        must.is_json(answer)
        must.is_not_kept(answer)
        body = answer.json()
        assert isinstance(body["expires_in"], int)
        assert 5 <= body["expires_in"] < 600
        assert body["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
        must.is_hard_to_guess(body["request_uri"].rpartition(":")[2])
        return str(body["request_uri"])

    def short(self, site: RelyingParty, request_uri: str, **more: str) -> str:
        return site.url({"client_id": site.id, "request_uri": request_uri, **more})

    async def asked(
        self, site: RelyingParty, browser: Browser, *, push: Any = None, **changes: Any
    ) -> Answer:
        request_uri = await self.pushed(site, site.request(**changes), **(push or {}))
        return await browser.open(self.short(site, request_uri))

    async def flow(self, site: RelyingParty, browser: Browser, *, push: Any = None, **changes: Any) -> Tokens:
        """The whole flow, each answer checked."""
        return await self.finish(site, await self.asked(site, browser, push=push, **changes))

    async def finish(self, site: RelyingParty, answer: Answer, **token: Any) -> Tokens:
        code = must.is_authorization_answer(site, answer)
        response = await site.exchange(code, **token)
        must.is_token_answer(response, "DPoP")
        tokens = Tokens(answer, response)
        await self.is_id_token(site, tokens)
        await self.resource(site, tokens)
        return tokens

    async def is_id_token(self, site: RelyingParty, tokens: Tokens) -> None:
        if not self.is_openid:
            assert "id_token" not in tokens.body
            return
        await must.is_id_token(site, tokens.id_token, access_token=tokens.access_token)
        header, _ = read(tokens.id_token)
        assert header["alg"] in SIGNS_WELL
        assert header["kid"]

    async def resource(
        self, site: RelyingParty, tokens: Tokens, sub_of: Tokens | None = None, **changes: Any
    ) -> None:
        """The protected resource: userinfo, which a token without openid does not open."""
        answer = await site.userinfo(tokens.access_token, **changes)
        if self.is_openid:
            must.is_userinfo(answer, read((sub_of or tokens).id_token)[1]["sub"])
        else:
            assert answer.status_code in (401, 403), answer.text

    async def code(self, site: RelyingParty, browser: Browser, **changes: Any) -> str:
        return must.is_authorization_answer(site, await self.asked(site, browser, **changes))

    async def is_refused(
        self, site: RelyingParty, browser: Browser, fields: dict[str, str], *errors: str
    ) -> None:
        """By the PAR endpoint, or else by a page or an answer of the authorization endpoint."""
        answer = await site.push(fields)
        if answer.status_code != 201:
            must.is_oauth_error(answer, *errors)
            return
        went = await browser.open(self.short(site, answer.json()["request_uri"]))
        if went.came_back:
            must.is_authorization_error(site, went, *errors)
        else:
            must.is_error_page(went)


def is_refused_at_par(answer: httpx.Response, *errors: str) -> None:
    must.is_oauth_error(answer, *(errors or ("invalid_client", "invalid_request")))
