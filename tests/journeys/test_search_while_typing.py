"""Results that come while one types: the web index is asked as nobody, own things as oneself."""

import json
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Request, expect

from synfonium.testing.server import RealServer, real_server

pytestmark = pytest.mark.full
HOSTILE = "<img src=x onerror=document.title='owned'> quince"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    folder = tmp_path_factory.mktemp("typing")
    with real_server(folder / "home") as running:
        token = running.person("ana")
        page = {
            "url": "https://garden.example/quince",
            "title": HOSTILE,
            "text": "A quince tree",
            "lang": "en",
        }
        (folder / "pages.jsonl").write_text(json.dumps(page) + "\n")
        running.run("search", "add", str(folder / "pages.jsonl"))
        _furnish(running, token)
        yield running


def _furnish(server: RealServer, token: str) -> None:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as ana:
        ana.put("/dav/files/ana/My quince.txt", content=b"<b>bold</b> & quince").raise_for_status()
        for _ in range(100):
            if ana.get("/fabric/search", params={"q": "quince"}).json()["hits"]:
                return
            time.sleep(0.1)
    raise AssertionError("the index has not heard of it")


def test_the_web_is_asked_without_who_asks_and_both_are_shown_on_one_page(
    server: RealServer, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url, locale="en")
    page = context.new_page()
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password", re.IGNORECASE)).click()
    page.fill("input[name=name]", "ana")
    page.fill("input[name=password]", "a long enough password")
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(f"{server.url}/")
    page.goto("/?q=nothingatall")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.fill("form[role=search] input[name=q]", "quince")
    expect(page.locator("[data-found=mine] li")).to_contain_text(["My quince.txt"])
    expect(page.locator("[data-found=web] h3")).to_contain_text([HOSTILE])
    # What a page or a file says is text, whatever it looks like.
    assert page.locator("[data-found] img").count() == 0
    assert page.title() != "owned"
    sent = {request.url.partition("?")[0].removeprefix(server.url): request for request in asked}
    web, own = sent["/api/search"].all_headers(), sent["/fabric/search"].all_headers()
    assert not {"cookie", "authorization", "referer"} & set(web)
    assert "cookie" in own
    page.fill("form[role=search] input[name=q]", "qzxjkvw")
    expect(page.locator("[data-found=mine] [data-none]")).to_be_visible()
    expect(page.locator("[data-found=web] [data-none]")).to_be_visible()
    context.close()
