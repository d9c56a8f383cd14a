"""With whom somebody may share: whom they can name exactly, and who is together with them."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.errors import NobodyCalled
from synfonium.apps.drive.model.share import ToKind
from synfonium.apps.drive.service.room import Room
from synfonium.apps.identity.contract import Organisations, People
from synfonium.common.ids import PersonId

MOST_MEMBERS = 200
MOST_FOUND = 25
LONGEST_NAME = 200


class Sharee(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, or several, with whom can be shared. name: what finds them; display: what they are called."""

    kind: ToKind
    id: str
    name: str
    display: str


class Sharees:
    """No list of everybody is given to anybody."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def named(self, actor: PersonId, name: str) -> Sharee:
        """A person by the exact name they sign in with, a group or an organisation of the actor's by its
        name in any case. Raises NobodyCalled."""
        name = name.strip()[:LONGEST_NAME]
        for one in await self.together(actor):
            if one.name.casefold() == name.casefold() or one.display.casefold() == name.casefold():
                return one
        person = await self._person(name)
        if person is None or person.id == actor:
            raise NobodyCalled
        return person

    async def _person(self, name: str) -> Sharee | None:
        found = await self._room.context.offer(People).by_name(name) if name else None  # type: ignore[type-abstract]
        if found is None or found.is_suspended:
            return None
        return Sharee(kind="person", id=found.id, name=found.name, display=found.display)

    async def neighbour(self, actor: PersonId, name: str) -> PersonId:
        """Somebody of the actor's groups and organisations, by the exact name. Raises NobodyCalled."""
        found = await self._person(name.strip())
        if found is None or found.id == actor or found.id not in await self._neighbours(actor):
            raise NobodyCalled
        return PersonId(found.id)

    async def knows(self, actor: PersonId, person: PersonId) -> bool:
        """Whether they are one, are together in an organisation, or one has shared with the other."""
        if person == actor:
            return True
        mounts = self._room.mounts
        ours, theirs = await mounts.together(actor), await mounts.together(person)
        if set(ours.organisations) & set(theirs.organisations):
            return True
        return await self._had_from(actor, person) or await self._had_from(person, actor)

    async def _had_from(self, one: PersonId, other: PersonId) -> bool:
        for received in await self._room.mounts.of(one):
            if received.space.owner == other or any(share.by == other for share in received.shares):
                return True
        return False

    async def called(self, kind: ToKind, id_: str) -> str:
        """What a person is called now; empty for who is not there."""
        if kind != "person":
            return ""
        found = await self._room.context.offer(People).by_id(PersonId(id_))  # type: ignore[type-abstract]
        return found.display if found else ""

    async def together(self, actor: PersonId) -> list[Sharee]:
        """The actor's groups and organisations."""
        memberships = (await self._room.mounts.together(actor)).memberships
        found = [
            Sharee(kind="group", id=group.id, name=group.name, display=f"{group.name} · {one.name}")
            for one in memberships
            for group in one.groups
        ]
        found += [
            Sharee(kind="organisation", id=one.organisation, name=one.name, display=one.name)
            for one in memberships
        ]
        return found

    async def search(self, actor: PersonId, text: str) -> list[Sharee]:
        """Groups, organisations, and people of the same groups and organisations whose names hold `text`; and
        the one person who is called exactly so."""
        wanted = text.strip().casefold()[:LONGEST_NAME]
        found = [one for one in await self.together(actor) if wanted in one.display.casefold()]
        exact = await self._person(text.strip())
        people = [exact] if exact else []
        for id_ in await self._neighbours(actor):
            view = await self._room.context.offer(People).by_id(id_)  # type: ignore[type-abstract]
            if view and not view.is_suspended and wanted in f"{view.name} {view.display}".casefold():
                people.append(Sharee(kind="person", id=view.id, name=view.name, display=view.display))
        every = {(one.kind, one.id): one for one in [*people, *found] if one.id != actor}
        return list(every.values())[:MOST_FOUND]

    async def _neighbours(self, actor: PersonId) -> Sequence[PersonId]:
        together, ids = await self._room.mounts.together(actor), dict[PersonId, None]()
        for organisations in self._room.context.offers(Organisations):  # type: ignore[type-abstract]
            for group in together.groups:
                ids.update(dict.fromkeys(await organisations.of_group(group)))
            for organisation in together.organisations:
                ids.update(dict.fromkeys(await organisations.of_pool(organisation)))
        return list(ids)[:MOST_MEMBERS]

    async def members(self, sharee_kind: ToKind, id_: str) -> list[PersonId]:
        """Who is meant by a share, as far as there are few enough to tell each of them."""
        if sharee_kind == "person":
            return [PersonId(id_)]
        found: list[PersonId] = []
        for organisations in self._room.context.offers(Organisations):  # type: ignore[type-abstract]
            ask = organisations.of_group if sharee_kind == "group" else organisations.of_pool
            found += await ask(id_)
        return found[:MOST_MEMBERS]
