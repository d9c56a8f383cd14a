"""A person's own ways in: passkeys, password, sessions, app tokens, and sites."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response

from synfonium.apps.identity.http.browser import (
    Form,
    Next,
    browser_of,
    entered_by_script,
    in_the_form,
    needs_session,
    service_of,
)
from synfonium.apps.identity.model.people import local_path, new_secret
from synfonium.apps.identity.service.passkeys import Ceremony
from synfonium.apps.identity.service.tokens import known_scopes
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.refusals import PasskeyNeeded

HERE = "/settings/security"
ProvedPerson = Annotated[Person, Proved()]
LIVES_DAYS = (30, 90, 365, 0)


class LabelForm(msgspec.Struct, frozen=True):
    label: str


class PasswordForm(msgspec.Struct, frozen=True):
    password: str


class TokenForm(msgspec.Struct, frozen=True, kw_only=True):
    """days: 0 for a token without an end. form: makes a double submit harmless."""

    label: str
    form: str
    days: int = 365
    scope: str | list[str] = []


class PasskeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    sealed: str
    credential: dict[str, Any]
    next: str = ""


@get(HERE)
async def show_security(actor: Person, context: Context) -> Page:
    return await _page(actor, context)


async def _page(
    actor: Person,
    context: Context,
    *,
    fresh_token: str = "",
    refused: Problem | None = None,
    refused_in: Literal["", "password", "token"] = "",
) -> Page:
    service = service_of(context)
    return Page(
        "identity/security.html",
        status=refused.status if refused else 200,
        refused=refused,
        refused_in=refused_in,
        passkeys=await service.passkeys.of(actor.id),
        has_password=await service.passwords.exists(actor.id),
        has_totp=await service.second.is_on(actor.id),
        codes_left=await service.second.codes_left(actor.id),
        address=await service.addresses.of(actor.id),
        sessions=await service.sessions.of(actor.id),
        this_session=actor.session_id,
        tokens=await service.tokens.of(actor.id),
        outside=await service.sources.links_of(actor.id),
        consents=await service.clients.consents_of(actor.id),
        scopes=known_scopes(),
        opened=await service.tokens.opened(actor.locale),
        fresh_token=fresh_token,
        form=new_secret(),
        is_fresh=context.clock.now_s() - actor.fresh_s <= Proved().within_s,
    )


@post("/api/identity/security/challenge")
async def passkey_challenge(actor: ProvedPerson, context: Context) -> Ceremony:
    await _needs_own_passkey(actor, context)
    return await service_of(context).passkeys.ask_to_add(actor.id, actor.name, actor.display)


@post("/api/identity/security/passkey")
async def add_passkey(
    actor: ProvedPerson, request: AnyRequest, context: Context, data: PasskeyAnswer
) -> Response[Next]:
    await _needs_own_passkey(actor, context)
    passkeys = service_of(context).passkeys
    browser = browser_of(request, context)
    new = await passkeys.add(passkeys.verify_new(data.credential, data.sealed, browser, actor.id), browser)
    return entered_by_script(context, new, local_path(data.next, HERE))


async def _needs_own_passkey(actor: Person, context: Context) -> None:
    """An administrator's password must not make, or take away, what opens more than itself.

    Raises PasskeyNeeded."""
    if actor.awaits_passkey and await service_of(context).passkeys.of(actor.id):
        raise PasskeyNeeded


@post(f"{HERE}/passkeys/{{passkey_id:str}}/rename")
async def rename_passkey(actor: Person, context: Context, passkey_id: str, data: Form[LabelForm]) -> See:
    needs_session(actor)
    await service_of(context).passkeys.rename(actor.id, passkey_id, data.label)
    return See(HERE)


@post(f"{HERE}/passkeys/{{passkey_id:str}}/remove")
async def remove_passkey(actor: ProvedPerson, context: Context, passkey_id: str) -> See:
    await _needs_own_passkey(actor, context)
    await service_of(context).passkeys.remove(actor.id, passkey_id)
    return See(HERE)


@post(f"{HERE}/password")
async def set_password(actor: ProvedPerson, context: Context, data: Form[PasswordForm]) -> Page | See:
    try:
        await service_of(context).passwords.set(actor.id, data.password, actor.session_id)
    except Problem as refusal:
        return await _page(actor, context, refused=in_the_form(refusal), refused_in="password")
    return See(f"{HERE}#password-part")


@post(f"{HERE}/password/remove")
async def remove_password(actor: ProvedPerson, context: Context) -> See:
    await service_of(context).passwords.remove(actor.id)
    return See(HERE)


@post(f"{HERE}/sessions/{{session_id:str}}/rename")
async def rename_session(actor: Person, context: Context, session_id: str, data: Form[LabelForm]) -> See:
    needs_session(actor)
    await service_of(context).sessions.rename(actor.id, session_id, data.label)
    return See(HERE)


@post(f"{HERE}/sessions/{{session_id:str}}/end")
async def end_session(actor: Person, context: Context, session_id: str) -> See:
    needs_session(actor)
    await service_of(context).sessions.end(actor.id, session_id)
    return See(HERE)


@post(f"{HERE}/sessions/end-others")
async def end_other_sessions(actor: Person, context: Context) -> See:
    needs_session(actor)
    await service_of(context).sessions.end_others(actor.id, actor.session_id)
    return See(HERE)


@post(f"{HERE}/tokens")
async def add_token(actor: ProvedPerson, context: Context, data: Form[TokenForm]) -> Page:
    scopes = [data.scope] if isinstance(data.scope, str) else data.scope
    days = data.days if data.days in LIVES_DAYS else LIVES_DAYS[0]
    try:
        secret = await service_of(context).tokens.add(
            actor.id,
            data.label,
            scopes,
            days=days or None,
            by=actor.id,
            administers=actor.is_administrator,
            form=data.form,
        )
    except Problem as refusal:
        return await _page(actor, context, refused=in_the_form(refusal), refused_in="token")
    return await _page(actor, context, fresh_token=secret)


@post(f"{HERE}/tokens/{{token_id:str}}/rename")
async def rename_token(actor: Person, context: Context, token_id: str, data: Form[LabelForm]) -> See:
    needs_session(actor)
    await service_of(context).tokens.rename(actor.id, token_id, data.label)
    return See(HERE)


@post(f"{HERE}/tokens/{{token_id:str}}/revoke")
async def revoke_token(actor: Person, context: Context, token_id: str) -> See:
    needs_session(actor)
    await service_of(context).tokens.revoke(actor.id, token_id)
    return See(HERE)


@post(f"{HERE}/sites/{{client_id:str}}/withdraw")
async def withdraw_consent(actor: Person, context: Context, client_id: str) -> See:
    needs_session(actor)
    await service_of(context).clients.withdraw(actor.id, client_id)
    return See(HERE)


doors = (
    show_security,
    passkey_challenge,
    add_passkey,
    rename_passkey,
    remove_passkey,
    set_password,
    remove_password,
    rename_session,
    end_session,
    end_other_sessions,
    add_token,
    rename_token,
    revoke_token,
    withdraw_consent,
)
