"""How the house's commands show what they do: one line a step, with its seconds.

Standard library only, for this runs before anything is installed.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "setup.log"
_STAMPS = VENV / "stamps"
_LABEL_WIDTH = 34
_TAIL_LINES = 25


class StepFailed(Exception):
    """A step could not be done; the text says why and what to do."""


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Show `label` with its seconds, counted live on a terminal. Lets StepFailed through."""
    started_s = time.monotonic()
    done = threading.Event()
    live = sys.stdout.isatty()
    head = f"  {label} ".ljust(_LABEL_WIDTH, ".")
    if live:
        threading.Thread(target=_count, args=(head, started_s, done), daemon=True).start()
    else:
        print(head, end="", flush=True)
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        done.set()
        line = f"{time.monotonic() - started_s:7.1f} s  {outcome}"
        print(f"\r{head}{line}" if live else line, flush=True)


def _count(head: str, started_s: float, done: threading.Event) -> None:
    while not done.wait(0.1):
        print(f"\r{head}{time.monotonic() - started_s:7.1f} s ", end="", flush=True)


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, hint: str = "") -> None:
    """Run `command` quietly in the project's folder, its output kept in the set-up log.

    Raises StepFailed with the end of the output, and `hint`, when it fails.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise StepFailed(f"{words[0]} cannot be started: {error.strerror}. {hint}".strip()) from error
    if LOG.parent.is_dir():
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(words)}\n{done.stdout}\n")
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL_LINES:])
        raise StepFailed(f"{words[0]} ended with {done.returncode}:\n{tail}\n{hint}".rstrip())


def digest(paths: Iterable[Path], *words: str) -> str:
    """SHA-256 over the names and bytes of `paths` that exist, and over `words`."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        if path.is_file():
            total.update(f"\0{path.relative_to(ROOT)}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def is_stamped(name: str, value: str) -> bool:
    """Whether the step `name` was last finished for this `value`."""
    path = _STAMPS / name
    return path.is_file() and path.read_text() == value


def stamp(name: str, value: str) -> None:
    _STAMPS.mkdir(exist_ok=True)
    (_STAMPS / name).write_text(value)


def unstamp(name: str) -> None:
    (_STAMPS / name).unlink(missing_ok=True)
