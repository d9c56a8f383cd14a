"""What a typed door answers people with."""

import gzip
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from synfonium.kernel.pages import Pages

GZIP_FROM_BYTES = 1000
GZIP_LEVEL = 5
AnyRequest = Request[Any, Any, Any]


class Page(Response[None]):
    """A rendered template: `Page("drive/folder.html", entries=…)`. `status` defaults to 200."""

    def __init__(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        cookies: Sequence[Cookie] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(None, status_code=status, headers=headers, cookies=cookies)
        self.template, self.values = template, values

    def to_asgi_response(self, app: Any, request: AnyRequest, **options: Any) -> ASGIResponse:
        """Renders within the request's language, scheme and person; gzip when accepted."""
        pages = Pages.of(request.scope)
        body = pages.render(self.template, pages.reader(request.scope), self.values).encode()
        headers = {**(options.get("headers") or {}), **self.headers}
        if len(body) >= GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers["content-encoding"] = "gzip"
        headers["vary"] = "Accept-Encoding, Accept-Language"
        return ASGIResponse(
            body=body,
            headers=headers,
            cookies=[*self.cookies, *(options.get("cookies") or ())],
            media_type="text/html",
            status_code=self.status_code,
            is_head_response=bool(options.get("is_head_response")),
        )


class See(Response[None]):
    """After a form: go and look there (303)."""

    def __init__(self, url: str, *, cookies: Sequence[Cookie] | None = None) -> None:
        super().__init__(None, status_code=303, headers={"location": url}, cookies=cookies)
