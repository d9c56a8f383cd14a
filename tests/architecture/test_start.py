"""What a process does without it does not import: a start is not longer for it, and memory not less."""

import subprocess
import sys

import pytest

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
