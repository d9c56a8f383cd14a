"""FAPI 2.0 modules of the token endpoint: codes, assertions, PKCE, refresh tokens."""

import secrets
from typing import Any

from . import conditions as must
from .browser import Browser
from .fapi2_profile import PROOF_ERRORS, Profile
from .proofs import for_any_algorithm, new_key
from .provider import Provider
from .relying_party import Tokens


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
