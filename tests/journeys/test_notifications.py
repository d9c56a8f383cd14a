"""Notifications in a real browser: the bell, the list, quiet hours, and push on a device.

Chromium's push service is on the Internet: ours stands in for it, and what it takes is given to
the service worker by the browser's own protocol, decrypted as the browser would have.
"""

import asyncio
import json
import re
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from synfonium.apps.notifications.tests import push_service
from synfonium.testing.server import RealServer, real_server

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
T = TypeVar("T")
PASSWORD = "a long enough password"
SEEN_WITHIN_MS = 5_000
# What the browser asks its vendor for is made here, with the keys of a browser of ours.
SUBSCRIBED = """subscription => {
  let current = null;
  PushManager.prototype.getSubscription = async () => current;
  PushManager.prototype.subscribe = async () => (current = {
    ...subscription, unsubscribe: async () => { current = null; return true; },
    toJSON: () => subscription,
  });
}"""


class PushThread:
    """The push service, on an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._open = AsyncExitStack()
        self.service = self._run(self._open.enter_async_context(push_service.push_service()))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def until(self, count: int) -> None:
        self._run(self.service.until(lambda: len(self.service.pushed) >= count))

    def close(self) -> None:
        self._run(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def pushed() -> Iterator[PushThread]:
    thread = PushThread()
    yield thread
    thread.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    home = tmp_path_factory.mktemp("notifications") / "home"
    with real_server(home, environment={"SYNFONIUM_NOTIFICATIONS_LOCAL_PUSH": "true"}) as running:
        running.person("ada", password=PASSWORD)
        yield running


def sign_in(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/signin")
    page.locator("summary", has_text=re.compile("password|mot de passe", re.IGNORECASE)).click()
    page.fill("input[name=name]", "ada")
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(re.compile("/$"))
    return page


@pytest.fixture
def context(chromium: Browser, server: RealServer) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=server.url, locale="en")
    yield context
    context.close()


def elsewhere(chromium: Browser, server: RealServer) -> None:
    """Ada signs in on a new device, which she is to hear of."""
    context = chromium.new_context(base_url=server.url, locale="en")
    sign_in(context)
    context.close()


def test_the_bell_counts_on_an_open_page_and_the_list_says_what_happened(
    chromium: Browser, server: RealServer, context: BrowserContext
) -> None:
    page = sign_in(context)
    bell = page.locator("#bell .count")
    expect(bell).to_be_visible(timeout=SEEN_WITHIN_MS)
    before = int(bell.text_content() or "0")
    elsewhere(chromium, server)
    expect(bell).to_have_text(str(before + 1), timeout=SEEN_WITHIN_MS)
    expect(page).to_have_title(re.compile(rf"^\({before + 1}\) "))
    page.click("#bell")
    said = page.get_by_role("link", name="Your account was signed in to on a new device.")
    expect(said.first).to_be_visible()
    said.first.click()
    page.wait_for_url("**/settings/security")
    page.goto("/notifications")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#bell .count")).to_be_hidden()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)


def test_one_tab_of_many_waits_for_the_count(
    chromium: Browser, server: RealServer, context: BrowserContext
) -> None:
    first = sign_in(context)
    pages = [first, *(context.new_page() for _number in range(7))]
    for page in pages[1:]:
        page.goto("/settings")  # a browser has six connections to a site: with one each, this would hang
    elsewhere(chromium, server)
    text = first.locator("#bell .count").text_content() or ""
    for page in pages:
        expect(page.locator("#bell .count")).to_be_visible(timeout=SEEN_WITHIN_MS)
    assert text


def test_everything_but_push_works_without_script(chromium: Browser, server: RealServer) -> None:
    elsewhere(chromium, server)
    context = chromium.new_context(base_url=server.url, locale="en", java_script_enabled=False)
    page = sign_in(context)
    page.click("#bell")
    page.wait_for_url("**/notifications")
    page.locator("li.unread summary").first.click()
    page.get_by_role("button", name="Silence Account").first.click()
    expect(page.get_by_text("Account is silent from now on.")).to_be_visible()
    page.get_by_role("link", name="Change it").click()
    page.get_by_label("Account", exact=True).select_option("pushed")
    page.get_by_role("button", name="Save: Account", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_label("Keep quiet hours").check()
    page.fill("input[name=from]", "23:30")
    page.get_by_label("Sun").uncheck()
    page.fill("input[name=zone]", "Europe/Paris")
    page.get_by_role("button", name="Save the quiet hours").click()
    expect(page.locator("input[name=from]")).to_have_value("23:30")
    expect(page.get_by_label("Sun")).not_to_be_checked()
    expect(page.get_by_role("button", name="Turn on in this browser")).to_be_hidden()
    page.get_by_label("Keep quiet hours").uncheck()
    page.get_by_role("button", name="Save the quiet hours").click()
    context.close()


class Vendor:
    """Brings the service worker what the vendor's push service would have brought."""

    def __init__(self, page: Page, origin: str) -> None:
        self._session, self._origin = page.context.new_cdp_session(page), origin
        found: list[str] = []
        self._session.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
        )
        self._session.send("ServiceWorker.enable")
        for _try in range(50):
            if found:
                break
            page.wait_for_timeout(100)
        self._registration = found[-1]

    def deliver(self, message: dict[str, object]) -> None:
        given = {"origin": self._origin, "registrationId": self._registration, "data": json.dumps(message)}
        self._session.send("ServiceWorker.deliverPushMessage", given)


SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
  one => ({title: one.title, body: one.body, tag: one.tag, path: one.data.path}))"""


def test_a_browser_in_which_it_was_turned_on_shows_a_notification_and_opens_its_page(
    chromium: Browser, server: RealServer, pushed: PushThread
) -> None:
    context = chromium.new_context(base_url=server.url, locale="en")
    context.grant_permissions(["notifications"], origin=server.url)
    browser = pushed.service.browser()
    context.add_init_script(f"({SUBSCRIBED})({json.dumps(browser.subscription)})")
    page = sign_in(context)
    page.goto("/settings/notifications")
    page.get_by_role("button", name="Turn on in this browser").click()
    expect(page.get_by_text("this one")).to_be_visible(timeout=SEEN_WITHIN_MS)
    page.get_by_role("button", name=re.compile("Send a test")).click()
    pushed.until(1)
    vendor = Vendor(page, server.url)
    read = browser.read(pushed.service.pushed[0][2])
    assert read["title"] == "This is how a notification looks."
    vendor.deliver(read)
    page.wait_for_function(f"({SHOWN})().then(found => found.length === 1)")
    assert page.evaluate(SHOWN) == [
        {"title": read["title"], "body": "Notifications", "tag": "test", "path": "/notifications"}
    ]
    elsewhere(chromium, server)
    pushed.until(2)
    read = browser.read(pushed.service.pushed[1][2])
    page.goto("/notifications")
    # Without a desktop to show them Chromium forgets notifications soon: this one is touched at once.
    vendor.deliver(read)
    page.wait_for_function(f"({SHOWN})().then(found => found.some(one => one.tag === '{read['tag']}'))")
    [worker] = context.service_workers
    worker.evaluate(CLICKED, read["tag"])
    page.wait_for_url("**/settings/security")
    vendor.deliver({**read, "path": "https://evil.example/settings", "tag": "evil"})
    page.wait_for_function(f"({SHOWN})().then(found => found.some(one => one.tag === 'evil'))")
    assert {"/notifications", "/notifications/" + str(read["tag"])} >= {
        one["path"] for one in page.evaluate(SHOWN)
    }
    context.close()


CLICKED = """async tag => {
  const [notification] = await self.registration.getNotifications({tag});
  self.dispatchEvent(new NotificationEvent('notificationclick', {notification}));
}"""
