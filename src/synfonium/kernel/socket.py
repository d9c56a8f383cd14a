"""The Unix sockets in the home: how the command line and the roles call one another.

One JSON object a line. In: `{"command", "arguments", "caller"}`. Out: any number of
`{"progress": [text, done, total]}`, then one `{"result"}` or `{"problem"}`. Whoever
hangs up cancels the call. The file's mode (0600) is the authentication.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import Role
from synfonium.kernel.calls import Progress
from synfonium.kernel.refusals import InternalError, RemoteProblem, RoleAway

log = logs.get("kernel")
LINE_BYTES = 32 * 1024 * 1024
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes


class Request(msgspec.Struct, frozen=True):
    command: str
    arguments: dict[str, Any] = {}
    caller: str = "cli"


class WireProblem(msgspec.Struct, frozen=True):
    status: int
    code: str
    title: str
    remedy: str
    values: dict[str, str] = {}


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    progress: tuple[str, float, float] | None = None
    problem: WireProblem | None = None
    done: bool = False
    result: Any = None


Answer = Callable[[Request, Progress], Awaitable[Any]]


def socket_folder(home: Path) -> Path:
    """Where the home's sockets are: inside it, or, when its path is too long for a
    socket, in a folder of this user alone named after it."""
    inside = home / "run"
    if len(os.fsencode(inside)) < LONGEST_SOCKET_PATH - len("/gateway-http.sock"):
        return inside
    name = hashlib.blake2s(os.fsencode(home), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"synfonium-{os.getuid()}-{name}"


def role_socket(home: Path, role: Role) -> Path:
    return socket_folder(home) / f"{role}.sock"


async def serve_calls(path: Path, answer: Answer) -> asyncio.Server:
    """Answers calls on a socket at `path`, which is replaced when it is stale."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{path.parent.name} belongs to somebody else")
    path.unlink(missing_ok=True)

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer_one(reader, writer, answer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the caller has gone; there is nobody to tell
        finally:
            writer.close()

    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(on_connection, path, limit=LINE_BYTES)
    finally:
        os.umask(before)


async def _answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    line = await reader.readline()
    if not line:
        return

    async def progress(text: str, done: float = 0, total: float = 0) -> None:
        await _send(writer, Reply(progress=(text, done, total)))

    call = asyncio.create_task(_reply(line, answer, progress))
    hung_up = asyncio.create_task(reader.read(1))
    await asyncio.wait({call, hung_up}, return_when=asyncio.FIRST_COMPLETED)
    if not call.done():
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        return
    hung_up.cancel()
    await _send(writer, call.result())


async def _reply(line: bytes, answer: Answer, progress: Progress) -> Reply:
    try:
        request = msgspec.json.decode(line, type=Request)
        return Reply(done=True, result=await answer(request, progress))
    except Problem as problem:
        values = {key: str(value) for key, value in problem.values.items()}
        wire = WireProblem(problem.status, problem.code, problem.title, problem.remedy, values)
    except msgspec.DecodeError:
        wire = WireProblem(400, "bad_call", "This call cannot be read.", "")
    except Exception as failure:
        log.error("command.failed", failure)
        wire = WireProblem(500, InternalError.code, InternalError.title, InternalError.remedy)
    return Reply(problem=wire)


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(msgspec.json.encode(reply) + b"\n")
    await writer.drain()


async def call_socket(
    path: Path, command: str, arguments: Mapping[str, Any], caller: str, progress: Progress | None = None
) -> Any:
    """Calls `command` at the socket. Raises the other side's Problem, or RoleAway."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES)
    except OSError:
        raise RoleAway from None
    try:
        writer.write(msgspec.json.encode(Request(command, dict(arguments), caller)) + b"\n")
        await writer.drain()
        while line := await reader.readline():
            reply = msgspec.json.decode(line, type=Reply)
            if reply.progress:
                if progress:
                    await progress(*reply.progress)
                continue
            if reply.problem:
                p = reply.problem
                raise RemoteProblem(p.status, p.code, p.title, p.remedy, p.values)
            return reply.result
        raise RoleAway
    except ConnectionError:
        raise RoleAway from None
    finally:
        writer.close()
