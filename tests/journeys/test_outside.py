"""A school lets its people in: its administrator sets up the certified oidc-provider of npm, and
people come by it in a real browser, without script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.interop.oidc.upstream import SECRET, client_of, new_key, upstream
from tests.journeys.serving import Server, serving

from synfonium.testing.ports import free_ports

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    environment = {"SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false"}
    with serving(tmp_path / "home", environment, options=["--single"]) as server:
        server.person("mona", administrator=True, display="Mona")
        server.person("carl", display="Carl")
        yield server


@pytest.fixture
def school(served: Server) -> Iterator[str]:
    """The issuer of the school's provider, which knows this installation."""
    port = free_ports(1)[0]
    with upstream(port, client_of(f"{served.local}/signin/with/school/callback"), [new_key("one")]) as issuer:
        yield issuer


def page_of(chromium: Browser, **options: object) -> Page:
    return chromium.new_context(java_script_enabled=False, locale="en-GB", **options).new_page()


def by_password(page: Page, served: Server, name: str) -> None:
    page.goto(f"{served.local}/signin")
    page.get_by_text("With a password").click()
    page.get_by_label("Account name").fill(name)
    page.get_by_label("Password", exact=True).fill(f"{name}-password-1")
    page.get_by_role("button", name="Come in", exact=True).click()


def set_up(page: Page, served: Server, issuer: str) -> None:
    """As docs/how-to/sign-in-with-your-school.md says."""
    page.goto(f"{served.local}/admin/sign-in")
    page.get_by_text("Issuer and client").click()
    form = page.locator("form[action='/admin/sign-in/provider']")
    form.get_by_label("What the button says").fill("With my school account")
    form.get_by_label("Identifier", exact=True).fill("school")
    form.get_by_label("Issuer").fill(issuer)
    form.get_by_label("Client identifier").fill("synfonium")
    form.get_by_label("Client secret").fill(SECRET)
    form.get_by_label("Who gets an account at the first sign-in").select_option("domains")
    form.get_by_label("Domains").fill("school.example")
    form.get_by_label("It lives in our own network").check()
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_text(f"{served.local}/signin/with/school/callback").first).to_be_visible()
    page.locator("summary[aria-label='What can be done with With my school account']").click()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("It answers as it should.")


def agree_there(page: Page, login: str) -> None:
    """On the provider's own pages."""
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("x")
    page.get_by_role("button", name="Sign-in").click()
    if page.get_by_role("button", name="Continue").count():
        page.get_by_role("button", name="Continue").click()


def test_a_school_sets_up_its_provider_and_its_people_come_in_by_it(
    served: Server, school: str, chromium: Browser
) -> None:
    administrator = page_of(chromium)
    by_password(administrator, served, "mona")
    set_up(administrator, served, school)

    page = page_of(chromium)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served.local}/settings/security")
    assert {re.sub(r"(//[^/]+/).*", r"\1", url) for url in asked} == {f"{served.local}/"}
    page.get_by_role("link", name="With my school account").click()
    agree_there(page, "ada")
    expect(page.get_by_label("Account name")).to_have_value("ada.l")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{served.local}/settings/security")
    expect(page.get_by_text("With my school account")).to_be_visible()

    back = page_of(chromium)
    back.goto(f"{served.local}/signin")
    back.get_by_role("link", name="With my school account").click()
    agree_there(back, "ada")
    back.wait_for_url(f"{served.local}/")


def test_a_person_links_their_school_account_uses_it_and_unlinks_it(
    served: Server, school: str, chromium: Browser
) -> None:
    settings = ["--issuer", school, "--client-id", "synfonium", "--local", "--secret-stdin"]
    label = ["--label", "With my school account"]
    added = served.run("outside", "provider", "school", *label, *settings, typed=f"{SECRET}\n").stdout
    assert f"redirect_uri={served.local}/signin/with/school/callback" in added
    assert served.run("outside", "check", "school").stdout.strip() == "it answers"

    stranger = page_of(chromium)
    stranger.goto(f"{served.local}/signin")
    stranger.get_by_role("link", name="With my school account").click()
    agree_there(stranger, "bob")
    expect(stranger.get_by_role("alert")).to_contain_text("This account opens nothing here yet.")

    page = page_of(chromium)
    by_password(page, served, "carl")
    page.goto(f"{served.local}/settings/security")
    page.get_by_role("button", name="Link With my school account").click()
    agree_there(page, "bob")
    page.wait_for_url(f"{served.local}/settings/security")

    another = page_of(chromium)
    another.goto(f"{served.local}/signin")
    another.get_by_role("link", name="With my school account").click()
    agree_there(another, "bob")
    another.wait_for_url(f"{served.local}/")
    another.goto(f"{served.local}/settings/security")
    expect(another.get_by_text("Carl").first).to_be_attached()

    page.locator("summary[aria-label='Unlink With my school account']").click()
    page.get_by_role("button", name="Unlink").click()
    another.goto(f"{served.local}/settings/security")
    assert "/signin?" in another.url, "the session that came from there has ended"


def test_signing_out_of_the_school_signs_out_here(served: Server, school: str, chromium: Browser) -> None:
    settings = ["--issuer", school, "--client-id", "synfonium", "--local", "--secret-stdin"]
    label = ["--label", "With my school account", "--newcomers", "anyone"]
    served.run("outside", "provider", "school", *label, *settings, typed=f"{SECRET}\n")
    page = page_of(chromium)
    page.goto(f"{served.local}/signin?next=/settings/security")
    page.get_by_role("link", name="With my school account").click()
    agree_there(page, "ada")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{served.local}/settings/security")
    page.goto(f"{school}/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_load_state()
    page.goto(f"{served.local}/settings/security")
    assert "/signin?" in page.url
