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
import json
import os
import platform
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "code_flow.json"
REDIRECT = "http://localhost:9/callback"
PASSWORD = "a long enough sentence"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}
WARM_UP = 50
START_S = 60
PROGRAM = [sys.executable, "-m", "synfonium.main"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=1000)
    flows = parser.parse_args().flows
    with tempfile.TemporaryDirectory() as folder:
        answer = measure(Path(folder) / "home", flows)
    answer |= {
        "goals": {"cpu_ms": 5},
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load_average": round(os.getloadavg()[0], 1),
        },
        "date": time.strftime("%Y-%m-%d"),
    }
    RESULT.write_text(json.dumps(answer, indent=1) + "\n")
    print(json.dumps(answer, indent=1))


def measure(home: Path, flows: int) -> dict[str, object]:
    ports = [free_port(), free_port()]
    environment = {**os.environ, "SYNFONIUM_HOME": str(home), "SYNFONIUM_CONTENT_PORT": str(ports[1])}
    server = subprocess.Popen(
        [*PROGRAM, "serve", "--single", "--port", str(ports[0])], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://localhost:{ports[0]}"
        wait_for(f"{url}/readyz", server)
        client = registered(environment)
        with httpx.Client(base_url=url, headers=BROWSER) as browser, httpx.Client(base_url=url) as site:
            sign_in(browser)
            agree(browser, client)
            for _ in range(WARM_UP):
                flow(browser, site, client)
            before_s, began_s = cpu_s(server.pid), time.monotonic()
            for _ in range(flows):
                flow(browser, site, client)
            used_s, took_s = cpu_s(server.pid) - before_s, time.monotonic() - began_s
    finally:
        server.terminate()
        server.wait(30)
    return {
        "cpu_ms": round(used_s / flows * 1000, 2),
        "wall_ms": round(took_s / flows * 1000, 2),
        "flows": flows,
    }


def registered(environment: dict[str, str]) -> dict[str, str]:
    """A confidential client; and ada, who has a password."""
    add = [*PROGRAM, "user", "add", "ada", "--password-stdin"]
    subprocess.run(add, input=PASSWORD, env=environment, check=True, text=True, capture_output=True)
    told = subprocess.run(
        [*PROGRAM, "client", "add", "Benchmark", "--redirect-uri", REDIRECT],
        env=environment,
        check=True,
        text=True,
        capture_output=True,
    )
    return dict(line.split("=", 1) for line in told.stdout.split())


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


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and server.poll() is None:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the server did not answer")


if __name__ == "__main__":
    main()
