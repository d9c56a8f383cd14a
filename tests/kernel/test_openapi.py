"""What /api/openapi.json says, as clients are made from it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from synfonium.testing.client import installation

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    async def ask(home: Path) -> dict[str, Any]:
        async with installation(home) as house, house.client() as client:
            return dict((await client.get("/api/openapi.json")).json())

    return asyncio.run(ask(tmp_path_factory.mktemp("openapi") / "home"))


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [one for methods in described["paths"].values() for one in methods.values()]
    named = {one["operationId"]: one for one in found}
    assert len(named) == len(found), "two operations have one name"
    return named


def test_each_operation_has_a_name_of_its_own_that_begins_with_its_app(
    described: dict[str, Any],
) -> None:
    for name, one in operations(described).items():
        assert name.startswith(f"{one['tags'][0]}_"), name
        assert name.isidentifier(), name


def test_who_may_come_in_stands_beside_each_operation(described: dict[str, Any]) -> None:
    found = operations(described)
    ways = {name: [way for each in one["security"] for way in each] for name, one in found.items()}
    assert ways["fabric_held"] == ["app", "session", "bearer"]
    assert ways["fabric_show"] == ["session", "bearer"]
    assert ways["fabric_key"] == []
    schemes = described["components"]["securitySchemes"]
    assert {way for each in ways.values() for way in each} <= set(schemes)
    assert schemes["app"]["flows"]["authorizationCode"]["tokenUrl"] == "/oauth/token"


def test_a_refusal_is_a_problem_everywhere(described: dict[str, Any]) -> None:
    for name, one in operations(described).items():
        (kind,) = one["responses"]["4XX"]["content"]
        assert kind == "application/problem+json", name
    assert set(described["components"]["schemas"]["Problem"]["required"]) == {
        "type",
        "status",
        "code",
        "title",
    }


def test_doors_that_read_or_answer_by_themselves_are_described_too(described: dict[str, Any]) -> None:
    found = operations(described)
    assert "application/cloudevents+json" in found["fabric_tell"]["requestBody"]["content"]
    assert "text/event-stream" in found["fabric_listen"]["responses"]["200"]["content"]
    listed = found["fabric_list_actions"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/Offered"}}
    key = [one["name"] for one in found["fabric_act"]["parameters"] if one["in"] == "header"]
    assert key == ["Idempotency-Key"]


def test_types_have_their_words_and_lists_of_any_length(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert schemas["IndexPush"]["properties"]["documents"]["items"] == {
        "$ref": "#/components/schemas/Findable"
    }
    assert schemas["Asking"]["description"].startswith("May whoever shows this credential")
    assert {name for name in schemas if not name.isidentifier()} == set()
