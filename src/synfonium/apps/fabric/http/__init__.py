"""Doors of the fabric, by verb."""

from synfonium.apps.fabric.http import (
    act,
    apps,
    automation,
    events,
    grants,
    index,
    ledger_pages,
    mcp,
    opening,
    palette,
    pick,
    registering,
)

doors = (
    *apps.doors,
    *grants.doors,
    *ledger_pages.doors,
    *pick.doors,
    *opening.doors,
    *registering.doors,
    *act.doors,
    *mcp.doors,
    *palette.doors,
    *index.doors,
    *events.doors,
    *automation.doors,
)
