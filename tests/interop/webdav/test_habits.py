"""What programs say that cannot be installed here, said as they say it; `habits/` has one file each."""

import http.client
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from .conftest import Account

pytestmark = pytest.mark.full
HABITS = Path(__file__).parent / "habits"


class Ask(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One exchange. fill: so many bytes of body. keep: words for the values of headers that come
    back, which later ones may use as {word}."""

    method: str
    status: int
    path: str = ""
    why: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    fill: int = 0
    keep: dict[str, str] = {}
    has: list[str] = []
    has_not: list[str] = []
    headers_has: dict[str, str] = {}
    length: int | None = None


class Habit(msgspec.Struct, forbid_unknown_fields=True):
    agent: str
    ask: list[Ask]


class Speaker:
    """One connection, as these programs keep it."""

    def __init__(self, account: Account, folder: str, agent: str) -> None:
        self._url = f"{account.url}/{folder}"
        self._words = {"url": self._url}
        place = urlsplit(account.url)
        self._connection = http.client.HTTPConnection(place.netloc, timeout=30)
        basic = httpx.BasicAuth(*account.auth)._auth_header
        self._headers = {"User-Agent": agent, "Authorization": basic, "Accept": "*/*"}

    def say(self, ask: Ask) -> None:
        headers = {**self._headers, **{name: self._filled(text) for name, text in ask.headers.items()}}
        content = os.urandom(ask.fill) or ask.body.encode()
        is_chunked = "Transfer-Encoding" in headers
        body: Any = iter([content[:30_000], content[30_000:]]) if is_chunked else content
        path = urlsplit(f"{self._url}/{ask.path}").path
        self._connection.request(ask.method, path, body, headers, encode_chunked=is_chunked)
        answer = self._connection.getresponse()
        text = answer.read()
        told = (
            f"{ask.method} {ask.path} {ask.headers}: {answer.status} {dict(answer.headers)} {text[:2000]!r}"
        )
        assert answer.status == ask.status, told
        for name, part in ask.headers_has.items():
            assert part in answer.headers.get(name, ""), told
        shown = text.decode("utf-8", "replace")
        assert all(part in shown for part in ask.has), told
        assert not any(part in shown for part in ask.has_not), told
        assert ask.length in (None, len(text)), told
        self._words |= {word: answer.headers[name] for word, name in ask.keep.items()}

    def _filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(params=sorted(path.stem for path in HABITS.glob("*.toml")))
def habit(request: pytest.FixtureRequest) -> tuple[str, Habit]:
    text = (HABITS / f"{request.param}.toml").read_text()
    return request.param, msgspec.convert(tomllib.loads(text), Habit)


@pytest.fixture
def speaker(account: Account, habit: tuple[str, Habit]) -> Iterator[Speaker]:
    name, spoken = habit
    with httpx.Client(auth=account.auth) as client:
        assert client.request("MKCOL", f"{account.url}/{name}").status_code == 201
    speaker = Speaker(account, name, spoken.agent)
    yield speaker
    speaker.close()


def test_every_habit_gets_the_answer_that_it_needs(speaker: Speaker, habit: tuple[str, Habit]) -> None:
    for ask in habit[1].ask:
        speaker.say(ask)
