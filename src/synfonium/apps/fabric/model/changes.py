"""What an update of a manifest changes in what the app may ask for, and does."""

from collections.abc import Iterator

import msgspec

from synfonium.apps.fabric.contract import Manifest


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """member: of the manifest, such as `asks`. what: as it is written there. is_new: or gone."""

    member: str
    what: str
    is_new: bool


def changes(before: Manifest, after: Manifest) -> tuple[Change, ...]:
    """What came and what went, in the order of the manifest."""
    were, are = list(_said(before)), list(_said(after))
    gone = [
        Change(member=member, what=what, is_new=False) for member, what in were if (member, what) not in are
    ]
    come = [
        Change(member=member, what=what, is_new=True) for member, what in are if (member, what) not in were
    ]
    return (*come, *gone)


def _said(manifest: Manifest) -> Iterator[tuple[str, str]]:
    ours = manifest.synfonium
    for interface, actions in sorted(ours.asks.items()):
        yield from (("asks", f"{interface} {action}") for action in sorted(actions))
    yield from (("scopes", scope) for scope in sorted(ours.scopes))
    yield from (("redirect_uris", uri) for uri in ours.redirect_uris)
    yield from (("listens", type_) for type_ in (ours.listens.types if ours.listens else ()))
    yield from (("emits", one.type) for one in ours.emits)
    yield from (("actions", one.name) for one in ours.actions)
    yield from (("opens", one.interface) for one in ours.opens)
    for handler in manifest.file_handlers:
        yield from (("file_handlers", media_type) for media_type in sorted(handler.accept))
