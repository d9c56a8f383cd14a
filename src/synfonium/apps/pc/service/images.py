"""Desktop images: built from recipes by mmdebstrap, kept as read-only folders.

An image is a folder `NAME@DIGEST` that appears whole by a rename; what an aborted build
leaves begins with a dot and is swept. The same recipe built twice is built once.
"""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from synfonium.apps.pc.errors import ImageBuildFailed, NoSuchImage, ProgramMissing
from synfonium.apps.pc.model.recipe import Recipe, shipped_recipes
from synfonium.apps.pc.service.sources import release, sources_of
from synfonium.common.ids import new_id
from synfonium.kernel.calls import Progress

BUILD_TIMEOUT_S = 1800.0
END_TIMEOUT_S = 20.0
_NEW = re.compile(rb"(\d+) newly installed")
_STEPS_PER_PACKAGE = 3  # fetched, unpacked, set up
_KEPT_LANGUAGES = ("fr", "fr_FR", "en", "en_GB")
_EXCLUDES = (
    "path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*", *(f"path-include=/usr/share/locale/{x}/*" for x in _KEPT_LANGUAGES),
    "force-unsafe-io",
)  # fmt: skip


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe and what was built from it; `root` is None until then."""

    recipe: Recipe
    root: Path | None

    @property
    def is_current(self) -> bool:
        """Whether the folder was built from the recipe as it is now."""
        return self.root is not None and self.root.parent.name == f"{self.recipe.name}@{self.recipe.digest}"


class Images:
    """The images of one installation, under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._building: set[str] = set()

    def all(self) -> Sequence[Image]:
        """Every shipped recipe and every image whose recipe is no longer shipped."""
        recipes = {recipe.name: recipe for recipe in shipped_recipes()}
        for built in self._built("*"):
            name = built.name.partition("@")[0]
            if name not in recipes:
                with suppress(OSError, ValueError):
                    recipes[name] = msgspec.json.decode((built / "recipe.json").read_bytes(), type=Recipe)
        return [Image(recipe=recipe, root=self._root(recipe)) for recipe in recipes.values()]

    def one(self, name: str) -> Image:
        """Raises NoSuchImage."""
        for image in self.all():
            if image.recipe.name == name:
                return image
        raise NoSuchImage(name=name)

    def sweep(self) -> int:
        """Removes what aborted builds left; returns how many."""
        left = list(self._folder.glob(".building-*")) if self._folder.is_dir() else []
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)
        return len(left)

    def remove_older(self, name: str) -> int:
        """Removes what earlier recipes of that name gave; no machine may be running."""
        current = self.one(name)
        older = [folder for folder in self._built(name) if current.root != folder / "root"]
        for folder in older:
            leaving = folder.with_name(f".building-{new_id()}")
            folder.rename(leaving)
            shutil.rmtree(leaving, ignore_errors=True)
        return len(older)

    async def build(self, name: str, progress: Progress) -> Image:
        """Builds the image unless it is built already.

        Raises NoSuchImage, ProgramMissing, ImageBuildFailed. Cancelling leaves nothing.
        """
        image = self.one(name)
        if image.is_current:
            return image
        if name in self._building:
            raise ImageBuildFailed(reason="it is being built already")
        self._building.add(name)
        try:
            return await self._build(image.recipe, progress)
        finally:
            self._building.discard(name)

    async def _build(self, recipe: Recipe, progress: Progress) -> Image:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        building = self._folder / f".building-{new_id()}"
        root = building / "root"
        root.mkdir(parents=True)
        try:
            async with asyncio.timeout(BUILD_TIMEOUT_S):
                await _run(recipe, root, progress)
            await asyncio.to_thread(_finish, recipe, building)
            finished = self._folder / f"{recipe.name}@{recipe.digest}"
            building.rename(finished)
        except TimeoutError:
            raise ImageBuildFailed(reason="it took too long") from None
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, building, ignore_errors=True))
        await progress("Done", 1, 1)
        return Image(recipe=recipe, root=finished / "root")

    def _root(self, recipe: Recipe) -> Path | None:
        """The image of the present recipe, else the newest of that name."""
        current = self._folder / f"{recipe.name}@{recipe.digest}" / "root"
        if current.is_dir():
            return current
        older = sorted(self._built(recipe.name), key=lambda folder: folder.stat().st_mtime)
        return older[-1] / "root" if older else None

    def _built(self, name: str) -> list[Path]:
        return [f for f in self._folder.glob(f"{name}@*") if (f / "root").is_dir()]


def _finish(recipe: Recipe, building: Path) -> None:
    """Adds the recipe's files and what machines need to stand on."""
    root = building / "root"
    for path, text in recipe.files.items():
        target = root / path.lstrip("/")
        _make_folder(root, target.parent)
        target.write_text(text, "utf-8")
        target.chmod(0o755 if text.startswith("#!") else 0o644)
    for folder in ("proc", "dev", "tmp", "run", "sys", "home/person"):
        _make_folder(root, root / folder)
    shutil.rmtree(building / "temporary", ignore_errors=True)
    (building / "recipe.json").write_bytes(msgspec.json.encode(recipe))


def _make_folder(root: Path, folder: Path) -> None:
    """Makes what is missing, open to the machine's user whatever our own umask is."""
    for part in reversed([folder, *folder.parents]):
        if part.is_relative_to(root) and not part.exists():
            part.mkdir()
            part.chmod(0o755)


def missing_programs() -> list[str]:
    """Debian packages without which no image can be built here."""
    missing = [] if shutil.which("mmdebstrap") else ["mmdebstrap"]
    if not _is_root() and not shutil.which("newuidmap"):
        missing.append("uidmap")
    return missing


async def _run(recipe: Recipe, root: Path, progress: Progress) -> None:
    """mmdebstrap writes a tar stream, tar unpacks it as whoever we are."""
    if missing := missing_programs():
        raise ProgramMissing(packages=" ".join(missing))
    suite = release()
    sources = sources_of(suite)
    if not sources:
        raise ImageBuildFailed(reason="this computer has no package sources of its own release")
    temporary = root.parent / "temporary"
    temporary.mkdir()
    read, write = os.pipe()
    maker = await asyncio.create_subprocess_exec(
        *_kept_apart(), *_arguments(recipe, suite),
        stdin=asyncio.subprocess.PIPE, stdout=write, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        env={**os.environ, **({"TMPDIR": str(temporary)} if _is_root() else {})},
    )  # fmt: skip
    unpacker = await asyncio.create_subprocess_exec(
        "tar", "-x", "-p", "-C", str(root), "--numeric-owner", "--exclude=./dev/*",
        stdin=read, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(read)
    os.close(write)
    try:
        assert maker.stdin is not None
        maker.stdin.write("\n".join(source.as_deb822() for source in sources).encode())
        maker.stdin.close()
        last = await _follow(maker, progress)
        if await maker.wait() != 0 or await unpacker.wait() != 0:
            raise ImageBuildFailed(reason=last or "mmdebstrap failed")
    finally:
        for process in (maker, unpacker):
            await _end(process)


def _arguments(recipe: Recipe, suite: str) -> list[str]:
    return [
        "mmdebstrap", "--verbose", "--variant=essential", "--format=tar",
        f"--mode={'root' if _is_root() else 'unshare'}",
        *(f"--dpkgopt={option}" for option in _EXCLUDES),
        "--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Languages none",
        f"--include={','.join(recipe.packages)}",
        *(f'--customize-hook=chroot "$1" sh -c {_quoted(line)}' for line in recipe.setup),
        suite, "-", "-",
    ]  # fmt: skip


def _quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


async def _follow(maker: asyncio.subprocess.Process, progress: Progress) -> str:
    """Tells how far the build is, by packages; gives the last error it said."""
    assert maker.stderr is not None
    done, total, stage, error = 0, 0, 0, ""
    async for raw in maker.stderr:
        if found := _NEW.search(raw):
            stage, done, total = stage + 1, 0, int(found[1]) * _STEPS_PER_PACKAGE
        elif raw.startswith((b"Get:", b"Unpacking ", b"Setting up ")):
            done += 1
        elif raw.startswith(b"E:"):
            error = raw[2:].decode(errors="replace").strip()
        elif raw.startswith(b"I: creating tarball"):
            await progress("Writing the image", 95, 100)
            continue
        share = min(1.0, done / total) if total else 0.0
        # The essential packages are about a fifth of the work.
        await progress("Building the image", 20 * share if stage < 2 else 20 + 75 * share, 100)
    return error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL if _is_root() else signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _is_root() -> bool:
    return os.geteuid() == 0


def _kept_apart() -> list[str]:
    """What stands before the builder, so that it ends with us and leaves nothing.

    As root it mounts /proc and /sys in the new root: in namespaces of its own these go
    when it goes, and removing the folder can never reach the host's. As an ordinary user
    it makes namespaces by itself, and cleans up when it is asked to end.
    """
    if not _is_root():
        return ["setpriv", "--pdeathsig", "TERM"]
    apart = ["unshare", "--mount", "--propagation", "private", "--pid", "--kill-child", "--mount-proc"]
    return ["setpriv", "--pdeathsig", "KILL", *apart]
