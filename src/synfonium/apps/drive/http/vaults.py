"""Vaults: the pages that open them in the browser, and what these ask for. All names and contents that pass
here are sealed."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.http.pages import Reader, url_of
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service.vaults import Seal
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, post

Writer = Annotated[Person, Scope("drive.write")]
PAGE_NODES = 500


class VaultForm(msgspec.Struct, frozen=True, kw_only=True):
    """check: what tells a wrong passphrase from the right one; the passphrase itself never comes here."""

    into: str
    name: str
    check: str
    second: bool = False


class Made(msgspec.Struct, frozen=True):
    node: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """One file or folder; its name and size are those of what is stored."""

    id: str
    name: str
    is_file: bool
    size_bytes: int
    modified_s: float


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """more: the `after` of the next page, empty at the end."""

    entries: list[Sealed]
    more: str


VaultData = Annotated[VaultForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/drive/vaults/new")
async def begin(actor: Reader, context: Context, into: str = "") -> Page:
    """Choosing a name and a passphrase."""
    tree = service_of(context).tree
    path = await tree.path(actor, NodeId(into)) if into else (await tree.top(actor),)
    return Page("drive/vault_new.html", path=path, folder=path[-1])


@post("/drive/vaults")
async def make(actor: Writer, context: Context, data: VaultData) -> Made:
    """A new vault."""
    seal = Seal(check=data.check, has_second=data.second)
    made = await service_of(context).vaults.make(actor, NodeId(data.into), data.name.strip(), seal)
    return Made(made.id)


@get("/drive/vaults/{node_id:str}")
async def show(actor: Reader, context: Context, node_id: str) -> Page:
    """The page that opens a vault, at one of its folders."""
    vault = await service_of(context).vaults.of(actor, NodeId(node_id))
    if vault is None:
        raise NoSuchNode
    return Page(
        "drive/vault.html",
        vault=vault,
        path=vault.path,
        names=[step.name for step in vault.path[1:]],
        below=msgspec.json.encode([(step.id, step.name) for step in vault.below]).decode(),
        site_url=context.site.public_url,
        person=actor,
        url_of=url_of,
    )


@get("/drive/vaults/{node_id:str}/entries")
async def entries(actor: Reader, context: Context, node_id: str, after: str = "") -> Entries:
    """What lies in a folder of a vault."""
    listing = await service_of(context).vaults.listing(
        actor, NodeId(node_id), NodeId(after) if after else None, PAGE_NODES
    )
    found = [
        Sealed(
            id=node.id,
            name=node.name,
            is_file=node.is_file,
            size_bytes=node.size_bytes,
            modified_s=node.modified_s,
        )
        for node in listing.entries
    ]
    return Entries(entries=found, more=found[-1].id if listing.has_more else "")


doors = (begin, make, show, entries)
