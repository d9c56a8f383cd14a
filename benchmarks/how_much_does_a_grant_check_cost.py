"""How much CPU does it take to find out whether an app may?

    .venv/bin/python benchmarks/how_much_does_a_grant_check_cost.py [--rounds N] [--checks N] [--grants N]

Goal: at most 50 µs of CPU a check. `Grants.check` as every door asks it, uses counted, for a file that
lies six folders deep, in an installation with `--grants` rights. warm: what was remembered (half a second
at most); cold: from the table at each check; with a parent: passed on once, warm and cold; biscuit: a
token that was narrowed once, for one file and for another one each time. Peers in the same round: the same
question as one SQL query on the same file without anything around it; casbin (of PyPI, where it is
installed) with the same number of policies. CPU of all threads of this process, in µs. Medians. Writes
benchmarks/results/grant_check.json.
"""

import argparse
import asyncio
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from answers import keep
from sqlalchemy import Connection

from synfonium.apps.fabric.contract import Grant, Limits
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.apps.fabric.store import grants as store
from synfonium.common.ids import AppName, GrantId, PersonId, new_id
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

DEEP = 6
Taken = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--checks", type=int, default=5_000)
    parser.add_argument("--grants", type=int, default=10_000)
    asked = parser.parse_args()
    taken: Taken = {}
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder) / "home", asked, taken))
    medians = {name: round(statistics.median(found), 1) for name, found in taken.items()}
    keep("grant_check", {"goal_us": 50, "grants": asked.grants, "cpu_us": medians})


async def measure(home: Path, asked: argparse.Namespace, taken: Taken) -> None:
    async with installation(home) as house:
        await house.person("ana")
        person = PersonId(msgspec.to_builtins(await house.call("identity.user_find", {"name": "ana"}))["id"])
        fabric = house.context("fabric")
        await fabric.database.write(lambda c: _plant(c, person, asked.grants))
        path = [f"drive:node/{new_id()}" for _step in range(DEEP)] + ["drive:root"]
        given = await _give(house, person, path[-2])
        cut = await _give(house, person, path[-3], parent=given)
        for _round in range(asked.rounds):
            await _ours(house, person, path, (given, cut), asked.checks, taken)
            _sql(home, path, given, asked.checks, taken)
            _casbin(path, given, asked.grants, taken)


def _plant(connection: Connection, person: PersonId, count: int) -> None:
    for number in range(count):
        store.add(connection, _grant(person, f"drive:node/{number}"))


def _grant(person: PersonId, object_: str, parent: str = "") -> Grant:
    return Grant(
        id=GrantId(new_id()),
        person=person,
        app=AppName("pc"),
        subject="pc:app",
        object=object_,
        actions=frozenset({"read", "write"}),
        limits=Limits(until_s=time.time() + 86_400),
        parent=GrantId(parent),
        since_s=time.time(),
    )


async def _give(house: Installation, person: PersonId, object_: str, parent: str = "") -> GrantId:
    grant = _grant(person, object_, parent)
    await house.context("fabric").database.write(lambda c: store.add(c, grant))
    return grant.id


async def _ours(
    house: Installation,
    person: PersonId,
    path: Sequence[str],
    grants: tuple[GrantId, GrantId],
    checks: int,
    taken: Taken,
) -> None:
    authority = house.context("fabric").service.authority
    given, cut = (Person(id=person, name="", display="", grants=(grant,)) for grant in grants)
    token = authority.biscuits.mint(grants[0], Narrowed(actions=frozenset({"read"}), object=path[-2]))
    caveats = authority.biscuits.grant_of(token)[1]
    narrowed = msgspec.structs.replace(given, caveats=caveats)

    async def check(holder: Person, is_cold: bool) -> None:
        if is_cold:
            authority.forget()
        assert await authority.check(holder, path, "read")

    numbers = itertools.count()

    async def check_another() -> None:
        assert await authority.check(narrowed, [f"drive:node/{next(numbers)}", *path[1:]], "read")

    for name, holder, is_cold in (
        ("warm", given, False),
        ("cold", given, True),
        ("warm with a parent", cut, False),
        ("cold with a parent", cut, True),
        ("warm by a biscuit", narrowed, False),
    ):
        many = checks // 10 if is_cold else checks
        taken.setdefault(name, []).append(await _cpu_us(lambda h=holder, c=is_cold: check(h, c), many))
    taken.setdefault("biscuit, another file each time", []).append(await _cpu_us(check_another, checks))


async def _cpu_us(work: Callable[[], Awaitable[None]], times: int) -> float:
    await work()
    began = time.process_time()
    for _again in range(times):
        await work()
    return (time.process_time() - began) / times * 1e6


def _sql(home: Path, path: Sequence[str], grant: GrantId, checks: int, taken: Taken) -> None:
    """One statement that follows the parents, on a connection that stays open."""
    query = f"""
        WITH RECURSIVE up(id, parent, height) AS (
            SELECT id, parent, 0 FROM fabric_grant WHERE id = ?
            UNION ALL SELECT g.id, g.parent, up.height + 1 FROM fabric_grant g JOIN up ON g.id = up.parent
            WHERE up.height < 5)
        SELECT count(*), sum(g.revoked_s IS NULL AND g.actions LIKE '%read%'
            AND g.object IN ({", ".join("?" * len(path))}) AND (g.until_s = 0 OR g.until_s > ?))
        FROM fabric_grant g JOIN up ON up.id = g.id"""
    connection = sqlite3.connect(f"file:{home / 'databases' / 'fabric.sqlite'}?mode=ro", uri=True)
    began = time.process_time()
    for _again in range(checks):
        every, good = connection.execute(query, (grant, *path, time.time())).fetchone()
        assert every == good == 1
    taken.setdefault("peer: one SQL query", []).append((time.process_time() - began) / checks * 1e6)
    connection.close()


_MODEL = """
[request_definition]
r = grant, object, action
[policy_definition]
p = grant, object, action
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.grant == p.grant && r.object == p.object && r.action == p.action
"""


def _casbin(path: Sequence[str], grant: GrantId, grants: int, taken: Taken) -> None:
    """Asked for each step of the path, until one lets it happen. Its matcher looks at every policy."""
    try:
        import casbin
    except ImportError:
        return
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer: Any = casbin.Enforcer(model)
    enforcer.add_policies([[f"g{number}", f"drive:node/{number}", "read"] for number in range(grants)])
    enforcer.add_policy(grant, path[0], "read")
    began = time.process_time()
    assert enforcer.enforce(grant, path[0], "read")
    taken.setdefault("peer: casbin, the first step of the path alone", []).append(
        (time.process_time() - began) * 1e6
    )


if __name__ == "__main__":
    main()
