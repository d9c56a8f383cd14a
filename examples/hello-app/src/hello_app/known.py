# SPDX-License-Identifier: Apache-2.0
"""What Hello knows of people between their visits: the newest token of each, and what was told to
have changed. In memory, bounded."""

from collections import OrderedDict
from typing import Any

MOST = 1000


class Known:
    def __init__(self) -> None:
        self._tokens: OrderedDict[str, str] = OrderedDict()
        self._changed: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._heard: OrderedDict[str, None] = OrderedDict()

    def keep(self, sub: str, token: str) -> None:
        _put(self._tokens, sub, token)

    def token_of(self, sub: str) -> str:
        return self._tokens.get(sub, "")

    def is_new(self, message_id: str) -> bool:
        """A message may come twice."""
        if message_id in self._heard:
            return False
        _put(self._heard, message_id, None)
        return True

    def changed(self, sub: str, addresses: list[str]) -> None:
        for address in addresses:
            _put(self._changed, (sub, address), None)

    def is_changed(self, sub: str, item: dict[str, Any]) -> bool:
        return (sub, str(item.get("identifier", ""))) in self._changed


def _put(kept: "OrderedDict[Any, Any]", key: Any, value: Any) -> None:
    kept[key] = value
    while len(kept) > MOST:
        kept.popitem(last=False)
