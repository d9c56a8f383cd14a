"""`oidcc-rp-initiated-logout-certification-test-plan`."""

import secrets
from urllib.parse import urlsplit

import pytest

from . import conditions as must
from .browser import Browser
from .logout import LogoutPlan, was_sent_back
from .proofs import new_key, read, signed, unsigned
from .provider import Provider
from .relying_party import LOGGED_OUT

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestRpInitiatedLogout(LogoutPlan):
    async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(self, op: Provider) -> None:
        where = urlsplit(op.metadata["end_session_endpoint"])
        assert where.scheme == "https"
        assert not where.fragment

    async def test_oidcc_rp_initiated_logout(self, op: Provider, ada: Browser) -> None:
        site, tokens = await self.signed_in(op, ada)
        state = secrets.token_urlsafe(96)[:128]
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT, "state": state}
        was_sent_back(await self.sign_out(op, ada, asked), state)
        await self.is_signed_out(site, ada)

    async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        _, tokens = await self.signed_in(op, ada)
        wrong = f"{LOGGED_OUT}/{secrets.token_hex(4)}"
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": wrong, "state": "a"}
        await self._is_not_sent(op, ada, asked)

    async def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        _, tokens = await self.signed_in(op, ada)
        wrong = f"{LOGGED_OUT}?foo=bar"
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": wrong, "state": "a"}
        await self._is_not_sent(op, ada, asked)

    async def test_oidcc_rp_initiated_logout_modified_id_token_hint(self, op: Provider, ada: Browser) -> None:
        _, tokens = await self.signed_in(op, ada)
        hint = unsigned({"alg": "none"}, read(tokens.id_token)[1])
        asked = {"id_token_hint": hint, "post_logout_redirect_uri": LOGGED_OUT, "state": "a"}
        await self._is_not_sent(op, ada, asked)

    async def test_oidcc_rp_initiated_logout_bad_id_token_hint(self, op: Provider, ada: Browser) -> None:
        _, tokens = await self.signed_in(op, ada)
        header, claims = read(tokens.id_token)
        hint = signed(header, claims, new_key(header["alg"], header["kid"]))
        asked = {"id_token_hint": hint, "post_logout_redirect_uri": LOGGED_OUT, "state": "a"}
        await self._is_not_sent(op, ada, asked)

    async def test_oidcc_rp_initiated_logout_no_id_token_hint(self, op: Provider, ada: Browser) -> None:
        await self.signed_in(op, ada)
        await self._is_not_sent(op, ada, {"post_logout_redirect_uri": LOGGED_OUT, "state": "a"})

    async def test_oidcc_rp_initiated_logout_no_params(self, op: Provider, ada: Browser) -> None:
        await self._ends_here(op, ada, {})

    async def test_oidcc_rp_initiated_logout_only_state(self, op: Provider, ada: Browser) -> None:
        await self._ends_here(op, ada, {"state": "a"})

    async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(
        self, op: Provider, ada: Browser
    ) -> None:
        site, tokens = await self.signed_in(op, ada)
        answer = await self.sign_out(op, ada, {"id_token_hint": tokens.id_token, "state": "a"})
        assert not answer.came_back
        assert answer.status == 200
        await self.is_signed_out(site, ada)

    async def test_oidcc_rp_initiated_logout_no_state(self, op: Provider, ada: Browser) -> None:
        site, tokens = await self.signed_in(op, ada)
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT}
        was_sent_back(await self.sign_out(op, ada, asked), None)
        await self.is_signed_out(site, ada)

    async def _is_not_sent(self, op: Provider, ada: Browser, asked: dict[str, str]) -> None:
        """Neither at once nor after the person confirmed."""
        for ada.confirms in (False, True):
            answer = await self.sign_out(op, ada, dict(asked))
            assert not answer.came_back, answer.url
            assert answer.status < 500
            assert asked["post_logout_redirect_uri"] not in answer.text

    async def _ends_here(self, op: Provider, ada: Browser, asked: dict[str, str]) -> None:
        site, _ = await self.signed_in(op, ada)
        answer = await self.sign_out(op, ada, dict(asked))
        assert not answer.came_back
        assert answer.status == 200
        await self.is_signed_out(site, ada)

    async def test_logging_out_without_a_hint_asks_first(self, op: Provider, ada: Browser) -> None:
        """RP-Initiated Logout 1.0, section 6: another site's picture must not sign anybody out."""
        site, _ = await self.signed_in(op, ada)
        ada.confirms = False
        await self.sign_out(op, ada, {})
        await self.is_signed_in(site, ada)

    async def test_the_request_may_come_as_a_form(self, op: Provider, ada: Browser) -> None:
        """Section 2: GET and POST."""
        site, tokens = await self.signed_in(op, ada)
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT, "state": "a"}
        was_sent_back(await ada.send(op.endpoint("end_session_endpoint"), asked), "a")
        await self.is_signed_out(site, ada)

    async def test_an_expired_id_token_is_still_a_hint(self, op: Provider, ada: Browser) -> None:
        """Section 2: the OP should accept one whose time is over."""
        _, tokens = await self.signed_in(op, ada)
        op.clock.ahead_s += 86_400
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT}
        was_sent_back(await self.sign_out(op, ada, asked), None)

    async def test_a_hint_of_another_client_leads_nowhere(self, op: Provider, ada: Browser) -> None:
        """Section 2: client_id and id_token_hint must agree, and the address must be that client's."""
        _, tokens = await self.signed_in(op, ada)
        other = await self.site(op, post_logout_redirect_uris=["https://evil.example/out"])
        for asked in (
            {"client_id": other.id, "post_logout_redirect_uri": LOGGED_OUT},
            {"client_id": other.id, "post_logout_redirect_uri": "https://evil.example/out"},
            {"post_logout_redirect_uri": "https://evil.example/out"},
        ):
            await self._is_not_sent(op, ada, {"id_token_hint": tokens.id_token, **asked})

    async def test_somebody_elses_hint_ends_nobodys_session_silently(
        self, op: Provider, ada: Browser, bob: Browser
    ) -> None:
        _, tokens = await self.signed_in(op, ada)
        theirs, _ = await self.signed_in(op, bob)
        bob.confirms = False
        asked = {"id_token_hint": tokens.id_token, "post_logout_redirect_uri": LOGGED_OUT}
        await self.sign_out(op, bob, asked)
        await self.is_signed_in(theirs, bob)

    async def test_the_hint_is_not_shown_to_anybody(self, op: Provider, ada: Browser) -> None:
        site, tokens = await self.signed_in(op, ada)
        answer = await self.sign_out(op, ada, {"id_token_hint": tokens.id_token})
        assert tokens.id_token not in answer.text
        must.is_error_page(await site.ask(ada, redirect_uri=LOGGED_OUT))
