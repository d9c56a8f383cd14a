"""Every letter of every app, as it is read, in each language: to look at, and so that none changes unseen.

`UPDATE_GOLDEN=1 pytest tests/kernel/test_mail_golden.py` writes them anew.
"""

import json
import os
import re
from pathlib import Path

import pytest

from synfonium.kernel.i18n import LOCALES
from synfonium.kernel.mail.compose import Composer, _harmless
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.kernel.site import Site
from tests.architecture.house import app_folder, own_apps

FOLDER = Path(__file__).parent / "letters"
SITE = Site(public_url="https://cloud.example.org", content_url="https://content.example.org")
SAMPLE = re.compile(r"\{#-? sample: (\{.*?\}) -?#\}", re.DOTALL)


def letters() -> list[str]:
    return [
        f"{app.name}/mail/{path.stem}"
        for app in own_apps()
        for path in sorted((app_folder(app) / "templates" / "mail").glob("*.html"))
    ]


def sample_of(letter: str) -> dict[str, object]:
    app, _mail, name = letter.split("/")
    folder = next(app_folder(one) for one in own_apps() if one.name == app)
    found = SAMPLE.search((folder / "templates" / "mail" / f"{name}.html").read_text(encoding="utf-8"))
    assert found, f"{letter}: its first line shows values to look at: {{# sample: {{…}} #}}"
    return dict(json.loads(found[1]))


@pytest.fixture(autouse=True)
def one_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates in letters are the machine's; here they are Paris's everywhere."""
    import time

    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("letter", letters())
def test_a_letter_reads_as_it_was_looked_at(letter: str, locale: str) -> None:
    composer = Composer(
        own_apps(),
        site=SITE,
        name="Val-Joli",
        sender="cloud@example.org",
        secrets=InstallationSecretBox(bytes(32)),
    )
    values = _harmless(sample_of(letter), SITE.public_url)
    subject, text, html = composer.render(letter, locale, values)
    for ending, content in (("txt", f"Subject: {subject}\n\n{text}"), ("html", html)):
        path = FOLDER / f"{letter.replace('/mail/', '-')}.{locale}.{ending}"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        assert content == path.read_text(encoding="utf-8"), "look at it, then UPDATE_GOLDEN=1"
    assert subject


def test_no_letter_stands_here_that_no_app_writes() -> None:
    named = {path.name.split(".")[0] for path in FOLDER.iterdir()}
    assert named == {letter.replace("/mail/", "-") for letter in letters()}
