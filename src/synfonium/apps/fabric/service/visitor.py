"""Somebody as software behind us knows them."""

from collections.abc import Collection

import msgspec

from synfonium.apps.fabric.contract import RegisteredApp
from synfonium.apps.identity.contract import PersonView, Subjects
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the app may know them. user: the account's name where the person agreed
    to that, else what stands for them at this app alone."""

    user: str
    name: str = ""


async def known_as(
    context: Context, app: RegisteredApp, person: PersonView | Person, agreed: Collection[str] | None = None
) -> Visitor:
    """agreed: the scopes that the person agreed to, if that is known; else what the manifest asks for."""
    if "profile" in (app.manifest.synfonium.scopes if agreed is None else agreed):
        return Visitor(user=person.name, name=person.display)
    sub = await context.offer(Subjects).of(app.client_id, person.id)  # type: ignore[type-abstract]
    return Visitor(user=sub or "")
