"""Installs what comes from the Debian or Ubuntu archive, where it may, and else names it.

The lists stand in requirements/debian.toml. Standard library only.
"""

import contextlib
import os
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from steps import LOG, ROOT, StepFailed, is_stamped, run, stamp, step

_LISTS = ROOT / "requirements" / "debian.toml"
_POLICY = Path("/usr/sbin/policy-rc.d")
_ENV = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_APT = ["apt-get", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]


def install_missing(kind: str) -> None:
    """Install the missing packages of every feature in the list `kind` ("run" or "test").

    An ordinary user, or a machine without apt, is told in one line a feature what is
    left off. With CI=true something missing is a failure. Raises StepFailed.
    """
    features: dict[str, list[str]] = tomllib.loads(_LISTS.read_text(encoding="utf-8"))[kind]
    missing = _missing([name for names in features.values() for name in names])
    if missing and _may_install() and not _tried_today(missing):
        _try_to_install(sorted(missing))
        missing = _missing(sorted(missing))
    for feature, names in features.items():
        absent = [name for name in names if name in missing]
        if absent:
            _left_off(feature, absent)


def _try_to_install(missing: Sequence[str]) -> None:
    try:
        with step("System packages"):
            _install(missing)
    except StepFailed:
        if _is_ci():
            raise
        # A machine without its archive would otherwise wait for it at every start.
        stamp("debian-tried", _today(missing))
        print(f"  The archive did not give them; why stands at the end of {LOG.relative_to(ROOT)}")


def _tried_today(missing: Iterable[str]) -> bool:
    return is_stamped("debian-tried", _today(missing))


def _today(missing: Iterable[str]) -> str:
    return f"{time.strftime('%Y-%m-%d')} {' '.join(sorted(missing))}"


def _left_off(feature: str, absent: Sequence[str]) -> None:
    remedy = f"apt-get install {' '.join(absent)}"
    if _is_ci():
        raise StepFailed(f"{feature}: missing system packages; {remedy}")
    print(f"  Left off: {feature}. To have it: {remedy}")


def install_now(names: Sequence[str], purpose: str) -> None:
    """Install `names`, without which nothing works. Raises StepFailed with the remedy."""
    if not _may_install():
        raise StepFailed(f"{purpose} are missing. Install them first: sudo apt-get install {' '.join(names)}")
    _install(names)


def _install(names: Sequence[str]) -> None:
    with _no_daemons():
        run([*_APT, "-qq", "update"], env=_ENV)
        run([*_APT, "-qq", "install", "--no-install-recommends", *names], env=_ENV)


@contextlib.contextmanager
def _no_daemons() -> Iterator[None]:
    """While this lasts, installing a package starts no service of the system."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _missing(names: Sequence[str]) -> set[str]:
    if not names:
        return set()
    if shutil.which("dpkg-query") is None:
        return set(names)
    asked = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True)
    installed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return set(names) - installed


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _is_ci() -> bool:
    return os.environ.get("CI") == "true"
