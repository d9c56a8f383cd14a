"""Makes bundles of what was crawled, and gives them out."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from synfonium.apps.search.service.bundles.files import Limits, Opened, lines_of, open_bundle, write_bundle
from synfonium.apps.search.service.bundles.format import FORMAT, Feed, Line, Listed, Manifest
from synfonium.apps.search.service.bundles.journal import Journal, read_journal
from synfonium.apps.search.service.bundles.keys import BundleKey
from synfonium.ports.clock import Clock

_FEED = "feed.json"
MOST_BUNDLES = 30
"""Of one epoch; then everything is said anew, so that a newcomer has not to read it all twice."""
_OURS = Limits(file_bytes=1 << 50, unpacked_bytes=1 << 50, documents=1 << 50)


class Publisher:
    """Bundles of our own pages in `folder`. One at a time makes them; anybody may read."""

    def __init__(
        self, folder: Path, *, origin: str, scope: tuple[str, ...], key: BundleKey, clock: Clock
    ) -> None:
        self._folder, self._origin, self._scope = folder, origin, scope
        self._key, self._clock = key, clock

    def feed(self) -> Feed:
        """What is published now."""
        try:
            known = msgspec.json.decode((self._folder / _FEED).read_bytes(), type=tuple[Listed, ...])
        except FileNotFoundError:
            known = ()
        return Feed(
            format=FORMAT, origin=self._origin, scope=self._scope, key=self._key.public_pem, bundles=known
        )

    def listed(self, epoch: int, number: int) -> Listed | None:
        """The bundle, if it is published now."""
        return next((b for b in self.feed().bundles if (b.epoch, b.number) == (epoch, number)), None)

    def path(self, listed: Listed) -> Path:
        return self._path(listed.epoch, listed.number)

    def export(self, journal: Journal, *, anew: bool = False) -> Listed | None:
        """Makes the next bundle of what the journal says, or none when it says nothing.

        anew: begins an epoch with everything that still stands, and takes the earlier files
        away with what was removed since. Blocks. A crash leaves the journal as it was.
        """
        aside = journal.set_aside()
        changes = _latest(read_journal(aside))
        known = self.feed().bundles
        if not changes and not (anew and known):
            journal.done(aside)
            return None
        is_new = anew or not known or len(known) >= MOST_BUNDLES
        made = self._base(known, aside, changes) if is_new else self._delta(known, aside, changes)
        self._publish((made,) if is_new else (*known, made))
        journal.done(aside)
        return made

    def _delta(self, known: tuple[Listed, ...], aside: Path, changes: dict[str, int]) -> Listed:
        last = known[-1]
        lines = _kept(read_journal(aside), changes)
        return self._write(last.epoch, last.number + 1, last.sha256, lines)

    def _base(self, known: tuple[Listed, ...], aside: Path, changes: dict[str, int]) -> Listed:
        epoch = known[-1].epoch + 1 if known else 1
        return self._write(epoch, 1, "", self._all(known, aside, changes))

    def _all(self, known: tuple[Listed, ...], aside: Path, changes: dict[str, int]) -> Iterator[Line]:
        opened = [self._open(one) for one in known]
        newest = {line.key: at for at, one in enumerate(opened) for line in lines_of(one)}
        for at, one in enumerate(opened):
            for line in lines_of(one):
                if line.add and newest[line.key] == at and line.key not in changes:
                    yield line
        yield from (line for line in _kept(read_journal(aside), changes) if line.add)

    def _open(self, listed: Listed) -> Opened:
        return open_bundle(self.path(listed), self._key.public_pem, _OURS)

    def _write(self, epoch: int, number: int, previous: str, lines: Iterator[Line]) -> Listed:
        path = self._path(epoch, number)
        manifest = Manifest(
            format=FORMAT,
            origin=self._origin,
            epoch=epoch,
            number=number,
            previous=previous,
            made_s=self._clock.now_s(),
            scope=self._scope,
            documents=0,
            removed=0,
            body_sha256="",
            body_bytes=0,
            unpacked_bytes=0,
            key=self._key.fingerprint,
        )
        manifest = write_bundle(path, manifest, lines, self._key)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Listed(
            epoch=epoch,
            number=number,
            sha256=digest,
            size_bytes=path.stat().st_size,
            made_s=manifest.made_s,
        )

    def _publish(self, bundles: tuple[Listed, ...]) -> None:
        fresh = self._folder / "feed.fresh"
        fresh.write_bytes(msgspec.json.encode(bundles))
        fresh.replace(self._folder / _FEED)
        listed = {self._path(one.epoch, one.number) for one in bundles}
        for file in self._folder.glob("*.bundle"):
            if file not in listed:
                file.unlink()

    def _path(self, epoch: int, number: int) -> Path:
        return self._folder / f"{epoch}-{number}.bundle"


def _latest(lines: Iterator[Line]) -> dict[str, int]:
    """Key to the place of the last line about it."""
    return {line.key: at for at, line in enumerate(lines)}


def _kept(lines: Iterator[Line], latest: dict[str, int]) -> Iterator[Line]:
    return (line for at, line in enumerate(lines) if latest[line.key] == at)
