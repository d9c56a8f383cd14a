"""What Drive tells the doctor (operations/contract.py). It reads alone, also where no server runs."""

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import SpaceLocked
from synfonium.apps.drive.model import Space, SpaceId
from synfonium.apps.drive.model.upkeep import Damage, Walk
from synfonium.apps.drive.service.keys import SpaceKeys, every_space
from synfonium.apps.drive.store import spaces, upkeep, wholeness
from synfonium.apps.drive.store.wholeness import Faults
from synfonium.apps.operations.contract import Finding, State
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

_DAY_S = 86_400.0
LATE = 3


async def mend(context: Context) -> int:
    """Counts sizes and references anew; how many were wrong. Deletes nothing."""
    now_s = context.clock.now_s()
    return await context.database.write(lambda c: wholeness.mend(c, now_s))


async def check(context: Context) -> list[Finding]:
    """Whether content is whole, was looked at lately, and the tables agree."""
    config = context.config if isinstance(context.config, DriveConfig) else DriveConfig()
    walk = await context.database.read(upkeep.walk)
    damage = await context.database.read(upkeep.all_damage)
    faults = await context.database.read(wholeness.look)
    keys = await _of_keys(context, config)
    late_s = context.clock.now_s() - max(walk.ended_s, walk.begun_s)
    return [*_of_content(damage, walk), *_of_walk(config, walk, late_s), *_of_tables(faults), *keys]


async def _of_keys(context: Context, config: DriveConfig) -> list[Finding]:
    """Whether whoever holds the keys of others that wrap spaces' still gives them."""

    async def find(space: SpaceId) -> Space | None:
        return await context.database.read(lambda c: spaces.by_id(c, space))

    keys, samples = SpaceKeys(context.secrets, config, context.clock.now_s, find), dict[str, list[Space]]()
    async for space in every_space(context.database.read):
        envelope = keys.envelope_of(space)
        if envelope.key and not envelope.is_locked:
            samples.setdefault(envelope.key, []).append(space)
    return [await _of_key(keys, key, some) for key, some in sorted(samples.items())]


async def _of_key(keys: SpaceKeys, key: str, wrapped: list[Space]) -> Finding:
    try:
        await keys.open(wrapped[0])
    except SpaceLocked:
        said = _("The key {key} does not answer: the {count} spaces that it wraps are locked.")
        remedy = _("Give it back (its file, or its service and token): they are readable again in a minute.")
        return _finding("keys", "bad", said, remedy, key=key, count=len(wrapped))
    said = _("The key {key} answers; it wraps those of {count} spaces.")
    return _finding("keys", "good", said, key=key, count=len(wrapped))


def _of_content(damage: list[Damage], walk: Walk) -> list[Finding]:
    found = []
    hurt, missing = _count(damage, "damaged"), _count(damage, "missing")
    if hurt + missing:
        said = _("{hurt} contents are damaged on the disk, {missing} are missing. They are not given out.")
        remedy = _(
            "Look after the disk. Bring a backup back into another home, and copy its blobs: "
            "docs/how-to/keep-files-whole.md. People can take the version from before."
        )
        found.append(_finding("content", "bad", said, remedy, hurt=hurt, missing=missing))
    if seals := _count(damage, "seal"):
        said = _("{count} contents are right, but what guards them is damaged on the disk.")
        remedy = _("They are still given out, each byte verified. Look after the disk.")
        found.append(_finding("seals", "bad", said, remedy, count=seals))
    if walk.ended_s and not damage:
        found.append(_finding("content", "good", _("All content was read, and none is damaged.")))
    return found


def _count(damage: list[Damage], kind: str) -> int:
    return sum(one.kind == kind for one in damage)


def _of_walk(config: DriveConfig, walk: Walk, late_s: float) -> list[Finding]:
    if walk.state == "running":
        said = _("All content is being read for damage: {done} of {total}.")
        return [_finding("scrub", "good", said, done=walk.done, total=walk.total)]
    if walk.state == "stopped":
        remedy = _("synfonium drive scrub goes on with it.")
        return [_finding("scrub", "note", _("Reading all content for damage was stopped."), remedy)]
    if not config.scrub_days:
        remedy = _("Set scrub_days in the part [drive] of synfonium.toml.")
        return [_finding("scrub", "note", _("Nobody looks whether stored content is still whole."), remedy)]
    if walk.ended_s and late_s > LATE * config.scrub_days * _DAY_S:
        remedy = _("The log says why. synfonium drive scrub --now reads it all.")
        return [_finding("scrub", "bad", _("Content has not been read for damage for long."), remedy)]
    return []


def _of_tables(faults: Faults) -> list[Finding]:
    said = {
        "lost": _("{count} files or folders hang on nothing, and cannot be reached."),
        "empty": _("{count} files have no content that is known."),
        "astray": _("{count} versions belong to no file, or are marked wrongly."),
        "sums": _("{count} folders say another size than that of what is in them."),
        "counts": _("{count} contents are counted wrongly."),
    }
    backup = _("This should never be. Keep a copy of the home, and bring the last backup back.")
    mend = _("synfonium drive mend counts them anew; it deletes nothing.")
    found = [
        _finding(
            what, "bad", text, mend if what in ("sums", "counts") else backup, count=getattr(faults, what)
        )
        for what, text in said.items()
        if getattr(faults, what)
    ]
    return found or [_finding("tables", "good", _("Files, versions, sizes and contents agree."))]


def _finding(check: str, state: State, said: str, remedy: str = "", **values: object) -> Finding:
    texts = {key: str(value) for key, value in values.items()}
    return Finding(check=f"drive.{check}", state=state, said=said, remedy=remedy, values=texts)
