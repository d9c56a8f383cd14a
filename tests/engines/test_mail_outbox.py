"""The folder of letters keeps the obligations of its port, and the suite catches those that do not."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.engines.mail.outbox import KEPT_S, OutboxMailer
from synfonium.ports.mailer import Mailer, NotSent, Outgoing
from synfonium.testing.mail_suite import MailSuite, message


class TestOutboxMailer(MailSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "mail"

    async def make(self) -> Mailer:
        return OutboxMailer(self.folder)

    def received(self) -> list[bytes]:
        return [path.read_bytes() for path in self.folder.glob("*.eml")]

    async def break_it(self) -> None:
        if self.folder.exists():
            self.folder.rmdir()
        self.folder.write_bytes(b"a file where the folder should be")

    async def test_a_letter_is_private_and_named_by_its_message_id(self) -> None:
        sent = message()
        await (await self.make()).send(sent, lambda: None)
        path = self.folder / f"{sent.message_id.strip('<>')}.eml"
        assert path.stat().st_mode & 0o777 == 0o600
        assert [p.name for p in self.folder.iterdir()] == [path.name]

    @pytest.mark.parametrize(
        "name", ["<../x@y.z>", "</etc/x@y.z>", "<a@../../b>", "<.a@b>", "a@b", "<a b@c>"]
    )
    async def test_no_message_id_leads_out_of_the_folder(self, name: str) -> None:
        with pytest.raises(NotSent):
            await (await self.make()).send(message(message_id=name), lambda: None)
        assert self.received() == []

    async def test_letters_of_more_than_a_month_ago_are_removed(self) -> None:
        mailer = await self.make()
        await mailer.send(message(), lambda: None)
        (old,) = self.folder.iterdir()
        os.utime(old, (0, time.time() - KEPT_S - 1))
        await OutboxMailer(self.folder).send(message(), lambda: None)
        assert not old.exists()
        assert len(self.received()) == 1


class _Careless(OutboxMailer):
    """A defect on purpose: hands over, whatever became of the mark."""

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        await super().send(mail, lambda: None)
        try:
            handing_over()
        except Exception:
            return


class _Tidy(OutboxMailer):
    """A defect on purpose: changes what it hands over."""

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        stripped = Outgoing(
            message_id=mail.message_id,
            sender=mail.sender,
            recipient=mail.recipient,
            content=mail.content.replace(b"\r\n.", b"\r\n"),
        )
        await super().send(stripped, handing_over)


class _Suite(TestOutboxMailer):
    __test__ = False

    def __init__(self, folder: Path, engine: type[OutboxMailer]) -> None:
        self.folder, self._engine = folder, engine

    async def make(self) -> Mailer:
        return self._engine(self.folder)


async def test_the_suite_catches_a_mailer_that_hands_over_before_the_mark(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await _Suite(tmp_path / "a", _Careless).test_it_is_told_once_before_anything_has_arrived()
    with pytest.raises(pytest.fail.Exception):
        await _Suite(tmp_path / "b", _Careless).test_what_could_not_be_marked_is_not_handed_over()


async def test_the_suite_catches_a_mailer_that_changes_the_content(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await _Suite(tmp_path / "a", _Tidy).test_a_message_arrives_byte_for_byte()
    await asyncio.sleep(0)
