"""No app hears of another what its manifest does not say."""

import pytest

from synfonium.apps.fabric.contract import INDEX_WANTED
from synfonium.apps.fabric.model.facts import emitted_types
from synfonium.apps.fabric.service.hearing import unsaid
from synfonium.apps.fabric.service.registry import manifest_of
from synfonium.kernel.app import App

from .house import own_apps

APPS = pytest.mark.parametrize("app", own_apps(), ids=lambda app: app.name)


def listens_to(app: App) -> set[str]:
    manifest = manifest_of(app)
    listens = manifest.synfonium.listens if manifest else None
    return set(listens.types if listens else ())


@APPS
def test_what_an_app_subscribes_to_of_others_stands_in_its_manifest(app: App) -> None:
    found = unsaid(app)
    assert not found, (
        f"{app.name} hears {sorted(found)}: write it into `listens.types` of its synfonium.app.json, for "
        "people to read"
    )


@APPS
def test_what_an_app_says_that_it_hears_is_told_by_somebody(app: App) -> None:
    assert listens_to(app) <= emitted_types() | {INDEX_WANTED}


@APPS
def test_what_an_app_says_that_it_tells_is_its_own(app: App) -> None:
    manifest = manifest_of(app)
    for emitted in manifest.synfonium.emits if manifest else ():
        assert emitted.type.startswith(f"{app.name}."), emitted.type
