"""RFC 8628: a device without a keyboard, and those who would have somebody else's code agreed to."""

from typing import Any

import httpx
import pytest

from . import conditions as must
from .browser import Browser, Page
from .proofs import read
from .provider import Provider
from .relying_party import RelyingParty, careful, register

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
WAITING = ("authorization_pending", "slow_down")


async def screen(op: Provider) -> RelyingParty:
    """A public client without an address to return to."""
    site = await register(op, token_endpoint_auth_method="none", grant_types=["authorization_code", GRANT])
    site.uses_pkce = True
    return site


async def begin(site: RelyingParty, **changes: str | None) -> dict[str, Any]:
    answer = await ask(site, **changes)
    assert answer.status_code == 200, answer.text
    must.is_not_kept(answer)
    return dict(answer.json())


async def ask(site: RelyingParty, **changes: str | None) -> httpx.Response:
    headers: dict[str, str] = {}
    own = site.credentials(headers, "device_authorization_endpoint")
    fields: dict[str, str | None] = {"scope": "openid profile", **own, **changes}
    return await site.op.post("device_authorization_endpoint", fields, headers)


async def poll(site: RelyingParty, device_code: str) -> httpx.Response:
    site.op.clock.ahead_s += 60
    return await site.token({"grant_type": GRANT, "device_code": device_code})


async def decide(browser: Browser, begun: dict[str, Any], decision: str = "allow") -> httpx.Response:
    """The person types the code and reads what it is for."""
    await browser.sign_in()
    asked = await browser.client.post("/device", data={"user_code": begun["user_code"]})
    assert asked.status_code == 200, asked.text
    form = next(form for form in Page(asked.text).forms if ("decision", "allow") in form.buttons)
    return await browser.client.post(form.action, data={**form.fields, "decision": decision})


async def test_3_a_person_lets_a_device_in(op: Provider, ada: Browser) -> None:
    site = await screen(op)
    begun = await begin(site)
    assert begun["verification_uri"].startswith("https://")
    assert 0 < begun["expires_in"] <= 1800
    must.is_hard_to_guess(begun["device_code"])
    must.is_oauth_error(await poll(site, begun["device_code"]), *WAITING)
    assert (await decide(ada, begun)).status_code == 200
    body = must.is_token_answer(await poll(site, begun["device_code"]))
    assert (await site.userinfo(body["access_token"])).json()["name"] == "Ada"
    await must.is_id_token(site, body["id_token"], access_token=body["access_token"], nonce="")


async def test_3_5_a_refusal_is_told(op: Provider, ada: Browser) -> None:
    site = await screen(op)
    begun = await begin(site)
    await decide(ada, begun, "refuse")
    must.is_oauth_error(await poll(site, begun["device_code"]), "access_denied")


async def test_3_5_who_asks_too_often_is_slowed_down(op: Provider) -> None:
    site = await screen(op)
    code = (await begin(site))["device_code"]
    fields = {"grant_type": GRANT, "device_code": code}
    must.is_oauth_error(await site.token(fields), "authorization_pending")
    must.is_oauth_error(await site.token(fields), "slow_down")


async def test_3_5_a_device_code_ends(op: Provider) -> None:
    site = await screen(op)
    begun = await begin(site)
    op.clock.ahead_s += begun["expires_in"] + 1
    must.is_oauth_error(await poll(site, begun["device_code"]), "expired_token", "invalid_grant")


async def test_a_device_code_is_used_once_and_by_its_client(op: Provider, ada: Browser) -> None:
    site, thief = await screen(op), await screen(op)
    begun = await begin(site)
    await decide(ada, begun)
    must.is_oauth_error(await poll(thief, begun["device_code"]), "invalid_grant")
    must.is_token_answer(await poll(site, begun["device_code"]))
    must.is_oauth_error(await poll(site, begun["device_code"]), "invalid_grant")


async def test_5_1_a_code_of_letters_cannot_be_guessed_by_trying(op: Provider, bob: Browser) -> None:
    await bob.sign_in()
    tried = [
        (await bob.client.post("/device", data={"user_code": f"BCDF-GH{a}{b}"})).status_code
        for a in "JKLM"
        for b in "NPQR"
    ]
    assert 429 in tried
    assert 200 not in tried


async def test_5_1_the_code_is_no_device_code_and_no_other_way_round(op: Provider) -> None:
    site = await screen(op)
    begun = await begin(site)
    for wrong in (begun["user_code"], begun["user_code"].replace("-", ""), "x"):
        must.is_oauth_error(await poll(site, wrong), "invalid_grant")


async def test_5_4_a_link_agrees_to_nothing(op: Provider, ada: Browser) -> None:
    """Remote phishing: an address that holds the code only fills it in, and another site cannot send it."""
    site = await screen(op)
    begun = await begin(site)
    await ada.sign_in()
    link = begun["verification_uri_complete"]
    page = await ada.look(link)
    assert page.status_code == 200
    assert not [form for form in Page(page.text).forms if ("decision", "allow") in form.buttons]
    forged = {"user_code": begun["user_code"], "decision": "allow"}
    for where in ("/device", "/device/decide"):
        sent = await ada.client.post(where, data=forged, headers={"sec-fetch-site": "cross-site"})
        assert sent.status_code == 403
    must.is_oauth_error(await poll(site, begun["device_code"]), *WAITING)


async def test_5_4_the_person_reads_which_device_asks(op: Provider, ada: Browser) -> None:
    site = await screen(op)
    begun = await begin(site)
    await ada.sign_in()
    asked = await ada.client.post("/device", data={"user_code": begun["user_code"].lower()})
    assert begun["user_code"] in asked.text
    assert "Tea Club" in asked.text


async def test_a_client_that_is_no_device_gets_no_code(op: Provider) -> None:
    site = await careful(op)
    must.is_oauth_error(await ask(site), "unauthorized_client")
    must.is_oauth_error(
        await ask(site, client_secret="x", client_id="x"), "invalid_client", "invalid_request"
    )


async def test_a_sub_is_the_same_by_every_way(op: Provider, ada: Browser) -> None:
    site = await screen(op)
    begun = await begin(site)
    await decide(ada, begun)
    body = must.is_token_answer(await poll(site, begun["device_code"]))
    again = await site.sign_in(ada)
    assert read(body["id_token"])[1]["sub"] == read(again.id_token)[1]["sub"]
