"""All typed doors of the app, in one row."""

from synfonium.apps.search.http import admin, engines, privacy, public, shortcuts

doors = [*public.doors, *privacy.doors, *admin.doors, *engines.doors, *shortcuts.doors]
