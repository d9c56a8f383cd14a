"""The demonstration town: four people, their files, a small web, a PC. Safe to run again."""

import base64
import secrets
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel import logs
from synfonium.kernel.calls import Progress
from synfonium.kernel.commands import find_command
from synfonium.kernel.context import Context

log = logs.get("shell")
FOLDER = Path(str(files("synfonium.apps.shell"))) / "demo"
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


class Townsman(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the town."""

    name: str
    display: str


class TownFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in somebody's drive."""

    owner: str
    path: str
    text: str


class TownPc(msgspec.Struct, frozen=True, kw_only=True):
    """A PC that somebody has, where an image is ready."""

    owner: str
    name: str


class Town(msgspec.Struct, frozen=True, kw_only=True):
    """What `demo/town.toml` says."""

    people: tuple[Townsman, ...]
    files: tuple[TownFile, ...]
    computers: tuple[TownPc, ...]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the town and, when the account was made just now, its password."""

    name: str
    display: str
    password: str = ""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What is there now. `skipped`: parts that this installation cannot have yet, in words."""

    people: tuple[Arrival, ...]
    files: int
    pages: int
    computers: int
    skipped: tuple[str, ...] = ()


def read_town() -> Town:
    return msgspec.convert(tomllib.loads((FOLDER / "town.toml").read_text(encoding="utf-8")), Town)


async def settle(context: Context, progress: Progress, *, with_pc: bool = True) -> Settled:
    """Makes whatever of the town is missing; what is there stays as it is.

    A PC needs an image, which is built first when it is not there: that takes minutes.
    """
    town = read_town()
    steps = len(town.people) + len(town.files) + len(town.computers) + 1
    builder = _Builder(context, progress, steps)
    arrivals = [await builder.person(person) for person in town.people]
    count_files = sum([await builder.file(file) for file in town.files])
    count_pages = await builder.pages()
    count_computers = sum([await builder.computer(pc) for pc in town.computers if with_pc])
    return Settled(
        people=tuple(arrivals),
        files=count_files,
        pages=count_pages,
        computers=count_computers,
        skipped=tuple(sorted(builder.skipped)),
    )


class _Builder:
    """Builds the town step by step through other apps' commands."""

    def __init__(self, context: Context, progress: Progress, steps: int) -> None:
        self._context, self._progress, self._steps = context, progress, steps
        self._done = 0
        self._ids: dict[str, PersonId] = {}
        self.skipped: set[str] = set()

    async def person(self, person: Townsman) -> Arrival:
        await self._tell(person.display)
        known = await self._find(person.name)
        if known is not None:
            self._ids[person.name] = known
            return Arrival(name=person.name, display=person.display)
        password = memorable_password()
        made = await self._context.call(
            "identity.user_add",
            {
                "name": person.name,
                "display": person.display,
                "password": password,
            },
        )
        self._ids[person.name] = PersonId(made["id"])
        return Arrival(name=person.name, display=person.display, password=password)

    async def _find(self, name: str) -> PersonId | None:
        try:
            found = await self._context.call("identity.user_find", {"name": name})
        except Problem as problem:
            if problem.status == NotFound.status:
                return None
            raise
        return PersonId(found["id"])

    async def file(self, file: TownFile) -> int:
        await self._tell(file.path)
        content = base64.b64encode(file.text.lstrip().encode()).decode()
        arguments = {"person": self._ids[file.owner], "path": file.path, "content": content}
        return int(await self._try("drive.put", arguments) is not None)

    async def pages(self) -> int:
        await self._tell("the pages of a small web")
        answer = await self._try("search.add", {"paths": [str(FOLDER / "pages.jsonl")]})
        return 0 if answer is None else len((FOLDER / "pages.jsonl").read_text().splitlines())

    async def computer(self, pc: TownPc) -> int:
        await self._tell(pc.name)
        owned = await self._try("pc.list", {})
        if owned is None:
            return 0
        if any((one["owner"], one["name"]) == (self._ids[pc.owner], pc.name) for one in owned):
            return 1
        if not await self._has_image():
            self.skipped.add("a PC (see: synfonium pc image build debian-desktop)")
            return 0
        return int(await self._try("pc.create", {"owner": pc.owner, "name": pc.name}) is not None)

    async def _has_image(self) -> bool:
        """Whether there is one at last."""
        images = await self._try("pc.image_list", {}) or []
        if any(image["state"] == "built" for image in images):
            return True
        name = {"name": images[0]["name"]} if images else {}
        return bool(images) and await self._try("pc.image_build", name, self._progress) is not None

    async def _tell(self, text: str) -> None:
        await self._progress(text, self._done, self._steps)
        self._done += 1

    async def _try(self, command: str, arguments: dict[str, Any], progress: Progress | None = None) -> Any:
        """The command's answer, or None, noted as skipped, where it cannot be had."""
        try:
            find_command(command)
            return await self._context.call(command, arguments, progress)
        except Problem as problem:
            log.warning("shell.demo_skipped", command=command, code=problem.code)
            self.skipped.add(command)
            return None


def memorable_password() -> str:
    """Four times three syllables, such as `kalomi-dupera-…`: 73 bits, easy to type."""
    words = ("".join(secrets.choice(SYLLABLES) for _ in range(3)) for _ in range(4))
    return "-".join(words)
