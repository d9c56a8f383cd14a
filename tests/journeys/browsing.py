"""What journeys in a browser share: coming in, a passkey store, letters of the home, a moment that passes."""

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
LETTER_S = 20.0


def sign_in(page: Page, name: str, password: str) -> None:
    """By a password, in whatever language the page is."""
    page.goto("/signin")
    page.locator("details:has(input[name=password]) > summary").click()
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")


def with_authenticator(context: BrowserContext) -> tuple[Page, Callable[..., None]]:
    """A page whose device has a passkey store, and a way to command it."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]

    def command(method: str, **values: object) -> None:
        session.send(f"WebAuthn.{method}", {"authenticatorId": made, **values})

    return page, command


def link_from_letter(home: Path, to: str, pattern: str) -> str:
    """The first address of this form in the newest letters to somebody; waits for the letter."""
    deadline = time.monotonic() + LETTER_S
    while time.monotonic() < deadline:
        for letter in _letters(home, to):
            body = letter.get_body(("plain",))
            if found := re.search(pattern, body.get_content() if body else ""):
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no letter to {to} with {pattern}")


def _letters(home: Path, to: str) -> list[EmailMessage]:
    """The newest first."""
    paths = sorted((home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime, reverse=True)
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [letter for letter in read if isinstance(letter, EmailMessage) and to in str(letter["to"])]


def let_pass(home: Path, seconds: float) -> None:
    """As if everybody had last shown `seconds` earlier who they are; the server must not run."""
    with closing(sqlite3.connect(home / "databases" / "identity.sqlite")) as database, database:
        database.execute("update identity_session set proved_s = proved_s - ?", (seconds,))
