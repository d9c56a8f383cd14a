"""Who asks at a door of Nextcloud's protocol: HTTP Basic with an app password."""

import base64
import binascii

from synfonium.apps.drive.webdav.door import BasicNeeded
from synfonium.common.problem import SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Scope
from synfonium.kernel.context import Context


async def person_of(context: Context, scope: Scope) -> Person:
    """A person themselves; an app with a grant has doors of its own. Raises BasicNeeded."""
    try:
        actor = await context.authenticate(scope)
    except SignInNeeded:
        raise BasicNeeded from None
    if actor is None or actor.grants:
        raise BasicNeeded
    return actor


def secret_of(scope: Scope) -> str:
    """The app password that came, "" for none."""
    value = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
    kind, _, rest = value.partition(b" ")
    if kind.lower() == b"bearer":
        return rest.strip().decode("latin-1")
    if kind.lower() != b"basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
