"""The developer of a site and of a device, by the pages that docs/how-to/sign-in-with.md names; and the
person who connects that device."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.browsing import with_authenticator
from tests.journeys.serving import Server, serving

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

pytestmark = [pytest.mark.full, pytest.mark.timeout(200)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "home", options=["--single"]) as server:
        yield server


@pytest.fixture
def page(served: Server, chromium: Browser) -> Page:
    """Ada, who is signed in and reads French."""
    context = chromium.new_context(base_url=served.local, locale="fr-FR")
    page, _command = with_authenticator(context)
    page.goto(served.first_link())
    page.get_by_label("Nom de compte").fill("ada")
    page.get_by_role("button", name="Faire une clé d’accès et entrer").click()
    page.wait_for_url(re.compile(r":\d+/$"))
    return page


def value(page: Page, word: str) -> str:
    """A value of the app's page, by the word that the documentation uses."""
    return page.locator(f"dl.kv dt:text-is('{word}') + dd").inner_text()


def test_a_developer_registers_a_site_and_takes_the_secret_and_the_button_along(
    served: Server, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/settings/apps")
    page.get_by_label("Ce que les gens liront").fill("Mon journal")
    for address in ("http://exemple.fr/callback", "http://localhost:3000/callback"):
        page.get_by_label("Adresses de retour").fill(address)
        page.get_by_role("button", name="Inscrire").click()
        if address.startswith("http://exemple"):
            expect(page.get_by_role("alert")).to_contain_text(
                "Les adresses de retour commencent par https://"
            )
            expect(page.get_by_label("Ce que les gens liront")).to_have_value("Mon journal")
    secret = page.get_by_label("client_secret").input_value()
    page.get_by_role("button", name="Copier").click()
    expect(page.get_by_role("button", name="Copié")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert value(page, "issuer") == served.local
    with page.expect_download() as saved:
        page.get_by_role("link", name="Enregistrer la feuille de style").click()
    assert saved.value.suggested_filename == "synfonium-button.css"
    assert ".synfonium-button" in Path(saved.value.path()).read_text("utf-8")
    page.get_by_role("link", name="Vos applications").last.click()
    page.get_by_role("link", name="Mon journal").click()
    expect(page.get_by_role("heading", name="Mon journal")).to_be_visible()
    assert page.get_by_label("client_secret").count() == 0
    assert secret not in page.content()


def test_a_person_connects_a_device_by_the_code_that_it_shows_and_takes_it_back(
    served: Server, page: Page
) -> None:
    page.goto("/settings/apps")
    page.get_by_label("Ce que les gens liront").fill("La télé du salon")
    page.get_by_label("Un appareil sans clavier").check()
    page.get_by_role("button", name="Inscrire").click()
    client = value(page, "client_id")
    asked = {"client_id": client, "scope": "openid profile"}
    shown = httpx.post(f"{served.local}/oauth/device", data=asked).json()

    page.goto("/device")
    for code in ("AAAA-BBBB", shown["user_code"].lower()):
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Continuer").click()
        if code == "AAAA-BBBB":
            expect(page.get_by_text("Aucun appareil n’attend avec ce code.")).to_be_visible()
            expect(page.get_by_label("Code")).to_have_value(code)
    expect(page.get_by_role("heading", name="Se connecter à La télé du salon")).to_be_visible()
    expect(page.get_by_text(shown["user_code"])).to_be_visible()
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_role("heading", name="L’appareil est relié.")).to_be_visible()
    grant = {"client_id": client, "grant_type": DEVICE_GRANT, "device_code": shown["device_code"]}
    answer = httpx.post(f"{served.local}/oauth/token", data=grant)
    assert answer.status_code == 200, answer.text
    who = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert httpx.get(f"{served.local}/oauth/userinfo", headers=who).json()["preferred_username"] == "ada"

    page.get_by_role("link", name="Vos sites et appareils").click()
    page.get_by_role("button", name="Retirer le site La télé du salon").click()
    expect(page.locator("#sites").get_by_text("Aucun pour l’instant.")).to_be_visible()
    assert httpx.get(f"{served.local}/oauth/userinfo", headers=who).status_code == 401
