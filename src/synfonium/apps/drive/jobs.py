"""Commands of Drive, for the command line and other roles (see contract.py)."""

import base64
import binascii
from collections.abc import AsyncIterator

import msgspec

from synfonium.apps.drive.contract import Described
from synfonium.apps.drive.model import NodeId, VersionId
from synfonium.apps.drive.moving.opened import moving_now
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.service import DriveService, checking
from synfonium.apps.drive.service.indexing import Teller
from synfonium.apps.drive.service.previews import Answer, Darkroom, Order, Source
from synfonium.apps.drive.service.sweep import Swept
from synfonium.apps.drive.service.told import TextSource
from synfonium.apps.identity.contract import People
from synfonium.apps.operations.contract import Finding
from synfonium.apps.shell.contract import Glance
from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Call, Context
from synfonium.kernel.i18n import _

PUT_BYTES = 1024 * 1024


def _service(context: Context) -> DriveService:
    service: DriveService = context.service
    return service


async def describe(context: Context, call: Call) -> Described | None:
    return await _service(context).told.describe(NodeId(call.text("node")))


async def text_sources(context: Context, call: Call) -> list[TextSource]:
    """For Drive's own worker alone, as all that follows: what these `nodes` are now."""
    return await _service(context).told.text_sources(_nodes(context, call))


async def text_of(context: Context, call: Call) -> str:
    """It is what stands in a file."""
    _need_own(context, call)
    return await _service(context).told.text_of(NodeId(call.text("node")))


async def standing(context: Context, call: Call) -> list[NodeId]:
    return await _service(context).told.standing(_nodes(context, call))


def _need_own(context: Context, call: Call) -> None:
    if call.caller != context.app.name:
        raise Forbidden


def _nodes(context: Context, call: Call) -> list[NodeId]:
    _need_own(context, call)
    return [NodeId(str(node)) for node in call.arguments["nodes"]]


async def index_nodes(context: Context, call: Call) -> dict[str, bool]:
    """In the worker: tells the private search what these `nodes` are now."""
    await Teller(context).tell(_nodes(context, call))
    return {"done": True}


async def read_picture_source(context: Context, call: Call) -> Source | None:
    """For Drive's own worker alone: a piece of what is in a file."""
    if call.caller != context.app.name:
        raise Forbidden
    version, start = VersionId(call.text("version")), int(call.text("start", "0"))
    return await _service(context).previews.source(NodeId(call.text("node")), version, start)


async def make_pictures(context: Context, call: Call) -> Answer:
    """In the worker: makes pictures of a content. For Drive alone."""
    if call.caller != context.app.name:
        raise Forbidden
    return await Darkroom(context).make(msgspec.convert(call.arguments, Order))


async def sweep(context: Context, call: Call) -> Swept:
    return await _service(context).sweep.once()


async def scrub(context: Context, call: Call) -> dict[str, object]:
    """Reads all content for damage. act: `now` (waits for the end), `begin`, `stop`, `state`."""
    drive, act = _service(context), call.text("act", "state")
    if act == "now":
        await drive.scrub.now(call.progress)
    elif act == "begin":
        await drive.scrub.begin()
    elif act == "stop":
        await drive.scrub.stop()
    return {"walk": await drive.scrub.state(), "damage": await drive.scrub.damage()}


async def s3_key(context: Context, call: Call) -> dict[str, str]:
    """A key of the S3 API for the person of that name, from the command line alone: it is theirs."""
    if call.caller != "cli":
        raise Forbidden
    view = await context.offer(People).by_name(call.text("name"))  # type: ignore[type-abstract]
    if view is None:
        raise NotFound
    person = Person(id=view.id, name=view.name, display=view.display)
    may_write, days = bool(call.arguments["write"]), int(call.arguments["days"])
    made = await _service(context).s3_keys.make(person, call.text("label"), may_write=may_write, days=days)
    return {"key": made.key.id, "secret": made.secret}


async def keys(context: Context, call: Call) -> dict[str, object]:
    """Looks after the keys of spaces, from the command line alone. act: lock, unlock, rewrap or state.
    name: of a person, or the id of whose space it is; empty with rewrap for all. key: of `[drive] keys`."""
    if call.caller != "cli":
        raise Forbidden
    locking, act, name = _service(context).locking, call.text("act"), call.text("name")
    owner = await _owner(context, name) if name else None
    if act in ("lock", "unlock") and owner is not None:
        await locking.lock(owner, is_locked=act == "lock")
        return {"changed": 1}
    if act == "rewrap":
        return {"changed": await locking.rewrap(owner, call.text("key"))}
    return {"keys": msgspec.to_builtins(await locking.state())}


async def _owner(context: Context, name: str) -> PersonId:
    view = await context.offer(People).by_name(name)  # type: ignore[type-abstract]
    return view.id if view else PersonId(name)


async def move_in(context: Context, call: Call) -> dict[str, object]:
    """Brings in what the person of that name has elsewhere, and waits; from the command line alone."""
    if call.caller != "cli":
        raise Forbidden
    view = await context.offer(People).by_name(call.text("person"))  # type: ignore[type-abstract]
    if view is None:
        raise NotFound
    actor = Person(id=view.id, name=view.name, display=view.display)
    wanted = msgspec.convert({**call.arguments["wanted"]}, Wanted)
    return await moving_now(context, actor, wanted, call.progress)


async def mend(context: Context, call: Call) -> dict[str, int]:
    """Counts sizes and references anew; `mended`: how many were wrong. Deletes nothing."""
    return {"mended": await checking.mend(context)}


async def check(context: Context, call: Call) -> list[Finding]:
    """For the doctor: whether content is whole, was read lately, and the tables agree."""
    return await checking.check(context)


async def glance(context: Context, call: Call) -> Glance:
    """What the home page of `person` shows of their drive."""
    return await _service(context).glances.of(PersonId(call.text("person")))


async def put(context: Context, call: Call) -> dict[str, object]:
    """Puts `content` (base64, at most 1 MiB) at `path` in the drive of `person`.

    Missing folders are made; what is there already stays as it is (`existed`).
    """
    drive = _service(context)
    actor = Person(id=PersonId(call.text("person")), name="", display="", app=AppName(call.caller))
    content, names = _content(call), call.text("path").split("/")
    there = await drive.tree.resolve(actor, names)
    if len(there) > len(names):
        return {"node": there[-1].id, "existed": True}
    folder = await drive.tree.ensure_folders(actor, there[0].id, names[:-1])
    written = await drive.files.write(actor, folder, names[-1], _pieces(content))
    return {"node": written.node.id, "existed": False}


def _content(call: Call) -> bytes:
    try:
        content = base64.b64decode(call.text("content"), validate=True)
    except binascii.Error:
        raise BadInput("content", _("This is not base64.")) from None
    if len(content) > PUT_BYTES:
        raise BadInput("content", _("This is larger than what is accepted here."))
    return content


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
