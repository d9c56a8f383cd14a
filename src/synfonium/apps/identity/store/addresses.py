"""Rows of verified e-mail addresses; an address that is not verified is in no row."""

from sqlalchemy import Column, Connection, Float, String, Table, bindparam, delete, insert, select

from synfonium.apps.identity.model.people import folded_address
from synfonium.apps.identity.store.tables import metadata
from synfonium.common.ids import PersonId

_UNTIL = "until changed, removed, or the account is erased"

addresses = Table(
    "identity_mail_address",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("folded", String(300), nullable=False, unique=True),
    Column("verified_s", Float, nullable=False),
    info={
        "personal": {
            "person": f"whose address it is; to write to them; {_UNTIL}",
            "address": f"e-mail address; to write to its owner and let them in again; {_UNTIL}",
            "folded": f"the same in small letters; to find it; {_UNTIL}",
            "verified_s": f"when its owner showed that they read it; to know it is theirs; {_UNTIL}",
        },
        "owner": "person",
    },
)

# Asked at each sign-in.
_ADDRESS = select(addresses.c.address).where(addresses.c.person == bindparam("person"))


def address_of(connection: Connection, person_id: str) -> str:
    """The verified address of a person; empty for none."""
    return str(connection.execute(_ADDRESS, {"person": person_id}).scalar() or "")


def person_at(connection: Connection, address: str) -> PersonId | None:
    """Whose verified address it is, whatever the size of its letters."""
    found = select(addresses.c.person).where(addresses.c.folded == folded_address(address))
    person = connection.execute(found).scalar()
    return None if person is None else PersonId(person)


def set_address(connection: Connection, person_id: str, address: str, now_s: float) -> None:
    remove_address(connection, person_id)
    row = {
        "person": person_id,
        "address": address,
        "folded": folded_address(address),
        "verified_s": now_s,
    }
    connection.execute(insert(addresses), [row])


def remove_address(connection: Connection, person_id: str) -> bool:
    return connection.execute(delete(addresses).where(addresses.c.person == person_id)).rowcount == 1
