"""Pages of strangers that use the element kit, and pages that would like to be them: a client without a
server of its own, on a web origin of its own, in a browser."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.architecture.house import NODE_MODULES
from tests.journeys.serving import Server, serving
from tests.journeys.strangers import LOCAL_APPS, files_of, pages_at, registered, signed_in

from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]

MANIFEST = {
    "id": "reader",
    "name": "Reader",
    "synfonium": {"redirect_uris": ["/", "/back"], "asks": {"file/1": ["read"]}},
}
POLICY = (
    "default-src 'none'; script-src {home} 'nonce-kit'; connect-src {home}; base-uri 'none';"
    " frame-src {home}; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="en"><title>Reader</title><meta name="color-scheme" content="light dark">
<script type="module" src="%(home)s/static/kit/elements.js"></script>
<script nonce="kit">
window.told = [];
for (const name of ["syn-picked", "syn-cancel", "syn-error"])
  addEventListener(name, (event) => { told.push([name, event.detail]); document.title = name; });
</script>
<syn-bar name="Reader"></syn-bar>
<syn-pick client-id="%(client)s" redirect-uri="%(back)s" media-types="text/*">
<a href="/nowhere">Choose a text</a></syn-pick>
<syn-share object="drive:root"></syn-share><syn-search label="Search what you gave"></syn-search>"""
BACK = {"/": "/", "/back": "/back", "/alone": "/back"}
FORGED = """<!doctype html><title>Evil</title><script>
window.told = [];
addEventListener("message", (event) => {
  told.push(event.data);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => told.push(data);
  event.source.postMessage({ type: "synfonium.pick.port" }, "*", [port2]);
});
window.ask = (url) => { window.popup = window.open(url); setInterval(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => told.push(data);
  popup.postMessage({ type: "synfonium.pick.port" }, "*", [port2]);
}, 50); };
</script><button onclick="ask(location.hash.slice(1))">Press</button>"""


@dataclass
class Reader:
    origin: str
    client: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("pages") / "home"
    with serving(home, LOCAL_APPS) as server:
        token = server.person("ana", display="Ana")
        files = {f"other{number}.txt": b"not for it" for number in range(20)}
        files_of(server, "ana", token, {**files, "poem.txt": b"four words of mine"})
        yield server


@pytest.fixture(scope="module")
def reader(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    manifest = tmp_path_factory.mktemp("reader") / "synfonium.app.json"
    manifest.write_text(json.dumps(MANIFEST))
    (port,) = free_ports(1)
    client = registered(served, manifest, f"http://reader.localhost:{port}")["client_id"]
    values = {"home": served.local, "client": client}
    pages = {path: PAGE % {**values, "back": back} for path, back in BACK.items()}
    headers = {"content-security-policy": POLICY.format(home=served.local)}
    alone = {"/alone": {"cross-origin-opener-policy": "same-origin"}}
    with pages_at("reader.localhost", port, pages, headers, alone) as origin:
        yield Reader(origin, client)


@pytest.fixture
def ana(served: Server, chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="en-GB")
    yield signed_in(context, served, "ana")
    context.close()


def give(picker: Page) -> None:
    expect(picker.get_by_role("heading", name="Choose for Reader")).to_be_visible()
    picker.get_by_label("poem.txt").check()
    picker.get_by_role("button", name="Give", exact=True).click()


def picked(page: Page, *, press: str = "Choose a text") -> dict[str, Any]:
    with page.expect_popup() as popup:
        page.get_by_role("button", name=press).click()
    give(popup.value)
    return told(page)


def told(page: Page) -> dict[str, Any]:
    expect(page).to_have_title(re.compile("^syn-"))
    ((name, detail),) = page.evaluate("told")
    assert name == "syn-picked", (name, detail)
    return dict(detail)


def test_a_page_without_a_server_gets_a_token_that_reads_the_picked_one_and_no_other(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    page.goto(reader.origin)
    given = picked(page)
    (item,) = given["items"]
    assert item["title"] == "poem.txt"
    bearer = {"authorization": f"Bearer {given['token']['access_token']}"}
    read = "async ([url, headers]) => (await fetch(url, { headers })).text()"
    assert page.evaluate(read, [item["locations"][0], bearer]) == "four words of mine"
    others = [f"/dav/files/ana/other{number}.txt" for number in range(20)]
    with httpx.Client(base_url=served.local, headers=bearer) as app:
        for path in (*others, "/dav/files/ana/", "/drive", "/settings"):
            assert app.get(path).status_code in (403, 404, 409), path
        held = app.get("/fabric/grants/held").json()["grants"]
    assert [one["object"] for one in held] == [item["identifier"]]


def test_a_page_that_keeps_all_windows_away_hears_the_answer_from_its_own_callback_page(
    reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    page.goto(f"{reader.origin}/alone")
    with ana.expect_page() as popup:
        page.get_by_role("button", name="Choose a text").click()
    give(popup.value)
    expect(page).to_have_title("syn-picked")
    page.wait_for_timeout(500)
    assert popup.value.is_closed()


def asking_url(served: Server, reader: Reader, **more: str) -> str:
    """The address that the reader's own page would open, by somebody else."""
    fields = {
        "response_type": "code",
        "client_id": reader.client,
        "redirect_uri": f"{reader.origin}/",
        "state": "forged",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "authorization_details": json.dumps([{"type": "synfonium-object"}]),
        **more,
    }
    return f"{served.local}/oauth/authorize?{urlencode(fields)}"


def test_whoever_opens_the_picker_in_the_name_of_another_page_hears_nothing(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    (port,) = free_ports(1)
    with pages_at("evil.localhost", port, {"/": FORGED}) as evil:
        page = ana.new_page()
        page.goto(f"{evil}/#{asking_url(served, reader)}")
        with page.expect_popup() as popup:
            page.get_by_role("button", name="Press").click()
        give(popup.value)
        # The code goes to the reader's own page, which asked for nothing and takes no token of it.
        popup.value.wait_for_url(re.compile(re.escape(reader.origin)))
        popup.value.wait_for_timeout(1500)
        assert page.evaluate("told") == []
        assert popup.value.evaluate("told") == []
        assert "code=" not in popup.value.url


def test_a_code_that_was_used_or_taken_by_others_gives_no_token(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.goto(reader.origin)
    token = picked(page)["token"]["access_token"]
    (fields,) = [dict(parse_qsl(body)) for body in asked if "code_verifier" in body]
    for changed in ({}, {"code_verifier": "x" * 43}, {"client_id": "another"}):
        again = httpx.post(f"{served.local}/oauth/token", data={**fields, **changed})
        assert again.status_code in (400, 401), changed
    # RFC 9700, 4.5: who replays a code ends what came of it.
    who = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{served.local}/fabric/grants/held", headers=who).status_code == 401


def test_no_page_may_frame_the_picker(served: Server, reader: Reader, ana: BrowserContext) -> None:
    page = ana.new_page()
    page.goto(reader.origin)
    url = asking_url(served, reader)
    page.evaluate(
        "url => { const f = document.createElement('iframe'); f.src = url; document.body.append(f) }", url
    )
    page.wait_for_timeout(1500)
    assert all("chooser" not in (frame.content() if frame.url else "") for frame in page.frames[1:])


def test_an_answer_with_another_state_or_from_another_installation_is_refused(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    for query in ("code=x&state=y&iss=https://evil.example", f"code=x&state=y&iss={quote(served.local)}"):
        page.goto(f"{reader.origin}/?{query}")
        page.wait_for_timeout(1500)
        assert page.evaluate("told") == []


def test_the_bar_is_there_for_whoever_uses_a_keyboard_and_asks_for_nothing_elsewhere(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    asked: set[str] = set()
    page = ana.new_page()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    failures: list[str] = []
    page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
    page.goto(reader.origin)
    bar = page.get_by_role("navigation", name="Synfonium")
    expect(bar.get_by_role("link", name="Reader")).to_have_attribute("href", "/")
    expect(bar.get_by_role("link", name="To Synfonium")).to_have_attribute("href", f"{served.local}/")
    names = []
    for _step in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.localName"))
    assert {"syn-bar", "syn-pick"} <= set(names), names
    assert asked == {urlsplit(served.local).netloc, urlsplit(reader.origin).netloc}
    assert failures == []


def test_an_app_searches_in_what_it_was_given_and_nothing_beside_it(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    page.goto(reader.origin)
    token = picked(page)["token"]["access_token"]
    page.evaluate("token => { document.querySelector('syn-search').token = token }", token)
    field = page.get_by_role("searchbox", name="Search what you gave")
    for _try in range(30):
        field.fill("words")
        page.wait_for_timeout(500)
        if page.locator("syn-search li").count():
            break
        field.fill("")
    expect(page.locator("syn-search li")).to_have_count(1)
    expect(page.locator("syn-search li a")).to_contain_text("poem.txt")
    expect(page.locator("syn-search li b").first).to_have_text("words")
    field.fill("other1")
    expect(page.locator("syn-search").get_by_role("status")).to_have_text("Nothing of yours matches.")
    page.evaluate("document.querySelector('syn-search').token = 'forged'")
    field.fill("words again")
    expect(page.locator("syn-search").get_by_role("status")).to_have_text("The search does not answer.")


def test_a_person_goes_from_an_app_to_the_page_where_they_share(
    served: Server, reader: Reader, ana: BrowserContext
) -> None:
    page = ana.new_page()
    page.goto(reader.origin)
    with ana.expect_page() as shared:
        page.get_by_role("link", name="Share").click()
    shared.value.wait_for_url(f"{served.local}/fabric/share?object=drive%3Aroot")
    assert shared.value.evaluate("window.opener") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_elements_can_be_read_by_everybody_in_light_and_dark_and_on_a_phone(
    reader: Reader, chromium: Browser, scheme: Any
) -> None:
    size: Any = {"width": 360, "height": 640}
    context = chromium.new_context(color_scheme=scheme, locale="fr-FR", viewport=size, bypass_csp=True)
    page = context.new_page()
    page.goto(reader.origin)
    expect(page.get_by_role("button", name="Choose a text")).to_be_visible()
    page.add_script_tag(path=NODE_MODULES / "axe-core" / "axe.min.js")
    only = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = page.evaluate("only => axe.run(document, only)", only)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
