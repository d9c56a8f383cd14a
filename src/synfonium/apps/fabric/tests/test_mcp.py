"""The Model Context Protocol's door, byte by byte; tests/interop/model_context has its own client."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from synfonium.apps.fabric.tests.acting import Credentials, act, give, person_id
from synfonium.testing.client import Installation, installation

URL = "/fabric/mcp"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def say(
    client: httpx.AsyncClient, method: str, params: dict[str, Any] | None = None, id_: Any = 1
) -> httpx.Response:
    return await client.post(
        URL, json={"jsonrpc": "2.0", "id": id_, "method": method, "params": params or {}}
    )


async def call(house: Installation, token: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
    async with house.client(token=token) as client:
        answer = await say(client, "tools/call", {"name": tool, "arguments": arguments})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_client_without_a_credential_learns_where_to_get_one(house: Installation) -> None:
    async with house.client() as client:
        refused = await say(client, "ping")
        assert refused.status_code == 401
        way = refused.headers["www-authenticate"]
        address = way.partition('resource_metadata="')[2].rstrip('"')
        found = (await client.get(address)).json()
        server = await client.get(
            f"{found['authorization_servers'][0]}/.well-known/oauth-authorization-server"
        )
    assert found["resource"].endswith(URL)
    assert found["scopes_supported"] == ["fabric.app"]
    assert server.status_code == 200
    async with house.client(token="syn_wrong") as client:
        assert "resource_metadata" in (await say(client, "ping")).headers["www-authenticate"]


async def test_the_protocol_is_spoken_as_it_is_written(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        begun = (
            await say(client, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})
        ).json()
        assert begun["result"]["protocolVersion"] == "2025-06-18"
        assert (await say(client, "initialize", {"protocolVersion": "1999"})).json()["result"][
            "protocolVersion"
        ] == "2025-06-18"
        told = await client.post(URL, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (told.status_code, told.content) == (202, b"")
        assert (await say(client, "ping", id_="a")).json() == {"jsonrpc": "2.0", "id": "a", "result": {}}
        assert (await client.get(URL)).status_code == 405
        assert (await client.delete(URL)).status_code == 405
        spoken = await client.post(
            URL, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers={"mcp-protocol-version": "1.0"}
        )
        assert spoken.status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "params": {"a": ' + b"[" * 100_000, 400, -32700),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', 400, -32600),
        (b'{"id": 1, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ghost"}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 3}}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x_y"}}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"cursor": "x"}}', 200, -32602),
    ],
)
async def test_what_is_not_the_protocol_is_refused(
    house: Installation, body: bytes, status: int, code: int
) -> None:
    async with house.client(token=await house.person("ana")) as client:
        answer = await client.post(URL, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_message_of_a_megabyte_is_refused(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        assert (await client.post(URL, content=b" " * 1_000_000)).status_code == 413


async def test_tools_say_what_they_need_and_whether_they_only_look(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        listed = (await say(client, "tools/list")).json()["result"]["tools"]
    tools = {tool["name"]: tool for tool in listed}
    schema = tools["drive_copy_to"]["inputSchema"]
    assert schema["required"] == ["object", "into"]
    assert schema["additionalProperties"] is False
    assert tools["drive_read_text"]["annotations"]["readOnlyHint"]
    assert tools["drive_move_to_trash"]["annotations"]["destructiveHint"]
    assert "object" not in tools["search_search_web"]["inputSchema"]["properties"]


async def test_an_app_uses_the_tools_that_its_grant_opens_and_no_other(house: Installation) -> None:
    ana = await house.person("ana")
    person = await person_id(house, "ana")
    shared = (await act(house, ana, "drive.new_folder", "drive:root", name="Shared")).json()["object"]
    token = Credentials(house).token(person, "pc", await give(house, person, "pc", shared, "read"))
    async with house.client(token=token) as client:
        tools = {tool["name"] for tool in (await say(client, "tools/list")).json()["result"]["tools"]}
    assert tools == {"drive_find", "drive_list_folder", "drive_read_text"}
    listed = await call(house, token, "drive_list_folder", object=shared)
    assert listed["result"]["structuredContent"] == {"items": [], "after": ""}
    for tool, arguments in (
        ("drive_new_folder", {"object": shared, "name": "x"}),
        ("drive_list_folder", {"object": "drive:root"}),
        ("search_search_web", {"query": "x"}),
    ):
        refused = (await call(house, token, tool, **arguments))["result"]
        assert refused["isError"]
        assert "fabric.not_granted" in refused["content"][0]["text"]


async def test_a_token_for_something_else_opens_no_tool(house: Installation) -> None:
    async with house.client(token=await house.person("ana", scopes=("drive.read",))) as client:
        assert (await say(client, "tools/list")).status_code == 403
