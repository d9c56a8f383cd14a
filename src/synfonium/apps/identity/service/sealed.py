"""Things that a browser carries for us and may neither read nor change."""

import base64
import binascii
from typing import TypeVar

import msgspec

from synfonium.apps.identity.errors import ChallengeExpired
from synfonium.kernel.context import Context

T = TypeVar("T", bound=msgspec.Struct)
LONGEST_SEALED = 12_000


def seal(context: Context, thing: msgspec.Struct, purpose: str) -> str:
    """`thing` as text for a URL or a form, bound to `purpose`."""
    sealed = context.secrets.seal(msgspec.json.encode(thing), purpose=f"identity.{purpose}")
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(context: Context, text: str, purpose: str, kind: type[T]) -> T:
    """What was sealed. Raises ChallengeExpired for anything not sealed here for this."""
    if len(text) > LONGEST_SEALED:
        raise ChallengeExpired
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(context.secrets.open(sealed, purpose=f"identity.{purpose}"), type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise ChallengeExpired from None
