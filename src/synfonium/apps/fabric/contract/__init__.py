# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of the fabric.

Events (subject `fabric:grant/<id>`, data `{"app", "subject", "object", "person"}`):
`fabric.grant.given`, `fabric.grant.revoked`.

Commands: `fabric.grant_secret` {grant} → GrantSecret, for the grant's own app alone; each
call makes a new secret and ends the one before. `fabric.grants_for` {subject} →
[Grant, …] that are in force, for the app that the subject belongs to.
`fabric.search` {person, query, limit} → {"total", "hits": [MineHit, …]}.
"""

import msgspec

from synfonium.apps.fabric.contract.acts import Act, Effect, Offered
from synfonium.apps.fabric.contract.grants import (
    APP_SCOPE,
    CHECK_SCOPE,
    DETAIL_TYPE,
    GRANT_GIVEN,
    GRANT_REVOKED,
    Credential,
    Grant,
    Grants,
    GrantSecret,
    Limits,
    Origin,
)
from synfonium.apps.fabric.contract.manifest import (
    MANIFEST_FILE,
    Apps,
    DeclaredAction,
    Emitted,
    Fabric,
    FileHandler,
    Intent,
    Listens,
    Manifest,
    ObjectKind,
    ObjectsDoor,
    Opener,
    RegisteredApp,
    ShareTarget,
    Text,
    Title,
    in_language,
)
from synfonium.apps.fabric.contract.objects import (
    CALENDAR,
    DESKTOP,
    FILE,
    FOLDER,
    LINK,
    Action,
    Children,
    Crumb,
    Object,
    Objects,
    ObjectsAsk,
    fits,
    page_of,
)

__all__ = [
    "APP_SCOPE",
    "CALENDAR",
    "CHECK_SCOPE",
    "DESKTOP",
    "DETAIL_TYPE",
    "FILE",
    "FOLDER",
    "GRANT_GIVEN",
    "GRANT_REVOKED",
    "LINK",
    "MANIFEST_FILE",
    "Act",
    "Action",
    "Apps",
    "Children",
    "Credential",
    "Crumb",
    "DeclaredAction",
    "Effect",
    "Emitted",
    "Fabric",
    "FileHandler",
    "Grant",
    "GrantSecret",
    "Grants",
    "Intent",
    "Limits",
    "Listens",
    "Manifest",
    "MineHit",
    "Object",
    "ObjectKind",
    "Objects",
    "ObjectsAsk",
    "ObjectsDoor",
    "Offered",
    "Opener",
    "Origin",
    "RegisteredApp",
    "ShareTarget",
    "Text",
    "Title",
    "fits",
    "in_language",
    "page_of",
]


class MineHit(msgspec.Struct, frozen=True, kw_only=True):
    """One of the person's own things; `snippet` is escaped HTML with `<b>`."""

    address: str
    url: str
    app: str
    title: str
    snippet: str
    time_s: float
