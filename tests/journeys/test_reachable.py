"""Reached from another machine over HTTPS, with a certificate of the installation's own."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.journeys.desktop import BUILD_S, HEIGHT, LIVE, WIDTH, open_terminal, read_picture, share_images
from tests.journeys.network import NAME, Elsewhere, elsewhere
from tests.journeys.serving import Server, serving

from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.alone, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class House:
    """A server with `tls = "internal"`, its public address, and the machine that visits it."""

    server: Server
    url: str
    visitor: Elsewhere
    authority: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, program: Callable[[str], str]) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("reachable")
    for needed in ("ip", "nsenter", "unshare", "curl", "certutil", "rclone", "bwrap", "mmdebstrap"):
        program(needed)
    with elsewhere(folder) as visitor:
        port = free_ports(4)[0]
        url = f"https://{NAME}:{port}"
        settings = {"SYNFONIUM_PUBLIC_URL": url, "SYNFONIUM_TLS": "internal", "SYNFONIUM_HTTP_PORT": "{http}"}
        share_images(folder / "home", tmp_path_factory)
        with serving(folder / "home", settings, options=["--host", visitor.here], port=port) as server:
            yield House(server, url, visitor, _download_authority(server, visitor, folder))


def _download_authority(server: Server, visitor: Elsewhere, folder: Path) -> Path:
    """Fetches it as a person does the first time, when nothing vouches for it yet."""
    address = f"https://{NAME}:{server.port}/.well-known/synfonium/authority.crt"
    der = subprocess.run(
        [*visitor.inside, "curl", "-sk", address], check=True, capture_output=True, timeout=20
    )
    pem = folder / "authority.pem"
    words = ["openssl", "x509", "-inform", "der", "-out", str(pem)]
    subprocess.run(words, input=der.stdout, check=True, capture_output=True, timeout=10)
    return pem


def curl(house: House, *words: str) -> str:
    command = [*house.visitor.inside, "curl", "-sS", "--cacert", str(house.authority), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


@pytest.fixture(scope="module")
def browser(
    house: House, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Chromium on the other machine; its only trust in us is the downloaded authority."""
    folder = tmp_path_factory.mktemp("browser")
    store = folder / ".pki" / "nssdb"
    store.mkdir(parents=True)
    words = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*words, "-N", "--empty-password"], check=True, timeout=20)
    trust = [*words, "-A", "-t", "C,,", "-n", "ours", "-i", str(house.authority)]
    subprocess.run(trust, check=True, timeout=20)
    wrapper = house.visitor.wrapper(folder, program("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=wrapper, args=["--no-sandbox"], env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        )
        yield browser
        browser.close()


def with_authenticator(page: Page) -> None:
    """A platform authenticator that says yes, as a finger would."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_stranger_is_told_that_nothing_vouches_for_the_certificate(house: House) -> None:
    words = [*house.visitor.inside, "curl", "-sS", house.url]
    refused = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert refused.returncode == 60
    assert curl(house, "-o", "/dev/null", "-w", "%{http_code} %{ssl_verify_result}", house.url) == "200 0"


def test_plain_http_shows_one_page_that_says_what_to_do(house: House) -> None:
    plain = f"http://{NAME}:{house.server.port + 3}"
    claim = ("-H", "X-Forwarded-Proto: https", "-w", "%{http_code}")
    for path in ("/", "/signin", "/drive", "/.well-known/synfonium/authority.crt"):
        page = curl(house, *claim, "-H", "Accept: text/html", plain + path)
        assert page.endswith("403")
        assert house.url in page
        assert "<h1" in page
    for path in ("/", "/signin", "/api/search?q=x", "/dav/files/ana/", "/oauth/token"):
        refusal = curl(house, *claim, plain + path)
        assert refusal.endswith("403")
        assert '"code":"not_encrypted"' in refusal
    assert curl(house, f"{plain}/healthz") == '{"status":"ok"}'


def test_this_machine_reaches_it_over_plain_http_all_the_same(house: House) -> None:
    assert httpx.get(f"{house.server.local}/signin").status_code == 200
    refused = subprocess.run(
        [*house.visitor.inside, "curl", "-s", f"http://{NAME}:{house.server.port + 2}"],
        capture_output=True,
        timeout=20,
    )
    assert refused.returncode == 7  # listens on loopback alone


def test_a_person_comes_in_with_a_passkey_and_again_another_day(house: House, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(house.server.first_link())
    with_authenticator(page)
    page.fill("input[name=name]", "ana")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(f"{house.url}/")
    page.goto(f"{house.url}/settings")
    assert page.url == f"{house.url}/settings"
    cookie = next(c for c in context.cookies() if "synfonium" in c["name"])
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-synfonium", True, True)
    context.clear_cookies()
    # The offer in the name field would be taken before the button is seen.
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    page.goto(f"{house.url}/signin?next=/settings")
    page.get_by_role("button", name="Come in with my passkey").click()
    page.wait_for_url(f"{house.url}/settings")
    context.close()


def test_rclone_carries_a_file_into_the_drive(house: House, tmp_path: Path) -> None:
    token = house.server.person("bo")
    content = bytes(range(256)) * 20_000
    (tmp_path / "été.bin").write_bytes(content)
    remote = f":webdav,url='{house.url}/dav/files/bo/',vendor=other,user=bo,pass='{_obscured(token)}':"
    rclone = [*house.visitor.inside, "rclone", "--config", "/dev/null", "--ca-cert", str(house.authority)]
    sent = subprocess.run(
        [*rclone, "copy", str(tmp_path / "été.bin"), remote], capture_output=True, text=True, timeout=60
    )
    assert sent.returncode == 0, sent.stderr
    got = subprocess.run([*rclone, "cat", f"{remote}été.bin"], capture_output=True, timeout=60, check=True)
    assert got.stdout == content
    listed = subprocess.run([*rclone, "lsjson", remote], capture_output=True, timeout=60, check=True)
    assert [(e["Name"], e["Size"]) for e in json.loads(listed.stdout)] == [("été.bin", len(content))]


def _obscured(secret: str) -> str:
    words = ["rclone", "obscure", secret]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


@pytest.mark.timeout(1000)
def test_a_pc_is_seen_and_written_in_from_the_other_machine(
    house: House, browser: Browser, program: Callable[[str], str], tmp_path: Path
) -> None:
    house.server.person("cleo")
    house.server.run("pc", "image", "build", "debian-desktop", timeout_s=BUILD_S)
    machine = house.server.run("pc", "create", "cleo", "--name", "Bureau", "--memory", "1G").stdout.strip()
    house.server.run("pc", "start", machine)
    try:
        size = {"width": WIDTH, "height": HEIGHT}
        context = browser.new_context(viewport=size, device_scale_factor=3)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{house.url}/signin?next=/pc/{machine}/screen")
        page.locator("summary", has_text="With a password").click()
        page.fill("input[name=name]", "cleo")
        page.fill("input[name=password]", "cleo-password-1")
        page.get_by_role("button", name="Come in", exact=True).click()
        page.wait_for_selector(LIVE, timeout=60_000)
        open_terminal(page)
        # Words follow it: a cursor that touches a letter makes another letter of it.
        page.keyboard.type("echo synfonium is here", delay=30)
        page.wait_for_timeout(1500)
        assert "synfonium" in read_picture(program, page, tmp_path / "screen.png")
        context.close()
    finally:
        house.server.run("pc", "delete", machine)
