# SPDX-License-Identifier: Apache-2.0
"""What we remember of a browser: requests that wait, and what was given. In memory, bounded."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from hello_app.asking import Pushed

COOKIE = "hello"
MOST = 1000
MOST_WAITING = 20


@dataclass
class Session:
    """given: each thing with the token that opens it, newest first. note: text to be saved. sub: the
    person, "" until they came from the installation."""

    id: str
    sub: str = ""
    token: str = ""
    waiting: OrderedDict[str, Pushed] = field(default_factory=OrderedDict)
    given: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    note: str = ""

    def wait(self, pushed: Pushed) -> None:
        self.waiting[pushed.state] = pushed
        while len(self.waiting) > MOST_WAITING:
            self.waiting.popitem(last=False)


class Sessions:
    def __init__(self) -> None:
        self._all: OrderedDict[str, Session] = OrderedDict()

    def of(self, cookies: str) -> Session:
        """The browser's session, or a new one."""
        try:
            found = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            found = None
        session = self._all.get(found.value) if found else None
        if session is None:
            session = Session(id=secrets.token_urlsafe(24))
            self._all[session.id] = session
            while len(self._all) > MOST:
                self._all.popitem(last=False)
        return session
