"""All typed doors of the app, in one row."""

from synfonium.apps.search.http import admin, engines, public

doors = [*public.doors, *admin.doors, *engines.doors]
