"""What can be stopped, and how a letter says where."""

import base64
import binascii
from typing import Protocol

import msgspec

from synfonium.kernel.i18n import _
from synfonium.ports.secrets import SecretBox

__all__ = ["TOPICS", "MailChoices", "Stop", "open_stop", "stop_path"]

TOPICS = {
    "news": _("News of this installation"),
    "activity": _("What others share with me"),
}
"""Topics that a person may stop, and what they are called (English gettext source)."""

_PURPOSE = "mail.stop"
_LONGEST = 500


class MailChoices(Protocol):
    """What people want to be written to about; identity offers it."""

    async def has_stopped(self, person_id: str, topic: str) -> bool: ...


class Stop(msgspec.Struct, frozen=True, array_like=True):
    """Who no longer wants what. It has no end: a letter may be old."""

    person_id: str
    topic: str


def stop_path(secrets: SecretBox, stop: Stop) -> str:
    """The path at which one click stops it (RFC 8058); nobody else can make it."""
    sealed = secrets.seal(msgspec.json.encode(stop), purpose=_PURPOSE)
    return f"/mail/stop/{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"


def open_stop(secrets: SecretBox, text: str) -> Stop:
    """What a path says. Raises ValueError."""
    if len(text) > _LONGEST:
        raise ValueError("stop")
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(secrets.open(sealed, purpose=_PURPOSE), type=Stop)
    except (binascii.Error, msgspec.DecodeError) as error:
        raise ValueError("stop") from error
