"""French is complete at all times; English is the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from synfonium.apps.fabric.model.acts import schema_texts
from synfonium.apps.fabric.model.texts import texts_of
from synfonium.apps.fabric.service.registry import manifest_of
from synfonium.apps.yourdata.service.processing import record
from synfonium.kernel.i18n import LOCALES, Catalogue

from .house import SOURCE, app_folder, own_apps

METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**.html", "jinja2"),
    ("web/**.ts", "javascript"),
]
OPTIONS = {"**.html": {"trimmed": "true"}, "**/templates/**.html": {"trimmed": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
ROOMS = {"kernel": SOURCE / "kernel", **{app.name: app_folder(app) for app in own_apps()}}
PROBLEM_TEXTS = ("title", "remedy")
NBSP = ("\u00a0", "\u202f")


def _sources(folder: Path) -> Iterator[str]:
    """Every text that the room marks for translation, without its tests."""
    found = extract_from_dir(
        folder, METHODS, OPTIONS, keywords=KEYWORDS, directory_filter=lambda name: Path(name).name != "tests"
    )
    for _file, _line, message, _comments, _context in found:
        yield from message if isinstance(message, tuple) else (message,)


def _declared(room: str) -> Iterator[str]:
    """Texts that stand in declarations: problems' titles and remedies, apps' titles and scopes, and what
    tables say of the personal data in them, which people read under "What is kept"; texts of manifests."""
    folder = ROOMS[room]
    files = [*folder.rglob("*.py")] + ([*(SOURCE / "common").rglob("*.py")] if room == "kernel" else [])
    for path in files:
        if "tests" not in path.relative_to(folder if path.is_relative_to(folder) else SOURCE).parts:
            yield from _problem_texts(path)
    for app in own_apps():
        if app.name == room:
            yield from (app.title, app.summary)
            yield from app.scopes.values()
            yield from app.pass_acts.values()
            if manifest := manifest_of(app):
                yield from (str(text) for text in texts_of(manifest))
                for action in manifest.synfonium.actions:
                    yield from schema_texts(action.input)
    for activity in record():
        if activity.app == room:
            for kept in activity.kept:
                yield from (kept.what, kept.purpose, kept.until, kept.outlives)


def _problem_texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ClassDef) or not any(_assigns(line, "title") for line in node.body):
            continue
        for line in node.body:
            if any(_assigns(line, name) for name in PROBLEM_TEXTS) and isinstance(line.value, ast.Constant):
                yield str(line.value.value)


def _assigns(line: ast.stmt, name: str) -> bool:
    targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _translated(folder: Path, locale: str) -> dict[str, Message]:
    path = folder / "locale" / f"{locale}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=locale)
    messages: dict[str, Message] = {}
    for message in catalogue:
        for source in (message.id,) if isinstance(message.id, str) else message.id:
            messages[source] = message
    return messages


def _is_complete(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    texts = (message.string,) if isinstance(message.string, str) else message.string
    return all(texts)


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_of_a_room_is_in_french(room: str) -> None:
    messages = {**_translated(ROOMS["kernel"], "fr"), **_translated(ROOMS[room], "fr")}
    sources = {*_sources(ROOMS[room]), *_declared(room)}
    missing = {source for source in sources if source and not _is_complete(messages.get(source))}
    assert not missing


@pytest.mark.parametrize("room", ROOMS)
def test_every_catalogue_of_a_room_can_be_read(room: str) -> None:
    for path in (ROOMS[room] / "locale").glob("*.po"):
        assert path.stem in LOCALES
        Catalogue(path.stem, [path.parent])


@pytest.mark.parametrize("room", ROOMS)
def test_a_translation_keeps_the_placeholders_of_its_source(room: str) -> None:
    for source, message in _translated(ROOMS[room], "fr").items():
        if source and isinstance(message.id, str):
            assert _placeholders(source) == _placeholders(str(message.string)), source


def _placeholders(text: str) -> set[str]:

    return set(re.findall(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}", text))


@pytest.mark.parametrize("room", ROOMS)
def test_french_has_its_own_spaces_before_double_signs(room: str) -> None:
    wrong = []
    for source, message in _translated(ROOMS[room], "fr").items():
        texts = (message.string,) if isinstance(message.string, str) else message.string
        for text in texts if source else ():
            wrong += [text for sign in "!?;»" if f" {sign}" in text]
            wrong += [
                text for at, letter in enumerate(text) if letter in "!?;»" and at and _is_glued(text, at)
            ]
            wrong += [
                text for at, letter in enumerate(text) if letter == "«" and text[at + 1 : at + 2] not in NBSP
            ]
            wrong += [text] if " :" in text else []
    assert not wrong, "a no-break space (U+00A0 or U+202F) stands before ! ? ; : and inside « »"


def _is_glued(text: str, at: int) -> bool:
    before = text[at - 1]
    if text[at] == ";" and text[max(0, at - 8) : at].rpartition("&")[1]:
        return False  # the end of an HTML entity
    return before not in NBSP and before not in "!?/=&.(" and not text[at + 1 : at + 2].isalnum()
