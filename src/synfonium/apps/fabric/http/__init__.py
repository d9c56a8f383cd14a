"""Doors of the fabric, by verb."""

from synfonium.apps.fabric.http import apps, grants, opening, pick

doors = (*apps.doors, *grants.doors, *pick.doors, *opening.doors)
