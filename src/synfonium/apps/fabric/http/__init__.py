"""Doors of the fabric, by verb."""

from synfonium.apps.fabric.http import grants

doors = grants.doors
