"""All typed doors of the app, in one row."""

from synfonium.apps.search.http import (
    admin,
    bundles,
    crawls,
    engines,
    peers,
    places,
    privacy,
    public,
    shortcuts,
)

doors = [
    *public.doors,
    *privacy.doors,
    *admin.doors,
    *crawls.doors,
    *engines.doors,
    *shortcuts.doors,
    *places.doors,
    *bundles.doors,
    *peers.doors,
]
