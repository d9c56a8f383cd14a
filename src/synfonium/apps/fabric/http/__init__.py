"""Doors of the fabric, by verb."""

from synfonium.apps.fabric.http import apps, grants, opening, pick, registering

doors = (*apps.doors, *grants.doors, *pick.doors, *opening.doors, *registering.doors)
