"""Sites and programs that people may sign in to: a developer's own, and all of them for administrators."""

from typing import Annotated, Any

import msgspec

from synfonium.apps.identity.http.browser import Form, needs_session, service_of
from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.words import DEVICE_GRANT, EXCHANGE_GRANT
from synfonium.apps.identity.service.clients import OPERATOR
from synfonium.apps.identity.service.oauth.registration import Registration
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Administrator, Impersonal, Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

ALL = "/admin/apps"
MINE = "/settings/apps"
_METHODS = {"server": "client_secret_basic", "program": "none", "device": "none"}
_GRANTS = ("authorization_code", "refresh_token")
Admin = Annotated[Administrator, Impersonal("sites and programs that are registered")]


class ClientForm(msgspec.Struct, frozen=True, kw_only=True):
    """redirect_uris: one a line. kind: server (keeps a secret), program, or device."""

    name: str
    redirect_uris: str = ""
    kind: str = "server"


class DetailsForm(msgspec.Struct, frozen=True, kw_only=True):
    """What can be changed later. Lists hold one a line; a switch is "on" or not sent."""

    name: str
    redirect_uris: str = ""
    post_logout_redirect_uris: str = ""
    backchannel_logout_uri: str = ""
    resource_uris: str = ""
    jwks: str = ""
    jwks_uri: str = ""
    algorithm: str = "ES256"
    exchange: str = ""
    push: str = ""
    dpop: str = ""
    fapi2: str = ""
    no_pkce: str = ""


@get(ALL)
async def show_clients(actor: Admin, context: Context) -> Page:
    return await _all(context)


async def _all(context: Context, fresh: Registration | None = None) -> Page:
    service = service_of(context)
    return Page(
        "identity/clients.html",
        clients=await service.clients.all(),
        fresh=fresh,
        issuer=service.provider.issuer,
    )


@post(ALL)
async def add_client(actor: Admin, context: Context, data: Form[ClientForm]) -> Page:
    """Shows the client's secret, this once."""
    fresh = await service_of(context).clients.add(_metadata(data), by=actor.id, owner=OPERATOR)
    return await _all(context, fresh)


@post(f"{ALL}/{{client_id:str}}/remove")
async def remove_client(actor: Admin, context: Context, client_id: str) -> See:
    await service_of(context).clients.remove(client_id, by=actor.id)
    return See(ALL)


@get(MINE)
async def show_mine(actor: Person, context: Context) -> Page:
    return await _mine(actor, context)


async def _mine(actor: Person, context: Context, wrong: BadInput | None = None, **typed: str) -> Page:
    return Page(
        "identity/apps.html",
        status=wrong.status if wrong else 200,
        clients=await service_of(context).clients.all(actor.id),
        wrong=wrong.values if wrong else {},
        typed={"name": "", "redirect_uris": "", "kind": "server", **typed},
    )


@post(MINE)
async def add_mine(actor: Person, context: Context, data: Form[ClientForm]) -> Page:
    """Shows the client's secret, this once."""
    needs_session(actor)
    clients = service_of(context).clients
    try:
        fresh = await clients.add(_metadata(data), by=actor.id, owner=actor.id)
    except BadInput as wrong:
        typed = {"name": data.name, "redirect_uris": data.redirect_uris, "kind": data.kind}
        return await _mine(actor, context, wrong, **typed)
    return _one(await clients.of(fresh.client_id, actor.id), context, fresh)


@get(f"{MINE}/{{client_id:str}}")
async def show_one(actor: Person, context: Context, client_id: str) -> Page:
    return _one(await service_of(context).clients.of(client_id, actor.id), context)


def _one(client: Client, context: Context, fresh: Registration | None = None) -> Page:
    keys = msgspec.json.encode(client.metadata.jwks).decode() if client.metadata.jwks else ""
    return Page(
        "identity/app.html",
        headers={"cache-control": "no-store"},
        client=client,
        meta=client.metadata,
        jwks=keys,
        is_device=DEVICE_GRANT in client.metadata.grant_types,
        exchanges=EXCHANGE_GRANT in client.metadata.grant_types,
        fresh=fresh,
        issuer=service_of(context).provider.issuer,
    )


@post(f"{MINE}/{{client_id:str}}")
async def change_one(actor: Person, context: Context, client_id: str, data: Form[DetailsForm]) -> See:
    needs_session(actor)
    clients = service_of(context).clients
    client = await clients.of(client_id, actor.id)
    await clients.change(client_id, _changes(client, data), owner=actor.id)
    return See(f"{MINE}/{client_id}")


@post(f"{MINE}/{{client_id:str}}/secret")
async def renew_secret(actor: Person, context: Context, client_id: str) -> Page:
    needs_session(actor)
    clients = service_of(context).clients
    fresh = await clients.new_secret(client_id, owner=actor.id)
    return _one(await clients.of(client_id, actor.id), context, fresh)


@post(f"{MINE}/{{client_id:str}}/remove")
async def remove_one(actor: Person, context: Context, client_id: str) -> See:
    needs_session(actor)
    clients = service_of(context).clients
    await clients.of(client_id, actor.id)
    await clients.remove(client_id, by=actor.id)
    return See(MINE)


def _metadata(data: ClientForm) -> dict[str, Any]:
    if not data.name.strip():
        raise BadInput("name", _("A name is one line of 1 to 60 characters."))
    kind = data.kind if data.kind in _METHODS else "server"
    return {
        "client_name": data.name,
        "redirect_uris": data.redirect_uris.split(),
        "token_endpoint_auth_method": _METHODS[kind],
        "application_type": "web" if kind == "server" else "native",
        "grant_types": (DEVICE_GRANT, "refresh_token") if kind == "device" else _GRANTS,
    }


def _changes(client: Client, data: DetailsForm) -> dict[str, Any]:
    """Metadata out of the form. A key set makes a confidential client one that signs."""
    keys = _keys(data.jwks)
    signs = bool(keys or data.jwks_uri) and not client.is_public
    method = "private_key_jwt" if signs else "none" if client.is_public else "client_secret_basic"
    grants = [grant for grant in client.metadata.grant_types if grant != EXCHANGE_GRANT]
    return {
        "client_name": data.name,
        "redirect_uris": data.redirect_uris.split(),
        "post_logout_redirect_uris": data.post_logout_redirect_uris.split(),
        "backchannel_logout_uri": data.backchannel_logout_uri.strip(),
        "resource_uris": data.resource_uris.split(),
        "jwks": keys,
        "jwks_uri": data.jwks_uri.strip() or None,
        "token_endpoint_auth_method": method,
        "id_token_signed_response_alg": data.algorithm,
        "grant_types": [*grants, *([EXCHANGE_GRANT] if data.exchange else [])],
        "require_pushed_authorization_requests": bool(data.push),
        "dpop_bound_access_tokens": bool(data.dpop),
        "fapi2": bool(data.fapi2),
        "require_pkce": not data.no_pkce,
    }


def _keys(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadInput("jwks", _("A key set is an object in JSON with the list keys.")) from None


doors = (
    show_clients,
    add_client,
    remove_client,
    show_mine,
    add_mine,
    show_one,
    change_one,
    renew_secret,
    remove_one,
)
