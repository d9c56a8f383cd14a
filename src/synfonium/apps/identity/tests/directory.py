"""A directory's side of SCIM: a client with an organisation's token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from synfonium.testing.client import ORIGIN, Installation

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


async def token_of(house: Installation, slug: str) -> str:
    """Makes the organisation when it is not there, and a token for its directory."""
    listed = (await house.call("identity.organisation_list"))["organisations"]
    if slug not in [one["slug"] for one in listed]:
        await house.call("identity.organisation_add", {"slug": slug, "name": slug})
    made = await house.call("identity.organisation_token", {"slug": slug, "label": "directory"})
    return str(made["token"])


@asynccontextmanager
async def directory(house: Installation, slug: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the organisation's directory."""
    token = await token_of(house, slug)
    async with house.client(token=token, origin=f"{ORIGIN}/scim/v2/{slug}") as client:
        yield client


def user(user_name: str, /, **values: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": user_name, **values}


def group(name: str, *members: str, **values: Any) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **values}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


def bulk(*operations: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"schemas": [BULK], "Operations": list(operations), **values}
