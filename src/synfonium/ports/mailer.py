"""The port that hands letters over to the world."""

from collections.abc import Callable
from typing import Protocol

import msgspec

__all__ = ["Mailer", "NotSent", "Outgoing", "PerhapsSent"]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message. content: RFC 5322 with CRLF, headers and body.

    message_id: as in its header, with the angle brackets; a letter keeps it for ever.
    sender, recipient: envelope addresses (RFC 5321); a local part may be Unicode (RFC 6531).
    """

    message_id: str
    sender: str
    recipient: str
    content: bytes


class NotSent(Exception):
    """The message was surely not accepted.

    code: why, in a word of ours or `smtp_NNN`; never an address or a server's words.
    is_temporary: later it may go.
    """

    def __init__(self, code: str, *, is_temporary: bool) -> None:
        super().__init__(code)
        self.code, self.is_temporary = code, is_temporary


class PerhapsSent(Exception):
    """The message was handed over and no answer came: nobody can know."""


class Mailer(Protocol):
    """Hands one message over; after `send` has returned it is accepted, whatever happens here.

    `send` calls `handing_over` exactly once, in a thread of its own, at the last moment at
    which the message is surely not yet accepted; when that raises, the message is not handed
    over and `send` raises NotSent, temporary. Before that moment every failure is NotSent;
    after it, a refusal is NotSent, and silence, a lost connection or a broken answer is
    PerhapsSent. The content goes out unchanged, byte for byte, apart from what the protocol
    itself needs and takes away again. A recipient or sender with a line break is refused
    before anything is sent. Every wait has a limit.

    `is_idempotent`: the same Message-ID handed over twice is one letter.
    `check` raises NotSent when a letter could not be handed over now; it sends none.
    """

    @property
    def is_idempotent(self) -> bool: ...

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None: ...

    async def check(self) -> None: ...
