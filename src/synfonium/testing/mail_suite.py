# SPDX-License-Identifier: Apache-2.0
"""What every Mailer engine must pass.

class TestMyMailer(MailSuite):
    async def make(self): return MyMailer(…)
    def received(self): return [whole messages that arrived, as bytes]
    async def break_it(self): …  # from now on nothing can be handed over
"""

import asyncio

import pytest

from synfonium.common.ids import new_id
from synfonium.ports.mailer import Mailer, NotSent, Outgoing

__all__ = ["MailSuite", "message"]

_BODY = b".\r\n.a line that begins with a dot\r\n..\r\n" + b"x" * 990 + b"\r\n\r\nEnd.\r\n"


def message(*, recipient: str = "ada@example.org", body: bytes = _BODY, message_id: str = "") -> Outgoing:
    one = message_id or f"<{new_id()}@cloud.example.org>"
    head = f"From: cloud@example.org\r\nTo: ada@example.org\r\nMessage-ID: {one}\r\n\r\n".encode()
    return Outgoing(message_id=one, sender="cloud@example.org", recipient=recipient, content=head + body)


class Marks:
    """Counts how often it was told, and looks at what has arrived by then."""

    def __init__(self, suite: "MailSuite") -> None:
        self._suite = suite
        self.arrived: list[int] = []

    def __call__(self) -> None:
        self.arrived.append(len(self._suite.received()))


class MailSuite:
    """Subclass it with `make`, `received` and `break_it`."""

    async def make(self) -> Mailer:
        raise NotImplementedError

    def received(self) -> list[bytes]:
        raise NotImplementedError

    async def break_it(self) -> None:
        raise NotImplementedError

    async def test_a_message_arrives_byte_for_byte(self) -> None:
        mailer, sent = await self.make(), message()
        await mailer.send(sent, Marks(self))
        assert self.received() == [sent.content]

    async def test_it_is_told_once_before_anything_has_arrived(self) -> None:
        mailer, marks = await self.make(), Marks(self)
        await mailer.send(message(), marks)
        assert marks.arrived == [0]

    async def test_what_could_not_be_marked_is_not_handed_over(self) -> None:
        def fail() -> None:
            raise RuntimeError("a full disk")

        mailer = await self.make()
        with pytest.raises(NotSent) as caught:
            await mailer.send(message(), fail)
        assert caught.value.is_temporary
        await asyncio.sleep(0.1)
        assert self.received() == []
        await mailer.send(message(), Marks(self))
        assert len(self.received()) == 1

    @pytest.mark.parametrize(
        "recipient", ["ada@example.org\r\nRCPT TO:<eve@example.org>", "ada@example.org\nX: y", "", "a\0@b.c"]
    )
    async def test_an_address_with_a_line_break_is_refused_before_anything_is_sent(
        self, recipient: str
    ) -> None:
        mailer, marks = await self.make(), Marks(self)
        with pytest.raises(NotSent) as caught:
            await mailer.send(message(recipient=recipient), marks)
        assert not caught.value.is_temporary
        assert (marks.arrived, self.received()) == ([], [])

    async def test_fifty_at_once_arrive_once_each(self) -> None:
        mailer, marks = await self.make(), Marks(self)
        sent = [message(body=f"{number}\r\n".encode()) for number in range(50)]
        await asyncio.gather(*(mailer.send(one, marks) for one in sent))
        assert sorted(self.received()) == sorted(one.content for one in sent)
        assert len(marks.arrived) == 50

    async def test_the_same_message_twice_is_one_where_the_engine_says_so(self) -> None:
        mailer, sent = await self.make(), message()
        for _ in range(2):
            await mailer.send(sent, Marks(self))
        assert len(self.received()) == (1 if mailer.is_idempotent else 2)

    async def test_where_nothing_can_be_handed_over_it_says_so_and_later_it_may_go(self) -> None:
        mailer, marks = await self.make(), Marks(self)
        await mailer.check()
        await self.break_it()
        with pytest.raises(NotSent) as caught:
            await mailer.send(message(), marks)
        assert caught.value.is_temporary
        assert self.received() == []
        with pytest.raises(NotSent):
            await mailer.check()

    async def test_a_refusal_holds_no_address(self) -> None:
        mailer = await self.make()
        await self.break_it()
        with pytest.raises(NotSent) as caught:
            await mailer.send(message(), Marks(self))
        assert "@" not in str(caught.value)
        assert caught.value.__cause__ is None or "@" not in str(caught.value.__cause__)
