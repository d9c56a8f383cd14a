"""The Model Context Protocol's own client (PyPI: mcp), which knows nothing of us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from synfonium.testing.client import Installation, installation

URL = "http://localhost:8600/fabric/mcp"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@asynccontextmanager
async def session(house: Installation, token: str) -> AsyncIterator[ClientSession]:
    transport = httpx2.ASGITransport(app=house.runtime.application)
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers) as http,
        streamable_http_client(URL, http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as client,
    ):
        await client.initialize()
        yield client


async def test_a_model_finds_the_tools_of_a_persons_apps_and_uses_one(house: Installation) -> None:
    token = await house.person("ana", scopes=("fabric.app",))
    async with session(house, token) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools["drive_new_folder"].input_schema["required"] == ["object", "name"]
        assert tools["drive_find"].annotations is not None
        assert tools["drive_find"].annotations.read_only_hint
        made = await client.call_tool("drive_new_folder", {"object": "drive:root", "name": "Kermesse"})
        assert not made.is_error
        found = await client.call_tool("drive_find", {"object": "drive:root", "query": "kerm"})
        assert found.structured_content is not None
        assert [one["title"] for one in found.structured_content["items"]] == ["Kermesse"]


async def test_a_model_is_told_what_does_not_fit(house: Installation) -> None:
    async with session(house, await house.person("ana", scopes=("fabric.app",))) as client:
        wrong = await client.call_tool("drive_new_folder", {"object": "drive:root", "name": ""})
        assert wrong.is_error
        assert "fabric.wrong_input" in str(wrong.content)
        await client.send_ping()
