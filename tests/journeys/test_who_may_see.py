"""A person picks a file for a stranger's app, sees that it looked, takes the right back and gives it
back, in a real browser, with script and without, on a wide screen and on a phone."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from tests.journeys.serving import Server, serving

from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Hello:
    """An app of somebody else's, that knows nothing but its manifest."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.origin = server, f"http://127.0.0.1:{free_ports(1)[0]}"
        manifest = {
            "id": "hello",
            "name": "Hello",
            "synfonium": {"redirect_uris": ["/back"], "asks": {"file/1": ["read", "write"]}},
        }
        file = folder / "synfonium.app.json"
        file.write_text(json.dumps(manifest))
        installed = server.run("app", "install", str(file), "--origin", self.origin).stdout
        self.client_id = re.findall(r"^client_id=(\S+)", installed, re.MULTILINE)[0]
        self._verifier = secrets.token_urlsafe(40)

    def ask(self) -> str:
        """Where it sends the person (RFC 9126, RFC 9396)."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest())
        detail = {"type": "synfonium-object", "interfaces": ["file/1"], "actions": ["read", "write"]}
        fields = {
            "client_id": self.client_id,
            "redirect_uri": f"{self.origin}/back",
            "response_type": "code",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([detail]),
        }
        pushed = httpx.post(f"{self.server.local}/oauth/par", data=fields)
        assert pushed.status_code == 201, pushed.text
        asking = {"client_id": self.client_id, "request_uri": pushed.json()["request_uri"]}
        return f"{self.server.local}/fabric/pick?{urlencode(asking)}"

    def receive(self, page: Page) -> tuple[str, str]:
        """What came back to it: the address of the file and the token that opens it."""
        page.wait_for_url(f"{self.origin}/back?**")
        code = parse_qs(urlsplit(page.url).query)["code"][0]
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self.origin}/back",
            "code_verifier": self._verifier,
            "client_id": self.client_id,
        }
        answer = httpx.post(f"{self.server.local}/oauth/token", data=fields)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return told["authorization_details"][0]["locations"][0], told["access_token"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    settings = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    with serving(tmp_path / "home", settings, options=["--single"]) as server:
        yield server


def come_in(chromium: Browser, server: Server, name: str, **options: object) -> BrowserContext:
    token = server.person(name, display=name.title())
    with httpx.Client(base_url=server.local, headers={"authorization": f"Bearer {token}"}) as client:
        for file in ("Budget de la kermesse.ods", "Plan des stands.svg"):
            assert client.put(f"/dav/files/{name}/{file}", content=b"content").status_code == 201
    context = chromium.new_context(base_url=server.local, reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password|mot de passe", re.IGNORECASE)).click()
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", f"{name}-password-1")
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(f"{server.local}/")
    page.close()
    return context


def answer_for_the_app(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<title>Hello</title>Thank you.")


def picked(context: BrowserContext, hello: Hello, file: str, give: str) -> tuple[str, str]:
    context.route(f"{hello.origin}/**", answer_for_the_app)
    page = context.new_page()
    page.goto(hello.ask())
    page.get_by_text(file, exact=True).click()
    page.get_by_role("button", name=give, exact=True).click()
    found = hello.receive(page)
    page.close()
    return found


def faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found["violations"]]


def test_a_person_sees_who_may_see_what_takes_it_back_and_gives_it_back(
    served: Server, chromium: Browser, tmp_path: Path
) -> None:
    context = come_in(chromium, served, "moi", locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto("/fabric/grants")
    expect(page.get_by_role("heading", name="No app may see anything of yours.")).to_be_visible()

    hello = Hello(served, tmp_path)
    location, token = picked(context, hello, "Budget de la kermesse.ods", "Give")
    asking = {"authorization": f"Bearer {token}"}
    page.goto("/fabric/grants")
    row = page.locator("tbody tr", has_text="Budget de la kermesse.ods")
    expect(row).to_contain_text(re.compile(r"Hello\s*127\.0\.0\.1:\d+"))
    expect(row).to_contain_text("may change")
    expect(row).to_contain_text("picked on")
    expect(row).to_contain_text("never")

    assert httpx.get(location, headers=asking).status_code == 200
    page.reload()
    expect(row).to_contain_text("right now")
    expect(page.locator("svg.wid ellipse.nl")).to_have_count(1)

    row.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back: Budget de la kermesse.ods, from Hello.")
    assert httpx.get(location, headers=asking).status_code in (401, 403, 404)
    page.get_by_role("status").get_by_role("button", name="Give back").click()
    expect(page.get_by_role("status")).to_contain_text("Given back.")
    assert httpx.get(location, headers=asking).status_code == 200

    row.get_by_role("link", name="All about this right").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello may change")
    expect(page.get_by_text("First access of the day")).to_be_visible()

    page.goto("/drive")
    page.get_by_label("What to do with Budget de la kermesse.ods").click()
    page.get_by_role("link", name="Who may see this").first.click()
    expect(page.locator("tbody tr")).to_contain_text("Hello")
    other = come_in(chromium, served, "elle", locale="en-GB", java_script_enabled=False).new_page()
    other.goto("/fabric/grants")
    expect(other.get_by_role("heading", name="No app may see anything of yours.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_have_no_fault_and_fit_a_phone(
    served: Server, chromium: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    context = come_in(
        chromium,
        served,
        "moi",
        locale="fr-FR",
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    hello = Hello(served, tmp_path)
    for file in ("Budget de la kermesse.ods", "Plan des stands.svg"):
        location, token = picked(context, hello, file, "Donner")
        assert httpx.get(location, headers={"authorization": f"Bearer {token}"}).status_code == 200
    page = context.new_page()
    page.goto("/fabric/grants")
    about = page.locator("td.since a").first.get_attribute("href") or ""
    page.goto(about)
    thing = page.get_by_role("link", name="Qui d’autre peut voir ceci").get_attribute("href") or ""
    for path in ("/fabric/grants", about, thing):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
