"""A real desktop image for journeys, built once for all of them, and how its picture is read."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

BUILD_S = 900.0
LIVE = "#screen[data-state=live]"
TERMINAL_AT = (89, 700)
WIDTH, HEIGHT = 1280, 720


def share_images(home: Path, factory: pytest.TempPathFactory) -> None:
    """Lets a new home use the images of this run; PC_TEST_IMAGES names a folder to keep them in."""
    kept = Path(os.environ.get("PC_TEST_IMAGES") or factory.getbasetemp() / "desktop-images")
    kept.mkdir(parents=True, exist_ok=True)
    (home / "apps" / "pc").mkdir(parents=True)
    (home / "apps" / "pc" / "images").symlink_to(kept)


def open_terminal(page: Page) -> None:
    page.mouse.click(*TERMINAL_AT)
    page.wait_for_timeout(2500)


def read_picture(program: Callable[[str], str], page: Page, at: Path) -> str:
    """What stands on the screen, read by a machine that only sees the picture."""
    page.screenshot(path=at)
    words = [program("tesseract"), str(at), "-", "--psm", "6"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
