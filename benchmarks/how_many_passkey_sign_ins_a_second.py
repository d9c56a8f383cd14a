"""How many people can sign in by passkey in a second, for each core of the server?

    .venv/bin/python benchmarks/how_many_passkey_sign_ins_a_second.py [--sign-ins N]

Passkeys in software sign in over HTTP on loopback, several browsers at once: a challenge, an
answer, a session committed to disk, a cookie, no connection kept from one sign-in to the next
by name. Counted is the CPU time of the serving process (user and system, all its threads);
the browsers run in another process. The same is done by password (argon2id, RFC 9106).
Goal: 300 passkey sign-ins a second a core, which is 3.3 ms each. Beside it stands what Keycloak
publishes for itself: 15 password sign-ins a second a vCPU, 1 250 MB of memory a pod.
A busy machine makes everything look dearer. Writes benchmarks/results/passkey_sign_ins.json.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from answers import cpu_s, keep, pss_mib

from synfonium.apps.identity.tests.authenticator import SoftAuthenticator
from synfonium.testing.server import real_server

PASSWORD = "a long enough sentence"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin", "user-agent": "Firefox on Linux"}
AT_ONCE = 16
PASSWORDS = 40
WARM_UP = 100
# keycloak.org, "Concepts for sizing CPU and memory resources", 26.x: argon2 in its own default.
KEYCLOAK = {"keycloak_passwords_a_second_a_vcpu": 15, "keycloak_base_memory_mb_a_pod": 1250}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sign-ins", type=int, default=3000)
    count = parser.parse_args().sign_ins
    with tempfile.TemporaryDirectory() as folder:
        answer = measure(Path(folder) / "home", count)
    answer |= {
        "peers": {**KEYCLOAK, "source": "published by Keycloak"},
        "goals": {"passkeys_a_second_a_core": 300},
    }
    keep("passkey_sign_ins", answer)


def measure(home: Path, count: int) -> dict[str, Any]:
    with real_server(home, options=["--single"]) as server:
        server.run("user", "add", "ada", "--password-stdin", stdin=PASSWORD)
        answer = asyncio.run(both(server.url, server.pid, count))
        return {**answer, "memory_pss_mib": round(pss_mib(server.pid))}


async def both(url: str, pid: int, count: int) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=url, headers=BROWSER, limits=limits, timeout=60) as browser:
        keys = [await registered(browser, url) for _ in range(AT_ONCE)]
        await run(browser, keys, WARM_UP)
        before_s, began_s = cpu_s(pid), time.monotonic()
        await run(browser, keys, count)
        used_s, took_s = cpu_s(pid) - before_s, time.monotonic() - began_s
        before_s = cpu_s(pid)
        for _ in range(PASSWORDS):
            await by_password(browser)
        by_password_s = cpu_s(pid) - before_s
    return {
        "passkeys_a_second_a_core": round(count / used_s, 1),
        "passkey_cpu_ms": round(used_s / count * 1000, 2),
        "passkey_wall_ms": round(took_s / count * 1000, 2),
        "passwords_a_second_a_core": round(PASSWORDS / by_password_s, 1),
        "password_cpu_ms": round(by_password_s / PASSWORDS * 1000, 1),
        "sign_ins": count,
        "browsers_at_once": AT_ONCE,
        "through": "HTTP/1.1 on loopback, one serving process, CPU of that process",
    }


async def run(browser: httpx.AsyncClient, keys: list[SoftAuthenticator], count: int) -> None:
    left = iter(range(count))

    async def one(key: SoftAuthenticator) -> None:
        for _ in left:
            await sign_in(browser, key)

    await asyncio.gather(*(one(key) for key in keys))


async def registered(browser: httpx.AsyncClient, url: str) -> SoftAuthenticator:
    await by_password(browser)
    key = SoftAuthenticator(origin=url)
    asked = (await browser.post("/api/identity/security/challenge")).json()
    answer = {"sealed": asked["sealed"], "credential": key.make(asked["options"])}
    (await browser.post("/api/identity/security/passkey", json=answer)).raise_for_status()
    browser.cookies.clear()
    return key


async def sign_in(browser: httpx.AsyncClient, key: SoftAuthenticator) -> None:
    asked = (await browser.post("/api/identity/passkey/challenge")).json()
    answer = {"sealed": asked["sealed"], "credential": key.show(asked["options"])}
    entered = await browser.post("/api/identity/passkey/signin", json=answer)
    assert entered.status_code == 200, entered.text
    assert "synfonium=" in entered.headers["set-cookie"]
    browser.cookies.clear()


async def by_password(browser: httpx.AsyncClient) -> None:
    entered = await browser.post("/signin", data={"name": "ada", "password": PASSWORD})
    assert entered.status_code == 303, entered.text


if __name__ == "__main__":
    main()
