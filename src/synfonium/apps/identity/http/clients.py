"""Sites that people may sign in to with their account here, for administrators."""

import msgspec

from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.service.clients import Registration
from synfonium.kernel.actor import Administrator
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/admin/apps"


class ClientForm(msgspec.Struct, frozen=True, kw_only=True):
    """redirect_uris: one a line."""

    name: str
    redirect_uris: str
    is_public: str = ""


@get(HERE, summary=_("Sites"))
async def show_clients(actor: Administrator, context: Context) -> Page:
    return await _page(context)


async def _page(context: Context, fresh: Registration | None = None) -> Page:
    service = service_of(context)
    return Page(
        "identity/clients.html",
        clients=await service.clients.all(),
        fresh=fresh,
        issuer=service.provider.issuer,
    )


@post(HERE)
async def add_client(actor: Administrator, context: Context, data: Form[ClientForm]) -> Page:
    """Shows the client's secret, this once."""
    fresh = await service_of(context).clients.add(
        data.name, data.redirect_uris.split(), is_public=bool(data.is_public), by=actor.id
    )
    return await _page(context, fresh)


@post(f"{HERE}/{{client_id:str}}/remove")
async def remove_client(actor: Administrator, context: Context, client_id: str) -> See:
    await service_of(context).clients.remove(client_id, by=actor.id)
    return See(HERE)


doors = (show_clients, add_client, remove_client)
