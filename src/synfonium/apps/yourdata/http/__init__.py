"""Doors of your data."""

from synfonium.apps.yourdata.http import by_pass, pages

doors = (*pages.doors, *by_pass.doors)
