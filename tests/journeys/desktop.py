"""A real desktop image for journeys, built once for all of them, and how its picture is read."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Page

BUILD_S = 900.0
LIVE = "#screen[data-state=live]"
TERMINAL_AT = (89, 700)
TASKS_AT = FloatRect(x=115, y=684, width=500, height=32)
WINDOWS_AT = FloatRect(x=0, y=60, width=1280, height=600)
STILL = 4
WIDTH, HEIGHT = 1280, 720


def share_images(home: Path, factory: pytest.TempPathFactory) -> None:
    """Lets a new home use the images of this run; PC_TEST_IMAGES names a folder to keep them in."""
    kept = Path(os.environ.get("PC_TEST_IMAGES") or factory.getbasetemp() / "desktop-images")
    kept.mkdir(parents=True, exist_ok=True)
    (home / "apps" / "pc").mkdir(parents=True)
    (home / "apps" / "pc" / "images").symlink_to(kept)


def open_terminal(page: Page) -> None:
    """Clicks until the panel, which comes a moment after the picture, shows one window more, and
    waits until that stands still, with its prompt."""
    for _ in range(5):
        before = page.screenshot(clip=TASKS_AT)
        page.mouse.click(*TERMINAL_AT)
        for _ in range(40):
            page.wait_for_timeout(200)
            if page.screenshot(clip=TASKS_AT) != before:
                _until_still(page)
                return
    pytest.fail("no terminal opened")


def _until_still(page: Page) -> None:
    page.wait_for_timeout(1500)
    seen: list[bytes] = []
    for _ in range(40):
        seen.append(page.screenshot(clip=WINDOWS_AT))
        if len(seen) > STILL and len(set(seen[-STILL:])) == 1:
            return
        page.wait_for_timeout(250)
    pytest.fail("the terminal never stands still")


def read_picture(program: Callable[[str], str], page: Page, at: Path) -> str:
    """What stands on the screen, read by a machine that only sees the picture."""
    page.screenshot(path=at)
    words = [program("tesseract"), str(at), "-", "--psm", "6"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
