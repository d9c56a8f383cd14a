"""`oidcc-backchannel-rp-initiated-logout-certification-test-plan`."""

from urllib.parse import parse_qsl

import pytest

from . import conditions as must
from .browser import Browser
from .logout import LogoutPlan, was_sent_back
from .network import Network
from .proofs import read
from .provider import ISSUER, Provider
from .relying_party import LOGGED_OUT, RP_ORIGIN, RelyingParty, Tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLED = f"{RP_ORIGIN}/backchannel_logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


class TestBackchannelRpInitiatedLogout(LogoutPlan):
    async def test_oidcc_backchannel_logout_discovery_endpoint_verification(self, op: Provider) -> None:
        assert op.metadata["backchannel_logout_supported"] is True
        assert op.metadata["backchannel_logout_session_supported"] is True
        assert op.metadata["end_session_endpoint"].startswith("https://")

    async def test_oidcc_backchannel_rp_initiated_logout(
        self, op: Provider, ada: Browser, network: Network
    ) -> None:
        site, tokens = await self._called_site(op, ada, network)
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT, "state": "s" * 128}
        was_sent_back(await self.sign_out(op, ada, dict(asked)), "s" * 128)
        await self._is_told(site, tokens, network)
        await self.is_signed_out(site, ada)

    async def _called_site(self, op: Provider, ada: Browser, network: Network) -> tuple[RelyingParty, Tokens]:
        network.serve(CALLED, b"")
        return await self.signed_in(
            op, ada, backchannel_logout_uri=CALLED, backchannel_logout_session_required=True
        )

    async def _is_told(self, site: RelyingParty, tokens: Tokens, network: Network) -> None:
        """Back-Channel Logout 1.0, sections 2.4 and 2.5."""
        call = await network.call_to(CALLED)
        assert call.method == "POST"
        kind = {name.lower(): value for name, value in call.headers.items()}["content-type"]
        assert kind.partition(";")[0] == "application/x-www-form-urlencoded"
        fields = dict(parse_qsl(call.body.decode()))
        assert set(fields) == {"logout_token"}
        header = await must.signature_holds(site, fields["logout_token"])
        assert header["alg"] == read(tokens.id_token)[0]["alg"]
        assert header["typ"] == "logout+jwt"
        _, claims = read(fields["logout_token"])
        _, signed_in = read(tokens.id_token)
        assert claims["iss"] == ISSUER
        assert claims["aud"] in (site.id, [site.id])
        assert claims["events"] == {EVENT: {}}
        assert claims["jti"]
        assert abs(claims["iat"] - site.op.clock.now_s()) < 60
        assert 0 < claims["exp"] - claims["iat"] <= 600
        assert claims["sub"] == signed_in["sub"]
        assert claims["sid"] == signed_in["sid"]
        assert "nonce" not in claims

    async def test_signing_out_here_tells_the_site_as_well(
        self, op: Provider, ada: Browser, network: Network
    ) -> None:
        site, tokens = await self._called_site(op, ada, network)
        await ada.sign_out()
        await self._is_told(site, tokens, network)

    async def test_a_site_that_nobody_visited_in_this_session_is_not_told(
        self, op: Provider, ada: Browser, bob: Browser, network: Network
    ) -> None:
        site, _ = await self._called_site(op, ada, network)
        await bob.sign_in()
        await bob.sign_out()
        await self.is_signed_in(site, ada)
        assert not network.calls_to(CALLED)
