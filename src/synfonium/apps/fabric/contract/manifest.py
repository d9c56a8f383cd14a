# SPDX-License-Identifier: Apache-2.0
"""What an app says of itself: `synfonium.app.json`, on top of the Web App Manifest (W3C).

The members of the Web App Manifest have their own names; what is ours stands below
`synfonium`. Addresses are relative to the app's origin, or to this site for installed apps.
A text for people is a string, or an object of language to string with an `en`.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from synfonium.apps.fabric.contract.objects import Action
from synfonium.common.ids import AppName, PersonId

MANIFEST_FILE = "synfonium.app.json"

# No control characters and none that turn the direction of what follows.
PLAIN = "^[^\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]*$"
LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


def _bounds(longest: int) -> dict[str, Any]:
    """Said in the schema alone: msgspec 0.22 corrupts its memory with bounds on both of a
    string and an object in one union."""
    line = {"minLength": 1, "maxLength": longest, "pattern": PLAIN}
    languages = {"required": ["en"], "propertyNames": {"pattern": LANGUAGE}, "maxProperties": 50}
    return {**line, **languages, "additionalProperties": line}


Title = Annotated[str | dict[str, str], Meta(extra_json_schema=_bounds(80))]
"""A line for people, or one for each language with an `en`; 80 characters."""
Text = Annotated[str | dict[str, str], Meta(extra_json_schema=_bounds(500))]
"""As a Title, of 500 characters."""

Place = Annotated[str, Meta(max_length=500, pattern="^/([^/\\\\\\s#][^\\\\\\s#]*)?$")]
"""An address of the app itself: a path of its origin, such as `/open`."""
RedirectUri = Annotated[str, Meta(max_length=500, pattern="^[^\\s#]+$")]
"""A Place; for programs http on loopback or a scheme of their own (RFC 8252)."""
Interface = Annotated[str, Meta(max_length=50, pattern="^[a-z][a-z0-9-]*/[1-9][0-9]{0,2}$")]
FactType = Annotated[str, Meta(max_length=100, pattern="^[a-z][a-z0-9-]{1,29}(\\.[a-z][a-z0-9_-]*)+$")]
_MEDIA = "[a-z0-9][a-z0-9!#$&^_.+-]*/([a-z0-9][a-z0-9!#$&^_.+-]*|\\*)|\\*/\\*"
_EXTENSION = "\\.[A-Za-z0-9][A-Za-z0-9._+-]{0,19}"
MediaRange = Annotated[str, Meta(max_length=100, pattern=f"^({_MEDIA})$")]
"""A media type in lower case, `image/*`, or `*/*`."""
Extension = Annotated[str, Meta(pattern=f"^{_EXTENSION}$")]
FileKind = Annotated[str, Meta(max_length=100, pattern=f"^({_MEDIA}|{_EXTENSION})$")]
Scope = Annotated[str, Meta(max_length=60, pattern="^[a-z][a-z0-9_.:-]*$")]
Parameter = Annotated[str, Meta(max_length=60, pattern="^[A-Za-z0-9_.-]+$")]
KindName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,29}$")]
ActionName = Annotated[str, Meta(max_length=80, pattern="^[a-z][a-z0-9-]{1,29}\\.[a-z][a-z0-9_]*$")]
IconName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$")]
HeaderName = Annotated[str, Meta(max_length=60, pattern="^([A-Za-z][A-Za-z0-9-]*)?$")]
AppId = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,29}$")]
UrlProtocol = Annotated[
    str,
    Meta(
        max_length=40,
        pattern="^(web\\+[a-z]+|geo|im|irc|ircs|magnet|mailto|matrix|sip|sms|ssh|tel|webcal|xmpp)$",
    ),
]
Intent = Literal["view", "edit", "create"]
Intents = Annotated[tuple[Intent, ...], Meta(min_length=1, max_length=3)]
Actions = Annotated[tuple[Action, ...], Meta(min_length=1, max_length=3)]


class Icon(msgspec.Struct, frozen=True, kw_only=True):
    src: Place
    sizes: Annotated[str, Meta(max_length=100)] = ""
    type: Annotated[str, Meta(max_length=100)] = ""


class FileHandler(msgspec.Struct, frozen=True, kw_only=True):
    """`action` opens files of these media types (to their extensions). intents: ours."""

    action: Place
    accept: Annotated[
        dict[MediaRange, Annotated[tuple[Extension, ...], Meta(max_length=50)]],
        Meta(min_length=1, max_length=200),
    ]
    intents: Intents = ("view", "edit")


class SharedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files in a form's field `name`, of these media types or extensions."""

    name: Parameter
    accept: Annotated[tuple[FileKind, ...], Meta(min_length=1, max_length=200)]


class ShareParams(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the parameters under which `action` gets them."""

    title: Parameter = ""
    text: Parameter = ""
    url: Parameter = ""
    files: Annotated[tuple[SharedFiles, ...], Meta(max_length=10)] = ()


class ShareTarget(msgspec.Struct, frozen=True, kw_only=True):
    action: Place
    method: Literal["GET", "POST"] = "GET"
    enctype: Literal["application/x-www-form-urlencoded", "multipart/form-data"] = (
        "application/x-www-form-urlencoded"
    )
    params: ShareParams = ShareParams()


class ProtocolHandler(msgspec.Struct, frozen=True, kw_only=True):
    """`url` opens addresses of `protocol`; `%s` in it stands for the address."""

    protocol: UrlProtocol
    url: Place


class Opener(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`action` opens what is no file: objects with `interface`."""

    interface: Interface
    action: Place
    intents: Intents = ("view",)


class ObjectKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of object that the app has (the `kind` of its addresses)."""

    title: Title
    interfaces: Annotated[tuple[Interface, ...], Meta(min_length=1, max_length=10)]


class ObjectsDoor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The app has objects: their kinds, and at which address it answers about them
    ("" for an installed app). holds: interfaces that can be created in it."""

    kinds: Annotated[dict[KindName, ObjectKind], Meta(min_length=1, max_length=50)]
    door: Place = ""
    holds: Annotated[tuple[Interface, ...], Meta(max_length=20)] = ()


class Emitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type of past fact that the app tells, for people: "a file was written".

    type: begins with the app's id, such as `drive.file.written`.
    """

    type: FactType
    title: Title


class DeclaredAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that can be done.

    name: begins with the app's id, such as `drive.make_folder`. input: JSON Schema of what it
    takes. on: interfaces of the object that it is done with, empty for none. needs: what the
    caller must be allowed with that object. effect: whether it only looks, changes what is
    here, or reaches beyond. door: the address that does it ("" for an installed app: its
    command `act_<word>`, such as `act_make_folder`). anonymous: the app does not learn who
    asks; only without an object.
    """

    name: ActionName
    title: Title
    description: Text = ""
    input: dict[str, Any] = {}
    on: Annotated[tuple[Interface, ...], Meta(max_length=20)] = ()
    needs: Action = "use"
    effect: Literal["look", "change", "beyond"] = "change"
    icon: IconName = ""
    door: Place = ""
    anonymous: bool = False

    @property
    def word(self) -> str:
        return self.name.partition(".")[2]


class Listens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which facts the app wants to hear, and where (Standard Webhooks)."""

    types: Annotated[tuple[FactType, ...], Meta(min_length=1, max_length=100)]
    door: Place = ""


class Front(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For software that learns from a header who asks: their names. An empty one is not sent.

    needs_grant: it is nothing without a thing of the person's: whoever gave it none comes to the
    picker first.
    """

    user: HeaderName = "Remote-User"
    name: HeaderName = "Remote-Name"
    needs_grant: bool = False


class Fabric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The member `synfonium` of a manifest. version: of this form, 1.

    redirect_uris: where codes go (RFC 6749). scopes: what it may ask a person for. asks:
    interfaces that it may ask a person to pick, each with the actions. indexes: whether it
    gives its objects to the person's search. is_confidential: its server keeps a secret.
    front: it knows nothing of OAuth, and stands behind this installation, which signs in for it.
    """

    version: Literal[1] = 1
    redirect_uris: Annotated[tuple[RedirectUri, ...], Meta(max_length=10)] = ()
    scopes: Annotated[tuple[Scope, ...], Meta(max_length=30)] = ("openid",)
    asks: Annotated[dict[Interface, Actions], Meta(max_length=30)] = {}
    objects: ObjectsDoor | None = None
    opens: Annotated[tuple[Opener, ...], Meta(max_length=50)] = ()
    emits: Annotated[tuple[Emitted, ...], Meta(max_length=100)] = ()
    listens: Listens | None = None
    indexes: bool = False
    actions: Annotated[tuple[DeclaredAction, ...], Meta(max_length=100)] = ()
    is_confidential: bool = False
    front: Front | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole manifest. id: the app's name here; what it calls its facts and actions begins
    with it."""

    id: AppId
    name: Title
    short_name: Title = ""
    description: Text = ""
    start_url: Place = "/"
    icons: Annotated[tuple[Icon, ...], Meta(max_length=50)] = ()
    file_handlers: Annotated[tuple[FileHandler, ...], Meta(max_length=50)] = ()
    share_target: ShareTarget | None = None
    protocol_handlers: Annotated[tuple[ProtocolHandler, ...], Meta(max_length=20)] = ()
    synfonium: Fabric = Fabric()


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that the fabric knows.

    origin: `https://…` of an outside app, "" for an installed one. client_id: of its OAuth
    client, "" for an installed one. owner: the person who alone has it, "" for everybody.
    upstream: where its server is, when this installation stands in front of it.
    """

    name: AppName
    manifest: Manifest
    origin: str = ""
    upstream: str = ""
    client_id: str = ""
    owner: str = ""

    @property
    def is_outside(self) -> bool:
        return bool(self.origin)


class Apps(Protocol):
    """Which apps there are; offered in every process. What it says is at most a second old."""

    async def all(self, person: PersonId) -> Sequence[RegisteredApp]:
        """Those that `person` has, by name: installed ones with a manifest, outside ones for
        everybody, and the person's own."""
        ...

    async def by_name(self, name: str) -> RegisteredApp | None:
        """Whosever it is; None for an app that is not here, or has no manifest."""
        ...

    async def by_client(self, client_id: str) -> RegisteredApp | None:
        """The outside app with this OAuth client, whosever it is."""
        ...


def in_language(text: Text, locale: str) -> str:
    """A text of a manifest as somebody reads it: in their language, one that is near, or English."""
    if isinstance(text, str):
        return text
    language = locale.partition("-")[0]
    near = (words for tag, words in text.items() if tag.partition("-")[0] == language)
    return text.get(locale) or next(near, "") or text.get("en", "")
