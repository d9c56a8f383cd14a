"""What a process does without it does not import: a start is not longer for it, and memory not less."""

import subprocess
import sys

import pytest

from synfonium.kernel.app import ROLES

HEAVY = ("sqlalchemy", "litestar", "jinja2", "granian", "cryptography", "alembic", "babel")


def loaded(modules: str) -> set[str]:
    program = f"import {modules}, sys; print('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("heavy", HEAVY)
def test_this_knows_what_is_heavy(heavy: str) -> None:
    assert heavy in loaded(heavy)


def test_the_supervisor_imports_next_to_nothing() -> None:
    found = loaded("synfonium.main, synfonium.kernel.supervisor")
    assert "synfonium" in found
    assert not found & set(HEAVY)


LOADS_A_ROLE = """
import synfonium.composition, synfonium.kernel.application, synfonium.kernel.listeners, sys
from synfonium.kernel.app import installed_apps, resolve
for app in installed_apps():
    if app.role == ROLE and app.service:
        resolve(app.service)
    for mount in app.mounts if app.doors_role == ROLE else ():
        resolve(mount.asgi)
print("\\n".join(sys.modules))
"""
LATER = {"litestar", "httpx", "webauthn", "markdown_it", "PIL", "pypdfium2", "numpy", "trafilatura"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_answers_at_its_plain_doors_without_what_few_requests_need(role: str) -> None:
    """A sync client is back before the pages are: their framework is imported while others are served."""
    program = LOADS_A_ROLE.replace("ROLE", repr(role))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    found = set(done.stdout.split())
    assert "synfonium.kernel.dispatcher" in found
    assert not found & LATER
