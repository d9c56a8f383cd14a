"""The matrix as the manifests say it: for every ordered pair of apps, by which verbs one's things come
to the other. Nothing here knows an app by its name."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import msgspec

from synfonium.apps.fabric.contract import FILE, FOLDER, DeclaredAction, Manifest
from synfonium.apps.fabric.contract.manifest import MANIFEST_FILE
from synfonium.apps.fabric.model.acts import asks_object
from synfonium.apps.fabric.model.facts import wants

Pair = tuple[str, str]
FRONT_PAGE = "/"
"""Where the installation has its one search box; it belongs to the installed app that begins there."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    manifest: Manifest
    is_installed: bool = True

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
    def opens(self) -> frozenset[str]:
        files = {FILE} if self.manifest.file_handlers else set[str]()
        return frozenset({*files, *(one.interface for one in self.manifest.synfonium.opens)})

    @property
    def has_credential(self) -> bool:
        """Whether it comes with tokens of its own, as OAuth clients do."""
        return bool(self.manifest.synfonium.redirect_uris)


def read(file: Path, *, is_installed: bool = False) -> App:
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    return App(manifest=manifest, is_installed=is_installed)


def installed() -> Iterator[App]:
    for point in entry_points(group="synfonium.apps"):
        spec = find_spec(point.value.partition(":")[0])
        for folder in (spec and spec.submodule_search_locations) or ():
            if (file := Path(folder) / MANIFEST_FILE).is_file():
                yield read(file, is_installed=True)


def matrix(apps: Sequence[App]) -> Mapping[Pair, tuple[str, ...]]:
    """From whom to whom, by which verbs."""
    return {(one.name, to.name): verbs(one, to) for one in apps for to in apps if one is not to}


def verbs(one: App, to: App) -> tuple[str, ...]:
    ways = {
        "pick": bool(one.faces & to.asks("read")),
        "save": bool(saved(one, to)),
        "share": bool(one.faces) and to.manifest.share_target is not None,
        "open": bool(one.faces & to.opens),
        "subscribe": bool(told(one, to)),
        "query": one.manifest.synfonium.indexes and finds(one, to),
        "act": bool(acted(one, to)),
        "rule": bool(one.is_installed and one.manifest.synfonium.emits and ruled(to)),
    }
    return tuple(verb for verb, is_there in ways.items() if is_there)


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
