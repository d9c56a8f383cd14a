"""The record of processing activities (GDPR, article 30), from what the tables declare."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import msgspec

from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.commands import keeps_something
from synfonium.kernel.i18n import Catalogue, _
from synfonium.kernel.personal_tables import declared, tables_of

__all__ = ["Activity", "Kept", "markdown", "record"]


_TITLE = _("Record of processing activities (GDPR, article 30)")
_HEAD = _("Controller: {controller}. Contact: {contact}.")
_IN_GENERAL = _(
    "Whose data: the people who have an account here. Recipients: nobody by itself; apps and sites "
    "that a person lets in, each by a right that they see and take back. No transfer to other "
    "countries by the software. Security: content is sealed with a key for each person, secrets are "
    "kept as hashes, all access is decided in one place and recorded."
)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is kept of people: what it is, what for, until when; English sources.

    place: table and column, or index. outlives: why it stays when the person goes, or "".
    """

    place: str
    what: str
    purpose: str
    until: str
    outlives: str = ""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """What one app keeps of people. title: English source."""

    app: str
    title: str
    kept: tuple[Kept, ...]


def record() -> tuple[Activity, ...]:
    """What every installed app keeps of people, apps that keep nothing left out."""
    found = [
        Activity(app=app.name, title=app.title, kept=(*_of_tables(app), *_of_indexes(app)))
        for app in installed_apps()
        if keeps_something(app)
    ]
    return tuple(activity for activity in found if activity.kept)


def _of_tables(app: App) -> Iterator[Kept]:
    for table in tables_of(app).values():
        said = declared(table)
        for column, text in said.personal.items():
            yield _kept(f"{table.name}.{column}", text, said.kept)


def _of_indexes(app: App) -> Iterator[Kept]:
    if app.migrations:
        store = import_module(f"{app.package}.store")
        for name, text in getattr(store, "PERSONAL_INDEXES", {}).items():
            yield _kept(f"{app.name}-{name}", text, "")


def _kept(place: str, text: str, outlives: str) -> Kept:
    what, purpose, *until = (part.strip() for part in text.split(";"))
    return Kept(place=place, what=what, purpose=purpose, until="; ".join(until), outlives=outlives)


def markdown(controller: str, contact: str, language: str) -> str:
    """The record as a text to hand to an authority."""
    say = Catalogue(language, [Path(str(files(app.package))) / "locale" for app in installed_apps()]).gettext
    head = say(_HEAD).format(
        controller=controller or say(_("(not set: [yourdata] controller)")),
        contact=contact or say(_("(not set)")),
    )
    lines = [f"# {say(_TITLE)}", "", head, "", say(_IN_GENERAL)]
    columns = (_("what"), _("what for"), _("until when"), _("stays when the account goes"), _("where"))
    for activity in record():
        lines += [
            "",
            f"## {say(activity.title)}",
            "",
            _row(map(say, columns)),
            _row("---" for _column in columns),
        ]
        for kept in activity.kept:
            texts = (kept.what, kept.purpose, kept.until, kept.outlives)
            lines.append(_row([*map(say, texts), f"`{kept.place}`"]))
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
