# SPDX-License-Identifier: Apache-2.0
"""What an app lets others reach of a person's, besides rights of apps: it stands in the ledger with them."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from synfonium.common.ids import PersonId

WhoKind = Literal["person", "group", "organisation", "link"]
Reaching = Literal["see", "edit", "drop"]


class Letting(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody may reach a thing, until it is ended.

    object: its address. page: where one looks at it, a path of this site. who: empty for a link without a
    name. right: as a glyph of the kit. until_s: 0 for no end. end: the path of the app's own door that ends
    it, by POST without a body; it leads back to the ledger.
    """

    object: str
    title: str
    page: str
    who: str
    kind: WhoKind
    right: Reaching
    since_s: float
    until_s: float = 0.0
    end: str


class Lettings(Protocol):
    """Offered by apps in which people share, in the web role."""

    async def of(self, person: PersonId, within: Sequence[str] = ()) -> Sequence[Letting]:
        """All that the person lets others reach, the newest first; within: only of these objects."""
        ...
