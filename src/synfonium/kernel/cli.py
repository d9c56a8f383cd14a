"""The command line: what apps add to it, and how their commands reach a server."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from synfonium.common.problem import Problem
from synfonium.kernel.app import installed_apps, resolve
from synfonium.kernel.calls import Caller
from synfonium.kernel.outside import Outside
from synfonium.kernel.refusals import RoleAway

Run = Callable[[argparse.Namespace, Caller, "Terminal"], Awaitable[int]]
RunOutside = Callable[[argparse.Namespace, Outside, "Terminal"], Awaitable[int]]
WithCaller = Callable[[Path, Callable[[Caller], Awaitable[int]]], Coroutine[None, None, int]]
BAR_WIDTH = 24


class Terminal:
    """Where a command speaks: results on standard output, progress on standard error."""

    def __init__(self) -> None:
        self._shown_s, self._has_bar = 0.0, False

    def line(self, text: str) -> None:
        """One line of result."""
        self._clear()
        print(text, flush=True)

    async def progress(self, text: str, done: float = 0, total: float = 0) -> None:
        """A bar on a terminal, a line every few seconds elsewhere."""
        now_s = time.monotonic()
        is_last = total > 0 and done >= total
        if now_s - self._shown_s < (0.1 if sys.stderr.isatty() else 5) and not is_last:
            return
        self._shown_s = now_s
        bar = _bar(done, total)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{bar}{text}")
            self._has_bar = True
        else:
            sys.stderr.write(f"{bar}{text}\n")
        sys.stderr.flush()

    def _clear(self) -> None:
        if self._has_bar:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._has_bar = False

    def close(self) -> None:
        self._clear()


def _bar(done: float, total: float) -> str:
    if total <= 0:
        return ""
    share = min(1.0, done / total)
    filled = round(share * BAR_WIDTH)
    return f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}] {share:4.0%} "


class Commands:
    """Collects apps' commands; words of a command are nested subparsers."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._groups: dict[tuple[str, ...], argparse._SubParsersAction[argparse.ArgumentParser]] = {
            (): parser.add_subparsers(metavar="COMMAND", required=True)
        }

    def add(self, words: str, run: Run | None, help: str) -> argparse.ArgumentParser:
        """`commands.add("user add", run, help="…")` gives the parser to add arguments to."""
        *path, last = words.split()
        group = self._group(tuple(path))
        parser = group.add_parser(last, help=help, description=help)
        parser.add_argument("--home", default=argparse.SUPPRESS, help="folder that holds all data")
        parser.set_defaults(run=run, run_outside=None)
        return parser

    def add_outside(self, words: str, run: RunOutside, help: str) -> argparse.ArgumentParser:
        """As `add`, for a command that works on the home from outside, whatever its state."""
        parser = self.add(words, None, help)
        parser.set_defaults(run_outside=run)
        return parser

    def _group(self, path: tuple[str, ...]) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
        if path not in self._groups:
            parent = self._group(path[:-1])
            parser = parent.add_parser(path[-1], help=f"{path[-1]} …")
            self._groups[path] = parser.add_subparsers(metavar="COMMAND", required=True)
        return self._groups[path]


def add_app_commands(commands: Commands) -> None:
    for app in installed_apps():
        if app.cli:
            resolve(app.cli)(commands)


async def _alone(args: argparse.Namespace, terminal: Terminal) -> int:
    async def nobody(command: str, *_given: object) -> Any:
        raise RoleAway

    status: int = await args.run(args, nobody, terminal)
    return status


def run_app_command(args: argparse.Namespace, home: Path, with_caller: WithCaller, outside: Outside) -> int:
    """Runs one app command; a refusal is one clear line on standard error and exit 1.

    A command whose defaults say `alone` (a function of the arguments) asks no server, and
    needs neither home nor lock.
    """
    terminal = Terminal()
    is_alone: Callable[[argparse.Namespace], bool] = getattr(args, "alone", lambda _args: False)
    if is_alone(args):
        return asyncio.run(_alone(args, terminal))

    async def use(call: Caller) -> int:
        status: int = await args.run(args, call, terminal)
        return status

    async def use_outside() -> int:
        status: int = await args.run_outside(args, outside, terminal)
        return status

    try:
        return asyncio.run(use_outside() if args.run_outside else with_caller(home, use))
    except Problem as problem:
        terminal.close()
        from synfonium.kernel.problems import plain_words

        print(f"synfonium: {plain_words(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        terminal.close()
        return 130
    finally:
        terminal.close()
