"""What was given to a PC: which of it shows inside."""

from collections.abc import Sequence

from synfonium.apps.fabric.contract import Grant

MOST_SHOWN = 8
WHOLE_DRIVE = "drive:root"


def shown(grants: Sequence[Grant], now_s: float) -> list[Grant]:
    """Those that show as folders: of each thing the right that allows most; the oldest eight."""
    best: dict[str, Grant] = {}
    for grant in sorted(grants, key=lambda grant: grant.id):
        is_over = bool(grant.limits.until_s) and grant.limits.until_s <= now_s
        if not is_over:
            held = best.get(grant.object)
            if held is None or ("write" in grant.actions and "write" not in held.actions):
                best[grant.object] = grant
    return sorted(best.values(), key=lambda grant: grant.id)[:MOST_SHOWN]
