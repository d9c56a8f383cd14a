# SPDX-License-Identifier: Apache-2.0
"""What other apps may know of the fabric.

Events (subject `fabric:grant/<id>`, data `{"app", "subject", "object", "person"}`):
`fabric.grant.given`, `fabric.grant.revoked`. `fabric.index.wanted` (subject `fabric:index`,
data `{"app", "person"}`): push again.

Commands: `fabric.grant_secret` {grant} → GrantSecret, for the grant's own app alone; each
call makes a new secret and ends the one before. `fabric.grant_aim` {grant, subject} →
Grant, cut from a grant of the app's own for a part of it, such as one PC, that says the
same and ends with it. `fabric.grants_for` {subject} →
[Grant, …] that are in force, for the app that the subject belongs to; `fabric.grants_end`
{subject} ends them, when that part of the app is no more.
`fabric.index` IndexPush → IndexAnswer, for things of the calling app alone.
`fabric.search` {person, query, limit, offset, app, interface} → Found.
"""

from synfonium.apps.fabric.contract.acts import Act, Effect, Offered
from synfonium.apps.fabric.contract.grants import (
    APP_SCOPE,
    CHECK_SCOPE,
    DETAIL_TYPE,
    GRANT_GIVEN,
    GRANT_REVOKED,
    GRANT_USED,
    Credential,
    Grant,
    Grants,
    GrantSecret,
    Limits,
    Origin,
)
from synfonium.apps.fabric.contract.index import (
    INDEX_WANTED,
    Findable,
    Found,
    Hit,
    IndexAnswer,
    IndexPush,
    Query,
    Refused,
    Shared,
    Shares,
)
from synfonium.apps.fabric.contract.ledger import Letting, Lettings, Reaching
from synfonium.apps.fabric.contract.manifest import (
    MANIFEST_FILE,
    Apps,
    DeclaredAction,
    Emitted,
    Fabric,
    FileHandler,
    Front,
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
    "GRANT_USED",
    "INDEX_WANTED",
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
    "Findable",
    "Found",
    "Front",
    "Grant",
    "GrantSecret",
    "Grants",
    "Hit",
    "IndexAnswer",
    "IndexPush",
    "Intent",
    "Letting",
    "Lettings",
    "Limits",
    "Listens",
    "Manifest",
    "Object",
    "ObjectKind",
    "Objects",
    "ObjectsAsk",
    "ObjectsDoor",
    "Offered",
    "Opener",
    "Origin",
    "Query",
    "Reaching",
    "Refused",
    "RegisteredApp",
    "ShareTarget",
    "Shared",
    "Shares",
    "Text",
    "Title",
    "fits",
    "in_language",
    "page_of",
]
