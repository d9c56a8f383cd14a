"""Pick and save: the person designates one thing, and the app that asks gets a grant to it."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from synfonium.apps.fabric.contract import (
    DETAIL_TYPE,
    FOLDER,
    Apps,
    Children,
    Grant,
    Limits,
    Object,
    Objects,
    ObjectsAsk,
    RegisteredApp,
)
from synfonium.apps.fabric.errors import NoObject, NotAsked, NotPicked, NotRegistered, UnknownGrant
from synfonium.apps.fabric.model import app_of, local_path
from synfonium.apps.fabric.model.asking import MOST_PICKED, Ask, is_wanted, may_ask, parse_ask
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.identity.contract import Answered, Approvals, Approving, Signed
from synfonium.common.ids import AppName, PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

PAGE = "/fabric/pick"
_WISH = "wish."
LASTING_S = {"hour": 3600.0, "day": 86_400.0}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An app's wish that waits for a person.

    sealed: what stands for it until they decide. approving: of an OAuth client; None for an
    installed app, whose `subject` gets the grant, and whose page at `back` goes on, and for one that
    we stand in front of: it speaks no OAuth, so that we ask for it, and go on at its own host.
    """

    sealed: str
    approving: Approving | None
    app: RegisteredApp
    ask: Ask
    subject: str = ""
    back: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asks for by a link: of an installed app, or ours in front of one of others."""

    app: str
    subject: str
    back: str
    detail: dict[str, Any]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the picker shows: which app's things, and what of them can be chosen."""

    sources: tuple[RegisteredApp, ...]
    source: AppName
    children: Children
    wanted: frozenset[str]
    is_parent_wanted: bool


class ObjectDetail:
    """`identity.contract.DetailType` for our kind of access."""

    type = DETAIL_TYPE
    page = PAGE

    def check(self, detail: Mapping[str, object]) -> None:
        parse_ask(detail)

    def words(self, detail: Mapping[str, object]) -> str:
        return _("use what you choose")


class Picking:
    """What the picker's doors call."""

    def __init__(self, context: Context, granting: Granting) -> None:
        self._context, self._granting = context, granting

    @property
    def _approvals(self) -> Approvals:
        return self._context.offer(Approvals)  # type: ignore[type-abstract]

    @property
    def _objects(self) -> Objects:
        return self._context.offer(Objects)  # type: ignore[type-abstract]

    def wish(self, wish: Wish) -> str:
        """What stands for a page's wish until the person has decided."""
        return _WISH + base64.urlsafe_b64encode(msgspec.json.encode(wish)).decode()

    async def open(self, sealed: str) -> Asked:
        """Raises NotRegistered, NotAsked, and identity's own for a wish that is over."""
        if sealed.startswith(_WISH):
            return await self._of_a_page(sealed)
        approving = await self._approvals.open(sealed)
        app = await self._context.offer(Apps).by_client(approving.client_id)  # type: ignore[type-abstract]
        if app is None:
            raise NotRegistered
        try:
            (ask,) = [parse_ask(detail) for detail in approving.details]
        except ValueError:
            raise NotAsked from None
        if not may_ask(app, ask):
            raise NotAsked
        return Asked(sealed=sealed, approving=approving, app=app, ask=ask)

    async def _of_a_page(self, sealed: str) -> Asked:
        """It needs no seal: it says nothing that its page could not say, the subject is
        checked when the grant is given, and the way back is a path of ours."""
        try:
            wish = msgspec.json.decode(base64.urlsafe_b64decode(sealed.removeprefix(_WISH)), type=Wish)
            ask = parse_ask(wish.detail)
        except (ValueError, msgspec.MsgspecError):
            raise NotAsked from None
        app = await self._context.offer(Apps).by_name(wish.app)  # type: ignore[type-abstract]
        if app is None or (app.is_outside and not app.upstream) or not may_ask(app, ask):
            raise NotAsked
        back = app.origin + local_path(wish.back)
        return Asked(sealed=sealed, approving=None, app=app, ask=ask, subject=wish.subject, back=back)

    async def part(self, person: PersonId, asked: Asked) -> str:
        """What the part of an installed app that asks is called, such as one PC of the person's; "" for
        the app itself. Raises NotYours."""
        return (await self._granting.object_of(person, asked.subject)).title if asked.subject else ""

    async def look(
        self, person: PersonId, asked: Asked, *, source: str, inside: str, query: str, after: str
    ) -> Look:
        """One page of what there is to choose from. Raises NoObject."""
        sources = await self._sources(person, asked.ask)
        names = [app.name for app in sources]
        if not names:
            raise NoObject
        chosen = AppName(app_of(inside)) if inside else AppName(source)
        chosen = chosen if chosen in names else names[0]
        wish = ObjectsAsk(
            person=person,
            address=inside,
            interfaces=(FOLDER,) if asked.ask.verb == "save" else asked.ask.interfaces,
            media_types=asked.ask.media_types,
            query=query[:100],
            after=after[:200],
        )
        children = await self._objects.children(chosen, wish)
        if children is None:
            raise NoObject
        wanted = frozenset(item.address for item in children.items if is_wanted(asked.ask, item))
        return Look(
            sources=sources,
            source=chosen,
            children=children,
            wanted=wanted if asked.ask.verb == "pick" else frozenset(),
            is_parent_wanted=is_wanted(asked.ask, children.parent),
        )

    async def _sources(self, person: PersonId, ask: Ask) -> tuple[RegisteredApp, ...]:
        """Apps with things of the kind, those that hold most kinds of them first."""
        found = []
        for app in await self._context.offer(Apps).all(person):  # type: ignore[type-abstract]
            door = app.manifest.synfonium.objects
            kinds = {face for kind in door.kinds.values() for face in kind.interfaces} if door else set()
            holds = set(door.holds) if door else set()
            if (holds if ask.verb == "save" else kinds) & set(ask.interfaces):
                found.append(app)
        return tuple(found)

    async def give(
        self, person: Signed, asked: Asked, chosen: Sequence[str], lasting: str = ""
    ) -> tuple[Answered, Sequence[Grant]]:
        """Grants what was chosen, and answers the app. Raises NotPicked, NotYours."""
        most = MOST_PICKED if asked.ask.multiple else 1
        if asked.ask.verb != "pick" or not 1 <= len(set(chosen)) <= most:
            raise NotPicked
        found = [await self._granting.object_of(person.id, address) for address in dict.fromkeys(chosen)]
        if not all(is_wanted(asked.ask, one) for one in found):
            raise NotPicked
        return await self._answer(person, asked, found, lasting)

    async def save(
        self, person: Signed, asked: Asked, folder: str, title: str, lasting: str = ""
    ) -> tuple[Answered, Sequence[Grant]]:
        """Makes the new thing in a place of the person's, and grants it. Raises NotPicked, and
        what the app that keeps it says."""
        if asked.ask.verb != "save" or not title.strip():
            raise NotPicked
        place = await self._granting.object_of(person.id, folder)
        if "write" not in place.may or not await self._holds(folder, asked.ask.interfaces):
            raise NotPicked
        ask = ObjectsAsk(
            person=person.id, address=folder, title=title.strip()[:200], media_type=asked.ask.media_type
        )
        made = await self._objects.create(AppName(app_of(folder)), ask)
        return await self._answer(person, asked, [made], lasting)

    async def _holds(self, folder: str, interfaces: Sequence[str]) -> bool:
        """Whether the place's app says that it takes such things."""
        app = await self._context.offer(Apps).by_name(app_of(folder))  # type: ignore[type-abstract]
        door = app.manifest.synfonium.objects if app else None
        return door is not None and bool(set(door.holds) & set(interfaces))

    async def settle(self, person: Signed, asked: Asked) -> Answered:
        """Answers an app that comes for a grant which the person gave it on a page of ours.
        Raises UnknownGrant."""
        held = await self._granting.of_app(asked.app.name, person.id)
        grant = next((one for one in held if one.id == asked.ask.grant), None)
        if grant is None:
            raise UnknownGrant
        shown = await self._granting.object_of(person.id, grant.object)
        detail = self.detail(grant, shown)
        return await self._approvals.decide(asked.sealed, person, [detail])

    async def refuse(self, person: Signed, asked: Asked) -> Answered:
        if asked.approving is None:
            # The app would ask again at once.
            return Answered(url="/" if asked.app.is_outside else asked.back, origin="", fields={})
        return await self._approvals.decide(asked.sealed, person, None)

    async def _answer(
        self, person: Signed, asked: Asked, found: Sequence[Object], lasting: str
    ) -> tuple[Answered, Sequence[Grant]]:
        # The actions of the ask, which is_wanted has held against what the person may.
        limits = self._limits(asked.ask, lasting)
        grants = [
            await self._granting.give(
                person.id,
                asked.app.name,
                one.address,
                frozenset(asked.ask.actions),
                limits=limits,
                subject=asked.subject,
                origin="save" if asked.ask.verb == "save" else "pick",
            )
            for one in found
        ]
        if asked.approving is None:
            return Answered(url=asked.back, origin="", fields={}), grants
        details = [self.detail(grant, one) for grant, one in zip(grants, found, strict=True)]
        return await self._approvals.decide(asked.sealed, person, details), grants

    def _limits(self, ask: Ask, lasting: str) -> Limits:
        lives = [life for life in (ask.lifetime_s, LASTING_S.get(lasting, 0.0)) if life]
        return Limits(until_s=self._context.clock.now_s() + min(lives)) if lives else Limits()

    def detail(self, grant: Grant, shown: Object) -> dict[str, Any]:
        """What the app learns of a grant: RFC 9396, 7.1, in its token and beside it."""
        location = shown.location.replace("{grant}", grant.id)
        here = self._context.site.public_url if location.startswith("/") else ""
        detail: dict[str, Any] = {
            "type": DETAIL_TYPE,
            "grant": grant.id,
            "identifier": grant.object,
            "actions": sorted(grant.actions),
            "locations": [here + location] if location else [],
            "interfaces": list(shown.interfaces),
            "title": shown.title,
            "media_type": shown.media_type,
            "size_bytes": shown.size_bytes,
            "revision": shown.revision,
        }
        if grant.limits.until_s:
            detail["expires_at"] = int(grant.limits.until_s)
        return detail


def object_detail(context: Context) -> ObjectDetail:
    return ObjectDetail()
