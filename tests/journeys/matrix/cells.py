"""The matrix as the manifests say it: for every ordered pair of apps, by which verbs one's things come
to the other. Nothing here knows an app by its name."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import msgspec

from synfonium.apps.fabric.contract import FILE, FOLDER, DeclaredAction, Manifest, fits
from synfonium.apps.fabric.contract.manifest import MANIFEST_FILE
from synfonium.apps.fabric.model.acts import asks_object
from synfonium.apps.fabric.model.facts import wants

Pair = tuple[str, str]
VERBS = ("pick", "save", "share", "open", "subscribe", "query", "act", "rule")
FRONT_PAGE = "/"
"""Where the installation has its one search box; it belongs to the installed app that begins there."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """writes: the media type of what software writes into folders, which knows us not and says nothing of
    it; "" for what has things of its own."""

    manifest: Manifest
    is_installed: bool = False
    writes: str = ""

    @property
    def name(self) -> str:
        return self.manifest.id

    @property
    def faces(self) -> frozenset[str]:
        """Interfaces of what it has."""
        door = self.manifest.synfonium.objects
        return (
            frozenset(face for kind in door.kinds.values() for face in kind.interfaces)
            if door
            else frozenset()
        )

    @property
    def holds(self) -> frozenset[str]:
        door = self.manifest.synfonium.objects
        return frozenset(door.holds) if door else frozenset()

    def asks(self, action: str) -> frozenset[str]:
        """Interfaces with which it may ask to do `action`."""
        asked = self.manifest.synfonium.asks
        return frozenset(face for face, actions in asked.items() if action in actions)

    @property
    def has_credential(self) -> bool:
        """Whether it comes with tokens of its own, as OAuth clients do."""
        return bool(self.manifest.synfonium.redirect_uris)


def read(content: bytes, *, is_installed: bool = False, writes: str = "") -> App:
    manifest = msgspec.json.decode(content, type=Manifest)
    return App(manifest=manifest, is_installed=is_installed, writes=writes)


def installed() -> Iterator[App]:
    for point in entry_points(group="synfonium.apps"):
        spec = find_spec(point.value.partition(":")[0])
        for folder in (spec and spec.submodule_search_locations) or ():
            if (file := Path(folder) / MANIFEST_FILE).is_file():
                yield read(file.read_bytes(), is_installed=True)


def matrix(apps: Sequence[App]) -> Mapping[Pair, tuple[str, ...]]:
    """From whom to whom, by which verbs."""
    return {(one.name, to.name): between(one, to, apps) for one in apps for to in apps if one is not to}


def between(one: App, to: App, apps: Sequence[App]) -> tuple[str, ...]:
    """What software writes into folders is a thing of the app that has them: it goes on from there."""
    there = keeper(one, apps)
    ways = ways_of(one, to) | (ways_of(there, to, one.writes) if there and there is not to else set())
    return tuple(verb for verb in VERBS if verb in ways)


def keeper(one: App, apps: Sequence[App]) -> App | None:
    """The app in whose folders `one` has its things, if it has none of its own."""
    return next((to for to in apps if one.writes and FOLDER in saved(one, to)), None)


def ways_of(one: App, to: App, media_type: str = "") -> set[str]:
    """media_type: of the things that it is about; "" for any."""
    ways = {
        "pick": bool(one.faces & to.asks("read")),
        "save": bool(saved(one, to)),
        "share": bool(one.faces) and to.manifest.share_target is not None,
        "open": bool(one.faces & opened(to, media_type)),
        "subscribe": bool(told(one, to)),
        "query": one.manifest.synfonium.indexes and finds(one, to),
        "act": bool(acted(one, to)),
        "rule": bool(one.is_installed and one.manifest.synfonium.emits and ruled(to)),
    }
    assert tuple(ways) == VERBS
    return {verb for verb, is_there in ways.items() if is_there}


def opened(to: App, media_type: str) -> frozenset[str]:
    """Interfaces of what `to` opens, files if they are of that type."""
    handlers = to.manifest.file_handlers
    is_file = any(not media_type or fits(media_type, tuple(handler.accept)) for handler in handlers)
    others = {one.interface for one in to.manifest.synfonium.opens}
    return frozenset({*others, *([FILE] if is_file else [])})


def saved(one: App, to: App) -> frozenset[str]:
    """What `one` makes anew in `to`: a file by a credential, or whatever in a folder that it has."""
    made = {FILE} & one.asks("write") & to.holds if one.has_credential else set[str]()
    return frozenset(made) | ({FOLDER} & one.asks("write") & to.faces if to.holds else frozenset())


def told(one: App, to: App) -> Sequence[str]:
    """Types of facts of `one` that `to` hears."""
    listens = to.manifest.synfonium.listens
    emits = one.manifest.synfonium.emits
    return [fact.type for fact in emits if listens and wants(listens.types, fact.type)]


def finds(one: App, to: App) -> bool:
    """An app finds what it was granted; the one at the front page, for the person, all of theirs."""
    is_front = to.is_installed and to.manifest.start_url == FRONT_PAGE
    return is_front or (to.has_credential and bool(one.faces & to.asks("read")))


def acted(one: App, to: App) -> Sequence[DeclaredAction]:
    """Actions of `one` that `to` may do with what it may ask for, and with nothing besides."""
    if not to.has_credential:
        return ()
    return [
        action
        for action in one.manifest.synfonium.actions
        if {*action.on} & one.faces & to.asks(action.needs) and not asks_object(action.input)
    ]


def ruled(to: App) -> Sequence[DeclaredAction]:
    """Actions of `to` that a rule may do: those that change something."""
    return [action for action in to.manifest.synfonium.actions if action.effect != "look"]


def table(apps: Sequence[App], filled: Mapping[Pair, Sequence[str]]) -> str:
    """From the app of the row to the app of the column."""
    names = [app.name for app in apps]
    rows = [["from \\ to", *names]]
    rows += [[one, *(" ".join(filled.get((one, to), ())) or "-" for to in names)] for one in names]
    widths = [max(len(row[column]) for row in rows) for column in range(len(names) + 1)]
    return "\n".join(
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
