"""A device without a browser waits until a person agrees elsewhere (RFC 8628)."""

from typing import Any

import httpx

from synfonium.testing.client import Installation

from .conftest import MovedClock
from .oauth_client import of, post
from .relying_party import registered

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


async def test_a_device_waits_until_a_person_typed_its_code(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, name="Television", public=True, redirect_uris=[], grant_types=[DEVICE])
    begun = (await post(house, "/oauth/device", {**of(site), "scope": "openid profile"})).json()
    wish = {"grant_type": DEVICE, "device_code": begun["device_code"], **of(site)}

    async def poll() -> Any:
        clock.ahead_s += 6
        return (await post(house, "/oauth/token", wish)).json()

    assert (await poll())["error"] == "authorization_pending"
    clock.ahead_s -= 5
    assert (await poll())["error"] == "slow_down"
    clock.ahead_s += 6
    assert begun["user_code"] in (await ada.get(begun["verification_uri_complete"])).text
    page = await ada.post("/device", data={"user_code": begun["user_code"].lower().replace("-", " ")})
    assert "Television" in page.text
    assert begun["user_code"] in page.text
    await ada.post("/device/decide", data={"user_code": begun["user_code"], "decision": "allow"})
    tokens = await poll()
    assert (await site.userinfo(tokens["access_token"])).json()["name"] == "Ada"
    assert (await poll())["error"] == "invalid_grant"
    assert (await ada.post("/device", data={"user_code": begun["user_code"]})).status_code == 404


async def test_a_refused_or_late_device_gets_nothing_and_guessing_is_slowed(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    site = await registered(house, name="Television", public=True, redirect_uris=[], grant_types=[DEVICE])
    begun = (await post(house, "/oauth/device", {**of(site), "scope": "openid"})).json()
    wish = {"grant_type": DEVICE, "device_code": begun["device_code"], **of(site)}
    await ada.post("/device/decide", data={"user_code": begun["user_code"], "decision": "refuse"})
    assert (await post(house, "/oauth/token", wish)).json()["error"] == "access_denied"
    for _try in range(9):
        assert (await ada.post("/device", data={"user_code": "BBBB-BBBB"})).status_code == 404
    assert (await ada.post("/device", data={"user_code": "BBBB-BBBB"})).status_code == 429
    late = (await post(house, "/oauth/device", {**of(site), "scope": "openid"})).json()
    clock.ahead_s = 601
    answer = await post(house, "/oauth/token", {**wish, "device_code": late["device_code"]})
    assert answer.json()["error"] == "expired_token"
