"""Installs what comes from the Debian or Ubuntu archive, where it may, and else names it.

The lists stand in requirements/debian.toml. Standard library only.
"""

import contextlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from steps import ROOT, StepFailed, run, step

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
    if missing and _may_install():
        try:
            with step("System packages"):
                _install(sorted(missing))
        except StepFailed as failure:
            if _is_ci():
                raise
            print(f"  {failure}")
        missing = _missing(sorted(missing))
    for feature, names in features.items():
        absent = [name for name in names if name in missing]
        if absent:
            _left_off(feature, absent)


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
