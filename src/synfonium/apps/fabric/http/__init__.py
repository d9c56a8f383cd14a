"""Doors of the fabric, by verb."""

from synfonium.apps.fabric.http import (
    act,
    apps,
    automation,
    events,
    grants,
    index,
    mcp,
    opening,
    palette,
    pick,
    registering,
)

doors = (
    *apps.doors,
    *grants.doors,
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
