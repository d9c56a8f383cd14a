"""The ledger in plain words: who, on what, and since which click."""

from collections.abc import Sequence
from itertools import groupby
from unicodedata import combining, normalize
from urllib.parse import urlencode, urlsplit

import msgspec

from synfonium.apps.fabric.contract import Grant, RegisteredApp, in_language
from synfonium.apps.fabric.http.score import LIVE_S
from synfonium.apps.fabric.http.words import icon_of
from synfonium.apps.fabric.service.ledger import Entry

PAGE = "/fabric/grants"
LONGEST_NAME = 60


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One right. app: what its app is called. who, host: whom it was given to. title, icon, page: on
    what; page "" for no link. source: the app that has it. note: the glyph of the right.
    passed_on: by which app."""

    grant: Grant
    entry: Entry
    app: str
    who: str
    host: str
    title: str
    icon: str
    page: str
    note: str
    passed_on: str
    source: str
    is_live: bool


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """All rights of one app, or of one thing of an app."""

    app: str
    subject: str
    who: str
    host: str
    rows: tuple[Row, ...]


class Wording:
    """Words for one reader. names: of apps, to name where a right comes from."""

    def __init__(self, locale: str, apps: Sequence[RegisteredApp], now_s: float) -> None:
        self._locale, self._now_s = locale, now_s
        self._names: dict[str, str] = {app.name: self.called(app) for app in apps}

    def called(self, app: RegisteredApp) -> str:
        return in_language(app.manifest.name, self._locale)[:LONGEST_NAME]

    def name_of(self, app: str) -> str:
        """What an app is called, by its short name."""
        return self._names.get(app, app)

    def row(self, entry: Entry) -> Row:
        grant, app = entry.grant, entry.app
        name = self.called(app) if app else grant.app
        label = "" if grant.origin == "delegated" else grant.label
        own = (entry.holder.title if entry.holder else label)[:LONGEST_NAME]
        host = urlsplit(app.origin).netloc if app else ""
        return Row(
            grant=grant,
            entry=entry,
            app=name,
            who=own or name,
            host=host or (name if own else ""),
            title=self.title(entry),
            icon=_icon(entry),
            page=_page(entry),
            note=note_of(grant),
            passed_on=self._names.get(grant.label, grant.label) if grant.parent else "",
            source=self.called(entry.source) if entry.source else "",
            is_live=bool(grant.used_s) and self._now_s - grant.used_s < LIVE_S,
        )

    def title(self, entry: Entry) -> str:
        """What the thing is called now; a collection as its app's manifest calls it."""
        door = entry.source.manifest.synfonium.objects if entry.source else None
        kind = door.kinds.get(entry.grant.object.partition(":")[2]) if door else None
        return in_language(kind.title, self._locale) if kind else entry.title

    def groups(self, entries: Sequence[Entry]) -> list[Group]:
        """By name; within one, by title."""
        rows = sorted(map(self.row, entries), key=_order)
        return [
            Group(app=app, subject=subject, who=who, host=found[0].host, rows=tuple(found))
            for (_lower, who, app, subject), part in groupby(rows, key=lambda row: _order(row)[:4])
            if (found := list(part))
        ]


def _order(row: Row) -> tuple[str, str, str, str, str, str]:
    grant = row.grant
    return _plain(row.who), row.who, grant.app, grant.subject, _plain(row.title), grant.id


def _plain(text: str) -> str:
    """Without accents and capitals, for an order that people expect."""
    return "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign))


def note_of(grant: Grant) -> str:
    """The glyph of the kit that stands for a right."""
    if "write" in grant.actions:
        return "edit"
    return "manage" if "use" in grant.actions else "see"


def _icon(entry: Entry) -> str:
    if entry.shown:
        return icon_of(entry.shown)
    return "ban" if entry.is_gone else "file"


def _page(entry: Entry) -> str:
    """Where the thing is looked at: a page of ours, or of the app that has it and nobody else."""
    page = entry.shown.page if entry.shown else ""
    origin = entry.source.origin if entry.source else ""
    if origin:
        return page if page.startswith(f"{origin}/") else ""
    return page if page.startswith("/") and not page.startswith(("//", "/\\")) else ""


def here(app: str, query: str) -> str:
    """The page with what was asked for, to which one comes back; ends where more can follow."""
    asked = {name: value for name, value in (("app", app), ("q", query)) if value}
    return f"{PAGE}?{urlencode(asked)}&" if asked else f"{PAGE}?"
