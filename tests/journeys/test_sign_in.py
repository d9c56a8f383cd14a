"""Coming in, in a real browser: by the first link and a passkey, without a name, and by
password where there is no script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.journeys.browsing import AUTHENTICATOR, with_authenticator
from tests.journeys.serving import Server, serving

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Served:
    """A new home, served; `link` makes the first administrator."""

    url: str
    link: str
    server: Server

    def command(self, *words: str, typed: str = "") -> str:
        return self.server.run(*words, typed=typed).stdout.strip()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", options=["--single"]) as server:
        yield Served(server.local, server.first_link(), server)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="en-GB")
    yield context
    context.close()


def sign_out(page: Page) -> None:
    page.locator("details.me summary").first.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()


def come_in_first(page: Page, served: Served) -> None:
    page.goto(served.link)
    page.get_by_label("Account name").fill("ada")
    page.get_by_label("What you want to be called").fill("Ada")
    page.get_by_role("button", name="Make a passkey and come in").click()
    page.wait_for_url(f"{served.url}/")


def test_the_first_person_makes_a_passkey_and_later_comes_in_without_a_name(
    served: Served, context: BrowserContext
) -> None:
    # A browser that does not offer passkeys in the field: only the button begins.
    context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    page, _command = with_authenticator(context)
    come_in_first(page, served)
    page.goto(f"{served.url}/settings/security")
    expect(page.get_by_role("heading", name="Passkeys")).to_be_visible()
    sign_out(page)
    page.goto(f"{served.url}/admin/people")
    assert page.url.startswith(f"{served.url}/signin?next=")
    page.get_by_role("button", name="Come in with my passkey").click()
    page.wait_for_url(f"{served.url}/admin/people")
    expect(page.get_by_role("rowheader", name="Ada")).to_be_visible()
    page.goto(served.link)
    expect(page.get_by_role("heading", name="This link no longer opens anything.")).to_be_visible()


def test_a_browser_offers_the_passkey_in_the_name_field(served: Served, context: BrowserContext) -> None:
    page, _command = with_authenticator(context)
    come_in_first(page, served)
    sign_out(page)
    page.goto(f"{served.url}/signin?next=/settings/security")
    page.wait_for_url(f"{served.url}/settings/security")


def test_a_device_without_the_passkey_does_not_sign_in_and_hears_what_else_works(
    served: Served, context: BrowserContext
) -> None:
    page, command = with_authenticator(context)
    come_in_first(page, served)
    command("clearCredentials")
    sign_out(page)
    page.goto(f"{served.url}/signin")
    page.get_by_role("button", name="Come in with my passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was given")
    page.goto(f"{served.url}/settings/security")
    assert "/signin" in page.url


def test_a_password_signs_in_where_there_is_no_script(served: Served, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(served.link)
    page.get_by_label("Nom de compte").fill("ada")
    page.get_by_text("Avec un mot de passe").click()
    page.get_by_label("Nouveau mot de passe").fill("une phrase assez longue")
    page.get_by_role("button", name="Entrer", exact=True).click()
    page.goto(f"{served.url}/settings/security")
    expect(page.get_by_role("heading", name="Clés d’accès")).to_be_visible()
    context.close()

    context = chromium.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{served.url}/settings/security")
    expect(page.get_by_role("button", name="Entrer avec ma clé d’accès")).to_be_hidden()
    page.get_by_text("Avec un mot de passe").click()
    page.get_by_label("Nom de compte").fill("ada")
    page.get_by_label("Mot de passe").fill("pas celui-là")
    page.get_by_role("button", name="Entrer", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("La porte ne s’est pas ouverte")
    page.get_by_label("Mot de passe").fill("une phrase assez longue")
    page.get_by_role("button", name="Entrer", exact=True).click()
    page.wait_for_url(f"{served.url}/settings/security")
    context.close()


def test_an_added_person_takes_their_link_and_adds_a_second_passkey(
    served: Served, chromium: Browser, context: BrowserContext
) -> None:
    page, _command = with_authenticator(context)
    come_in_first(page, served)
    page.goto(f"{served.url}/admin/people")
    page.get_by_label("Account name").fill("bob")
    page.get_by_role("button", name="Add", exact=True).click()
    link = page.get_by_label("One-time link").input_value()

    phone = chromium.new_context(locale="en-GB")
    page, _command = with_authenticator(phone)
    page.goto(link)
    page.get_by_role("button", name="Make a passkey and come in").click()
    page.wait_for_url(f"{served.url}/")
    page.goto(f"{served.url}/settings/security")
    stick = phone.new_cdp_session(page)
    stick.send("WebAuthn.enable")
    stick.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, "transport": "usb"}})
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkeys .list > li")).to_have_count(2)
    phone.close()


def test_the_command_line_adds_people_and_tokens_beside_the_server(served: Served) -> None:
    served.command("user", "add", "bob", "--display", "Bob", "--password-stdin", typed="a long sentence\n")
    token = served.command("user", "token", "bob", "--label", "laptop")
    assert re.fullmatch(r"syn_\w{43}", token)
    answer = httpx.get(f"{served.url}/settings/security", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert httpx.get(f"{served.url}/settings/security", auth=("bob", token)).status_code == 200
    assert "bob\tBob" in served.command("user", "list")
    link = served.command("user", "link", "bob")
    assert httpx.get(link).status_code == 200
    for path in served.server.home.rglob("*"):
        if path.is_file():
            kept = path.read_bytes()
            assert token.encode() not in kept, path.name
            assert link.rpartition("/")[2].encode() not in kept, path.name
            assert b"a long sentence" not in kept, path.name
