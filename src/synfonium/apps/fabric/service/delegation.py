"""Biscuit tokens: a grant passed on, narrowed by whoever holds it, without asking us.

The first block names the grant. Every further block can only add checks; ours are
`operation("read")`, `resource("drive:node/…")` (any address of the object's path) and
`time(…)` (https://doc.biscuitsec.org, version 3 of the format). The token never widens
what the row says, and says nothing of whether the row is in force.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from synfonium.apps.fabric.contract import Action
from synfonium.apps.fabric.model import BISCUIT_PREFIX
from synfonium.common.ids import GrantId
from synfonium.kernel.context import Context

if TYPE_CHECKING:
    import biscuit_auth

LARGEST_TOKEN = 4096
KEPT, KEPT_S = 4096, 0.5
SLOWEST = timedelta(milliseconds=100)
MOST_BLOCKS = 10
_RULE = "grant($id) <- grant($id)"


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """What a further block demands; empty for what it leaves as it is."""

    actions: frozenset[Action] = frozenset()
    object: str = ""
    until_s: float = 0.0


class Biscuits:
    """Mints, narrows and reads tokens of this installation. The key follows from the home's."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._parse = lru_cache(maxsize=1024)(self._read)
        self._kept: OrderedDict[tuple[bytes, tuple[str, ...], Action], tuple[float, bool]] = OrderedDict()

    @property
    def public_key(self) -> str:
        """Ed25519, as `ed25519/<hex>`: whoever narrows a token checks it by this."""
        return str(self._pair().public_key)

    def mint(self, grant: GrantId, narrowed: Narrowed) -> str:
        from biscuit_auth import BiscuitBuilder

        token = BiscuitBuilder("grant({id})", {"id": grant}).build(self._pair().private_key)
        return BISCUIT_PREFIX + token.append(block_of(narrowed)).to_base64()

    def grant_of(self, token: str) -> tuple[GrantId, bytes]:
        """The grant that a token names, and its caveats. Raises ValueError for a bad one."""
        raw = token.removeprefix(BISCUIT_PREFIX).encode()
        return self._parse(raw)[0], raw

    def allows(self, caveats: bytes, path: Sequence[str], action: Action, now_s: float) -> bool:
        """Whether every block lets `action` happen to `path[0]` now, or did half a second ago."""
        key = (caveats, tuple(path), action)
        kept = self._kept.get(key)
        if kept is not None and 0 <= now_s - kept[0] < KEPT_S:
            return kept[1]
        allowed = self._ask(caveats, path, action, now_s)
        self._kept[key] = (now_s, allowed)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return allowed

    def _ask(self, caveats: bytes, path: Sequence[str], action: Action, now_s: float) -> bool:
        from biscuit_auth import AuthorizationError, AuthorizerBuilder, Fact

        builder = AuthorizerBuilder(
            "operation({action}); time({now}); allow if true;",
            {"action": action, "now": datetime.fromtimestamp(now_s, UTC)},
        )
        _give_time(builder)
        for address in path:
            builder.add_fact(Fact("resource({address})", {"address": address}))
        try:
            builder.build(self._parse(caveats)[1]).authorize()
        except (AuthorizationError, ValueError):
            return False
        return True

    def _read(self, raw: bytes) -> "tuple[GrantId, biscuit_auth.Biscuit]":
        from biscuit_auth import AuthorizerBuilder, Biscuit, BiscuitValidationError, Rule

        if len(raw) > LARGEST_TOKEN:
            raise ValueError("the token is too long")
        try:
            token = Biscuit.from_base64(raw.decode("ascii"), self._pair().public_key)
        except BiscuitValidationError as error:
            raise ValueError("the token is not one of ours") from error
        if token.block_count() > MOST_BLOCKS:
            raise ValueError("the token was narrowed too often")
        builder = AuthorizerBuilder("allow if true")
        _give_time(builder)
        named = builder.build(token).query(Rule(_RULE))
        if len(named) != 1:
            raise ValueError("the token names no grant")
        return GrantId(str(named[0].terms[0])), token

    def _pair(self) -> "biscuit_auth.KeyPair":
        from biscuit_auth import Algorithm, KeyPair, PrivateKey

        key = self._context.secrets.derive("fabric.biscuit")
        # The package's stubs are older than its code.
        private = PrivateKey.from_bytes(key[:32], Algorithm.Ed25519)  # type: ignore[attr-defined,call-arg]
        return KeyPair.from_private_key(private)


def _give_time(builder: "biscuit_auth.AuthorizerBuilder") -> None:
    """By itself it gives up after a millisecond of the clock, so that a busy machine would refuse what
    is allowed (measured: 4 of 3,000). What hostile blocks cost is bounded by facts and rounds too."""
    limits = builder.limits()  # type: ignore[attr-defined]  # the stubs are older
    limits.max_time = SLOWEST
    builder.set_limits(limits)  # type: ignore[attr-defined]


def block_of(narrowed: Narrowed) -> "biscuit_auth.BlockBuilder":
    """The block by which anybody narrows a token, also without us."""
    from biscuit_auth import BlockBuilder, Check

    block = BlockBuilder("")
    if narrowed.actions:
        block.add_check(
            Check("check if operation($done), {actions}.contains($done)", {"actions": set(narrowed.actions)})
        )
    if narrowed.object:
        block.add_check(Check("check if resource({object})", {"object": narrowed.object}))
    if narrowed.until_s:
        until = datetime.fromtimestamp(narrowed.until_s, UTC)
        block.add_check(Check("check if time($now), $now < {until}", {"until": until}))
    return block
