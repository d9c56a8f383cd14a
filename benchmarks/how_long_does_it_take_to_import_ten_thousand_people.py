"""How long does it take to import 10,000 people by SCIM, and are the pages still fast with them?

    .venv/bin/python benchmarks/how_long_does_it_take_to_import_ten_thousand_people.py [--people N]

A directory sends them over HTTP on loopback to a server of its own, in Bulk requests of 500 and
groups of 25, every commit synced to disk. Counted are wall time and the CPU time of the serving
process. Then the pages of people are asked for, each 20 times: the median counts. Goals: 10,000
people in 60 s; a page within 250 ms. A busy machine makes it look dearer.
Writes benchmarks/results/scim_import.json.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from answers import cpu_s, keep

from synfonium.testing.server import real_server

AT_ONCE = 500
IN_A_GROUP = 25
PAGE_TRIES = 20
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as folder:
        answer = measure(Path(folder) / "home", people)
    keep("scim_import", {**answer, "goals": {"wall_s": 60, "page_ms": 250}})


def measure(home: Path, people: int) -> dict[str, Any]:
    with real_server(home, options=["--single"]) as server:
        server.run("organisation", "add", "school", "--name", "School")
        token = server.run("organisation", "token", "school", "--label", "x").split()[1]
        imported = import_people(f"{server.url}/scim/v2/school", token, people, server.pid)
        server.run("user", "add", "ada", "--admin", "--password-stdin", stdin="a long enough one")
        admin = server.run("user", "token", "ada", "--label", "x").strip()
        return imported | {"pages_ms": pages(server.url, admin), "scim_ms": queries(server.url, token)}


def import_people(url: str, token: str, people: int, pid: int) -> dict[str, Any]:
    """Wall and CPU time of the import, a request in flight at a time."""
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=120) as client:
        before_s, began_s = cpu_s(pid), time.monotonic()
        for operations in chunks(people):
            body = {"schemas": [BULK], "Operations": operations}
            done = client.post(f"{url}/Bulk", json=body).raise_for_status().json()["Operations"]
            assert all(one["status"] == "201" for one in done), done[-1]
        took_s, used_s = time.monotonic() - began_s, cpu_s(pid) - before_s
        total = client.get(f"{url}/Users", params={"count": 0}).json()["totalResults"]
    assert total == people, total
    return {
        "people": people,
        "groups": -(-people // IN_A_GROUP),
        "wall_s": round(took_s, 1),
        "cpu_s": round(used_s, 1),
        "cpu_ms_a_person": round(used_s / people * 1000, 2),
        "people_a_second": round(people / took_s),
    }


def chunks(people: int) -> Iterator[list[dict[str, Any]]]:
    """Operations: people, and the group of each 25 of them in the same request."""
    for start in range(0, people, AT_ONCE):
        numbers = range(start, min(people, start + AT_ONCE))
        yield [user(number) for number in numbers] + [
            group(at, list(numbers[at - start : at - start + IN_A_GROUP]))
            for at in range(start, numbers.stop, IN_A_GROUP)
        ]


def user(number: int) -> dict[str, Any]:
    name = f"person.{number:05}"
    data = {
        "schemas": [USER],
        "userName": f"{name}@school.example",
        "externalId": f"x{number}",
        "name": {"givenName": "Person", "familyName": f"Number {number}"},
        "emails": [{"value": f"{name}@school.example", "type": "work", "primary": True}],
        "active": True,
    }
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}


def group(number: int, people: list[int]) -> dict[str, Any]:
    members = [{"value": f"bulkId:person.{one:05}"} for one in people]
    data = {"schemas": [GROUP], "displayName": f"Class {number}", "members": members}
    return {"method": "POST", "path": "/Groups", "bulkId": f"group.{number}", "data": data}


def pages(url: str, token: str) -> dict[str, float]:
    paths = {
        "people": "/admin/people",
        "people of an organisation": "/admin/people?organisation=school&after=person.05000",
        "people found": "/admin/people?q=number%2099",
        "organisations": "/admin/organisations",
        "members": "/organisation/school",
        "members found": "/organisation/school?q=number%2099",
        "groups": "/organisation/school/groups",
    }
    headers = {"authorization": f"Bearer {token}", "accept": "text/html"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        return {name: median_ms(client, path) for name, path in paths.items()}


def queries(url: str, token: str) -> dict[str, float]:
    users = "/scim/v2/school/Users"
    paths = {
        "userName eq": f'{users}?filter=userName eq "person.07777@school.example"',
        "page of 100": f"{users}?startIndex=5001&count=100",
        "emails co, over all": f'{users}?filter=emails.value co "07777"',
    }
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        return {name: median_ms(client, path) for name, path in paths.items()}


def median_ms(client: httpx.Client, path: str) -> float:
    taken = []
    for _ in range(PAGE_TRIES):
        began_s = time.perf_counter()
        client.get(path).raise_for_status()
        taken.append(time.perf_counter() - began_s)
    return round(statistics.median(taken) * 1000, 1)


if __name__ == "__main__":
    main()
