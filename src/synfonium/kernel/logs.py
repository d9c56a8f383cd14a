"""Logs are events with allow-listed keys, one JSON object a line on standard error.

No name, address, query or file name can be logged: a key that is not listed here is a
programmer's mistake, and values are numbers, booleans or words of our own vocabulary.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from types import TracebackType

KEYS = frozenset(
    {
        "app",
        "attempts",
        "bytes_free",
        "code",
        "command",
        "count",
        "delay_s",
        "door",
        "engine",
        "error",
        "hits",
        "host_count",
        "id",
        "kind",
        "method",
        "pages",
        "pid",
        "port",
        "reason",
        "restarts",
        "role",
        "seq",
        "seconds",
        "size_bytes",
        "state",
        "status",
        "took_ms",
        "total",
        "type",
        "version",
    }
)
Value = str | int | float | bool | None


class Log:
    """One app's log."""

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **values: Value) -> None:
        _write("info", self._name, event, values)

    def warning(self, event: str, **values: Value) -> None:
        _write("warning", self._name, event, values)

    def error(self, event: str, exception: BaseException | None = None, **values: Value) -> None:
        """An exception is logged by its type and where it happened; never by its message,
        which may quote what a person typed."""
        trace = _frames(exception.__traceback__) if exception else []
        kind = {"error": type(exception).__name__} if exception else {}
        _last_error[:] = [(f"{event} {kind.get('error', '')}".strip(), time.time())]
        _write("error", self._name, event, {**kind, **values}, trace)


_last_error: list[tuple[str, float]] = []


def last_error() -> tuple[str, float]:
    """The event of this process's last error and the type of its exception, and when; ("", 0)
    for none."""
    return _last_error[-1] if _last_error else ("", 0.0)


def get(name: str) -> Log:
    return Log(name)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-12:]
    return [f"{'/'.join(f.filename.split('/')[-3:])}:{f.lineno} {f.name}" for f in frames]


def _write(
    level: str, name: str, event: str, values: Mapping[str, Value], trace: list[str] | None = None
) -> None:
    unknown = values.keys() - KEYS
    if unknown:
        raise ValueError(f"log keys not on the list: {sorted(unknown)}")
    line: dict[str, object] = {"time": _now(), "level": level, "app": name, "event": event, **values}
    if trace:
        line["trace"] = trace
    try:
        sys.stderr.write(json.dumps(line, default=str) + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        return  # nobody reads any more; the work goes on


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class _LibraryHandler(logging.Handler):
    """Libraries' warnings: which logger and where, without the message's values."""

    def emit(self, record: logging.LogRecord) -> None:
        trace = _frames(record.exc_info[2]) if record.exc_info else []
        place = f"{record.name}:{record.lineno}"
        _write("warning", "library", "library.warned", {"reason": place, "state": record.levelname}, trace)


def quiet_libraries() -> None:
    """Sends libraries' logs through our own rules; called once per process."""
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(logging.WARNING)
