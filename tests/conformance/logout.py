"""A site whose people sign out there and here: what both logout plans begin with."""

from typing import Any
from urllib.parse import urlencode

from . import conditions as must
from .browser import Answer, Browser
from .modules import SILENT_ERRORS, Plan
from .provider import Provider
from .relying_party import LOGGED_OUT, RelyingParty, Tokens


class LogoutPlan(Plan):
    """client_secret_basic, code flow, a registered post_logout_redirect_uri."""

    async def site(self, op: Provider, **metadata: Any) -> RelyingParty:
        return await super().site(op, **{"post_logout_redirect_uris": [LOGGED_OUT], **metadata})

    async def signed_in(self, op: Provider, ada: Browser, **metadata: Any) -> tuple[RelyingParty, Tokens]:
        site = await self.site(op, **metadata)
        return site, await self.flow(site, ada)

    async def sign_out(self, op: Provider, ada: Browser, fields: dict[str, str | None]) -> Answer:
        wanted = {name: value for name, value in fields.items() if value is not None}
        where = op.endpoint("end_session_endpoint")
        return await ada.open(f"{where}?{urlencode(wanted)}" if wanted else where)

    async def is_signed_out(self, site: RelyingParty, ada: Browser) -> None:
        answer = await site.ask(ada, prompt="none")
        must.is_authorization_error(site, answer, *SILENT_ERRORS)
        assert answer.error == "login_required"

    async def is_signed_in(self, site: RelyingParty, ada: Browser) -> None:
        must.is_authorization_answer(site, await site.ask(ada, prompt="none"))


def was_sent_back(answer: Answer, state: str | None) -> None:
    """RP-Initiated Logout 1.0, section 3: with the state, and nothing more."""
    assert answer.came_back, (answer.status, answer.text[:2000])
    assert answer.method == "GET"
    assert answer.url == LOGGED_OUT
    assert answer.query == ({} if state is None else {"state": state})
