"""Rows of what the operator decided about sign-up, every version, and who agreed to which."""

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    Text,
    func,
    insert,
    select,
)

from synfonium.apps.identity.model.signup import Rules
from synfonium.apps.identity.store.tables import metadata, people

rules = Table(
    "identity_sign_up_rules",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("is_open", Boolean, nullable=False),
    Column("minimum_age", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("made_s", Float, nullable=False),
    info={"personal": {}},
)

acceptances = Table(
    "identity_acceptance",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("accepted_s", Float, nullable=False),
    info={
        "personal": {
            "person": "who agreed; to show what was agreed; until the account is erased",
            "accepted_s": "when they agreed; to show what was agreed; until the account is erased",
        },
        "owner": "person",
    },
)


def current_rules(connection: Connection) -> Rules | None:
    row = connection.execute(select(rules).order_by(rules.c.version.desc()).limit(1)).first()
    return None if row is None else Rules(**{name: getattr(row, name) for name in Rules.__struct_fields__})


def add_rules(connection: Connection, new: Rules, now_s: float) -> None:
    row = {name: getattr(new, name) for name in Rules.__struct_fields__}
    connection.execute(insert(rules), [{**row, "made_s": now_s}])


def add_acceptance(connection: Connection, person_id: str, version: int, now_s: float) -> None:
    connection.execute(insert(acceptances), [{"person": person_id, "version": version, "accepted_s": now_s}])


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(people.c.name)).scalars())


def somebody_is_called(connection: Connection, display: str) -> bool:
    """Whether somebody is called `display`, whatever the size of its letters."""
    called = select(people.c.id).where(func.lower(people.c.display) == display.lower()).limit(1)
    return connection.execute(called).first() is not None
