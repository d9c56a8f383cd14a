"""The site of docs/how-to/sign-in-with.md signs a person in, as it stands there, in both languages."""

import os
import re
import subprocess
import time
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.interop.oidc.test_relying_party import NODE, PASSWORD, ROOT
from tests.journeys.serving import serving

from synfonium.testing.ports import free_ports

HEADERS = {"accept": "text/html", "sec-fetch-site": "same-origin"}
START_S = 20

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]


def program(name: str, port: int) -> str:
    page = (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8")
    (code,) = re.findall(r"```js\n(.*?)```", page, flags=re.DOTALL)
    return code.replace("3000", str(port))


def test_both_languages_show_the_same_site() -> None:
    assert program("sign-in-with.md", 1) == program("sign-in-with.fr.md", 1)


def test_a_developer_who_follows_the_page_signs_somebody_in(tmp_path: Path) -> None:
    if not (ROOT / "node_modules" / "openid-client").is_dir():
        pytest.skip("openid-client is not installed; ./test installs it")
    (port,) = free_ports(1)
    site = f"http://localhost:{port}"
    (tmp_path / "site.mjs").write_text(program("sign-in-with.md", port))
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    with serving(tmp_path / "home", options=["--single"]) as server:
        server.run("user", "add", "ada", "--display", "Ada", "--password-stdin", typed=PASSWORD)
        with httpx.Client(base_url=server.local, headers=HEADERS, follow_redirects=True) as browser:
            client = registered(browser, site)
            given = {**os.environ, **client, "ISSUER": server.local}
            process = subprocess.Popen([NODE, tmp_path / "site.mjs"], env=given, cwd=tmp_path)
            try:
                assert "Hello Ada, known here as " in signed_in(browser, site)
            finally:
                process.terminate()
                process.wait(10)


def registered(browser: httpx.Client, site: str) -> dict[str, str]:
    """As the first part of the page says, in the browser."""
    browser.post("/signin", data={"name": "ada", "password": PASSWORD})
    page = browser.post(
        "/settings/apps", data={"name": "Notes", "redirect_uris": f"{site}/callback", "kind": "server"}
    ).text
    (client_id,) = re.findall(r"<dt>client_id</dt><dd><code>([^<]+)<", page)
    (secret,) = re.findall(r'aria-label="client_secret" value="([^"]+)"', page)
    return {"CLIENT_ID": client_id, "CLIENT_SECRET": secret}


def signed_in(browser: httpx.Client, site: str) -> str:
    deadline_s = time.monotonic() + START_S
    while True:
        try:
            consent = browser.get(f"{site}/signin")
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline_s, "the site did not start"
            time.sleep(0.2)
    sealed = re.findall(r'name="request" value="([^"]+)"', consent.text)[0]
    done = browser.post("/oauth/consent", data={"request": sealed, "decision": "allow"})
    return browser.get(unescape(re.findall(r'content="0; url=([^"]+)"', done.text)[0])).text
