"""One connection that listens: what it missed, then what happens, while its credential holds."""

import asyncio
import base64
import struct
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Sequence
from time import monotonic
from weakref import WeakValueDictionary

from synfonium.apps.fabric.config import FabricConfig
from synfonium.apps.fabric.contract import Apps
from synfonium.apps.fabric.errors import NothingDeclared, TooLongAgo
from synfonium.apps.fabric.model.facts import Fact, Listener, wants
from synfonium.apps.fabric.service.hub import Ear, Hub
from synfonium.apps.fabric.service.journal import DAY_S
from synfonium.apps.fabric.service.telling import Telling
from synfonium.apps.fabric.store import facts as store
from synfonium.apps.identity.contract import AccessTokens
from synfonium.common.problem import BadInput, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

HEARTBEAT_S = 15.0
PAGE = 200
CURSOR = struct.Struct(">Qd")
CURSOR_FOR = "fabric.cursor"
HELD_S = 0.5
"""How long ago a credential may have been looked at when an event goes out."""
IDLE_HELD_S = 60.0
KEPT_FRAMES = 512
ID_LENGTH = 26
Headers = Sequence[tuple[bytes, bytes]]


class Listening:
    """Use cases of those who listen by HTTP."""

    def __init__(self, context: Context, hub: Hub, telling: Telling) -> None:
        self._context, self._hub, self._telling = context, hub, telling
        config = context.config if isinstance(context.config, FabricConfig) else FabricConfig()
        self._keep_s = config.keep_events_days * DAY_S
        self._standings: WeakValueDictionary[tuple[object, ...], Standing] = WeakValueDictionary()
        self._frames: OrderedDict[tuple[int, Listener, frozenset[str]], bytes] = OrderedDict()

    async def open(
        self, actor: Person, types: Sequence[str], after: str, credential: Headers
    ) -> "Connection":
        """A connection that is to be run and hears from now on. after: the id of the last event that
        was heard. Raises NothingDeclared, BadInput, TooLongAgo, TooManyListen, SignInNeeded."""
        to = Listener(actor.app or "", actor.id)
        heard_types = await self._types(to, types)
        sub = await self._telling.sub_of(to)
        if sub is None:
            raise SignInNeeded
        ear = self._hub.open(to, heard_types)
        try:
            place = await self._place(after) if after else None
        except BaseException:
            self._hub.close(ear)
            raise
        key = (to, tuple(credential))
        standing = self._standings.get(key) or Standing(self._context, actor, credential)
        self._standings[key] = standing
        return Connection(self, ear, sub, place, standing)

    def close(self, ear: Ear) -> None:
        self._hub.close(ear)

    def cursor(self) -> str:
        """An id after which to go on, when no event was heard lately. Sealed: how much happens here
        is nobody's affair."""
        place = CURSOR.pack(self._hub.place, self._context.clock.now_s())
        sealed = self._context.secrets.seal(place, purpose=CURSOR_FOR)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    async def page(self, to: Listener, place: int) -> Sequence[tuple[Fact, Collection[str]]]:
        return await self._context.database.read(lambda c: store.heard(c, to, place, PAGE))

    async def frame(self, fact: Fact, to: Listener, sub: str, grants: Sequence[str]) -> bytes | None:
        """The event as a server-sent one; the same for all connections of a listener."""
        objects = await self._telling.objects_of(fact, to, grants)
        if objects is None:
            return None
        key = (fact.seq, to, objects)
        frame = self._frames.get(key)
        if frame is None:
            told = self._telling.told(fact, to, sub, objects)
            frame = b"id: %b\nevent: %b\ndata: %b\n\n" % (fact.key.encode(), fact.type.encode(), told)
            self._frames[key] = frame
            if len(self._frames) > KEPT_FRAMES:
                self._frames.popitem(last=False)
        return frame

    async def _types(self, to: Listener, asked: Sequence[str]) -> Collection[str]:
        """Which types an app hears of: those it asks for, of those that its manifest declares."""
        if not to.app:
            return frozenset(asked)
        app = await self._context.offer(Apps).by_name(to.app)  # type: ignore[type-abstract]
        listens = app.manifest.synfonium.listens if app else None
        if listens is None or not listens.types:
            raise NothingDeclared
        if not all(wants(listens.types, type_) for type_ in asked):
            raise BadInput(
                "types", _("An app hears only of the types that its manifest names under synfonium.listens.")
            )
        return frozenset(asked or listens.types)

    async def _place(self, after: str) -> int:
        place = await self._context.database.read(lambda c: store.place_of(c, after))
        if place is not None:
            return place
        if len(after) == ID_LENGTH:
            raise TooLongAgo
        try:
            sealed = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
            place, time_s = CURSOR.unpack(self._context.secrets.open(sealed, purpose=CURSOR_FOR))
        except ValueError:
            raise BadInput("after", _("This is not the id of an event.")) from None
        if time_s < self._context.clock.now_s() - self._keep_s:
            raise TooLongAgo
        return int(place)


class Connection:
    """One listener's stream of server-sent events. Always closed by who runs it."""

    __slots__ = ("_listening", "_place", "_standing", "_sub", "ear")

    def __init__(
        self, listening: Listening, ear: Ear, sub: str, place: int | None, standing: "Standing"
    ) -> None:
        self._listening, self.ear, self._sub = listening, ear, sub
        self._place, self._standing = place, standing

    async def frames(self) -> AsyncIterator[bytes]:
        """What goes out, until the credential ends, the reader is too slow, or the house stops."""
        yield b"retry: 2000\nid: %b\n\n" % self._cursor()
        if self._place is not None:
            async for frame in self._missed():
                yield frame
        while not self.ear.is_over and not self.ear.is_behind:
            await self.ear.wait(HEARTBEAT_S)
            if self.ear.is_over or self.ear.is_behind:
                return
            if not await self._standing.holds(HELD_S if self.ear.heard else IDLE_HELD_S):
                return
            if not self.ear.heard:
                yield b": \nid: %b\n\n" % self._cursor()
            while self.ear.heard:
                fact, by = self.ear.heard.popleft()
                if told := await self._frame(fact, by):
                    yield told

    async def _missed(self) -> AsyncIterator[bytes]:
        """The journal from where the listener was, to where the ear hears by itself."""
        assert self._place is not None
        while not self.ear.is_over:
            page = await self._listening.page(self.ear.to, self._place)
            if not await self._standing.holds(HELD_S):
                self.ear.end()
                return
            for fact, grants in page:
                is_wanted = not self.ear.types or wants(self.ear.types, fact.type)
                if is_wanted and (frame := await self._frame(fact, tuple(grants))):
                    yield frame
                self._place = fact.seq
            if len(page) < PAGE:
                if not self.ear.is_behind:
                    return
                # It happened more, meanwhile, than an ear keeps: it stands in the journal too.
                self.ear.is_behind = False

    async def _frame(self, fact: Fact, grants: Sequence[str]) -> bytes | None:
        if self._place is not None and fact.seq <= self._place:
            return None
        return await self._listening.frame(fact, self.ear.to, self._sub, grants)

    def _cursor(self) -> bytes:
        return self._listening.cursor().encode()

    def close(self) -> None:
        self._listening.close(self.ear)


class Standing:
    """Whether a credential still holds; one for all connections that show it."""

    def __init__(self, context: Context, actor: Person, credential: Headers) -> None:
        self._context, self._actor, self._credential = context, actor, credential
        self._checked, self._is_good = monotonic(), True
        self._looking: asyncio.Future[bool] | None = None

    async def holds(self, within_s: float) -> bool:
        """Looks again when it was looked at longer than `within_s` ago."""
        if monotonic() - self._checked < within_s:
            return self._is_good
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> bool:
        began = monotonic()
        try:
            self._is_good = self._is_good and await self._is_same()
        except SignInNeeded:
            self._is_good = False
        finally:
            self._looking = None
        self._checked = began
        return self._is_good

    async def _is_same(self) -> bool:
        if self._actor.app:
            # Not by the authenticator: that counts a use of each grant.
            token = dict(self._credential).get(b"authorization", b"").decode("latin-1").partition(" ")[2]
            access = await self._context.offer(AccessTokens).of(token.strip())  # type: ignore[type-abstract]
            return access is not None and access.person == self._actor.id
        scope = {"type": "http", "headers": list(self._credential), "state": {}}
        person = await self._context.authenticate(scope)
        return person is not None and person.id == self._actor.id
