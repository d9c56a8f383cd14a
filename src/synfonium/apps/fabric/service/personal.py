"""What the fabric does with a person's data beyond its tables: rights and the index."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from synfonium.apps.fabric.contract import GRANT_GIVEN, GRANT_REVOKED
from synfonium.apps.fabric.model import is_address
from synfonium.apps.fabric.store import grants as store
from synfonium.common.ids import PersonId
from synfonium.kernel.app import installed_apps
from synfonium.kernel.coming import BadArchive
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.personal import Coming, Part, Plain
from synfonium.kernel.personal_tables import row_from_json

MOST_GRANTS = 10_000
# What archives of before do not say.
_SINCE_0003 = {"title": "", "origin": "brought", "parent": "", "until_s": 0.0, "uses": -1, "is_final": False}


class _Fabric(Plain):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        """Rights in force go on for the same things, under their new addresses; secrets are
        made anew. Those of an app that is not installed here are said, and stay behind."""
        here = {app.name for app in installed_apps()}
        rows = []
        for row in _rows(coming):
            if row["revoked_s"] is None and row["app"] in here:
                rows.append(_moved(row, person, coming))
            elif row["revoked_s"] is None:
                coming.note(
                    _("A right was given to an app that is not installed here; it stays in the archive.")
                )

        if next(coming.rows("fabric_app"), None):
            coming.note(
                _("Apps that you had added stay in the archive: add them here again by their manifest.")
            )

        def work(connection: Connection) -> None:
            for row in rows:
                connection.execute(insert(store.grants), [row])
                facts = {key: row[key] for key in ("app", "subject", "object", "person")}
                self._context.outbox.add(connection, GRANT_GIVEN, f"fabric:grant/{row['id']}", facts)

        await self._context.database.write(work)

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        """Rights that they gave end now, for whoever holds one; then the index forgets."""

        def work(connection: Connection) -> int:
            mine = select(store.grants).where(store.grants.c.person == person)
            found = connection.execute(mine.where(store.grants.c.revoked_s.is_(None))).all()
            for row in found:
                store.revoke(connection, row.id, self._context.clock.now_s())
                facts = {"app": row.app, "subject": row.subject, "object": row.object, "person": row.person}
                self._context.outbox.add(connection, GRANT_REVOKED, f"fabric:grant/{row.id}", facts)
            return len(found)

        revoked = await self._context.database.write(work)
        await self._context.service.indexing.forget_person(person)
        return {"rights_ended": revoked}


def _rows(coming: Coming) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(coming.rows("fabric_grant")):
        try:
            checked = row_from_json(store.grants, {**_SINCE_0003, **row})
        except ValueError:
            checked = {}
        addresses = [checked.get("subject", ""), checked.get("object", "")]
        if number >= MOST_GRANTS or not all(is_address(address) for address in addresses):
            raise BadArchive(_("A row in it is not of the kind it should be."))
        yield checked


def _moved(row: dict[str, Any], person: PersonId, coming: Coming) -> dict[str, Any]:
    return {
        **row,
        "id": coming.new_id(row["id"]),
        "person": person,
        "subject": _address(row["subject"], coming),
        "object": _address(row["object"], coming),
        "parent": coming.new_id(row["parent"]) if row["parent"] else "",
        "used_s": 0.0,
    }


def _address(address: str, coming: Coming) -> str:
    """The address of the same thing here. Only what came with the archive can be meant, or
    what each person has one of."""
    place, slash, id_ = address.rpartition("/")
    return f"{place}/{coming.new_id(id_)}" if slash else address


def part(context: Context) -> Part:
    return _Fabric(context)
