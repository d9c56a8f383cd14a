"""What the doors share: the session cookie, and what they ask of a browser."""

from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.sessions import Browser, NewSession
from synfonium.common.problem import BadInput, Forbidden, Problem
from synfonium.kernel import gate
from synfonium.kernel.actor import Person
from synfonium.kernel.authentication import cookie_name
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, See

T = TypeVar("T")
MOST_FIELDS = 100
KNOWN = "-known"
KNOWN_LIFE_S = 400 * 86_400
Form = Annotated[T, Body(media_type=RequestEncodingType.URL_ENCODED)]


FORM_STATUSES = (409, 422, 429)


class Next(msgspec.Struct, frozen=True):
    """Where the browser goes now."""

    next: str


def service_of(context: Context) -> IdentityService:
    service: IdentityService = context.service
    return service


def in_the_form(refusal: Problem) -> Problem:
    """The refusal, for the page of the form to show beside what was typed.

    Raises it again when typing something else would not help."""
    if refusal.status not in FORM_STATUSES:
        raise refusal
    return refusal


def locale_of(request: AnyRequest, context: Context) -> str:
    """The language of the page that was asked for: chosen, or the browser's."""
    assert context.pages is not None
    return context.pages.reader(request.scope).locale


def browser_of(request: AnyRequest, context: Context) -> Browser:
    return Browser(
        user_agent=request.headers.get("user-agent", ""),
        cookie=request.cookies.get(cookie_name(context.site), ""),
        known=request.cookies.get(cookie_name(context.site) + KNOWN, ""),
    )


def entered(context: Context, new: NewSession, path: str) -> See:
    """After a sign-in by form: the cookie, and on to `path`."""
    return See(path, cookies=_cookies(context, new))


def entered_by_script(context: Context, new: NewSession, path: str) -> Response[Next]:
    """After a sign-in by script: the cookie, and where to go."""
    return Response(Next(path), cookies=_cookies(context, new))


def left(context: Context, path: str) -> See:
    return See(path, cookies=[_session_cookie(context, "", 0)])


def _cookies(context: Context, new: NewSession) -> list[Cookie]:
    session = _session_cookie(context, new.secret, service_of(context).sessions.life_s)
    return [session, _cookie(context, KNOWN, new.known, KNOWN_LIFE_S)] if new.known else [session]


def _session_cookie(context: Context, value: str, life_s: int) -> Cookie:
    return _cookie(context, "", value, life_s)


def _cookie(context: Context, suffix: str, value: str, life_s: int) -> Cookie:
    return Cookie(
        key=cookie_name(context.site) + suffix,
        value=value,
        path="/",
        httponly=True,
        secure=context.site.is_secure,
        samesite="lax",
        max_age=life_s,
    )


def refuse_other_sites(request: AnyRequest, context: Context) -> None:
    """The dispatcher's check, also for a browser without a session: another site must not
    sign somebody in here. Raises CrossOrigin."""
    as_with_cookie = [*request.scope["headers"], (b"cookie", b"-")]
    gate.check_origin({**request.scope, "headers": as_with_cookie}, context.site)


def needs_session(actor: Person) -> None:
    """Ways in are changed in a browser, not by an app token. Raises Forbidden."""
    if not actor.by_session:
        raise Forbidden


async def form_pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """Fields of a form as they came, names given twice included. Raises BadInput."""
    return parse_pairs(await request.body())


def parse_pairs(encoded: bytes) -> list[tuple[str, str]]:
    """Raises BadInput for what is not `application/x-www-form-urlencoded` in UTF-8."""
    try:
        text = encoded.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise BadInput("body", "") from None
