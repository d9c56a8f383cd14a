"""Modules that several plans share; a plan chooses the response mode and the client's way to sign in.

What each module asks for and refuses is the suite's; what it only warns about is asked for as well.
"""

import json
import re
from typing import Any

import pytest

from . import conditions as must
from .browser import Answer, Browser
from .proofs import read, unsigned
from .provider import Provider
from .relying_party import REDIRECT, RP_ORIGIN, RelyingParty, Tokens, register

SILENT_ERRORS = (
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
)

ID_TOKEN_CLAIMS = {
    *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "jti"),
    *("auth_time", "nonce", "at_hash", "acr", "amr", "sid"),
}


class Plan:
    """A flow as every module begins it."""

    mode = "query"
    auth = "client_secret_basic"
    alg = "RS256"

    async def site(self, op: Provider, **metadata: Any) -> RelyingParty:
        site = await register(op, **{"token_endpoint_auth_method": self.auth, **metadata})
        site.mode = "" if self.mode == "query" else self.mode
        return site

    async def flow(self, site: RelyingParty, browser: Browser, **changes: Any) -> Tokens:
        """Authorization, tokens, id token and userinfo, each checked."""
        answer = await site.ask(browser, **changes)
        return await self.finish(site, answer)

    async def finish(self, site: RelyingParty, answer: Answer) -> Tokens:
        code = must.is_authorization_answer(site, answer, mode=self.mode)
        response = await site.exchange(code)
        must.is_token_answer(response)
        tokens = Tokens(answer, response)
        claims = await must.is_id_token(site, tokens.id_token, access_token=tokens.access_token)
        must.is_userinfo(await site.userinfo(tokens.access_token), claims["sub"])
        return tokens

    async def claims(self, site: RelyingParty, tokens: Tokens) -> dict[str, Any]:
        answer = await site.userinfo(tokens.access_token)
        return must.is_userinfo(answer, read(tokens.id_token)[1]["sub"])


class CommonModules(Plan):
    """In the basic, the form-post and the dynamic plan."""

    async def test_oidcc_server(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        assert tokens.answer.signed_in == 1
        assert tokens.answer.agreed == 1
        _, claims = read(tokens.id_token)
        known = {
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "acr",
            "amr",
            "azp",
            "sid",
        }
        assert set(claims) <= known | {"jti", "nbf"}
        must.are_published_keys(await op.keys())

    async def test_oidcc_idtoken_unsigned(self, op: Provider) -> None:
        """The suite skips it when `none` is not offered; here it must not be had by asking either."""
        assert not op.supports("id_token_signing_alg_values_supported", "none")
        assert "none" not in json.dumps(
            {k: v for k, v in op.metadata.items() if k.endswith("signing_alg_values_supported")}
        )

    async def test_oidcc_ensure_request_object_with_redirect_uri(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        inside = site.request()
        outside = {
            **inside,
            "redirect_uri": f"{RP_ORIGIN}/elsewhere",
            "request": unsigned({"alg": "none"}, inside),
        }
        answer = await ada.open(site.url(outside))
        must.is_error_page(answer)

    async def test_oidcc_refresh_token(self, op: Provider, ada: Browser) -> None:
        assert op.supports("grant_types_supported", "refresh_token")
        assert op.supports("scopes_supported", "offline_access")
        grants = {"grant_types": ["authorization_code", "refresh_token"]}
        one, two = await self.site(op, **grants), await self.site(op, **grants)
        for site in (one, two):
            site.scope = "openid offline_access"
            tokens = await self.flow(site, ada, prompt="consent")
            response = await site.refresh(tokens.refresh_token, scope=site.scope if site is one else None)
            body = must.is_token_answer(response)
            assert body["access_token"] != tokens.access_token
            await self._is_same_sign_in(site, tokens.id_token, body)
            must.is_userinfo(await site.userinfo(body["access_token"]), read(tokens.id_token)[1]["sub"])
        kept = body.get("refresh_token", tokens.refresh_token)
        must.is_oauth_error(await one.refresh(kept), "invalid_grant")

    async def _is_same_sign_in(self, site: RelyingParty, first: str, body: dict[str, Any]) -> None:
        """Core 1.0, section 12.2."""
        if "id_token" not in body:
            return
        _, before = read(first)
        _, after = read(body["id_token"])
        await must.is_id_token(
            site, body["id_token"], access_token=body["access_token"], nonce=after.get("nonce", "")
        )
        assert after.get("nonce", before["nonce"]) == before["nonce"]
        for name in ("iss", "sub", "aud", "azp", "auth_time"):
            assert after.get(name) == before.get(name), name
        assert after["iat"] >= before["iat"]


class BasicModules(CommonModules):
    """The basic plan, and with `mode = "form_post"` the form-post plan."""

    async def test_oidcc_response_type_missing(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        answer = await site.ask(ada, response_type=None)
        if not answer.came_back:
            must.is_error_page(answer)
            return
        errors = ("invalid_request", "unsupported_response_type")
        must.is_authorization_error(site, answer, *errors, mode=self.mode)

    async def test_oidcc_idtoken_signature(self, op: Provider, ada: Browser) -> None:
        tokens = await self.flow(await self.site(op), ada)
        header, _ = read(tokens.id_token)
        assert header["alg"] == "RS256"
        assert header["kid"]

    async def test_oidcc_userinfo_get(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        assert (await self.claims(site, tokens))["sub"]

    async def test_oidcc_userinfo_post_header(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        answer = await site.userinfo(tokens.access_token, "POST")
        must.is_userinfo(answer, read(tokens.id_token)[1]["sub"])

    async def test_oidcc_userinfo_post_body(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        answer = await op.post("userinfo_endpoint", {"access_token": tokens.access_token})
        must.is_userinfo(answer, read(tokens.id_token)[1]["sub"])

    async def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(
        self, op: Provider, ada: Browser
    ) -> None:
        tokens = await self.flow(await self.site(op), ada, nonce=None)
        assert "nonce" not in read(tokens.id_token)[1]

    async def test_oidcc_scope_profile(self, op: Provider, ada: Browser) -> None:
        await self._scopes_are_answered(op, ada, "profile")

    async def test_oidcc_scope_email(self, op: Provider, ada: Browser) -> None:
        claims = await self._scopes_are_answered(op, ada, "email")
        assert "name" not in claims

    async def test_oidcc_scope_address(self, op: Provider, ada: Browser) -> None:
        await self._scopes_are_answered(op, ada, "address")

    async def test_oidcc_scope_phone(self, op: Provider, ada: Browser) -> None:
        await self._scopes_are_answered(op, ada, "phone")

    async def test_oidcc_scope_all(self, op: Provider, ada: Browser) -> None:
        await self._scopes_are_answered(op, ada, "profile email address phone")

    async def _scopes_are_answered(self, op: Provider, ada: Browser, scopes: str) -> dict[str, Any]:
        """A scope that discovery names gives its claims; the suite skips one that it does not name.

        Core 1.0, 3.1.2.1: one that is not understood is ignored, and never an error.
        """
        site = await self.site(op)
        site.scope = f"openid {scopes}"
        tokens = await self.flow(site, ada)
        claims = await self.claims(site, tokens)
        named = {"profile": "name", "email": "email", "address": "address", "phone": "phone_number"}
        for scope in scopes.split():
            if not op.supports("scopes_supported", scope):
                assert named[scope] not in claims
                assert scope not in tokens.body.get("scope", "").split()
        if op.supports("scopes_supported", "profile") and "profile" in scopes:
            assert claims["name"] == "Ada"
        return claims

    async def test_oidcc_alternate_happy_flow(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        site.scope = "email profile openid"
        fields = site.request()
        backwards = dict(reversed(fields.items()))
        tokens = await self.finish(site, await ada.open(site.url(backwards)))
        assert (await self.claims(site, tokens))["name"] == "Ada"

    @pytest.mark.parametrize("display", ["page"])
    async def test_oidcc_display_page(self, op: Provider, ada: Browser, display: str) -> None:
        tokens = await self.flow(await self.site(op), ada, display=display)
        assert tokens.answer.signed_in == 1

    async def test_oidcc_display_popup(self, op: Provider, ada: Browser) -> None:
        tokens = await self.flow(await self.site(op), ada, display="popup")
        assert tokens.answer.signed_in == 1

    async def test_oidcc_prompt_login(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        first = await self.flow(site, ada)
        op.clock.ahead_s += 2
        second = await self.flow(site, ada, prompt="login")
        assert second.answer.signed_in == 1
        assert read(second.id_token)[1]["auth_time"] > read(first.id_token)[1]["auth_time"]
        assert read(second.id_token)[1]["sub"] == read(first.id_token)[1]["sub"]

    async def test_oidcc_prompt_none_not_logged_in(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        answer = await site.ask(ada, prompt="none", state="s" * 128)
        must.is_authorization_error(site, answer, *SILENT_ERRORS, mode=self.mode)

    async def test_oidcc_prompt_none_logged_in(self, op: Provider, ada: Browser) -> None:
        await self._second_time_is_silent(op, ada, {}, {"prompt": "none"})

    async def test_oidcc_max_age_1(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        first = await self.flow(site, ada)
        op.clock.ahead_s += 2
        second = await self.flow(site, ada, max_age="1")
        assert second.answer.signed_in == 1
        again = read(second.id_token)[1]["auth_time"]
        assert again > read(first.id_token)[1]["auth_time"]
        assert op.clock.now_s() - again < 10

    async def test_oidcc_max_age_10000(self, op: Provider, ada: Browser) -> None:
        await self._second_time_is_silent(op, ada, {"max_age": "15000"}, {"max_age": "10000"})

    async def test_oidcc_id_token_hint(self, op: Provider, ada: Browser) -> None:
        await self._second_time_is_silent(op, ada, {}, {"prompt": "none"}, hint=True)

    async def _second_time_is_silent(
        self,
        op: Provider,
        ada: Browser,
        first: dict[str, str],
        second: dict[str, str],
        *,
        hint: bool = False,
    ) -> None:
        site = await self.site(op)
        before = await self.flow(site, ada, **first)
        op.clock.ahead_s += 2
        if hint:
            second = {**second, "id_token_hint": before.id_token}
        after = await self.flow(site, ada, **second)
        assert after.answer.signed_in == after.answer.agreed == 0
        for name in ("auth_time", "sub"):
            assert read(after.id_token)[1][name] == read(before.id_token)[1][name]

    async def test_oidcc_ensure_request_with_unknown_parameter_succeeds(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada, extra="foobar")

    async def test_oidcc_login_hint(self, op: Provider, ada: Browser) -> None:
        await self.flow(await self.site(op), ada, login_hint="ada@op.example")

    async def test_oidcc_ui_locales(self, op: Provider, ada: Browser) -> None:
        """A language that is not there is no error; one that is there is spoken."""
        await self.flow(await self.site(op), ada, ui_locales="se")
        await ada.sign_out()
        answer = await (await self.site(op)).ask(ada, ui_locales="fr se")
        pages = [page.text for page in answer.pages if page.status_code == 200]
        assert re.search(r"<html[^>]+lang=\"fr", pages[0])

    async def test_oidcc_claims_locales(self, op: Provider, ada: Browser) -> None:
        await self.flow(await self.site(op), ada, claims_locales="se")

    async def test_oidcc_ensure_request_with_acr_values_succeeds(self, op: Provider, ada: Browser) -> None:
        offered = op.metadata.get("acr_values_supported", [])
        tokens = await self.flow(await self.site(op), ada, acr_values=" ".join(offered or ["1", "2"]))
        if offered:
            assert read(tokens.id_token)[1]["acr"] in offered

    async def test_oidcc_codereuse(self, op: Provider, ada: Browser) -> None:
        await self._second_use_is_refused(op, ada, 0)

    async def test_oidcc_codereuse_30seconds(self, op: Provider, ada: Browser) -> None:
        site, access_token = await self._second_use_is_refused(op, ada, 30)
        must.is_refused_token(await site.userinfo(access_token))

    async def _second_use_is_refused(
        self, op: Provider, ada: Browser, after_s: int
    ) -> tuple[RelyingParty, str]:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        op.clock.ahead_s += after_s
        must.is_oauth_error(await site.exchange(tokens.answer.code), "invalid_grant")
        return site, tokens.access_token

    async def test_oidcc_ensure_registered_redirect_uri(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        answer = await site.ask(ada, redirect_uri=f"{REDIRECT}/not-registered")
        must.is_error_page(answer)
        assert "not-registered" not in answer.text

    async def test_oidcc_ensure_post_request_succeeds(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        answer = await ada.send(op.endpoint("authorization_endpoint"), site.request())
        await self.finish(site, answer)

    async def test_oidcc_server_client_secret_post(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op, token_endpoint_auth_method="client_secret_post")
        site.auth = "client_secret_post"
        await self.flow(site, ada)

    async def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        fields = {**site.request(), "request_uri": f"{RP_ORIGIN}/request.jwt"}
        answer = await ada.open(site.url(fields))
        if not op.metadata.get("request_uri_parameter_supported", True):
            must.is_authorization_error(site, answer, "request_uri_not_supported", mode=self.mode)
            return
        assert not op.supports("request_object_signing_alg_values_supported", "none")
        assert "code" not in answer.fields

    async def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
        self, op: Provider, ada: Browser
    ) -> None:
        """Processed or `request_not_supported`; never ignored."""
        site = await self.site(op)
        fields = site.request()
        fields["request"] = unsigned({"alg": "none"}, fields)
        answer = await ada.open(site.url(fields))
        must.is_authorization_error(
            site, answer, "request_not_supported", "invalid_request_object", mode=self.mode
        )

    async def test_oidcc_claims_essential(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
        tokens = await self.flow(site, ada, claims=wanted)
        claims = await self.claims(site, tokens)
        assert claims.get("name", "") == ("Ada" if op.metadata.get("claims_parameter_supported") else "")

    async def test_oidcc_ensure_request_with_valid_pkce_succeeds(self, op: Provider, ada: Browser) -> None:
        await self.flow(await self.site(op), ada, pkce=True)
