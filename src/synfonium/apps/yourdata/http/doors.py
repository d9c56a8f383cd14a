"""All typed doors of the app, in one row."""

from synfonium.apps.yourdata.http import by_pass, pages

doors = (*pages.doors, *by_pass.doors)
