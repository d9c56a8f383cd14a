"""Versions of a file, and which of them are kept (docs/decisions/0040-versions.md). Pure."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.model.node import BlobName, NodeId, VersionId

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
# Up to which age one version is kept in how many seconds.
_BANDS = ((HOUR_S, 0.0), (DAY_S, HOUR_S), (30 * DAY_S, DAY_S), (float("inf"), 7 * DAY_S))
TOGETHER_S = 2.0
"""What one author writes over within this time was one act of saving, and is no version."""
MOST_OF_A_FILE = 1000
LABEL_CHARACTERS = 200


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A content that a file has or had. replaced_s: since when it is an old one; None for
    the one that counts. label: a name that somebody gave it, which keeps it."""

    id: VersionId
    node: NodeId
    blob: BlobName
    size_bytes: int
    modified_s: float
    made_s: float
    author: str
    sha1: bytes | None = None
    replaced_s: float | None = None
    label: str | None = None

    @property
    def is_present(self) -> bool:
        return self.replaced_s is None


def too_many(old: Sequence[Version], now_s: float, *, longest_s: float) -> list[Version]:
    """Of one file's old versions, those that go.

    All of the last hour stay, then the last of each hour for a day, the last of each day
    for 30 days, the last of each week after that; none longer than `longest_s`, and no more
    than MOST_OF_A_FILE. What has a label stays.
    """
    kept, gone = 0, list[Version]()
    seen: set[tuple[float, int]] = set()
    for version in sorted(old, key=lambda v: (v.made_s, v.id), reverse=True):
        age_s = now_s - version.made_s
        step_s = next(step for most, step in _BANDS if age_s < most)
        slot = (step_s, int(version.made_s // step_s)) if step_s else None
        is_spare = slot in seen if slot else False
        if slot:
            seen.add(slot)
        is_over = is_spare or age_s > longest_s or kept >= MOST_OF_A_FILE
        if is_over and version.label is None:
            gone.append(version)
        else:
            kept += 1
    return gone
