"""Durable jobs by DBOS, with its system database in a file of its own or in PostgreSQL.

DBOS costs 26 MiB and a second to import, so that happens only when a job starts or one was
interrupted. Its version and executor id are fixed: by default it would lose a job after a
change of code and run it twice in a second process.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from synfonium.kernel import logs
from synfonium.ports.jobs import JobState, JobSteps

if TYPE_CHECKING:
    from dbos import DBOS

T = TypeVar("T")

log = logs.get("jobs")

APPLICATION, VERSION, EXECUTOR = "synfonium", "1", "synfonium"
JOBS_AT_ONCE = 4
ATTEMPTS = 5
FIRST_WAIT_S = 1.0
_QUEUE, _POLL_S = "synfonium", 0.25
_STATES: dict[str, JobState] = {
    "PENDING": "running",
    "ENQUEUED": "running",
    "DELAYED": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


class JobFailed(Exception):
    """The only error that DBOS keeps: the name of a type, never a message."""


class _Interrupted(BaseException):
    """Ends a job's thread without an outcome, so that the job is not over."""


class DbosJobs:
    """Jobs (see the port). One at a time in a process, and one process for a `target`: the
    path of a file, or a `postgresql://` URL."""

    def __init__(self, target: Path | str, *, first_wait_s: float = FIRST_WAIT_S) -> None:
        self._target = target
        self._first_wait_s = first_wait_s
        self._steps: dict[str, JobSteps] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._dbos: type[DBOS] | None = None
        self._workflow: Callable[[str, str, dict[str, str]], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._launching = asyncio.Lock()
        self._is_closed = False

    def register(self, name: str, steps: JobSteps) -> None:
        if name in self._steps:
            raise ValueError(f"two jobs are called {name}")
        self._steps[name] = steps

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        if await asyncio.to_thread(self._has_unfinished):
            await self._launched()

    async def start(self, name: str, job_id: str, arguments: dict[str, str]) -> None:
        if name not in self._steps:
            raise LookupError(f"no job is called {name}")
        dbos = await self._launched()
        await asyncio.to_thread(self._enqueue, dbos, name, job_id, arguments)

    async def state(self, job_id: str) -> JobState:
        dbos = await self._launched()
        status = await asyncio.to_thread(dbos.get_workflow_status, job_id)
        return "unknown" if status is None else _STATES[status.status]

    async def cancel(self, job_id: str) -> None:
        dbos = await self._launched()
        if await self.state(job_id) != "running":
            return
        await asyncio.to_thread(dbos.cancel_workflow, job_id)
        if task := self._running.get(job_id):
            task.cancel()

    async def close(self) -> None:
        self._is_closed = True
        for task in list(self._running.values()):
            task.cancel()
        dbos, self._dbos = self._dbos, None
        if dbos is not None:
            await asyncio.to_thread(dbos.destroy, destroy_registry=True)

    def _has_unfinished(self) -> bool:
        """Asks the file without DBOS; what cannot be asked is for DBOS to say."""
        if isinstance(self._target, str):
            return True
        if not self._target.exists():
            return False
        unfinished = (
            "SELECT 1 FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED') LIMIT 1"
        )
        try:
            with closing(sqlite3.connect(self._target, timeout=30)) as raw:
                return raw.execute(unfinished).fetchone() is not None
        except sqlite3.Error:
            return True

    async def _launched(self) -> "type[DBOS]":
        async with self._launching:
            if self._is_closed:
                raise RuntimeError("these jobs are closed")
            self._loop = self._loop or asyncio.get_running_loop()
            if self._dbos is None:
                # In a thread: there DBOS does not adopt our event loop.
                self._dbos = await asyncio.to_thread(self._launch)
            return self._dbos

    def _launch(self) -> "type[DBOS]":
        # Before the import, which would else add a handler of its own to print with.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        logging.getLogger("dbos").setLevel(logging.ERROR)
        from dbos import DBOS

        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._url(),
                "application_version": VERSION,
                "executor_id": EXECUTOR,
                "enable_otlp": False,
                "log_level": "ERROR",
                "max_executor_threads": 2 * JOBS_AT_ONCE,
                "db_engine_kwargs": {"hide_parameters": True},
            }
        )

        def job(name: str, job_id: str, arguments: dict[str, str]) -> None:
            self._work(name, job_id, arguments)

        self._workflow = DBOS.workflow(name="job")(job)
        DBOS.launch()
        DBOS.register_queue(_QUEUE, worker_concurrency=JOBS_AT_ONCE, polling_interval_sec=_POLL_S)
        return DBOS

    def _url(self) -> str:
        if isinstance(self._target, str):
            return self._target
        self._target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._target.touch(mode=0o600)
        return f"sqlite:///{self._target}"

    def _enqueue(self, dbos: "type[DBOS]", name: str, job_id: str, arguments: dict[str, str]) -> None:
        from dbos import SetWorkflowID

        assert self._workflow is not None
        if dbos.get_workflow_status(job_id) is None:
            with SetWorkflowID(job_id):
                dbos.enqueue_workflow(_QUEUE, self._workflow, name, job_id, arguments)

    def _work(self, name: str, job_id: str, arguments: dict[str, str]) -> None:
        """The workflow, in a thread of DBOS: runs the steps on our event loop and waits."""
        assert self._loop is not None
        try:
            self._on_loop(self._run(name, job_id, arguments))
        except (CancelledError, asyncio.CancelledError):
            raise _Interrupted from None
        except Exception as error:
            raise JobFailed(type(error).__name__) from None

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _run(self, name: str, job_id: str, arguments: dict[str, str]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running[job_id] = task
        try:
            await self._attempt(name, arguments)
        finally:
            self._running.pop(job_id, None)

    async def _attempt(self, name: str, arguments: dict[str, str]) -> None:
        wait_s = self._first_wait_s
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._steps[name](arguments)
                break
            except Exception as error:
                log.error("jobs.attempt_failed", error, kind=name, attempts=attempt)
                if attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(wait_s)
            wait_s *= 4
