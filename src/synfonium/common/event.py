"""What apps tell each other: past facts about objects (CloudEvents 1.0, by its names)."""

import msgspec

from synfonium.common.ids import EventId


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One past fact.

    type: `app.noun.verb`, e.g. `drive.file.written`. source: the app's name.
    subject: the object's address, e.g. `drive:node/01h…`. time_s: UTC, seconds.
    data: small JSON object declared in the app's contract; ids only, never content.
    """

    id: EventId
    type: str
    source: str
    subject: str
    time_s: float
    data: dict[str, str | int | float | bool | None] = {}
