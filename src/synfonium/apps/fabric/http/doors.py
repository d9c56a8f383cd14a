"""All typed doors of the app, in one row."""

from synfonium.apps.fabric.http import (
    act,
    apps,
    automation,
    events,
    grants,
    index,
    ledger_pages,
    opening,
    palette,
    pick,
    protected_resource,
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
    *protected_resource.doors,
    *palette.doors,
    *index.doors,
    *events.doors,
    *automation.doors,
)
