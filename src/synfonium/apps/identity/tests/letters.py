"""The letters that a house has written, read as their receiver would."""

import asyncio
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from synfonium.testing.client import Installation

TRIES = 200


def all_letters(house: Installation) -> list[EmailMessage]:
    folder = Path(house.context("identity").home)
    found = sorted(folder.rglob("*.eml"), key=lambda path: path.name)
    return [BytesParser(EmailMessage, policy=policy.default).parsebytes(p.read_bytes()) for p in found]


async def letters_to(house: Installation, address: str, count: int = 1) -> list[EmailMessage]:
    """The letters to `address`, once there are `count` of them, the oldest first."""
    for _ in range(TRIES):
        found = [letter for letter in all_letters(house) if address in str(letter["to"])]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"no letter came to {address}: {[str(one['to']) for one in all_letters(house)]}")


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def path_in(letter: EmailMessage) -> str:
    """The path of the link in the letter."""
    return re.findall(r"http://localhost:8600(/\S+)", text_of(letter))[0]
