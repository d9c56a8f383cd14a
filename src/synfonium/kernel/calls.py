"""Calls of commands: within a process, between roles, from the command line."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a command. `caller` is the calling app's name, or `cli`."""

    arguments: dict[str, Any]
    caller: str
    progress: "Progress"

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)


class Progress(Protocol):
    """Tells whoever waits how far the work is; also where a cancellation is noticed."""

    async def __call__(self, text: str, done: float = 0, total: float = 0) -> None: ...


class Caller(Protocol):
    """Calls `app.command` wherever it runs, in this process or another role's."""

    async def __call__(
        self, command: str, arguments: Mapping[str, Any] | None = None, progress: Progress | None = None
    ) -> Any: ...
