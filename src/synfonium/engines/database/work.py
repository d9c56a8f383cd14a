"""A function waiting for its connection, and its answer."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

__all__ = ["Outcome", "Work", "answer"]


class Work(Generic[T]):
    """A function and the future of its answer: of `loop`, or for threads when there is none.

    alone: it shares no transaction with others.
    """

    __slots__ = ("_future", "alone", "awaited", "loop", "run")

    def __init__(
        self,
        run: Callable[[Connection], T],
        *,
        alone: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.run, self.alone, self.loop = run, alone, loop
        self.awaited: asyncio.Future[T] | None = loop.create_future() if loop else None
        self._future: Future[T] | None = None if loop else Future()

    @property
    def future(self) -> "Future[T]":
        """Of a work without a loop."""
        assert self._future is not None
        return self._future

    def begin(self) -> bool:
        """False when its caller was cancelled while it waited; later it runs to its end."""
        if self.awaited is not None:
            return not self.awaited.cancelled()
        return self.future.set_running_or_notify_cancel()


class Outcome:
    """What a work returned or raised, kept back until the commit."""

    __slots__ = ("error", "value")

    def __init__(self, value: Any = None, error: BaseException | None = None) -> None:
        if isinstance(error, StopIteration):  # which no future of asyncio takes
            error = RuntimeError("a work raised StopIteration")
        self.value, self.error = value, error


def answer(works: Sequence[Work[Any]], outcomes: Sequence[Outcome]) -> None:
    """Gives each work its outcome, from any thread.

    One message an event loop: to wake a loop for each of 64 works costs more than the
    works themselves (benchmarks/how_many_rows_can_one_writer_commit.py).
    """
    awaited: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for work, outcome in zip(works, outcomes, strict=True):
        if work.loop is not None and work.awaited is not None:
            awaited.setdefault(work.loop, []).append((work.awaited, outcome))
        else:
            _settle(work.future, outcome)
    for loop, pairs in awaited.items():
        with suppress(RuntimeError):  # the loop has ended; nobody waits
            loop.call_soon_threadsafe(_settle_all, pairs)


def _settle_all(pairs: "list[tuple[asyncio.Future[Any], Outcome]]") -> None:
    for future, outcome in pairs:
        if not future.done():
            _settle(future, outcome)


def _settle(future: "asyncio.Future[Any] | Future[Any]", outcome: Outcome) -> None:
    if outcome.error is None:
        future.set_result(outcome.value)
    else:
        future.set_exception(outcome.error)
