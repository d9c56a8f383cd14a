"""Coming in by a passkey or a password, and leaving."""

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from synfonium.apps.identity.contract import Leaving
from synfonium.apps.identity.errors import (
    AccountSuspended,
    ChallengeExpired,
    CodeRefused,
    OutsideUnreachable,
    SignInRefused,
    TooManyTries,
)
from synfonium.apps.identity.http.browser import (
    Form,
    Next,
    browser_of,
    entered,
    entered_by_script,
    left,
    needs_session,
    refuse_other_sites,
    service_of,
)
from synfonium.apps.identity.model.people import local_path
from synfonium.apps.identity.service.passkeys import Ceremony
from synfonium.common.ids import PersonId
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    password: str
    next: str = ""


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    sealed: str
    code: str
    next: str = ""


class ProofForm(msgspec.Struct, frozen=True, kw_only=True):
    password: str
    code: str = ""
    next: str = ""


class PasskeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    sealed: str
    credential: dict[str, Any]
    next: str = ""


@get("/signin")
async def show_sign_in(
    actor: Person | Visitor, context: Context, wish: Annotated[str, QueryParameter(name="next")] = ""
) -> Page:
    return await sign_in_page(context, wish)


@post("/signin")
async def sign_in(
    actor: Visitor, request: AnyRequest, context: Context, data: Form[PasswordForm]
) -> See | Page:
    refuse_other_sites(request, context)
    browser = browser_of(request, context)
    try:
        new = await service_of(context).passwords.sign_in(data.name.strip().lower(), data.password, browser)
    except (SignInRefused, TooManyTries, OutsideUnreachable) as refusal:
        return await sign_in_page(context, data.next, name=data.name, refusal=refusal, status=refusal.status)
    except AccountSuspended as closed:
        return See(await _decide(context, closed))
    if isinstance(new, str):
        return code_page(new, data.next)
    return entered(context, new, local_path(data.next))


@post("/signin/code")
async def finish(actor: Visitor, request: AnyRequest, context: Context, data: Form[CodeForm]) -> See | Page:
    refuse_other_sites(request, context)
    try:
        new = await service_of(context).passwords.finish(data.sealed, data.code, browser_of(request, context))
    except AccountSuspended as closed:
        return See(await _decide(context, closed))
    except (CodeRefused, TooManyTries) as refusal:
        return code_page(data.sealed, data.next, refusal=refusal, status=refusal.status)
    except ChallengeExpired as refusal:
        return await sign_in_page(context, data.next, refusal=refusal, status=refusal.status)
    return entered(context, new, local_path(data.next))


@post("/api/identity/passkey/challenge")
async def challenge(actor: Visitor, context: Context) -> Ceremony:
    return service_of(context).passkeys.ask_to_sign_in()


@post("/api/identity/passkey/signin")
async def sign_in_by_passkey(
    actor: Visitor, request: AnyRequest, context: Context, data: PasskeyAnswer
) -> Response[Next]:
    refuse_other_sites(request, context)
    browser = browser_of(request, context)
    try:
        new = await service_of(context).passkeys.sign_in(data.credential, data.sealed, browser)
    except AccountSuspended as closed:
        return Response(Next(await _decide(context, closed)))
    return entered_by_script(context, new, local_path(data.next))


@get("/signin/again")
async def show_again(
    actor: Person,
    context: Context,
    wish: Annotated[str, QueryParameter(name="next")] = "",
    refused: int = 0,
) -> Page:
    needs_session(actor)
    return await _again_page(actor, context, wish, was_refused=bool(refused))


@get("/signin/passkey")
async def show_passkey(
    actor: Person, context: Context, wish: Annotated[str, QueryParameter(name="next")] = ""
) -> Page:
    """For an administrator who came in by password."""
    needs_session(actor)
    next_path = local_path(wish)
    return Page(
        "identity/passkey.html",
        next=next_path,
        query_now=urlencode({"next": next_path}),
        has_passkey=bool(await service_of(context).passkeys.of(actor.id)),
    )


@post("/signin/again")
async def prove(actor: Person, request: AnyRequest, context: Context, data: Form[ProofForm]) -> See | Page:
    needs_session(actor)
    browser = browser_of(request, context)
    try:
        new = await service_of(context).passwords.prove(actor.name, data.password, data.code, browser)
    except (SignInRefused, CodeRefused, TooManyTries) as refusal:
        return await _again_page(actor, context, data.next, refusal=refusal, status=refusal.status)
    return entered(context, new, local_path(data.next))


@post("/api/identity/again/challenge")
async def challenge_again(actor: Person, context: Context) -> Ceremony:
    needs_session(actor)
    return service_of(context).passkeys.ask_to_sign_in(actor.id)


@post("/api/identity/again/passkey")
async def prove_by_passkey(
    actor: Person, request: AnyRequest, context: Context, data: PasskeyAnswer
) -> Response[Next]:
    needs_session(actor)
    browser = browser_of(request, context)
    new = await service_of(context).passkeys.prove(actor.id, data.credential, data.sealed, browser)
    return entered_by_script(context, new, local_path(data.next))


@post("/signout")
async def sign_out(actor: Person | Visitor, context: Context) -> See:
    if isinstance(actor, Person) and actor.by_session:
        with suppress(NotFound):  # ended elsewhere a moment ago; the cookie goes all the same
            await service_of(context).sessions.end(actor.id, actor.session_id)
    return left(context, "/")


async def _decide(context: Context, closed: AccountSuspended) -> str:
    """Where somebody goes who closed this account themselves. Raises AccountSuspended for others."""
    for leaving in context.offers(Leaving):  # type: ignore[type-abstract]
        if path := await leaving.path_of(PersonId(str(closed.values.get("person", "")))):
            return path
    raise closed


async def sign_in_page(
    context: Context,
    wish: str,
    *,
    name: str = "",
    refusal: Problem | None = None,
    refused: Problem | None = None,
    status: int = 200,
) -> Page:
    next_path = local_path(wish, "")
    path, _mark, query = next_path.partition("?")
    waiting = dict(parse_qsl(query)).get("request", "") if path == "/oauth/continue" else ""
    return Page(
        "identity/signin.html",
        onward=await service_of(context).provider.awaited_by(waiting) if waiting else None,
        status=status,
        next=next_path,
        query_now=urlencode({"next": next_path}) if next_path else "",
        name=name[:40],
        wrong=_words(refusal),
        refused=refused,
        url_now="/signin",
        others=await service_of(context).sources.buttons(),
        may_sign_up=(await service_of(context).sign_up.rules()).is_open,
    )


async def _again_page(
    actor: Person,
    context: Context,
    wish: str,
    *,
    was_refused: bool = False,
    refusal: Problem | None = None,
    status: int = 200,
) -> Page:
    service, next_path = service_of(context), local_path(wish)
    return Page(
        "identity/again.html",
        status=status,
        next=next_path,
        query_now=urlencode({"next": next_path, **({"refused": 1} if was_refused else {})}),
        was_refused=was_refused,
        has_passkey=bool(await service.passkeys.of(actor.id)),
        has_password=await service.passwords.exists(actor.id),
        needs_code=await service.second.is_on(actor.id),
        wrong=_words(refusal),
    )


def code_page(sealed: str, wish: str, *, refusal: Problem | None = None, status: int = 200) -> Page:
    next_path = local_path(wish, "")
    return Page("identity/code.html", status=status, sealed=sealed, next=next_path, wrong=_words(refusal))


def _words(refusal: Problem | None) -> dict[str, str] | None:
    return {"title": refusal.title, "remedy": refusal.remedy} if refusal else None


doors = (
    show_sign_in,
    sign_in,
    finish,
    challenge,
    sign_in_by_passkey,
    show_again,
    show_passkey,
    prove,
    challenge_again,
    prove_by_passkey,
    sign_out,
)
