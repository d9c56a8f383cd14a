"""Commands of your data, in the worker."""

from pathlib import Path
from typing import Any

import msgspec

from synfonium.apps.identity.contract import People, PersonView
from synfonium.apps.yourdata.service import YourdataService
from synfonium.apps.yourdata.service.processing import markdown
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.calls import Call
from synfonium.kernel.coming import Whose
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _, choose_locale

Answer = dict[str, Any]
OPERATOR = "operator"


async def export(context: Context, call: Call) -> Answer:
    """Writes the archive of `name` to `path`, on this machine. Gives files and size_bytes."""
    _only(call, "cli")
    view = await _named(context, call.text("name"))
    path = Path(call.text("path"))
    await _note(context, view, "kernel.person.export")
    written = await _service(context).exports.write(Whose(view.id, view.name), path, call.progress)
    return dict(msgspec.structs.asdict(written))


async def take_in(context: Context, call: Call) -> Answer:
    """Takes the archive at `path` in, for a person called `name` ("" for as before)."""
    _only(call, "cli")
    arrived = await _service(context).imports.take_in(
        Path(call.text("path")), call.text("name"), call.progress
    )
    return dict(msgspec.structs.asdict(arrived))


async def erase(context: Context, call: Call) -> Answer:
    """Erases `name` now, or `after_days`; gives `due_s` and, when it is done, `receipt`."""
    _only(call, "cli")
    view = await _named(context, call.text("name"))
    erasures, days = _service(context).erasures, _days(call)
    erasure = await erasures.begin(view.id, by=OPERATOR, after_days=days)
    await _note(context, view, "kernel.person.erase")
    if days == 0:
        erasure = await erasures.run(erasure.id, call.progress)
    receipt = msgspec.json.decode(erasure.receipt) if erasure.receipt else None
    return {"id": erasure.id, "due_s": erasure.due_s, "receipt": receipt}


async def ask_archive(context: Context, call: Call) -> Answer:
    """For a page: an archive of `person`, made in the background; by: the administrator who asks."""
    _only(call, context.app.name)
    asked = await _service(context).archives.ask(call.text("person"), call.text("by"))
    return dict(msgspec.structs.asdict(asked))


async def drop_archive(context: Context, call: Call) -> Answer:
    _only(call, context.app.name)
    await _service(context).archives.drop(call.text("person"), call.text("id"), call.text("by"))
    return {}


async def leave(context: Context, call: Call) -> Answer:
    """For a page: `person` closes their account, to be erased after the settings' days."""
    _only(call, context.app.name)
    person = call.text("person")
    erasure = await _service(context).erasures.begin(person, by=person)
    return {"id": erasure.id, "due_s": erasure.due_s}


async def stay(context: Context, call: Call) -> Answer:
    _only(call, context.app.name)
    person = call.text("person")
    await _service(context).erasures.withdraw(person, by=person)
    return {}


async def processing(context: Context, call: Call) -> Answer:
    """`markdown`: the record of processing activities, in `language`."""
    language, config = choose_locale(call.text("language")), context.config
    return {"markdown": markdown(config.controller, config.contact, language)}


async def receipt_key(context: Context, call: Call) -> Answer:
    """`key`: the public key, PEM, that this installation's receipts are signed with."""
    return {"key": _service(context).receipts.public_key}


async def _note(context: Context, view: PersonView, act: str) -> None:
    """What the operator does with a person's data stands on that person's own page."""
    await context.call("identity.note", {"person": view.id, "act": act})


def _only(call: Call, caller: str) -> None:
    if call.caller != caller:
        raise Forbidden


def _days(call: Call) -> float:
    days = call.arguments.get("after_days") or 0
    if not isinstance(days, int) or not 0 <= days <= 3650:
        raise BadInput("after_days", _("Between 0 and 3650 days."))
    return days


async def _named(context: Context, name: str) -> PersonView:
    view = await context.offer(People).by_name(name)  # type: ignore[type-abstract]
    if view is None:
        raise NotFound
    return view


def _service(context: Context) -> YourdataService:
    service: YourdataService = context.service
    return service
