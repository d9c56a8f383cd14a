"""`synfonium dev FOLDER`: runs an app while it is being written. It is registered at this home
for its author alone, started again when a file changes, and its pages load themselves again."""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from synfonium.apps.fabric.cli.front import Front
from synfonium.apps.fabric.cli.new import module_of
from synfonium.apps.fabric.cli.watching import changes
from synfonium.common.problem import Problem
from synfonium.kernel.cli import Commands, Terminal
from synfonium.kernel.outside import Outside
from synfonium.kernel.problems import plain_words

if TYPE_CHECKING:
    from synfonium.apps.fabric.model.manifest import Parsed

MANIFEST_FILE = "synfonium.app.json"
KEPT_FILE = ".synfonium-dev.json"
PORT = 3000
UP_S = 10.0
END_S = 5.0
WRONG_USE = 2
_NOT_CALLED = (
    "This home calls no app on this computer: no objects, actions, webhooks. "
    "SYNFONIUM_FABRIC_LOCAL_APPS=true synfonium serve changes that."
)


def add_dev(commands: Commands) -> None:
    dev = commands.add_outside("dev", _dev, help="run an app while it is being written")
    dev.add_argument("folder", help=f"the app's folder, with its {MANIFEST_FILE}")
    dev.add_argument("--port", type=int, default=PORT, help=f"where your browser finds it ({PORT})")
    dev.add_argument("--for", dest="person", default="", metavar="NAME", help="your account here")
    dev.add_argument("--run", default="", metavar="COMMAND", help="starts it (python -m and its id)")


async def _dev(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    folder = Path(args.folder).resolve()
    if not (folder / MANIFEST_FILE).is_file():
        print(f"synfonium: {folder} has no {MANIFEST_FILE}", file=sys.stderr)
        return WRONG_USE
    person = args.person or await _only_person(outside)
    if not person:
        print(
            "synfonium: several people have an account here; say which is yours: --for NAME", file=sys.stderr
        )
        return WRONG_USE
    registering = _Registering(folder, f"http://localhost:{args.port}", person, outside, out)
    with Front(args.port, _free_port()) as front:
        app = _App(folder, front.inner_port, args.run, out)
        try:
            await _work(registering, app, front, out)
        finally:
            app.end()
    return 0


async def _only_person(outside: Outside) -> str:
    """The name of whoever alone has an account, "" when there are several, or none."""
    people = (await outside.call("identity.user_list", {}))["people"]
    return str(people[0]["name"]) if len(people) == 1 else ""


async def _work(registering: "_Registering", app: "_App", front: Front, out: Terminal) -> None:
    environment = await registering.register()
    if environment:
        app.start(environment)
    out.line(f"Open {registering.origin}; it loads itself again when a file changes. Ctrl-C ends it.")
    async for changed in changes(registering.folder):
        if registering.folder / MANIFEST_FILE in changed:
            environment = await registering.register() or environment
        if environment:
            app.start(environment)
            await app.wait_up()
        front.reload()


class _Registering:
    """The app's row at the home, kept as its manifest says."""

    def __init__(self, folder: Path, origin: str, person: str, outside: Outside, out: Terminal) -> None:
        self.folder, self.origin = folder, origin
        self._person, self._outside, self._out = person, outside, out
        self._is_warned = False

    async def register(self) -> Mapping[str, str]:
        """What the app is started with; empty for a manifest that cannot be taken."""
        content = (self.folder / MANIFEST_FILE).read_bytes()
        parsed = self._verified(content)
        if parsed.manifest is None:
            return {}
        try:
            told = await self._install(content)
        except Problem as problem:
            self._out.line(f"synfonium: {plain_words(problem)}")
            return {}
        return {**told, "ORIGIN": self.origin, "MODULE": module_of(parsed.manifest.id)}

    def _verified(self, content: bytes) -> "Parsed":
        from synfonium.apps.fabric.model.manifest import parse_manifest
        from synfonium.kernel.app import installed_apps

        parsed = parse_manifest(content, reserved=[app.name for app in installed_apps()])
        for finding in parsed.findings:
            where = f"{MANIFEST_FILE}:{finding.line}:{finding.column}"
            self._out.line(f"{where}: {finding.severity}: {finding.sentence()} [{finding.rule}]")
        return parsed

    async def _install(self, content: bytes) -> Mapping[str, str]:
        arguments = {"manifest": content.decode(), "origin": self.origin, "person": self._person}
        app = await self._outside.call("fabric.app_install", arguments)
        self._out.line(f"{'registered' if app['is_new'] else 'updated'} {app['name']} for {self._person}")
        if not app["is_called"] and not self._is_warned:
            self._is_warned = True
            self._out.line(_NOT_CALLED)
        for change in app["changes"]:
            self._out.line(f"{'+' if change['is_new'] else '-'} {change['member']}: {change['what']}")
        kept = self._kept()
        if not app["is_new"] and kept.get("CLIENT_ID") != app["client_id"]:
            app = await self._outside.call("fabric.app_secret", {"name": app["name"]})
        fresh = {
            name.upper(): app[name] for name in ("client_id", "client_secret", "webhook_secret") if app[name]
        }
        return self._keep({**kept, **fresh, "SYNFONIUM": app["issuer"]})

    def _kept(self) -> Mapping[str, str]:
        """Secrets are told once: they stay in the folder, for whoever may read it."""
        try:
            kept: dict[str, str] = json.loads((self.folder / KEPT_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept

    def _keep(self, told: Mapping[str, str]) -> Mapping[str, str]:
        path = self.folder / KEPT_FILE
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
        return told


class _App:
    """The app's own process."""

    def __init__(self, folder: Path, port: int, command: str, out: Terminal) -> None:
        self._folder, self._port, self._command, self._out = folder, port, command, out
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, told: Mapping[str, str]) -> None:
        """Starts it, again when it runs."""
        self.end()
        path = os.pathsep.join([str(self._folder), str(self._folder / "src")])
        environment = {**os.environ, **told, "PORT": str(self._port), "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH", "")]))
        words: Sequence[str] = [sys.executable, "-m", told["MODULE"]]
        try:
            self._process = subprocess.Popen(
                self._command or words,
                shell=bool(self._command),
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._out.line(f"synfonium: the app cannot be started: {error.strerror}")

    async def wait_up(self) -> None:
        """Until it listens, or has ended, or takes too long."""
        for _try in range(int(UP_S / 0.05)):
            if self._process is None or self._process.poll() is not None:
                self._out.line("synfonium: the app has ended; it starts again when a file changes")
                return
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            await asyncio.sleep(0.05)

    def end(self) -> None:
        """Ends it and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(END_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
