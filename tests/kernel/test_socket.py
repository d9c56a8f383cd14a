"""Calls between roles and from the command line."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.calls import Progress
from synfonium.kernel.refusals import RoleAway
from synfonium.kernel.socket import Request, call_socket, serve_calls, socket_folder


async def answer(request: Request, progress: Progress) -> Any:
    if request.command == "echo":
        return request.arguments
    if request.command == "refuse":
        raise BadInput("name", "too short")
    if request.command == "break":
        raise ZeroDivisionError("ana@example.org")
    if request.command == "wait":
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            Path(request.arguments["sign"]).touch()
            raise
    await progress("half", 1, 2)
    return "done"


async def test_a_call_answers_and_tells_progress(tmp_path: Path) -> None:
    server = await serve_calls(tmp_path / "run" / "web.sock", answer)
    seen: list[tuple[str, float, float]] = []

    async def progress(text: str, done: float = 0, total: float = 0) -> None:
        seen.append((text, done, total))

    path = tmp_path / "run" / "web.sock"
    assert await call_socket(path, "echo", {"é": [1, None]}, "cli") == {"é": [1, None]}
    assert await call_socket(path, "work", {}, "cli", progress) == "done"
    assert seen == [("half", 1, 2)]
    assert path.stat().st_mode & 0o777 == 0o600
    server.close()


async def test_a_refusal_arrives_as_the_same_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    server = await serve_calls(path, answer)
    with pytest.raises(Problem) as refused:
        await call_socket(path, "refuse", {}, "cli")
    assert (refused.value.status, refused.value.code) == (422, "bad_input")
    assert refused.value.values == {"field": "name", "reason": "too short"}
    server.close()


async def test_a_mistake_of_ours_tells_nothing_personal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.sock"
    server = await serve_calls(path, answer)
    with pytest.raises(Problem) as refused:
        await call_socket(path, "break", {}, "cli")
    assert refused.value.status == 500
    logged = capsys.readouterr().err
    assert "ZeroDivisionError" in logged
    assert "ana@example.org" not in logged
    server.close()


async def test_hanging_up_cancels_the_call(tmp_path: Path) -> None:
    path, sign = tmp_path / "a.sock", tmp_path / "cancelled"
    server = await serve_calls(path, answer)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await call_socket(path, "wait", {"sign": str(sign)}, "cli")
    for _ in range(100):
        if sign.exists():
            break
        await asyncio.sleep(0.02)
    assert sign.exists()
    server.close()


async def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(RoleAway):
        await call_socket(tmp_path / "none.sock", "echo", {}, "cli")


async def test_rubbish_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    server = await serve_calls(path, answer)
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"\xff{not json\n")
    assert b"bad_call" in await reader.readline()
    writer.close()
    server.close()


def test_a_long_home_still_has_a_socket() -> None:
    folder = socket_folder(Path("/" + "a" * 150))
    assert len(os.fsencode(folder / "gateway-http.sock")) < 108
