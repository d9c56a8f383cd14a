"""Recipes of desktop images, one TOML file each."""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path, PurePosixPath

import msgspec

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SCREEN = re.compile(r"\d{3,4}x\d{3,4}")


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes into an image.

    packages: of the distribution of this computer. setup: shell lines run inside the new
    root. files: absolute path to text. command: what a machine of the image runs.
    screen: width and height in pixels. environment: variables of the command.
    """

    name: str
    title: str
    screen: str
    command: tuple[str, ...]
    packages: tuple[str, ...]
    setup: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    files: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or not _SCREEN.fullmatch(self.screen):
            raise ValueError("a recipe has a name of a-z, 0-9 and -, and a screen such as 1280x720")
        for path in self.files:
            pure = PurePosixPath(path)
            if not pure.is_absolute() or ".." in pure.parts:
                raise ValueError("a recipe's files have absolute paths")

    @property
    def digest(self) -> str:
        """Changes with anything in the recipe."""
        return hashlib.blake2b(msgspec.json.encode(self, order="sorted"), digest_size=6).hexdigest()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen in pixels."""
        width, _, height = self.screen.partition("x")
        return int(width), int(height)


def parse_recipe(text: str) -> Recipe:
    """A recipe from TOML. Raises ValueError, saying what is wrong."""
    return msgspec.convert(tomllib.loads(text), Recipe)


def shipped_recipes() -> Sequence[Recipe]:
    """The recipes that come with the product, by name."""
    folder = Path(str(files("synfonium.apps.pc") / "images"))
    return [parse_recipe(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
