"""The modules of the FAPI 2.0 security profile (final), for private_key_jwt and DPoP, unsigned requests.

A plan runs them with OpenID Connect and, where a module does not need it, as plain OAuth.
"""

import secrets
from typing import Any

import httpx

from . import conditions as must
from .browser import Answer, Browser
from .proofs import base64url, for_any_algorithm, new_key, public, read, spoiled
from .provider import ISSUER, Provider
from .relying_party import REDIRECT, RP_ORIGIN, RelyingParty, Tokens, register_fapi

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


class BothModules(Profile):
    """Modules of both variants."""

    async def test_fapi2_security_profile_final_discovery_end_point_verification(self, op: Provider) -> None:
        found = op.metadata
        if not self.is_openid:
            answer = await op.get("/.well-known/oauth-authorization-server")
            assert answer.status_code == 200
            must.is_json(answer)
            found = answer.json()
        assert found["issuer"] == ISSUER
        assert "code" in found["response_types_supported"]
        assert found["authorization_response_iss_parameter_supported"] is True
        assert found[PAR].startswith("https://")
        assert isinstance(found.get("require_pushed_authorization_requests", False), bool)
        assert set(found["dpop_signing_alg_values_supported"]) & SIGNS_WELL
        assert "none" not in found["dpop_signing_alg_values_supported"]
        assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
        assert set(found["token_endpoint_auth_signing_alg_values_supported"]) & SIGNS_WELL
        assert "S256" in found["code_challenge_methods_supported"]
        assert set(found["id_token_signing_alg_values_supported"]) & SIGNS_WELL
        if "userinfo_signing_alg_values_supported" in found:
            assert set(found["userinfo_signing_alg_values_supported"]) & SIGNS_WELL

    async def test_fapi2_security_profile_final_happy_flow(self, op: Provider, ada: Browser) -> None:
        one = await self.site(op)
        two = await self.site(
            op,
            redirect_uris=[f"{REDIRECT}?dummy1=lorem&dummy2=ipsum"],
            alg="PS256",
        )
        first = await self.flow(one, ada)
        async with op.client() as client:
            where = op.endpoint("userinfo_endpoint")
            proof = one.proof("GET", "userinfo_endpoint", first.access_token)
            answer = await client.get(f"{where}?access_token={first.access_token}", headers={"dpop": proof})
        must.is_refused_token(answer)
        for accept in ("application/json;charset=UTF-8", "application/json, application/*+json, */*"):
            await self.resource(one, first, headers={"accept": accept})
        two.dpop_key = new_key("ES256")
        second = await self.flow(
            two, ada, state="s" * 128, nonce="n" * 43 if self.is_openid else None,
            dpop_jkt=two.dpop_key.thumbprint(),
        )  # fmt: skip
        must.is_refused_token(await one.userinfo(second.access_token))

    async def test_fapi2_security_profile_final_user_rejects_authentication(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        ada.decision = "refuse"
        must.is_authorization_error(site, await self.asked(site, ada), "access_denied")

    async def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada, state=None)
        assert "state" not in tokens.answer.fields
        if self.is_openid:
            assert "s_hash" not in read(tokens.id_token)[1]

    async def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        site.scope = " ".join(reversed([*self.scope.split(), "profile"]))
        await self.flow(site, ada)

    async def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        for scheme in ("dpop", "DPOP", "dPoP"):
            await self.resource(site, tokens, scheme=scheme)

    async def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(
        self, op: Provider, ada: Browser
    ) -> None:
        now = int(op.clock.now_s())
        await self._proofs_with(op, ada, nbf=now, exp=now + 300)

    async def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(
        self, op: Provider, ada: Browser
    ) -> None:
        await self._proofs_with(op, ada, iat=int(op.clock.now_s()) - 10)

    async def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(
        self, op: Provider, ada: Browser
    ) -> None:
        await self._proofs_with(op, ada, iat=int(op.clock.now_s()) + 10)

    async def _proofs_with(self, op: Provider, ada: Browser, **claims: Any) -> None:
        site = await self.site(op)
        at_par = {"headers": {"dpop": site.proof("POST", PAR, **claims)}}
        answer = await self.asked(site, ada, push=at_par)
        at_token = {"dpop": site.proof("POST", "token_endpoint", **claims)}
        tokens = await self.finish(site, answer, headers=at_token)
        await self.resource(site, tokens, **claims)

    async def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(self, op: Provider) -> None:
        site = await self.site(op)
        fields = site.request(dpop_jkt=new_key("ES256").thumbprint())
        answer = await site.push(fields, headers={"dpop": site.proof("POST", PAR)})
        is_refused_at_par(answer, "invalid_request", "invalid_dpop_proof")

    async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada, push={"headers": {"dpop": site.proof("POST", PAR)}})
        other = site.proof("POST", "token_endpoint", key=new_key("ES256"))
        must.is_oauth_error(await site.exchange(code, headers={"dpop": other}), *PROOF_ERRORS)

    async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada, dpop_jkt=new_key("ES256").thumbprint())
        must.is_oauth_error(await site.exchange(code), *PROOF_ERRORS)

    async def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        await self.flow(site, ada, push={"headers": {"dpop": site.proof("POST", PAR)}})

    async def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        proof = site.proof("POST", PAR)
        assert site.dpop_key is not None
        await self.flow(site, ada, push={"headers": {"dpop": proof}}, dpop_jkt=site.dpop_key.thumbprint())

    async def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        request_uri = await self.pushed(site, site.request())
        answer = await ada.open(self.short(site, request_uri, state=secrets.token_urlsafe()))
        if answer.came_back and not answer.error:
            await self.finish(site, answer)
        elif answer.came_back:
            must.is_authorization_error(site, answer, "invalid_request", "invalid_request_object")
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(
        self, op: Provider, ada: Browser
    ) -> None:
        """A thousand characters come back as they were."""
        site = await self.site(op)
        await self.flow(site, ada, state=secrets.token_urlsafe(750)[:1000])

    async def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        request_uri = await self.pushed(site, site.request(state=None))
        answer = await ada.open(self.short(site, request_uri, state="outside"))
        if answer.came_back and not answer.error:
            assert "state" not in answer.fields
            await self.finish(site, answer)
        elif answer.came_back:
            assert answer.error in ("invalid_request", "invalid_request_object", "access_denied")
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        fields = site.request(redirect_uri=None)
        await self.is_refused(site, ada, fields, "invalid_request", "invalid_request_object")

    async def test_fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        """RFC 9126, 2.4 lets an authorization server allow it; ours does not."""
        site = await self.site(op)
        answer = await site.push(site.request(redirect_uri=f"{RP_ORIGIN}/cb/{secrets.token_hex(4)}"))
        is_refused_at_par(answer, "invalid_request", "invalid_redirect_uri")

    async def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        answer = await ada.open(site.url(site.request()))
        if answer.came_back:
            must.is_authorization_error(site, answer, "invalid_request")
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        await self.is_refused(site, ada, site.request(redirect_uri=None), "invalid_request")

    async def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        errors = ("unsupported_response_type", "invalid_request", "unauthorized_client")
        await self.is_refused(site, ada, site.request(response_type="code id_token"), *errors)

    async def test_fapi2_security_profile_final_ensure_response_type_token_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        errors = ("unsupported_response_type", "invalid_request", "unauthorized_client")
        await self.is_refused(site, ada, site.request(response_type="token"), *errors)


class TokenModules(Profile):
    """Modules about the token endpoint, of both variants."""

    async def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(
        self, op: Provider, ada: Browser
    ) -> None:
        """The second client's name and assertion, signed with the first one's key."""
        one, two = await self.site(op), await self.site(op)
        code = await self.code(one, ada)
        two.key, two.verifier, two.dpop_key = one.key, one.verifier, one.dpop_key
        must.is_oauth_error(await two.exchange(code), "invalid_client", "invalid_grant")

    async def test_fapi2_security_profile_final_ensure_holder_of_key_required(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        must.is_oauth_error(await site.exchange(code, headers={"dpop": ""}), *PROOF_ERRORS)

    async def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(
        self, op: Provider, ada: Browser
    ) -> None:
        one, two = await self.site(op), await self.site(op)
        code = await self.code(one, ada)
        two.verifier = one.verifier
        must.is_oauth_error(await two.exchange(code), "invalid_grant")

    async def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        tokens = await self.flow(site, ada)
        op.clock.ahead_s += 1
        must.is_oauth_error(await site.exchange(tokens.answer.code), "invalid_grant")
        must.is_refused_token(await site.userinfo(tokens.access_token))

    async def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        op.clock.ahead_s += 62
        must.is_oauth_error(await site.exchange(code), "invalid_grant")

    async def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_RS256_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op, alg="PS256")
        code = await self.code(site, ada)
        assert site.key is not None
        site.alg, site.key = "RS256", for_any_algorithm(site.key)
        must.is_oauth_error(await site.exchange(code), "invalid_client")

    async def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        answer = await site.exchange(code, client_assertion=None, client_assertion_type=None)
        must.is_oauth_error(answer, "invalid_client", "invalid_request")

    async def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        await self._assertion_is_refused(op, ada, exp=int(op.clock.now_s()) - 300)

    async def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        await self._assertion_is_refused(op, ada, aud="https://other.example")

    async def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(
        self, op: Provider, ada: Browser
    ) -> None:
        await self._assertion_is_refused(op, ada, sub=None)

    async def _assertion_is_refused(self, op: Provider, ada: Browser, **claims: Any) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        answer = await site.exchange(code, client_assertion=site.assertion(**claims))
        must.is_oauth_error(answer, "invalid_client", "invalid_request")

    async def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        must.is_oauth_error(await site.exchange(code, code_verifier=None), "invalid_grant")

    async def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        code = await self.code(site, ada)
        wrong = secrets.token_urlsafe(32)
        must.is_oauth_error(await site.exchange(code, code_verifier=wrong), "invalid_grant")

    async def test_fapi2_security_profile_final_refresh_token(self, op: Provider, ada: Browser) -> None:
        assert op.supports("grant_types_supported", "refresh_token")
        one, two = await self.site(op), await self.site(op)
        one.scope = two.scope = f"{self.scope} offline_access"
        kept = {}
        for site in (one, two):
            tokens = await self.flow(site, ada, prompt="consent")
            op.clock.ahead_s += 1
            site.dpop_key = new_key("ES256")
            answer = await site.refresh(tokens.refresh_token, scope=site.scope if site is one else None)
            body = must.is_token_answer(answer, "DPoP")
            assert body["access_token"] != tokens.access_token
            await self.resource(site, Tokens(tokens.answer, answer), sub_of=tokens)
            kept[site.id] = body.get("refresh_token", tokens.refresh_token)
            op.clock.ahead_s += 30
            must.is_token_answer(await site.refresh(tokens.refresh_token), "DPoP")
        without = await one.refresh(kept[one.id], client_assertion=None, client_assertion_type=None)
        must.is_oauth_error(without, "invalid_client", "invalid_grant", "invalid_request")
        must.is_oauth_error(await one.refresh(kept[one.id], headers={"dpop": ""}), *PROOF_ERRORS)
        must.is_oauth_error(await one.refresh(kept[two.id]), "invalid_grant")


class PushedModules(Profile):
    """Modules about pushed authorization requests, of both variants."""

    async def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(  # noqa: E501
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        where = self.short(site, await self.pushed(site, site.request()))
        ada.signs_in = False
        assert not (await ada.open(where)).came_back
        ada.signs_in = True
        await self.finish(site, await ada.open(where))

    async def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        where = self.short(site, await self.pushed(site, site.request()))
        await self.finish(site, await ada.open(where))
        self._is_no_request_uri(site, await ada.open(where))

    async def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        answer = await site.push(site.request())
        op.clock.ahead_s += answer.json()["expires_in"] + 1
        self._is_no_request_uri(site, await ada.open(self.short(site, answer.json()["request_uri"])))

    def _is_no_request_uri(self, site: RelyingParty, answer: Answer) -> None:
        if answer.came_back:
            assert answer.error == "invalid_request_uri"
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(  # noqa: E501
        self, op: Provider
    ) -> None:
        site = await self.site(op)
        now = int(op.clock.now_s())
        await self.pushed(site, site.request(), client_assertion=site.assertion(nbf=now + 8, iat=now + 8))

    async def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(  # noqa: E501
        self, op: Provider
    ) -> None:
        site = await self.site(op)
        late = int(op.clock.now_s()) + 65
        assertion = site.assertion(nbf=late, iat=late, exp=late + 60)
        is_refused_at_par(await site.push(site.request(), client_assertion=assertion))

    async def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(
        self, op: Provider, ada: Browser
    ) -> None:
        one, two = await self.site(op), await self.site(op)
        answer = await ada.open(self.short(two, await self.pushed(one, one.request())))
        if answer.came_back:
            assert answer.error in REQUEST_URI_ERRORS
            assert "code" not in answer.fields
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(
        self, op: Provider
    ) -> None:
        site = await self.site(op)
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(32)}"
        is_refused_at_par(await site.push(site.request(request_uri=uri)), "invalid_request")

    async def test_fapi2_security_profile_final_par_attempt_invalid_http_method(self, op: Provider) -> None:
        site = await self.site(op)
        async with op.client() as client:
            for method in ("PUT", "GET", "DELETE", "PATCH"):
                answer = await client.request(
                    method, op.endpoint(PAR), data={**site.request(), **site.credentials({}, PAR)}
                )
                assert answer.status_code in (400, 404, 405), method

    async def test_fapi2_security_profile_final_par_ensure_pkce_required(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        fields = site.request(code_challenge=None, code_challenge_method=None)
        await self.is_refused(site, ada, fields, "invalid_request")

    async def test_fapi2_security_profile_final_par_plain_pkce_rejected(
        self, op: Provider, ada: Browser
    ) -> None:
        for method in ("plain", None):
            site = await self.site(op)
            fields = site.request(code_challenge=secrets.token_urlsafe(32), code_challenge_method=method)
            await self.is_refused(site, ada, fields, "invalid_request")

    async def test_fapi2_security_profile_final_par_without_duplicate_parameters(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada)

    async def test_fapi2_security_profile_final_par_test_array_as_audience_fails(self, op: Provider) -> None:
        await self._audience_is_refused(op, [ISSUER, op.metadata["token_endpoint"]])
        await self._audience_is_refused(op, [ISSUER])

    async def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(
        self, op: Provider
    ) -> None:
        await self._audience_is_refused(op, op.metadata[PAR])

    async def test_fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(
        self, op: Provider
    ) -> None:
        await self._audience_is_refused(op, op.metadata["token_endpoint"])

    async def _audience_is_refused(self, op: Provider, audience: Any) -> None:
        site = await self.site(op)
        answer = await site.push(site.request(), client_assertion=site.assertion(audience))
        is_refused_at_par(answer)


class OpenidModules(Profile):
    """Modules that need OpenID Connect."""

    async def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(
        self, op: Provider, ada: Browser
    ) -> None:
        tokens = await self.flow(await self.site(op), ada, nonce=None)
        assert "nonce" not in read(tokens.id_token)[1]

    async def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada, nonce=secrets.token_hex(32))

    async def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(
        self, op: Provider, ada: Browser
    ) -> None:
        await self.flow(await self.site(op), ada, nonce=secrets.token_hex(192))

    async def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(
        self, op: Provider, ada: Browser
    ) -> None:
        """The suite skips it where the claims parameter is not offered; then it is ignored, not refused."""
        wanted = '{"userinfo":{"name":null,"nobody_knows_this":null},"id_token":{"name":{"essential":true}}}'
        site = await self.site(op)
        answer = await self.asked(site, ada, claims=wanted)
        response = await site.exchange(must.is_authorization_answer(site, answer))
        tokens = Tokens(answer, response)
        told = (await site.userinfo(tokens.access_token)).json()
        if op.metadata.get("claims_parameter_supported"):
            assert told["name"] == "Ada"
        assert "nobody_knows_this" not in told

    async def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
        self, op: Provider, ada: Browser
    ) -> None:
        site = await self.site(op)
        request_uri = await self.pushed(site, site.request())
        answer = await ada.open(self.short(site, request_uri, nonce="outside"))
        if answer.came_back and not answer.error:
            await self.finish(site, answer)
        elif answer.came_back:
            must.is_authorization_error(site, answer, "invalid_request", "invalid_request_object")
        else:
            must.is_error_page(answer)

    async def test_fapi2_security_profile_final_dpop_negative_tests(self, op: Provider, ada: Browser) -> None:
        site = await self.site(op)
        token = (await self.flow(site, ada)).access_token
        assert site.dpop_key is not None
        now = int(op.clock.now_s())
        url = str(op.metadata["userinfo_endpoint"])

        async def status(**changes: Any) -> int:
            return (await site.userinfo(token, **changes)).status_code

        async def sent(proof: str, **changes: Any) -> int:
            return await status(headers={"dpop": proof}, **changes)

        def proof(**changes: Any) -> str:
            return site.proof("GET", "userinfo_endpoint", token, **changes)

        good = proof()
        private = dict(site.dpop_key.as_dict(private=True))
        refused = {
            "no JWT": "not-a-jwt",
            "no typ": proof(header={"typ": None}),
            "another typ": proof(header={"typ": "JWT"}),
            "no alg": _without_alg(good),
            "no jwk": proof(header={"jwk": None}),
            "no jti": proof(jti=None),
            "no htm": proof(htm=None),
            "no htu": proof(htu=None),
            "no iat": proof(iat=None),
            "no ath": proof(ath=None),
            "alg none": _with_alg_none(good),
            "a signature that does not hold": spoiled(proof()),
            "the private key in the header": proof(header={"jwk": private}),
            "another method": proof(htm="PUT"),
            "another address": proof(htu=f"{ISSUER}/oauth/token"),
            "another host": proof(htu=url.replace(ISSUER, "https://other.example")),
            "an hour ahead": proof(iat=now + 3600),
            "an hour ago": proof(iat=now - 3600),
            "another token": proof(ath=base64url(b"\0" * 32)),
            "another key": proof(key=new_key("ES256")),
            "a key of another kind": proof(
                key=(rsa := new_key("RS256")), alg="RS256", header={"jwk": public(rsa)}
            ),
            "no proof": "",
        }
        for why, wrong in refused.items():
            assert await sent(wrong) in (400, 401), why
        assert await sent("", scheme="Bearer") in (400, 401)
        assert await self._two_proofs(op, token, good, proof()) in (400, 401)
        accepted = {
            "a query in htu": proof(htu=f"{url}?a=b#c"),
            "the scheme and host in capitals": proof(htu=url.replace(ISSUER, ISSUER.upper())),
            "the default port": proof(htu=url.replace(ISSUER, f"{ISSUER}:443")),
            "more than asked for": proof(header={"more": "x"}, more="y"),
            "nothing wrong": proof(),
        }
        for why, right in accepted.items():
            assert await sent(right) == 200, why
        once = proof()
        assert await sent(once) == 200
        assert await sent(once) in (400, 401)

    async def _two_proofs(self, op: Provider, token: str, one: str, two: str) -> int:
        headers = [("authorization", f"DPoP {token}"), ("dpop", one), ("dpop", two)]
        async with op.client() as client:
            return (await client.get(op.endpoint("userinfo_endpoint"), headers=headers)).status_code


def _without_alg(proof: str) -> str:
    return _with_header(proof, alg=None)


def _with_alg_none(proof: str) -> str:
    return _with_header(proof, alg="none").rpartition(".")[0] + "."


def _with_header(proof: str, **changes: Any) -> str:
    import json

    header, _ = read(proof)
    both = {name: value for name, value in {**header, **changes}.items() if value is not None}
    _, claims, signature = proof.split(".")
    return f"{base64url(json.dumps(both).encode())}.{claims}.{signature}"
