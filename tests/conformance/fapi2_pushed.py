"""FAPI 2.0 modules of pushed authorization requests."""

import secrets
from typing import Any

from . import conditions as must
from .browser import Answer, Browser
from .fapi2_profile import PAR, REQUEST_URI_ERRORS, Profile, is_refused_at_par
from .provider import ISSUER, Provider
from .relying_party import RelyingParty


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
