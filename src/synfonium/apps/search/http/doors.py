"""All typed doors of the app, in one row."""

from synfonium.apps.search.http import (
    admin,
    bundles,
    crawls,
    engines,
    opensearch,
    peers,
    pictures,
    places,
    preferences,
    privacy,
    public,
    settings,
    shortcuts,
    young,
)

doors = [
    *public.doors,
    *opensearch.doors,
    *pictures.doors,
    *preferences.doors,
    *settings.doors,
    *young.doors,
    *privacy.doors,
    *admin.doors,
    *crawls.doors,
    *engines.doors,
    *shortcuts.doors,
    *places.doors,
    *bundles.doors,
    *peers.doors,
]
