"""The port for work that outlives a request and a crash."""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

JobState = Literal["running", "done", "failed", "cancelled", "unknown"]
JobSteps = Callable[[dict[str, str]], Awaitable[None]]


class Jobs(Protocol):
    """Durable jobs: once accepted, a job runs to its end, however often we crash.

    Steps may run twice and are idempotent; they run on the event loop of `open`, a few
    jobs at a time. `start` with an id already known does nothing, so that an event
    delivered twice starts one job. Jobs start only from the outbox. Steps that raise are
    tried again a few times before the job has failed. Arguments are ids, never content:
    they are kept.
    """

    def register(self, name: str, steps: JobSteps) -> None:
        """Says what jobs called `name` do. Before `open`; a name has one meaning for ever."""
        ...

    async def open(self) -> None:
        """Goes on with the jobs that a stop or crash interrupted. Cheap when there are none."""
        ...

    async def start(self, name: str, job_id: str, arguments: dict[str, str]) -> None:
        """Accepts a job durably. Raises LookupError for a name that nobody registered."""
        ...

    async def state(self, job_id: str) -> JobState: ...
    async def cancel(self, job_id: str) -> None:
        """Ends it where it is; a job that has ended or never was is left alone."""
        ...

    async def close(self) -> None:
        """Interrupts what runs; the next `open` goes on with it. Idempotent."""
        ...
