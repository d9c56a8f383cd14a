"""People's rules, and what each of them did."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.fabric.model.automation import Rule, Run
from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import PersonId

KEPT_S = 30 * 86_400.0
SHOWN = 20

rules = Table(
    "fabric_rule",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("name", String(100), nullable=False),
    Column("event", String(100), nullable=False),
    Column("object", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("title", String(200), nullable=False),
    Column("action", String(80), nullable=False),
    Column("target", String(200), nullable=False),
    Column("input", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("paused_why", String(20), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("created_s", Float, nullable=False),
    Index("fabric_rule_person", "person", "event"),
    info={
        "personal": {
            "person": "id of the person; whose rules these are; until they remove it",
            "name": "what they call their rule; to show them; until they remove it",
            "title": "which names the rule is about; to do it; until they remove it",
            "input": "what the rule gives to its action; to do it; until they remove it",
        },
        "owner": "person",
    },
)
runs = Table(
    "fabric_rule_run",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("rule", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("event", String(26), nullable=False),
    Column("type", String(100), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("event_s", Float, nullable=False),
    Column("path", Text, nullable=False, server_default=""),
    Column("state", String(10), nullable=False),
    Column("chain", String(200), nullable=False),
    Column("touched", Text, nullable=False),
    Column("problem", String(200), nullable=False),
    Column("started_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    UniqueConstraint("rule", "event"),
    Index("fabric_rule_run_person", "person", "state"),
    info={
        "personal": {
            "person": "id of the person; whose rules these are; 30 days",
            "subject": "what happened to which of their things; to show them; 30 days",
            "path": "in which of their folders it lay; whether a rule is about it; 30 days",
        },
        "owner": "person",
        "ends": ("event_s", KEPT_S),
    },
)
u, n = rules.c, runs.c
_LISTS = ("path", "chain", "touched")


def add(connection: Connection, rule: Rule) -> None:
    row = {**msgspec.structs.asdict(rule), "input": msgspec.json.encode(rule.input).decode()}
    connection.execute(insert(rules), [row])


def count(connection: Connection, person: PersonId) -> int:
    return int(connection.execute(select(func.count()).where(u.person == person)).scalar_one())


def of_person(connection: Connection, person: PersonId) -> list[Rule]:
    rows = connection.execute(select(rules).where(u.person == person).order_by(u.created_s)).all()
    return [_rule(row) for row in rows]


def one(connection: Connection, person: PersonId, id_: str) -> Rule | None:
    row = connection.execute(select(rules).where(u.id == id_, u.person == person)).first()
    return _rule(row) if row else None


def hearing(connection: Connection, person: PersonId, event: str) -> dict[str, float]:
    """Rules about that, and since when each is there."""
    query = select(u.id, u.created_s).where(u.person == person, u.event == event, u.enabled)
    return {row.id: row.created_s for row in connection.execute(query)}


def change(connection: Connection, id_: str, **values: Any) -> None:
    connection.execute(update(rules).where(u.id == id_).values(**values))


def remove(connection: Connection, id_: str) -> None:
    connection.execute(delete(rules).where(u.id == id_))
    connection.execute(delete(runs).where(n.rule == id_))


def wait(connection: Connection, new: Sequence[Run]) -> int:
    """Adds what is to be done; an event that came before for a rule adds nothing. How many were new."""
    added = 0
    for run in new:
        twin = select(n.id).where(n.rule == run.rule, n.event == run.event)
        if connection.execute(twin).first() is None:
            connection.execute(insert(runs), [_row(run)])
            added += 1
    return added


def next_of(connection: Connection, person: PersonId) -> Run | None:
    query = select(runs).where(n.person == person, n.state == "waiting").order_by(n.id).limit(1)
    row = connection.execute(query).first()
    return _run(row) if row else None


def waiting(connection: Connection) -> list[PersonId]:
    query = select(n.person).where(n.state == "waiting").distinct().limit(1_000)
    return [PersonId(row.person) for row in connection.execute(query)]


def interrupt(connection: Connection, now_s: float) -> None:
    """What was being done when the process ended: nobody knows whether it was done."""
    values = {"state": "failed", "problem": "fabric.interrupted", "ended_s": now_s}
    connection.execute(update(runs).where(n.state == "running").values(**values))


def put(connection: Connection, run: Run) -> None:
    connection.execute(update(runs).where(n.id == run.id).values(**_row(run)))


def drop(connection: Connection, run: Run) -> None:
    connection.execute(delete(runs).where(n.id == run.id))


def around(connection: Connection, person: PersonId, at_s: float) -> list[Run]:
    """The runs of the person that were going on at that time."""
    query = select(runs).where(n.person == person, n.started_s > 0, n.started_s <= at_s, n.ended_s >= at_s)
    return [_run(row) for row in connection.execute(query.limit(100))]


def count_since(connection: Connection, rule: str, since_s: float) -> int:
    query = select(func.count()).where(n.rule == rule, n.started_s >= since_s, n.started_s > 0)
    return int(connection.execute(query).scalar_one())


def history(connection: Connection, rule: str) -> list[Run]:
    query = select(runs).where(n.rule == rule).order_by(n.id.desc()).limit(SHOWN)
    return [_run(row) for row in connection.execute(query)]


def _row(run: Run) -> Mapping[str, Any]:
    values = msgspec.structs.asdict(run)
    return {**values, **{name: " ".join(values[name]) for name in _LISTS}}


def _rule(row: Any) -> Rule:
    return msgspec.convert({**_fields(row), "input": msgspec.json.decode(row.input)}, Rule)


def _run(row: Any) -> Run:
    lists = {name: getattr(row, name).split() for name in _LISTS}
    return msgspec.convert({**_fields(row), **lists}, Run)


def _fields(row: Any) -> dict[str, Any]:
    # SQLAlchemy's names of columns are a kind of text that msgspec does not take for one.
    return {"".join(name): value for name, value in row._mapping.items()}
