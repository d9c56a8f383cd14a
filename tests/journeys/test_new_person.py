"""A new person walks the whole way in French: sign-up, the letter, a passkey, losing everything,
coming back, a sensitive act, and leaving; once with script and once without."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.journeys.browsing import let_pass, link_from_letter, with_authenticator
from tests.journeys.serving import Server, serving

from synfonium.testing.ports import free_ports

PASSWORD = "une phrase assez longue"
ADDRESS = "lea@example.org"
TERMS = "Soyez aimables.\nNe déposez rien d’illégal."
FORM_S = 3.1  # a form that comes back sooner is taken for a program's

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


@pytest.fixture
def served(tmp_path: Path, chromium: Browser) -> Iterator[Server]:
    """An installation whose operator has just opened sign-up; letters lie in the home."""
    with serving(tmp_path / "home", options=["--single"]) as server:
        open_sign_up(device(chromium, server), server.first_link())
        yield server


def device(chromium: Browser, server: Server, *, script: bool = True) -> BrowserContext:
    return chromium.new_context(base_url=server.local, locale="fr-FR", java_script_enabled=script)


def open_sign_up(context: BrowserContext, first_link: str) -> None:
    page, _command = with_authenticator(context)
    page.goto(first_link)
    page.get_by_label("Nom de compte").fill("ada")
    page.get_by_role("button", name="Faire une clé d’accès et entrer").click()
    page.wait_for_url(re.compile(r":\d+/$"))
    page.goto("/admin/signup")
    page.get_by_label("Chacun peut s’inscrire").check()
    page.get_by_label("Âge minimal").fill("15")
    page.get_by_label("Conditions").fill(TERMS)
    page.get_by_role("button", name="Enregistrer").click()
    # Letters that lie as files reach nobody: said before sign-up is open, and what was typed stays.
    expect(page.get_by_label("Conditions")).to_have_value(TERMS)
    page.get_by_label("L’ouvrir quand même").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Enregistré.")).to_be_visible()
    context.close()


def sign_up(page: Page, server: Server) -> str:
    """Signs up as lea after a name that is refused; the link that came by letter."""
    page.goto("/signin")
    page.get_by_role("link", name="Pas de compte ici").click()
    page.get_by_label("Nom de compte").fill("admin")
    page.get_by_label("Comment l’on vous appelle").fill("Léa Martin")
    page.get_by_label("Adresse électronique").fill(ADDRESS)
    page.get_by_label("15 ans ou plus").check()
    page.get_by_text("Lire les conditions").click()
    expect(page.get_by_text("Soyez aimables.")).to_be_visible()
    page.get_by_label("J’ai lu les conditions et je les accepte").check()
    page.wait_for_timeout(FORM_S * 1000)
    page.get_by_role("button", name="M’envoyer le lien").click()
    expect(page.get_by_text("Ce nom est pris.")).to_be_visible()
    expect(page.get_by_label("Comment l’on vous appelle")).to_have_value("Léa Martin")
    expect(page.get_by_label("J’ai lu les conditions et je les accepte")).to_be_checked()
    page.get_by_label("Nom de compte").fill("Lea")  # a capital letter is nobody's mistake
    page.get_by_role("button", name="M’envoyer le lien").click()
    expect(page.get_by_role("heading", name="Regardez dans votre boîte.")).to_be_visible()
    return link_from_letter(server.home, ADDRESS, r"http\S*/signup/\S+")


def make_account(page: Page, link: str) -> None:
    """Ends where the person chooses how they will sign in."""
    page.goto(link)
    expect(page.get_by_text("Le compte lea sera créé")).to_be_visible()
    page.get_by_role("button", name="Créer mon compte").click()
    page.wait_for_url("**/welcome/*")


def codes_made(page: Page) -> list[str]:
    """New recovery codes; the file that can be saved holds the same."""
    page.goto("/settings/security")
    page.get_by_role("button", name="Faire des codes").click()
    return codes_shown(page)


def codes_shown(page: Page) -> list[str]:
    codes = page.locator("ol.codes code").all_inner_texts()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Enregistrer un fichier").click()
    assert saved.value.suggested_filename == "codes-de-secours.txt"
    assert Path(saved.value.path()).read_text("utf-8").split()[-10:] == codes
    page.get_by_role("link", name="Ils sont en lieu sûr").click()
    return codes


def choose_password(page: Page, password: str) -> None:
    page.get_by_text("Avec un mot de passe").click()
    page.get_by_label("Nouveau mot de passe").fill(password)
    page.get_by_role("button", name="Entrer", exact=True).click()


def sign_in(page: Page, password: str, code: str = "") -> None:
    page.goto("/signin")
    page.get_by_text("Avec un mot de passe").click()
    page.get_by_label("Nom de compte").fill("lea")
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Entrer", exact=True).click()
    if code:
        page.get_by_label("Code de votre application").fill(code)
        page.get_by_role("button", name="Entrer", exact=True).click()


def is_signed_in(page: Page) -> bool:
    page.goto("/settings")
    return "/signin" not in page.url


def test_a_new_person_signs_up_by_a_letter_loses_everything_and_comes_back_twice(
    served: Server, chromium: Browser
) -> None:
    first = device(chromium, served)
    page, command = with_authenticator(first)
    link = sign_up(page, served)
    make_account(page, link)
    page.get_by_role("button", name="Faire une clé d’accès et entrer").click()
    expect(page.get_by_role("heading", name="Bonjour, Léa Martin.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="Ce lien n’ouvre plus rien.")).to_be_visible()
    codes = codes_made(page)
    assert len(set(codes)) == 10

    # Another device, by letter: the old one is closed, and nobody is welcomed as a newcomer.
    command("clearCredentials")
    second = device(chromium, served)
    page, _command = with_authenticator(second)
    page.goto("/recover")
    page.get_by_label("Adresse électronique de votre compte").fill(ADDRESS)
    page.get_by_role("button", name="M’envoyer le lien").click()
    expect(page.get_by_text("une lettre est en route")).to_be_visible()
    page.goto(link_from_letter(served.home, ADDRESS, r"http\S*/welcome/\S+"))
    expect(page.get_by_role("heading", name="Vous revoilà.")).to_be_visible()
    assert page.get_by_label("Comment l’on vous appelle").count() == 0
    page.get_by_role("button", name="Faire une clé d’accès et entrer").click()
    expect(page.get_by_role("heading", name="Bonjour, Léa Martin.")).to_be_visible()
    assert not is_signed_in(first.pages[0])

    # And by a code on paper, where a wrong one keeps the name that was typed.
    third = device(chromium, served)
    page, _command = with_authenticator(third)
    page.goto("/recover")
    page.get_by_text("Par un code de secours", exact=True).click()
    form = page.locator("form[action='/recover/code']")
    for code in ("abcd-efgh-jkmn-pqrs", codes[0]):
        form.get_by_label("Code de secours").fill(code)
        if code != codes[0]:
            form.get_by_label("Nom de compte").fill("lea")
        form.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Vous revoilà.")).to_be_visible()
    choose_password(page, PASSWORD)
    expect(page.get_by_role("heading", name="Bonjour, Léa Martin.")).to_be_visible()
    assert not is_signed_in(second.pages[0])
    page.goto("/settings/security")
    expect(page.get_by_text("Il reste 9 codes.")).to_be_visible()


def test_a_sensitive_act_asks_the_new_person_once_more_and_says_that_nothing_was_done(
    tmp_path: Path, chromium: Browser
) -> None:
    home, port = tmp_path / "home", free_ports(4)[0]
    with serving(home, options=["--single"], port=port) as server:
        context = device(chromium, server)
        page, _command = with_authenticator(context)
        page.goto(server.first_link())
        page.get_by_label("Nom de compte").fill("ada")
        page.get_by_role("button", name="Faire une clé d’accès et entrer").click()
        page.wait_for_url(re.compile(r":\d+/$"))
    let_pass(home, 11 * 60)
    with serving(home, options=["--single"], port=port):
        page.goto("/settings/security")
        expect(page.get_by_text("montrez d’abord que c’est vous")).to_be_visible()
        page.get_by_role("button", name="Faire des codes").click()
        expect(page.get_by_role("heading", name="Est-ce bien vous ?")).to_be_visible()
        expect(page.get_by_text("n’est pas encore fait")).to_be_visible()
        page.get_by_role("button", name="Montrer ma clé d’accès").click()
        page.wait_for_url("**/settings/security")
        expect(page.get_by_text("Vous n’en avez pas.")).to_be_visible()
        page.get_by_role("button", name="Faire des codes").click()
        expect(page.locator("ol.codes li")).to_have_count(10)


def test_without_script_a_new_person_guards_their_password_and_changes_their_mind_about_leaving(
    served: Server, chromium: Browser
) -> None:
    page = device(chromium, served, script=False).new_page()
    make_account(page, sign_up(page, served))
    choose_password(page, "court")
    expect(page.get_by_text("Un mot de passe a au moins 10 caractères")).to_be_visible()
    page.get_by_label("Nouveau mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Entrer", exact=True).click()
    expect(page.get_by_role("heading", name="Bonjour, Léa Martin.")).to_be_visible()
    codes = second_step_on(page)

    other = device(chromium, served, script=False).new_page()
    sign_in(other, PASSWORD, codes[0])
    other.goto("/settings/security")
    expect(other.locator("#sessions .list > li")).to_have_count(2)
    other.get_by_role("button", name="Fermer les autres").click()
    assert not is_signed_in(page)

    take_archive(other, served)
    leave(other)
    stay(other, codes[1])
    sign_in(other, PASSWORD, codes[2])
    assert is_signed_in(other)


def second_step_on(page: Page) -> list[str]:
    """Codes of an app, a wrong one first; the recovery codes that come with it."""
    page.goto("/settings/security")
    page.get_by_role("link", name="Activer la deuxième étape").click()
    secret = page.locator("code.typed").inner_text().replace(" ", "")
    page.get_by_label("Tapez le code que montre l’application").fill("000000")
    page.get_by_role("button", name="L’activer").click()
    expect(page.get_by_text("Ce code ne convient pas.")).to_be_visible()
    assert page.locator("code.typed").inner_text().replace(" ", "") == secret
    page.get_by_label("Tapez le code que montre l’application").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="L’activer").click()
    expect(page.get_by_text("La deuxième étape est active.")).to_be_visible()
    return codes_shown(page)


def take_archive(page: Page, server: Server) -> None:
    page.goto("/settings/data")
    page.get_by_role("button", name="Faire une archive").click()
    link_from_letter(server.home, ADDRESS, r"http\S*/settings/data")
    page.goto("/settings/data")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Télécharger").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.namelist()


def leave(page: Page) -> None:
    page.get_by_role("link", name="Supprimer mon compte…").click()
    page.get_by_role("button", name="Fermer mon compte et le supprimer").click()
    expect(page.get_by_role("heading", name="Compte fermé")).to_be_visible()
    assert not is_signed_in(page)


def stay(page: Page, code: str) -> None:
    sign_in(page, PASSWORD)
    expect(page.get_by_role("button", name="Garder mon compte")).to_have_count(0)
    page.get_by_label("Code de votre application").fill(code)
    page.get_by_role("button", name="Entrer", exact=True).click()
    page.get_by_role("button", name="Garder mon compte").click()
    expect(page.get_by_role("heading", name="Votre compte reste")).to_be_visible()
