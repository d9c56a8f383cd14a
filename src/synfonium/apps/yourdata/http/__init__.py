"""Doors of your data."""

from synfonium.apps.yourdata.http import pages

doors = pages.doors
