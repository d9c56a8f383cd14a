"""Whenever the process is killed: no letter twice, none lost but those shown as perhaps sent."""

import random
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from synfonium.kernel.mail import Letter
from synfonium.testing.child import Child
from tests.engines.smtp_sink import SmtpSink

from .post_process import open_mail

LETTERS, KILLS = 400, 30


async def _fill(path: Path) -> set[str]:
    database, mail = open_mail(path)
    letter = Letter(to="ada@example.org", template="identity/mail/test")
    ids = await database.write(lambda c: {mail.add(c, letter) for _ in range(LETTERS)})
    database.close()
    return ids


async def _kept(path: Path) -> dict[str, str]:
    """Letters still in the table, and their state."""
    database, mail = open_mail(path)
    rows = await database.read(lambda c: c.execute(select(mail._table.c.id, mail._table.c.state)).all())
    database.close()
    return {row.id: row.state for row in rows}


def _kill_again_and_again(path: Path, target: str, dice: random.Random) -> None:
    with Child("tests.kernel.post_process", str(path), target) as child:
        assert child.read_line(timeout_s=60) == "ready"
        for _ in range(KILLS):
            child.say("post 0")
            time.sleep(0.05 + dice.random() * 0.2)
            child.say("kill")
            assert child.read_line(timeout_s=30) == "gone"
        child.say("count 0")
        assert child.read_line(timeout_s=60) == "gone"


def _ids(contents: list[bytes]) -> Counter[str]:
    found = [re.search(rb"Message-ID: <([a-z0-9]{26})@", content) for content in contents]
    return Counter(match[1].decode() for match in found if match)


@pytest.mark.full
async def test_by_smtp_no_letter_arrives_twice_and_each_one_missing_is_shown(tmp_path: Path) -> None:
    dice = random.Random(7)
    path = tmp_path / "identity.sqlite"
    ids = await _fill(path)
    with SmtpSink() as server:
        # A server that takes its time with its answer makes the window wide.
        server.sink.after_accepting = lambda: time.sleep(dice.random() * 0.02)
        _kill_again_and_again(path, server.url(host="127.0.0.1"), dice)
        arrived = _ids(server.sink.contents)
    kept = await _kept(path)
    assert max(arrived.values()) == 1
    assert set(kept.values()) <= {"perhaps"}
    assert set(arrived) | set(kept) == ids
    assert 0 < len(kept) <= KILLS


@pytest.mark.full
async def test_into_the_folder_each_letter_comes_exactly_once(tmp_path: Path) -> None:
    path, folder = tmp_path / "identity.sqlite", tmp_path / "mail"
    ids = await _fill(path)
    _kill_again_and_again(path, str(folder), random.Random(8))
    arrived = _ids([file.read_bytes() for file in folder.glob("*.eml")])
    assert await _kept(path) == {}
    assert arrived == Counter(dict.fromkeys(ids, 1))
