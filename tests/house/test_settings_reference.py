"""The reference of settings is whole and fresh, and what is printed holds no secret."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from synfonium.apps.operations.service.settings_pages import pages
from synfonium.kernel.reference import described, effective, sentences_of

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", ["settings.md", "settings.fr.md"])
def test_the_reference_of_settings_is_fresh(name: str) -> None:
    wanted = pages(REFERENCE)[name]
    assert (REFERENCE / name).read_text("utf-8") == wanted, "synfonium settings --reference docs/reference"


def test_every_setting_has_a_sentence_a_default_and_a_variable() -> None:
    for setting in described():
        assert setting.sentence
        assert setting.default
        assert setting.environment.startswith("SYNFONIUM_")


def test_a_setting_that_nobody_described_is_a_mistake() -> None:
    class Config(msgspec.Struct):
        """one: the first. two, three: the others."""

        one: int = 1
        two: int = 2
        three: int = 3
        four: int = 4

    with pytest.raises(LookupError, match="four"):
        sentences_of(Config)


def test_what_is_printed_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "synfonium.toml").write_text(
        'database = "postgresql://ana:hunter2@db/x?password=hunter2"\nmail = "smtp://u:hunter2@mail:25"\n'
    )
    shown = {one.environment: one.value for one in effective(tmp_path, {"SYNFONIUM_PORT": "9000"})}
    assert shown["SYNFONIUM_PORT"] == "9000"
    assert "db/x" in shown["SYNFONIUM_DATABASE"]
    assert "hunter2" not in "".join(shown.values())
    words = [sys.executable, "-m", "synfonium.main", "settings", "--home", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert "[operations]" in done.stdout
    assert "hunter2" not in done.stdout
