"""The texts of a manifest, for people: every one of them, and in one language."""

from collections.abc import Callable

import msgspec

from synfonium.apps.fabric.contract import DeclaredAction, Manifest, ObjectsDoor, Text

Change = Callable[[Text], Text]
_replace = msgspec.structs.replace


def with_texts(manifest: Manifest, change: Change) -> Manifest:
    """The same with each text changed; empty ones stay."""

    def of(text: Text) -> Text:
        return change(text) if text else text

    ours = manifest.synfonium
    return _replace(
        manifest,
        name=of(manifest.name),
        short_name=of(manifest.short_name),
        description=of(manifest.description),
        synfonium=_replace(
            ours,
            objects=_objects(ours.objects, of) if ours.objects else None,
            emits=tuple(_replace(one, title=of(one.title)) for one in ours.emits),
            actions=tuple(_action(one, of) for one in ours.actions),
        ),
    )


def _objects(objects: ObjectsDoor, of: Change) -> ObjectsDoor:
    kinds = {name: _replace(kind, title=of(kind.title)) for name, kind in objects.kinds.items()}
    return _replace(objects, kinds=kinds)


def _action(action: DeclaredAction, of: Change) -> DeclaredAction:
    return _replace(action, title=of(action.title), description=of(action.description))


def texts_of(manifest: Manifest) -> list[Text]:
    found: list[Text] = []

    def keep(text: Text) -> Text:
        found.append(text)
        return text

    with_texts(manifest, keep)
    return found
