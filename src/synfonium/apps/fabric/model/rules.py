"""What a manifest may not say though its form is good."""

from collections.abc import Collection, Iterator
from urllib.parse import unquote, urlsplit

from synfonium.apps.fabric.contract import Manifest
from synfonium.apps.fabric.model.findings import Finding, Path, Severity, shown
from synfonium.apps.fabric.model.schema import check_schema

RESERVED = frozenset({
    "account", "accounts", "admin", "administration", "api", "app", "apps", "auth", "cli", "content", "dav",
    "door", "fabric", "gateway", "help", "home", "house", "id", "kernel", "localhost", "login", "mail", "me",
    "oauth", "openid", "root", "security", "settings", "signin", "signout", "signup", "static", "support",
    "synfonium", "system", "web", "webmaster", "well-known", "worker", "www",
})  # fmt: skip
MUCH = 3
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _(source: str) -> str:
    return source


def broken(manifest: Manifest, *, reserved: Collection[str], is_installed: bool) -> list[Finding]:
    """Every rule that it breaks. See `manifest.parse_manifest`."""
    found = [*_beginnings(manifest), *_places(manifest), *_twice(manifest), *_inputs(manifest)]
    found += [*_share(manifest), *_protocols(manifest), *_wide(manifest)]
    if not is_installed:
        found += [*_reserved(manifest, reserved), *_redirects(manifest), *_doors(manifest)]
    return found


def _finding(
    rule: str,
    source: str,
    *path: str | int,
    severity: Severity = "error",
    at_name: bool = False,
    **values: str,
) -> Finding:
    return Finding(rule=rule, source=source, path=path, severity=severity, at_name=at_name, values=values)


def _reserved(manifest: Manifest, reserved: Collection[str]) -> Iterator[Finding]:
    if manifest.id in RESERVED or manifest.id in reserved:
        yield _finding("id-reserved", _("`{path}` is a name of this house; take one of your own."), "id")


def _beginnings(manifest: Manifest) -> Iterator[Finding]:
    """Nobody speaks in another's name."""
    source = _("`{path}` must begin with the app's id: `{start}…`.")
    ours = manifest.synfonium
    for number, emitted in enumerate(ours.emits):
        if not emitted.type.startswith(f"{manifest.id}."):
            path = ("synfonium", "emits", number, "type")
            yield _finding("id-prefix", source, *path, start=f"{manifest.id}.")
    for number, action in enumerate(ours.actions):
        if not action.name.startswith(f"{manifest.id}."):
            path = ("synfonium", "actions", number, "name")
            yield _finding("id-prefix", source, *path, start=f"{manifest.id}.")


def places_of(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """Every address of the app in it, with its path; empty ones too."""
    ours = manifest.synfonium
    yield ("start_url",), manifest.start_url
    for number, icon in enumerate(manifest.icons):
        yield ("icons", number, "src"), icon.src
    for number, handler in enumerate(manifest.file_handlers):
        yield ("file_handlers", number, "action"), handler.action
    for number, protocol in enumerate(manifest.protocol_handlers):
        yield ("protocol_handlers", number, "url"), protocol.url
    if manifest.share_target:
        yield ("share_target", "action"), manifest.share_target.action
    for number, opener in enumerate(ours.opens):
        yield ("synfonium", "opens", number, "action"), opener.action
    yield from _called(manifest)
    for number, uri in enumerate(ours.redirect_uris):
        if uri.startswith("/"):
            yield ("synfonium", "redirect_uris", number), uri


def _called(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """The addresses at which we call the app."""
    ours = manifest.synfonium
    if ours.objects:
        yield ("synfonium", "objects", "door"), ours.objects.door
    # Without one it listens by itself, with server-sent events.
    if ours.listens and ours.listens.door:
        yield ("synfonium", "listens", "door"), ours.listens.door
    for number, action in enumerate(ours.actions):
        yield ("synfonium", "actions", number, "door"), action.door


def _places(manifest: Manifest) -> Iterator[Finding]:
    source = _("`{path}` must be written without `..`, `.` or `//`, however they are encoded.")
    for path, place in places_of(manifest):
        if place and not is_straight(place):
            yield _finding("place-straight", source, *path)


def is_straight(place: str) -> bool:
    """Whether a path leads where it says: no dots to climb, nothing hidden in its encoding."""
    way = place.partition("?")[0]
    plain = unquote(unquote(way))
    steps = plain.split("/")
    is_printable = plain.isprintable() and "\\" not in plain and "%2f" not in way.lower()
    return is_printable and "//" not in plain and not {".", ".."} & set(steps)


def _doors(manifest: Manifest) -> Iterator[Finding]:
    source = _("`{path}` needs a `door`: the path at which the app is called.")
    for path, door in _called(manifest):
        if not door:
            yield _finding("door-needed", source, *path[:-1])


def _redirects(manifest: Manifest) -> Iterator[Finding]:
    ours = manifest.synfonium
    source = _(
        "`{path}` must be a path of the app's own origin; for programs also http on 127.0.0.1 or a scheme "
        "with a dot, such as `org.example.notes:/back`. Codes are sent nowhere else."
    )
    for number, uri in enumerate(ours.redirect_uris):
        if not is_own_redirect(uri):
            yield _finding("redirect-uri", source, "synfonium", "redirect_uris", number)
    if ours.front and ours.front.needs_grant and not ours.asks:
        nothing = _("An app that needs a grant says in `asks` what it asks for.")
        yield _finding("asks-needed", nothing, "synfonium", "front", "needs_grant", at_name=True)
    # For an app that we stand in front of, codes come to us.
    if ours.asks and not ours.redirect_uris and not ours.front:
        needed = _("An app that asks for something needs `redirect_uris`, to which the answer comes.")
        yield _finding("redirect-needed", needed, "synfonium", "asks", at_name=True)


def is_own_redirect(uri: str) -> bool:
    """Whether a code that is sent there stays with the app (RFC 8252, sections 7.1 and 7.3)."""
    if uri.startswith("/"):
        return not uri.startswith(("//", "/\\"))
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "http":
        return host in _LOOPBACK and "@" not in parts.netloc
    return "." in parts.scheme and not parts.netloc and parts.path.startswith("/")


def _twice(manifest: Manifest) -> Iterator[Finding]:
    ours = manifest.synfonium
    named = (
        (("synfonium", "emits"), "type", [one.type for one in ours.emits]),
        (("synfonium", "actions"), "name", [one.name for one in ours.actions]),
        (("protocol_handlers",), "protocol", [one.protocol for one in manifest.protocol_handlers]),
    )
    for path, member, names in named:
        for number, name in enumerate(names):
            if name in names[:number]:
                source = _("`{path}` says `{name}` a second time.")
                yield _finding("twice", source, *path, number, member, name=shown(name))


def _inputs(manifest: Manifest) -> Iterator[Finding]:
    for number, action in enumerate(manifest.synfonium.actions):
        path = ("synfonium", "actions", number, "input")
        if action.input and action.input.get("type") != "object":
            source = _('`{path}` must describe an object, with `"type": "object"`.')
            yield _finding("schema-object", source, *path)
        if action.anonymous and action.on:
            source = _(
                "`{path}` says whose it is by its object; only an action without one can be anonymous."
            )
            yield _finding("anonymous-object", source, *path[:-1])
        yield from check_schema(action.input, path)


def _share(manifest: Manifest) -> Iterator[Finding]:
    target = manifest.share_target
    if target and target.params.files and (target.method, target.enctype) != ("POST", "multipart/form-data"):
        source = _(
            '`{path}` takes files, so it must have `"method": "POST"` and `"enctype": "multipart/form-data"`.'
        )
        yield _finding("share-files", source, "share_target")


def _protocols(manifest: Manifest) -> Iterator[Finding]:
    for number, handler in enumerate(manifest.protocol_handlers):
        if "%s" not in handler.url:
            source = _("`{path}` must have `%s` where the address goes.")
            yield _finding("protocol-url", source, "protocol_handlers", number, "url")


def _wide(manifest: Manifest) -> Iterator[Finding]:
    """What is allowed, and will tell against the app."""
    asks = manifest.synfonium.asks
    if len(asks) >= MUCH and all({"write", "use"} <= set(actions) for actions in asks.values()):
        source = _(
            "`{path}` asks to change and to use everything; the person is asked each time, thing by thing, "
            "and reads that. Ask for what the app needs."
        )
        yield _finding("asks-everything", source, "synfonium", "asks", severity="warning", at_name=True)
    for number, handler in enumerate(manifest.file_handlers):
        if "*/*" in handler.accept:
            source = _("`{path}` opens files of every kind; it is offered last.")
            yield _finding(
                "opens-everything", source, "file_handlers", number, "accept", "*/*",
                severity="warning", at_name=True,
            )  # fmt: skip
