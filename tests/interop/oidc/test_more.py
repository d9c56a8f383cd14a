"""What more a site may ask, by openid-client: FAPI 2's ways, refresh, devices, leaving."""

import json
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.interop.oidc.test_relying_party import NODE, PASSWORD, REDIRECT, ROOT
from tests.journeys.serving import serving

SCRIPT = Path(__file__).with_name("relying_party_more.mjs")
HEADERS = {"accept": "text/html", "sec-fetch-site": "same-origin"}

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]


class Library:
    """The Node process, spoken to in lines of JSON."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [NODE, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._write({"issuer": url, "redirect_uri": REDIRECT})

    def _write(self, value: dict[str, str]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def __call__(self, act: str, **values: str) -> dict[str, Any]:
        self._write({"act": act, **values})
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path / "home", options=["--single"]) as server:
        server.run("user", "add", "ada", "--display", "Ada", "--password-stdin", typed=PASSWORD)
        yield server.local


@pytest.fixture
def library(provider: str) -> Iterator[Library]:
    if not (ROOT / "node_modules" / "openid-client").is_dir():
        pytest.skip("openid-client is not installed; ./test installs it")
    library = Library(provider)
    yield library
    library.close()


@pytest.fixture
def ada(provider: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider, headers=HEADERS, follow_redirects=True) as browser:
        browser.post("/signin", data={"name": "ada", "password": PASSWORD})
        yield browser


def answer_after_consent(ada: httpx.Client, url: str) -> str:
    consent = ada.get(url)
    sealed = re.findall(r'name="request" value="([^"]+)"', consent.text)[0]
    return hop(ada.post("/oauth/consent", data={"request": sealed, "decision": "allow"}))


def hop(page: httpx.Response) -> str:
    return unescape(re.findall(r'content="0; url=([^"]+)"', page.text)[0])


def test_a_strict_client_pushes_signs_binds_refreshes_and_leaves(library: Library, ada: httpx.Client) -> None:
    assert library("register")["client_id"]
    begun = library("begin")
    assert set(httpx.URL(begun["url"]).params) == {"client_id", "request_uri"}
    tokens = library("finish", answer=answer_after_consent(ada, begun["url"]))
    assert tokens["userinfo"]["name"] == "Ada"
    assert tokens["token_type"] == "dpop"
    fresh = library("refresh", token=tokens["refresh_token"])
    assert fresh["access_token"] != tokens["access_token"]
    seen = library("introspect", token=fresh["access_token"])
    assert (seen["active"], "jkt" in seen["cnf"]) == (True, True)
    left = ada.get(library("leave", hint=tokens["id_token"])["url"])
    assert hop(left) == f"{REDIRECT}?state=bye"
    assert ada.get("/settings/security").url.path == "/signin"
    library("revoke", token=tokens["refresh_token"])
    assert library("introspect", token=fresh["access_token"]) == {"active": False}
    assert library("refresh", token=tokens["refresh_token"])["error"] == "invalid_grant"


def test_a_device_is_connected_by_its_code(library: Library, ada: httpx.Client) -> None:
    shown = library("device")
    page = ada.post("/device", data={"user_code": shown["user_code"]})
    assert "Television" in page.text
    ada.post("/device/decide", data={"user_code": shown["user_code"], "decision": "allow"})
    assert library("poll")["claims"]["sub"]
