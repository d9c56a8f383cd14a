"""What every app answers about a person's data (kernel.commands.IMPLIED), in its own role."""

import asyncio
import time
from pathlib import Path

from synfonium.common.ids import PersonId
from synfonium.common.problem import Forbidden, Unavailable
from synfonium.kernel.app import resolve
from synfonium.kernel.calls import Call
from synfonium.kernel.coming import ComingPart, open_archive
from synfonium.kernel.context import Context
from synfonium.kernel.personal import Part, Plain
from synfonium.kernel.personal_tables import erase_rows, tables_of

__all__ = ["KEEPER", "bring", "erase", "part_of", "scour"]

KEEPER = "yourdata"
"""The only app that may ask for these."""
HEARD_WITHIN_S = 30.0


def part_of(context: Context) -> Part:
    """What the app brings beyond its tables."""
    if not context.app.personal:
        return Plain()
    part: Part = resolve(context.app.personal)(context)
    return part


async def bring(context: Context, call: Call) -> dict[str, list[str]]:
    """Takes the app's folder of the archive at `path` in, for `person`, to be called `name`.

    `key`: hexadecimal, of this arrival. `notes`: what could not come along. Raises BadArchive.
    """
    _only_the_keeper(call)
    archive, manifest = await asyncio.to_thread(open_archive, Path(call.text("path")))
    with archive:
        key = bytes.fromhex(call.text("key"))
        coming = ComingPart(archive, context.app.name, manifest.person.id, key)
        await part_of(context).bring(PersonId(call.text("person")), call.text("name"), coming)
        return {"notes": coming.notes}


async def erase(context: Context, call: Call) -> dict[str, int]:
    """Destroys all that the app has of `person`; how much of what. May be asked again.

    When it answers, all that the app had told of them until then has arrived, so that whoever heard of it
    can be asked to destroy that too. Raises Unavailable when somebody does not hear.
    """
    _only_the_keeper(call)
    person = PersonId(call.text("person"))
    counts = dict(await part_of(context).erase(person))
    tables = tables_of(context.app)
    if tables:
        counts |= await context.database.write(lambda c: erase_rows(c, tables, person))
        await _until_heard(context)
    return counts


async def _until_heard(context: Context) -> None:
    last = await context.database.read(context.outbox.last)
    until_s = time.monotonic() + HEARD_WITHIN_S
    while last and await context.database.read(lambda c: context.outbox.waits(c, last)):
        if time.monotonic() > until_s:
            raise Unavailable
        await asyncio.sleep(0.05)


async def scour(context: Context, call: Call) -> dict[str, bool]:
    """Makes what was deleted leave the database's files. Raises DatabaseUnavailable."""
    _only_the_keeper(call)
    if context.app.migrations:
        await asyncio.to_thread(context.database.scour)
    return {"done": True}


def _only_the_keeper(call: Call) -> None:
    if call.caller != KEEPER:
        raise Forbidden
