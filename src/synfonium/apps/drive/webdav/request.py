"""One request: its target, its headers, and what they ask of the present state."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.drive.contract import address_of
from synfonium.apps.drive.errors import WrongState
from synfonium.apps.drive.model import ABSENT, ANY, Expected, Node
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Content
from synfonium.common.ids import GrantId
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, read_body, respond
from synfonium.kernel.refusals import TooLarge
from synfonium.libraries.webdav.headers import (
    BadHeader,
    IfList,
    destination_path,
    etag_equals,
    if_holds,
    read_etags,
    read_http_date,
    read_if,
    tokens_of,
)
from synfonium.libraries.webdav.paths import quote_name, split_path

BODY_BYTES = 256 * 1024
PINS = ("if-match", "if-none-match", "if-unmodified-since")
replace = msgspec.structs.replace
XML_TYPE = (b"content-type", b"application/xml; charset=utf-8")


class Target(msgspec.Struct, frozen=True):
    """What a path names, for whom. base: the percent-encoded path of the actor's top.
    is_grant: a grant's tree. is_folder: the path ends in a slash."""

    base: str
    names: tuple[str, ...]
    actor: Person
    is_grant: bool = False
    is_folder: bool = False

    @property
    def href(self) -> str:
        return href_of(self.base, self.names, is_file=True)


def href_of(base: str, names: Sequence[str], *, is_file: bool) -> str:
    """A path as it stands in answers; folders end in a slash."""
    path = "/".join([base, *map(quote_name, names)])
    return path if is_file else f"{path}/"


def target_of(raw: bytes, actor: Person) -> Target:
    """`/dav/files/NAME/…`; `/dav/grants/ID/…`, or `/dav/grants/ID~NODE/…` for a part of what was
    granted. Raises NotFound for another person's tree or grant, BadPath for what names nothing."""
    names = split_path(raw)
    kind, owner = (names[1], names[2]) if len(names) > 2 else ("", "")
    grant, _tilde, node = owner.partition("~")
    base = f"/dav/{kind}/{quote_name(owner)}"
    is_folder = raw.endswith(b"/")
    if kind == "files" and not actor.grants and owner == actor.name:
        return Target(base, names[3:], actor, is_folder=is_folder)
    if kind == "grants" and grant in actor.grants:
        at = address_of(node) if node else ""
        actor = replace(actor, grants=(GrantId(grant),), at=at)
        return Target(base, names[3:], actor, is_grant=True, is_folder=is_folder)
    raise NotFound


def member_of(target: Target) -> Target:
    """The one file of a grant, by its path in the grant's folder: it is a top itself."""
    (name,) = target.names
    return replace(target, base=f"{target.base}/{quote_name(name)}", names=())


class DavRequest:
    """A request whose actor and target are known. only: what the file is called that the target's
    base is, when it was reached through the folder of its grant (see single.py). whole: the actor with all
    grants of the credential, of which the target's is one."""

    def __init__(
        self,
        service: DriveService,
        actor: Person,
        target: Target,
        scope: Scope,
        receive: Receive,
        send: Send,
        only: str = "",
        whole: Person | None = None,
    ) -> None:
        self.service, self.actor, self.target, self._only = service, actor, target, only
        self._whole = whole or actor
        self.scope, self.receive, self._send = scope, receive, send
        self.headers: dict[str, str] = {}
        for key, value in scope["headers"]:
            self.headers.setdefault(key.decode("latin-1"), value.decode("latin-1"))
        self.lists: tuple[IfList, ...] = read_if(self.headers["if"]) if "if" in self.headers else ()
        self.tokens = tokens_of(self.lists)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def has_conditions(self) -> bool:
        """Whether the request depends on what is there."""
        return any(name in self.headers for name in ("if", *PINS))

    @property
    def overwrite(self) -> bool:
        """RFC 4918, section 10.6. Raises BadHeader."""
        value = self.header("overwrite").strip().upper() or "T"
        if value not in ("T", "F"):
            raise BadHeader("Overwrite")
        return value == "T"

    def destination(self) -> Target:
        """In the same top, or in what another grant of the credential names. Raises BadHeader, BadPath,
        and NotFound for a tree that is not the actor's."""
        raw = destination_path(self.header("destination"), *self.hosts())
        other = self.target_at(raw, self._whole)
        return other if other.is_grant and other.base != self.target.base else self._beside(raw)

    def target_at(self, raw: bytes, actor: Person) -> Target:
        """What a path of this door names. Raises NotFound, BadPath."""
        return target_of(raw, actor)

    def _beside(self, raw: bytes) -> Target:
        """What another path of this request names, within the same top. Raises NotFound."""
        target = self.target_at(raw, self.actor)
        if self._only and target.names == (self._only,):
            target = member_of(target)
        if target.base != self.target.base:
            raise NotFound
        return target

    def hosts(self) -> tuple[str, str]:
        """Our names as this client knows them; a proxy may have changed the one in the request."""
        site = self.service.room.context.site
        return self.header("host"), urlsplit(site.public_url).netloc

    async def path(self, target: Target | None = None) -> list[Node]:
        """The nodes along the target's path as far as they exist. Raises NotFound when
        even the top is not there."""
        target = target or self.target
        actor = target.actor if target.base != self.target.base else self.actor
        path = await self.service.tree.resolve(actor, target.names)
        if not path:
            raise NotFound
        return path

    async def found(self) -> Node:
        """The target's node. Raises NotFound."""
        path = await self.path()
        if len(path) <= len(self.target.names):
            raise NotFound
        return path[-1]

    async def found_file(self) -> tuple[Node, Content | None]:
        """The target's node, and its content where one look gave both. Raises NotFound."""
        path, content = await self.service.files.find(self.actor, self.target.names)
        if len(path) <= len(self.target.names):
            raise NotFound
        return path[-1], content

    async def body(self) -> bytes:
        """A small body. Raises TooLarge."""
        body = await read_body(self.receive, BODY_BYTES)
        if body is None:
            raise TooLarge
        return body

    async def expected(self, path: Sequence[Node]) -> Expected:
        """What a write must still find, so that the conditions seen here hold at its commit.

        Raises WrongState when they do not hold now, BadHeader.
        """
        node = path[-1] if len(path) > len(self.target.names) else None
        etag = f'"{node.etag}"' if node else ""
        if self.lists and not await self._if_holds(path):
            raise WrongState
        self._check_conditions(etag, node)
        has_etags = any(c.etag for one in self.lists for c in one.conditions)
        if not has_etags and not any(name in self.headers for name in PINS):
            return ANY
        return node.etag if node else ABSENT

    def _check_conditions(self, etag: str, node: Node | None) -> None:
        if "if-match" in self.headers:
            wanted = read_etags(self.headers["if-match"], "If-Match")
            if not any(etag and (tag == "*" or etag_equals(tag, etag)) for tag in wanted):
                raise WrongState
        if "if-none-match" in self.headers:
            known = read_etags(self.headers["if-none-match"], "If-None-Match")
            if any(etag and (tag == "*" or tag.removeprefix("W/") == etag) for tag in known):
                raise WrongState
        date_s = read_http_date(self.header("if-unmodified-since"))
        if date_s is not None and node is not None and int(node.modified_s) > date_s:
            raise WrongState

    async def _if_holds(self, path: Sequence[Node]) -> bool:
        own = await self._state(path, len(self.target.names))
        states: dict[str | None, tuple[str, frozenset[str]]] = {None: own}
        for one in self.lists:
            if one.resource is not None and one.resource not in states:
                states[one.resource] = await self._state_of(one.resource)
        return if_holds(self.lists, lambda resource: states[resource])

    async def _state_of(self, resource: str) -> tuple[str, frozenset[str]]:
        try:
            target = self._beside(destination_path(resource, *self.hosts()))
            path = await self.path(target)
        except (NotFound, ValueError):
            return "", frozenset()
        return await self._state(path, len(target.names))

    async def _state(self, path: Sequence[Node], depth: int) -> tuple[str, frozenset[str]]:
        """Etag and lock tokens; for what does not exist, those that would cover it."""
        node, exists = path[-1], len(path) > depth
        held = (await self.service.locks.on(self.actor, [node.id])).get(node.id, [])
        tokens = frozenset(lock.token for lock in held if exists or lock.is_infinite)
        return f'"{node.etag}"' if exists else "", tokens

    async def answer(self, status: int, headers: Headers | None = None, body: bytes = b"") -> None:
        await respond(self._send, status, headers or [], body)

    async def wrote(self, status: int, node: Node, headers: Headers | None = None) -> None:
        """Answers that the node is written."""
        await self.answer(status, headers)

    async def start(self, status: int, headers: Headers) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def piece(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
