"""The port for work that outlives a request and a crash."""

from collections.abc import Awaitable, Callable
from typing import Protocol

JobSteps = Callable[[dict[str, str]], Awaitable[None]]


class Jobs(Protocol):
    """Durable jobs: once accepted, a job runs to its end, however often we crash.

    Steps may run twice and are idempotent. `start` with an id already known does nothing,
    so that an event delivered twice starts one job. Jobs start only from the outbox.
    """

    def register(self, name: str, steps: JobSteps) -> None: ...
    async def start(self, name: str, job_id: str, arguments: dict[str, str]) -> None: ...
    async def state(self, job_id: str) -> str:
        """`running`, `done`, `failed`, `cancelled` or `unknown`."""
        ...

    async def cancel(self, job_id: str) -> None: ...
