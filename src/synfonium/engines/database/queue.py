"""A bounded queue of works that hands them out in groups."""

import asyncio
import time
from collections import deque
from threading import Condition
from typing import Any

from synfonium.engines.database.work import Work
from synfonium.ports.database import DatabaseUnavailable

QUEUE_LIMIT = 8192
PATIENCE_S = 30.0
_POLL_S = 0.02


class WorkQueue:
    """Works in the order they came. Full: those who bring one wait, for a bounded time."""

    def __init__(self, limit: int = QUEUE_LIMIT) -> None:
        self._works: deque[Work[Any]] = deque()
        self._limit = limit
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        return len(self._works)

    def offer(self, work: Work[Any]) -> bool:
        """Queues `work`; False when the queue is full. RuntimeError when it is closed."""
        with self._changed:
            if self._closed:
                raise RuntimeError("this database is closed")
            if len(self._works) >= self._limit:
                return False
            self._works.append(work)
            self._changed.notify()
            return True

    def put(self, work: Work[Any]) -> None:
        """As `offer`, waiting for room; DatabaseUnavailable after `PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.offer(work):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable
            time.sleep(_POLL_S)

    async def put_async(self, work: Work[Any]) -> None:
        """As `put`, without blocking the event loop."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.offer(work):
            if time.monotonic() > deadline:
                raise DatabaseUnavailable
            await asyncio.sleep(_POLL_S)

    def take(self, limit: int) -> list[Work[Any]]:
        """Waits for works and takes up to `limit`; none means closed and drained.

        Those cancelled while they waited are left out. A work that wants to be alone is.
        """
        with self._changed:
            while True:
                group: list[Work[Any]] = []
                while self._works and len(group) < limit:
                    if self._works[0].alone and group:
                        break
                    work = self._works.popleft()
                    if work.begin():
                        group.append(work)
                        if work.alone:
                            break
                if group or self._closed:
                    return group
                self._changed.wait()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
