"""How much CPU does the server spend on one sign-in elsewhere: authorize, token, userinfo?

    .venv/bin/python benchmarks/how_much_cpu_does_a_code_flow_cost.py [--flows N]

A person who has agreed before signs in at a client with code + PKCE, over HTTP on loopback, one
flow after another. Counted is the CPU time of the serving process (user and system, all its
threads), every commit synced to disk. Goal: 5 ms a flow; a busy machine makes it look dearer.
Writes benchmarks/results/code_flow.json.
"""

import argparse
import base64
import hashlib
import re
import secrets
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from answers import cpu_s, keep

from synfonium.testing.server import RealServer, real_server

REDIRECT = "http://localhost:9/callback"
PASSWORD = "a long enough sentence"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}
WARM_UP = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=1000)
    flows = parser.parse_args().flows
    with tempfile.TemporaryDirectory() as folder:
        answer = measure(Path(folder) / "home", flows)
    keep("code_flow", {**answer, "goals": {"cpu_ms": 5}})


def measure(home: Path, flows: int) -> dict[str, object]:
    with real_server(home, options=["--single"]) as server:
        client = registered(server)
        browser = httpx.Client(base_url=server.url, headers=BROWSER)
        site = httpx.Client(base_url=server.url)
        with browser, site:
            sign_in(browser)
            agree(browser, client)
            for _ in range(WARM_UP):
                flow(browser, site, client)
            before_s, began_s = cpu_s(server.pid), time.monotonic()
            for _ in range(flows):
                flow(browser, site, client)
            used_s, took_s = cpu_s(server.pid) - before_s, time.monotonic() - began_s
    return {
        "cpu_ms": round(used_s / flows * 1000, 2),
        "wall_ms": round(took_s / flows * 1000, 2),
        "flows": flows,
    }


def registered(server: RealServer) -> dict[str, str]:
    """A confidential client; and ada, who has a password."""
    server.run("user", "add", "ada", "--password-stdin", stdin=PASSWORD)
    told = server.run("client", "add", "Benchmark", "--redirect-uri", REDIRECT)
    return dict(line.split("=", 1) for line in told.split())


def sign_in(browser: httpx.Client) -> None:
    assert browser.post("/signin", data={"name": "ada", "password": PASSWORD}).status_code == 303


def agree(browser: httpx.Client, client: dict[str, str]) -> None:
    page = browser.get(authorize_path(client, "a" * 43)).text
    sealed = re.findall(r'name="request" value="([^"]+)"', page)[0]
    browser.post("/oauth/consent", data={"request": sealed, "decision": "allow"}).raise_for_status()


def flow(browser: httpx.Client, site: httpx.Client, client: dict[str, str]) -> None:
    """authorize, token, userinfo, each answered and checked."""
    verifier = secrets.token_urlsafe(32)
    location = browser.get(authorize_path(client, verifier)).headers["location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": verifier,
    }
    answer = site.post("/oauth/token", data={**fields, **client}).json()
    bearer = {"authorization": f"Bearer {answer['access_token']}"}
    assert site.get("/oauth/userinfo", headers=bearer).json()["preferred_username"] == "ada"


def authorize_path(client: dict[str, str], verifier: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    fields = {
        "client_id": client["client_id"],
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid profile",
        "state": "s",
        "nonce": "n",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"/oauth/authorize?{urlencode(fields)}"


if __name__ == "__main__":
    main()
