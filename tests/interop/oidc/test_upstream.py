"""Coming in by a certified OpenID Provider of npm: its tokens, its keys, its logout."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.interop.oidc.upstream import SECRET, client_of, new_key, upstream

from synfonium.apps.identity.service.outside.upstream import REFETCH_S
from synfonium.testing.client import Installation, installation
from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]
HEADERS = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}
RETURN = "http://localhost:8600/signin/with/school/callback"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def browser(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(headers=HEADERS) as client:
        yield client


async def known_here(house: Installation, issuer: str, **changes: Any) -> None:
    settings = {
        "issuer": issuer,
        "client_id": "synfonium",
        "is_local": True,
        "newcomers": "anyone",
        **changes,
    }
    await house.call(
        "identity.outside_provider",
        {
            "id": "school",
            "label": "With my school account",
            "secret": SECRET,
            "settings": {**settings, **changes},
        },
    )


async def agree(url: str, login: str) -> str:
    """On the provider's own pages: sign in and agree. Where the browser is sent at last."""
    async with httpx.AsyncClient(headers={"accept": "text/html"}, timeout=20) as there:
        answer = await there.get(url)
        for _ in range(12):
            if answer.status_code in (302, 303):
                place = str(answer.next_request.url) if answer.next_request else ""
                if place.startswith("http://localhost:8600/"):
                    return place
                answer = await there.get(place)
                continue
            action = unescape(re.findall(r'<form[^>]* action="([^"]+)"', answer.text)[0])
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', answer.text))
            answer = await there.post(action, data={**fields, "login": login, "password": "x"})
    raise AssertionError("the provider did not send the browser back")


async def come_in(browser: httpx.AsyncClient, login: str = "ada") -> httpx.Response:
    begun = await browser.get("/signin/with/school")
    assert begun.status_code == 303, begun.text
    back = urlsplit(await agree(begun.headers["location"], login))
    return await browser.get(f"{back.path}?{back.query}")


async def welcomed(browser: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="(arrival|name|display)"[^>]* value="([^"]*)"', page.text))
    return await browser.post("/signin/with/school/welcome", data=fields)


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
@pytest.mark.parametrize("kind", ["RSA", "EC"])
async def test_a_certified_provider_signs_a_person_in(
    house: Installation, browser: httpx.AsyncClient, authentication: str, kind: str
) -> None:
    port = free_ports(1)[0]
    await known_here(house, f"http://localhost:{port}", authentication=authentication)
    changes: dict[str, Any] = {
        "token_endpoint_auth_method": authentication,
        "id_token_signed_response_alg": "RS256" if kind == "RSA" else "ES256",
    }
    if authentication == "private_key_jwt":
        changes["jwks"] = (await browser.get("/signin/with/school/jwks")).json()
        changes["token_endpoint_auth_signing_alg"] = "ES256"
    with upstream(port, client_of(RETURN, **changes), [new_key("one", kind)]):
        page = await come_in(browser)
        assert (await welcomed(browser, page)).status_code == 303
        assert "Ada Lovelace" in (await browser.get("/settings/security")).text
        async with house.client(headers=HEADERS) as another:
            assert (await come_in(another)).status_code == 303
            assert (await another.get("/settings/security")).status_code == 200
    (person,) = (await house.call("identity.user_list", {}))["people"]
    assert (person["name"], person["display"]) == ("ada.l", "Ada Lovelace")


async def test_a_provider_that_changes_its_keys_goes_on_signing_in(
    house: Installation, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_ports(1)[0]
    await known_here(house, f"http://localhost:{port}")
    with upstream(port, client_of(RETURN), [new_key("one")]):
        assert (await welcomed(browser, await come_in(browser))).status_code == 303
    monkeypatch.setattr("synfonium.apps.identity.service.outside.upstream.REFETCH_S", 0.0)
    assert REFETCH_S > 0
    with upstream(port, client_of(RETURN), [new_key("two")]):
        async with house.client(headers=HEADERS) as another:
            assert (await come_in(another)).status_code == 303


async def test_somebody_who_turns_back_there_is_not_in_here(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    port = free_ports(1)[0]
    await known_here(house, f"http://localhost:{port}")
    with upstream(port, client_of(RETURN), [new_key("one")]):
        begun = (await browser.get("/signin/with/school")).headers["location"]
        async with httpx.AsyncClient(follow_redirects=True, timeout=20) as there:
            page = await there.get(begun)
            abort = unescape(re.findall(r'href="([^"]+/abort)"', page.text)[0])
            answer = await there.get(abort, follow_redirects=False)
            while answer.next_request and not str(answer.next_request.url).startswith(
                "http://localhost:8600/"
            ):
                answer = await there.get(answer.next_request.url, follow_redirects=False)
            assert answer.next_request
            back = answer.next_request.url
        refused = await browser.get(back.raw_path.decode())
    assert refused.status_code == 403
    assert "You were not signed in." in refused.text
    assert (await house.call("identity.user_list", {}))["people"] == []
