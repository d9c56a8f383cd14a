"""How a client of the fabric finds out where its credential comes from (RFC 9728)."""

import msgspec
from litestar import Response

from synfonium.apps.fabric.contract import APP_SCOPE
from synfonium.apps.fabric.http.mcp import PATH, RESOURCE
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """OAuth 2.0 Protected Resource Metadata (RFC 9728)."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...]
    bearer_methods_supported: tuple[str, ...] = ("header",)
    resource_name: str = "Synfonium"


@get([RESOURCE, RESOURCE + PATH])
async def describe_resource(actor: Visitor, context: Context) -> Response[Resource]:
    """Which authorization server gives credentials for the doors of the fabric."""
    site = context.site.public_url
    found = Resource(resource=f"{site}{PATH}", authorization_servers=(site,), scopes_supported=(APP_SCOPE,))
    return Response(found)


doors = (describe_resource,)
