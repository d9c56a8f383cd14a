"""Renders problems once: as `application/problem+json` (RFC 9457) or as a page."""

from collections.abc import Mapping
from typing import Any

import msgspec

from synfonium.common.problem import Problem
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, respond
from synfonium.kernel.i18n import Catalogue
from synfonium.kernel.pages import Pages

JSON_TYPE = b"application/problem+json"
# What sending something else can mend.
FORM_STATUSES = (400, 409, 413, 422, 429)


def words(problem: Problem, catalogue: Catalogue) -> tuple[str, str]:
    """Title and remedy in the reader's language, with the problem's values filled in."""
    values = _Lenient({key: str(value) for key, value in problem.values.items()})
    translate = catalogue.gettext
    if set(values) == {"field", "reason"}:
        values["reason"] = translate(values["reason"])
    return translate(problem.title).format_map(values), translate(problem.remedy).format_map(values)


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def wants_page(scope: Mapping[str, Any]) -> bool:
    """Whether a browser navigates: pages for people, problems for programs."""
    if bytes(scope.get("raw_path") or b"").startswith((b"/api/", b"/oauth/token", b"/dav/")):
        return False
    accept = next((bytes(v) for k, v in scope["headers"] if k == b"accept"), b"")
    return b"text/html" in accept


def problem_response(
    scope: Mapping[str, Any], problem: Problem, pages: Pages | None = None
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of a refusal, in the reader's language."""
    headers = [(k.encode(), v.encode()) for k, v in problem.headers.items()]
    headers.append((b"cache-control", b"no-store"))
    if pages is None:
        title, remedy = words(problem, _plain)
    else:
        reader = pages.reader(scope)
        title, remedy = words(problem, pages.catalogue(reader.locale))
        if wants_page(scope):
            page = pages.render(
                "kit/problem.html",
                reader,
                {
                    "status": problem.status,
                    "title": title,
                    "remedy": remedy,
                    "code": problem.code,
                    "is_form": scope.get("method") == "POST" and problem.status in FORM_STATUSES,
                },
            )
            return problem.status, [*headers, (b"content-type", b"text/html; charset=utf-8")], page.encode()
    fields = {"type": "about:blank", "status": problem.status, "code": problem.code, "title": title}
    if remedy:
        fields["detail"] = remedy
    return problem.status, [*headers, (b"content-type", JSON_TYPE)], msgspec.json.encode(fields)


_plain = Catalogue("en", ())


def telling_problems(answer: ASGIApp, pages: Pages | None) -> ASGIApp:
    """`answer`, whose Problems become the response; for doors that are plain ASGI apps."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await answer(scope, receive, send)
        except Problem as problem:
            status, headers, body = problem_response(scope, problem, pages)
            await respond(send, status, headers, body)

    return app


def plain_words(problem: Problem) -> str:
    """Title and remedy as one English line, for the command line."""
    title, remedy = words(problem, _plain)
    return f"{title} {remedy}".strip()
