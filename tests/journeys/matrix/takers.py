"""Apps as those that take things of others: how each picks, is led to, and what it then can read."""

import re
from html import unescape
from typing import Protocol

import httpx
from playwright.sync_api import Browser, expect
from tests.journeys.matrix.givers import Thing
from tests.journeys.matrix.world import Client, Somebody, leads_to, sealed_in
from tests.journeys.serving import Server
from tests.journeys.small_pc import Pc, links_of
from tests.journeys.strangers import Stranger

from synfonium.apps.fabric.contract import FILE

SHOWN_MS = 300
FORGED = "01h" + "0" * 23


class Taker(Protocol):
    """An app on one person's behalf."""

    def pick(self, thing: Thing) -> None:
        """By its own way to the picker, where the person chooses the thing."""
        ...

    def reads(self, thing: Thing) -> bool:
        """Whether it shows what stands in the thing."""
        ...


class Writer(Taker, Protocol):
    """It makes things anew in folders that it was given."""

    def writes(self, folder: Thing, name: str) -> None:
        """Tries to make something called so."""
        ...


class Led(Taker, Protocol):
    """It takes what is opened with it or shared to it."""

    def led_to(self, url: str) -> None:
        """The home sends the person here with a thing."""
        ...

    def led_with_forged(self) -> bool:
        """Whether somebody who comes with a grant that is none is let in."""
        ...


class HelloTakes:
    def __init__(self, server: Server, hello: Stranger, person: Somebody) -> None:
        self._hello, self._person = hello, person
        self.client = Client(server, hello.told, hello.origin)

    def come_in(self) -> None:
        """So that Hello knows who it is."""
        page = self._person.go(f"{self._hello.origin}/signin")
        if "id=notes" not in page.text:
            page = self._person.send("/oauth/consent", {"request": sealed_in(page), "decision": "allow"})
        assert "id=notes" in page.text, page.text

    def pick(self, thing: Thing) -> None:
        picker = self._person.go(f"{self._hello.origin}/pick")
        self.led_to(leads_to(self._person.choose(picker, thing.of, thing.title)))

    def save(self, text: str, title: str, folder: str, *, decision: str = "give") -> httpx.Response:
        """Its own form, then the picker, where the person says where and by which name."""
        picker = self._person.send(f"{self._hello.origin}/notes", {"text": text})
        form = {"request": sealed_in(picker), "folder": folder, "title": title, "decision": decision}
        return self._person.send("/fabric/pick", form)

    def led_to(self, url: str) -> None:
        page = self._person.go(url)
        assert page.url.copy_with(path="/", query=None) == f"{self._hello.origin}/", page.text[:2000]

    def led_with_forged(self) -> bool:
        page = self._person.go(f"{self._hello.origin}/open?grant={FORGED}")
        return page.status_code == 200 and str(page.url).startswith(self._hello.origin)

    def reads(self, thing: Thing) -> bool:
        said = self.said(thing)
        return f"{thing.words} words" in said if thing.face == FILE else "here" in said

    def said(self, thing: Thing) -> str:
        """What its page says of the thing, the last time that it was given."""
        page = self._person.go(f"{self._hello.origin}/").text
        found = re.findall(r"<li><b>([^<]*)</b> <span>([^<]*)</span></li>", page)
        return next((unescape(said) for title, said in found if unescape(title) == thing.title), "")


class PcTakes:
    """One running PC."""

    def __init__(self, person: Somebody, pc: Pc) -> None:
        self._person, self.pc = person, pc

    def pick(self, thing: Thing) -> None:
        change, _see = links_of(self._person.browser, self.pc)
        answer = self._person.choose(self._person.browser.get(change), thing.of, thing.title)
        assert answer.status_code == 303, answer.text

    def led_to(self, url: str) -> None:
        page = self._person.go(url)
        grant = re.search(r'name="grant" value="([^"]+)"', page.text)
        assert grant, page.text[:3000]
        opened = self._person.post("/pc/open", {"grant": grant[1], "machine": self.pc.id})
        assert opened.status_code == 303, opened.text

    def writes(self, folder: Thing, name: str) -> None:
        self.pc.do(f"echo made here > 'Synfonium/{folder.title}/{name}'")

    def led_with_forged(self) -> bool:
        page = self._person.go(f"/pc/open?grant={FORGED}")
        sent = self._person.post("/pc/open", {"grant": FORGED, "machine": self.pc.id})
        return page.status_code == 200 or sent.status_code in (200, 303)

    def reads(self, thing: Thing) -> bool:
        at = f"busybox find Synfonium -type f -name '{thing.file}' | busybox grep -F '{thing.word}'"
        text = self.pc.do(f'{at} | (read at && busybox cat "$at")')
        return text.split() == thing.text.split()


class SearchTakes:
    """The page of the one search, in a real browser."""

    def __init__(self, server: Server, chromium: Browser) -> None:
        self._server, self._chromium = server, chromium

    def finds(self, person: Somebody, thing: Thing) -> bool:
        context = self._chromium.new_context(base_url=self._server.local, locale="en")
        for cookie in person.browser.cookies.jar:
            context.add_cookies(
                [{"name": cookie.name, "value": cookie.value or "", "url": self._server.local}]
            )
        page = context.new_page()
        page.goto("/?q=nothingatall")
        with page.expect_response(lambda got: "/fabric/search" in got.url and thing.word in got.url):
            page.fill("form[role=search] input[name=q]", thing.word)
        mine = page.locator("[data-found=mine]")
        expect(mine.locator("li").or_(mine.locator("[data-none]:visible")).first).to_be_visible()
        page.wait_for_timeout(SHOWN_MS)
        found = thing.title in mine.inner_text()
        context.close()
        return found
