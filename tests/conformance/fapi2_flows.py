"""FAPI 2.0 modules of the whole flow, with OpenID Connect and as plain OAuth."""

import secrets
from typing import Any

from . import conditions as must
from .browser import Browser
from .fapi2_profile import PAR, PROOF_ERRORS, SIGNS_WELL, Profile, is_refused_at_par
from .proofs import new_key, read
from .provider import ISSUER, Provider
from .relying_party import REDIRECT, RP_ORIGIN


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
