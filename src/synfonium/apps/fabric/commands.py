"""What other apps and roles may ask of the fabric."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from synfonium.apps.fabric.contract import Found, Grant, GrantSecret, IndexAnswer, IndexPush, Query
from synfonium.apps.fabric.model import app_of
from synfonium.apps.fabric.model.origins import is_this_computer
from synfonium.apps.fabric.model.uses import Use
from synfonium.apps.fabric.service import FabricService
from synfonium.apps.fabric.service.mounting import AllGiven
from synfonium.apps.fabric.service.registering import EVERYBODY, Installed
from synfonium.apps.fabric.service.registry import installed
from synfonium.apps.identity.contract import People
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.common.problem import BadInput, Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Call, Context
from synfonium.kernel.i18n import _

OPERATOR = PersonId("")


async def grant_secret(context: Context, call: Call) -> GrantSecret:
    service: FabricService = context.service
    found = await service.granting.secret(GrantId(call.text("grant")), call.caller)
    return msgspec.structs.replace(found, url=context.site.local_url + found.url)


async def grant_aim(context: Context, call: Call) -> Grant:
    """A grant of the caller's for `subject`, a part of it that is the same person's."""
    service: FabricService = context.service
    return await service.granting.aim(GrantId(call.text("grant")), call.text("subject"), call.caller)


async def grants_for(context: Context, call: Call) -> Sequence[Grant]:
    subject = call.text("subject")
    if app_of(subject) != call.caller:
        raise Forbidden
    service: FabricService = context.service
    return await service.granting.of_subject(subject)


async def grants_end(context: Context, call: Call) -> int:
    """Ends all rights of a part of the caller's, such as a PC that was deleted; how many."""
    subject = call.text("subject")
    if app_of(subject) != call.caller:
        raise Forbidden
    service: FabricService = context.service
    return await service.granting.end_of(subject)


async def grant_use(context: Context, call: Call) -> bool:
    """Counts one use of each of `grants`, for a role that only reads; whether there was one left."""
    service: FabricService = context.service
    return await service.granting.use([GrantId(str(grant)) for grant in call.arguments["grants"]])


async def uses_add(context: Context, call: Call) -> bool:
    """Adds to what is counted of the uses of grants, for a role that only reads. Raises Forbidden."""
    if call.caller != "fabric":
        raise Forbidden
    service: FabricService = context.service
    await service.authority.uses.add(msgspec.convert(call.arguments["uses"], list[Use]))
    return True


async def index(context: Context, call: Call) -> IndexAnswer:
    """The door of apps that are installed: an IndexPush; without `person` only `forget`."""
    try:
        pushed = msgspec.convert(msgspec.to_builtins(call.arguments), IndexPush)
    except msgspec.ValidationError as error:
        raise BadInput("push", str(error)) from None
    if pushed.documents and not pushed.person:
        raise BadInput("person", _("Say whose these things are."))
    service: FabricService = context.service
    return await service.indexing.push(AppName(call.caller), pushed)


async def search(context: Context, call: Call) -> Found:
    """What `person` finds with `query`: their own things, and what is shared with them."""
    service: FabricService = context.service
    actor = Person(id=PersonId(call.text("person")), name="", display="")
    query = Query(
        text=call.text("query"),
        limit=int(call.arguments.get("limit") or 10),
        offset=int(call.arguments.get("offset") or 0),
        app=AppName(call.text("app")),
        interface=call.text("interface"),
    )
    return await service.search.run(actor, query)


async def app_install(context: Context, call: Call) -> Mapping[str, object]:
    """Registers an outside app or updates it. Arguments: manifest (text), origin, person (a name;
    "" for everybody), upstream. What is secret is told this once."""
    owner = await _person(context, call)
    service: FabricService = context.service
    content = call.text("manifest").encode("utf-8", "surrogatepass")
    app = await service.registering.install(
        content, call.text("origin"), by=OPERATOR, owner=owner, upstream=call.text("upstream")
    )
    return _told(context, app)


async def app_list(context: Context, call: Call) -> Mapping[str, object]:
    """`apps`: name, origin, owner (a name), client_id; of `person` alone when given, else all,
    installed ones included."""
    service: FabricService = context.service
    asked = await _person(context, call)
    people = context.offer(People)  # type: ignore[type-abstract]
    found = (
        [] if asked else [{"name": name, "origin": "", "owner": "", "client_id": ""} for name in installed()]
    )
    for row in await service.registering.all(asked or None):
        owner = await people.by_id(PersonId(row.owner)) if row.owner else None
        shown = {"name": row.name, "origin": row.origin, "client_id": row.client_id}
        found.append({**shown, "owner": owner.name if owner else row.owner})
    return {"apps": sorted(found, key=lambda app: app["name"])}


async def app_secret(context: Context, call: Call) -> Mapping[str, object]:
    """Makes the secrets of an outside app anew and tells them this once. Raises NoSuchApp."""
    service: FabricService = context.service
    renewed = await service.registering.renew(call.text("name"), owner=None, by=OPERATOR)
    return _told(context, renewed)


def _told(context: Context, app: Installed) -> Mapping[str, object]:
    """issuer: where the app finds this installation. is_called: whether this installation calls an
    app where it lives."""
    is_near = is_this_computer(urlsplit(app.origin).hostname or "")
    about = {"issuer": context.site.public_url, "is_called": context.config.local_apps or not is_near}
    return {**msgspec.to_builtins(app), **about}


async def app_remove(context: Context, call: Call) -> Mapping[str, int]:
    """Ends an outside app: its client, its rights, itself. Raises NoSuchApp."""
    service: FabricService = context.service
    return {"rights_ended": await service.registering.remove(call.text("name"), by=OPERATOR)}


async def app_given(context: Context, call: Call) -> AllGiven:
    """What people gave to the outside app `name` and WebDAV reaches; at once when something changed
    after `seen`, else after a while. For the operator alone. Raises NoSuchApp, Forbidden."""
    _operator_alone(call)
    service: FabricService = context.service
    return await service.mounting.given(call.text("name"), int(call.arguments.get("seen", -1)))


async def app_grant_secret(context: Context, call: Call) -> GrantSecret:
    """A new secret of a `grant` of the outside app `name`. For the operator alone, who runs the app.
    Raises NoSuchApp, UnknownGrant, Forbidden."""
    _operator_alone(call)
    service: FabricService = context.service
    found = await service.mounting.secret(call.text("name"), GrantId(call.text("grant")))
    return msgspec.structs.replace(found, url=context.site.local_url + found.url)


async def app_shown(context: Context, call: Call) -> bool:
    """Says which `grants` of the outside app `name` show as folders now. For the operator alone."""
    _operator_alone(call)
    service: FabricService = context.service
    grants = frozenset(GrantId(str(grant)) for grant in call.arguments["grants"])
    service.mounting.tell_shown(call.text("name"), grants)
    return True


def _operator_alone(call: Call) -> None:
    if call.caller != "cli":
        raise Forbidden


async def _person(context: Context, call: Call) -> PersonId:
    """The id of the person called `person`, "" when nobody is named. Raises NotFound."""
    if not call.text("person"):
        return EVERYBODY
    found = await context.call("identity.user_find", {"name": call.text("person")})
    return PersonId(str(found["id"]))
