# SPDX-License-Identifier: Apache-2.0
"""What an app says of itself: `synfonium.app.json`, on top of the Web App Manifest (W3C).

The members of the Web App Manifest have their own names; what is ours stands below
`synfonium`. Addresses are relative to the app's origin, or to this site for installed apps.
A text for people is a string, or an object of language to string with an `en`.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from synfonium.apps.fabric.contract.objects import Action
from synfonium.common.ids import AppName, PersonId

Text = str | dict[str, str]
Intent = Literal["view", "edit", "create"]


class Icon(msgspec.Struct, frozen=True, kw_only=True):
    src: str
    sizes: str = ""
    type: str = ""


class FileHandler(msgspec.Struct, frozen=True, kw_only=True):
    """`action` opens files of these media types (to their extensions). intents: ours."""

    action: str
    accept: dict[str, tuple[str, ...]]
    intents: tuple[Intent, ...] = ("view", "edit")


class ShareParams(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the parameters under which `action` gets them."""

    title: str = ""
    text: str = ""
    url: str = ""
    files: tuple[dict[str, Any], ...] = ()


class ShareTarget(msgspec.Struct, frozen=True, kw_only=True):
    action: str
    method: Literal["GET", "POST"] = "GET"
    enctype: str = ""
    params: ShareParams = ShareParams()


class ProtocolHandler(msgspec.Struct, frozen=True, kw_only=True):
    protocol: str
    url: str


class Opener(msgspec.Struct, frozen=True, kw_only=True):
    """`action` opens what is no file: objects with `interface`."""

    interface: str
    action: str
    intents: tuple[Intent, ...] = ("view",)


class ObjectKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of object that the app has (the `kind` of its addresses)."""

    title: Text
    interfaces: tuple[str, ...]


class ObjectsDoor(msgspec.Struct, frozen=True, kw_only=True):
    """The app has objects: their kinds, and at which address it answers about them
    ("" for an installed app). holds: interfaces that can be created in it."""

    kinds: dict[str, ObjectKind]
    door: str = ""
    holds: tuple[str, ...] = ()


class Emitted(msgspec.Struct, frozen=True, kw_only=True):
    """A type of past fact that the app tells, for people: "a file was written"."""

    type: str
    title: Text


class DeclaredAction(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be done.

    input: JSON Schema of what it takes. on: interfaces of the object that it is done with,
    empty for none. needs: what the caller must be allowed with that object. effect: whether
    it only looks, changes what is here, or reaches beyond. door: the address that does it
    ("" for an installed app: its command `act_<name>`).
    """

    name: str
    title: Text
    description: Text = ""
    input: dict[str, Any] = {}
    on: tuple[str, ...] = ()
    needs: Action = "use"
    effect: Literal["look", "change", "beyond"] = "change"
    icon: str = ""
    door: str = ""


class Listens(msgspec.Struct, frozen=True, kw_only=True):
    """Which facts the app wants to hear, and where (Standard Webhooks)."""

    types: tuple[str, ...]
    door: str = ""


class Fabric(msgspec.Struct, frozen=True, kw_only=True):
    """The member `synfonium` of a manifest. version: of this form, 1.

    redirect_uris: where codes go (RFC 6749). scopes: what it may ask a person for. asks:
    interfaces that it may ask a person to pick, each with the actions.
    """

    version: Literal[1] = 1
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid",)
    asks: dict[str, tuple[Action, ...]] = {}
    objects: ObjectsDoor | None = None
    opens: tuple[Opener, ...] = ()
    emits: tuple[Emitted, ...] = ()
    listens: Listens | None = None
    indexes: bool = False
    actions: tuple[DeclaredAction, ...] = ()
    is_confidential: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole manifest. id: the app's name here, `[a-z][a-z0-9-]{1,29}`; what it calls its
    objects, facts and actions begins with it."""

    id: str
    name: Text
    short_name: Text = ""
    description: Text = ""
    start_url: str = "/"
    icons: tuple[Icon, ...] = ()
    file_handlers: tuple[FileHandler, ...] = ()
    share_target: ShareTarget | None = None
    protocol_handlers: tuple[ProtocolHandler, ...] = ()
    synfonium: Fabric = Fabric()


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that the fabric knows.

    origin: `https://…` of an outside app, "" for an installed one. client_id: of its OAuth
    client, "" for an installed one. owner: the person who alone has it, "" for everybody.
    """

    name: AppName
    manifest: Manifest
    origin: str = ""
    client_id: str = ""
    owner: str = ""

    @property
    def is_outside(self) -> bool:
        return bool(self.origin)


class Apps(Protocol):
    """The apps that the fabric knows; offered in every process. An app that was registered or
    removed shows everywhere within a second."""

    async def all(self, person: PersonId) -> Sequence[RegisteredApp]:
        """Installed apps with a manifest, outside apps for everybody, and the person's own."""
        ...

    async def by_name(self, name: str) -> RegisteredApp | None: ...

    async def by_client(self, client_id: str) -> RegisteredApp | None: ...
