"""A school from an empty installation, by the pages that docs/how-to/run-a-school.md names: the head,
classes, teachers, a list of pupils, storage, a directory, and what happens afterwards."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.journeys.browsing import link_from_letter, with_authenticator
from tests.journeys.serving import Server, serving

ROOT = Path(__file__).resolve().parents[2]
COME_IN = "Make a passkey and come in"

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "home", options=["--single"]) as server:
        yield server


def comes_in(chromium: Browser, server: Server, link: str, name: str = "") -> Page:
    """Somebody on a device of their own, who makes a passkey by a one-time link."""
    page, _command = with_authenticator(chromium.new_context(base_url=server.local, locale="en-GB"))
    page.goto(link)
    if name:
        page.get_by_label("Account name").fill(name)
    page.get_by_role("button", name=COME_IN).click()
    page.wait_for_url(re.compile(r":\d+/$"))
    return page


def make_the_school(operator: Page, chromium: Browser, server: Server) -> Page:
    """Step 1: the head's page of the school."""
    operator.goto("/admin/people")
    operator.get_by_label("Account name").fill("head")
    operator.get_by_label("What the person is called").fill("Anne Renard")
    operator.get_by_role("button", name="Add", exact=True).click()
    head = comes_in(chromium, server, operator.get_by_label("One-time link").input_value())
    operator.goto("/admin/organisations")
    operator.get_by_label("Name", exact=True).fill("Collège Victor-Hugo")
    operator.get_by_label("Address").fill("hugo")
    operator.get_by_label("For all together").fill("500 GB")
    operator.get_by_label("For each member").fill("5 GB")
    for owner in ("haed", "head"):
        operator.get_by_label("Account name of the owner").fill(owner)
        operator.get_by_role("button", name="Make it").click()
    operator.wait_for_url("**/organisation/hugo")
    head.goto("/settings/family")
    head.get_by_role("link", name="Collège Victor-Hugo").click()
    head.wait_for_url("**/organisation/hugo")
    return head


def make_classes(head: Page) -> None:
    """Step 2; a name that looks like one that is there is refused where it was typed."""
    head.get_by_role("link", name="Groups").click()
    for name in ("6e A", "6e B", "6E A"):
        head.get_by_label("New group").fill(name)
        head.get_by_role("button", name="Add the group").click()
    expect(head.get_by_role("alert")).to_contain_text("A name that looks the same is taken.")
    expect(head.get_by_label("New group")).to_have_value("6E A")
    expect(head.locator("main .list > li")).to_have_count(2)


def add_teachers(head: Page, chromium: Browser, server: Server) -> Page:
    """Step 3: one by a new account, one by an invitation in a letter."""
    head.get_by_role("link", name="Members").click()
    head.get_by_text("A new account").click()
    form = head.locator("form[action='/organisation/hugo/members']")
    form.get_by_label("Account name").fill("paul.dupont")
    form.get_by_label("What the person is called").fill("Paul Dupont")
    form.get_by_label("Role").select_option("administrator")
    form.get_by_role("button", name="Add", exact=True).click()
    teacher = comes_in(chromium, server, head.get_by_label("Link", exact=True).input_value())
    head.get_by_role("link", name="Invitations").click()
    head.get_by_label("Role").select_option("administrator")
    head.get_by_label("Send it by e-mail to").fill("mona@example.org")
    head.get_by_role("button", name="Make the invitation").click()
    expect(head.get_by_text("It is on its way to mona@example.org.")).to_be_visible()
    letter = link_from_letter(server.home, "mona@example.org", r"http\S*/invitation/\S+")
    assert letter == head.get_by_label("Link", exact=True).input_value()
    return teacher


def add_pupils(teacher: Page) -> dict[str, str]:
    """Step 4, by the delegated teacher: a wrong line is named and nothing typed is lost."""
    teacher.goto("/organisation/hugo")
    teacher.get_by_role("link", name="Add a list").click()
    lines = example_of("## 4. Add the pupils")
    for typed in (lines.replace("Tom Petit; 6e A", "Tom Petit; 6e C"), lines):
        teacher.get_by_label("People").fill(typed)
        teacher.get_by_role("button", name="Add them").click()
        if typed != lines:
            expect(teacher.get_by_role("alert")).to_contain_text("Line 2")
            expect(teacher.get_by_label("People")).to_have_value(typed)
    rows = teacher.locator("table tbody tr")
    expect(rows).to_have_count(2)
    return {
        row.locator("td").nth(0).inner_text(): row.locator("td").nth(1).inner_text() for row in rows.all()
    }


def example_of(heading: str) -> str:
    """The first example under a heading of the page that people follow."""
    text = (ROOT / "docs" / "how-to" / "run-a-school.md").read_text("utf-8")
    return text.partition(heading)[2].split("```\n")[1].strip()


def test_a_school_stands_by_the_pages_that_the_documentation_names(served: Server, chromium: Browser) -> None:
    operator = comes_in(chromium, served, served.first_link(), "ada")
    head = make_the_school(operator, chromium, served)
    make_classes(head)
    teacher = add_teachers(head, chromium, served)
    links = add_pupils(teacher)
    assert set(links) == {"lea.martin", "tom.petit"}
    tom = comes_in(chromium, served, links["tom.petit"])

    # Storage of one member, and a size that is none.
    teacher.goto("/organisation/hugo")
    teacher.get_by_role("link", name="Tom Petit").click()
    for size in ("much", "10 GB"):
        teacher.get_by_label("Storage of their own").fill(size)
        teacher.get_by_role("button", name="Save").click()
        if size == "much":
            expect(teacher.get_by_role("alert")).to_contain_text("A size is a number with a unit")
            expect(teacher.get_by_label("Storage of their own")).to_have_value("much")
    tom.goto("/settings/family")
    expect(tom.get_by_text("You may store 10 GB.")).to_be_visible()

    directory_speaks(head, served)
    something_happens(operator, teacher, tom)


def directory_speaks(head: Page, server: Server) -> None:
    """Step 6: the address and the token are all that a directory needs."""
    head.get_by_role("link", name="Storage and directory").click()
    address = head.get_by_label("Address for the directory").input_value()
    head.get_by_text("New token").click()
    head.get_by_label("Which directory is it for?").fill("the academy's directory")
    head.get_by_role("button", name="Make the token").click()
    token = head.get_by_label("Link", exact=True).input_value()
    person = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "zoe@example.org"}
    made = httpx.post(f"{address}/Users", json=person, headers={"authorization": f"Bearer {token}"})
    assert made.status_code == 201, made.text
    head.get_by_role("link", name="Members").click()
    expect(head.get_by_role("link", name="zoe")).to_be_visible()


def something_happens(operator: Page, teacher: Page, tom: Page) -> None:
    """A pupil who has come in before gets a link for a reason, which he reads; then the school leaves."""
    teacher.goto("/organisation/hugo")
    teacher.get_by_role("link", name="Tom Petit").click()
    teacher.get_by_role("button", name="Make a sign-in link").click()
    teacher.get_by_label("Why").fill("Tom has lost his telephone")
    teacher.get_by_role("button", name="Ask").click()
    teacher.get_by_role("button", name="Make a sign-in link").click()
    expect(teacher.get_by_label("Link", exact=True)).to_be_visible()
    tom.goto("/settings/privacy")
    expect(tom.get_by_text("Paul Dupont made a sign-in link to hand to you").first).to_be_visible()
    expect(tom.get_by_text("Tom has lost his telephone").first).to_be_visible()
    operator.goto("/admin/organisations")
    operator.get_by_label("Suspend Collège Victor-Hugo").click()
    operator.locator("details.confirm").get_by_role("button", name="Suspend").click()
    expect(operator.get_by_text("closed for now")).to_be_visible()
    tom.goto("/settings")
    assert "/signin" in tom.url
