"""A PC of the smallest image that answers, looked at from inside; and how a person gives it things."""

import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

import httpx

# Runs what lies in the home under `do`, as a person at the keyboard would.
SESSION = """#!/bin/sh
echo up > /tmp/.X11-unix/ready
while :; do
  if [ -e ~/do ]; then
    . ~/do > ~/said 2>&1
    busybox rm ~/do
  fi
  busybox sleep .05
done
"""


class Pc:
    """A running PC, looked at from inside."""

    def __init__(self, home: Path, run: Callable[..., str], name: str) -> None:
        """home: of the installation. run: does a command of ours on it."""
        self.id = run("pc", "create", "ana", "--name", name, "--memory", "512M").strip()
        self._home = home / "apps" / "pc" / "machines" / self.id / "home"
        run("pc", "start", self.id)

    def do(self, lines: str, within_s: float = 30.0) -> str:
        """What these lines of shell say in the PC."""
        wanted = self._home / "do"
        self._home.joinpath("do.new").write_text(f"cd ~\n{lines}\n")
        self._home.joinpath("do.new").rename(wanted)
        eventually(lambda: not wanted.exists(), within_s, f"the PC does not do {lines}")
        return (self._home / "said").read_text()

    def has(self, path: str) -> bool:
        return "yes" in self.do(f"[ -e '{path}' ] && echo yes")


def eventually(look: Callable[[], bool], within_s: float, what: str) -> float:
    began_s = time.monotonic()
    while not look():
        assert time.monotonic() - began_s < within_s, what
        time.sleep(0.05)
    return time.monotonic() - began_s


def links_of(browser: httpx.Client, pc: Pc) -> list[str]:
    """The ways to the picker for this PC: to change, and to see only."""
    page = browser.get("/pc").text
    found = [unescape(link) for link in re.findall(r'href="(/fabric/pick[^"]+)"', page)]
    return [link for link in found if pc.id in link]


def pick(browser: httpx.Client, link: str, title: str) -> httpx.Response:
    """Chooses what is called so, as the picker shows it."""
    page = browser.get(link)
    assert page.status_code == 200, page.text
    sealed = re.search(r'name="request" value="([^"]+)"', page.text)
    assert sealed
    choices = re.findall(r'name="chosen" value="([^"]+)"(.*?)</li>', page.text, re.DOTALL)
    (chosen,) = {value for value, around in choices if title in unescape(around)}
    form = {"request": unescape(sealed[1]), "chosen": chosen, "decision": "give"}
    answer = browser.post("/fabric/pick", data=form)
    assert answer.status_code in (200, 303), answer.text
    return answer


def take_back(browser: httpx.Client, title: str) -> None:
    page = browser.get("/pc").text
    found = re.findall(r'action="(/fabric/grants/[^"]+)".{0,300}?aria-label="([^"]+)"', page, re.DOTALL)
    (action,) = {action for action, label in found if title in unescape(label)}
    assert browser.post(action, data={"next": "/pc"}).status_code == 303
