# SPDX-License-Identifier: Apache-2.0
"""How every call is made and answered."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

TIMEOUT_S = 30.0
Fields = Mapping[str, Any] | None


class Refused(Exception):
    """An installation said no (RFC 9457). code: stable, for programs. title, detail: for people."""

    def __init__(self, status: int, code: str, title: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {title} {detail}".strip())
        self.status, self.code, self.title, self.detail = status, code, title, detail


class _Calling:
    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._own = {"accept": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}

    @staticmethod
    def _part(value: object) -> str:
        """One segment of a path."""
        return quote(str(value), safe="")

    def _request(self, query: Fields, headers: Fields, body: Any, sent: str) -> dict[str, Any]:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        more = {name: str(value) for name, value in (headers or {}).items() if value is not None}
        if sent:
            return {
                "params": asked,
                "headers": {**self._own, **more, "content-type": sent},
                "content": json.dumps(body).encode(),
            }
        return {"params": asked, "headers": {**self._own, **more}}


class Base(_Calling):
    """url: the installation's address. token: of an app, a person's own, or a grant's secret."""

    def __init__(self, url: str, token: str = "", *, http: httpx.Client | None = None) -> None:
        super().__init__(url, token)
        self._http = http or httpx.Client(timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Fields = None,
        headers: Fields = None,
        body: Any = None,
        sent: str = "",
    ) -> Any:
        asked = self._request(query, headers, body, sent)
        return _told(self._http.request(method, self._url + path, **asked))


class AsyncBase(_Calling):
    """As Base, for asyncio."""

    def __init__(self, url: str, token: str = "", *, http: httpx.AsyncClient | None = None) -> None:
        super().__init__(url, token)
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Fields = None,
        headers: Fields = None,
        body: Any = None,
        sent: str = "",
    ) -> Any:
        asked = self._request(query, headers, body, sent)
        return _told(await self._http.request(method, self._url + path, **asked))


def _told(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    problem = problem if isinstance(problem, dict) else {}
    words = (str(problem.get(name, "")) for name in ("code", "title", "detail"))
    raise Refused(answer.status_code, *words)
