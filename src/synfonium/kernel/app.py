"""How an app presents itself: one frozen object, found by its entry point.

Everything that the house needs to know about an app is here; no list of apps exists
elsewhere. Doors and services are named as `module:attribute` and imported only by the
role that serves them, so that a role stays small and the command line starts fast.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

import msgspec

Role = Literal["web", "gateway", "worker"]
ROLES: tuple[Role, ...] = ("web", "gateway", "worker")
ENTRY_POINT_GROUP = "synfonium.apps"


class Mount(msgspec.Struct, frozen=True):
    """A plain ASGI door at `prefix`, which parses `raw_path` itself.

    asgi: `module:function`, called once with the app's Context; gives the ASGI app.
    """

    prefix: str
    asgi: str


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """What hears `types`: `handler` (`module:function`, called with Context and Event), or `of_many`
    (called with Context and one or several Events, oldest first; it does all or nothing).

    It may be called twice for one event and runs in the app's own role, or in `role`.
    """

    name: str
    types: frozenset[str]
    handler: str = ""
    of_many: str = ""
    role: Role | None = None

    def __post_init__(self) -> None:
        if bool(self.handler) == bool(self.of_many):
            raise ValueError(f"the subscription {self.name} has a handler, or one of many")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A use case that the command line or another role may call by `app.name`.

    handler: `module:function`, an async function of (Context, Call); runs in the app's
    role, or in `role`. It returns something msgspec can write as JSON.
    """

    name: str
    handler: str
    role: Role | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A page that stands in one row of tabs with pages of other apps.

    group: a person's `settings`, or the installation's `administration`. part: the places
    of a group that say the same part stand together in a row of their own, below the parts.
    title, part: English gettext source.
    """

    group: Literal["settings", "administration"]
    path: str
    title: str
    order: int = 100
    part: str = ""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One installable product.

    name: lower case, also its folder, table prefix, settings section and first path.
    title: English gettext source. path: its page in the launcher ("" = none), at
    `order` among the others; icon: a symbol of the kit's sprite; summary: what it is
    for, in one sentence of a dozen words (English gettext source).
    role: which process owns its database, jobs and commands; http_role: which one
    serves its doors (its own when None).
    service: `module:function` called with Context; an async context manager that yields
    the app's service object, kept in `context.service` while the role runs.
    doors: `module:attribute`, a sequence of typed doors. mounts: plain ASGI doors.
    anonymous: path prefixes at which the dispatcher removes who asks before the door
    sees the request. cross_origin: path prefixes that pages of other origins may call by
    script, with a credential of their own and never a cookie. popups: path prefixes that
    another site's page may open in a window and keep hold of; after a `?`, only when the query says so.
    public_assets: nothing to declare; `web/` is built and served.
    migrations: whether the folder has `migrations/`. cli: `module:function` that gets an
    argparse subparsers object. config: `module:Class`, a frozen msgspec struct.
    places: its pages among the settings and in the administration.
    personal: `module:function` (Context) giving the app's kernel.personal.Part, for what a
    person has here that is in no plain table. brings_person: whether a newcomer begins to
    exist by what this app takes in; then it takes in last.
    offers: `protocol as module:Class` to `module:function` (Context) giving an
    implementation that apps in the same process may ask for with `context.offer`.
    small_blobs: whether blobs of up to 16 KiB are rows of its database (kernel.small_blobs).
    blob_columns: `table.column` of those that name its blobs; sealed_columns: `table.column`
    of what is sealed, to its purpose, in which `{other}` is that column of the row: a backup
    is checked by both. remade: patterns in its folder that need no backup, as they are made anew.
    """

    name: str
    title: str
    path: str = ""
    icon: str = ""
    summary: str = ""
    order: int = 100
    role: Role = "web"
    http_role: Role | None = None
    service: str = ""
    doors: str = ""
    mounts: tuple[Mount, ...] = ()
    anonymous: tuple[str, ...] = ()
    cross_origin: tuple[str, ...] = ()
    popups: tuple[str, ...] = ()
    migrations: bool = False
    subscriptions: tuple[Subscription, ...] = ()
    commands: tuple[Command, ...] = ()
    cli: str = ""
    config: str = ""
    offers: dict[str, str] = {}
    places: tuple[Place, ...] = ()
    personal: str = ""
    small_blobs: bool = False
    blob_columns: tuple[str, ...] = ()
    sealed_columns: dict[str, str] = {}
    remade: tuple[str, ...] = ()
    brings_person: bool = False
    serves_person: str = ""
    """Why it hears of other apps what no manifest of its own says: it does so for the person whose
    things these are, and for nobody else ("" for an app that hears for itself)."""
    pass_acts: dict[str, str] = {}
    """What an administrator with a pass does with a person's data (act of the audit) to how that
    person reads it: "looked at your files" (English gettext source)."""
    scopes: dict[str, str] = {}
    """Scope to its meaning in plain words (English gettext source)."""

    @property
    def doors_role(self) -> Role:
        return self.http_role or self.role

    @property
    def package(self) -> str:
        return _packages()[self.name]


@cache
def _packages() -> dict[str, str]:
    return {p.name: p.value.partition(":")[0] for p in entry_points(group=ENTRY_POINT_GROUP)}


@cache
def installed_apps() -> tuple[App, ...]:
    """Every app with an entry point in `synfonium.apps`, in launcher order.

    Raises TypeError for an entry point that is not an App or has another name.
    """
    found: list[App] = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        app = point.load()
        if not isinstance(app, App) or app.name != point.name:
            raise TypeError(f"entry point {point.name} of {ENTRY_POINT_GROUP} must give App({point.name!r})")
        found.append(app)
    return tuple(sorted(found, key=lambda app: (app.order, app.name)))


def resolve(reference: str) -> Any:
    """The object behind `module:attribute`. Raises ImportError or AttributeError."""
    module, _, attribute = reference.partition(":")
    return getattr(import_module(module), attribute)
