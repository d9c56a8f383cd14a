"""Clients that people or the operator look after; and what people agreed to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.model.oauth.client import Client, Metadata
from synfonium.apps.identity.model.oauth.words import OAuthError
from synfonium.apps.identity.model.people import digest, new_secret
from synfonium.apps.identity.service.oauth.registration import Registration, Registrations, has_secret, plain
from synfonium.apps.identity.store import consents
from synfonium.apps.identity.store.oauth import clients as store
from synfonium.apps.identity.store.oauth import issued
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Conflict, NotFound
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

MOST_CLIENTS = 1000
MOST_OF_A_PERSON = 30
OPERATOR = PersonId("")


class Clients:
    """Registers, lists, changes and removes clients; takes back what people agreed to."""

    def __init__(self, context: Context, registrations: Registrations) -> None:
        self._context, self._registrations = context, registrations

    async def add(
        self, fields: Mapping[str, Any], *, by: PersonId, owner: PersonId = OPERATOR
    ) -> Registration:
        """Registers metadata for `owner` (a person, or the operator). Raises BadInput, Conflict."""
        metadata = _own(await self._checked(fields), owner)
        client, fresh = self._registrations.new(metadata, owner=owner)

        def work(connection: Connection) -> None:
            most = MOST_OF_A_PERSON if owner else MOST_CLIENTS
            if store.count_clients(connection, owner=owner) >= most:
                raise Conflict
            store.add_client(connection, client)
            self._context.audit.add(connection, by, "identity.client.add", f"identity:client/{client.id}")

        await self._context.database.write(work)
        return fresh

    async def change(self, client_id: str, fields: Mapping[str, Any], *, owner: PersonId) -> None:
        """Changes what the form holds, and keeps the rest. Raises BadInput, NotFound."""
        client = await self.of(client_id, owner)
        metadata = _own(await self._checked({**plain(client.metadata), **fields}), owner)
        changed = msgspec.structs.replace(client, metadata=metadata)
        await self._change(changed, "identity.client.change")

    async def adapt(self, client_id: str, fields: Mapping[str, Any], *, by: PersonId) -> Registration:
        """As `change`, whoever's it is: for an app that looks after the client. A client that
        now needs a secret and has none gets one. Raises BadInput, NotFound."""
        client = await self._context.database.read(lambda c: store.client_by_id(c, client_id))
        if client is None:
            raise NotFound
        owner = PersonId(client.owner)
        metadata = _own(await self._checked({**plain(client.metadata), **fields}), owner)
        keeps = has_secret(metadata) == bool(client.secret_hash)
        secret = new_secret() if has_secret(metadata) and not keeps else ""
        hashed = client.secret_hash if keeps else digest(secret) if secret else ""
        changed = msgspec.structs.replace(client, metadata=metadata, secret_hash=hashed)
        await self._write(by, "identity.client.change", client_id, lambda c: store.change_client(c, changed))
        return Registration(client_id=client_id, client_secret=secret)

    async def new_secret(self, client_id: str, *, owner: PersonId) -> Registration:
        """The old secret ends at once. Raises NotFound."""
        client = await self.of(client_id, owner)
        return await self._renew(client, by=owner)

    async def renew(self, client_id: str, *, by: PersonId) -> Registration:
        """As `new_secret`, whoever's it is. Raises NotFound."""
        client = await self._context.database.read(lambda c: store.client_by_id(c, client_id))
        if client is None:
            raise NotFound
        return await self._renew(client, by=by)

    async def _renew(self, client: Client, *, by: PersonId) -> Registration:
        secret = new_secret() if has_secret(client.metadata) else ""
        changed = msgspec.structs.replace(client, secret_hash=digest(secret) if secret else "")
        await self._write(by, "identity.client.secret", client.id, lambda c: store.change_client(c, changed))
        return Registration(client_id=client.id, client_secret=secret)

    async def of(self, client_id: str, owner: PersonId) -> Client:
        """One of a person's own clients. Raises NotFound."""
        client = await self._context.database.read(lambda c: store.client_by_id(c, client_id))
        if client is None or not owner or client.owner != owner:
            raise NotFound
        return client

    async def all(self, owner: PersonId | None = None) -> Sequence[Client]:
        return await self._context.database.read(lambda c: store.list_clients(c, owner))

    async def remove(self, client_id: str, *, by: PersonId) -> None:
        """Raises NotFound. Whether it is `by`'s to remove is for the caller to know."""
        await self._write(
            by, "identity.client.remove", client_id, lambda c: store.remove_client(c, client_id)
        )

    async def consents_of(self, person_id: PersonId) -> Sequence[tuple[Client, tuple[str, ...], float]]:
        """What a person agreed to: client, scopes, since when."""
        return await self._context.database.read(lambda c: consents.consents_of(c, person_id))

    async def withdraw(self, person_id: PersonId, client_id: str) -> None:
        """Takes a consent back, with all tokens given by it. Raises NotFound."""

        def work(connection: Connection) -> bool:
            issued.take_back(connection, person_id, client_id)
            return consents.withdraw(connection, person_id, client_id)

        await self._write(person_id, "identity.consent.withdraw", client_id, work)

    async def _change(self, client: Client, act: str) -> None:
        by = PersonId(client.owner)
        await self._write(by, act, client.id, lambda c: store.change_client(c, client))

    async def _write(
        self, by: PersonId, act: str, client_id: str, work: Callable[[Connection], bool]
    ) -> None:
        def whole(connection: Connection) -> None:
            if not work(connection):
                raise NotFound
            self._context.audit.add(connection, by, act, f"identity:client/{client_id}")

        await self._context.database.write(whole)

    async def _checked(self, fields: Mapping[str, Any]) -> Metadata:
        """Raises BadInput, in words for the person who filled in a form."""
        try:
            return await self._registrations.metadata(fields)
        except OAuthError as refusal:
            if refusal.error != "invalid_redirect_uri":
                raise BadInput("client", refusal.description) from None
            raise BadInput(
                "redirect_uri",
                _(
                    "Return addresses begin with https:// (or http://localhost for a program); "
                    "1 to 10 of them."
                ),
            ) from None


def _own(metadata: Metadata, owner: PersonId) -> Metadata:
    """A person's client serves addresses of its own sites alone: it looks into tokens meant for
    them. The operator is believed. Raises BadInput."""
    sites = {urlsplit(uri).hostname for uri in metadata.redirect_uris}
    if owner and not {urlsplit(uri).hostname for uri in metadata.resource_uris} <= sites:
        raise BadInput("resource_uris", _("These addresses lie on the host of a return address."))
    return metadata
