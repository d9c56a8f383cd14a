"""Counters and gauges in Prometheus text; no label is personal.

Fifty lines rather than a client library: we need neither its process collectors nor
its multi-process files, which would lie in the home.
"""

from collections import defaultdict
from threading import Lock

_lock = Lock()
_values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = defaultdict(float)
_help: dict[str, tuple[str, str]] = {}


class Metric:
    """A counter or gauge. `labels` come from our own vocabulary, never from a person."""

    def __init__(self, name: str, help_: str, kind: str = "counter") -> None:
        self._name = f"synfonium_{name}"
        _help[self._name] = (kind, help_)

    def add(self, amount: float = 1, **labels: str) -> None:
        with _lock:
            _values[self._name, tuple(sorted(labels.items()))] += amount

    def set(self, value: float, **labels: str) -> None:
        with _lock:
            _values[self._name, tuple(sorted(labels.items()))] = value


def samples() -> dict[str, float]:
    """Every sample by its Prometheus series, for another role to merge."""
    with _lock:
        return {_series(name, labels): value for (name, labels), value in sorted(_values.items())}


def exposition(by_role: dict[str, dict[str, float]]) -> str:
    """Prometheus text format 0.0.4 of all roles' samples, with a `role` label."""
    lines: dict[str, list[str]] = defaultdict(list)
    for role, series in by_role.items():
        for name, value in series.items():
            base, _, labels = name.partition("{")
            joined = f'role="{role}"' + (f",{labels[:-1]}" if labels else "")
            lines[base].append(f"{base}{{{joined}}} {value:g}")
    text = ""
    for base, rows in sorted(lines.items()):
        kind, help_ = _help.get(base, ("untyped", base))
        text += f"# HELP {base} {help_}\n# TYPE {base} {kind}\n" + "\n".join(rows) + "\n"
    return text


def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    inner = ",".join(f'{key}="{value}"' for key, value in labels)
    return f"{name}{{{inner}}}" if inner else name
