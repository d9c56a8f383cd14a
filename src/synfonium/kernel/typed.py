"""The Litestar application: every app's typed doors, OpenAPI from their types."""

import traceback
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Litestar, Request, Response, Router
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from synfonium.common.problem import BadInput, NotFound, Problem, SignInNeeded
from synfonium.kernel import logs, openapi
from synfonium.kernel.context import CONTEXTS, Context
from synfonium.kernel.doors import DEFAULT_BODY_BYTES
from synfonium.kernel.pages import Pages
from synfonium.kernel.problems import problem_response, wants_page
from synfonium.kernel.refusals import (
    InternalError,
    MethodNotAllowed,
    PasskeyNeeded,
    PassNeeded,
    ProofNeeded,
    TooLarge,
)

log = logs.get("kernel")
AnyRequest = Request[Any, Any, Any]


@lru_cache(maxsize=4)
def application(doors: tuple[tuple[str, tuple[Any, ...]], ...]) -> Litestar:
    """doors: app to its doors. To build them takes most of a start, and of a short test."""
    return Litestar(
        route_handlers=[_router(app, handlers) for app, handlers in doors],
        exception_handlers={Exception: _on_exception},
        openapi_config=openapi.configuration(),
        request_max_body_size=DEFAULT_BODY_BYTES,
        logging_config=None,
        on_app_init=[_quiet],
    )


def _quiet(config: AppConfig) -> AppConfig:
    config.debug = False
    config.pdb_on_exception = False
    return config


def _router(app: str, handlers: Sequence[Any]) -> Router:
    async def provide_context(request: AnyRequest) -> Context:
        context: Context = request.scope[CONTEXTS][app]  # type: ignore[literal-required]
        return context

    return Router(
        path="/",
        route_handlers=list(handlers),
        dependencies={"context": Provide(provide_context)},
        signature_types=[Context],
        tags=[app],
        opt={"app": app},
    )


def _on_exception(request: AnyRequest, exception: Exception) -> Response[bytes]:
    problem = _as_problem(exception)
    if isinstance(problem, SignInNeeded) and request.method in ("GET", "HEAD") and wants_page(request.scope):
        return Response(b"", status_code=303, headers={"location": _sign_in_url(request)})
    if isinstance(problem, ProofNeeded) and wants_page(request.scope):
        return Response(b"", status_code=303, headers={"location": _proof_url(request, problem.back)})
    if isinstance(problem, PasskeyNeeded) and wants_page(request.scope):
        return Response(b"", status_code=303, headers={"location": _passkey_url(request)})
    if isinstance(problem, PassNeeded) and wants_page(request.scope):
        return Response(b"", status_code=303, headers={"location": _pass_url(request, problem.person)})
    status, headers, body = problem_response(request.scope, problem, Pages.of(request.scope))
    return Response(
        body,
        status_code=status,
        headers={k.decode(): v.decode() for k, v in headers if k != b"content-type"},
        media_type=dict(headers)[b"content-type"].decode().partition(";")[0],
    )


def _sign_in_url(request: AnyRequest) -> str:
    return f"/signin?{urlencode({'next': _address(request)})}"


def _proof_url(request: AnyRequest, back: str) -> str:
    """Where the person proves who they are; a refused form leads back to its page, with a word
    that it was not done (`refused`)."""
    if request.method in ("GET", "HEAD"):
        return f"/signin/again?{urlencode({'next': _address(request)})}"
    return f"/signin/again?{urlencode({'next': back or _page_above(request), 'refused': 1})}"


def _passkey_url(request: AnyRequest) -> str:
    is_look = request.method in ("GET", "HEAD")
    return f"/signin/passkey?{urlencode({'next': _address(request) if is_look else _page_above(request)})}"


def _pass_url(request: AnyRequest, person: str) -> str:
    """Where an administrator says why; a refused form leads back to its page."""
    is_look = request.method in ("GET", "HEAD")
    after = _address(request) if is_look else _page_above(request)
    return f"/pass/{quote(person, safe='')}?{urlencode({'next': after})}"


def _address(request: AnyRequest) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _page_above(request: AnyRequest) -> str:
    """The nearest address at or above this one that answers GET."""
    shown = [r.path_components for r in request.app.routes if "GET" in getattr(r, "methods", ())]
    parts = request.url.path.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        if any(_fits(route, parts[:length]) for route in shown):
            return "/" + "/".join(parts[:length])
    return "/"


def _fits(route: Sequence[object], parts: Sequence[str]) -> bool:
    return len(route) == len(parts) and all(
        not isinstance(known, str) or known == part for known, part in zip(route, parts, strict=True)
    )


def _as_problem(exception: Exception) -> Problem:
    match exception:
        case Problem():
            return exception
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            return MethodNotAllowed()
        case ValidationException():
            return BadInput(*_first_fault(exception))
        case HTTPException() if exception.status_code == 413:
            return TooLarge()
        case ClientException():
            return Problem()
        case RecursionError() | UnicodeDecodeError() if _was_reading(exception):
            return Problem()
        case _:
            log.error("door.failed", exception)
            return InternalError()


def _was_reading(exception: Exception) -> bool:
    """Whether Litestar was decoding the request; the same mistake in a door is ours."""
    frames = traceback.extract_tb(exception.__traceback__)
    return any(frame.filename.endswith("litestar/_kwargs/extractors.py") for frame in frames)


def _first_fault(exception: ValidationException) -> tuple[str, str]:
    """Which field, and why; only what the types say, never what the person typed."""
    extra = exception.extra if isinstance(exception.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    return str(first.get("key") or "body"), str(first.get("message") or "")
