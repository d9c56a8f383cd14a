"""Composition root and command line: reads settings, picks engines, loads apps, starts roles."""

import argparse
import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synfonium.common.problem import Problem
from synfonium.kernel.addresses import check_free
from synfonium.kernel.app import ROLES, Role
from synfonium.kernel.calls import Caller, Progress
from synfonium.kernel.cli import Commands, Terminal, add_app_commands, run_app_command
from synfonium.kernel.config import ConfigError, Settings, home_folder, site_of
from synfonium.kernel.hardening import end_with_parent, harden
from synfonium.kernel.lock import HomeLock, HomeTaken
from synfonium.kernel.logs import quiet_libraries
from synfonium.kernel.restoring import check_whole
from synfonium.kernel.settled import UpgradeFailed, is_settled, settle
from synfonium.kernel.tls import check_tls
from synfonium.kernel.versions import product_version
from synfonium.kernel.vitals import remember_restarts

if TYPE_CHECKING:
    from synfonium.kernel.context import Context, Engines
    from synfonium.ports.vault import Vault


def main(arguments: list[str] | None = None) -> int:
    """The command `synfonium`. Exit 0 on success, 2 on wrong use, 1 on failure."""
    words = sys.argv[1:] if arguments is None else arguments
    # A server is one process a role: it does without the apps' commands and their imports.
    args = _parser(with_apps=words[:1] != ["serve"]).parse_args(words)
    harden()
    quiet_libraries()
    home = home_folder(getattr(args, "home", None))
    try:
        if args.run is None and args.run_outside is None:
            return _serve(args, home)
        return run_app_command(args, home, with_caller, _Outside(home))
    except (ConfigError, HomeTaken, UpgradeFailed) as refusal:
        print(f"synfonium: {refusal}", file=sys.stderr)
        return 1


def _parser(*, with_apps: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="synfonium", description="A whole cloud that anybody can run.")
    parser.add_argument("--version", action="version", version=f"Synfonium {product_version()}")
    commands = Commands(parser)
    serve = commands.add("serve", None, help="serve this home")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (8600)")
    serve.add_argument("--single", action="store_true", help="all roles in one process, for tests")
    serve.add_argument("--only", choices=ROLES, help="one role alone, for clusters")
    serve.add_argument("--demo", action="store_true", help="fill the home with a small town to look at")
    serve.add_argument("--upgrade", action="store_true", help=argparse.SUPPRESS)
    serve.add_argument("--held-lock", type=int, default=-1, help=argparse.SUPPRESS)
    serve.add_argument("--restarts", type=int, default=0, help=argparse.SUPPRESS)
    serve.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    if with_apps:
        add_app_commands(commands)
    return parser


def _settings(home: Path, args: argparse.Namespace | None = None) -> Settings:
    overrides = {"host": args.host, "port": args.port} if args else {}
    return Settings(home, os.environ, overrides)


def _serve(args: argparse.Namespace, home: Path) -> int:
    if args.parent:
        end_with_parent(args.parent)
    remember_restarts(args.restarts)
    if args.held_lock >= 0:
        # Ours to hold, and not our children's: a PC that outlives us must not hold the home.
        os.set_inheritable(args.held_lock, False)
    check_whole(home)
    settings = _settings(home, args)
    check_tls(settings.house, home)
    lock = HomeLock(home)
    if args.held_lock < 0 and not args.only:
        lock.take()
        check_free(settings.house)
    if args.upgrade:
        return _upgrade(home, settings)
    if args.only or args.single:
        if args.single:
            _upgrade(home, settings)
        roles = frozenset({args.only}) if args.only else frozenset(ROLES)
        return _run_roles(home, settings, roles, announce=args.single)
    if not is_settled(home, settings.house.database) and _upgrade_apart(home, lock.descriptor):
        return 1
    from synfonium.kernel.supervisor import supervise

    forwarded = [
        part
        for name in ("host", "port")
        if getattr(args, name)
        for part in (f"--{name}", str(getattr(args, name)))
    ]

    async def on_ready() -> None:
        settle(home)
        await _announce(home, settings)
        if args.demo:
            await _fill_with_demo(home)

    return asyncio.run(supervise(home, forwarded, lock.descriptor, on_ready))


def _upgrade(home: Path, settings: Settings) -> int:
    """Brings the tables to this code before anybody uses them. Raises UpgradeFailed."""
    if not is_settled(home, settings.house.database):
        from synfonium.composition import upgrade_home

        upgrade_home(home, settings)
    return 0


def _upgrade_apart(home: Path, lock_descriptor: int) -> int:
    """As `_upgrade`, in a process of its own: what it imports would stay with the supervisor."""
    held = ["--held-lock", str(lock_descriptor), "--parent", str(os.getpid())]
    command = [sys.executable, "-m", "synfonium.main", "serve", "--home", str(home), "--upgrade", *held]
    return subprocess.run(command, pass_fds=(lock_descriptor,), check=False).returncode


def _run_roles(home: Path, settings: Settings, roles: frozenset[Role], *, announce: bool) -> int:
    import uvloop

    status: int = uvloop.run(_serve_roles(home, settings, roles, announce=announce))
    return status


async def _serve_roles(home: Path, settings: Settings, roles: frozenset[Role], *, announce: bool) -> int:
    from synfonium.composition import build_house
    from synfonium.kernel.listeners import listening
    from synfonium.kernel.runtime import Runtime

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Runtime(build_house(home, settings, roles), roles) as runtime, listening(runtime):
        # What is loaded now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        if announce:
            settle(home)
            await _announce(home, settings)
        await stop.wait()
    return 0


async def _announce(home: Path, settings: Settings) -> None:
    """Tells where we are reached, and how the first person becomes administrator."""
    from synfonium.kernel.socket import call_socket, role_socket

    terminal = Terminal()
    terminal.line(f"Synfonium is at {site_of(settings.house).public_url}")
    link = await call_socket(role_socket(home, "web"), "identity.first_link", {}, "cli")
    if link.get("url"):
        terminal.line(f"The first person becomes administrator here, once: {link['url']}")


async def _fill_with_demo(home: Path) -> None:
    """As `synfonium demo` beside this server."""
    demo = _parser().parse_args(["demo"])
    terminal = Terminal()
    try:
        await demo.run(demo, _SocketCaller(home), terminal)
    except Problem as problem:
        terminal.line(f"The demonstration town could not be filled: {problem.code}")
    finally:
        terminal.close()


async def with_caller(home: Path, use: Callable[[Caller], Awaitable[int]]) -> int:
    """Gives `use` a caller: a running server's socket, or this process with the home's lock."""
    check_whole(home)
    lock = HomeLock(home)
    try:
        lock.take()
    except HomeTaken:
        return await use(_SocketCaller(home))
    try:
        from synfonium.composition import build_house
        from synfonium.kernel.runtime import Runtime

        roles, settings = frozenset(ROLES), _settings(home)
        await asyncio.to_thread(_upgrade, home, settings)
        async with Runtime(build_house(home, settings, roles), roles) as runtime:
            settle(home)
            return await use(runtime.call)
    finally:
        lock.release()


class _SocketCaller:
    """Calls commands of a server that holds the home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def __call__(
        self, command: str, arguments: Mapping[str, Any] | None = None, progress: Progress | None = None
    ) -> Any:
        from synfonium.kernel.commands import role_of
        from synfonium.kernel.socket import call_socket, role_socket

        path = role_socket(self._home, role_of(command))
        return await call_socket(path, command, arguments or {}, "cli", progress)


class _Outside:
    """See kernel.outside."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.call: Caller = _SocketCaller(home)

    def settings(self) -> Settings:
        return _settings(self.home)

    def vault(self, address: str, key: str) -> "Vault":
        from synfonium.composition import vault_at

        return vault_at(address, key, self.home)

    def engines(self, home: Path, settings: Settings) -> "Engines":
        from synfonium.composition import PickedEngines

        return PickedEngines(home, settings.house, single_process=False, read_only=True)

    def contexts(self) -> "dict[str, Context]":
        from synfonium.composition import build_house
        from synfonium.kernel.runtime import Runtime

        roles = frozenset(ROLES)
        return Runtime(build_house(self.home, self.settings(), roles, read_only=True), roles).contexts


if __name__ == "__main__":
    sys.exit(main())
